"""Who goes next: persons before background work, callers in turn, no slot lost whatever is given up."""

from __future__ import annotations

import asyncio
import random

import pytest

from services.inference.admission import Admission
from services.inference.errors import BackendBusy


async def in_order(calls: list[tuple[str, bool]]) -> list[tuple[str, bool]]:
    """The order in which calls get the only slot, all of which wait before it is free."""
    admission = Admission(max_running=1, max_waiting=len(calls))
    order: list[tuple[str, bool]] = []

    async def call(caller: str, is_background: bool) -> None:
        async with admission.turn(caller, is_background=is_background):
            order.append((caller, is_background))

    async with admission.turn("first"):
        tasks = [asyncio.create_task(call(*one)) for one in calls]
        while admission.waiting < len(calls):
            await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    assert (admission.running, admission.waiting) == (0, 0)
    return order


async def test_a_person_goes_before_background_work() -> None:
    order = await in_order([("a", True), ("a", True), ("b", False), ("c", False)])

    assert order == [("b", False), ("c", False), ("a", True), ("a", True)]


async def test_callers_take_turns() -> None:
    order = await in_order([("a", False)] * 4 + [("b", False)] + [("c", False)] * 2)

    assert "".join(caller for caller, _ in order) == "abcacaa"


async def test_what_is_more_than_may_wait_is_refused() -> None:
    admission = Admission(max_running=1, max_waiting=0)
    async with admission.turn("a"):
        with pytest.raises(BackendBusy):
            async with admission.turn("b"):
                pass
    async with admission.turn("b"):
        assert admission.running == 1


async def test_no_slot_is_lost_whatever_is_given_up() -> None:
    chance = random.Random(5)
    admission = Admission(max_running=3, max_waiting=500)

    async def call(number: int) -> None:
        async with admission.turn(f"c{number % 5}", is_background=number % 3 == 0):
            await asyncio.sleep(chance.uniform(0, 0.002))

    for _ in range(20):
        tasks = [asyncio.create_task(call(number)) for number in range(40)]
        for task in chance.sample(tasks, 20):
            await asyncio.sleep(chance.uniform(0, 0.001))
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert (admission.running, admission.waiting) == (0, 0)
    async with admission.turn(), admission.turn(), admission.turn():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01), admission.turn():
                pass
