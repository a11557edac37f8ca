"""A message of which nothing holds any more comes after what says how it is, and says so."""

from __future__ import annotations

from typing import Any

import pytest

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.memory.v1 import memory_pb2 as pb
from pmm.mind.v1 import events_pb2 as mind
from tests.support.drafts import created, said
from tests.support.serving import Served

LIVES = mind.MEMORY_TYPE_FACT
MOVED = mind.MEMORY_TYPE_EVENT


def drawn(text: str, seq: int, kind: int = LIVES) -> ledger.NewEvent:
    """A memory that was drawn from a message."""
    recorded = mind.MemoryRecorded(memory_id=f"m-{text}", text=text, type=kind, source_seqs=[seq])  # type: ignore[arg-type]
    return ledger.NewEvent(body=mind.Body(memory_recorded=recorded))


async def tell(served: Served, *events: ledger.NewEvent) -> int:
    return (await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=events))).head_seq


async def found(served: Served, **more: Any) -> list[tuple[str, str]]:
    request = pb.SearchRequest(mind_id="ada", query="Where does Ana live?", **{"distinct": True, **more})
    results = (await served.memory.search(request, timeout=20)).results
    assert [one.score for one in results] == sorted((one.score for one in results), reverse=True)
    return [(one.memory.memory_id, one.superseded_by) for one in results]


ONCE = (created(), said("Ana lives in Porto."), drawn("Ana lives in Porto", 2))
THEN = (said("Ana moved to Oslo."), drawn("Ana moved to Oslo", 4, MOVED))
LATER = (said("Ana has moved to Lyon."), drawn("Ana has moved to Lyon", 6, MOVED))


async def test_what_says_how_it_is_comes_before_what_says_how_it_was(served: Served) -> None:
    seq = await tell(served, *ONCE, *THEN, *[said(f"Ana saw boat number {number}") for number in range(20)])

    places = await found(served, min_seq=seq, k=5)
    assert places[places.index(("e2", "e4")) - 1] == ("e4", "")
    assert ("e2", "") in await found(served, as_of_seq=3)
    assert all(not by for _, by in await found(served, distinct=False, k=50))


async def test_the_last_of_several_says_how_it_is(served: Served) -> None:
    seq = await tell(served, *ONCE, *THEN, *LATER)
    # To judge what was so changes nothing in what is so.
    rated = mind.MemoryRated(memory_id="m-Ana moved to Oslo", rating=1)
    seq = await tell(served, ledger.NewEvent(body=mind.Body(memory_rated=rated)))

    assert await found(served, min_seq=seq) == [("e6", ""), ("e2", "e6"), ("e4", "e6")]


@pytest.mark.parametrize(
    "also",
    [drawn("Ana works at a bakery", 2), drawn("Ana is Ben's sister", 2, mind.MEMORY_TYPE_RELATIONSHIP)],
)
async def test_of_what_still_holds_in_part_nothing_is_said(served: Served, also: ledger.NewEvent) -> None:
    then = (said("Ana moved to Oslo."), drawn("Ana moved to Oslo", 5, MOVED))
    seq = await tell(served, *ONCE, also, *then)

    assert dict(await found(served, min_seq=seq))["e2"] == ""


async def test_when_that_is_erased_which_said_how_it_is_the_older_holds_again(served: Served) -> None:
    seq = await tell(served, *ONCE, *THEN)
    assert dict(await found(served, min_seq=seq))["e2"] == "e4"
    done = await served.ledger.redact(ledger.RedactRequest(mind_id="ada", seqs=[4, 5]))

    assert await found(served, min_seq=done.seq) == [("e2", "")]
