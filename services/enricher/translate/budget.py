"""How many characters an engine gets in a day: some kept back for headlines, a share for old articles."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from services.contracts.sources import Lane
from services.enricher.translate.disposable import Disposable, transaction
from services.runtime import metrics

T = TypeVar("T")
_SCHEMA = """
CREATE TABLE spending (
    engine TEXT NOT NULL, day TEXT NOT NULL, chars INTEGER NOT NULL, headlines INTEGER NOT NULL,
    backfill INTEGER NOT NULL, PRIMARY KEY (engine, day)
) WITHOUT ROWID
"""
_VERSION = 1


@dataclass(frozen=True)
class Spending:
    """Characters that were given to an engine in one day."""

    chars: int = 0
    headlines: int = 0
    """Of them, of headlines."""
    backfill: int = 0
    """Of them, of the backfill lane."""

    def plus(self, chars: int, headline: bool, lane: Lane) -> Spending:
        """With these too; a negative number gives them back."""
        return Spending(
            max(0, self.chars + chars),
            max(0, self.headlines + chars) if headline else self.headlines,
            max(0, self.backfill + chars) if lane == "backfill" else self.backfill,
        )


@dataclass(frozen=True)
class Allowance:
    """What a day holds."""

    chars_per_day: int
    """By UTC, of one replica."""
    headline_share: float = 0.1
    """Of the day, that bodies leave to headlines."""
    backfill_share: float = 0.5
    """Of the day, the most that the backfill lane takes."""

    def left(self, spent: Spending, headline: bool, lane: Lane) -> int:
        """Characters that such a text may still have today."""
        left = self.chars_per_day - spent.chars
        if not headline:
            left -= max(0, int(self.chars_per_day * self.headline_share) - spent.headlines)
        if lane == "backfill":
            left = min(left, int(self.chars_per_day * self.backfill_share) - spent.backfill)
        return max(0, left)


class Ledger:
    """What each engine was given today, in a file that a restart finds again; processes of one replica share it."""

    def __init__(self, path: Path | None) -> None:
        """`path` None: in memory."""
        self._file = Disposable(path, _SCHEMA, _VERSION, "ledger of characters")

    async def spent(self, engine: str, day: str) -> Spending | None:
        """Of that day, as YYYY-MM-DD; None where the file can't be read just now."""
        return await self._file.run(lambda connection: _spent(connection, engine, day), None)

    async def change(self, engine: str, day: str, change: Callable[[Spending], Spending | None]) -> Spending | None:
        """Read and write in one go what `change` makes of it; None where it makes nothing of it or the file fails."""

        def work(connection: sqlite3.Connection) -> Spending | None:
            with transaction(connection):
                after = change(_spent(connection, engine, day))
                if after is not None:
                    connection.execute("DELETE FROM spending WHERE engine = ? AND day < ?", (engine, day))
                    connection.execute(
                        "INSERT OR REPLACE INTO spending VALUES (?, ?, ?, ?, ?)",
                        (engine, day, after.chars, after.headlines, after.backfill),
                    )
            return after

        return await self._file.run(work, None)

    async def close(self) -> None:
        """Close the file."""
        await self._file.close()


def _spent(connection: sqlite3.Connection, engine: str, day: str) -> Spending:
    row = connection.execute(
        "SELECT chars, headlines, backfill FROM spending WHERE engine = ? AND day = ?", (engine, day)
    ).fetchone()
    return Spending(*row) if row else Spending()


class Budget:
    """One engine's allowance, spent through a ledger."""

    def __init__(
        self, engine: str, allowance: Allowance, ledger: Ledger, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """`now`: the wall clock, with zone."""
        self._engine = engine
        self._allowance = allowance
        self._ledger = ledger
        self._now = now

    async def left(self, headline: bool = False, lane: Lane = "live") -> int:
        """Characters that such a text may have today; none where the ledger can't be read."""
        spent = await self._ledger.spent(self._engine, self._day())
        return self._allowance.left(spent, headline, lane) if spent else 0

    async def take(self, chars: int, headline: bool = False, lane: Lane = "live") -> bool:
        """Spend so many; False, and nothing spent, where there is no room for all of them."""

        def spend(before: Spending) -> Spending | None:
            fits = chars <= self._allowance.left(before, headline, lane)
            return before.plus(chars, headline, lane) if fits else None

        after = await self._ledger.change(self._engine, self._day(), spend)
        self._show(after)
        return after is not None

    async def give_back(self, chars: int, headline: bool = False, lane: Lane = "live") -> None:
        """They were not taken after all."""
        self._show(
            await self._ledger.change(self._engine, self._day(), lambda before: before.plus(-chars, headline, lane))
        )

    def _day(self) -> str:
        return self._now().astimezone(UTC).date().isoformat()

    def _show(self, spent: Spending | None) -> None:
        if spent is not None:
            left = self._allowance.left(spent, headline=True, lane="live")
            metrics.TRANSLATION_BUDGET_LEFT.labels(self._engine).set(left)
