"""``run.json`` in the data folder: which process runs there, and where it listens."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import psutil

from services.runtime import exits
from services.runtime.exits import StartupError

RUN_FILE = "run.json"
START_TOLERANCE_SECONDS = 2.0
"""Process start times are kept in clock ticks."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of ``pmm up``."""

    pid: int
    started_at: float
    """When the process started, in seconds since 1970: a pid alone may be somebody else's by now."""
    mode: Literal["one process", "four processes"]
    endpoints: dict[str, str]
    """Service to ``host:port``."""
    serving: bool
    """Whether all four answer."""

    @property
    def endpoint(self) -> str:
        """Where clients connect to: the orchestrator."""
        return self.endpoints["orchestrator"]


def of_this_process(mode: Literal["one process", "four processes"]) -> Run:
    """A run that has just begun."""
    return Run(os.getpid(), psutil.Process().create_time(), mode, {}, serving=False)


def write(folder: Path, run: Run) -> None:
    """Replace the file in one step: a reader sees the old one or the new one. Raises StartupError."""
    partial = folder / f"{RUN_FILE}.{os.getpid()}"
    try:
        partial.write_text(json.dumps(asdict(run), indent=2) + "\n", "utf-8")
        partial.replace(folder / RUN_FILE)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise StartupError(
            exits.DATA_FOLDER,
            f"data folder {folder} cannot be written ({(error.strerror or 'unwritable').lower()}): make room, or "
            "choose another with --data",
        ) from None


def read(folder: Path) -> Run | None:
    """The run that is alive in this folder; None if there is none, whatever the file says."""
    try:
        run = Run(**json.loads((folder / RUN_FILE).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return run if is_alive(run) else None


def is_alive(run: Run) -> bool:
    """Whether the very process that wrote the file still runs."""
    try:
        process = psutil.Process(run.pid)
        same = abs(process.create_time() - run.started_at) < START_TOLERANCE_SECONDS
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def remove(folder: Path) -> None:
    """Take the file away at the end of a run."""
    (folder / RUN_FILE).unlink(missing_ok=True)
