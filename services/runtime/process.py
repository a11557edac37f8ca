"""A process that runs services until it is told to stop: folders, telemetry, signals, exit code."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import secrets
import signal
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import uvloop
from pydantic import BaseModel

from services.runtime import exits, settings, telemetry
from services.runtime.auth import Tokens
from services.runtime.caller import LOCAL
from services.runtime.datadir import service_folder
from services.runtime.exits import StartupError
from services.runtime.inside import Exchange
from services.runtime.peers import Peers
from services.runtime.sections import DataSettings, PeerSettings, ServerSettings, TelemetrySettings
from services.runtime.server import RunningServer, limits, serve
from services.runtime.service import Service, ServiceContext, ServiceSpec
from services.runtime.tls import is_loopback

Flags = Mapping[str, Mapping[str, Any]]
"""Section to field to the value that a flag gave; None where it was not given."""

GARBAGE_THRESHOLD = 20_000
"""Objects that are made, less those that are gone, before the next collection; Python's 700 is for small programs."""
_log = logging.getLogger("pmm.process")


@dataclass(frozen=True)
class Plan:
    """What a process runs, with every setting loaded."""

    specs: tuple[ServiceSpec, ...]
    server: ServerSettings
    telemetry: TelemetrySettings
    data: DataSettings
    peers: PeerSettings
    sections: Mapping[str, BaseModel]
    """Each service's own settings by its name."""

    @property
    def name(self) -> str:
        """As telemetry knows the process: "pmm-ledger", or "pmm" with all services in it."""
        return f"pmm-{self.specs[0].name}" if len(self.specs) == 1 else "pmm"


def plan(specs: Sequence[ServiceSpec], flags: Flags, config: Path | None = None) -> Plan:
    """Load every section that the services need. Raises SettingsError with all problems at once."""
    problems: list[str] = []

    def section(name: str, model: type[BaseModel], given: Mapping[str, Any]) -> Any:
        try:
            return settings.load(name, model, given, config=config)
        except settings.SettingsError as error:
            problems.extend(problem for problem in error.problems if problem not in problems)
            return model.model_construct()

    # A service alone has a port of its own, which everything that is set goes before.
    loaded = Plan(
        specs=tuple(specs),
        server=section("server", ServerSettings, flags.get("server", {})),
        telemetry=section("telemetry", TelemetrySettings, flags.get("telemetry", {})),
        data=section("data", DataSettings, flags.get("data", {})),
        peers=section("peers", PeerSettings, flags.get("peers", {})),
        sections={spec.name: section(spec.name, spec.settings, flags.get(spec.name, {})) for spec in specs},
    )
    if problems:
        raise settings.SettingsError(problems)
    if len(specs) == 1 and "port" not in loaded.server.model_fields_set:
        return replace(loaded, server=loaded.server.model_copy(update={"port": specs[0].default_port}))
    return loaded


def run(
    process: Plan, on_serving: Callable[[RunningServer], None] | None = None, *, until_eof: bool = False
) -> int:
    """Run until SIGTERM, SIGINT or a service that must not go on; return the exit code.

    With ``until_eof`` the end of standard input stops it too: nothing outlives a supervisor
    that holds the other end. Says on standard error, in a line, why it could not start.
    """
    telemetry.setup_logging(process.server.log_level)
    try:
        with ExitStack() as stack:
            root = process.data.dir.expanduser().absolute()
            folders = {
                spec.name: stack.enter_context(
                    service_folder(root / spec.name, spec.name, spec.format_version, spec.oldest_format)
                )
                for spec in process.specs
            }
            exported = telemetry.setup(process.telemetry, process.name)
            stack.callback(exported.shutdown)
            return uvloop.run(_main(process, folders, on_serving, until_eof))
    except StartupError as error:
        complain(str(error))
        return error.code
    except settings.SettingsError as error:
        complain(str(error))
        return exits.USAGE
    except Exception as error:  # noqa: BLE001
        # The process ends either way; what is added is where.
        _log_where(error)
        complain(
            f"stopped by an error that nobody foresaw ({type(error).__name__}): please report the lines above"
        )
        return exits.FAILED


