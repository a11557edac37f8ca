"""``pmm doctor``: looks at everything that has to be right, and says what to do where it is not."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import typer

from pmm.inference.v1.inference_pb2 import Model
from pmm.memory.v1.memory_pb2 import StatsRequest
from pmm_client.cli import exits, output
from pmm_client.cli.connection import CliError, Connection, data_folders, find_run
from pmm_client.cli.options import Json, calls_server
from pmm_client.cli.status import CLIENT, SERVER, ServiceState, default_models, installed, service_states
from pmm_client.errors import PmmError

MIN_FREE_BYTES = 1024**3
"""Less is worth a warning: an index is rebuilt beside the old one."""
MIN_PYTHON = (3, 11)


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: str
    state: Literal["ok", "warning", "failed"]
    detail: str
    """What was found, and what to do about it."""


def register(app: typer.Typer) -> None:
    """Add ``doctor``."""
    calls_server(app, "doctor")(doctor)


async def doctor(connection: Connection, as_json: Json = False) -> None:
    """Check this machine, the data folder, the services and the model; exits with 4 where something is wrong.

    Example: pmm doctor --json
    """
    services = await service_states(connection)
    checks = [
        *_machine(),
        *_data(connection),
        *_services(services),
        *_models(await default_models(connection, services)),
        *await _memory(connection, services),
    ]
    if as_json:
        output.json_line([asdict(check) for check in checks])
    else:
        made = output.table("", "", "")
        for check in checks:
            output.row(made, check.state, check.name, check.detail)
        output.console().print(made)
    failed = [check.name for check in checks if check.state == "failed"]
    if failed:
        raise CliError(f"something is wrong: {', '.join(failed)}", exits.FOUND_WRONG)


def _machine() -> Iterator[Check]:
    found = platform.python_version()
    wanted = ".".join(map(str, MIN_PYTHON))
    is_new_enough = sys.version_info >= MIN_PYTHON
    yield Check("python", "ok" if is_new_enough else "failed", f"{found}; {wanted} or newer is needed")
    yield Check("client", "ok", f"{CLIENT} {installed(CLIENT)}")
    server = installed(SERVER)
    if server:
        yield Check("services", "ok", f"{SERVER} {server}")
    else:
        yield Check(
            "services", "ok", "not installed here: only the client. pip install 'persistent-mind[all]'"
        )


def _data(connection: Connection) -> Iterator[Check]:
    run = find_run(connection.target)
    folder = run.data if run else data_folders()[0]
    place = _nearest(folder)
    if not os.access(place, os.W_OK | os.X_OK):
        yield Check("data folder", "failed", f"{folder} is not writable: mend that, or pass --data to pmm up")
        return
    yield Check("data folder", "ok", str(folder) if folder.exists() else f"{folder} (not made yet)")
    free = shutil.disk_usage(place).free
    state = "ok" if free >= MIN_FREE_BYTES else "warning"
    yield Check("disk", state, f"{free / 1024**3:.1f} GiB free; below 1 GiB is too little")


def _nearest(folder: Path) -> Path:
    """The folder, or what would hold it."""
    return next(place for place in (folder, *folder.parents) if place.exists())


def _services(services: list[ServiceState]) -> Iterator[Check]:
    if all(service.status == "NOT_REACHABLE" for service in services):
        yield Check("services up", "failed", services[0].detail)
        return
    for service in services:
        is_serving = service.status == "SERVING"
        detail = service.target if is_serving else _WHAT_TO_DO.get(service.status, _SEE_LOG)
        detail = detail.format(target=service.target, status=service.status)
        yield Check(service.name, "ok" if is_serving else "failed", detail)


_SEE_LOG = "{target} says {status}: see its log"
_WHAT_TO_DO = {
    "NOT_REACHABLE": "nothing answers at {target}: start it, or say where it is",
    "NOT_HERE": "{target} serves something else: say where it is",
}


def _models(models: list[Model]) -> Iterator[Check]:
    for model in models:
        if model.backend == "recall":
            yield Check(
                "model",
                "ok",
                "no language model is connected: answers quote memory. To connect one, start pmm up with "
                "PMM_INFERENCE__BACKEND=openai, PMM_INFERENCE__OPENAI_BASE_URL and PMM_INFERENCE__MODEL",
            )
        elif model.up:
            yield Check("model", "ok", f"{model.name} ({model.backend})")
        else:
            state = "failed" if model.default else "warning"
            yield Check("model", state, f"{model.name} ({model.backend}) is down: {model.detail}")


async def _memory(connection: Connection, services: list[ServiceState]) -> list[Check]:
    if not any(service.name == "memory" and service.status == "SERVING" for service in services):
        return []
    try:
        async with connection.open("memory") as client:
            stats = await client.memory.stats(StatsRequest())
    except PmmError as error:
        return [Check("memory index", "warning", error.message)]
    if stats.skipped:
        return [Check("memory index", "warning", f"{len(stats.skipped)} events could not be indexed")]
    busy = f", rebuilding ({stats.rebuild_progress:.0%})" if stats.rebuilding else ""
    return [
        Check(
            "memory index",
            "ok",
            f"{output.counted(stats.memories, 'memory', 'memories')} of {output.counted(stats.minds, 'mind')}{busy}",
        )
    ]
