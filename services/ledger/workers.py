"""Processes that read beside the server, so that long work on events uses every core.

Each is ``python -m services.ledger.workers FOLDER OPTIONS`` with the files open read-only; it takes requests, a line
of JSON each, from its standard input and ends with it, so that none outlives the server.
"""

from __future__ import annotations

import asyncio
import json
import os
import queue
import subprocess
import sys
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from services.ledger import masterkey
from services.ledger.errors import broken_store
from services.ledger.store import ReadOnlyStore
from services.ledger.verify import Break, Broken, Progress, Step, Verification, Verified

CHUNK_EVENTS = 20_000
"""Verified by one process at a time: some tenths of a second."""


class _Chunk(msgspec.Struct, frozen=True):
    """What a process is to verify."""

    mind_id: str
    first: int
    last: int


class _Outcome(msgspec.Struct, frozen=True):
    """What came of it; a ``kind`` where something is wrong."""

    seq: int
    hash: bytes = b""
    redacted: int = 0
    root: bytes = b""
    kind: str = ""


class Workers:
    """Starts processes for one piece of work and ends them after it."""

    def __init__(self, folder: Path, options: dict[str, str], *, chunk_events: int = CHUNK_EVENTS) -> None:
        """``options``: the master key files that the store needs."""
        self._command = [sys.executable, "-m", "services.ledger.workers", str(folder), json.dumps(options)]
        self._chunk_events = chunk_events
        self._one_at_a_time = asyncio.Lock()

    async def verify(self, mind_id: str, first: int, last: int) -> AsyncIterator[Step]:
        """As ``Verification`` does it. Chunks overlap by a hash: each begins with the one that the other ended with."""
        chunks = [
            _Chunk(mind_id, start, min(start + self._chunk_events - 1, last))
            for start in range(first, last + 1, self._chunk_events)
        ]
        count, loop, redacted = min(len(os.sched_getaffinity(0)), len(chunks)), asyncio.get_running_loop(), 0
        async with self._one_at_a_time:
            team = _Team(self._command, count)
            try:
                outcomes = [loop.run_in_executor(team.threads, team.ask, chunk) for chunk in chunks]
                for outcome_of, chunk in zip(outcomes, chunks, strict=True):
                    outcome = await outcome_of
                    redacted += outcome.redacted
                    if outcome.kind:
                        yield Broken(outcome.seq, Break[outcome.kind])
                        return
                    if chunk.last < last:
                        yield Progress(outcome.seq, last)
                    else:
                        yield Verified(outcome.seq, outcome.hash, redacted, outcome.root)
            finally:
                await asyncio.to_thread(team.end)


class _Team:
    """Processes, and a thread for each that waits for it.

    Started by ``subprocess``, which does not fork: among gRPC's threads the child of a fork now and then dies.
    """

    def __init__(self, command: list[str], count: int) -> None:
        self._command = command
        self._started: list[subprocess.Popen[bytes]] = []
        self._free: queue.SimpleQueue[subprocess.Popen[bytes]] = queue.SimpleQueue()
        self.threads = ThreadPoolExecutor(count, "ledger-verify", self._start)

    def _start(self) -> None:
        process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._started.append(process)
        self._free.put(process)

    def ask(self, chunk: _Chunk) -> _Outcome:
        """Have one process verify a chunk. Raises BrokenStore where it dies."""
        process = self._free.get()
        assert process.stdin is not None
        assert process.stdout is not None
        line = b""
        with suppress(BrokenPipeError):
            process.stdin.write(msgspec.json.encode(chunk) + b"\n")
            process.stdin.flush()
            line = process.stdout.readline()
        self._free.put(process)
        if not line:
            # LMDB can crash on a damaged page of its own.
            raise broken_store("a process that verified it has died")
        return msgspec.json.decode(line, type=_Outcome)

    def end(self) -> None:
        """End the processes, also those that are at work."""
        self.threads.shutdown(wait=False, cancel_futures=True)
        for process in self._started:
            process.kill()
        self.threads.shutdown()
        for process in self._started:
            process.communicate()


def _verified(store: ReadOnlyStore, chunk: _Chunk) -> _Outcome:
    # What was erased meanwhile must be held by nobody.
    store.event_keys.forget_maps()
    verification = Verification(store, chunk.mind_id, chunk.first, chunk.last)
    step: Step = verification.step()
    while isinstance(step, Progress):
        step = verification.step()
    if isinstance(step, Broken):
        return _Outcome(step.seq, kind=step.kind.name)
    return _Outcome(step.seq, step.hash, step.redacted, step.root)


def _main(folder: str, options: str) -> None:
    given: dict[str, Any] = {name: Path(path) for name, path in json.loads(options).items()}
    masters = masterkey.load(given.get("master_key_file"), given.get("previous_master_key_file"))
    store = ReadOnlyStore(Path(folder), masters)
    for line in sys.stdin.buffer:
        outcome = _verified(store, msgspec.json.decode(line, type=_Chunk))
        sys.stdout.buffer.write(msgspec.json.encode(outcome) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    _main(*sys.argv[1:])
