"""What Subscribe promises, through the real server: no gap, no repeat, at the consumer's pace."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

import pmm_client
from pmm.ledger.v1 import ledger_pb2 as pb
from tests.support.ledger import RunningLedger, custom, running_ledger, said

PATIENCE_S = 10
SUBSCRIBERS = 100


def parts(ledger: RunningLedger, **fields: Any) -> AsyncIterator[pb.SubscribeResponse]:
    return ledger.client.subscribe(pb.SubscribeRequest(**fields))


async def until(stream: AsyncIterator[pb.SubscribeResponse], what: str) -> list[pb.SubscribeResponse]:
    """The parts up to the first of a kind, which is the last of them."""
    found: list[pb.SubscribeResponse] = []
    async with asyncio.timeout(PATIENCE_S):
        async for part in stream:
            found.append(part)
            if part.WhichOneof("part") == what:
                return found
    raise AssertionError(f"the stream ended without {what}: {found}")


async def caught_up(ledger: RunningLedger, **fields: Any) -> list[pb.SubscribeResponse]:
    async with aclosing(parts(ledger, **fields)) as stream:
        return await until(stream, "caught_up")


def seqs(found: list[pb.SubscribeResponse]) -> list[int]:
    return [event.seq for part in found for event in part.page.events]


async def test_what_is_stored_comes_first_between_started_and_caught_up(ledger: RunningLedger) -> None:
    await ledger.create("ada", said("one"), said("two"))

    found = await caught_up(ledger, mind_id="ada")

    assert [part.WhichOneof("part") for part in found] == ["started", "page", "caught_up"]
    head = await ledger.head("ada")
    assert (found[0].started.store_id, found[0].started.head_position) == (head.store_id, 3)
    assert seqs(found) == [1, 2, 3]
    assert (found[-1].caught_up.seq, found[-1].caught_up.position) == (3, 3)


async def test_of_one_mind_only_its_own_events_come(ledger: RunningLedger) -> None:
    await ledger.create("ada")
    await ledger.create("bob", said("not for ada's"))
    await ledger.append("ada", said("for ada's"))

    found = await caught_up(ledger, mind_id="ada", after_seq=1)

    assert seqs(found) == [2]
    assert (found[-1].caught_up.seq, found[-1].caught_up.position) == (2, 4)


async def test_of_all_minds_every_event_comes_by_position(ledger: RunningLedger) -> None:
    await ledger.create("ada")
    await ledger.create("bob", said("x"))
    await ledger.append("ada", said("y"))

    found = await caught_up(ledger, after_position=1)

    events = [event for part in found for event in part.page.events]
    assert [(event.position, event.mind_id, event.seq) for event in events] == [
        (2, "bob", 1),
        (3, "bob", 2),
        (4, "ada", 2),
    ]


@pytest.mark.parametrize("subscription", [{"mind_id": "ada"}, {}], ids=["one mind", "all minds"])
async def test_there_is_neither_gap_nor_repeat_at_the_seam(
    ledger: RunningLedger, subscription: dict[str, Any]
) -> None:
    await ledger.create("ada", *(said(str(i)) for i in range(600)))
    total = 601 + 8 * 40

    async def appender(name: int) -> None:
        for i in range(40):
            await ledger.append("ada", said(f"{name}-{i}"))

    async def follower() -> tuple[list[int], int]:
        found: list[int] = []
        markers = 0
        async with aclosing(parts(ledger, **subscription)) as stream:
            async for part in stream:
                markers += part.HasField("caught_up")
                found += [event.seq for event in part.page.events]
                if len(found) >= total:
                    break
        return found, markers

    async with asyncio.timeout(PATIENCE_S):
        results = await asyncio.gather(*(follower() for _ in range(3)), *map(appender, range(8)))

    for found, markers in results[:3]:
        assert found == list(range(1, total + 1))
        assert markers == 1


async def test_many_subscribers_all_get_everything(ledger: RunningLedger) -> None:
    await ledger.create("ada")
    everyone_follows = asyncio.Barrier(SUBSCRIBERS + 1)

    async def follower() -> list[int]:
        async with aclosing(parts(ledger, mind_id="ada")) as stream:
            found = seqs(await until(stream, "caught_up"))
            await everyone_follows.wait()
            while len(found) < 21:
                found += seqs(await until(stream, "page"))
        return found

    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
        followers = [group.create_task(follower()) for _ in range(SUBSCRIBERS)]
        await everyone_follows.wait()
        for i in range(20):
            await ledger.append("ada", said(str(i)))

    assert all(task.result() == list(range(1, 22)) for task in followers)


async def test_who_is_caught_up_is_told_of_a_new_event(ledger: RunningLedger) -> None:
    await ledger.create("ada")
    async with aclosing(parts(ledger, mind_id="ada", after_seq=1)) as stream:
        await until(stream, "caught_up")

        await ledger.append("ada", said("live"))

        found = await until(stream, "page")
    assert [event.body.user_message.text for event in found[-1].page.events] == ["live"]
    assert (found[-1].page.seq, found[-1].page.position) == (2, 2)


async def test_who_is_caught_up_is_told_of_an_erasure_and_of_the_end_of_the_mind(
    ledger: RunningLedger,
) -> None:
    await ledger.create("ada", said("one"))
    async with aclosing(parts(ledger, after_position=2)) as stream:
        await until(stream, "caught_up")

        await ledger.client.redact(pb.RedactRequest(mind_id="ada", seqs=[2]))
        erased = await until(stream, "page")
        await ledger.client.delete_mind(pb.DeleteMindRequest(mind_id="ada", confirm_mind_id="ada"))
        deleted = await until(stream, "page")

    assert [event.kind for event in erased[-1].page.events] == ["event_redacted"]
    assert [event.kind for event in deleted[-1].page.events] == ["mind_deleted"]


async def test_silence_has_a_heartbeat_that_says_how_far_it_went(ledger: RunningLedger) -> None:
    await ledger.create("bob")
    await ledger.create("ada", said("x"))

    for fields, place in (({"mind_id": "ada", "after_seq": 2}, (2, 3)), ({"after_position": 3}, (0, 3))):
        async with aclosing(parts(ledger, **fields, heartbeat={"nanos": 100_000_000})) as stream:
            found = await until(stream, "heartbeat")
        assert [part.WhichOneof("part") for part in found] == ["started", "caught_up", "heartbeat"]
        assert (found[1].caught_up.seq, found[1].caught_up.position) == place
        assert (found[2].heartbeat.seq, found[2].heartbeat.position) == place


async def test_a_quiet_mind_has_heartbeats_while_others_are_busy(ledger: RunningLedger) -> None:
    await ledger.create("ada")
    await ledger.create("bob")

    async def keep_busy() -> None:
        while True:
            await ledger.append("bob", said("x"))

    busy = asyncio.create_task(keep_busy())
    async with aclosing(
        parts(ledger, mind_id="ada", after_seq=1, heartbeat={"nanos": 200_000_000})
    ) as stream:
        found = await until(stream, "heartbeat")
    busy.cancel()

    assert [part.WhichOneof("part") for part in found] == ["started", "caught_up", "heartbeat"]


async def test_a_restored_mind_comes_to_who_follows_all_minds(ledger: RunningLedger, tmp_path: Path) -> None:
    await ledger.create("ada")
    async with running_ledger(tmp_path / "other") as other:
        await other.create("bob", said("x"))
        lines = await other.export("bob")
    async with aclosing(parts(ledger)) as stream:
        await until(stream, "caught_up")

        await ledger.restore("bob", b"".join(lines))

        found = await until(stream, "page")
    assert [(event.mind_id, event.position) for event in found[-1].page.events] == [("bob", 2), ("bob", 3)]


async def test_skipped_kinds_move_the_place_on(ledger: RunningLedger) -> None:
    await ledger.create("ada", said("x"), custom("a"), said("y"))

    async with aclosing(parts(ledger, kinds=["custom.*"])) as stream:
        found = await until(stream, "caught_up")
        assert seqs(found) == [3]
        assert found[-1].caught_up.position == 4

        await ledger.append("ada", said("skipped"))
        empty = await until(stream, "page")
    assert not empty[-1].page.events
    assert empty[-1].page.position == 5


async def test_raw_payloads_come_when_asked_for(ledger: RunningLedger) -> None:
    await ledger.create("ada")

    found = await caught_up(ledger, mind_id="ada", raw=True)

    assert found[1].page.events[0].HasField("raw")


async def test_a_place_beyond_the_store_is_refused(ledger: RunningLedger) -> None:
    await ledger.create("ada")

    for fields in ({"mind_id": "ada", "after_seq": 2}, {"after_position": 2}):
        with pytest.raises(pmm_client.FailedPrecondition) as refused:
            await caught_up(ledger, **fields)
        assert refused.value.reason == "BEYOND_HEAD"


async def test_a_place_in_another_store_counts_for_nothing(ledger: RunningLedger) -> None:
    await ledger.create("ada", said("x"))

    found = await caught_up(ledger, after_position=99, store_id="0" * 32)

    assert found[0].started.store_id != "0" * 32
    assert seqs(found) == [1, 2]


async def test_a_slow_consumer_gets_everything_and_holds_nobody_up(ledger: RunningLedger) -> None:
    await ledger.create("ada")
    async with aclosing(parts(ledger, mind_id="ada")) as stream:
        await until(stream, "caught_up")

        async with asyncio.timeout(PATIENCE_S):
            for _ in range(30):
                await ledger.append("ada", *(said("x" * 20_000) for _ in range(20)))

        found: list[int] = []
        async with asyncio.timeout(PATIENCE_S):
            async for part in stream:
                found += [event.seq for event in part.page.events]
                if len(found) == 600:
                    break
    assert found == list(range(2, 602))


async def test_a_subscription_ends_when_the_server_drains(ledger: RunningLedger) -> None:
    await ledger.create("ada")
    async with aclosing(parts(ledger, mind_id="ada")) as stream:
        await until(stream, "caught_up")

        async with asyncio.timeout(PATIENCE_S):
            await ledger.server.drain()
            assert [part async for part in stream] == []


async def test_a_place_of_the_wrong_sort_is_refused(ledger: RunningLedger) -> None:
    for fields in ({"mind_id": "ada", "after_position": 1}, {"after_seq": 1}, {"heartbeat": {"nanos": 1}}):
        with pytest.raises(pmm_client.InvalidArgument):
            await caught_up(ledger, **fields)
