"""Whether the web is out of our reach as a whole: then no host is to blame, and no attempt counts."""

from __future__ import annotations

FEWEST_HOSTS = 3
"""So many hosts must have been silent, one after the other, until it is more likely us than them."""
SILENT = frozenset({"dns", "connect", "tls", "timeout", "proxy"})
"""Kinds of faults where nobody spoke."""


class Reach:
    """Hears of every request: one answer of any host, and we are not cut off."""

    def __init__(self) -> None:
        self._silent: set[str] = set()

    def heard(self, host: str, fault: str | None) -> None:
        """A request to the host ended, with this fault or with an answer."""
        if fault not in SILENT:
            self._silent.clear()
        elif len(self._silent) < FEWEST_HOSTS:
            self._silent.add(host)

    @property
    def cut_off(self) -> bool:
        """Whether nothing has answered since several hosts were asked."""
        return len(self._silent) >= FEWEST_HOSTS
