"""The screen that every command prints on, and the option that they share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from services.console.settings import STATE

screen = Console()
State = Annotated[Path, typer.Option("--state", envvar="XABAR_STATE", help="Where local runs keep their data.")]
HERE = Path(STATE)
