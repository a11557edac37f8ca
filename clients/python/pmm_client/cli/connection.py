"""Where the services are, from options, environment, ``run.json`` and the services themselves."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import grpc
import grpc.aio
from grpc_health.v1 import health_pb2, health_pb2_grpc

import pmm_client
from pmm_client.channel import check_credentials, open_channel
from pmm_client.cli import exits
from pmm_client.cli.wording import in_options
from pmm_client.client import Client
from pmm_client.errors import NoDefaultMind, Unimplemented
from pmm_client.failed_calls import from_rpc_error
from pmm_client.raw import InferenceClient, LedgerClient, MemoryClient, OrchestratorClient

SERVICES = {
    "orchestrator": OrchestratorClient.service,
    "ledger": LedgerClient.service,
    "memory": MemoryClient.service,
    "inference": InferenceClient.service,
}
"""Short names in the order of their ports under ``pmm up --split``."""

HEALTH_TIMEOUT_S = 3.0
MAX_PORT = 65_535
TYPED = {"tls_ca": "--tls-ca"}
"""How what a connection is made with is typed."""
FIRST_MIND = "me"
"""The mind that is made by a first message to nobody in particular."""


class CliError(Exception):
    """Something that the user is told in a line, with the exit code."""

    def __init__(self, message: str, code: int = exits.FAILED) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Connection:
    """How to reach the services."""

    target: str
    """``host:port`` of the orchestrator."""
    token: str | None = None
    tls_ca: bytes | None = None
    given: dict[str, str] = field(default_factory=lambda: {})
    """Addresses of other services that were said explicitly, by short name."""

    @asynccontextmanager
    async def open(self, *needed: str) -> AsyncGenerator[Client]:
        """A client; the services named are looked for where the target does not serve them."""
        places = {name: await self.find(name) for name in needed}
        for name, place in places.items():
            _check(f"--{name}-target", place, self)
        async with pmm_client.connect(
            self.target,
            token=self.token,
            tls_ca=self.tls_ca,
            ledger=places.get("ledger"),
            memory=places.get("memory"),
            inference=places.get("inference"),
        ) as client:
            yield client

    async def default_mind(self) -> str:
        """The mind that is meant where none is named; that of a first conversation where there is none yet."""
        async with self.open() as client:
            try:
                return (await client.default_mind()).mind_id
            except (NoDefaultMind, Unimplemented):
                # An earlier release knows of no default.
                return FIRST_MIND

    async def find(self, name: str) -> str:
        """Where a service is: as said, else at the target, else as ``pmm up --split`` lays them out."""
        if name in self.given or name == "orchestrator":
            return self.given.get(name, self.target)
        if await self.health(name, self.target) is not None:
            return self.target
        run = find_run(self.target)
        if run is not None and name in run.endpoints:
            return run.endpoints[name]
        host, _, port = self.target.rpartition(":")
        return f"{host}:{int(port) + list(SERVICES).index(name)}" if port.isdigit() else self.target

    async def health(self, name: str, address: str) -> str | None:
        """SERVING, NOT_SERVING …; None where another service answers. Raises PmmError if nothing does."""
        request = health_pb2.HealthCheckRequest(service=SERVICES[name])
        # No token: health is public. No repetitions: a service that is down is an answer here.
        async with open_channel(address, tls_ca=self.tls_ca, retries=False) as channel:
            try:
                answer = await health_pb2_grpc.HealthStub(channel).Check(request, timeout=HEALTH_TIMEOUT_S)
            except grpc.aio.AioRpcError as error:
                if error.code() is grpc.StatusCode.NOT_FOUND:
                    return None
                if error.code() is grpc.StatusCode.UNIMPLEMENTED:
                    return "UNKNOWN"
                raise from_rpc_error(error) from None
            return health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)


@dataclass(frozen=True)
class Run:
    """A run of ``pmm up`` on this machine, as its ``run.json`` says."""

    pid: int
    data: Path
    mode: str
    endpoints: dict[str, str]


def data_folders() -> list[Path]:
    """Where the data of this user may be, the likeliest first."""
    named = [os.environ.get("PMM_DATA__DIR"), os.environ.get("PMM_DATA")]
    shared = os.environ.get("XDG_DATA_HOME")
    folders = [*[Path(name) for name in named if name], *([Path(shared) / "pmm"] if shared else [])]
    return [folder.expanduser().absolute() for folder in (*folders, Path("~/.local/share/pmm"))]


def find_run(target: str) -> Run | None:
    """The run on this machine that serves at the target."""
    runs = [run for folder in data_folders() if (run := _read(folder)) is not None]
    return next((run for run in runs if _same(run.endpoints.get("orchestrator", ""), target)), None)


def _read(folder: Path) -> Run | None:
    try:
        found: dict[str, Any] = json.loads((folder / "run.json").read_text("utf-8"))
        os.kill(found["pid"], 0)
        return Run(found["pid"], folder, str(found["mode"]), cast(dict[str, str], found["endpoints"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _same(one: str, other: str) -> bool:
    def plain(address: str) -> str:
        return address.replace("localhost:", "127.0.0.1:").replace("[::1]:", "127.0.0.1:")

    return plain(one) == plain(other)


def connection_from(options: Mapping[str, Any]) -> Connection:
    """From the options of a command, by the names of its parameters. Raises CliError."""
    places = {f"--{name}-target": options[f"{name}_target"] for name in ("ledger", "memory", "inference")}
    token = _content(options["token_file"], "--token-file")
    connection = Connection(
        target=options["target"],
        token=None if token is None else token.decode("utf-8", "replace").strip(),
        tls_ca=_content(options["tls_ca"], "--tls-ca"),
        given={option.split("-")[2]: place for option, place in places.items() if place},
    )
    _check("--target", connection.target, connection)
    for option, place in places.items():
        if place:
            _check(option, place, connection)
    return connection


def _check(option: str, place: str, connection: Connection) -> None:
    host, _, port = place.rpartition(":")
    if not (host and "/" not in host and port.isdecimal() and 0 < int(port) <= MAX_PORT):
        example = place.rpartition("//")[2].partition(":")[0] or "127.0.0.1"
        raise CliError(f"{option} is HOST:PORT, for example {example}:50050", exits.USAGE)
    try:
        check_credentials(place, connection.token, connection.tls_ca)
    except ValueError as error:
        raise CliError(in_options(str(error), TYPED), exits.USAGE) from None


def _content(path: Path | None, option: str) -> bytes | None:
    if path is None:
        return None
    try:
        return path.expanduser().read_bytes()
    except OSError as error:
        raise CliError(f"{option} {path}: {error.strerror}", exits.USAGE) from None
