"""Memory is killed, starved and damaged: it loses and doubles nothing, and serves nothing damaged or erased."""

from __future__ import annotations

import contextlib
import random
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from benchmarks.fill import PEOPLE, PLACES, THINGS, bodies
from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.ledger.v1 import ledger_pb2_grpc
from pmm.memory.v1 import memory_pb2 as pb
from pmm.memory.v1 import memory_pb2_grpc
from services.memory.embedder import WordLlamaEmbedder
from tests.support.drafts import created, said
from tests.support.embedding_server import EmbeddingServer
from tests.support.files import files_with
from tests.support.process import ServiceProcess

FLAT_LIMIT = 400
"""So low that the tests' minds have an inverted file and a folder."""
REACH_SECONDS = 120.0
SETTLED_SECONDS = 60.0


class Rig:
    """A ledger and a memory, each a process, and what was told to them."""

    def __init__(self, root: Path, memory_folder: Path | None = None) -> None:
        self.ledger = ServiceProcess("ledger", root / "ledger")
        self._root, self._folder = root, memory_folder or root / "memory"
        self.told: list[str] = []
        self.head = 0
        self.memory = self.with_settings()

    def with_settings(self, **settings: Any) -> ServiceProcess:
        """The memory's process with further settings."""
        chosen = {"flat_limit": FLAT_LIMIT, "settle_ms": 0, **settings}
        lines = [f"memory.{name}={value}" for name, value in chosen.items()]
        self.memory = ServiceProcess(
            "memory", self._folder, settings=(*lines, f"peers.ledger={self.ledger.target}")
        )
        return self.memory

    @property
    def files(self) -> Path:
        """Where memory keeps its files."""
        return self._folder / "memory"

    def tell(self, count: int) -> None:
        """Append messages; each is unlike every other."""
        first = len(self.told)
        events = list(bodies(first + count, seed=5))[first:]
        self.told += [event.body.message_imported.text for event in events]
        self.append(*([created()] if not first else []), *events)

    def append(self, *events: ledger.NewEvent) -> None:
        """Append any events."""
        with grpc.insecure_channel(self.ledger.target) as channel:
            stub = ledger_pb2_grpc.LedgerServiceStub(channel)
            for start in range(0, len(events), 500):
                request = ledger.AppendRequest(mind_id="ada", events=events[start : start + 500])
                self.head = stub.Append(request, timeout=60).head_seq

    def redact(self, seq: int) -> None:
        """Erase an event."""
        with grpc.insecure_channel(self.ledger.target) as channel:
            stub = ledger_pb2_grpc.LedgerServiceStub(channel)
            self.head = stub.Redact(ledger.RedactRequest(mind_id="ada", seqs=[seq]), timeout=60).seq

    def stub(self) -> memory_pb2_grpc.MemoryServiceStub:
        """A client of the memory."""
        return memory_pb2_grpc.MemoryServiceStub(grpc.insecure_channel(self.memory.target))

    def reach(self) -> memory_pb2_grpc.MemoryServiceStub:
        """Wait until memory has all that was told, whatever it takes."""
        until = time.monotonic() + REACH_SECONDS
        while True:
            stub = self.stub()
            request = pb.ListMemoriesRequest(mind_id="ada", page_size=1, min_seq=self.head)
            try:
                stub.ListMemories(request, timeout=REACH_SECONDS)
            except grpc.RpcError as error:
                if error.code() != grpc.StatusCode.UNAVAILABLE or time.monotonic() > until:
                    raise
                time.sleep(0.1)
            else:
                return stub

    def check(self, missing: frozenset[str] = frozenset()) -> pb.StatsResponse:
        """Every message is held once, and found by its own words; memory may ask for patience meanwhile."""
        until = time.monotonic() + REACH_SECONDS
        while True:
            try:
                return self._check(self.reach(), missing)
            except grpc.RpcError as error:
                if error.code() != grpc.StatusCode.UNAVAILABLE or time.monotonic() > until:
                    raise
                time.sleep(0.1)

    def _check(self, stub: memory_pb2_grpc.MemoryServiceStub, missing: frozenset[str]) -> pb.StatsResponse:
        texts = [memory.text for memory in _all(stub)]
        assert sorted(texts) == sorted(set(self.told) - missing)
        for text in random.Random(3).sample(texts, min(5, len(texts))):
            request = pb.SearchRequest(mind_id="ada", query=text, k=3)
            found = stub.Search(request, timeout=REACH_SECONDS).results
            assert text in [result.memory.text for result in found]
        stats = stub.Stats(pb.StatsRequest(mind_id="ada"), timeout=30)
        assert stats.memories == len(texts)
        return stats


