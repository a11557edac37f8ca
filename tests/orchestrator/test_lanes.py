"""Lanes: whatever takes long, each mind's events are done in order, and the position never passes what is not done."""

from __future__ import annotations

import asyncio
from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from pmm.mind.v1.events_pb2 import Event
from services.orchestrator.workers import lanes as module
from services.orchestrator.workers.lanes import Lanes


@settings(max_examples=50)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 4)), max_size=60))
def test_in_order_within_a_mind_and_the_position_waits_for_the_slowest(given_: list[tuple[str, int]]) -> None:
    async def run() -> None:
        done: dict[str, list[int]] = defaultdict(list)
        pauses = {position: pause for position, (_, pause) in enumerate(given_, start=1)}

        async def work(event: Event) -> None:
            for _ in range(pauses[event.position]):
                await asyncio.sleep(0)
            done[event.mind_id].append(event.position)
            finished = sorted(position for positions in done.values() for position in positions)
            assert all(position in finished for position in range(1, lanes.done + 1))

        lanes = Lanes(work, 0)
        async with asyncio.TaskGroup() as group:
            for position, (mind_id, _) in enumerate(given_, start=1):
                await lanes.put(Event(mind_id=mind_id, position=position), group)
                lanes.deliver(position)
        assert lanes.done == len(given_)
        for mind_id, positions in done.items():
            assert positions == [p for p, (m, _) in enumerate(given_, start=1) if m == mind_id]

    asyncio.run(run())


async def test_a_mind_that_hangs_holds_up_no_other_and_a_backlog_is_bounded() -> None:
    released, others = asyncio.Event(), list[int]()

    async def work(event: Event) -> None:
        if event.mind_id == "slow":
            await released.wait()
        else:
            others.append(event.position)

    lanes = Lanes(work, 10)
    async with asyncio.TaskGroup() as group:
        await lanes.put(Event(mind_id="slow", position=11), group)
        for position in range(12, 12 + module.WAITING_EVENTS // 2):
            await lanes.put(Event(mind_id=f"m{position % 40}", position=position), group)
        while len(others) < module.WAITING_EVENTS // 2:
            await asyncio.sleep(0)
        assert lanes.done == 10
        for position in range(5_000, 5_000 + module.WAITING_EVENTS - 1):
            await lanes.put(Event(mind_id="slow", position=position), group)
        one_more = asyncio.create_task(lanes.put(Event(mind_id="slow", position=9_000), group))
        for _ in range(100):
            await asyncio.sleep(0)
        assert not one_more.done()
        released.set()
        await one_more
    lanes.deliver(9_000)
    assert lanes.done == 9_000
