"""``python -m services.<name>``: one service as a process of its own."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from services.runtime import exits, settings
from services.runtime.process import Flags, complain, plan, run
from services.runtime.service import ServiceSpec

NOT_ONE = "is not SECTION.FIELD=VALUE"


def main(spec: ServiceSpec, arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the service until it is told to stop, and exit with a code of ``services.runtime.exits``."""
    given = _parser(spec).parse_args(arguments)
    try:
        flags = merge(
            {"server": {"host": given.host, "port": given.port}, "data": {"dir": given.data}},
            assignments(given.set),
        )
        process = plan([spec], flags, given.config)
    except settings.SettingsError as error:
        complain(str(error))
        sys.exit(exits.USAGE)
    sys.exit(run(process, until_eof=given.until_eof))


def assignments(given: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Section to field to text, from ``SECTION.FIELD=VALUE``. Raises SettingsError."""
    values: dict[str, dict[str, Any]] = {}
    for assignment in given:
        name, is_one, value = assignment.partition("=")
        section, has_field, field = name.partition(".")
        if not is_one or not has_field:
            raise settings.SettingsError([f"--set {name}: {NOT_ONE}; `pmm config` lists every setting"])
        if section not in settings.SECTIONS:
            hint = settings.did_you_mean(section, settings.SECTIONS)
            raise settings.SettingsError(
                [f"--set {name}: there is no section {section}; {hint}`pmm config` lists every setting"]
            )
        values.setdefault(section, {})[field] = value
    return values


def merge(first: Flags, second: Flags) -> dict[str, dict[str, Any]]:
    """Both, the second going before where it has a value."""
    merged = {section: dict(values) for section, values in first.items()}
    for section, values in second.items():
        merged.setdefault(section, {}).update(values)
    return merged


def _parser(spec: ServiceSpec) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"python -m services.{spec.name}",
        description=f"The {spec.name} service of the Persistent Mind Model.",
        epilog=f"example: python -m services.{spec.name} --data ./data --port {spec.default_port}",
        exit_on_error=True,
    )
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="data folder; the service's own is within it"
    )
    parser.add_argument("--host", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=int, help=f"TCP port ({spec.default_port}); 0 takes a free one")
    parser.add_argument("--config", type=Path, metavar="FILE", help="TOML file of settings (./pmm.toml)")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="SECTION.FIELD=VALUE",
        help="any setting; may be repeated",
    )
    parser.add_argument("--until-eof", action="store_true", help="stop also when standard input ends")
    return parser