def _all(stub: memory_pb2_grpc.MemoryServiceStub) -> Iterator[pb.Memory]:
    request = pb.ListMemoriesRequest(mind_id="ada", page_size=1000)
    while True:
        page = stub.ListMemories(request, timeout=60)
        yield from page.memories
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token


def test_kill_9_during_indexing(tmp_path: Path, rounds: int, chance: random.Random) -> None:
    rig = Rig(tmp_path)
    with rig.ledger, rig.memory:
        for _ in range(rounds):
            rig.tell(chance.choice([1, 30, 400]))
            if chance.random() < 0.5:
                rig.stub().Search(pb.SearchRequest(mind_id="ada", query=rig.told[0]), timeout=60)
            time.sleep(chance.uniform(0, 0.4))
            rig.memory.kill()
            rig.memory.start()
            rig.check()


def test_kill_9_during_a_reembed(tmp_path: Path, rounds: int, chance: random.Random) -> None:
    with EmbeddingServer() as server:
        server.delay_s = 0.05
        remote = {
            "embedder": "openai",
            "embedder_model": "m",
            "embedder_base_url": server.base_url,
        }
        rig = Rig(tmp_path)
        with rig.ledger:
            with rig.memory:
                rig.tell(600)
                rig.check()
            for number in range(max(1, rounds // 2)):
                wanted, settings = ("openai/m/64", remote) if number % 2 == 0 else (WordLlamaEmbedder.id, {})
                with rig.with_settings(**settings) as memory:
                    time.sleep(chance.uniform(0, 0.6))
                    rig.tell(chance.choice([1, 50]))
                    time.sleep(chance.uniform(0, 0.3))
                    memory.kill()
                    memory.start()
                    rig.check()
                    until = time.monotonic() + SETTLED_SECONDS
                    while (stats := rig.check()).embedder != wanted:
                        assert time.monotonic() < until, stats
                    assert stats.next_embedder == ""
                    request = pb.SearchRequest(mind_id="ada", query=rig.told[0], explain=True)
                    best = rig.stub().Search(request, timeout=60).results[0]
                    assert next(s.raw for s in best.strategies if s.strategy == "semantic") > 0.9


def test_any_file_damaged_or_gone(tmp_path: Path, rounds: int, chance: random.Random) -> None:
    rig = Rig(tmp_path)
    with rig.ledger, rig.memory:
        rig.tell(1_500)
        rig.check()
        _until_saved(rig)
        for _ in range(rounds):
            rig.memory.stop()
            file = chance.choice(
                sorted(path for path in rig.files.rglob("*") if path.is_file() and _harms(path))
            )
            harm = chance.choice(["gone", "cut", "flipped"])
            if harm == "gone":
                file.unlink()
            else:
                data = bytearray(file.read_bytes())
                if harm == "cut":
                    data = data[: chance.randrange(len(data) + 1)]
                elif data:
                    for _ in range(8):
                        data[chance.randrange(len(data))] ^= 0xFF
                file.write_bytes(bytes(data))
            _start_or_begin_anew(rig)
            rig.check()


def _harms(path: Path) -> bool:
    """LMDB's own pages are left alone: a damaged branch page may take the process down (docs/memory.md)."""
    return path.name not in {"data.mdb", "lock.mdb", "LOCK", "FORMAT"}


def _until_saved(rig: Rig) -> None:
    until = time.monotonic() + SETTLED_SECONDS
    while not list(rig.files.rglob("place.json")):
        assert time.monotonic() < until
        time.sleep(0.1)


def _start_or_begin_anew(rig: Rig) -> None:
    refusal = rig.memory.refusal()
    assert not refusal, refusal


def test_a_store_that_is_gone_cut_or_full_of_wrong_rows_is_built_anew(
    tmp_path: Path, rounds: int, chance: random.Random
) -> None:
    rig = Rig(tmp_path)
    with rig.ledger, rig.memory:
        rig.tell(600)
        rig.check()
        for number in range(max(3, rounds // 3)):
            rig.memory.stop()
            store = rig.files / "store" / "data.mdb"
            if number % 3 == 0:
                store.unlink()
            elif number % 3 == 1:
                store.write_bytes(b"no LMDB at all" * 1_000)
            else:
                data = bytearray(store.read_bytes())
                place = data.find(rig.told[chance.randrange(600)].encode())
                data[place] ^= 0x01
                store.write_bytes(bytes(data))
            rig.memory.start()
            rig.check()


def test_a_full_disk(tmp_path: Path, rounds: int, chance: random.Random) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", disk], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("NOT TESTED: a full disk, for nothing can be mounted here")
    try:
        rig = Rig(tmp_path, disk / "memory")
        with rig.ledger, rig.memory:
            rig.tell(500)
            rig.check()
            for _ in range(max(1, rounds // 4)):
                filler = disk / "filler"
                room = shutil.disk_usage(disk).free
                # Memory may take some of the room at the same time: then the disk is full already.
                with contextlib.suppress(OSError):
                    filler.write_bytes(bytes(max(0, room - chance.randrange(300_000))))
                rig.tell(200)
                time.sleep(chance.uniform(0.2, 1))
                stub = rig.stub()
                found = stub.Search(pb.SearchRequest(mind_id="ada", query=rig.told[7]), timeout=60)
                assert rig.told[7] in [result.memory.text for result in found.results]
                assert found.index_seq <= rig.head
                if chance.random() < 0.5:
                    rig.memory.kill()
                    filler.unlink()
                    rig.memory.start()
                else:
                    filler.unlink()
                rig.check()
    finally:
        subprocess.run(["umount", "-l", disk], check=False)


def test_the_ledger_away(tmp_path: Path, rounds: int, chance: random.Random) -> None:
    rig = Rig(tmp_path)
    with rig.ledger, rig.memory:
        rig.tell(300)
        rig.check()
        for _ in range(max(1, rounds // 4)):
            seq = rig.head
            rig.ledger.kill()
            time.sleep(chance.uniform(0, 3))
            stub = rig.stub()
            found = stub.Search(pb.SearchRequest(mind_id="ada", query=rig.told[11]), timeout=60)
            assert rig.told[11] in [result.memory.text for result in found.results]
            assert found.index_seq == seq
            with pytest.raises(grpc.RpcError) as caught:
                stub.Search(pb.SearchRequest(mind_id="ada", query="tea", min_seq=seq + 1), timeout=1)
            assert caught.value.code() in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}
            rig.ledger.start()
            rig.tell(chance.choice([1, 200]))
            rig.check()


def test_redaction_during_indexing(tmp_path: Path, rounds: int, chance: random.Random) -> None:
    rig = Rig(tmp_path)
    gone: set[str] = set()
    with rig.ledger, rig.memory:
        rig.tell(700)
        for number in range(rounds):
            secret = f"{chance.choice(PEOPLE)} hid the {chance.choice(THINGS)} in {chance.choice(PLACES)}, {number}q"
            rig.append(said(secret))
            seq = rig.head
            rig.tell(chance.choice([1, 60, 300]))
            if chance.random() < 0.3:
                rig.stub().Search(pb.SearchRequest(mind_id="ada", query=secret), timeout=60)
            time.sleep(chance.uniform(0, 0.3))
            rig.redact(seq)
            gone.add(secret)
            if chance.random() < 0.4:
                rig.memory.kill()
                rig.memory.start()
            stub = rig.reach()
            found = stub.Search(pb.SearchRequest(mind_id="ada", query=secret, k=20), timeout=60).results
            assert not gone.intersection(result.memory.text for result in found)
            assert files_with(rig.files, *(text.encode() for text in gone)) == []
        rig.check()
