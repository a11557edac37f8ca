"""``pmm status`` and ``pmm version``."""

from __future__ import annotations

import asyncio
import platform
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import typer

from pmm.inference.v1.inference_pb2 import Model
from pmm_client.cli import exits, output
from pmm_client.cli.connection import SERVICES, CliError, Connection, Run, find_run
from pmm_client.cli.failures import explain
from pmm_client.cli.guessing import guided
from pmm_client.cli.options import Json, calls_server
from pmm_client.errors import PmmError
from pmm_client.jsonable import to_json

CLIENT, SERVER = "pmm-client", "persistent-mind"


@dataclass(frozen=True)
class ServiceState:
    """One service, and how it does."""

    name: str
    target: str
    status: str
    """SERVING, NOT_SERVING, NOT_REACHABLE, or what health checking says."""
    detail: str = ""
    """Why it cannot be reached, and what to do."""

    def to_json(self) -> dict[str, Any]:
        """As ``--json`` prints it."""
        return {"name": self.name, "target": self.target, "status": self.status}


def register(app: typer.Typer) -> None:
    """Add ``status`` and ``version``."""
    calls_server(app, "status")(status)
    app.command("version", cls=guided())(show_version)


async def status(connection: Connection, as_json: Json = False) -> None:
    """Say which services answer, where, and with which model; exits with 3 where one does not.

    Example: pmm status --json
    """
    services = await service_states(connection)
    run = find_run(connection.target)
    models = await default_models(connection, services)
    if as_json:
        output.json_line(_as_json(connection, services, run, models))
    else:
        _print(connection, services, run, models)
    if any(service.status != "SERVING" for service in services):
        raise CliError(_advice(services), exits.NOT_REACHABLE)


async def service_states(connection: Connection) -> list[ServiceState]:
    """All four, asked at once."""
    return list(await asyncio.gather(*(_state(connection, name) for name in SERVICES)))


async def _state(connection: Connection, name: str) -> ServiceState:
    target = connection.target
    try:
        target = await connection.find(name)
        return ServiceState(name, target, await connection.health(name, target) or "NOT_HERE")
    except PmmError as error:
        return ServiceState(name, target, "NOT_REACHABLE", explain(error, connection, {}))


async def default_models(connection: Connection, services: list[ServiceState]) -> list[Model]:
    """What inference offers; nothing if it does not answer."""
    if not any(service.name == "inference" and service.status == "SERVING" for service in services):
        return []
    try:
        async with connection.open("inference") as client:
            return await client.models()
    except PmmError:
        return []


def _as_json(
    connection: Connection, services: list[ServiceState], run: Run | None, models: list[Model]
) -> dict[str, Any]:
    return {
        "target": connection.target,
        "pid": run.pid if run else None,
        "data": str(run.data) if run else None,
        "mode": run.mode if run else None,
        "services": [service.to_json() for service in services],
        "models": [to_json(model) for model in models],
    }


def _print(
    connection: Connection, services: list[ServiceState], run: Run | None, models: list[Model]
) -> None:
    made = output.table("service", "where", "state")
    for service in services:
        output.row(made, service.name, service.target, service.status.lower().replace("_", " "))
    output.console().print(made)
    if run:
        output.line(f"process {run.pid} ({run.mode}), data in {run.data}")
    for model in models:
        state = "up" if model.up else f"down: {model.detail}"
        mark = ", the default" if model.default else ""
        output.line(f"model {model.name} ({model.backend}{mark}): {state}")


def _advice(services: list[ServiceState]) -> str:
    if all(service.status == "NOT_REACHABLE" for service in services):
        return services[0].detail
    down = ", ".join(service.name for service in services if service.status != "SERVING")
    return f"Not serving: {down}. `pmm doctor` says more."


def installed(package: str) -> str | None:
    """Its version; None where it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def show_version(as_json: Json = False) -> None:
    """Print the versions of the client, of the services if they are installed, and of Python.

    Example: pmm version --json
    """
    found = {"client": installed(CLIENT), "server": installed(SERVER), "python": platform.python_version()}
    if as_json:
        output.json_line(found)
    else:
        server = f", services {found['server']}" if found["server"] else ", services not installed"
        output.line(f"pmm {found['client']}{server}, Python {found['python']}")
