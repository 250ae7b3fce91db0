"""Bytes become text whatever a page and its server say of their encoding."""

from __future__ import annotations

import base64
import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contracts.pages import pack
from services.parser.page.decode import TooLarge, clean, decode, unpack

RUSSIAN = "<html><body><p>Погода в долине: снег идёт третий день, дороги закрыты.</p></body></html>"
UZBEK = "<html><body><p>Водийда об-ҳаво: қор учинчи кун ёғмоқда, йўллар ёпиқ.</p></body></html>"
LATIN = "<html><body><p>São Paulo recebe o encontro em junho; o café é por conta da organização.</p></body></html>"


@pytest.mark.parametrize(
    ("content", "charset", "text", "encoding"),
    [
        (RUSSIAN.encode("cp1251"), None, RUSSIAN, "cp1251"),
        (RUSSIAN.encode("cp1251"), "utf-8", RUSSIAN, "cp1251"),
        (RUSSIAN.encode("cp1251"), "iso-8859-1", RUSSIAN, "cp1251"),
        (RUSSIAN.encode("koi8-r"), None, RUSSIAN, "koi8-r"),
        (RUSSIAN.encode("cp1251"), "windows-1251", RUSSIAN, "cp1251"),
        (RUSSIAN.encode(), "windows-1251", RUSSIAN, "utf-8"),
        (UZBEK.encode(), None, UZBEK, "utf-8"),
        (UZBEK.encode(), "no-such-charset", UZBEK, "utf-8"),
        (UZBEK.encode(), "base64", UZBEK, "utf-8"),
        (b"\xef\xbb\xbf" + UZBEK.encode(), None, UZBEK, "utf-8"),
        (UZBEK.encode("utf-16"), None, UZBEK, "utf-16-le"),
        (UZBEK.encode("utf-16-be"), None, UZBEK, "utf-16-be"),
        (LATIN.encode("cp1252"), None, LATIN, "cp1252"),
        (LATIN.encode("cp1252"), "iso-8859-1", LATIN, "cp1252"),
        (b'<meta charset="windows-1251">' + RUSSIAN.encode("cp1251"), None, None, "cp1251"),
        (b'<meta charset="utf-8">' + RUSSIAN.encode("cp1251"), None, None, "cp1251"),
    ],
)
def test_the_encoding_is_found(content: bytes, charset: str | None, text: str | None, encoding: str) -> None:
    decoded = decode(content, charset)
    assert decoded is not None
    assert decoded.encoding == encoding
    assert decoded.text == text or (text is None and RUSSIAN in decoded.text)


SENTENCES = {
    "ru": "Паром через озеро снова ходит каждый час, после того как ночью у берега сошёл лёд. Объявлено утром.",
    "uz": "Кўл орқали паром яна ҳар соатда қатнаяпти, чунки кеча тунда муз тўлиқ эриб кетди. Ғалла ўрилди.",
    "kk": "Көл арқылы өтетін паром түнде мұз ерігеннен кейін қайтадан әр сағат сайын жүре бастады. Ұлы Ғани.",
    "ky": "Көл аркылуу паром түнкүсүн муз эригенден кийин кайрадан саат сайын каттай баштады. Өңчөй жаңы.",
    "tg": "Паром аз болои кӯл боз ҳар соат мегардад, зеро шаби гузашта ях пурра об шудааст. Ҷони ҷаҳонӣ.",
    "tk": "Kölüň üstünden geçýän parom gije buz eränden soň ýene her sagatda gatnap başlady, diýip žurnal ýazdy.",
    "tr": "Göldeki feribot, gece buzların çözülmesi ve ısınmayla birlikte bu sabah bir kez daha çıktı. Şaşırdık.",
    "az": "Gölün o tayına bu gün bir bərə işləyir, və buzlar əriyib, işıq yanıb, şəhər oyanıb. Çox gözəl gün.",
    "fa": "کشتی دریاچه پس از آب شدن یخ ها در شب گذشته دوباره هر ساعت میان دو ساحل رفت و آمد دارد.",
    "pt": "São Paulo recebe o encontro em junho; o café é por conta da organização, à noite também há música.",
}
LEGACY = [
    *((code, encoding) for code in ("ru",) for encoding in ("cp1251", "koi8-r", "cp866", "iso8859-5", "mac-cyrillic")),
    ("kk", "kz1048"), ("kk", "ptcp154"), ("ky", "ptcp154"), ("uz", "ptcp154"), ("tg", "ptcp154"), ("tr", "cp1254"),
    ("pt", "cp1252"),
]  # fmt: skip


def paper(sentence: str, head: str = "") -> str:
    """A page with the sentence as its title, an entity in it, and in a text."""
    return f"<html><head>{head}<title>{sentence[:40]} &amp; more</title></head><body><p>{sentence} 12</p></body></html>"


