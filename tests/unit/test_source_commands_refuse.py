"""What `xabar sources add` does not take, and how it says so: nothing is sent, for no broker is there."""

import pytest
from typer.testing import CliRunner

from services.console.commands import app
from services.console.local.errors import LocalRunError
from services.console.source_commands import refuse_another
from services.contracts.sources import Source

GOOD = ["--homepage", "https://a.example/", "--feed", "https://a.example/rss"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["Bad_ID", *GOOD], "id: lower-case letters"),
        (["a", *GOOD, "--timezone", "Mars/X"], "'Mars/X' is no IANA zone"),
        (["a", *GOOD, "--country", "Uzb"], "'Uzb' is not two capital letters"),
        (["a", *GOOD, "--language", "not a language"], "is not like uz"),
        (["a", "--homepage", "nowhere", "--feed", "https://a.example/rss"], "begins with neither http:// nor https://"),
    ],
)
def test_a_source_that_no_file_could_hold_is_not_added_by_hand_either(given: list[str], said: str) -> None:
    told = CliRunner().invoke(app, ["sources", "add", *given])
    assert isinstance(told.exception, LocalRunError)
    assert said in str(told.exception)


def test_a_negative_delay_is_refused_in_one_line() -> None:
    told = CliRunner().invoke(app, ["sources", "add", "a", *GOOD, "--delay", "-3"])
    assert told.exit_code == 2
    assert "Traceback" not in told.output


def test_a_site_that_another_id_watches_is_not_watched_twice() -> None:
    known = Source(id="a", name="A", homepage="https://a.example/", feeds=("https://a.example/rss",))
    with pytest.raises(LocalRunError, match="a watches that already"):
        refuse_another(known.model_copy(update={"id": "a-example"}), {"a": known})
    refuse_another(known, {"a": known})
    elsewhere = known.model_copy(update={"id": "b", "feeds": ("https://b.example/rss",)})
    refuse_another(elsewhere, {"a": known})
