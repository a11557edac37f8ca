"""Every setting of every section, for ``pmm config``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel
from rich.console import Console
from rich.table import Table

from services.local import specs
from services.runtime.process import Flags
from services.runtime.sections import DataSettings, PeerSettings, ServerSettings, TelemetrySettings
from services.runtime.settings import Setting, describe


def listing(flags: Flags, config: Path | None) -> list[Setting]:
    """All settings. Raises SettingsError, and StartupError if a service is not installed."""
    sections: dict[str, type[BaseModel]] = {
        "server": ServerSettings,
        "telemetry": TelemetrySettings,
        "data": DataSettings,
        "peers": PeerSettings,
        **{spec.name: spec.settings for spec in specs.load()},
    }
    return [
        setting
        for name, model in sections.items()
        for setting in describe(name, model, flags.get(name, {}), config=config)
    ]


def table(found: Sequence[Setting]) -> None:
    """Print them for people."""
    rows = Table("setting", "value", "unit", "default", "source", "what and why", box=None, pad_edge=False)
    for setting in found:
        # Text, not markup: a value may hold square brackets.
        cells = (setting.name, _plain(setting.value), setting.unit, _plain(setting.default), setting.source)
        rows.add_row(*(cell.replace("[", r"\[") for cell in cells), setting.description.replace("[", r"\["))
    Console().print(rows)


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
