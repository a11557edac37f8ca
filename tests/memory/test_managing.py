"""Memories are recorded, revised, retracted and rated; the same is held once, and a contradiction closes the older."""

from __future__ import annotations

import asyncio
import math
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.memory.v1 import memory_pb2 as pb
from pmm.mind.v1 import events_pb2 as mind
from pmm_client import errors
from tests.support.drafts import created, imported, said
from tests.support.serving import Served

DAY = datetime(2026, 5, 3, 10, tzinfo=UTC)


async def begin(served: Served, *events: ledger.NewEvent) -> int:
    request = ledger.AppendRequest(mind_id="ada", events=[created(), *events])
    return (await served.ledger.append(request)).head_seq


async def record(served: Served, *memories: mind.MemoryRecorded, key: str = "") -> pb.RecordMemoriesResponse:
    request = pb.RecordMemoriesRequest(mind_id="ada", memories=memories, idempotency_key=key)
    return await served.memory.record_memories(request, timeout=20)


def fact(text: str, **more: Any) -> mind.MemoryRecorded:
    return mind.MemoryRecorded(text=text, type=mind.MEMORY_TYPE_FACT, **more)


async def texts(served: Served, query: str, seq: int, **more: Any) -> list[str]:
    request = pb.SearchRequest(mind_id="ada", query=query, min_seq=seq, **more)
    return [result.memory.text for result in (await served.memory.search(request, timeout=10)).results]


async def history(served: Served, memory_id: str) -> list[pb.Memory]:
    request = pb.GetMemoryHistoryRequest(mind_id="ada", memory_id=memory_id)
    return list((await served.memory.get_memory_history(request)).versions)


async def held(served: Served) -> int:
    return (await served.memory.stats(pb.StatsRequest(mind_id="ada"))).memories


async def test_a_batch_is_recorded_and_found(served: Served) -> None:
    await begin(served)
    formed = await record(served, *(fact(f"shelf {number} holds jam") for number in range(100)))

    assert len(set(formed.memory_ids)) == 100
    assert await texts(served, "shelf 42", formed.seq, k=1) == ["shelf 42 holds jam"]
    assert await held(served) == 100


async def test_an_edited_memory_is_found_by_its_new_words_and_no_more_by_the_old(served: Served) -> None:
    await begin(served)
    formed = await record(served, fact("the spare key is under the doormat"), fact("tea is in the tin"))
    revision = mind.MemoryRevised(
        memory_id=formed.memory_ids[0], text="the spare key hangs in the greenhouse"
    )
    request = pb.ReviseMemoriesRequest(mind_id="ada", revisions=[revision])
    seq = (await served.memory.revise_memories(request)).seq

    assert (await texts(served, "greenhouse", seq))[0] == "the spare key hangs in the greenhouse"
    assert all("doormat" not in text for text in await texts(served, "doormat", seq))
    versions = await history(served, formed.memory_ids[0])
    assert [(m.version, m.text) for m in versions] == [
        (1, "the spare key is under the doormat"),
        (2, "the spare key hangs in the greenhouse"),
    ]


async def test_what_is_taken_back_is_found_no_more_and_stays_in_history(served: Served) -> None:
    await begin(served)
    formed = await record(served, fact("the boat is blue"))
    request = pb.RetractMemoriesRequest(
        mind_id="ada", retractions=[mind.MemoryRetracted(memory_id=formed.memory_ids[0], why="it is green")]
    )
    seq = (await served.memory.retract_memories(request)).seq

    assert await texts(served, "boat", seq) == []
    assert await texts(served, "boat", 0, as_of_seq=formed.seq) == ["the boat is blue"]
    assert [version.retracted for version in await history(served, formed.memory_ids[0])] == [True]
    with pytest.raises(errors.MemoryRetracted):
        await served.memory.retract_memories(request)


async def test_ratings_weigh_in_later_searches(served: Served) -> None:
    await begin(served)
    formed = await record(
        served, fact("plums ripen in the old orchard"), fact("plums ripen in the new orchard")
    )
    ratings = [
        mind.MemoryRated(memory_id=formed.memory_ids[0], rating=-1),
        mind.MemoryRated(memory_id=formed.memory_ids[1], rating=1),
        mind.MemoryRated(memory_id=formed.memory_ids[1], rating=0.5),
    ]
    seq = (await served.memory.rate_memories(pb.RateMemoriesRequest(mind_id="ada", ratings=ratings))).seq

    assert (await texts(served, "where do plums ripen", seq))[0] == "plums ripen in the new orchard"
    last = (await history(served, formed.memory_ids[1]))[-1]
    assert (last.rating, last.ratings) == (0.75, 2)


