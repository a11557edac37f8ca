"""What is being made of a message while it is forgotten does not hold its words, either."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from services.orchestrator.minds import Minds
from services.orchestrator.peers import Peers
from services.orchestrator.terms import Draft
from tests.orchestrator.conftest import ROOMY, SERVICES
from tests.orchestrator.forgotten import FACT, MARKER, forget, search
from tests.orchestrator.talking import converse, events, followed, head, wait_for
from tests.support.files import files_with
from tests.support.openai_server import OpenAIServer
from tests.support.serving import Served, serving


def thinking(server: OpenAIServer) -> dict[str, dict[str, Any]]:
    """Settings for a mind that only thinks of itself when it is asked to, and for as long as the test wants."""
    model = {"backend": "openai", "openai_base_url": server.base_url, "model": "held"}
    idle = {"tick_seconds": 3_600, "extracts_with_model": False, "snapshot_events": 1}
    return {"inference": model, "orchestrator": idle}


async def asked_about(server: OpenAIServer) -> str:
    """What the model was asked last, once it was."""
    async with asyncio.timeout(20):
        while not server.requests:
            await asyncio.sleep(0.01)
    return str(server.requests[-1]["messages"])


async def promised(served: Served) -> mind.Event:
    """A new mind's only promise, which holds the marker."""
    await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
    opening = pb.OpenCommitmentRequest(mind_id="ada", text=f"caulk the {MARKER}")
    await served.orchestrator.open_commitment(opening)
    return await wait_for(served, "commitment_opened")


async def test_a_reflection_on_what_is_forgotten_meanwhile_is_thought_again(tmp_path: Path) -> None:
    with OpenAIServer() as server:
        server.says = f"I still have to caulk the {MARKER}."
        async with serving(tmp_path, *SERVICES, settings=thinking(server)) as served:
            opened = await promised(served)
            request = pb.ReflectRequest(mind_id="ada")
            asked = asyncio.create_task(served.orchestrator.reflect(request, timeout=60))
            assert MARKER in await asked_about(server)

            await forget(served, opened.seq)
            server.says = "I have nothing left to do."
            server.released.set()
            made = (await asked).reflection

            kept = await events(served, kinds=["reflection_recorded"])
            assert [one.body.reflection_recorded.text for one in kept] == [made.text] == [server.says]
            assert files_with(tmp_path, MARKER) == []


@pytest.mark.parametrize("mode", [mind.PRIVACY_MODE_NORMAL, mind.PRIVACY_MODE_PAUSED])
async def test_an_answer_that_is_written_while_what_it_draws_on_is_forgotten_goes_too(
    tmp_path: Path, mode: mind.PrivacyMode.ValueType
) -> None:
    with OpenAIServer() as server:
        server.says = f"Your {MARKER} is there."
        async with serving(tmp_path, *SERVICES, settings=thinking(server)) as served:
            await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
            said = mind.UserMessage(text=FACT)
            new = ledger.NewEvent(session_id="talk", actor="user", body=mind.Body(user_message=said))
            origin = (await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=[new]))).events[0]
            await search(served, FACT)
            asked = asyncio.create_task(converse(served, "Where is it now?", privacy_mode=mode))
            assert MARKER in await asked_about(server)

            await forget(served, origin.seq)
            server.released.set()
            turn = await asked
            await followed(served)

            assert MARKER in turn.text
            [answer] = [event for event in await events(served) if event.seq == turn.completed.assistant_seq]
            assert answer.redacted
            assert files_with(tmp_path, MARKER) == []


async def test_an_answer_that_draws_on_nothing_that_is_forgotten_meanwhile_stays(tmp_path: Path) -> None:
    with OpenAIServer() as server:
        server.says = "It is at home."
        async with serving(tmp_path, *SERVICES, settings=thinking(server)) as served:
            await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
            asked = asyncio.create_task(converse(served, "Where is it now?"))
            await asked_about(server)
            opening = pb.OpenCommitmentRequest(mind_id="ada", text=f"caulk the {MARKER}")
            opened = (await served.orchestrator.open_commitment(opening)).commitment

            await forget(served, opened.opened_seq)
            server.released.set()
            turn = await asked
            await followed(served)

            [answer] = [event for event in await events(served) if event.seq == turn.completed.assistant_seq]
            assert answer.body.assistant_message.text == server.says


