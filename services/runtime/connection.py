"""How every Kafka client of a service connects, by address, SASL and TLS, or why brokers turn it away."""

from __future__ import annotations

import ssl
from typing import Any

from aiokafka.conn import collect_hosts, create_conn
from aiokafka.errors import (
    IllegalSaslStateError,
    KafkaError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)

from services.runtime.settings import RuntimeSettings

ASK_AGAIN_MS = 5000


class Refused(KafkaError):  # type: ignore[misc]
    """Brokers are there and turn us away: what is said names the setting that is wrong."""

    def __str__(self) -> str:
        return str(self.args[0])


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


async def refusal(settings: RuntimeSettings) -> Refused | None:
    """Why a broker turns us away; None when one lets us in or none is there. Clients log that and keep it."""
    options = client_options(settings)
    options["request_timeout_ms"] = min(options["request_timeout_ms"], ASK_AGAIN_MS)
    for host, port, _ in collect_hosts(options.pop("bootstrap_servers")):
        try:
            connection = await create_conn(host, port, **options)
        except (OSError, KafkaError) as error:
            if sentence := refused(error, f"{host}:{port}", settings):
                return Refused(sentence)
        else:
            connection.close()
            return None
    return None


def refused(error: Exception, server: str, settings: RuntimeSettings) -> str | None:
    """What a failed connection says of our settings, as a sentence without secrets; None when it says nothing."""
    if isinstance(error.__cause__, ssl.SSLError):
        error = error.__cause__
    match error:
        case SaslAuthenticationFailed():
            return (
                f"The broker {server} refuses the name {settings.kafka_sasl_username} with this password: check "
                f"KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD and KAFKA_SASL_MECHANISM ({settings.kafka_sasl_mechanism})."
            )
        case UnsupportedSaslMechanismError():
            return f"The broker {server} takes no KAFKA_SASL_MECHANISM={settings.kafka_sasl_mechanism}."
        case IllegalSaslStateError():
            return (
                f"The broker {server} takes no passwords on this port: "
                f"check KAFKA_SECURITY_PROTOCOL ({settings.kafka_security_protocol}) and the port."
            )
        case ssl.SSLCertVerificationError():
            trusted = settings.kafka_ssl_ca_file or "not set: the system's authorities"
            return (
                f"The certificate of the broker {server} is not trusted: {error.verify_message.rstrip('.')}. "
                f"Check KAFKA_SSL_CA_FILE ({trusted})."
            )
        case ssl.SSLEOFError() | ssl.SSLZeroReturnError():
            return None  # a broker that is ending does so too
        case ssl.SSLError():
            return (
                f"TLS with the broker {server} fails: {error}. Check the port, KAFKA_SECURITY_PROTOCOL "
                f"({settings.kafka_security_protocol}), KAFKA_SSL_CERT_FILE and KAFKA_SSL_KEY_FILE."
            )
    return None
