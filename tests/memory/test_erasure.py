"""What the ledger erases, memory holds in no file: no text, no vector, no cached vector, whatever comes between."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import pmm_client
from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.memory.v1 import memory_pb2 as pb
from pmm.mind.v1 import events_pb2 as mind
from services.memory.embedder import WordLlamaEmbedder
from services.memory.embeddings import Embeddings
from services.memory.store import Store
from tests.support.files import files_with
from tests.support.ledger import created, said
from tests.support.serving import Served, serving

MARKER = "quinquereme of Nineveh from distant Ophir"


def needles() -> list[bytes]:
    """The text, and the numbers that stand for it."""
    vector = WordLlamaEmbedder().embed([MARKER])[0]
    return [MARKER.encode(), vector.astype(np.float16).tobytes()]


async def fill(served: Served, mind_id: str, count: int = 200) -> None:
    events = [created(), *(said(f"note {number} on cargo ships") for number in range(count)), said(MARKER)]
    events += [said(f"note {number} on coasters") for number in range(count)]
    for start in range(0, len(events), 500):
        await served.ledger.append(ledger.AppendRequest(mind_id=mind_id, events=events[start : start + 500]))


async def found(served: Served, mind_id: str, query: str, min_seq: int) -> list[str]:
    request = pb.SearchRequest(mind_id=mind_id, query=query, min_seq=min_seq, k=5)
    answer = await served.memory.search(request, timeout=30)
    return [result.memory.text for result in answer.results]


async def test_an_erased_memory_is_in_no_file_and_the_others_are_found(tmp_path: Path) -> None:
    async with serving(tmp_path, "ledger", "memory") as served:
        await fill(served, "ada")
        assert MARKER in await found(served, "ada", "quinquereme", 402)
        assert len(files_with(tmp_path / "memory", *needles())) == 2

        done = await served.ledger.redact(ledger.RedactRequest(mind_id="ada", seqs=[202]))

        assert MARKER not in await found(served, "ada", "quinquereme", done.seq)
        assert files_with(tmp_path / "memory", *needles()) == []
        assert "note 7 on coasters" in await found(served, "ada", "note 7 on coasters", done.seq)
    async with serving(tmp_path, "ledger", "memory") as served:
        assert "note 7 on coasters" in await found(served, "ada", "note 7 on coasters", done.seq)
    assert files_with(tmp_path, *needles()) == []


async def test_what_was_erased_weighs_in_no_score(tmp_path: Path) -> None:
    async def scores(served: Served, min_seq: int) -> list[tuple[str, float]]:
        request = pb.SearchRequest(mind_id="ada", query="a note on coasters", min_seq=min_seq, exact=True)
        answer = await served.memory.search(request, timeout=30)
        return [(result.memory.memory_id, round(result.score, 9)) for result in answer.results]

    async with serving(tmp_path, "ledger", "memory") as served:
        await fill(served, "ada", 10)
        assert await scores(served, 22)
        erased = ledger.RedactRequest(mind_id="ada", seqs=[4, 6, 8, 12])
        done = await served.ledger.redact(erased)
        kept = await scores(served, done.seq)
    shutil.rmtree(tmp_path / "memory")
    async with serving(tmp_path, "ledger", "memory") as served:
        assert await scores(served, done.seq) == kept


async def test_a_deleted_mind_is_in_no_file(tmp_path: Path) -> None:
    async with serving(tmp_path, "ledger", "memory") as served:
        await fill(served, "ada")
        await fill(served, "bob", 10)
        assert MARKER in await found(served, "ada", "quinquereme", 402)
        await served.ledger.delete_mind(ledger.DeleteMindRequest(mind_id="ada", confirm_mind_id="ada"))
        await served.ledger.redact(ledger.RedactRequest(mind_id="bob", seqs=[12]))
        assert await found(served, "bob", "quinquereme", 23)
        assert files_with(tmp_path / "memory", *needles()) == []
        with pytest.raises(pmm_client.MindDeleted):
            await found(served, "ada", "quinquereme", 403)


async def test_every_call_says_of_a_deleted_mind_that_it_was_deleted_as_the_ledger_does(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path, "ledger", "memory") as served:
        await fill(served, "ada", 1)
        await served.ledger.delete_mind(ledger.DeleteMindRequest(mind_id="ada", confirm_mind_id="ada"))
        await says_deleted(served, 5)
    async with serving(tmp_path, "ledger", "memory") as served:
        await says_deleted(served, 0)
        with pytest.raises(pmm_client.UnknownMind):
            await found(served, "eve", "quinquereme", 0)


async def says_deleted(served: Served, min_seq: int) -> None:
    memory, of = served.memory, {"mind_id": "ada", "min_seq": min_seq}
    revised = mind.MemoryRevised(memory_id="e2", text="other")
    calls = [
        memory.search(pb.SearchRequest(**of, query="quinquereme")),
        memory.search(pb.SearchRequest(**of, query="quinquereme", as_of_seq=2)),
        memory.list_memories(pb.ListMemoriesRequest(**of)),
        memory.get_memory(pb.GetMemoryRequest(**of, memory_id="e2")),
        memory.get_memory_history(pb.GetMemoryHistoryRequest(**of, memory_id="e2")),
        memory.list_memories_of_events(pb.ListMemoriesOfEventsRequest(**of, seqs=[2])),
        memory.record_memories(
            pb.RecordMemoriesRequest(mind_id="ada", memories=[mind.MemoryRecorded(text="new", type=2)])
        ),
        memory.revise_memories(pb.ReviseMemoriesRequest(mind_id="ada", revisions=[revised])),
        memory.revise_memories(
            pb.ReviseMemoriesRequest(mind_id="ada", revisions=[revised], idempotency_key="once")
        ),
        memory.embed(pb.EmbedRequest(mind_id="ada", texts=["quinquereme"])),
        memory.clear_cache(pb.ClearCacheRequest(mind_id="ada")),
        memory.stats(pb.StatsRequest(mind_id="ada")),
    ]
    for call in calls:
        with pytest.raises(pmm_client.MindDeleted) as refused:
            await call
        assert refused.value.metadata == {"mind_id": "ada"}


async def test_what_a_crash_left_of_an_erasure_is_gone_after_the_next_start(tmp_path: Path) -> None:
    async with serving(tmp_path, "ledger", "memory") as served:
        await fill(served, "ada")
        await found(served, "ada", "quinquereme", 402)
    # As if the process had died between the commit of the erasure and the writing of the files.
    store = Store(tmp_path / "memory" / "store")
    with store.write() as batch:
        batch.erase(batch.open_mind("ada"), frozenset({202}))
    store.close()
    assert len(files_with(tmp_path / "memory", *needles())) == 2

    async with serving(tmp_path, "ledger", "memory") as served:
        assert files_with(tmp_path / "memory", *needles()) == []
        assert MARKER not in await found(served, "ada", "quinquereme", 402)


async def test_searches_go_on_while_the_files_are_written_anew(tmp_path: Path) -> None:
    async with serving(tmp_path, "ledger", "memory") as served:
        await fill(served, "ada", 1_000)
        await found(served, "ada", "ships", 2_002)
        for seq in range(100, 110):
            done = await served.ledger.redact(ledger.RedactRequest(mind_id="ada", seqs=[seq]))
            for query in ("ships", "coasters"):
                assert await found(served, "ada", query, 0)
        assert await found(served, "ada", "ships", done.seq)


def test_a_half_written_file_is_no_hindrance(tmp_path: Path) -> None:
    cache = Embeddings(tmp_path, 10, 0)
    embedder = WordLlamaEmbedder()
    vectors, _ = cache.store(embedder, [(b"k" * 32, "one"), (b"k" * 32, "two")])
    cache.close()
    (tmp_path / "compact.partial").mkdir()
    (tmp_path / "compact.partial" / "data.mdb").write_bytes(b"half")
    cache = Embeddings(tmp_path, 10, 0)
    assert not (tmp_path / "compact.partial").exists()
    cache.compact()
    assert np.array_equal(cache.store(embedder, [(b"k" * 32, "one"), (b"k" * 32, "two")])[0], vectors)
    assert cache.stored.counts.hits == 2
    cache.close()


@pytest.mark.parametrize("count", [1, 3])
async def test_a_memory_that_came_from_an_erased_event_goes_with_it(tmp_path: Path, count: int) -> None:
    async with serving(tmp_path, "ledger", "memory") as served:
        events = [created(), said("something about ships")]
        for number in range(count):
            recorded = mind.MemoryRecorded(memory_id=f"m{number}", text=f"{MARKER} {number}", source_seqs=[2])
            events.append(ledger.NewEvent(body=mind.Body(memory_recorded=recorded)))
        await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=events))
        assert await found(served, "ada", "quinquereme", 2 + count)
        done = await served.ledger.redact(ledger.RedactRequest(mind_id="ada", seqs=[2]))
        assert await found(served, "ada", "quinquereme", done.seq) == []
        assert files_with(tmp_path / "memory", MARKER.encode()) == []
