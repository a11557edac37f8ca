"""One service as a process of its own, ``python -m services.<name>``, to be killed and started again."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.support.ports import free_port

START_SECONDS = 120.0
STOP_SECONDS = 20.0


class ServiceProcess:
    """Runs from ``with`` on; ``kill`` and ``start`` keep folder and port."""

    def __init__(
        self,
        name: str,
        folder: Path,
        *,
        settings: tuple[str, ...] = (),
        wrapper: tuple[str, ...] = (),
        environment: dict[str, str] | None = None,
    ) -> None:
        """``wrapper``: a command that runs the service, such as strace with its options."""
        self.name = name
        self.folder = folder
        self.log = folder.parent / f"{folder.name}-{name}.log"
        self.wrapper = wrapper
        self._settings = settings
        self.environment = environment or {}
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def target(self) -> str:
        """``host:port``"""
        return f"127.0.0.1:{self._port}"

    @property
    def pid(self) -> int:
        """Of the process that runs."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start, and return once it is SERVING."""
        command = [*self.wrapper, sys.executable, "-m", f"services.{self.name}", "--data", str(self.folder)]
        command += ["--port", str(self._port), *(f"--set={setting}" for setting in self._settings)]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("PMM_")}
        environment |= self.environment
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment
            )
        self._wait_until_serving()

    def refusal(self) -> str:
        """Start, and say why it did not; empty where it did."""
        try:
            self.start()
        except RuntimeError as error:
            return str(error)
        return ""

    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """SIGKILL."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(STOP_SECONDS)

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(STOP_SECONDS)

    def wait(self) -> int:
        """The exit code, once the process has ended by itself."""
        assert self._process is not None
        return self._process.wait(STOP_SECONDS)

    def _wait_until_serving(self) -> None:
        assert self._process is not None
        until = time.monotonic() + START_SECONDS
        while self._process.poll() is None and time.monotonic() < until:
            with grpc.insecure_channel(self.target) as channel:
                health = health_pb2_grpc.HealthStub(channel)
                try:
                    answer = health.Check(health_pb2.HealthCheckRequest(), timeout=1, wait_for_ready=True)
                except grpc.RpcError:
                    continue
            if answer.status == health_pb2.HealthCheckResponse.SERVING:
                return
        raise RuntimeError(f"{self.name} did not start:\n{self.log.read_text()}")

    def __enter__(self) -> ServiceProcess:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None and self._process.poll() is None:
            self.stop()
