"""Options of every command that works on a folder of this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[
    Path | None,
    typer.Option(
        "--data", metavar="DIR", help="Folder of all data. Default: PMM_DATA, or ~/.local/share/pmm."
    ),
]
Config = Annotated[
    Path | None,
    typer.Option(
        "--config", metavar="FILE", help="TOML file of settings. Default: PMM_CONFIG, or ./pmm.toml."
    ),
]
