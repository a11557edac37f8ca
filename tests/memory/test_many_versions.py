"""A memory of many versions: each takes what it adds, and is found and erased by every event that it comes from."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.memory.v1 import memory_pb2 as pb
from pmm.mind.v1 import events_pb2 as mind
from services.memory.batch import Batch
from services.memory.records import Mind
from services.memory.rows import Row
from tests.support.drafts import created
from tests.support.serving import Served

VERSIONS = 200
PORTO = mind.MemoryRecorded(memory_id="m1", text="Ana lives in Porto", type=mind.MEMORY_TYPE_FACT)


def revised(number: int) -> mind.Body:
    return mind.Body(memory_revised=mind.MemoryRevised(memory_id="m1", text=f"Ana lives in Porto, {number}"))


def rated(number: int) -> mind.Body:
    return mind.Body(memory_rated=mind.MemoryRated(memory_id="m1", rating=number % 2))


def said_again(number: int) -> mind.Body:
    again = mind.MemoryRecorded(memory_id=f"again-{number}", text=PORTO.text, type=PORTO.type)
    return mind.Body(memory_recorded=again)


async def append(served: Served, bodies: Sequence[mind.Body]) -> int:
    """A mind with a memory (2), and what comes after it (3 and on)."""
    events = [
        created(),
        *(ledger.NewEvent(body=body) for body in (mind.Body(memory_recorded=PORTO), *bodies)),
    ]
    request = ledger.AppendRequest(mind_id="ada", events=events)
    head = (await served.ledger.append(request)).head_seq
    await reach(served, head)
    return head


async def memory(served: Served, as_of_seq: int | None = None) -> pb.Memory:
    request = pb.GetMemoryRequest(mind_id="ada", memory_id="m1", as_of_seq=as_of_seq)
    return (await served.memory.get_memory(request, timeout=20)).memory


async def history(served: Served) -> pb.GetMemoryHistoryResponse:
    request = pb.GetMemoryHistoryRequest(mind_id="ada", memory_id="m1")
    return await served.memory.get_memory_history(request, timeout=20)


async def reach(served: Served, seq: int) -> list[str]:
    request = pb.ListMemoriesRequest(mind_id="ada", min_seq=seq)
    return [one.memory_id for one in (await served.memory.list_memories(request, timeout=20)).memories]


async def of_event(served: Served, seq: int) -> list[tuple[str, int]]:
    request = pb.ListMemoriesOfEventsRequest(mind_id="ada", seqs=[seq])
    found = (await served.memory.list_memories_of_events(request, timeout=20)).memories
    return [(one.memory_id, one.version) for one in found]


async def erase(served: Served, seq: int) -> list[str]:
    await served.ledger.redact(ledger.RedactRequest(mind_id="ada", seqs=[seq], why="test"))
    head = (await served.ledger.get_head(ledger.GetHeadRequest(mind_id="ada"))).seq
    return await reach(served, head)


@pytest.mark.parametrize("later", [revised, said_again, rated])
async def test_what_is_written_of_a_version_does_not_grow_with_their_number(
    served: Served, monkeypatch: pytest.MonkeyPatch, later: Callable[[int], mind.Body]
) -> None:
    written: list[int] = []
    put = Batch._set

    def counted(batch: Batch, table: str, key: bytes, value: bytes) -> None:
        written.append(len(key) + len(value))
        put(batch, table, key, value)

    monkeypatch.setattr(Batch, "_set", counted)
    await append(served, [later(number) for number in range(VERSIONS)])
    few = sum(written)
    more = [ledger.NewEvent(body=later(VERSIONS + number)) for number in range(VERSIONS)]
    await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=more))
    await reach(served, 2 * VERSIONS + 2)

    assert sum(written) < 2.1 * few


async def test_a_version_comes_from_the_events_up_to_its_own(served: Served) -> None:
    source = mind.MemoryRevised(memory_id="m1", text="Ana lives in Porto, at last", source_seqs=[1, 3, 3, 2])
    oslo = mind.MemoryRecorded(memory_id="oslo", text="Ana lives in Oslo", type=PORTO.type)
    later = [
        said_again(0),
        rated(1),
        mind.Body(memory_revised=source),
        revised(2),
        mind.Body(memory_recorded=oslo),
    ]
    await append(served, later)

    expected = [[2], [2, 3], [2, 3], [2, 5, 1, 3, 3], [2, 5, 1, 3, 6, 3], [2, 5, 1, 3, 6, 3, 7]]
    versions = (await history(served)).versions
    assert [list(one.source_seqs) for one in versions] == expected
    for seq, seqs in enumerate(expected, 2):
        assert list((await memory(served, seq)).source_seqs) == seqs
    request = pb.SearchRequest(mind_id="ada", query="Ana lives in Porto")
    found = (await served.memory.search(request, timeout=20)).results
    assert {one.memory.memory_id: list(one.memory.source_seqs) for one in found}["m1"] == expected[-1]
    for seq, ids in ((1, ["m1"]), (3, ["m1"]), (4, []), (6, ["m1"]), (7, ["m1", "oslo"])):
        assert [its_id for its_id, _ in await of_event(served, seq)] == ids


async def test_versions_that_come_from_many_events_are_left_out_of_a_history_as_long_texts_are(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    await append(served, [revised(number) for number in range(VERSIONS)])
    monkeypatch.setattr("services.memory.lookup.PAGE_BYTES", 10_000)

    found = await history(served)

    assert 20 < len(found.versions) < 30
    assert len(found.versions) + found.left_out == VERSIONS + 1
    assert list(found.versions[-1].source_seqs) == list(range(2, VERSIONS + 3))


async def test_what_contradicts_a_memory_of_many_versions_reads_each_of_them_once(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    await append(served, [revised(number) for number in range(VERSIONS)])
    reads: list[int] = []
    row = Batch.row

    def counted(batch: Batch, of: Mind, ordinal: int) -> Row | None:
        reads.append(ordinal)
        return row(batch, of, ordinal)

    monkeypatch.setattr(Batch, "row", counted)
    oslo = mind.MemoryRecorded(memory_id="oslo", text="Ana lives in Oslo", type=PORTO.type)
    event = ledger.NewEvent(body=mind.Body(memory_recorded=oslo))
    await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=[event]))
    await reach(served, VERSIONS + 3)

    assert (await memory(served)).HasField("valid_to")
    assert len(reads) < 2 * VERSIONS


@pytest.mark.parametrize("seq", [2, 3, 50, VERSIONS + 2])
async def test_a_memory_is_found_and_erased_by_any_of_its_revisions(served: Served, seq: int) -> None:
    await append(served, [revised(number) for number in range(VERSIONS)])

    assert await of_event(served, seq) == [("m1", VERSIONS + 1)]
    assert await erase(served, seq) == []
    for each in (2, 50, VERSIONS + 2):
        assert await of_event(served, each) == []


async def test_what_was_said_again_is_found_by_each_time_and_holds_without_any_of_them(
    served: Served,
) -> None:
    await append(served, [said_again(number) for number in range(VERSIONS)])
    for seq in (2, 3, 50, VERSIONS + 2):
        assert await of_event(served, seq) == [("m1", VERSIONS + 1)]

    assert await erase(served, 50) == ["m1"]
    assert await of_event(served, 50) == []
    assert [its_id for its_id, _ in await of_event(served, 3)] == ["m1"]
    assert await erase(served, 2) == ["again-0"]


async def test_of_a_memory_that_was_said_again_and_ended_what_is_erased_at_once_is_taken_back(
    served: Served,
) -> None:
    oslo = mind.MemoryRecorded(memory_id="oslo", text="Ana lives in Oslo", type=PORTO.type)
    await append(served, [said_again(0), mind.Body(memory_recorded=oslo), rated(1)])
    assert (await memory(served)).HasField("valid_to")

    request = ledger.RedactRequest(mind_id="ada", seqs=[3, 4], why="test")
    await served.ledger.redact(request)
    assert await reach(served, 6) == ["m1"]

    found = await memory(served)
    assert list(found.source_seqs) == [2]
    assert not found.HasField("valid_to")


async def test_what_is_over_stays_over_where_only_that_is_erased_which_said_it_again(served: Served) -> None:
    oslo = mind.MemoryRecorded(memory_id="oslo", text="Ana lives in Oslo", type=PORTO.type)
    await append(served, [said_again(0), mind.Body(memory_recorded=oslo)])

    await erase(served, 3)

    found = await memory(served)
    assert found.HasField("valid_to")
    assert list(found.source_seqs) == [2, 4]