@pytest.mark.parametrize("again", ["Ana lives in Porto", "ana lives in PORTO!", "  Ana  lives, in Porto. "])
async def test_what_is_held_in_the_same_words_is_not_formed_twice(served: Served, again: str) -> None:
    await begin(served)
    first = await record(served, fact("Ana lives in Porto"))
    second = await record(served, fact(again), fact("Ben lives in Lyon"))

    assert second.memory_ids[0] == first.memory_ids[0]
    assert len(await texts(served, "lives", second.seq)) == await held(served) == 2
    assert (await served.ledger.get_head(ledger.GetHeadRequest(mind_id="ada"))).seq == 3


async def test_what_two_memories_say_is_still_held_when_one_of_them_is_erased(served: Served) -> None:
    await begin(served)
    await record(served, fact("Ana lives in Porto", memory_id="a"), fact("olives", memory_id="b"))
    body = mind.Body(memory_revised=mind.MemoryRevised(memory_id="b", text="Ana lives in Porto"))
    revision = ledger.AppendRequest(mind_id="ada", events=[ledger.NewEvent(body=body)])
    head = (await served.ledger.append(revision)).head_seq
    assert await texts(served, "Ana", head) == ["Ana lives in Porto", "Ana lives in Porto"]
    erased = await served.ledger.redact(ledger.RedactRequest(mind_id="ada", seqs=[head]))
    # What was revised holds again once the mind was folded again, a moment later.
    assert (await texts(served, "Ana", erased.seq)).count("Ana lives in Porto") == 1

    assert list((await record(served, fact("Ana lives in Porto"))).memory_ids) == ["a"]


async def test_the_same_appended_past_memory_is_merged_and_both_ids_lead_to_it(served: Served) -> None:
    def recorded(memory_id: str) -> ledger.NewEvent:
        return ledger.NewEvent(
            body=mind.Body(memory_recorded=fact("Ana lives in Porto", memory_id=memory_id))
        )

    head = await begin(served, recorded("a"), said("tea"), recorded("b"))

    assert await texts(served, "where does Ana live", head) == ["Ana lives in Porto", "tea"]
    assert {m.memory_id for m in await history(served, "b")} == {"a"}
    assert list((await history(served, "b"))[-1].source_seqs) == [2, 4]
    request = pb.ListMemoriesOfEventsRequest(mind_id="ada", seqs=[4])
    assert [m.memory_id for m in (await served.memory.list_memories_of_events(request)).memories] == ["a"]
    assert await texts(served, "Ana", 0, as_of_seq=3) == ["Ana lives in Porto", "tea"]


async def test_what_was_merged_stands_by_itself_when_the_first_is_erased(served: Served) -> None:
    def recorded(memory_id: str) -> ledger.NewEvent:
        return ledger.NewEvent(
            body=mind.Body(memory_recorded=fact("Ana lives in Porto", memory_id=memory_id))
        )

    head = await begin(served, recorded("a"), recorded("b"), recorded("c"))
    assert await texts(served, "Ana", head) == ["Ana lives in Porto"]
    assert await held(served) == 1
    erased = await served.ledger.redact(ledger.RedactRequest(mind_id="ada", seqs=[2]))

    assert await texts(served, "Ana", erased.seq) == ["Ana lives in Porto"]
    assert {m.memory_id for m in await history(served, "c")} == {"b"}
    with pytest.raises(errors.UnknownMemory):
        await history(served, "a")
    erased = await served.ledger.redact(ledger.RedactRequest(mind_id="ada", seqs=[3, 4]))
    assert await texts(served, "Ana", erased.seq) == []


async def test_what_was_imported_twice_is_remembered_once(served: Served) -> None:
    messages = [
        imported(f"message {number}", "Ana", DAY + timedelta(minutes=number), external_id=f"x{number}")
        for number in range(30)
    ]
    await begin(served, *messages)
    head = (await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=messages))).head_seq

    assert await texts(served, "message 7", head, k=1) == ["message 7"]
    assert await held(served) == 30


