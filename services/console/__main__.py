"""The command `xabar`: run the pipeline here, tell it what to watch, and look at what it does."""

from __future__ import annotations

import sys

from services.console.commands import app
from services.console.local.errors import LocalRunError


def main() -> None:
    """Run the command line; a LocalRunError is one sentence and exit code 1."""
    try:
        app()
    except LocalRunError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
