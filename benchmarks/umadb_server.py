"""UmaDB, an event store in Rust on gRPC (PyPI ``umadb``), as a process of its own with its own compiled client."""

from __future__ import annotations

import importlib
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any

PAYLOAD_KIND = "user_message"
START_SECONDS = 20.0


class UmaDb:
    """Runs from ``with`` on. It commits with fdatasync, grouped, as our ledger does."""

    def __init__(self, folder: Path) -> None:
        # By name: it is there only where somebody measures.
        self._umadb: Any = importlib.import_module("umadb")
        self._folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port: int = probe.getsockname()[1]

    def __enter__(self) -> UmaDb:
        binary = Path(sys.executable).with_name("umadb")
        command = [str(binary), "--listen", f"127.0.0.1:{self._port}", "--db-path", str(self._folder / "uma")]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            try:
                self._clients = [self._client()]
                self._clients[0].head()
            except self._umadb.TransportError:
                time.sleep(0.05)
            else:
                return self
        raise RuntimeError("UmaDB did not start")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait()

    def _client(self) -> Any:
        return self._umadb.Client(f"http://127.0.0.1:{self._port}")

    def append(self, payload: bytes, *, clients: int, each: int, batch: int) -> float:
        """Events a second; each client waits for one append before it makes the next."""
        while len(self._clients) < clients:
            self._clients.append(self._client())
        events = [self._umadb.Event(PAYLOAD_KIND, payload, tags=["mind:bench"]) for _ in range(batch)]

        def work(client: Any) -> None:
            for _ in range(each):
                client.append(events)

        threads = [threading.Thread(target=work, args=(client,)) for client in self._clients[:clients]]
        began = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return clients * each * batch / (time.perf_counter() - began)

    def read(self) -> float:
        """Events a second, from the first to the last."""
        began = time.perf_counter()
        count = sum(1 for _ in self._clients[0].read())
        return count / (time.perf_counter() - began)

    def lag(self, payload: bytes, times: int) -> list[float]:
        """Milliseconds from an append's acknowledgement to its delivery."""
        event = self._umadb.Event(PAYLOAD_KIND, payload, tags=["mind:bench"])
        # A client that is forgotten ends its subscriptions.
        follower = self._client()
        subscription = iter(follower.subscribe(after=self._clients[0].head()))
        delivered: list[float] = []

        def take() -> None:
            for _ in range(times):
                next(subscription)
                delivered.append(time.perf_counter())

        taking = threading.Thread(target=take)
        taking.start()
        acknowledged: list[float] = []
        for _ in range(times):
            self._clients[0].append([event])
            acknowledged.append(time.perf_counter())
            time.sleep(0.005)
        taking.join()
        follower.close()
        return [1000 * max(0.0, got - told) for got, told in zip(delivered, acknowledged, strict=True)]
