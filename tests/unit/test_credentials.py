"""A subscription's secrets: which requests carry them, how files are refused, how a rotated one is taken up."""

import os
from pathlib import Path

import pytest

from services.fetcher.web.credentials import LOOK_SECONDS, BadCredentials, Credentials

SECRET = "pa55word"
GOOD = f"""
hosts = ["gazeta.example", "*.gazeta.example", "API.gazeta.example:8443"]
[headers]
Authorization = "Bearer {SECRET}"
[cookies]
session = "{SECRET}"
plan = "full"
"""


def credentials(folder: Path, text: str = GOOD, **ways: object) -> Credentials:
    (folder / "gazeta.toml").write_text(text)
    return Credentials(folder, **ways)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("source", "url", "carried"),
    [
        ("gazeta", "https://gazeta.example/a", True),
        ("gazeta", "https://GAZETA.example:443/a", True),
        ("gazeta", "https://www.gazeta.example/a", True),
        ("gazeta", "https://api.gazeta.example:8443/a", True),
        ("gazeta", "http://gazeta.example/a", False),
        ("gazeta", "https://gazeta.example:444/a", False),
        ("gazeta", "https://evilgazeta.example/a", False),
        ("gazeta", "https://gazeta.example.evil.example/a", False),
        ("gazeta", "https://gazeta.example@evil.example/a", False),
        ("gazeta", "https://evil.example/gazeta.example", False),
        ("gazeta", "https://gazetа.example/a", False),
        ("gazeta", "no URL", False),
        ("kun", "https://gazeta.example/a", False),
        (None, "https://gazeta.example/a", False),
    ],
)
def test_secrets_go_to_their_sources_own_hosts_over_tls_only(
    source: str | None, url: str, carried: bool, tmp_path: Path
) -> None:
    headers = credentials(tmp_path).headers_for(source, url)
    wanted = {"Authorization": f"Bearer {SECRET}", "Cookie": f"session={SECRET}; plan=full"}
    assert headers == (wanted if carried else {})


def test_a_host_is_not_below_itself(tmp_path: Path) -> None:
    only_below = credentials(tmp_path, GOOD.replace('"gazeta.example", ', ""))
    assert only_below.headers_for("gazeta", "https://gazeta.example/") == {}


def test_http_is_for_pinned_names_and_for_who_asks_for_it(tmp_path: Path) -> None:
    url = "http://gazeta.example/"
    assert credentials(tmp_path, pinned={"gazeta.example"}).headers_for("gazeta", url)
    assert credentials(tmp_path, f"insecure = true\n{GOOD}").headers_for("gazeta", url)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (f'hosts = ["a.example"]\n[headers]\nX = {SECRET}', "is no TOML"),
        (f'[headers]\nX = "{SECRET}"', "hosts"),
        (f'hosts = []\n[headers]\nX = "{SECRET}"', "hosts"),
        (f'hosts = ["*"]\n[headers]\nX = "{SECRET}"', "hosts: each host should be like"),
        (f'hosts = ["*.com"]\n[headers]\nX = "{SECRET}"', "hosts: each host should be like"),
        (f'hosts = ["https://a.example/"]\n[headers]\nX = "{SECRET}"', "hosts: each host should be like"),
        ('hosts = ["a.example"]', r"there should be \[headers\] or \[cookies\]"),
        (f'hosts = ["a.example"]\ntoken = "{SECRET}"', "token: no such key"),
        (f'hosts = ["a.example"]\n[headers]\nX = ["{SECRET}"]', "headers.X: it should be"),
        (f'hosts = ["a.example"]\n[headers]\nHost = "{SECRET}"', "Host is set by the fetcher itself"),
        (f'hosts = ["a.example"]\n[headers]\nuser-agent = "{SECRET}"', "user-agent is set by the fetcher itself"),
        (f'hosts = ["a.example"]\n[headers]\nProxy-Authorization = "{SECRET}"', "is set by the fetcher itself"),
        (f'hosts = ["a.example"]\n[headers]\ncookie = "{SECRET}"', r"cookies should stand under \[cookies\]"),
        (f'hosts = ["a.example"]\n[headers]\nX = "{SECRET}\\r\\nY: z"', "X should be one line"),
        (f'hosts = ["a.example"]\n[headers]\nX = "{SECRET * 2000}"', "X should be one line"),
        (f'hosts = ["a.example"]\n[headers]\n"X Y" = "{SECRET}"', "a header's name"),
        (f'hosts = ["a.example"]\n[headers]\nX = "{SECRET}"\nx = "{SECRET}"', "stands there twice"),
        (f'hosts = ["a.example"]\n[cookies]\ns = "{SECRET}; t=u"', "s should be a cookie's value"),
        ("#" + "x" * 70_000, "larger than"),
    ],
)
def test_a_file_that_can_not_be_used_is_refused_by_name_and_key_and_never_by_value(
    text: str, wanted: str, tmp_path: Path
) -> None:
    with pytest.raises(BadCredentials, match=wanted) as refused:
        credentials(tmp_path, text)
    assert str(tmp_path / "gazeta.toml") in str(refused.value)
    assert SECRET not in str(refused.value)


def test_a_folder_that_is_not_there_and_a_file_named_like_no_source_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadCredentials, match="can't be read"):
        Credentials(tmp_path / "missing")
    (tmp_path / "No Source.toml").write_text(GOOD)
    with pytest.raises(BadCredentials, match="should be named like a source"):
        Credentials(tmp_path)


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    held = credentials(tmp_path)
    assert SECRET not in repr(held) + repr(vars(held))


def test_a_rotated_secret_is_taken_up_and_a_broken_one_is_not(tmp_path: Path) -> None:
    now = 0.0
    held = credentials(tmp_path, clock=lambda: now)

    def session() -> str | None:
        return held.headers_for("gazeta", "https://gazeta.example/").get("Cookie")

    def rotate(text: str) -> None:
        # As Kubernetes does it: another file under the same name.
        (tmp_path / "next").write_text(text)
        os.replace(tmp_path / "next", tmp_path / "gazeta.toml")

    rotate(GOOD.replace(SECRET, "n3w"))
    assert session() == f"session={SECRET}; plan=full"
    now += LOOK_SECONDS
    assert session() == "session=n3w; plan=full"
    rotate("hosts = what")
    now += LOOK_SECONDS
    assert session() == "session=n3w; plan=full"
    (tmp_path / "gazeta.toml").unlink()
    now += LOOK_SECONDS
    assert session() is None
    (tmp_path / "gazeta.toml").write_text(GOOD)
    now += LOOK_SECONDS
    assert session() == f"session={SECRET}; plan=full"
