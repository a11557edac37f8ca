"""Subscribe under appends, broken streams and restarts, held against recorded histories."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

import pmm_client
from pmm.ledger.v1 import ledger_pb2 as pb
from pmm_client.channel import open_channel
from pmm_client.raw import LedgerClient
from tests.support.history import Delivered, Stream, Subscriber, problems
from tests.support.ledger import LedgerCalls, created, running_ledger, said
from tests.support.process import ServiceProcess

MINDS = ("ada", "bob", "eve")
SEED = 20
PATIENCE_S = 240


async def follow(
    client: LedgerClient, subscriber: Subscriber, parts: int, is_over: Callable[[], bool] = lambda: False
) -> None:
    """One call, broken off after so many parts, or once it is over."""
    stream = Stream(subscriber.resume())
    subscriber.streams.append(stream)
    request = pb.SubscribeRequest(mind_id=subscriber.mind_id)
    request.heartbeat.FromMilliseconds(100)
    if subscriber.mind_id:
        request.after_seq = stream.after
    else:
        request.after_position = stream.after
    messages = client.subscribe(request)
    with suppress(pmm_client.Unavailable):
        async for part in messages:
            stream.parts.append(part)
            if len(stream.parts) >= parts or is_over():
                break
    await messages.aclose()


async def follow_to(
    client: LedgerClient, subscriber: Subscriber, end: asyncio.Future[int], chance: random.Random
) -> None:
    """Call after call, until the end is reached."""

    def is_over() -> bool:
        return end.done() and subscriber.resume() >= end.result()

    while not is_over():
        await follow(client, subscriber, chance.choice([2, 3, 5, 20, 200]), is_over)


async def append_to_all(ledger: LedgerCalls, chance: random.Random, batches: int) -> None:
    for _ in range(batches):
        events = [said("x" * chance.choice([1, 500])) for _ in range(chance.choice([1, 1, 2, 30]))]
        await ledger.append(chance.choice(MINDS), *events)


async def truth(ledger: LedgerCalls) -> list[Delivered]:
    """What the ledger holds, by position."""
    events = [event for mind in MINDS for event in await ledger.read(mind)]
    held = [Delivered(event.mind_id, event.seq, event.position, event.hash) for event in events]
    return sorted(held, key=lambda event: event.position)


async def ends(ledger: LedgerCalls) -> dict[str, int]:
    """The last place, by mind; empty for all minds."""
    held = await truth(ledger)
    return {"": held[-1].position} | {event.mind_id: event.seq for event in held}


def subscribers(count: int, places: dict[str, int], chance: random.Random) -> list[Subscriber]:
    """Of one mind or of all, that begin anywhere."""
    made: list[Subscriber] = []
    for _ in range(count):
        mind_id = chance.choice(["", *MINDS])
        first = Stream(chance.choice([0, chance.randint(0, places[mind_id]), places[mind_id]]))
        made.append(Subscriber(mind_id, streams=[first]))
    return made


@pytest.mark.timeout(300)
@pytest.mark.parametrize("count", [1, pytest.param(200, marks=pytest.mark.slow)])
async def test_no_gap_no_repeat_in_order_under_appends(tmp_path: Path, count: int) -> None:
    chance = random.Random(SEED + count)
    async with running_ledger(tmp_path, settle_ms=0) as ledger:
        for mind in MINDS:
            await ledger.create(mind, *(said("stored") for _ in range(40)))
        made = subscribers(count, await ends(ledger), chance)
        loop = asyncio.get_running_loop()
        done = {mind: loop.create_future() for mind in ("", *MINDS)}
        channels = [open_channel(ledger.target) for _ in range(4)]
        async with asyncio.timeout(PATIENCE_S):
            following = [
                asyncio.create_task(
                    follow_to(LedgerClient(channels[n % 4]), each, done[each.mind_id], random.Random(n))
                )
                for n, each in enumerate(made)
            ]
            await asyncio.gather(*(append_to_all(ledger, random.Random(n), 400 // 8) for n in range(8)))
            for mind, place in (await ends(ledger)).items():
                done[mind].set_result(place)
            await asyncio.gather(*following)
        for channel in channels:
            await channel.close()
        held = await truth(ledger)
    for each in made:
        assert problems(each, held) == []


async def over_restarts(process: ServiceProcess, rounds: int, chance: random.Random) -> None:
    async with open_channel(process.target) as channel:
        ledger = LedgerCalls(LedgerClient(channel))
        for mind in MINDS:
            await ledger.append(mind, created())
        made = subscribers(6, await ends(ledger), chance)
    for number in range(rounds):
        async with open_channel(process.target) as channel:
            ledger = LedgerCalls(LedgerClient(channel))
            following = [asyncio.create_task(follow(ledger.client, each, 10_000)) for each in made]
            appending = asyncio.create_task(append_to_all(ledger, chance, 10_000))
            await asyncio.sleep(chance.uniform(0.1, 0.3))
            process.kill() if number % 2 else process.stop()
            with suppress(pmm_client.PmmError):
                await appending
            await asyncio.gather(*following)
        process.start()
    async with open_channel(process.target) as channel:
        ledger = LedgerCalls(LedgerClient(channel))
        loop = asyncio.get_running_loop()
        for each in made:
            end = loop.create_future()
            end.set_result((await ends(ledger))[each.mind_id])
            await follow_to(ledger.client, each, end, chance)
        held = await truth(ledger)
    for each in made:
        assert problems(each, held) == []


@pytest.mark.slow
async def test_no_gap_and_no_repeat_over_restarts(tmp_path: Path) -> None:
    with ServiceProcess("ledger", tmp_path / "data") as process:
        await over_restarts(process, 3, random.Random(SEED))


@pytest.mark.slow
async def test_a_slow_consumer_gets_everything_and_holds_nobody_up(tmp_path: Path) -> None:
    events, bytes_each = 70, 1_000_000
    with ServiceProcess("ledger", tmp_path / "data") as process:
        async with open_channel(process.target) as slow, open_channel(process.target) as fast:
            ledger = LedgerCalls(LedgerClient(fast))
            await ledger.append("ada", created())
            stalled = LedgerClient(slow).subscribe(pb.SubscribeRequest(mind_id="ada"))
            first = await anext(stalled)
            assert first.HasField("started")
            await ledger.append("ada", said("x" * bytes_each))
            before = own_memory(process)
            for _ in range(events):
                await ledger.append("ada", *(said("x" * bytes_each) for _ in range(3)))
            async with asyncio.timeout(PATIENCE_S):
                quick = [event.seq async for event in following(ledger.client, 3 * events + 2)]
            grown = own_memory(process) - before
            seqs = [event.seq async for event in rest_of(stalled, 3 * events + 2)]
    assert quick == seqs == list(range(1, 3 * events + 3))
    # 210 MB wait for the slow one; what grows is what is on its way, of both.
    assert grown < 90_000_000


def own_memory(process: ServiceProcess) -> int:
    """Bytes that are the process's own: what it has mapped of the data file is the system's to take back."""
    info = psutil.Process(process.pid).memory_info()
    return info.rss - info.shared


async def following(client: LedgerClient, last: int) -> AsyncIterator[pb.SubscribeResponse]:
    async for event in rest_of(client.subscribe(pb.SubscribeRequest(mind_id="ada")), last):
        yield event


async def rest_of(
    messages: AsyncIterator[pb.SubscribeResponse], last: int
) -> AsyncIterator[pb.SubscribeResponse]:
    async for part in messages:
        for event in part.page.events:
            yield event
            if event.seq == last:
                return


# --- The checker finds what it is there to find.

TRUTH = [Delivered("ada", seq, seq + 10, bytes([seq])) for seq in range(1, 8)]


def page(first: int, last: int, place: int | None = None) -> pb.SubscribeResponse:
    made = pb.SubscribeResponse(page=pb.EventPage(seq=place or last, position=(place or last) + 10))
    for event in TRUTH[first - 1 : last]:
        made.page.events.add(mind_id="ada", seq=event.seq, position=event.position, hash=event.hash)
    return made


def caught_up(seq: int) -> pb.SubscribeResponse:
    return pb.SubscribeResponse(caught_up=pb.CaughtUp(seq=seq, position=seq + 10))


def history(*streams: tuple[int, list[pb.SubscribeResponse]]) -> Subscriber:
    started = pb.SubscribeResponse(started=pb.SubscriptionStarted())
    return Subscriber("ada", streams=[Stream(after, [started, *parts]) for after, parts in streams])


def test_the_checker_accepts_what_is_right() -> None:
    assert problems(history((0, [page(1, 3), caught_up(3), page(4, 5)]), (5, [page(6, 7)])), TRUTH) == []


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        (history((0, [page(1, 3), page(5, 7)])), "takes it from 3 to 7"),
        (history((0, [page(1, 3), page(3, 7)])), "takes it from 3 to 7"),
        (history((0, [page(1, 7), page(1, 7)])), "takes it from 7 to 7"),
        (history((0, [page(1, 3, place=5), page(6, 7)])), "takes it from 0 to 5"),
        (history((0, [page(1, 5, place=3), page(4, 7)])), "takes it from 0 to 3"),
        (history((0, [page(1, 7), caught_up(5)])), "goes back"),
        (history((0, [page(1, 3), caught_up(3), page(4, 7), caught_up(7)])), "caught up 2 times"),
        (history((0, [page(1, 3)]), (4, [page(5, 7)])), "begins after 4"),
        (history((0, [page(1, 3)])), "it ends at 3"),
        (Subscriber("ada", streams=[Stream(0, [page(1, 7)])]), "part 0 is page"),
    ],
)
def test_the_checker_finds_what_is_wrong(wrong: Subscriber, word: str) -> None:
    assert any(word in problem for problem in problems(wrong, TRUTH)), problems(wrong, TRUTH)
