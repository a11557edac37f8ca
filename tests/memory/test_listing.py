"""A listing shows each memory once, whatever is appended, changed, erased or rebuilt between its pages."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

import pytest

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.memory.v1 import memory_pb2 as pb
from pmm.mind.v1 import events_pb2 as mind
from pmm_client import errors
from services.memory import lookup
from services.memory.lookup import LOOKED_AT_ONCE
from tests.memory.conftest import SETTINGS
from tests.support.drafts import created, said
from tests.support.serving import Served, serving


def body(**kind: Any) -> ledger.NewEvent:
    return ledger.NewEvent(body=mind.Body(**kind))


def fact(memory_id: str, text: str, **more: Any) -> ledger.NewEvent:
    recorded = mind.MemoryRecorded(memory_id=memory_id, text=text, type=mind.MEMORY_TYPE_FACT, **more)
    return body(memory_recorded=recorded)


async def tell(served: Served, *events: ledger.NewEvent) -> int:
    return (await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=events))).head_seq


async def page(served: Served, token: str = "", min_seq: int = 0, **more: Any) -> tuple[list[str], str]:
    request = pb.ListMemoriesRequest(mind_id="ada", page_token=token, min_seq=min_seq, page_size=2, **more)
    answer = await served.memory.list_memories(request, timeout=20)
    return [found.memory_id for found in answer.memories], answer.next_page_token


async def rest(served: Served, token: str) -> list[str]:
    found: list[str] = []
    while token:
        ids, token = await page(served, token)
        found += ids
    return found


async def folded_again(served: Served) -> None:
    async with asyncio.timeout(20):
        while (await served.memory.stats(pb.StatsRequest())).rebuilding:
            await asyncio.sleep(0.05)


async def test_what_is_changed_between_pages_is_listed_as_it_was(served: Served) -> None:
    head = await tell(served, created(), *(fact(f"m{number}", f"fact {number}") for number in range(6)))
    first, token = await page(served, min_seq=head)
    head = await tell(
        served,
        fact("m6", "fact 6"),
        body(memory_revised=mind.MemoryRevised(memory_id="m1", text="another")),
        body(memory_rated=mind.MemoryRated(memory_id="m4", rating=1)),
        body(memory_retracted=mind.MemoryRetracted(memory_id="m0")),
    )
    await page(served, min_seq=head)

    assert first + await rest(served, token) == ["m5", "m4", "m3", "m2", "m1", "m0"]
    assert (await page(served))[0] == ["m4", "m1"]


async def test_memories_of_one_event_are_listed_once_wherever_a_page_ends(served: Served) -> None:
    older = [fact(f"m{number}", f"fact {number}") for number in range(5)]
    newer = fact("z", "none of them", contradicts=[f"m{number}" for number in range(5)])
    first, token = await page(served, min_seq=await tell(served, created(), *older, newer))

    assert first + await rest(served, token) == ["z", "m4", "m3", "m2", "m1", "m0"]


async def test_pages_go_on_after_an_erasure_and_after_a_rebuild(tmp_path: Path) -> None:
    async with serving(tmp_path, "ledger", "memory", settings=SETTINGS) as served:
        head = await tell(served, created(), *(said(f"message {number}") for number in range(8)))
        first, token = await page(served, min_seq=head)
        # Of what was listed, of what comes next, and of what comes later.
        erased = await served.ledger.redact(ledger.RedactRequest(mind_id="ada", seqs=[8, 7, 4]))
        second, following = await page(served, token, min_seq=erased.seq)
        assert first + second == ["e9", "e8", "e6", "e5"]
    shutil.rmtree(tmp_path / "memory")
    async with serving(tmp_path, "ledger", "memory", settings=SETTINGS) as served:
        await page(served, min_seq=erased.seq)

        assert await rest(served, following) == ["e3", "e2"]
        assert await rest(served, token) == ["e6", "e5", "e3", "e2"]


async def test_a_listing_whose_beginning_has_become_another_is_refused_and_begins_anew(
    served: Served,
) -> None:
    head = await tell(
        served,
        created(),
        *(fact(f"m{number}", f"fact {number}") for number in range(4)),
        body(memory_revised=mind.MemoryRevised(memory_id="m0", text="another")),
    )
    first, token = await page(served, min_seq=head)
    assert first == ["m0", "m3"]
    await served.ledger.redact(ledger.RedactRequest(mind_id="ada", seqs=[head]))
    await page(served, min_seq=head + 1)
    await folded_again(served)

    with pytest.raises(errors.ListingChanged):
        await rest(served, token)
    first, token = await page(served)
    assert first + await rest(served, token) == ["m3", "m2", "m1", "m0"]


@pytest.mark.parametrize("memory_id", ["a.b.c", "ä ö/ü%20", "x" * 128])
async def test_pages_fit_together_whatever_memories_are_called(served: Served, memory_id: str) -> None:
    ids = [f"{memory_id[:120]}{number}" for number in range(5)]
    first, token = await page(
        served, min_seq=await tell(served, created(), *(fact(each, f"fact {each}") for each in ids))
    )

    assert first + await rest(served, token) == ids[::-1]


@pytest.mark.parametrize("token", ["3", "1.2.3", "1.0.x.m1", "-1.0.1.m1", "1.0.1.", f"1.0.{'9' * 30}.m1"])
async def test_what_is_no_token_is_refused(served: Served, token: str) -> None:
    await tell(served, created())
    with pytest.raises(errors.InvalidArgument):
        await page(served, token)


async def test_what_few_memories_fit_is_found_however_many_lie_between(served: Served) -> None:
    wanted = mind.MemoryRecorded(memory_id="rare", text="a rare fact", type=mind.MEMORY_TYPE_FACT)
    again = mind.MemoryRecorded(memory_id="first", text="another rare fact", type=mind.MEMORY_TYPE_FACT)
    many = [said(f"message {number}") for number in range(2 * LOOKED_AT_ONCE)]
    await tell(served, created(), body(memory_recorded=again))
    for start in range(0, len(many), 500):
        await tell(served, *many[start : start + 500])
    head = await tell(served, body(memory_recorded=wanted), said("the last message"))
    request = pb.ListMemoriesRequest(
        mind_id="ada", min_seq=head, filter=pb.MemoryFilter(types=[mind.MEMORY_TYPE_FACT]), page_size=1
    )
    first = await served.memory.list_memories(request, timeout=30)
    request.page_token = first.next_page_token
    second = await served.memory.list_memories(request, timeout=30)

    assert [[one.memory_id for one in page.memories] for page in (first, second)] == [["rare"], ["first"]]
    assert second.next_page_token == ""


@pytest.fixture
def looked_at_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if a mind of a few dozen memories were a large one."""
    monkeypatch.setattr(lookup, "LOOKED_AT_ONCE", 5)
    monkeypatch.setattr(lookup, "LOOKED_AT_A_PAGE", 10)