def complain(message: str) -> None:
    """Tell the operator why the process ends."""
    sys.stderr.write("".join(f"pmm: {line}\n" for line in message.splitlines()))
    sys.stderr.flush()


async def _main(
    process: Plan,
    folders: Mapping[str, Path],
    on_serving: Callable[[RunningServer], None] | None,
    until_eof: bool,
) -> int:
    stopped = _stop_asked(until_eof)
    async with AsyncExitStack() as stack:
        tokens = Tokens.read(process.server.tokens_file) if process.server.tokens_file else None
        inside, peers = _peers(process, tokens)
        stack.push_async_callback(peers.close)
        services = [
            _build(spec, process, ServiceContext(folders[spec.name], peers)) for spec in process.specs
        ]
        serving = serve(services, process.server, tokens=tokens, inside=inside)
        starting = asyncio.create_task(stack.enter_async_context(serving))
        await asyncio.wait({starting, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():
            starting.cancel()
            await asyncio.wait({starting})
            return exits.OK
        running = starting.result()
        _settle_garbage()
        _log.info("%s serving on %s:%s", process.name, process.server.host, running.port)
        if on_serving:
            on_serving(running)
        failure = asyncio.create_task(running.failed())
        await asyncio.wait({failure, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if not failure.done():
            _log.info("%s stopping", process.name)
            failure.cancel()
            await running.drain()
            return exits.OK
        await running.health.enter_graceful_shutdown()
        error = _cause(failure.result())
        _log_where(error)
        raise StartupError(exits.FAILED, f"stopped, as it must not go on like this: {error}")


def _cause(error: BaseException) -> BaseException:
    """What a group of tasks failed with."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _log_where(error: BaseException) -> None:
    """Where it came from, without the text of an exception, which may quote what somebody wrote."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    _log.critical("%s\n%s", type(error).__name__, frames)


def _settle_garbage() -> None:
    """Collect what starting left, and what is there now never again: scanning it took a quarter of an append's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD)


def _stop_asked(until_eof: bool) -> asyncio.Future[None]:
    """Done at the first SIGTERM or SIGINT, and at the end of standard input if that counts."""
    loop = asyncio.get_running_loop()
    stopped: asyncio.Future[None] = loop.create_future()

    def stop() -> None:
        if not stopped.done():
            stopped.set_result(None)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)

    def read() -> None:
        if not os.read(0, 4096):
            loop.remove_reader(0)
            stop()

    if until_eof:
        loop.add_reader(0, read)
    return stopped


def _build(spec: ServiceSpec, process: Plan, context: ServiceContext) -> Service:
    return spec.build(process.sections[spec.name], context)


def _peers(process: Plan, tokens: Tokens | None) -> tuple[Exchange | None, Peers]:
    """The other services: within this process where they share it, else as the settings say."""
    if len(process.specs) == 1:
        return None, _remote_peers(process.peers)
    inside = Exchange(limits(process.server))
    token = None
    if tokens is not None:
        token = secrets.token_urlsafe(32)
        tokens.add(token, LOCAL)
    return inside, Peers({}, token=token, inside=inside)


def _remote_peers(peers: PeerSettings) -> Peers:
    targets = {name: getattr(peers, name) for name in ("orchestrator", "ledger", "memory", "inference")}
    try:
        token = peers.token_file.read_text("ascii").strip() if peers.token_file else None
    except (OSError, UnicodeDecodeError) as error:
        raise settings.SettingsError([f"peers.token_file cannot be read: {error}"]) from None
    tls_ca = tls_authority(peers)
    exposed = [name for name, target in targets.items() if not is_loopback(target.rsplit(":", 1)[0])]
    if token and not tls_ca and exposed:
        raise settings.SettingsError(
            [
                f"peers.{name} is on another machine: set peers.tls_ca, or the token could be read on its way"
                for name in exposed
            ]
        )
    return Peers(targets, token=token, tls_ca=tls_ca)


def tls_authority(peers: PeerSettings) -> bytes | None:
    """PEM of the CAs that the others' certificates are checked against; None without TLS. Raises SettingsError."""
    try:
        return peers.tls_ca.read_bytes() if peers.tls_ca else None
    except OSError as error:
        raise settings.SettingsError([f"peers.tls_ca cannot be read: {error}"]) from None
