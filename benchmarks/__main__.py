"""Measure PMM: print a table and write ``build/bench.json``.

    python -m benchmarks              everything
    python -m benchmarks ledger mind  only these suites

Each row of the file: name, value, unit, n (repetitions), spread (interquartile range), commit, machine.
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import cast

from rich.console import Console
from rich.table import Table

from benchmarks.rows import Row

SUITES = ("start", "ledger", "memory", "mind")
MORE_SUITES = (
    "extraction", "ledger_rivals", "ledger_million", "memory_million", "memory_gpu", "memory_rivals", "recall",
    "inference", "mind_million", "mind_many", "mind_state", "personal_data", "extraction_model",
)  # fmt: skip
"""Run when named: most take minutes, and the rivals need other servers."""
OUT = Path(__file__).resolve().parent.parent / "build" / "bench.json"


def main(suites: list[str]) -> int:
    """Run the named suites, or all; returns the exit code."""
    unknown = sorted(set(suites) - {*SUITES, *MORE_SUITES})
    if unknown:
        print(
            f"No such suite: {', '.join(unknown)}. There are: {', '.join((*SUITES, *MORE_SUITES))}.",
            file=sys.stderr,
        )
        return 2
    console = Console(stderr=True)
    rows: list[Row] = []
    for suite in suites or SUITES:
        with console.status(f"Measuring {suite} …"):
            measured = importlib.import_module(f"benchmarks.{suite}").run()
        write(measured)
        rows += measured
    show(rows)
    print(f"wrote {OUT.relative_to(Path.cwd()) if OUT.is_relative_to(Path.cwd()) else OUT}")
    return 0


def show(rows: list[Row]) -> None:
    """Print the rows as a table."""
    table = Table("name", "value", "unit", "spread", "n")
    for row in rows:
        table.add_row(
            row.name,
            f"{row.value:,.3g}" if row.value < 1000 else f"{row.value:,.0f}",
            row.unit,
            f"{row.spread:,.3g}",
            str(row.n),
        )
    Console().print(table)


def write(rows: list[Row]) -> None:
    """Replace the rows of the same names in ``build/bench.json``, and keep the others."""
    kept: list[dict[str, object]] = []
    if OUT.exists():
        measured = {row.name for row in rows}
        old = cast(list[dict[str, object]], json.loads(OUT.read_text()))
        kept = [entry for entry in old if entry["name"] not in measured]
    where = {"commit": _commit(), "machine": _machine()}
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(kept + [asdict(row) | where for row in rows], indent=1) + "\n")


def _commit() -> str:
    described = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        capture_output=True,
        text=True,
        check=False,
        cwd=OUT.parent.parent,
    )
    return described.stdout.strip() or "unknown"


def _machine() -> str:
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
