"""Asks the service in this container how it is: `python probe.py /healthz` ends with 0 when it is well."""

from __future__ import annotations

import http.client
import os
import sys

TIMEOUT_SECONDS = 4


def why_not(path: str, port: int) -> str | None:
    """What the service says is wrong, or None."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        said = answer.read().decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        return f"no answer on port {port}: {error}"
    finally:
        connection.close()
    return None if answer.status == 200 else said


if __name__ == "__main__":
    sys.exit(why_not(sys.argv[1], int(os.environ.get("HEALTH_PORT", "8080"))))
