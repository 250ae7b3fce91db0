"""Ports on 127.0.0.1: finding free ones, remembering them in the state folder, saying which one is taken."""

import json
import random
import socket
from collections.abc import Sequence
from pathlib import Path

from services.console.local.errors import LocalRunError

HOST = "127.0.0.1"
# Below the ports that systems hand to outgoing connections (from 32768 on Linux, 49152 on macOS): a client that
# keeps calling a killed server on such a port can end up connected to itself, and the server can't come back.
LOWEST, HIGHEST = 20_000, 32_000
ATTEMPTS = 200


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of 127.0.0.1 now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the servers do: connections of a killed server that still linger are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def free_port(choose: random.Random | None = None) -> int:
    """A port nobody listens on."""
    choose = choose or random.SystemRandom()
    for _ in range(ATTEMPTS):
        port = choose.randint(LOWEST, HIGHEST)
        if is_free(port):
            return port
    raise LocalRunError(
        f"No free port was found between {LOWEST} and {HIGHEST}: end some of the servers that run here."
    )


def remembered_ports(file: Path, names: Sequence[str], given: dict[str, int]) -> dict[str, int]:
    """The port for each name: the given one, else the one of the last run, else a free one; written down for next time.

    A port is only looked for once, so that addresses stay the same from run to run.
    """
    try:
        last: dict[str, int] = {name: int(port) for name, port in json.loads(file.read_text()).items()}
    except (OSError, ValueError, AttributeError, TypeError):
        last = {}
    ports: dict[str, int] = {}
    for name in names:
        port = given.get(name) or last.get(name)
        while port is None or port in ports.values():
            port = free_port()
        ports[name] = port
    file.write_text(json.dumps(ports) + "\n")
    return ports


def require_free(port: int, server: str, file: Path) -> None:
    """Stop with one sentence if somebody else listens on the server's port."""
    if not is_free(port):
        raise LocalRunError(
            f"{server} can't start: port {port} of {HOST} is in use by another program; "
            f"end that program, or give {server} another port, or delete {file} to have a free one chosen."
        )
