"""Writes the metadata by which an image knows its version: `python metadata.py pyproject.toml /app`."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path


def write(pyproject: Path, folder: Path) -> None:
    """As an installed wheel would have it, for `importlib.metadata`; an image holds parts of the distribution only."""
    project = tomllib.loads(pyproject.read_text())["project"]
    name, version = project["name"], project["version"]
    metadata = folder / f"{name}-{version}.dist-info" / "METADATA"
    metadata.parent.mkdir()
    metadata.write_text(f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\nSummary: {project['description']}\n")


if __name__ == "__main__":
    write(Path(sys.argv[1]), Path(sys.argv[2]))
