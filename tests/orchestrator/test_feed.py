"""What all followers of a process share: each gets all of its events, once and in order, whoever else there is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.mind.v1 import events_pb2 as mind
from pmm_client.channel import open_channel
from pmm_client.raw import LedgerClient
from services.orchestrator import feed as feeds
from services.orchestrator.feed import Feed, Pace
from services.orchestrator.peers import Peers
from services.orchestrator.terms import StorePage
from services.runtime.peers import Peers as Channels
from tests.support.process import ServiceProcess
from tests.support.serving import serving

PATIENCE_S = 20.0
NAMED, SAID = ("user_identified",), ("user_message",)


class Counting(Peers):
    """Knows how many subscriptions are open."""

    open = 0

    async def follow(self, after_position: int, kinds: Sequence[str]) -> AsyncGenerator[StorePage]:
        self.open += 1
        try:
            async for page in super().follow(after_position, kinds):
                yield page
        finally:
            self.open -= 1


class Reader:
    """Follows until it is stopped, and begins anew where the ledger went away, as all followers do."""

    def __init__(self, feed: Feed, kinds: Sequence[str], *, settle: float = 0.0, rest: float = 0.0) -> None:
        self.texts: list[str] = []
        self.pace = Pace(settle)
        self._feed, self._kinds, self._rest = feed, kinds, rest
        self._position = 0

    async def run(self) -> None:
        while True:
            try:
                async for page in self._feed.follow(self._position, self._kinds, self.pace):
                    for event in page.events:
                        body = event.body
                        self.texts.append(body.user_message.text or body.user_identified.name)
                    self._position = page.position
                    await asyncio.sleep(self._rest)
            except ConnectionError:
                await asyncio.sleep(0.05)

    async def has(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while len(self.texts) < count:
                await asyncio.sleep(0.01)


async def say(client: LedgerClient, first: int, count: int) -> None:
    """Messages and names, in turn."""
    bodies = [
        mind.Body(user_message=mind.UserMessage(text=f"{n}"))
        if n % 2
        else mind.Body(user_identified=mind.UserIdentified(name=f"{n}"))
        for n in range(first, first + count)
    ]
    await client.append(
        ledger.AppendRequest(mind_id="ada", events=[ledger.NewEvent(body=body) for body in bodies])
    )


async def begin(client: LedgerClient) -> None:
    born = ledger.NewEvent(body=mind.Body(mind_created=mind.MindCreated(name="ada")))
    await client.append(ledger.AppendRequest(mind_id="ada", events=[born]))


@asynccontextmanager
async def reading(feed: Feed, *readers: Reader) -> AsyncGenerator[None]:
    tasks = [asyncio.create_task(work) for work in (feed.run(), *(reader.run() for reader in readers))]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_each_gets_all_of_its_kinds_once_and_in_order_however_slow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "MAX_WAITING_EVENTS", 5)
    async with serving(tmp_path, "ledger") as running:
        await begin(running.ledger)
        await say(running.ledger, 1, 10)
        channels = Channels({"ledger": running.target})
        feed = Feed(Peers(channels))
        fast, slow, settling = (
            Reader(feed, NAMED),
            Reader(feed, SAID, rest=0.05),
            Reader(feed, SAID, settle=0.2),
        )
        async with reading(feed, fast, slow, settling):
            for first in range(11, 211, 10):
                await say(running.ledger, first, 10)
            for reader in (fast, slow, settling):
                await reader.has(105)
        await channels.close()

    named, said = [f"{n}" for n in range(2, 211, 2)], [f"{n}" for n in range(1, 211, 2)]
    assert (fast.texts, slow.texts, settling.texts) == (named, said, said)


async def test_those_who_have_caught_up_share_one_subscription(tmp_path: Path) -> None:
    async with serving(tmp_path, "ledger") as running:
        await begin(running.ledger)
        await say(running.ledger, 1, 2)
        channels = Channels({"ledger": running.target})
        peers = Counting(channels)
        feed = Feed(peers)
        readers = [Reader(feed, SAID), Reader(feed, NAMED), Reader(feed, SAID)]
        async with reading(feed, *readers):
            for reader in readers:
                await reader.has(1)
            await say(running.ledger, 3, 2)
            for reader in readers:
                await reader.has(2)
            async with asyncio.timeout(PATIENCE_S):
                while peers.open > 1:
                    await asyncio.sleep(0.01)
            await say(running.ledger, 5, 2)
            for reader in readers:
                await reader.has(3)
            assert peers.open == 1
        await channels.close()


async def test_whoever_is_in_a_hurry_need_not_wait_for_what_comes_later(tmp_path: Path) -> None:
    async with serving(tmp_path, "ledger") as running:
        await begin(running.ledger)
        channels = Channels({"ledger": running.target})
        feed = Feed(Peers(channels))
        at_once, patient = Reader(feed, SAID), Reader(feed, SAID, settle=3_600.0)
        async with reading(feed, at_once, patient):
            await say(running.ledger, 1, 1)
            await at_once.has(1)
            await say(running.ledger, 3, 1)
            await at_once.has(2)
            patient.pace.hurry()
            await patient.has(1)
        await channels.close()

    assert patient.texts[0] == "1"


async def test_a_ledger_that_was_away_takes_nothing_along(tmp_path: Path) -> None:
    with ServiceProcess("ledger", tmp_path / "ledger") as process:
        channels = Channels({"ledger": process.target})
        feed = Feed(Peers(channels))
        readers = [Reader(feed, SAID), Reader(feed, SAID, settle=0.05)]
        async with open_channel(process.target) as channel, reading(feed, *readers):
            client = LedgerClient(channel)
            await begin(client)
            for first in (1, 3, 5):
                await say(client, first, 2)
                await readers[0].has((first + 1) // 2)
                process.kill()
                process.start()
                await channel.channel_ready()
            for reader in readers:
                await reader.has(3)
        await channels.close()

    assert [reader.texts for reader in readers] == [["1", "3", "5"]] * 2
