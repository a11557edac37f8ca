"""Dead letters that are tried again: what is gone leaves none, what cannot be read none that is tried for ever."""

from __future__ import annotations

import asyncio
import errno
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from pmm_client import errors
from services.orchestrator.errors import ModelFailed
from services.orchestrator.peers import Peers
from services.orchestrator.store import DeadLetter, Store
from services.orchestrator.workers import follower
from services.runtime.waiting import DiskFull
from tests.orchestrator.conftest import ROOMY, SERVICES
from tests.orchestrator.lone_worker import deleted, has_letters, works_alone
from tests.orchestrator.talking import events, followed, wait_for
from tests.orchestrator.test_workers import YEAR_NS, letters, progress, say, until
from tests.support.ledger import change_stored
from tests.support.serving import Served, serving

IDENTIFIED = mind.Body(user_identified=mind.UserIdentified(name="Ana"))
AWAY = errors.Unavailable("away", reason="AWAY")


def only(monkeypatch: pytest.MonkeyPatch, derive: Callable[[mind.Event], Awaitable[None]]) -> None:
    """One worker reads messages, and names the user where it does not fail."""

    async def named(event: mind.Event, _minds: object) -> list[mind.Body]:
        await derive(event)
        return [IDENTIFIED]

    works_alone(monkeypatch, "needy", named)


def due_at_once(folder: Path, attempts: int = 3) -> None:
    """The time of every letter has come when the process begins again, after so many attempts."""
    store = Store(folder / "orchestrator")
    for letter in store.waiting("needy"):
        store.put_dead_letter(replace(letter, attempts=attempts, retry_ns=1))
    store.close()


def looking_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follower, "LOOK_SECONDS", 0.01)


async def looked_often(served: Served) -> dict[str, int]:
    """By mind, how often its letter was tried, after many looks."""
    *_, found = [await letters(served, "needy") for _ in range(20)]
    return {letter.mind_id: letter.attempts for letter in found}


async def left(served: Served, mind_id: str = "ada") -> list[pb.DeadLetter]:
    return await until(lambda: letters(served, "needy", mind_id))


async def leave(served: Served, *minds: str) -> None:
    """Have a letter in each of some new minds."""
    for mind_id in minds:
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id=mind_id))
        await say(served, mind_id, "hello")
        await left(served, mind_id)
        await followed(served, mind_id)


async def replayed(served: Served, letter: pb.DeadLetter) -> list[int]:
    request = pb.ReplayDeadLetterRequest(mind_id=letter.mind_id, dead_letter_id=letter.dead_letter_id)
    return list((await served.orchestrator.replay_dead_letter(request)).derived_seqs)


async def test_a_letter_whose_event_cannot_be_read_any_more_is_left_to_a_person_and_holds_up_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_away = True

    async def needy(_event: mind.Event) -> None:
        if is_away:
            raise AWAY

    only(monkeypatch, needy)
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as served:
        await leave(served, "ada", "ben")
    is_away = False
    due_at_once(tmp_path)
    # The last event of the first mind: its message.
    change_stored(tmp_path / "ledger", "events", 1, lambda data: data[:10])
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as served:

        async def other_is_gone() -> bool:
            return not await letters(served, "needy", "ben")

        await until(other_is_gone)
        assert await events(served, "ben", kinds=["user_identified"])
        (letter,) = await letters(served, "needy")

    assert (letter.mind_id, letter.reason, letter.attempts) == ("ada", "BROKEN_EVENT", 4)
    assert not letter.HasField("next_attempt_at")


async def test_a_letter_is_tried_when_its_time_has_come_or_was_told_by_a_clock_that_ran_ahead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_away = True

    async def needy(_event: mind.Event) -> None:
        if is_away:
            raise AWAY

    only(monkeypatch, needy)
    looking_often(monkeypatch)
    minds = ("due", "later", "ahead")
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as served:
        await leave(served, *minds)
    is_away = False
    now_ns = time.time_ns()
    with monkeypatch.context() as held:
        # Later is never.
        held.setattr(time, "time_ns", lambda: now_ns)
        times = {"due": now_ns, "later": now_ns + 50 * 10**9, "ahead": now_ns + YEAR_NS, "nobody": 1}
        store = Store(tmp_path / "orchestrator")
        for mind_id, retry_ns in times.items():
            store.put_dead_letter(DeadLetter(mind_id, "needy", 2, "AWAY", 3, 1, retry_ns))
        store.close()
        async with serving(tmp_path, *SERVICES, settings=ROOMY) as served:

            async def one_is_left() -> bool:
                return len(await letters(served, "needy")) == 1

            await until(one_is_left)
            assert await looked_often(served) == {"later": 3}
            named = [len(await events(served, mind_id, kinds=["user_identified"])) for mind_id in minds]

    assert named == [1, 0, 1]


@pytest.mark.parametrize("may_pass", [False, True])
async def test_a_model_that_fails_is_asked_again_only_where_it_may_pass_and_not_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, may_pass: bool
) -> None:
    async def needy(_event: mind.Event) -> None:
        raise ModelFailed("no", "BACKEND_FAILED", may_pass=may_pass)

    only(monkeypatch, needy)
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as served:
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        await say(served, "ada", "hello")
        (letter,) = await left(served)

    assert (letter.reason, letter.attempts) == ("BACKEND_FAILED", 1)
    assert letter.HasField("next_attempt_at") == may_pass


