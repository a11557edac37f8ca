"""What the workers had not read when a mind was exported is read where it is restored, and nothing is read twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

import pmm_client
from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from pmm_client import archive
from services.orchestrator.extraction.extractor import Extractor
from services.orchestrator.extraction.found import Found
from services.orchestrator.workers import follower
from tests.orchestrator.conftest import ROOMY, SERVICES
from tests.orchestrator.talking import converse, events, followed
from tests.support.exports import restore
from tests.support.serving import Served, serving

WORKERS = ("identity", "commitments", "directives", "extraction")
SAID = "My name is Ben. I live in Porto. Remind me to feed the cat. From now on, answer in French."
FOLLOWS = {
    "user_identified": "identity",
    "commitment_opened": "commitments",
    "directive_adopted": "directives",
    "memory_recorded": "extraction",
}


async def exported(served: Served, mind_id: str = "ada") -> list[bytes]:
    request = ledger.ExportRequest(mind_id=mind_id)
    lines = b"".join([part.lines async for part in served.ledger.export(request)])
    return lines.splitlines(keepends=True)


async def derived(served: Served, mind_id: str = "ada") -> Counter[tuple[str, str, bytes]]:
    """Kind, worker and content of all that workers derived."""
    return Counter(
        (e.kind, e.actor, e.body.SerializeToString(deterministic=True))
        for e in await events(served, mind_id)
        if e.actor in WORKERS
    )


async def told(folder: Path, *texts: str, forget: str = "") -> list[bytes]:
    """The lines of a mind to which this was said, and whose workers have read it."""
    async with serving(folder, *SERVICES, settings=ROOMY) as served:
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        for text in texts:
            await converse(served, text)
            await followed(served)
        for event in await events(served, kinds=["user_message"]):
            if forget and event.body.user_message.text == forget:
                async for _ in served.orchestrator.forget(pb.ForgetRequest(mind_id="ada", seq=event.seq)):
                    pass
        await followed(served)
        return await exported(served)


async def restored(
    folder: Path, lines: Iterable[bytes], *, then: str = "Hello."
) -> Counter[tuple[str, str, bytes]]:
    """What follows in all from a mind of these lines, once it was talked to, and after a start anew."""
    async with serving(folder, *SERVICES, settings=ROOMY) as served:
        await restore(served.ledger, "ada", b"".join(lines))
        await converse(served, then)
        await followed(served)
        once = await derived(served)
    async with serving(folder, *SERVICES, settings=ROOMY) as served:
        await converse(served, "Good night.")
        await followed(served)
        assert await derived(served) == once
    return once


def upto(lines: list[bytes], kind: str) -> list[bytes]:
    """As if it had been exported as soon as the last event of a kind was there."""
    last = max(
        number for number, line in enumerate(lines) if f'"kind":"{kind}"' in line.decode().replace(" ", "")
    )
    return lines[: last + 1]


async def test_what_was_exported_before_it_was_read_is_read_once(tmp_path: Path) -> None:
    lines = upto(await told(tmp_path / "here", SAID), "user_message")
    found = await restored(tmp_path / "there", lines)

    assert {(kind, worker) for kind, worker, _ in found} == set(FOLLOWS.items())
    assert set(found.values()) == {1}


async def test_each_worker_goes_on_where_it_was(tmp_path: Path) -> None:
    whole = await told(tmp_path / "here", SAID, "Your name is Ada. Remind me to call Bob.")
    lines = upto(whole, "identity_adopted")
    found = await restored(tmp_path / "there", lines)

    assert set(found.values()) == {1}
    assert Counter(kind for kind, _, _ in found) == {
        "user_identified": 1,
        "identity_adopted": 1,
        "commitment_opened": 2,
        "directive_adopted": 1,
        "memory_recorded": 2,
    }


async def test_what_a_worker_failed_at_is_read_again_though_it_read_what_came_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = Extractor.found

    async def fails_at_first(self: Extractor, event: mind.Event) -> Found:
        if event.body.user_message.text == SAID:
            raise ValueError("not this one")
        return await find(self, event)

    monkeypatch.setattr(Extractor, "found", fails_at_first)
    lines = await told(tmp_path / "here", SAID, "I own a boat.", "Good morning.")
    monkeypatch.undo()
    found = await restored(tmp_path / "there", lines)

    assert set(found.values()) == {1}
    assert Counter(kind for kind, _, _ in found) == {**dict.fromkeys(FOLLOWS, 1), "memory_recorded": 3}


async def test_what_was_read_forgotten_or_says_nothing_adds_nothing(tmp_path: Path) -> None:
    secret = "Remind me to visit Zanzibar. I live in Lagos."
    lines = await told(tmp_path / "here", SAID, "Good morning.", secret, "How are you?", forget=secret)
    async with serving(tmp_path / "there", *SERVICES, settings=ROOMY) as served:
        await restore(served.ledger, "ada", b"".join(lines))
        before = await derived(served)
    assert await restored(tmp_path / "again", lines) == before


async def test_what_lies_far_back_is_not_read_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follower, "UNREAD_EVENTS", 0)
    lines = upto(await told(tmp_path / "here", SAID), "user_message")

    assert await restored(tmp_path / "there", lines) == {}


async def test_a_full_export_says_what_a_worker_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(_extractor: Extractor, _event: mind.Event) -> Found:
        raise ValueError("not this one")

    monkeypatch.setattr(Extractor, "found", fails)
    async with (
        serving(tmp_path / "here", *SERVICES, settings=ROOMY) as served,
        pmm_client.connect(served.target) as client,
    ):
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        await converse(served, SAID)
        await followed(served)
        manifest = await archive.save(client.mind("ada"), tmp_path / "ada.pmm")

    assert manifest.unfinished == {"extraction": 1}


async def test_a_mind_that_was_restored_with_an_erasure_thinks_at_once(tmp_path: Path) -> None:
    lines = await told(tmp_path / "here", SAID, "I live in Lagos.", forget="I live in Lagos.")
    async with serving(tmp_path / "there", *SERVICES, settings=ROOMY) as served:
        await restore(served.ledger, "ada", b"".join(lines))
        made = await served.orchestrator.reflect(pb.ReflectRequest(mind_id="ada"), timeout=20)

    assert made.reflection.text


async def test_what_a_tick_asked_for_before_the_export_is_left_as_it_was(tmp_path: Path) -> None:
    tick = mind.TickRecorded(decision="reflect", reflection_style=mind.REFLECTION_STYLE_SUCCINCT)
    async with serving(tmp_path / "here", "ledger", settings=ROOMY) as served:
        bodies = (mind.Body(mind_created=mind.MindCreated(name="ada")), mind.Body(tick_recorded=tick))
        new = [ledger.NewEvent(body=body) for body in bodies]
        await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=new))
        lines = await exported(served)
    async with serving(tmp_path / "there", *SERVICES, settings=ROOMY) as served:
        await restore(served.ledger, "ada", b"".join(lines))
        await followed(served)

        assert not await events(served, kinds=["reflection_recorded"])
