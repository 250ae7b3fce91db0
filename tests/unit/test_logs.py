"""Log lines are JSON, one per event, and a secret that is logged by mistake is not in them."""

import json
import logging

import pytest

from services.runtime import logs
from services.runtime.settings import RuntimeSettings, read


@pytest.fixture(autouse=True)
def _as_before() -> object:
    root = logging.getLogger()
    before = root.handlers, root.level
    yield
    root.handlers, root.level = before


def test_each_event_is_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("parser", "info")
    logs.logger().info("done", source="example", title="Ўзбекистон\nюртим")
    logging.getLogger("somebody").warning("said %s", "this")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(line["service"], line["event"], line["level"]) for line in lines] == [
        ("parser", "done", "info"),
        ("parser", "said this", "warning"),
    ]
    assert lines[0]["title"] == "Ўзбекистон\nюртим"
    assert lines[0]["timestamp"].endswith("Z")


def test_an_exception_stays_within_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("parser", "info")
    try:
        raise ValueError("two\nlines")
    except ValueError as error:
        logs.logger().error("failed", exc_info=error)
    [line] = capsys.readouterr().err.splitlines()
    assert "ValueError: two\nlines" in json.loads(line)["exception"]


def test_settings_can_be_logged_without_their_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("parser", "debug")
    settings = read(RuntimeSettings, {"KAFKA_SASL_PASSWORD": "geheim"})
    logs.logger().info("settings", settings=str(settings), password=str(settings.kafka_sasl_password))
    assert "geheim" not in capsys.readouterr().err


def test_libraries_that_log_every_url_are_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("fetcher", "debug")
    logging.getLogger("httpx").info("GET https://example.org/?token=geheim")
    assert capsys.readouterr().err == ""
