"""Four processes, one a service, as production runs them; one dies and all are stopped."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

import grpc.aio
from grpc_health.v1 import health_pb2, health_pb2_grpc

from services.local.specs import PORT_OFFSET, START_ORDER
from services.runtime import exits
from services.runtime.exits import StartupError
from services.runtime.sections import PeerSettings, ServerSettings
from services.runtime.settings import SettingsError

START_SECONDS = 60.0
"""For all four to answer, on a slow disk."""
MODEL_SECONDS = 1_800.0
"""The same where one of them loads a model first."""

STOP_SECONDS = 30.0
"""For one service to drain; a little more than its own limit."""


@dataclass(frozen=True)
class Split:
    """Where the four run and with which settings."""

    data: Path
    host: str
    """Address to listen on."""
    reachable: str
    """The same for those who connect."""
    ports: Mapping[str, int]
    arguments: Sequence[str]
    """Settings for each of the processes, as command line arguments."""
    start_seconds: float = START_SECONDS
    """In which all must answer."""
    first_ports: Mapping[str, int] = field(default_factory=dict[str, int])
    """Of settings that name one more port, which each of the four needs for itself: that of the orchestrator."""
    tls_ca: bytes | None = None
    """PEM of the CAs that the services' certificates are checked against; None: they speak no TLS."""

    @property
    def endpoints(self) -> dict[str, str]:
        """Service to ``host:port``."""
        return {name: f"{self.reachable}:{port}" for name, port in self.ports.items()}

    def command(self, name: str) -> list[str]:
        """How to start one of them."""
        peers = [f"--set=peers.{peer}={target}" for peer, target in self.endpoints.items()]
        where = ["--data", str(self.data), "--host", self.host, "--port", str(self.ports[name])]
        own = [
            f"--set={setting}={port + PORT_OFFSET[name]}"
            for setting, port in self.first_ports.items()
            if port
        ]
        return [
            sys.executable,
            "-m",
            f"services.{name}",
            "--until-eof",
            *where,
            *peers,
            *self.arguments,
            *own,
        ]


def refuse_strangers(server: ServerSettings, peers: PeerSettings) -> None:
    """Refuse settings with which the four could not call one another. Raises SettingsError that says what to set."""
    problems: list[str] = []
    if server.tokens_file and not peers.token_file:
        problems.append("with server.tokens_file the four need peers.token_file to call each other")
    if server.tls_cert and not peers.tls_ca:
        problems.append("with server.tls_cert the four need peers.tls_ca to call each other")
    if peers.tls_ca and not server.tls_cert:
        problems.append(
            "peers.tls_ca needs server.tls_cert and server.tls_key as well: the four call each other"
        )
    if server.tls_client_ca:
        problems.append(
            "server.tls_client_ca: the four have no certificates to call each other with: unset it, or run one process"
        )
    if problems:
        raise SettingsError(problems)


def ports_from(first: int, host: str) -> dict[str, int]:
    """Four ports from the first on; with 0 four free ones."""
    if first:
        return {name: first + offset for name, offset in PORT_OFFSET.items()}
    with ExitStack() as stack:
        # All four are held at once, or the system might name one of them twice.
        sockets = {name: stack.enter_context(socket.socket()) for name in PORT_OFFSET}
        for held in sockets.values():
            held.bind((host, 0))
        return {name: held.getsockname()[1] for name, held in sockets.items()}


async def supervise(split: Split, on_serving: Callable[[], None]) -> int:
    """Start all four, call back when all answer, and stop them at SIGTERM, SIGINT or when one has died."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    processes: dict[str, Process] = {}
    try:
        for name in START_ORDER:
            processes[name] = await _start(split.command(name))
        await _first_of(stopped.wait(), _all_serving(split), *_deaths(processes))
        if not stopped.is_set():
            on_serving()
            await _first_of(stopped.wait(), *_deaths(processes))
        return exits.OK
    finally:
        for name in reversed(START_ORDER):
            if name in processes:
                await _stop(processes[name])


async def _start(command: list[str]) -> Process:
    # A session of its own: Ctrl-C reaches us alone, and we stop them in order. The pipe ends with us, however
    # we end, and they with it.
    return await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, start_new_session=True
    )


def _deaths(processes: Mapping[str, Process]) -> list[asyncio.Future[None]]:
    return [asyncio.ensure_future(_death(name, process)) for name, process in processes.items()]


async def _death(name: str, process: Process) -> None:
    code = await process.wait()
    why = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
    raise StartupError(
        code if code > 0 else exits.FAILED, f"the {name} service {why}: the others are stopped as well"
    )


async def _first_of(*waiting: object) -> None:
    """Wait for one, and raise what it raised."""
    tasks = [asyncio.ensure_future(one) for one in waiting]  # type: ignore[arg-type]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()


async def _all_serving(split: Split) -> None:
    try:
        async with asyncio.timeout(split.start_seconds):
            await asyncio.gather(*(_serving(target, split.tls_ca) for target in split.endpoints.values()))
    except TimeoutError:
        hint = f": does the certificate name {split.reachable}, and is it of peers.tls_ca?"
        raise StartupError(
            exits.FAILED,
            f"not all services answered within {split.start_seconds:g} s{hint if split.tls_ca else ''}",
        ) from None


async def _serving(target: str, tls_ca: bytes | None) -> None:
    # The default first pause before connecting again is a second, a third of what a start may take.
    quick = [("grpc.initial_reconnect_backoff_ms", 50), ("grpc.max_reconnect_backoff_ms", 200)]
    opened = (
        grpc.aio.secure_channel(target, grpc.ssl_channel_credentials(tls_ca), options=quick)
        if tls_ca
        else grpc.aio.insecure_channel(target, options=quick)
    )
    async with opened as channel:
        request = health_pb2.HealthCheckRequest()
        watch = health_pb2_grpc.HealthStub(channel).Watch(request, wait_for_ready=True)
        async for answer in watch:
            if answer.status == health_pb2.HealthCheckResponse.SERVING:
                watch.cancel()
                return


async def _stop(process: Process) -> None:
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