FACTS = pb.MemoryFilter(types=[mind.MEMORY_TYPE_FACT])


@pytest.mark.usefixtures("looked_at_few")
async def test_a_page_is_full_however_few_fit_for_others_are_not_looked_at(served: Served) -> None:
    rare = [fact(f"m{number}", f"a rare fact {number}") for number in range(3)]
    many = [said(f"message {number}") for number in range(30)]
    head = await tell(served, created(), *rare, *many, fact("new", "a new fact"))

    first, token = await page(served, min_seq=head, filter=FACTS)
    second, end = await page(served, token, filter=FACTS)

    assert (first, second, end) == (["new", "m2"], ["m1", "m0"], "")


@pytest.mark.usefixtures("looked_at_few")
async def test_a_page_ends_before_it_is_full_where_few_hold_of_what_fits_and_the_next_one_goes_on(
    served: Served,
) -> None:
    again = [body(memory_revised=mind.MemoryRevised(memory_id="m1", text=f"it is {n}")) for n in range(30)]
    head = await tell(served, created(), fact("m0", "a fact"), fact("m1", "another"), *again)

    first, token = await page(served, min_seq=head, filter=FACTS)
    found, pages = first, 1
    while token:
        ids, token = await page(served, token, filter=FACTS)
        found, pages = found + ids, pages + 1

    assert first == ["m1"]
    assert found == ["m1", "m0"]
    assert pages > 2


FILTERS = {
    "tag": pb.MemoryFilter(tags=["red"]),
    "one of two tags": pb.MemoryFilter(any_tags=["red", "blue"]),
    "session": pb.MemoryFilter(session_ids=["s2"]),
    "speaker": pb.MemoryFilter(speakers=["Bea"]),
    "entity": pb.MemoryFilter(entities=["porto"]),
    "nobody's": pb.MemoryFilter(speakers=["nobody"]),
    "of three": pb.MemoryFilter(any_of=[pb.MemoryFilter(tags=["blue"]), pb.MemoryFilter(speakers=["bea"])]),
    "not": pb.MemoryFilter(none_of=[pb.MemoryFilter(session_ids=["s1"]), pb.MemoryFilter(tags=["blue"])]),
}


