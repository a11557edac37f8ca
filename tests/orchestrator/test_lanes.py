"""Lanes: whatever takes long, each mind's events are done in order, and the position never passes what is not done."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.mind.v1 import events_pb2 as mind
from pmm.mind.v1.events_pb2 import Event
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from services.orchestrator.workers import lanes as module
from services.orchestrator.workers.lanes import HELD_EVENTS, MINDS_AT_ONCE, Lanes
from tests.orchestrator.talking import converse, events, followed
from tests.support.serving import Served

BACKLOG = 3 * HELD_EVENTS + 5
LONG = 3_000


@pytest.fixture(autouse=True, scope="module")
def little_room() -> Iterator[None]:
    """What is behind is read again also where little is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "HELD_TOGETHER", HELD_EVENTS)
        yield


class Stored:
    """Events on disk, by mind."""

    def __init__(self) -> None:
        self.by_mind: defaultdict[str, list[Event]] = defaultdict(list)
        self.reads = 0

    def event(self, mind_id: str, position: int) -> Event:
        """The next event of a mind."""
        known = self.by_mind[mind_id]
        known.append(Event(mind_id=mind_id, seq=2 * len(known) + 1, position=position))
        return known[-1]

    async def read(self, mind_id: str, from_seq: int, to_seq: int, limit: int) -> Sequence[Event]:
        self.reads += 1
        await asyncio.sleep(0)
        return [event for event in self.by_mind[mind_id] if from_seq <= event.seq <= to_seq][:limit]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("aaab" * 3 + "cd"), st.integers(0, 4)), max_size=4 * HELD_EVENTS))
def test_in_order_within_a_mind_and_the_position_waits_for_the_slowest(given_: list[tuple[str, int]]) -> None:
    async def run() -> None:
        done: dict[str, list[int]] = defaultdict(list)
        stored, pauses = Stored(), {place: pause for place, (_, pause) in enumerate(given_, start=1)}

        async def work(event: Event) -> None:
            for _ in range(pauses[event.position]):
                await asyncio.sleep(0)
            done[event.mind_id].append(event.position)
            finished = {position for positions in done.values() for position in positions}
            assert finished.issuperset(range(1, lanes.done + 1))
            for mind_id, known in stored.by_mind.items():
                reached = [e.position for e in known if lanes.is_done(mind_id, e.position)]
                assert finished.issuperset(reached)

        lanes = Lanes(work, stored.read, 0)
        async with asyncio.TaskGroup() as group:
            for position, (mind_id, _) in enumerate(given_, start=1):
                await lanes.put(stored.event(mind_id, position), group)
                lanes.deliver(position)
                if position % 7 == 0:
                    await asyncio.sleep(0)
        assert lanes.done == len(given_)
        for mind_id, positions in done.items():
            assert positions == [p for p, (m, _) in enumerate(given_, start=1) if m == mind_id]

    asyncio.run(run())


async def test_a_backlog_of_one_mind_delays_no_other_and_is_not_held_in_memory() -> None:
    released, others, slow = asyncio.Event(), list[int](), list[int]()
    stored = Stored()

    async def work(event: Event) -> None:
        if event.mind_id == "slow":
            await released.wait()
            slow.append(event.seq)
        else:
            others.append(event.position)

    lanes = Lanes(work, stored.read, 10)
    async with asyncio.TaskGroup() as group:
        for position in range(11, 11 + LONG):
            await lanes.put(stored.event("slow", position), group)
        await lanes.put(stored.event("quick", 11 + LONG), group)
        lanes.deliver(11 + LONG)
        while not others:
            await asyncio.sleep(0)
        assert (others, lanes.done, stored.reads) == ([11 + LONG], 10, 0)
        assert lanes.is_done("quick", 11 + LONG)
        assert not lanes.is_done("slow", 11)
        released.set()
    assert slow == [event.seq for event in stored.by_mind["slow"]]
    assert stored.reads >= LONG // HELD_EVENTS - 1
    assert lanes.done == 11 + LONG


async def test_what_was_stopped_is_not_done() -> None:
    stored, reached = Stored(), asyncio.Event()

    async def work(event: Event) -> None:
        if event.seq > 2 * HELD_EVENTS:
            reached.set()
            await asyncio.sleep(3_600)

    lanes = Lanes(work, stored.read, 0)
    async with asyncio.TaskGroup() as group:
        for position in range(1, BACKLOG + 1):
            await lanes.put(stored.event("ada", position), group)
        lanes.deliver(BACKLOG)
        await reached.wait()
        await lanes.close()
    assert lanes.done == HELD_EVENTS


async def test_what_is_put_while_what_is_behind_is_read_is_done_in_its_turn() -> None:
    stored, done = Stored(), list[int]()
    more = 5

    async def read(mind_id: str, from_seq: int, to_seq: int, limit: int) -> Sequence[Event]:
        found = await stored.read(mind_id, from_seq, to_seq, limit)
        if found[-1].position == BACKLOG:
            for position in range(BACKLOG + 1, BACKLOG + more + 1):
                await lanes.put(stored.event("ada", position), group)
        return found

    async def work(event: Event) -> None:
        done.append(event.position)

    lanes = Lanes(work, read, 0)
    async with asyncio.TaskGroup() as group:
        for position in range(1, BACKLOG + 1):
            await lanes.put(stored.event("ada", position), group)
    assert done == list(range(1, BACKLOG + more + 1))


