"""``pmm up`` and ``pmm down``: start all four services, in one process or four, and stop them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import uvloop

from services.inference.settings import InferenceSettings
from services.local import runfile, specs
from services.local.log import LOG_FILE, kept_small
from services.local.split import (
    MODEL_SECONDS,
    START_SECONDS,
    STOP_SECONDS,
    Split,
    ports_from,
    refuse_strangers,
    supervise,
)
from services.runtime import exits, settings, telemetry
from services.runtime.datadir import locked_folder
from services.runtime.exits import StartupError
from services.runtime.process import Flags, Plan, complain, plan, run, tls_authority
from services.runtime.sections import DataSettings
from services.runtime.server import RunningServer

POLL_SECONDS = 0.02
TELL_SECONDS = 20.0
"""Between two words that it is still starting."""


@dataclass(frozen=True)
class Options:
    """What was said on the command line."""

    flags: Flags
    config: Path | None
    is_split: bool
    is_detached: bool

    def arguments(self, without: Sequence[str] = ()) -> list[str]:
        """The same as arguments of another process."""
        given = [
            f"--set={section}.{field}={value}"
            for section, values in self.flags.items()
            for field, value in values.items()
            if value is not None and f"{section}.{field}" not in without
        ]
        return [*given, *(["--config", str(self.config.absolute())] if self.config else [])]


def data_folder(flags: Flags, config: Path | None) -> Path:
    """The folder of all data. Raises SettingsError."""
    return (
        settings.load("data", DataSettings, flags.get("data", {}), config=config).dir.expanduser().absolute()
    )


def start_seconds(options: Options) -> float:
    """Within which all services must answer: a model that one of them loads takes minutes. Raises SettingsError."""
    chosen = settings.load(
        "inference", InferenceSettings, options.flags.get("inference", {}), config=options.config
    )
    return MODEL_SECONDS if "vllm" in (chosen.backend, *chosen.fallback) else START_SECONDS


def start(options: Options) -> int:
    """Run in the foreground, or detach; return the exit code. Complains in a line where it cannot."""
    try:
        folder = data_folder(options.flags, options.config)
        if options.is_detached:
            return _detach(options, folder)
        return _foreground(options, folder)
    except StartupError as error:
        complain(str(error))
        return error.code
    except settings.SettingsError as error:
        complain(str(error))
        return exits.USAGE


def stop(folder: Path) -> int:
    """Stop what runs in the folder and wait for its end; return the exit code."""
    running = runfile.read(folder)
    if running is None:
        complain(f"nothing runs with data folder {folder}")
        return exits.OK
    os.kill(running.pid, signal.SIGTERM)
    # Four services at most, one after the other. Not a wait for the pid, which an ended process keeps
    # until its parent has taken note.
    until = time.monotonic() + len(specs.START_ORDER) * STOP_SECONDS
    while time.monotonic() < until:
        if not runfile.is_alive(running):
            say(f"stopped process {running.pid}")
            return exits.OK
        time.sleep(POLL_SECONDS)
    complain(f"process {running.pid} does not stop: see {folder / LOG_FILE}, then kill it")
    return exits.FAILED


def say(message: str) -> None:
    """Tell the user, at once even into a pipe."""
    sys.stdout.write(f"{message}\n")
    sys.stdout.flush()


def _foreground(options: Options, folder: Path) -> int:
    if running := runfile.read(folder):
        raise _already_up(running, folder)
    loaded = plan(specs.load(), options.flags, options.config)
    server = loaded.server
    with locked_folder(folder), kept_small(folder / LOG_FILE, server.log_max_bytes, server.log_files):
        try:
            if options.is_split:
                return _four_processes(loaded, options, folder)
            return _one_process(loaded, folder)
        finally:
            runfile.remove(folder)


def _one_process(loaded: Plan, folder: Path) -> int:
    begun = runfile.of_this_process("one process")
    runfile.write(folder, begun)

    def on_serving(server: RunningServer) -> None:
        endpoint = f"{_reachable(loaded.server.host)}:{server.port}"
        endpoints = dict.fromkeys(specs.PORT_OFFSET, endpoint)
        runfile.write(folder, replace(begun, endpoints=endpoints, serving=True))
        _greet(endpoint, folder)

    return run(loaded, on_serving)


def _four_processes(loaded: Plan, options: Options, folder: Path) -> int:
    telemetry.setup_logging(loaded.server.log_level)
    refuse_strangers(loaded.server, loaded.peers)
    host = loaded.server.host
    ports = ports_from(loaded.server.port, host)
    further = {
        "server.health_port": loaded.server.health_port,
        "telemetry.prometheus_port": loaded.telemetry.prometheus_port,
    }
    own = options.arguments(without=("data.dir", "server.host", "server.port", *further))
    limit, tls_ca = start_seconds(options), tls_authority(loaded.peers)
    split = Split(folder, host, _reachable(host), ports, own, limit, further, tls_ca)
    begun = runfile.of_this_process("four processes")
    runfile.write(folder, begun)

    def on_serving() -> None:
        runfile.write(folder, replace(begun, endpoints=split.endpoints, serving=True))
        _greet(split.endpoints["orchestrator"], folder)

    return uvloop.run(supervise(split, on_serving))


def _detach(options: Options, folder: Path) -> int:
    if running := runfile.read(folder):
        where = f"already up on {running.endpoint} (process {running.pid})"
        asked = options.arguments(without=("data.dir",))
        kept = (
            "; it keeps the settings that it was started with: for others `pmm down` first" if asked else ""
        )
        say((where if running.serving else "already starting") + kept)
        return exits.OK
    log = _open_log(folder)
    begin = log.stat().st_size if log.exists() else 0
    command = [sys.executable, "-m", "services.local", "up", *options.arguments()]
    with log.open("ab") as out:
        child = subprocess.Popen(
            [*command, *(["--split"] if options.is_split else [])],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    limit = start_seconds(options)
    until, tell_at = time.monotonic() + limit, time.monotonic() + TELL_SECONDS
    while (now := time.monotonic()) < until:
        if now >= tell_at:
            say(f"still starting: see {log}")
            tell_at = now + TELL_SECONDS
        if (code := child.poll()) is not None:
            raise StartupError(code or exits.FAILED, _reason(log, begin))
        started = runfile.read(folder)
        if started and started.pid == child.pid and started.serving:
            say(f"up on {started.endpoint} (process {child.pid}, data {folder}, log {log})")
            return exits.OK
        time.sleep(POLL_SECONDS)
    child.terminate()
    raise StartupError(exits.FAILED, f"not up within {limit:g} s: see {log}")


def _open_log(folder: Path) -> Path:
    log = folder / LOG_FILE
    try:
        log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        log.touch(mode=0o600)
    except OSError as error:
        raise StartupError(
            exits.DATA_FOLDER,
            f"data folder {folder} cannot be used ({(error.strerror or 'unwritable').lower()}): make it "
            "writable, or choose another with --data",
        ) from None
    return log


def _reason(log: Path, begin: int) -> str:
    """What the process said as it ended."""
    with log.open("rb") as said:
        # It may have been set aside since.
        said.seek(begin if log.stat().st_size >= begin else 0)
        lines = said.read().decode("utf-8", "replace").splitlines()
    complaints = [line.removeprefix("pmm: ") for line in lines if line.startswith("pmm: ")]
    return "\n".join([*complaints, f"the log is {log}"])


def _already_up(running: runfile.Run, folder: Path) -> StartupError:
    where = f" on {running.endpoint}" if running.serving else ""
    return StartupError(
        exits.DATA_LOCKED,
        f"already up{where} as process {running.pid} with data folder {folder}: use it, or stop it with "
        f"`pmm down --data {folder}`",
    )


def _greet(endpoint: str, folder: Path) -> None:
    say(f"up on {endpoint} (process {os.getpid()}, data {folder}); Ctrl-C stops it")


def _reachable(host: str) -> str:
    """An address to connect to, for one to listen on."""
    any_address: dict[str, str] = {"0.0.0.0": "127.0.0.1", "::": "::1"}
    address = any_address.get(host, host)
    return f"[{address}]" if ":" in address else address


def assemble(**sections: dict[str, Any]) -> Flags:
    """Flags by section, without those that were not given."""
    return {name: {k: v for k, v in values.items() if v is not None} for name, values in sections.items()}
