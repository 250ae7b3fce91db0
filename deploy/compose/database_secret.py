"""Makes the database's password at the first start and leaves it where Postgres and the store read it."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path
from urllib.parse import quote


def keep(folder: Path) -> None:
    """Write both files; a password that is there already stays."""
    password_file = folder / "database-password"
    if not password_file.exists():
        _write(password_file, secrets.token_urlsafe(32))
    password = password_file.read_text().strip()
    _write(folder / "database-url", f"postgresql://xabar:{quote(password, safe='')}@postgres:5432/xabar")


def _write(path: Path, text: str) -> None:
    # Whole or not at all. Readable by all: the readers' users differ, and only they mount the folder.
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(text)
    unfinished.chmod(0o444)
    unfinished.rename(path)


if __name__ == "__main__":
    keep(Path(sys.argv[1]))
