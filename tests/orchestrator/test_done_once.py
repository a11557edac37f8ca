"""What a worker made before it was stopped is not made again, and what it did not finish is made then."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from pmm_client import errors
from services.orchestrator.peers import Peers
from services.orchestrator.store import Store
from services.orchestrator.terms import Draft
from tests.orchestrator.conftest import ROOMY, SERVICES
from tests.orchestrator.forgotten import forget
from tests.orchestrator.lone_worker import text_of, works_alone
from tests.orchestrator.talking import events, followed, wait_for
from tests.orchestrator.test_workers import letters, say, until
from tests.support.serving import Served, serving

Named = Callable[[mind.Event], Awaitable[str]]


def naming(monkeypatch: pytest.MonkeyPatch, name: Named, *derives: str) -> list[str]:
    """The only worker names the user after each message; the texts that it is asked about, as they come."""
    asked: list[str] = []

    async def derive(event: mind.Event, _minds: object) -> list[mind.Body]:
        asked.append(event.body.user_message.text)
        return [identified(await name(event))]

    works_alone(monkeypatch, "naming", derive, derives=derives)
    return asked


def identified(name: str) -> mind.Body:
    return mind.Body(user_identified=mind.UserIdentified(name=name))


async def born(served: Served) -> None:
    """A mind in a ledger that nobody follows yet."""
    created = ledger.NewEvent(body=mind.Body(mind_created=mind.MindCreated(name="ada")))
    await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=[created]))


async def named(served: Served, mind_id: str = "ada") -> list[tuple[str, str]]:
    """Who named the user, and how."""
    found = await events(served, mind_id, kinds=["user_identified"])
    return [(event.actor, event.body.user_identified.name) for event in found]


async def test_what_was_done_is_not_done_again_and_what_was_stopped_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs, is_hanging = True, asyncio.Event()

    async def name(event: mind.Event) -> str:
        if hangs and event.body.user_message.text == "hang":
            is_hanging.set()
            await asyncio.Event().wait()
        return event.body.user_message.text

    asked = naming(monkeypatch, name)
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as served:
        for mind_id in ("ada", "ben"):
            await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id=mind_id))
        await say(served, "ada", "done")
        await followed(served)
        await say(served, "ada", "hang")
        await is_hanging.wait()
        await say(served, "ben", "free")
        await wait_for(served, "user_identified", "ben")
    assert asked == ["done", "hang", "free"]
    hangs = False
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as served:
        await followed(served)
        told = (await named(served), await named(served, "ben"))

    assert "done" not in asked[3:]
    assert "hang" in asked[3:]
    assert told == ([("naming", "done"), ("naming", "hang")], [("naming", "free")])


async def test_what_followed_from_a_message_is_not_asked_for_again_though_the_position_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def name(_event: mind.Event) -> str:
        # As a model does it: another time otherwise.
        return f"the {len(asked)}th"

    asked = naming(monkeypatch, name, "user_identified")
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as served:
        for mind_id in ("ada", "ben"):
            await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id=mind_id))
        for mind_id, text in (("ada", "one"), ("ada", "two"), ("ben", "three")):
            await say(served, mind_id, text)
            await followed(served)
    async with serving(tmp_path, "ledger", settings=ROOMY) as served:
        await say(served, "ada", "four")
        (told,) = (await events(served, kinds=["user_message"]))[2:]
        others = ledger.NewEvent(actor="app", body=identified("Ana"), causation_seq=told.seq)
        await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=[others]))
    store = Store(tmp_path / "orchestrator")
    store.put_workers({"naming": ("another store", 0)})
    store.close()
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as served:
        await wait_for(served, "user_identified", after_seq=told.seq + 1)
        await followed(served)
        await followed(served, "ben")
        by_worker = [one for one in await named(served) if one[0] == "naming"]

    assert asked == ["one", "two", "three", "four"]
    assert by_worker == [("naming", "the 1th"), ("naming", "the 2th"), ("naming", "the 4th")]


@pytest.mark.parametrize("position", [2, 10**6], ids=["that has as much", "that has less"])
async def test_of_another_ledger_all_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, position: int
) -> None:
    asked = naming(monkeypatch, text_of)
    async with serving(tmp_path, "ledger", settings=ROOMY) as served:
        await born(served)
        await say(served, "ada", "one", "two", "three")
    store = Store(tmp_path / "orchestrator")
    store.put_workers({"naming": ("another store", position)})
    store.close()
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as served:

        async def all_are_read() -> bool:
            return len(await named(served)) == 3

        await until(all_are_read)

    assert asked == ["one", "two", "three"]


async def test_what_is_there_under_its_key_already_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def name(event: mind.Event) -> str:
        """It is appended, but nobody says so."""
        there = ledger.NewEvent(
            actor="naming",
            body=identified("Ana"),
            causation_seq=event.seq,
            idempotency_key=f"naming:{event.seq}:user_identified:0",
        )
        await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=[there]))
        return "Bea"

    asked = naming(monkeypatch, name, "user_identified")
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as served:
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        await say(served, "ada", "hello")
        await followed(served)

        assert await named(served) == [("naming", "Ana")]
        assert (asked, await letters(served, "naming")) == (["hello"], [])


async def test_what_was_erased_before_it_was_read_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = naming(monkeypatch, text_of)
    async with serving(tmp_path, "ledger", settings=ROOMY) as served:
        await born(served)
        await say(served, "ada", "secret", "plain")
        await served.ledger.redact(ledger.RedactRequest(mind_id="ada", seqs=[2]))
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as served:
        await followed(served)

    assert asked == ["plain"]


async def test_what_is_erased_while_it_is_read_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_begun, may_end = asyncio.Event(), asyncio.Event()

    async def name(event: mind.Event) -> str:
        has_begun.set()
        await may_end.wait()
        return event.body.user_message.text

    naming(monkeypatch, name)
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as served:
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        await say(served, "ada", "secret")
        await has_begun.wait()
        await forget(served, 2)
        may_end.set()
        await followed(served)

        assert (await named(served), await letters(served, "naming")) == ([], [])


async def test_what_was_appended_though_the_answer_was_lost_is_not_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_lost, append = True, Peers.append

    async def losing(self: Peers, mind_id: str, drafts: Sequence[Draft], **more: Any) -> Any:
        nonlocal is_lost
        answer = await append(self, mind_id, drafts, **more)
        if is_lost and drafts[0].actor == "naming":
            is_lost = False
            raise errors.Unavailable("the answer was lost on its way")
        return answer

    async def name(_event: mind.Event) -> str:
        return f"the {len(asked)}th"

    asked = naming(monkeypatch, name, "user_identified")
    monkeypatch.setattr(Peers, "append", losing)
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as served:
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        await say(served, "ada", "hello")
        await followed(served)

        assert (await named(served), asked) == ([("naming", "the 1th")], ["hello"])
        (made,) = await events(served, kinds=["user_identified"])
        assert (made.session_id, made.causation_seq) == ("s", made.seq - 1)
        assert not is_lost


async def test_where_something_else_took_its_key_an_event_is_left_to_a_person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def name(_event: mind.Event) -> str:
        return "Bea"

    naming(monkeypatch, name, "user_identified")
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as served:
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        other = ledger.NewEvent(
            actor="app", body=identified("Ana"), idempotency_key="naming:3:user_identified:0"
        )
        await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=[other]))
        await say(served, "ada", "hello")
        await followed(served)
        (letter,) = await letters(served, "naming")

        assert (letter.seq, letter.reason) == (3, "IDEMPOTENCY_KEY_REUSED")
        assert await named(served) == [("app", "Ana")]
