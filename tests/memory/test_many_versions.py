"""A memory of many versions: each takes what it adds, and is found and erased by every event that it comes from."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.memory.v1 import memory_pb2 as pb
from pmm.mind.v1 import events_pb2 as mind
from services.memory.batch import Batch
from tests.support.drafts import created
from tests.support.serving import Served

VERSIONS = 200
PORTO = mind.MemoryRecorded(memory_id="m1", text="Ana lives in Porto", type=mind.MEMORY_TYPE_FACT)


def revised(number: int) -> mind.Body:
    return mind.Body(memory_revised=mind.MemoryRevised(memory_id="m1", text=f"Ana lives in Porto, {number}"))


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


@pytest.mark.parametrize(("later", "most"), [(revised, 1), (said_again, 2)])
async def test_a_version_notes_no_event_that_the_one_before_it_came_from(
    served: Served, monkeypatch: pytest.MonkeyPatch, later: object, most: int
) -> None:
    noted: list[bytes] = []
    put = Batch._set

    def counted(batch: Batch, table: str, key: bytes, value: bytes) -> None:
        if table == "sources":
            noted.append(key)
        put(batch, table, key, value)

    monkeypatch.setattr(Batch, "_set", counted)
    assert callable(later)
    await append(served, [later(number) for number in range(VERSIONS)])

    assert VERSIONS <= len(noted) <= most * VERSIONS + 1


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
