"""Feeds raw bytes to every RPC of a running ledger, guided by which of our code they reach (atheris).

    python -m tests.faults.fuzz_ledger SECONDS SEED

The service runs in this process, behind a real gRPC server, so that its coverage is seen. Ends with 1, and the input in
hex, where an answer has a code that the contract does not document.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import atheris
import grpc
import psutil

from pmm.ledger.v1 import ledger_pb2 as pb
from tests.support.contracts import Rpc, empty, maximal, nonsense, rpcs

with atheris.instrument_imports(include=["services.ledger", "services.runtime"]):
    from tests.support.ledger import created, running_ledger, said

LEDGER: tuple[Rpc, ...] = tuple(rpc for rpc in rpcs() if rpc.path.startswith("/pmm.ledger.v1."))
MAX_RESIDENT_BYTES = 400 * 1024 * 1024
"""Coverage's own tables and this process's client included."""
ANSWER_PARTS = 3
CALL_SECONDS = 0.5


class Fuzzer:
    """One ledger, and every call to it."""

    def __init__(self, seconds: float) -> None:
        self._loop = asyncio.new_event_loop()
        self._until = time.monotonic() + seconds
        self._stack = AsyncExitStack()
        self.calls = 0

    async def _start(self) -> None:
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        ledger = await self._stack.enter_async_context(running_ledger(folder))
        await ledger.create("ada", said("a", session_id="s1"), said("b"))
        await ledger.append("bob", created())
        self._channel = await self._stack.enter_async_context(grpc.aio.insecure_channel(ledger.target))

    def begin(self) -> None:
        """Start the ledger."""
        self._loop.run_until_complete(self._start())

    def take(self, data: bytes) -> None:
        """The first byte chooses the method, the rest is the request."""
        if time.monotonic() > self._until:
            self._end(0)
        if not data:
            return
        rpc = LEDGER[data[0] % len(LEDGER)]
        code = self._loop.run_until_complete(self._call(rpc, data[1:]))
        self.calls += 1
        resident = psutil.Process().memory_info().rss
        if code not in rpc.documented_codes | {"OK", "CANCELLED"} or resident > MAX_RESIDENT_BYTES:
            found = f"{rpc.path} answers {code} with {resident:,} bytes resident: {data[1:].hex()}"
            sys.stdout.write(f"FOUND {found}\n")
            self._end(1)

    async def _call(self, rpc: Rpc, request: bytes) -> str:
        channel = self._channel
        make: Any = channel.stream_stream if rpc.client_streaming else channel.unary_stream
        call = make(rpc.path, request_serializer=None, response_deserializer=None)(
            iter([request]) if rpc.client_streaming else request, timeout=CALL_SECONDS
        )
        try:
            for _ in range(ANSWER_PARTS):
                if await call.read() is grpc.aio.EOF:
                    break
            else:
                call.cancel()
        except (grpc.RpcError, asyncio.CancelledError):
            pass
        return (await call.code()).name

    def _end(self, code: int) -> None:
        sys.stdout.write(f"{self.calls:,} calls\n")
        self._loop.run_until_complete(self._stack.aclose())
        sys.stdout.flush()
        # libFuzzer has an exit of its own, which would report this one as a crash.
        os._exit(code)


def main() -> None:
    """Fuzz for so many seconds."""
    seconds, seed = float(sys.argv[1]), int(sys.argv[2])
    with tempfile.TemporaryDirectory() as corpus:
        for number, rpc in enumerate(LEDGER):
            made = [make(rpc) for make in (empty, maximal, nonsense)]
            usual = rpc.request()
            for field in ("mind_id", "confirm_mind_id"):
                if field in rpc.method.input_type.fields_by_name:
                    setattr(usual, field, "ada")
            for which, request in enumerate([*made, usual]):
                seed_file = Path(corpus) / f"{number}-{which}"
                seed_file.write_bytes(bytes([number]) + request.SerializeToString()[:4_000])
        said_once = pb.AppendRequest(
            mind_id="ada", events=[said("hello", session_id="s1")], idempotency_key="k"
        )
        (Path(corpus) / "append").write_bytes(bytes([0]) + said_once.SerializeToString())
        fuzzer = Fuzzer(seconds)
        atheris.Setup([sys.argv[0], corpus, f"-seed={seed}", "-max_len=4096", "-timeout=60"], fuzzer.take)
        fuzzer.begin()
        atheris.Fuzz()


if __name__ == "__main__":
    main()