@pytest.mark.parametrize("wanted", FILTERS.values(), ids=FILTERS)
@pytest.mark.usefixtures("looked_at_few")
async def test_what_fits_a_filter_is_listed_as_it_was_whatever_comes_between(
    served: Served, wanted: pb.MemoryFilter
) -> None:
    events = [created()]
    for number in range(20):
        tags = [("red",), ("blue",), ("red", "blue"), ()][number % 4]
        events.append(fact(f"m{number}", f"fact {number}", tags=tags, entities=["Porto"][: number % 3]))
        events.append(said(f"message {number}", session_id=f"s{number % 3}"))
        message = mind.UserMessage(text=f"words {number}", speaker=["Bea", "Ana"][number % 2])
        events.append(ledger.NewEvent(session_id="s9", actor="user", body=mind.Body(user_message=message)))
    head = await tell(served, *events)
    await tell(served, body(memory_retracted=mind.MemoryRetracted(memory_id="m2")))
    head = await tell(
        served, body(memory_revised=mind.MemoryRevised(memory_id="m4", text="red no more", tags=["grey"]))
    )
    await page(served, min_seq=head)
    everything = await whole(served)
    expected = [one.memory_id for one in everything if fits(wanted, one)]

    first, token = await page(served, filter=wanted)
    later = await tell(
        served,
        fact("late", "a late fact", tags=["red"], entities=["Porto"]),
        body(memory_retracted=mind.MemoryRetracted(memory_id="m0")),
    )
    await page(served, min_seq=later)
    found = list(first)
    while token:
        ids, token = await page(served, token, filter=wanted)
        found += ids

    assert found == expected


async def whole(served: Served) -> list[pb.Memory]:
    """All that is held, newest first."""
    request = pb.ListMemoriesRequest(mind_id="ada", page_size=1_000)
    found: list[pb.Memory] = []
    while True:
        answer = await served.memory.list_memories(request, timeout=20)
        found += answer.memories
        if not answer.next_page_token:
            return found
        request.page_token = answer.next_page_token


def fits(wanted: pb.MemoryFilter, one: pb.Memory) -> bool:
    """Whether a memory meets a filter, as the contract says."""
    return (
        set(wanted.tags) <= set(one.tags)
        and (not wanted.any_tags or bool(set(wanted.any_tags) & set(one.tags)))
        and (not wanted.session_ids or one.session_id in wanted.session_ids)
        and (not wanted.speakers or one.speaker.lower() in {each.lower() for each in wanted.speakers})
        and (not wanted.entities or bool(set(wanted.entities) & {each.lower() for each in one.entities}))
        and (not wanted.any_of or any(fits(each, one) for each in wanted.any_of))
        and not any(fits(each, one) for each in wanted.none_of)
    )


@pytest.mark.slow
async def test_a_page_of_long_memories_ends_before_it_is_full(served: Served) -> None:
    long = "x" * 200_000
    head = await tell(served, created())
    for number in range(20):
        head = await tell(served, said(f"{number} {long}"), said(f"short {number}"))
    request = pb.ListMemoriesRequest(mind_id="ada", page_size=1_000, min_seq=head)
    answers = [await served.memory.list_memories(request, timeout=30)]
    while token := answers[-1].next_page_token:
        request.page_token = token
        answers.append(await served.memory.list_memories(request, timeout=30))

    assert len(answers) == 2
    assert all(answer.ByteSize() < 4 * 2**20 for answer in answers)
    assert [one.memory_id for answer in answers for one in answer.memories] == [
        f"e{seq}" for seq in range(head, 1, -1)
    ]


@pytest.mark.usefixtures("looked_at_few")
async def test_what_was_recorded_at_another_time_is_not_looked_at(served: Served) -> None:
    parts = [
        [created(), *(said(f"message {number}") for number in range(30))],
        [fact("m0", "a fact"), fact("m1", "another one")],
        [said(f"another message {number}") for number in range(30)],
    ]
    told = [await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=part)) for part in parts]
    begin, end = (answer.events[0].recorded_at for answer in told[1:])

    between = pb.MemoryFilter(recorded_from=begin, recorded_to=end)
    assert await page(served, min_seq=told[2].head_seq, filter=between) == (["m1", "m0"], "")
    assert await page(served, filter=pb.MemoryFilter(recorded_from=begin, recorded_to=begin)) == ([], "")
    assert (await page(served, filter=FACTS, as_of_seq=told[1].head_seq))[0] == ["m1", "m0"]
    older, token = await page(served, filter=pb.MemoryFilter(recorded_to=begin))
    assert (older, token != "") == (["e31", "e30"], True)