async def test_people_may_say_the_same_again(served: Served) -> None:
    head = await begin(served, said("good morning"), said("good morning"))

    assert await texts(served, "good morning", head) == ["good morning", "good morning"]


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("Ana lives in Lisbon", "Ana lives in Porto now"),
        ("Ana lives in Lisbon", "Ana moved to Porto in May"),
        ("Ben works at a bakery", "Ben works for the railway"),
        ("Ben's favourite colour is green", "Ben's favorite color is blue".replace("color", "colour")),
        ("Ben likes olives", "Ben does not like olives"),
        ("Ben likes olives", "Ben hates olives"),
        ("Mia is single", "Mia is married"),
    ],
)
async def test_a_contradiction_closes_the_older_fact(served: Served, older: str, newer: str) -> None:
    await begin(served)
    first = await record(served, fact(older, valid_from=stamp(DAY)))
    second = await record(served, fact(newer, valid_from=stamp(DAY + timedelta(days=9))))
    closed = await served.memory.get_memory(
        pb.GetMemoryRequest(mind_id="ada", memory_id=first.memory_ids[0], min_seq=second.seq)
    )

    assert closed.memory.valid_to.ToDatetime(UTC) == DAY + timedelta(days=9)
    assert (await texts(served, newer, second.seq))[0] == newer
    only_now = pb.MemoryFilter(valid_at=stamp(DAY + timedelta(days=10)))
    assert await texts(served, newer, second.seq, filter=only_now) == [newer]
    only_then = pb.MemoryFilter(valid_at=stamp(DAY + timedelta(days=1)))
    assert await texts(served, newer, second.seq, filter=only_then) == [older]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ana lives in Lisbon", "Ben lives in Porto"),
        ("Ana likes olives", "Ana likes capers"),
        ("Ana lives in Lisbon", "Ana works in Porto"),
        ("Ana lives in Lisbon", "Ana wants to live in Porto"),
        ("Ana's favourite colour is green", "Ana's favourite fruit is plums"),
    ],
)
async def test_what_can_hold_together_stays_open(served: Served, one: str, other: str) -> None:
    await begin(served)
    formed = await record(served, fact(one), fact(other))
    for memory_id in formed.memory_ids:
        request = pb.GetMemoryRequest(mind_id="ada", memory_id=memory_id, min_seq=formed.seq)
        assert not (await served.memory.get_memory(request)).memory.HasField("valid_to")


async def test_an_event_ends_what_held_before_it_and_stays_itself(served: Served) -> None:
    await begin(served)
    lived = await record(served, fact("Ana lives in Lisbon", valid_from=stamp(DAY)))
    moving = fact("Ana moved to Porto in May", valid_from=stamp(DAY + timedelta(days=9)))
    moving.type = mind.MEMORY_TYPE_EVENT
    moved = await record(served, moving)
    again = await record(served, fact("Ana lives in Braga", valid_from=stamp(DAY + timedelta(days=99))))
    ends: list[datetime] = []
    for formed in (lived, moved, again):
        request = pb.GetMemoryRequest(mind_id="ada", memory_id=formed.memory_ids[0], min_seq=again.seq)
        ends.append((await served.memory.get_memory(request)).memory.valid_to.ToDatetime(UTC))

    assert ends[0] == DAY + timedelta(days=9)
    assert [end.year for end in ends[1:]] == [1970, 1970]


async def test_what_held_earlier_and_is_told_later_does_not_close_what_holds(served: Served) -> None:
    await begin(served)
    now = await record(served, fact("Ana lives in Porto", valid_from=stamp(DAY)))
    before = await record(served, fact("Ana lives in Lisbon", valid_from=stamp(DAY - timedelta(days=900))))

    async def end_of(memory_id: str) -> mind.MemoryRecorded | Any:
        request = pb.GetMemoryRequest(mind_id="ada", memory_id=memory_id, min_seq=before.seq)
        return (await served.memory.get_memory(request)).memory

    assert not (await end_of(now.memory_ids[0])).HasField("valid_to")
    assert (await end_of(before.memory_ids[0])).valid_to.ToDatetime(UTC) == DAY


