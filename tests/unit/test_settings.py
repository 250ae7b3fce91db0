"""Settings are read from the environment alone, and a wrong one is refused with a sentence an operator can act on."""

from pathlib import Path

import pytest
from pydantic import Field, SecretStr

from services.runtime.settings import EXIT_CONFIG, RuntimeSettings, load, read, unknown_variables


class Example(RuntimeSettings):
    """A service's settings."""

    example_url: str = Field(description="where the example lives")
    example_key: SecretStr | None = None


GIVEN = {"EXAMPLE_URL": "http://example.org"}


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"HEALTH_PORT": "eighty"}, "HEALTH_PORT is 'eighty'; it should be a valid integer"),
        ({"HEALTH_PORT": "70000"}, "HEALTH_PORT is '70000'; it should be less than or equal to 65535"),
        ({"MAX_IN_FLIGHT": "0"}, "MAX_IN_FLIGHT is '0'; it should be greater than or equal to 1 (records worked on"),
        ({"KAFKA_SECURITY_PROTOCOL": "TLS"}, "KAFKA_SECURITY_PROTOCOL is 'TLS'; it should be 'PLAINTEXT', 'SSL'"),
        ({"KAFKA_BOOTSTRAP_SERVERS": "kafka"}, "KAFKA_BOOTSTRAP_SERVERS is 'kafka'; it should be like kafka-1:9092"),
        ({"KAFKA_BOOTSTRAP_SERVERS": "a:1,"}, "KAFKA_BOOTSTRAP_SERVERS is 'a:1,'; it should be like kafka-1:9092"),
        ({"KAFKA_BOOTSTRAP_SERVERS": "kafka://a:1"}, "KAFKA_BOOTSTRAP_SERVERS is 'kafka://a:1'; it should be like"),
        ({"COMMIT_SECONDS": "-1"}, "COMMIT_SECONDS is '-1'; it should be greater than 0"),
        ({"LOG_LEVEL": ""}, "LOG_LEVEL is ''; it should be 'debug'"),
    ],
)
def test_each_fault_names_variable_value_and_what_it_wants(environ: dict[str, str], sentence: str) -> None:
    with pytest.raises(ValueError, match=r"^") as refused:
        read(Example, {**GIVEN, **environ})
    assert str(refused.value).startswith(sentence)
    assert "\n" not in str(refused.value)


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(ValueError, match="HEALTH_PORT") as refused:
        read(Example, {"HEALTH_PORT": "x", "MAX_IN_FLIGHT": "y"})
    said = str(refused.value).splitlines()
    assert [line.split()[0] for line in said] == ["HEALTH_PORT", "MAX_IN_FLIGHT", "EXAMPLE_URL"]
    assert said[-1] == "EXAMPLE_URL is not set; it is needed: where the example lives."


def test_a_wrong_setting_ends_the_process_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        load(Example, {})
    assert ended.value.code == EXIT_CONFIG
    assert capsys.readouterr().err == "EXAMPLE_URL is not set; it is needed: where the example lives.\n"


@pytest.mark.parametrize("servers", ["localhost:9092", "10.0.0.1:1,[::1]:2", "a_b.c-d:65535, e:1"])
def test_brokers_are_named_by_host_and_port(servers: str) -> None:
    settings = read(Example, {**GIVEN, "KAFKA_BOOTSTRAP_SERVERS": servers})
    assert settings.kafka_bootstrap_servers == servers.replace(" ", "")


def test_settings_of_others_are_not_ours() -> None:
    settings = read(Example, {**GIVEN, "PATH": "/bin", "STORE_DSN": "x", "health_port": "1"})
    assert settings.health_port == 8080


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("geheim\n")
    settings = read(Example, {**GIVEN, "EXAMPLE_KEY_FILE": str(file)})
    assert settings.example_key is not None
    assert settings.example_key.get_secret_value() == "geheim"


def test_only_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="EXAMPLE_URL is not set"):
        read(Example, {"EXAMPLE_URL_FILE": str(tmp_path)})


def test_a_secret_file_that_is_missing_or_no_text_is_named(tmp_path: Path) -> None:
    file = tmp_path / "key"
    with pytest.raises(ValueError, match=r"^EXAMPLE_KEY_FILE=.*key can't be read: No such file or directory\.$"):
        read(Example, {**GIVEN, "EXAMPLE_KEY_FILE": str(file)})
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(ValueError, match=r"^EXAMPLE_KEY_FILE=.*key can't be read: it should be UTF-8 text\.$"):
        read(Example, {**GIVEN, "EXAMPLE_KEY_FILE": str(file)})


def test_a_secret_is_never_shown() -> None:
    class Strict(Example):
        example_key: SecretStr | None = Field(None, min_length=20)

    settings = read(Example, {**GIVEN, "EXAMPLE_KEY": "geheim"})
    assert "geheim" not in repr(settings)
    assert "geheim" not in settings.model_dump_json()
    with pytest.raises(ValueError, match=r"^EXAMPLE_KEY is a secret; it should be") as refused:
        read(Strict, {**GIVEN, "EXAMPLE_KEY": "geheim"})
    assert "geheim" not in str(refused.value)


def test_a_file_of_settings_can_be_checked_for_names_that_nobody_reads() -> None:
    names = {"EXAMPLE_URL": "", "EXAMPLE_KEY_FILE": "", "EXAMPEL_URL": ""}
    assert unknown_variables(Example, names) == ["EXAMPEL_URL"]
