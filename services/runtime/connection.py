"""How every Kafka client of a service connects: address, SASL, TLS, timeouts."""

from __future__ import annotations

import ssl
from typing import Any

from services.runtime.settings import RuntimeSettings


def client_options(settings: RuntimeSettings) -> dict[str, Any]:
    """Keyword arguments that all aiokafka clients share. Raises ValueError when they contradict each other."""
    options: dict[str, Any] = {
        "bootstrap_servers": settings.kafka_bootstrap_servers,
        "security_protocol": settings.kafka_security_protocol,
        "request_timeout_ms": int(settings.kafka_request_timeout_seconds * 1000),
    }
    if settings.kafka_security_protocol.startswith("SASL"):
        if not settings.kafka_sasl_username or settings.kafka_sasl_password is None:
            raise ValueError(
                f"KAFKA_SECURITY_PROTOCOL is {settings.kafka_security_protocol}; "
                "it needs KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD (or KAFKA_SASL_PASSWORD_FILE)."
            )
        options |= {
            "sasl_mechanism": settings.kafka_sasl_mechanism,
            "sasl_plain_username": settings.kafka_sasl_username,
            "sasl_plain_password": settings.kafka_sasl_password.get_secret_value(),
        }
    if settings.kafka_security_protocol.endswith("SSL"):
        options["ssl_context"] = tls(settings)
    return options


def tls(settings: RuntimeSettings) -> ssl.SSLContext:
    """A context that verifies the broker. Raises ValueError when a file can't be used."""
    try:
        context = ssl.create_default_context(cafile=settings.kafka_ssl_ca_file)
        if settings.kafka_ssl_cert_file:
            context.load_cert_chain(settings.kafka_ssl_cert_file, settings.kafka_ssl_key_file)
    except (OSError, ssl.SSLError) as error:
        raise ValueError(f"KAFKA_SSL_CA_FILE, _CERT_FILE or _KEY_FILE can't be used: {error}.") from error
    return context
