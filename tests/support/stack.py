"""All of PMM as a user starts it: ``pmm up`` in a process of its own, in one process or four."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil

from tests.support.ports import free_ports

START_SECONDS = 60.0
STOP_SECONDS = 30.0
QUIET = {"PMM_ORCHESTRATOR__TICK_SECONDS": "3600", "PMM_ORCHESTRATOR__SEARCH_BUDGET_MS": "5000"}
"""What a mind does of its own accord, and without a search that was late, has its own tests."""


class Stack:
    """The running services, from ``with`` on; a restart keeps their ports and their data.

    ::

        with Stack(tmp_path / "data", split=True) as stack:
            client = pmm_client.connect(stack.target)
            stack.kill()
            stack.restart()
    """

    def __init__(
        self,
        data: Path,
        *,
        split: bool = False,
        env: dict[str, str] | None = None,
        arguments: tuple[str, ...] = (),
    ) -> None:
        self.data = data
        """The data folder."""
        self._split = split
        self._arguments = arguments
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("PMM_")}
        self._env = inherited | QUIET | (env or {})
        self._port = free_ports(4 if split else 1)
        self._log = data.parent / f"{data.name}.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._endpoints: dict[str, str] = {}

    @property
    def target(self) -> str:
        """``host:port`` of the orchestrator: what a client is given."""
        return self._endpoints["orchestrator"]

    @property
    def ledger(self) -> str:
        """``host:port`` of the ledger."""
        return self._endpoints["ledger"]

    @property
    def memory(self) -> str:
        """``host:port`` of the memory."""
        return self._endpoints["memory"]

    @property
    def inference(self) -> str:
        """``host:port`` of the inference service."""
        return self._endpoints["inference"]

    @property
    def pid(self) -> int:
        """The process that ``pmm up`` is; with ``split`` the one that supervises the four."""
        return self._running.pid

    def logs(self) -> list[Path]:
        """Every file that a service may have logged to."""
        return [path for path in (self._log, *sorted((self.data / "log").glob("*"))) if path.is_file()]

    def start(self) -> None:
        """Start the services, and return once all four answer."""
        command = [
            sys.executable,
            "-m",
            "pmm_client.cli",
            "up",
            "--data",
            str(self.data),
            "--port",
            str(self._port),
        ]
        self.data.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*command, *(["--split"] if self._split else []), *self._arguments],
                # Not the folder of the caller: a pmm.toml there is none of ours.
                cwd=self.data.parent,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        try:
            self._wait_for_greeting()
            self._endpoints = json.loads((self.data / "run.json").read_text())["endpoints"]
        except BaseException:
            self.kill()
            raise

    def stop(self) -> int:
        """SIGTERM, as ``pmm down`` sends it; returns the exit code."""
        self._running.send_signal(signal.SIGTERM)
        return self._ended(self._running.wait(STOP_SECONDS))

    def kill(self) -> None:
        """SIGKILL to every process at once, as a power cut would."""
        top = psutil.Process(self._running.pid)
        family = [top, *top.children(recursive=True)]
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self._ended(self._running.wait(STOP_SECONDS))
        psutil.wait_procs(family, timeout=STOP_SECONDS)

    def restart(self) -> None:
        """Start again with the same data on the same ports; stops first what still runs."""
        if self._process is not None:
            self.stop()
        self.start()

    def __enter__(self) -> Stack:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is None:
            return
        try:
            self.stop()
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    @property
    def _running(self) -> subprocess.Popen[Any]:
        if self._process is None:
            raise RuntimeError("the stack does not run")
        return self._process

    def _ended(self, code: int) -> int:
        process, self._process = self._running, None
        if process.stdout:
            process.stdout.close()
        return code

    def _wait_for_greeting(self) -> None:
        """``pmm up`` prints one line when all services answer; an end of file means that it ended."""
        assert self._running.stdout is not None
        until = time.monotonic() + START_SECONDS
        with selectors.DefaultSelector() as selector:
            selector.register(self._running.stdout, selectors.EVENT_READ)
            while selector.select(max(0.0, until - time.monotonic())):
                line = os.read(self._running.stdout.fileno(), 4096)
                if b"up on" in line:
                    return
                if not line:
                    break
        raise RuntimeError(f"pmm up did not start:\n{self._log.read_text()}")