async def test_a_contradiction_may_be_named(served: Served) -> None:
    await begin(served)
    first = await record(served, fact("the meeting is on Monday"))
    second = await record(served, fact("it is on Tuesday after all", contradicts=first.memory_ids))

    assert await texts(served, "meeting", second.seq)
    assert (await history(served, first.memory_ids[0]))[-1].HasField("valid_to")
    with pytest.raises(errors.UnknownMemory):
        await record(served, fact("and now on Friday", contradicts=["nobody"]))
    with pytest.raises(errors.InvalidArgument) as refused:
        await record(served, fact("and now on Friday", contradicts=["nobody", "x" * 70_000]))
    assert [violation.field for violation in refused.value.violations] == ["memories[0].contradicts[1]"]
    assert second.seq == (await served.ledger.get_head(ledger.GetHeadRequest(mind_id="ada"))).seq

    nobody = ["nobody", "x" * 600, "x" * 70_000]
    body = mind.Body(memory_recorded=fact("and now on Friday", memory_id="f", contradicts=nobody))
    events = [ledger.NewEvent(body=body)]
    head_seq = (await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=events))).head_seq
    assert "and now on Friday" in await texts(served, "Friday", head_seq)


async def test_what_expires_is_found_no_more_but_stays_in_history(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    await begin(served)
    soon = stamp(datetime.now(UTC) + timedelta(hours=1))
    formed = await record(served, fact("the code is 4711", expires_at=soon), fact("the door is red"))
    assert "the code is 4711" in await texts(served, "code", formed.seq)
    monkeypatch.setattr(time, "time_ns", lambda now=time.time_ns: now() + 3_601 * 10**9)

    assert await texts(served, "code", formed.seq) == ["the door is red"]
    listed = await served.memory.list_memories(pb.ListMemoriesRequest(mind_id="ada"))
    assert [memory.text for memory in listed.memories] == ["the door is red"]
    assert len(await history(served, formed.memory_ids[0])) == 1


async def test_a_repeated_call_does_nothing_twice(served: Served) -> None:
    await begin(served)
    first = await record(served, fact("Ana lives in Porto"), key="k1")
    again = await record(served, fact("Ana lives in Porto"), key="k1")
    assert list(first.memory_ids) == list(again.memory_ids)

    rating = pb.RateMemoriesRequest(
        mind_id="ada",
        ratings=[mind.MemoryRated(memory_id=first.memory_ids[0], rating=1)],
        idempotency_key="k2",
    )
    retraction = pb.RetractMemoriesRequest(
        mind_id="ada",
        retractions=[mind.MemoryRetracted(memory_id=first.memory_ids[0])],
        idempotency_key="k3",
    )
    for _ in range(2):
        await served.memory.rate_memories(rating)
    seqs = {(await served.memory.retract_memories(retraction)).seq for _ in range(2)}

    assert len(seqs) == 1
    assert (await served.ledger.get_head(ledger.GetHeadRequest(mind_id="ada"))).seq == 4


async def test_a_batch_with_one_wrong_part_changes_nothing(served: Served) -> None:
    await begin(served)
    formed = await record(served, fact("Ana lives in Porto"))
    revisions = [
        mind.MemoryRevised(memory_id=formed.memory_ids[0], text="Ana lives in Faro"),
        mind.MemoryRevised(memory_id="nobody", text="?"),
    ]
    with pytest.raises(errors.UnknownMemory) as caught:
        await served.memory.revise_memories(pb.ReviseMemoriesRequest(mind_id="ada", revisions=revisions))

    assert caught.value.metadata["memory_id"] == "nobody"
    assert (await served.ledger.get_head(ledger.GetHeadRequest(mind_id="ada"))).seq == formed.seq


async def test_a_key_that_came_with_another_call_is_refused_in_terms_of_the_call(served: Served) -> None:
    await begin(served)
    formed = await record(served, fact("Ana lives in Porto"))
    rating = mind.MemoryRated(memory_id=formed.memory_ids[0], rating=1)
    first = pb.RateMemoriesRequest(mind_id="ada", ratings=[rating], idempotency_key="k1")
    await served.memory.rate_memories(first, timeout=10)
    rating.rating = -1
    other = pb.RateMemoriesRequest(mind_id="ada", ratings=[rating], idempotency_key="k1")

    with pytest.raises(errors.IdempotencyKeyReused, match=r"^idempotency_key came with another call"):
        await served.memory.rate_memories(other, timeout=10)


async def test_a_key_of_other_memories_forms_none(served: Served) -> None:
    await begin(served)
    first = await record(served, fact("Ana owns a green bicycle"), fact("Ana sails"), key="k1")

    for others in (
        [fact("the sky over Oslo was pink")],
        [fact("Ana owns a green bicycle"), fact("Ana rows")],
    ):
        with pytest.raises(errors.IdempotencyKeyReused):
            await record(served, *others, key="k1")
    assert await held(served) == 2
    again = await record(served, fact("Ana owns a green bicycle"), fact("Ana sails"), key="k1")
    assert again.memory_ids == first.memory_ids


async def test_many_at_once_lose_nothing_and_double_nothing(served: Served) -> None:
    await begin(served)
    calls = [record(served, fact(f"shelf {number % 10} holds jam")) for number in range(40)]
    await asyncio.gather(*calls)
    head = (await served.ledger.get_head(ledger.GetHeadRequest(mind_id="ada"))).seq

    assert len(await texts(served, "shelf", head, k=50)) == 10
    assert await held(served) == 10


async def test_poison_is_counted_and_skipped(served: Served) -> None:
    def event(**body: Any) -> ledger.NewEvent:
        return ledger.NewEvent(body=mind.Body(**body))

    head = await begin(
        served,
        event(memory_recorded=mind.MemoryRecorded(memory_id="x" * 5_000, text="too long an id")),
        event(memory_recorded=mind.MemoryRecorded(memory_id="empty")),
        event(memory_revised=mind.MemoryRevised(memory_id="nobody", text="secret words")),
        event(memory_retracted=mind.MemoryRetracted()),
        said("still alive"),
    )

    assert await texts(served, "alive", head) == ["still alive"]
    stats = await served.memory.stats(pb.StatsRequest(mind_id="ada"))
    assert stats.skipped_count == 4
    assert [event.seq for event in stats.skipped] == [2, 3, 4, 5]
    assert all(event.reason and "secret" not in event.reason for event in stats.skipped)


async def test_a_name_or_a_kind_that_says_nothing_leaves_a_mind_as_it_is(served: Served) -> None:
    def event(**body: Any) -> ledger.NewEvent:
        return ledger.NewEvent(body=mind.Body(**body))

    await begin(served, said("Ana lives in Porto"))
    assert await texts(served, "Ana", 2) == ["Ana lives in Porto"]
    odd = [
        event(
            memory_recorded=mind.MemoryRecorded(
                memory_id="a", text="Ana has a boat", entities=["  ", " Ana "]
            )
        ),
        event(memory_recorded=mind.MemoryRecorded(memory_id="b", text="Ana likes tea", type=1_000)),  # type: ignore[arg-type]
    ]
    head = (await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=odd))).head_seq

    assert len(await texts(served, "Ana", head)) == 3
    assert (await history(served, "b"))[0].type == mind.MEMORY_TYPE_OTHER
    with pytest.raises(errors.InvalidArgument) as refused:
        await record(served, fact("tea", entities=["  "], tags=["x" * 300]))
    assert {violation.field for violation in refused.value.violations} == {
        "memories[0].entities[0]",
        "memories[0].tags[0]",
    }