@pytest.mark.parametrize(("language", "encoding"), LEGACY)
@pytest.mark.parametrize("said", [None, "utf-8", "iso-8859-1"])
def test_an_encoding_of_the_region_is_found_undeclared_and_behind_a_wrong_word(
    language: str, encoding: str, said: str | None
) -> None:
    text = paper(SENTENCES[language], '<meta charset="utf-8">' if said == "utf-8" else "")
    decoded = decode(text.encode(encoding), said)
    assert decoded is not None
    assert (decoded.text, decoded.encoding) == (text, encoding)


def test_persian_is_found_undeclared() -> None:
    # The old encoding has no Persian yeh; pages were written with the Arabic letters.
    text = paper(SENTENCES["fa"].replace("ی", "ي"))
    decoded = decode(text.encode("cp1256"))
    assert decoded is not None
    assert (decoded.text, decoded.encoding) == (text, "cp1256")


def test_a_declared_encoding_of_cyrillic_that_makes_no_words_of_the_page_is_not_believed() -> None:
    text = paper(SENTENCES["ru"])
    for encoding, said in (("koi8-r", "windows-1251"), ("cp1251", "koi8-r"), ("cp1251", "windows-1251")):
        decoded = decode(text.encode(encoding), said)
        assert decoded is not None
        assert (decoded.text, decoded.encoding) == (text, encoding)


def misread(text: str, codec: str) -> bytes:
    """UTF-8 that was taken for the codec, as browsers have it, and written as UTF-8 again."""
    wrong = "".join(
        c if (c := bytes((byte,)).decode(codec, "ignore")) else chr(byte) for byte in text.encode()
    )  # fmt: skip
    return wrong.encode()


@pytest.mark.parametrize("language", SENTENCES)
@pytest.mark.parametrize("codec", ["cp1252", "latin-1", "cp1251"])
def test_text_that_was_encoded_twice_is_repaired(language: str, codec: str) -> None:
    text = paper(SENTENCES[language])
    decoded = decode(misread(text, codec), "utf-8")
    assert decoded is not None
    assert decoded.text == text
    assert decoded.origin.startswith("repaired from")


@pytest.mark.parametrize("language", SENTENCES)
def test_text_that_was_encoded_once_is_left_alone(language: str) -> None:
    for text in (paper(SENTENCES[language]), paper(SENTENCES[language].upper()), paper(SENTENCES[language] * 30)):
        decoded = decode(text.encode())
        assert decoded is not None
        assert (decoded.text, decoded.origin) == (text, "valid-utf-8")


def test_a_page_that_quotes_text_encoded_twice_is_left_as_it_is() -> None:
    quoted = misread(SENTENCES["ru"], "cp1252").decode()
    text = paper(f"{SENTENCES['ru']} {quoted[:30]} {SENTENCES['ru']}")
    decoded = decode(text.encode())
    assert decoded is not None
    assert decoded.text == "".join(c for c in text if not "\x7f" <= c <= "\x9f")


def test_one_broken_byte_does_not_make_utf8_another_encoding() -> None:
    decoded = decode((UZBEK * 20).encode() + b"\xd2 end")
    assert decoded is not None
    assert decoded.encoding == "utf-8"
    assert decoded.text.startswith(UZBEK)


def test_bytes_that_are_no_text_are_refused() -> None:
    assert decode(bytes(range(256)) * 40) is None


def test_what_no_database_stores_is_taken_out() -> None:
    assert clean("a\x00b\ud800c\ufffed\te\n") == "ab\ufffdcd\te\n"


def test_no_reference_brings_back_what_no_database_stores() -> None:
    decoded = decode(
        b"<p>a&#0;b&#x2;c&#x0000B;d&#31e&#127;&#xFFFE;&#xfdd0; &#10;&#x2F;&#13;&#38;&#x1F600;&#8217;&#310;"
    )
    assert decoded is not None
    assert decoded.text == "<p>abcde &#10;&#x2F;&#13;&#38;&#x1F600;&#8217;&#310;"


def test_a_letter_keeps_no_more_marks_than_writing_has() -> None:
    assert clean("a" + "\u0301" * 40_000 + " й") == "a" + "\u0301" * 30 + " й"


def test_a_bomb_is_not_unpacked() -> None:
    bomb = pack(b"\x00" * 50_000_000)
    with pytest.raises(TooLarge):
        unpack(bomb, 1_000_000)


def test_a_body_that_was_cut_off_is_bad_data() -> None:
    packed = gzip.compress(b"words " * 1000)[:-12]
    with pytest.raises(ValueError, match="end in the middle"):
        unpack(base64.b64encode(packed).decode(), 1_000_000)


@given(st.binary(max_size=400), st.none() | st.text(max_size=12))
def test_any_bytes_are_text_or_refused(content: bytes, charset: str | None) -> None:
    decoded = decode(content, charset)
    assert decoded is None or isinstance(decoded.text.encode(), bytes)