async def test_where_the_first_letter_fails_as_before_the_others_are_left_for_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def needy(_event: mind.Event) -> None:
        raise AWAY

    only(monkeypatch, needy)
    looking_often(monkeypatch)
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as served:
        for mind_id in ("ada", "ben", "eve"):
            await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id=mind_id))
            await say(served, mind_id, "hello")
            await left(served, mind_id)
            await followed(served, mind_id)
    due_at_once(tmp_path, attempts=20)
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as served:

        async def one_was_tried() -> bool:
            return any(letter.attempts > 20 for letter in await letters(served, "needy"))

        await until(one_was_tried)
        assert await looked_often(served) == {"ada": 21, "ben": 20, "eve": 20}


async def test_a_letter_that_the_ledger_is_too_busy_to_read_again_was_not_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, is_away, event = 0, True, Peers.event

    async def busy(self: Peers, mind_id: str, seq: int) -> mind.Event:
        nonlocal asked
        asked += 1
        if is_away:
            raise errors.Unavailable("busy")
        return await event(self, mind_id, seq)

    async def needy(_event: mind.Event) -> None:
        if is_away:
            raise AWAY

    only(monkeypatch, needy)
    looking_often(monkeypatch)
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as served:
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        await say(served, "ada", "hello")
        await left(served)
        await followed(served)
    due_at_once(tmp_path)
    monkeypatch.setattr(Peers, "event", busy)
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as served:

        async def asked_again() -> bool:
            return asked > 2

        await until(asked_again)
        assert [letter.attempts for letter in await letters(served, "needy")] == [3]
        is_away = False
        await wait_for(served, "user_identified")


async def test_a_mind_that_is_deleted_while_its_letter_is_tried_again_leaves_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_away, has_begun, is_gone = True, asyncio.Event(), asyncio.Event()

    async def needy(_event: mind.Event) -> None:
        if is_away:
            raise AWAY
        has_begun.set()
        await is_gone.wait()

    only(monkeypatch, needy)
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as served:
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        await say(served, "ada", "hello")
        (letter,) = await left(served)
        is_away = False
        replaying = asyncio.create_task(replayed(served, letter))
        await has_begun.wait()
        await deleted(served, "ada")
        is_gone.set()
        with pytest.raises((errors.UnknownMind, errors.MindDeleted)):
            await replaying
    assert not has_letters(tmp_path, "ada")


async def test_a_letter_that_finds_the_disk_full_waits_as_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[Exception] = [AWAY, AWAY, AWAY, DiskFull("full")]

    async def needy(_event: mind.Event) -> None:
        if found:
            raise found.pop(0)

    only(monkeypatch, needy)
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as served:
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        await say(served, "ada", "hello")
        (letter,) = await left(served)
        with pytest.raises(errors.RateLimited) as refused:
            await replayed(served, letter)
        assert (refused.value.reason, await letters(served, "needy")) == ("DISK_FULL", [letter])
        assert letter.HasField("next_attempt_at")
        await wait_for(served, "user_identified")


async def test_an_event_that_finds_no_room_for_its_letter_has_failed_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full, put = 1, Store.put_dead_letter

    def on_a_full_disk(self: Store, letter: DeadLetter) -> None:
        nonlocal full
        if full:
            full -= 1
            raise OSError(errno.ENOSPC, "no space left on device")
        put(self, letter)

    async def broken(_event: mind.Event) -> None:
        raise ValueError("broken")

    only(monkeypatch, broken)
    monkeypatch.setattr(Store, "put_dead_letter", on_a_full_disk)
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as served:
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        await say(served, "ada", "hello")
        await left(served)
        await followed(served)
        worker = await progress(served, "needy")

    assert (full, worker.failures, worker.processed) == (0, 1, 0)


async def test_what_a_ledger_that_answers_with_a_fault_does_not_say_ends_no_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = Peers.head

    async def faulty(self: Peers, mind_id: str) -> int:
        if mind_id == "ada":
            raise errors.InternalError("a fault")
        return await head(self, mind_id)

    async def needy(event: mind.Event) -> None:
        if event.mind_id == "ada":
            raise AWAY

    only(monkeypatch, needy)
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as served:
        for mind_id in ("ada", "ben"):
            await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id=mind_id))
        monkeypatch.setattr(Peers, "head", faulty)
        await say(served, "ada", "hello")
        await left(served, "")
        await say(served, "ben", "hello")
        await wait_for(served, "user_identified", "ben")


async def test_while_the_ledger_is_away_an_event_waits_and_has_not_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, head = 0, Peers.head

    async def away_at_first(self: Peers, mind_id: str) -> int:
        nonlocal looks
        looks += 1
        if looks < 3:
            raise errors.Unavailable("away")
        return await head(self, mind_id)

    async def needy(_event: mind.Event) -> None:
        raise AWAY

    only(monkeypatch, needy)
    monkeypatch.setattr(follower, "RECONNECT_SECONDS", (0.01,))
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as served:
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        monkeypatch.setattr(Peers, "head", away_at_first)
        await say(served, "ada", "hello")
        (letter,) = await left(served, "")
        worker = await progress(served, "needy")

    # It is tried as often as any once the ledger is there.
    assert (looks, letter.attempts) == (3, 3)
    assert (worker.failures, worker.retries) == (1, 6)
