"""A message of which that is over which is asked for comes after what says how it is, and says so."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

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
    request = pb.SearchRequest(
        **{"mind_id": "ada", "query": "Where does Ana live?", "distinct": True, **more}
    )
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
    messages = pb.MemoryFilter(types=[mind.MEMORY_TYPE_EPISODE])
    assert ("e2", "") in await found(served, filter=messages, k=50)


QUIT = (said("Ana quit her job at Ikea."), drawn("Ana quit her job at Ikea", 4, MOVED))
NO_LONGER = (said("Ana works there no more."), drawn("Ana no longer works at Ikea", 4))
LEFT_BOSCH = (said("Ana left Bosch."), drawn("Ana left Bosch", 4, MOVED))
AT_IKEA = (created(), said("Ana works at Ikea."), drawn("Ana works at Ikea in Lyon", 2))


@pytest.mark.parametrize(("then", "by"), [(QUIT, "e4"), (NO_LONGER, "e4"), (LEFT_BOSCH, "")])
async def test_what_says_that_something_is_over_comes_before_what_says_that_it_was(
    served: Served, then: tuple[ledger.NewEvent, ...], by: str
) -> None:
    seq = await tell(served, *AT_IKEA, *then)

    assert dict(await found(served, min_seq=seq, query="Where does Ana work?"))["e2"] == by


async def test_all_that_was_said_of_what_is_over_is_closed_until_the_end_is_erased(served: Served) -> None:
    again = (said("Ana works for Ikea."), drawn("Ana works for Ikea in Lyon", 4))
    seq = await tell(served, *AT_IKEA, *again, said("Ana quit."), drawn("Ana quit her job", 6, MOVED))
    query = "Where does Ana work?"
    assert dict(await found(served, min_seq=seq, query=query)) == {"e2": "e6", "e4": "e6", "e6": ""}

    done = await served.ledger.redact(ledger.RedactRequest(mind_id="ada", seqs=[6, 7]))

    assert dict(await found(served, min_seq=done.seq, query=query)) == {"e2": "", "e4": ""}


async def test_who_is_back_where_they_had_left_is_there_again(served: Served) -> None:
    back = (said("Ana is at Ikea again."), drawn("Ana works at Ikea in Lyon!", 6))
    seq = await tell(served, *AT_IKEA, *QUIT, *back)

    places = dict(await found(served, min_seq=seq, query="Where does Ana work?"))
    assert places["e2"] == places["e6"] == ""


async def test_who_left_where_they_went_is_not_back_where_they_were(served: Served) -> None:
    joined = (said("Ana joined Bosch."), drawn("Ana works at Bosch", 4))
    left = (said("Ana quit."), drawn("Ana quit her job at Bosch", 6, MOVED))
    seq = await tell(served, *AT_IKEA, *joined, *left)

    places = dict(await found(served, min_seq=seq, query="Where does Ana work?"))
    assert places == {"e2": "e6", "e4": "e6", "e6": ""}


async def test_an_end_long_before_says_nothing_of_what_is(served: Served) -> None:
    once = mind.MemoryRecorded(memory_id="m-once", text="Ana quit her job", type=MOVED, source_seqs=[4])
    once.valid_from.FromJsonString("2004-05-01T00:00:00Z")
    seq = await tell(
        served, *AT_IKEA, said("Ana quit in 2004."), ledger.NewEvent(body=mind.Body(memory_recorded=once))
    )

    assert dict(await found(served, min_seq=seq, query="Where does Ana work?"))["e2"] == ""


def dated(text: str, seq: int, day: str, kind: int = MOVED) -> ledger.NewEvent:
    """A memory that was drawn from a message and says when it was."""
    drew = drawn(text, seq, kind)
    drew.body.memory_recorded.valid_from.FromJsonString(f"{day}T00:00:00Z")
    return drew


async def test_an_end_before_its_fact_was_told_comes_before_it(served: Served) -> None:
    left = (said("Ana left Ikea years ago, I forgot."), dated("Ana left Ikea", 4, "2024-01-01"))
    seq = await tell(served, *AT_IKEA, *left)

    places = dict(await found(served, min_seq=seq, query="Where does Ana work?"))
    assert places == {"e2": "e4", "e4": ""}


async def test_what_is_told_of_earlier_days_ends_nothing_that_was_said_to_be_so(served: Served) -> None:
    earlier = (said("Ana moved to Lyon in 2015."), dated("Ana moved to Lyon", 4, "2015-01-01"))
    seq = await tell(served, *ONCE, *earlier)

    assert dict(await found(served, min_seq=seq))["e2"] == ""
    listed = await served.memory.list_memories(pb.ListMemoriesRequest(mind_id="ada"), timeout=20)
    assert not any(one.HasField("valid_to") for one in listed.memories)


async def test_the_words_of_a_query_tell_what_of_a_message_it_is_about(served: Served) -> None:
    sister = drawn("Ana is Ben's sister", 2, mind.MEMORY_TYPE_RELATIONSHIP)
    seq = await tell(served, *ONCE, *THEN, sister)

    assert dict(await found(served, min_seq=seq, query="Where does Ben's sister Ana live?"))["e2"] == "e4"
    assert dict(await found(served, min_seq=seq, query="Who is Ben's sister?"))["e2"] == ""


LIVES_AND_WORKS = (
    created(),
    said("Ana lives in Porto."),
    drawn("Ana lives in Porto", 2),
    said("Ana works at Kolb."),
    drawn("Ana works at Kolb", 4),
)


@pytest.mark.parametrize(
    ("text", "home", "job"),
    [("Ana moved from Kolb to Dorn", "", "e6"), ("Ana moved from Porto to Dorn", "e6", "")],
)
async def test_what_is_known_says_whether_a_job_or_a_home_was_left(
    served: Served, text: str, home: str, job: str
) -> None:
    seq = await tell(served, *LIVES_AND_WORKS, said(f"{text}."), drawn(text, 6, MOVED))

    places = dict(await found(served, min_seq=seq, query="Where does Ana live and work?"))
    assert (places["e2"], places["e4"]) == (home, job)


async def test_the_last_of_several_says_how_it_is(served: Served) -> None:
    seq = await tell(served, *ONCE, *THEN, *LATER)
    # To judge what was so changes nothing in what is so.
    rated = mind.MemoryRated(memory_id="m-Ana moved to Oslo", rating=1)
    seq = await tell(served, ledger.NewEvent(body=mind.Body(memory_rated=rated)))

    assert await found(served, min_seq=seq) == [("e6", ""), ("e2", "e6"), ("e4", "e6")]


@pytest.mark.parametrize(
    ("also", "asks"),
    [
        (drawn("Ana works at a bakery", 2), "What bakery does Ana work at?"),
        (drawn("Ana is Ben's sister", 2, mind.MEMORY_TYPE_RELATIONSHIP), "Who is Ben's sister?"),
    ],
)
async def test_of_what_still_holds_in_part_that_counts_which_is_asked_for(
    served: Served, also: ledger.NewEvent, asks: str
) -> None:
    then = (said("Ana moved to Oslo."), drawn("Ana moved to Oslo", 5, MOVED))
    seq = await tell(served, *ONCE, also, *then)

    places = await found(served, min_seq=seq)
    assert places[places.index(("e2", "e5")) - 1] == ("e5", "")
    assert dict(await found(served, query=asks))["e2"] == ""


async def test_when_that_is_erased_which_said_how_it_is_the_older_holds_again(served: Served) -> None:
    seq = await tell(served, *ONCE, *THEN)
    assert dict(await found(served, min_seq=seq))["e2"] == "e4"
    done = await served.ledger.redact(ledger.RedactRequest(mind_id="ada", seqs=[4, 5]))

    assert await found(served, min_seq=done.seq) == [("e2", "")]


async def test_what_has_expired_does_not_say_how_it_is(served: Served) -> None:
    moved = mind.MemoryRecorded(memory_id="m-oslo", text="Ana moved to Oslo", type=MOVED)
    moved.expires_at.FromDatetime(datetime(2100, 1, 1, tzinfo=UTC))
    seq = await tell(served, *ONCE, ledger.NewEvent(body=mind.Body(memory_recorded=moved)))
    assert dict(await found(served, min_seq=seq))["e2"] == "m-oslo"

    assert await found(served, as_of_seq=3) == [("e2", "")]

    then = Timestamp()
    then.FromDatetime(datetime(2100, 1, 2, tzinfo=UTC))
    assert await found(served, query_time=then) == [("e2", "")]


async def test_of_a_message_of_which_all_is_over_that_counts_which_was_over_last(served: Served) -> None:
    message = said("The harbour fair: Ana lives in Porto and works at Ikea.")
    facts = (drawn("Ana lives in Porto", 2), drawn("Ana works at Ikea", 2))
    then = (drawn("Ana works at Bosch", 5), drawn("Ana lives in Oslo", 6))
    others = [said(f"The harbour, morning {number}") for number in range(110)]
    seq = await tell(served, created(), message, *facts, *then, *others)

    places = dict(await found(served, min_seq=seq, query="The harbour fair", k=50))
    assert places["e2"] == "m-Ana lives in Oslo"