class Interrupting:
    """Erases an event when something that was made of it is on its way to the ledger, and lets it go on then."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, actor: str) -> None:
        self.served: Served | None = None
        self.seq = 0
        self.was_there = False
        append_now = Peers.append

        async def append(
            peers: Peers, mind_id: str, drafts: Sequence[Draft], **expected: Any
        ) -> ledger.AppendResponse:
            if drafts[0].actor == actor and not self.was_there:
                self.was_there = True
                assert self.served
                await self.served.ledger.redact(ledger.RedactRequest(mind_id="ada", seqs=[self.seq]))
            return await append_now(peers, mind_id, drafts, **expected)

        monkeypatch.setattr(Peers, "append", append)


@asynccontextmanager
async def interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, worker: str
) -> AsyncIterator[tuple[Served, Interrupting]]:
    """A new mind, of which a message is erased just before a worker appends what it made of it."""
    interrupting = Interrupting(monkeypatch, worker)
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as served:
        interrupting.served = served
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        yield served, interrupting


async def made_at_a_tick(
    served: Served, interrupting: Interrupting, texts: Sequence[str], tick: mind.TickRecorded, kind: str
) -> list[mind.Event]:
    """Erasures and events of a kind, once a tick asked for these after a talk whose first message is erased."""
    said = [
        ledger.NewEvent(session_id="talk", body=mind.Body(user_message=mind.UserMessage(text=text)))
        for text in texts
    ]
    interrupting.seq = await head(served) + 1
    new = [*said, ledger.NewEvent(body=mind.Body(tick_recorded=tick))]
    await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=new))
    await wait_for(served, kind)
    await followed(served)
    assert interrupting.was_there
    return await events(served, kinds=["event_redacted", kind])


async def test_what_a_worker_makes_of_a_message_is_not_appended_once_that_is_erased(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with interrupted(tmp_path, monkeypatch, "extraction") as (served, interrupting):
        said = mind.UserMessage(text=f"My name is Ana. I own a {MARKER}.")
        message = ledger.NewEvent(actor="user", body=mind.Body(user_message=said))
        interrupting.seq = await head(served) + 1
        await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=[message]))
        erased = await wait_for(served, "event_redacted")
        await followed(served)

        assert interrupting.was_there
        made = [event for event in await events(served) if event.causation_seq == interrupting.seq]
        assert "extraction" not in {event.actor for event in made}
        assert all(event.seq < erased.seq for event in made)
        left = await served.orchestrator.list_dead_letters(pb.ListDeadLettersRequest(mind_id="ada"))
        assert not left.dead_letters


async def test_a_message_that_is_erased_while_its_conversation_is_analysed_is_not_in_the_analysis(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with interrupted(tmp_path, monkeypatch, "analysis") as (served, interrupting):
        asked = (f"Where does my {MARKER} lie?", "Is Porto far away?")
        tick = mind.TickRecorded(decision="analyze", reasons=["analyze"], analyzed_session_ids=["talk"])
        made = await made_at_a_tick(served, interrupting, asked, tick, "conversation_analyzed")

    assert [event.kind for event in made] == ["event_redacted", "conversation_analyzed"]
    assert list(made[1].body.conversation_analyzed.open_questions) == [asked[1]]


async def test_a_message_that_is_erased_while_its_span_is_summarised_is_not_in_the_summary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with interrupted(tmp_path, monkeypatch, "summaries") as (served, interrupting):
        texts = [f"My {MARKER} lies in the harbour.", *(f"I have walked to place {n}." for n in range(29))]
        tick = mind.TickRecorded(decision="summarize", reasons=["summarize"], summarized_session_ids=["talk"])
        made = await made_at_a_tick(served, interrupting, texts, tick, "summary_recorded")

    assert made[0].kind == "event_redacted"
    summaries = [event.body.summary_recorded.text for event in made[1:]]
    assert MARKER not in str(summaries)
    assert "place 1" in summaries[0]


async def test_a_mind_does_not_think_of_what_was_erased_while_its_state_still_holds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_state, may_forget = Minds.forget, asyncio.Event()

    async def held(self: Minds, mind_id: str, remove: Callable[[], object]) -> None:
        await may_forget.wait()
        await forget_state(self, mind_id, remove)

    look = Peers.event

    async def looked(self: Peers, mind_id: str, seq: int) -> mind.Event:
        found = await look(self, mind_id, seq)
        if found.kind == "event_redacted":
            # Who is about to think has seen that the state is not to be relied on.
            may_forget.set()
        return found

    monkeypatch.setattr(Minds, "forget", held)
    monkeypatch.setattr(Peers, "event", looked)
    with OpenAIServer() as server:
        server.says = "I have nothing left to do."
        server.released.set()
        async with serving(tmp_path, *SERVICES, settings=thinking(server)) as served:
            opened = await promised(served)
            redacted = await served.ledger.redact(ledger.RedactRequest(mind_id="ada", seqs=[opened.seq]))
            await served.orchestrator.get_mind(pb.GetMindRequest(mind_id="ada", min_seq=redacted.seq))
            made = (
                await served.orchestrator.reflect(pb.ReflectRequest(mind_id="ada"), timeout=60)
            ).reflection

    assert made.text == server.says
    assert MARKER not in str(server.requests)