async def test_a_revision_that_changes_nothing_is_refused_and_makes_no_version(served: Served) -> None:
    await begin(served)
    formed = await record(served, fact("tea is in the tin"))
    await texts(served, "tea", formed.seq)
    memory_id = formed.memory_ids[0]
    idle = [mind.MemoryRevised(memory_id=memory_id, text="tea is in the jar")]
    idle += [mind.MemoryRevised(memory_id=memory_id, why=why) for why in ("", "no reason")]

    with pytest.raises(errors.InvalidArgument) as refused:
        await served.memory.revise_memories(pb.ReviseMemoriesRequest(mind_id="ada", revisions=idle))

    assert [one.field for one in refused.value.violations] == ["revisions[1].text", "revisions[2].text"]
    assert len(await history(served, memory_id)) == 1
    unimportant = mind.MemoryRevised(memory_id=memory_id, importance=0)
    await served.memory.revise_memories(pb.ReviseMemoriesRequest(mind_id="ada", revisions=[unimportant]))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
async def test_numbers_that_are_none_do_not_reach_a_ranking(served: Served, value: float) -> None:
    def event(**body: Any) -> ledger.NewEvent:
        return ledger.NewEvent(body=mind.Body(**body))

    head = await begin(
        served,
        event(
            memory_recorded=mind.MemoryRecorded(memory_id="a", text="Ana lives in Porto", importance=value)
        ),
        event(memory_recorded=mind.MemoryRecorded(memory_id="b", text="Ana has a boat")),
        event(memory_rated=mind.MemoryRated(memory_id="b", rating=value)),
    )
    found = await served.memory.search(pb.SearchRequest(mind_id="ada", query="Ana", min_seq=head))

    assert len(found.results) == 2
    assert all(math.isfinite(result.score) for result in found.results)


