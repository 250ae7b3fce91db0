"""The screen that every command prints on, the option that they share, and what is said where a library is missing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from services.console.local.errors import LocalRunError
from services.console.settings import STATE

screen = Console()
State = Annotated[Path, typer.Option("--state", envvar="XABAR_STATE", help="Where local runs keep their data.")]
HERE = Path(STATE)


@contextlib.contextmanager
def needing(*extras: str) -> Iterator[None]:
    """Around imports of other services' libraries. Raises LocalRunError naming the extras to install."""
    try:
        yield
    except ImportError as error:
        wanted = ",".join(("console", *extras))
        raise LocalRunError(f"{error.name or error} is not installed: pip install 'xabar[{wanted}]'") from None
