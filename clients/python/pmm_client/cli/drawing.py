"""``--svg``: a picture in a file."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from pmm_client.cli import exits
from pmm_client.cli.connection import CliError

Svg = Annotated[
    Path | None,
    typer.Option("--svg", metavar="FILE", help="Draw it into this file (needs pmm-client[pictures])."),
]


def write_svg(path: Path, draw: Callable[[], str]) -> None:
    """Write a picture, and say where. Raises CliError where it cannot be drawn or written."""
    try:
        picture = draw()
    except ImportError as error:
        raise CliError(
            f"pictures need {error.name}: pip install 'pmm-client[pictures]'", exits.FAILED
        ) from None
    try:
        path.expanduser().write_text(picture, encoding="utf-8")
    except OSError as error:
        raise CliError(f"--svg {path}: {error.strerror}", exits.FAILED) from None
    sys.stderr.write(f"{path} is drawn; a browser shows it.\n")
