"""How address, SASL and TLS settings reach the clients, and what is said when they contradict each other."""

import ssl

import pytest

from services.runtime.connection import client_options
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


def test_sasl_without_a_password_is_refused_with_a_sentence() -> None:
    with pytest.raises(ValueError, match=r"^KAFKA_SECURITY_PROTOCOL is SASL_PLAINTEXT; it needs KAFKA_SASL_USERNAME"):
        client_options(settings(KAFKA_SECURITY_PROTOCOL="SASL_PLAINTEXT", KAFKA_SASL_USERNAME="parser"))


def test_a_certificate_that_can_not_be_read_is_refused_with_a_sentence() -> None:
    with pytest.raises(ValueError, match=r"^KAFKA_SSL_CA_FILE, .* can't be used: .*No such file"):
        client_options(settings(KAFKA_SECURITY_PROTOCOL="SSL", KAFKA_SSL_CA_FILE="/nowhere/ca.pem"))