async def test_it_is_told_of_each_event_that_it_is_done_and_what_lies_up_to_the_next_with_it() -> None:
    stored, released = Stored(), asyncio.Event()

    async def work(event: Event) -> None:
        if event.position == 9:
            await released.wait()

    lanes = Lanes(work, stored.read, 0)
    async with asyncio.TaskGroup() as group:
        for position in (4, 9):
            await lanes.put(stored.event("ada", position), group)
        assert not lanes.is_done("ben", 9), "it may be yet to come"
        lanes.deliver(9)
        await lanes.moved()
        assert (lanes.done, lanes.is_done("ada", 8), lanes.is_done("ada", 9)) == (8, True, False)
        released.set()
        await lanes.moved()
        assert (lanes.done, lanes.is_done("ada", 9)) == (9, True)


async def test_of_many_minds_only_so_many_are_worked_on_at_a_time() -> None:
    stored, released, begun = Stored(), asyncio.Event(), list[str]()

    async def work(event: Event) -> None:
        begun.append(event.mind_id)
        await released.wait()

    lanes = Lanes(work, stored.read, 0)
    async with asyncio.TaskGroup() as group:
        for position in range(1, 2 * MINDS_AT_ONCE + 1):
            await lanes.put(stored.event(f"m{position}", position), group)
        for _ in range(100):
            await asyncio.sleep(0)
        assert len(begun) == MINDS_AT_ONCE
        released.set()
    assert len(begun) == 2 * MINDS_AT_ONCE


async def test_minds_that_cannot_be_read_take_no_place_from_others() -> None:
    stored, done = Stored(), list[int]()

    async def work(event: Event) -> None:
        done.append(event.position)

    async def read(mind_id: str, from_seq: int, to_seq: int, limit: int) -> Sequence[Event] | None:
        return None

    lanes, last = Lanes(work, read, 0), MINDS_AT_ONCE * BACKLOG
    async with asyncio.TaskGroup() as group, asyncio.timeout(module.READ_AGAIN_SECONDS / 2):
        for position in range(last):
            await lanes.put(stored.event(f"m{position // BACKLOG}", position), group)
        while len(done) < MINDS_AT_ONCE * HELD_EVENTS:
            await asyncio.sleep(0)
        await lanes.put(stored.event("sound", last), group)
        while last not in done:
            await asyncio.sleep(0)
        await lanes.close()


async def test_a_mind_that_could_not_be_read_goes_on_once_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "READ_AGAIN_SECONDS", 0.01)
    stored, done, is_mended = Stored(), list[int](), asyncio.Event()

    async def work(event: Event) -> None:
        done.append(event.position)

    async def read(mind_id: str, from_seq: int, to_seq: int, limit: int) -> Sequence[Event] | None:
        return await stored.read(mind_id, from_seq, to_seq, limit) if is_mended.is_set() else None

    lanes = Lanes(work, read, 0)
    async with asyncio.TaskGroup() as group:
        for position in range(BACKLOG):
            await lanes.put(stored.event("ada", position), group)
        await asyncio.sleep(0.05)
        assert len(done) == HELD_EVENTS
        is_mended.set()
    assert done == list(range(BACKLOG))


async def test_nothing_is_worked_on_any_more_once_it_is_closed() -> None:
    stored, ends, is_begun = Stored(), list[int](), asyncio.Event()

    async def work(event: Event) -> None:
        is_begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ends.append(event.position)

    lanes = Lanes(work, stored.read, 0)
    async with asyncio.TaskGroup() as group:
        await lanes.put(stored.event("ada", 1), group)
        await is_begun.wait()
        await lanes.close()
        assert ends == [1]


async def test_what_a_deleted_mind_had_waiting_is_done_with_it() -> None:
    stored, released = Stored(), asyncio.Event()

    async def work(_: Event) -> None:
        await released.wait()

    lanes = Lanes(work, stored.read, 0)
    async with asyncio.TaskGroup() as group:
        for position in range(1, BACKLOG + 1):
            await lanes.put(stored.event("ada", position), group)
        lanes.deliver(BACKLOG)
        stored.by_mind["ada"].clear()
        released.set()
    assert lanes.done == BACKLOG


async def test_too_many_minds_with_something_waiting_hold_back_a_further_one() -> None:
    stored, released = Stored(), asyncio.Event()

    async def work(_: Event) -> None:
        await released.wait()

    lanes = Lanes(work, stored.read, 0)
    async with asyncio.TaskGroup() as group:
        for position in range(1, module.WAITING_MINDS + 1):
            await lanes.put(stored.event(f"m{position}", position), group)
        last = module.WAITING_MINDS + 2
        await lanes.put(stored.event("m1", last - 1), group)
        further = asyncio.create_task(lanes.put(stored.event("further", last), group))
        for _ in range(100):
            await asyncio.sleep(0)
        assert not further.done()
        released.set()
        await further
    lanes.deliver(last)
    assert lanes.done == last


async def test_every_message_of_a_long_backlog_is_followed_up(served: Served) -> None:
    texts = [f"Remind me to call person{number}." for number in range(BACKLOG)]
    said = [
        ledger.NewEvent(actor="user", body=mind.Body(user_message=mind.UserMessage(text=text)))
        for text in texts
    ]
    await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=said))
    await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="bea"))
    await converse(served, "Remind me to water the plants.", "bea")
    await followed(served)
    await followed(served, "bea")

    opened = [
        event.body.commitment_opened.text for event in await events(served, kinds=["commitment_opened"])
    ]
    assert opened == [f"call person{number}" for number in range(BACKLOG)]
    assert len(await events(served, "bea", kinds=["commitment_opened"])) == 1


async def test_who_waits_for_lanes_that_are_closed_looks_again() -> None:
    async def work(_: Event) -> None:
        await asyncio.Event().wait()

    stored = Stored()
    lanes = Lanes(work, stored.read, 0)
    async with asyncio.TaskGroup() as group:
        await lanes.put(stored.event("a", 1), group)
        waiting = group.create_task(lanes.moved())
        await asyncio.sleep(0)
        await lanes.close()
        async with asyncio.timeout(5):
            await waiting