def stamp(when: datetime) -> Any:
    made = mind.MemoryRecorded()
    made.valid_from.FromDatetime(when.astimezone(UTC))
    return made.valid_from


async def test_what_a_contradiction_closed_is_open_again_when_that_is_erased(served: Served) -> None:
    await begin(served)
    older = await record(served, fact("Ana lives in Lisbon", valid_from=stamp(DAY)))
    newer = await record(served, fact("Ana lives in Porto", valid_from=stamp(DAY + timedelta(days=9))))
    assert len(await texts(served, "Ana", newer.seq)) == 2
    erased = await served.ledger.redact(ledger.RedactRequest(mind_id="ada", seqs=[newer.seq]))

    assert await texts(served, "where does Ana live", erased.seq) == ["Ana lives in Lisbon"]
    assert not (await history(served, older.memory_ids[0]))[-1].HasField("valid_to")


async def test_of_a_long_history_the_newest_versions_are_read(served: Served) -> None:
    head = await begin(served)
    await record(served, fact("Ana lives in Porto", memory_id="a"))
    ratings = [mind.MemoryRated(memory_id="a", rating=1) for _ in range(100)]
    for _ in range(11):
        rated = pb.RateMemoriesRequest(mind_id="ada", ratings=ratings)
        head = (await served.memory.rate_memories(rated, timeout=30)).seq
    await served.memory.list_memories(pb.ListMemoriesRequest(mind_id="ada", min_seq=head), timeout=30)

    versions = [one.version for one in await history(served, "a")]
    assert versions == list(range(102, 1102))
    asked = pb.GetMemoryRequest(mind_id="ada", memory_id="a", as_of_seq=head - 1_050)
    assert (await served.memory.get_memory(asked)).memory.version == 51


@pytest.mark.parametrize("is_appended", [False, True], ids=["recorded", "appended past memory"])
async def test_what_is_so_again_is_held_again(served: Served, is_appended: bool) -> None:
    await begin(served)
    first = await record(served, fact("Ana lives in Porto"))
    await record(served, fact("Ana lives in Lyon"))
    if is_appended:
        back = ledger.NewEvent(body=mind.Body(memory_recorded=fact("Ana lives in Porto", memory_id="back")))
        seq = (await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=[back]))).head_seq
        back_id = "back"
    else:
        again = await record(served, fact("Ana lives in Porto"))
        (back_id,), seq = again.memory_ids, again.seq
    request = pb.ListMemoriesRequest(mind_id="ada", min_seq=seq)
    held = (await served.memory.list_memories(request, timeout=20)).memories

    assert back_id not in first.memory_ids
    assert len(held) == 3
    assert [(one.text, one.memory_id) for one in held if not one.HasField("valid_to")] == [
        ("Ana lives in Porto", back_id)
    ]
    once_more = await record(served, fact("Ana lives in Porto"))
    assert once_more.memory_ids == [back_id]


async def test_a_call_that_is_repeated_late_is_known_whatever_became_of_its_memory(served: Served) -> None:
    await begin(served)
    first = await record(served, fact("Ana lives in Porto"), key="once")
    await record(served, fact("Ana lives in Lyon"))
    assert (await record(served, fact("Ana lives in Porto"), key="once")).memory_ids == first.memory_ids
    retracted = mind.MemoryRetracted(memory_id=first.memory_ids[0])
    await served.memory.retract_memories(
        pb.RetractMemoriesRequest(mind_id="ada", retractions=[retracted]), timeout=20
    )
    assert (await record(served, fact("Ana lives in Porto"), key="once")).memory_ids == first.memory_ids


async def test_a_memory_comes_from_no_event_that_is_still_to_come(served: Served) -> None:
    head = await begin(served, said("I keep bees"))
    formed = await record(served, fact("The user keeps bees.", source_seqs=[head]))

    with pytest.raises(errors.InvalidArgument) as recorded:
        await record(served, fact("fine"), fact("The user sells honey.", source_seqs=[head, formed.seq + 1]))
    revision = mind.MemoryRevised(memory_id=formed.memory_ids[0], text="Bees.", source_seqs=[formed.seq + 1])
    with pytest.raises(errors.InvalidArgument) as revised:
        await served.memory.revise_memories(pb.ReviseMemoriesRequest(mind_id="ada", revisions=[revision]))

    assert [violation.field for violation in recorded.value.violations] == ["memories[1].source_seqs"]
    assert [violation.field for violation in revised.value.violations] == ["revisions[0].source_seqs"]
    assert await held(served) == 2
