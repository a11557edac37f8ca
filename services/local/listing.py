"""Every setting of every section, for ``pmm config``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel

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


def printed(found: Sequence[Setting]) -> str:
    """For people: a line each, with what was set beside what holds otherwise, and below it what it means."""
    return "\n".join(
        f"{setting.name} = {_plain(setting.value)}{_unit(setting)}{_set_by(setting)}\n    {setting.description}"
        for setting in found
    )


def _unit(setting: Setting) -> str:
    return f" {setting.unit}" if setting.unit else ""


def _set_by(setting: Setting) -> str:
    return "" if setting.source == "default" else f"  ({setting.source}; default {_plain(setting.default)})"


def _plain(value: object) -> str:
    return value if value and isinstance(value, str) else json.dumps(value)
