"""How address, SASL and TLS settings reach the clients, and what is said when they contradict each other."""

import ssl

import pytest
from aiokafka.errors import IllegalSaslStateError, KafkaConnectionError
from faust.transport.drivers.aiokafka import credentials_to_aiokafka_auth

from services.runtime.connection import client_options, refused
from services.runtime.hosts.faust import credentials
from services.runtime.settings import RuntimeSettings, read


def settings(**environ: str) -> RuntimeSettings:
    return read(RuntimeSettings, environ)


def test_plain_connections_carry_no_credentials() -> None:
    options = client_options(settings(KAFKA_BOOTSTRAP_SERVERS="a:1,b:2", KAFKA_REQUEST_TIMEOUT_SECONDS="2.5"))
    assert options == {"bootstrap_servers": "a:1,b:2", "security_protocol": "PLAINTEXT", "request_timeout_ms": 2500}


def test_sasl_over_tls_verifies_the_broker() -> None:
    options = client_options(
        settings(KAFKA_SECURITY_PROTOCOL="SASL_SSL", KAFKA_SASL_USERNAME="parser", KAFKA_SASL_PASSWORD="geheim")
    )
    assert options["sasl_mechanism"] == "SCRAM-SHA-512"
    assert options["sasl_plain_username"] == "parser"
    assert options["sasl_plain_password"] == "geheim"
    assert options["ssl_context"].verify_mode is ssl.CERT_REQUIRED
    assert options["ssl_context"].check_hostname


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
@pytest.mark.parametrize("protocol", ["SASL_PLAINTEXT", "SASL_SSL"])
def test_faust_signs_in_with_the_very_same_credentials(protocol: str, mechanism: str) -> None:
    secured = settings(
        KAFKA_SECURITY_PROTOCOL=protocol,
        KAFKA_SASL_MECHANISM=mechanism,
        KAFKA_SASL_USERNAME="parser",
        KAFKA_SASL_PASSWORD="geheim",
    )
    wanted = client_options(secured)
    given = credentials_to_aiokafka_auth(credentials(secured))
    for option in ("security_protocol", "sasl_mechanism", "sasl_plain_username", "sasl_plain_password"):
        assert given[option] == wanted[option]
    if protocol == "SASL_SSL":
        assert given["ssl_context"].verify_mode is ssl.CERT_REQUIRED


def test_faust_verifies_the_broker_over_plain_tls() -> None:
    secured = settings(KAFKA_SECURITY_PROTOCOL="SSL")
    given = credentials_to_aiokafka_auth(credentials(secured))
    assert given["security_protocol"] == "SSL"
    assert given["ssl_context"].check_hostname
    assert credentials(settings()) is None


def test_sasl_without_a_password_is_refused_with_a_sentence() -> None:
    with pytest.raises(ValueError, match=r"^KAFKA_SECURITY_PROTOCOL is SASL_PLAINTEXT; it needs KAFKA_SASL_USERNAME"):
        client_options(settings(KAFKA_SECURITY_PROTOCOL="SASL_PLAINTEXT", KAFKA_SASL_USERNAME="parser"))


def test_a_certificate_that_can_not_be_read_is_refused_with_a_sentence() -> None:
    with pytest.raises(ValueError, match=r"^KAFKA_SSL_CA_FILE, .* can't be used: .*No such file"):
        client_options(settings(KAFKA_SECURITY_PROTOCOL="SSL", KAFKA_SSL_CA_FILE="/nowhere/ca.pem"))


@pytest.mark.parametrize("nothing", [ConnectionRefusedError(), KafkaConnectionError("closed"), ssl.SSLEOFError()])
def test_a_broker_that_is_away_or_ending_says_nothing_of_our_settings(nothing: Exception) -> None:
    assert refused(nothing, "a:1", settings(KAFKA_SECURITY_PROTOCOL="SSL")) is None


def test_a_port_that_speaks_something_else_points_to_the_protocol() -> None:
    error = ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)")
    said = refused(error, "a:1", settings(KAFKA_SECURITY_PROTOCOL="SSL"))
    assert said is not None
    assert "WRONG_VERSION_NUMBER" in said
    assert "KAFKA_SECURITY_PROTOCOL (SSL)" in said
    said = refused(IllegalSaslStateError(), "a:1", settings(KAFKA_SECURITY_PROTOCOL="SASL_SSL"))
    assert said == (
        "The broker a:1 takes no passwords on this port: check KAFKA_SECURITY_PROTOCOL (SASL_SSL) and the port."
    )
