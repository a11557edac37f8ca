"""After Forget no API and no file holds the words, the reply that quoted them included; everything else stays."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

import pmm_client
from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.memory.v1 import memory_pb2 as memory
from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from services.orchestrator.minds import Minds
from services.orchestrator.peers import Peers
from services.orchestrator.radius import BlastRadius
from services.orchestrator.store import Store
from services.orchestrator.terms import Draft
from tests.orchestrator.conftest import ROOMY
from tests.orchestrator.talking import converse, events, followed, head, wait_for
from tests.support.files import files_with
from tests.support.openai_server import OpenAIServer
from tests.support.serving import Served, serving
from tests.support.stack import Stack

ALL = ("ledger", "memory", "inference", "orchestrator")
MARKER = "quinquereme"
FACT = f"my {MARKER} lies in the harbour of Ophir"


async def forget(served: Served, seq: int) -> pb.ForgetResponse:
    request = pb.ForgetRequest(mind_id="ada", seq=seq)
    return [step async for step in served.orchestrator.forget(request, timeout=60)][-1]


async def told(served: Served) -> int:
    """A fact among others, and a reply that quotes it; its seq."""
    await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
    await converse(served, "my cat is called Tom")
    turn = await converse(served, FACT)
    assert turn.started
    reply = await converse(served, f"where does my {MARKER} lie?")
    assert MARKER in reply.text
    return next(event.seq for event in await events(served) if event.body.user_message.text == FACT)


async def search(served: Served, query: str) -> list[str]:
    head = (await served.ledger.get_head(ledger.GetHeadRequest(mind_id="ada"))).seq
    request = memory.SearchRequest(mind_id="ada", query=query, min_seq=head)
    return [result.memory.text for result in (await served.memory.search(request, timeout=20)).results]


def patient(**more: Any) -> dict[str, dict[str, Any]]:
    """Settings with which no search is left out on a busy machine."""
    return {"orchestrator": {**ROOMY["orchestrator"], **more}}


async def written(folder: Path) -> None:
    """Return once a file holds the word: snapshots are saved beside the work."""
    async with asyncio.timeout(20):
        while not files_with(folder, MARKER):
            await asyncio.sleep(0.02)


async def test_what_is_forgotten_is_in_no_answer_and_no_file(tmp_path: Path) -> None:
    async with serving(tmp_path, *ALL, settings=patient(snapshot_events=2)) as served:
        seq = await told(served)
        question = next(
            event.seq for event in await events(served) if event.body.user_message.text.startswith("where")
        )
        await written(tmp_path)

        done = await forget(served, seq)
        assert done.done
        assert seq in done.redacted_seqs
        # The question says the word on its own account: that is another thing to forget.
        await forget(served, question)

        assert files_with(tmp_path, MARKER) == []
        assert not [text for text in await search(served, MARKER) if MARKER in text]
        assert MARKER not in "".join(str(event) for event in await events(served))
        export = [part.lines async for part in served.ledger.export(ledger.ExportRequest(mind_id="ada"))]
        assert MARKER.encode() not in b"".join(export)
        steps = [step async for step in served.ledger.verify(ledger.VerifyRequest(mind_id="ada"))]
        assert steps[-1].verified.redacted >= 3
        assert "Tom" in (await converse(served, "what is my cat called?")).text
        assert MARKER not in (await converse(served, "what lies in the harbour of Ophir?")).text
    async with serving(tmp_path, *ALL, settings=ROOMY) as served:
        assert "Tom" in (await converse(served, "what is my cat called?")).text
        archive = [part.data async for part in served.ledger.backup(ledger.BackupRequest())]
    assert MARKER.encode() not in b"".join(archive)
    assert files_with(tmp_path, MARKER) == []


async def test_a_promise_made_of_the_words_goes_with_them(tmp_path: Path) -> None:
    async with serving(tmp_path, *ALL, settings=patient(snapshot_events=1)) as served:
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        said = f"my {MARKER} must be tarred"
        answer = f"I will remind you to tar your {MARKER} on Friday."
        appended = await served.ledger.append(
            ledger.AppendRequest(
                mind_id="ada",
                events=[
                    ledger.NewEvent(session_id="s1", actor="system", body=mind.Body(session_started={})),
                    ledger.NewEvent(
                        session_id="s1", actor="user", body=mind.Body(user_message={"text": said})
                    ),
                ],
            )
        )
        asked = appended.events[1].seq
        reply = mind.AssistantMessage(
            text=answer, backend="openai", receipt=mind.Receipt(recent_seqs=[asked])
        )
        new = ledger.NewEvent(
            session_id="s1",
            actor="assistant",
            causation_seq=asked,
            body=mind.Body(assistant_message=reply),
        )
        quoting = (
            (await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=[new]))).events[0].seq
        )
        opened = await wait_for(served, "commitment_opened")
        assert MARKER in opened.body.commitment_opened.text
        await served.orchestrator.get_mind(pb.GetMindRequest(mind_id="ada", min_seq=opened.seq))
        await written(tmp_path)

        done = await forget(served, quoting)
        assert set(done.redacted_seqs) == {quoting, opened.seq}
        await forget(served, asked)
        assert files_with(tmp_path, MARKER) == []
        open_ones = await served.orchestrator.list_commitments(pb.ListCommitmentsRequest(mind_id="ada"))
        assert not open_ones.commitments


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
        async with serving(tmp_path, *ALL, settings=thinking(server)) as served:
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
        async with serving(tmp_path, *ALL, settings=thinking(server)) as served:
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
        async with serving(tmp_path, *ALL, settings=thinking(server)) as served:
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
            peers: Peers, mind_id: str, drafts: Sequence[Draft], expected_seq: int | None = None
        ) -> ledger.AppendResponse:
            if drafts[0].actor == actor and not self.was_there:
                self.was_there = True
                assert self.served
                await self.served.ledger.redact(ledger.RedactRequest(mind_id="ada", seqs=[self.seq]))
            return await append_now(peers, mind_id, drafts, expected_seq)

        monkeypatch.setattr(Peers, "append", append)


@asynccontextmanager
async def interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, worker: str
) -> AsyncIterator[tuple[Served, Interrupting]]:
    """A new mind, of which a message is erased just before a worker appends what it made of it."""
    interrupting = Interrupting(monkeypatch, worker)
    async with serving(tmp_path, *ALL, settings=ROOMY) as served:
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
        async with serving(tmp_path, *ALL, settings=thinking(server)) as served:
            opened = await promised(served)
            redacted = await served.ledger.redact(ledger.RedactRequest(mind_id="ada", seqs=[opened.seq]))
            await served.orchestrator.get_mind(pb.GetMindRequest(mind_id="ada", min_seq=redacted.seq))
            made = (
                await served.orchestrator.reflect(pb.ReflectRequest(mind_id="ada"), timeout=60)
            ).reflection

    assert made.text == server.says
    assert MARKER not in str(server.requests)


async def test_the_event_loop_is_not_held_while_snapshots_leave_their_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[threading.Thread] = []
    compact = Store.compact

    def watched(self: Store) -> None:
        threads.append(threading.current_thread())
        compact(self)

    monkeypatch.setattr(Store, "compact", watched)
    async with serving(tmp_path, *ALL, settings=patient(snapshot_events=1)) as served:
        seq = await told(served)
        await written(tmp_path / "orchestrator")
        # The mind is opened again and again while its snapshots go.
        reading = asyncio.create_task(read_again_and_again(served))
        assert (await forget(served, seq)).done
        reading.cancel()

        assert threads
        assert threading.current_thread() not in threads
        assert files_with(tmp_path / "orchestrator", FACT) == []


async def test_who_watches_the_mind_sees_that_it_has_forgotten(tmp_path: Path) -> None:
    async with serving(tmp_path, *ALL, settings=patient()) as served:
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        stream = served.orchestrator.watch_mind(pb.WatchMindRequest(mind_id="ada"), timeout=60)
        await anext(stream)
        request = pb.OpenCommitmentRequest(mind_id="ada", text=f"caulk the {MARKER}")
        for _ in range(3):
            opened = (await served.orchestrator.open_commitment(request)).commitment
            assert (await forget(served, opened.opened_seq)).done
            async for shown in stream:
                if "event_redacted" in shown.kinds:
                    assert MARKER not in str(shown)
                    break


@pytest.mark.parametrize("mode", [mind.PRIVACY_MODE_NORMAL, mind.PRIVACY_MODE_PAUSED])
async def test_a_title_goes_with_what_it_quotes_and_a_paused_session_stays_paused(
    tmp_path: Path, mode: mind.PrivacyMode.ValueType
) -> None:
    async with serving(tmp_path, *ALL, settings=patient()) as served:
        origin = await told(served)
        request = pb.StartSessionRequest(
            mind_id="ada", session_id="named", title=FACT.capitalize(), privacy_mode=mode
        )
        begun = (await served.orchestrator.start_session(request)).session
        assert begun.first_seq in (await forget(served, origin)).redacted_seqs

        asked = pb.GetSessionRequest(mind_id="ada", session_id="named")
        session = (await served.orchestrator.get_session(asked)).session
        assert (session.title, session.privacy_mode) == ("", mode)
        turn = await converse(served, "this is between us", session_id="named")
        assert turn.started
        assert turn.started.privacy_mode == mode


async def test_titles_that_were_given_before_go_with_what_they_quote(tmp_path: Path) -> None:
    async with serving(tmp_path, *ALL, settings=patient()) as served:
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        for session_id, title in (("talk", FACT), ("other", "Genoa and its harbour"), ("again", "Tea")):
            begun = pb.StartSessionRequest(mind_id="ada", session_id=session_id, title=title)
            await served.orchestrator.start_session(begun)
        renamed = pb.RenameSessionRequest(mind_id="ada", session_id="again", title=f"“{FACT}”")
        await served.orchestrator.rename_session(renamed)
        turn = await converse(served, FACT.capitalize(), session_id="talk")
        assert turn.started
        radius = pb.BlastRadiusRequest(mind_id="ada", seq=turn.started.user_seq)
        reached = [one.seq async for page in served.orchestrator.blast_radius(radius) for one in page.events]
        assert {2, 5} <= set(reached)
        assert {3, 4}.isdisjoint(reached)

        await forget(served, turn.started.user_seq)

        listed = await served.orchestrator.list_sessions(pb.ListSessionsRequest(mind_id="ada"))
        assert {one.session_id: one.title for one in listed.sessions} == {
            "talk": "", "other": "Genoa and its harbour", "again": "",
        }  # fmt: skip
        assert {one.privacy_mode for one in listed.sessions} == {mind.PRIVACY_MODE_NORMAL}
        assert not files_with(tmp_path, MARKER)


async def test_a_paused_session_stays_paused_when_the_event_is_forgotten_that_says_so(tmp_path: Path) -> None:
    async with serving(tmp_path, *ALL, settings=patient()) as served:
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        paused = mind.PRIVACY_MODE_PAUSED
        for session_id, mode in (("s-1", paused), ("s-2", mind.PRIVACY_MODE_NORMAL)):
            request = pb.StartSessionRequest(mind_id="ada", session_id=session_id, privacy_mode=mode)
            await served.orchestrator.start_session(request)
            pause = pb.SetPrivacyModeRequest(mind_id="ada", session_id=session_id, privacy_mode=paused)
            await served.orchestrator.set_privacy_mode(pause)
        for event in await events(served, kinds=["session_started", "privacy_mode_changed"]):
            await forget(served, event.seq)

        for session_id in ("s-1", "s-2"):
            turn = await converse(served, "this is between us", session_id=session_id)
            assert turn.started
            assert turn.started.privacy_mode == paused


async def modes(served: Served, *seqs: int) -> dict[str, int]:
    """Of every conversation, now and as of some seqs, however it is asked."""
    found: dict[str, int] = {}
    for seq in (None, *seqs):
        listed = await served.orchestrator.list_sessions(pb.ListSessionsRequest(mind_id="ada", as_of_seq=seq))
        for one in listed.sessions:
            asked = pb.GetSessionRequest(mind_id="ada", session_id=one.session_id, as_of_seq=seq)
            assert (await served.orchestrator.get_session(asked)).session.privacy_mode == one.privacy_mode
            found[f"{one.session_id} at {seq}"] = one.privacy_mode
    return found


async def test_nothing_is_remembered_where_a_bare_redaction_erased_what_is_to_be_kept(tmp_path: Path) -> None:
    paused, normal = mind.PRIVACY_MODE_PAUSED, mind.PRIVACY_MODE_NORMAL
    async with serving(tmp_path, *ALL, settings=patient(snapshot_events=1)) as served:
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        for session_id, mode in (("began-paused", paused), ("was-paused", normal), ("normal", normal)):
            request = pb.StartSessionRequest(mind_id="ada", session_id=session_id, privacy_mode=mode)
            await served.orchestrator.start_session(request)
        pause = pb.SetPrivacyModeRequest(mind_id="ada", session_id="was-paused", privacy_mode=paused)
        await served.orchestrator.set_privacy_mode(pause)
        last = await head(served)
        redacted = await served.ledger.redact(ledger.RedactRequest(mind_id="ada", seqs=[2, 5]))
        await followed(served)

        told = {
            f"{session_id} at {seq}": normal if session_id == "normal" else paused
            for session_id in ("began-paused", "was-paused", "normal")
            for seq in (None, last, redacted.seq)
        }
        async with asyncio.timeout(10):
            while await modes(served, last, redacted.seq) != told:
                pass
    async with serving(tmp_path, *ALL, settings=patient()) as served:
        assert await modes(served, last, redacted.seq) == told
        for session_id in ("began-paused", "was-paused"):
            turn = await converse(served, f"{FACT}, between us", session_id=session_id)
            assert turn.started
            assert turn.started.privacy_mode == paused
        assert not any(event.remember for event in await events(served, kinds=["user_message"]))
        go_on = pb.SetPrivacyModeRequest(mind_id="ada", session_id="began-paused", privacy_mode=normal)
        assert (await served.orchestrator.set_privacy_mode(go_on)).session.privacy_mode == normal


async def read_again_and_again(served: Served) -> None:
    while True:
        await served.orchestrator.get_mind(pb.GetMindRequest(mind_id="ada"))


async def test_a_bare_redaction_leaves_the_snapshots_too(tmp_path: Path) -> None:
    async with serving(tmp_path, *ALL, settings=patient(snapshot_events=1)) as served:
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        request = pb.OpenCommitmentRequest(mind_id="ada", text=f"caulk the {MARKER}")
        opened = (await served.orchestrator.open_commitment(request)).commitment
        await written(tmp_path / "orchestrator")
        seq = (await wait_for(served, "commitment_opened")).seq
        redacted = await served.ledger.redact(ledger.RedactRequest(mind_id="ada", seqs=[seq]))
        async with asyncio.timeout(10):
            while files_with(tmp_path / "orchestrator", MARKER):
                await served.orchestrator.get_mind(pb.GetMindRequest(mind_id="ada", min_seq=redacted.seq))
        assert opened.text
        listed = await served.orchestrator.list_commitments(pb.ListCommitmentsRequest(mind_id="ada"))
        assert not listed.commitments


async def test_a_deleted_mind_is_gone_from_every_service(tmp_path: Path) -> None:
    async with serving(tmp_path, *ALL, settings=patient(snapshot_events=1)) as served:
        await told(served)
        await served.ledger.delete_mind(ledger.DeleteMindRequest(mind_id="ada", confirm_mind_id="ada"))
        async with asyncio.timeout(10):
            while files_with(tmp_path, MARKER):
                await served.ledger.list_minds(ledger.ListMindsRequest())
        for call in (
            served.orchestrator.get_mind(pb.GetMindRequest(mind_id="ada")),
            converse(served, "are you there?"),
        ):
            with pytest.raises(pmm_client.MindDeleted):
                await call


async def test_nothing_is_forgotten_twice_and_nothing_that_is_not_there(tmp_path: Path) -> None:
    async with serving(tmp_path, *ALL, settings=patient()) as served:
        seq = await told(served)
        first = await forget(served, seq)
        again = await forget(served, seq)
        assert again.done
        assert first.done
        with pytest.raises(pmm_client.UnknownEvent):
            await forget(served, 999)
        (erasure, *_) = await events(served, kinds=["event_redacted"])
        with pytest.raises(pmm_client.InvalidArgument) as refused:
            await forget(served, erasure.seq)
        assert [violation.field for violation in refused.value.violations] == ["seq"]
        with pytest.raises(pmm_client.UnknownMind):
            async for _ in served.orchestrator.forget(pb.ForgetRequest(mind_id="eve", seq=2)):
                pass


async def test_an_erasure_that_a_crash_interrupts_is_completed_at_the_next_start(tmp_path: Path) -> None:
    with Stack(tmp_path / "data") as stack:
        async with pmm_client.connect(stack.target) as client:
            ada = client.mind("ada")
            await ada.create()
            await client.mind("ada").chat(FACT)
            seq = (await anext(ada.events(kinds=["user_message"]))).seq
            await client.ledger.redact(ledger.RedactRequest(mind_id="ada", seqs=[seq]))
            stack.kill()
        stack.restart()
        async with pmm_client.connect(stack.target) as client:
            head = (await client.mind("ada").head()).seq
            await client.mind("ada").wait_for_index(head)
        async with asyncio.timeout(20):
            while files_with(stack.data, FACT):
                await asyncio.sleep(0.05)


# --- The radius by itself.


def event(seq: int, kind: str, causation: int | None = None, **body: Any) -> mind.Event:
    made = mind.Event(seq=seq, kind=kind, body=mind.Body(**{kind: body}))
    if causation is not None:
        made.causation_seq = causation
    return made


ORIGIN = event(5, "user_message", text="My sister Ana moved to Porto in May.")
ORIGIN.session_id = "s"


@pytest.mark.parametrize(
    ("later", "edges", "carries"),
    [
        (event(6, "assistant_message", 5, text="Noted."), ("caused_by",), False),
        (event(6, "assistant_message", 5, text="So Ana moved to Porto!"), ("caused_by", "quotes"), True),
        (event(9, "assistant_message", text="In Porto [#5, 3 May]."), ("cites",), True),
        (event(9, "assistant_message", text="Hm.", receipt={"recent_seqs": [5]}), ("in_prompt",), False),
        (
            event(9, "memory_recorded", memory_id="m", text="Ana: Porto", source_seqs=[5]),
            ("derived_from",),
            True,
        ),
        (event(9, "commitment_opened", 5, commitment_id="c", text="call"), ("caused_by",), True),
        (event(9, "commitment_revised", 5, commitment_id="c", text="call"), ("caused_by",), True),
        (event(9, "commitment_closed", commitment_id="c", evidence_seqs=[5]), ("derived_from",), False),
        (event(9, "commitment_closed", 5, commitment_id="c", why="said so"), ("caused_by",), False),
        (event(9, "commitment_closed", 5, commitment_id="c", why="she left"), ("caused_by",), True),
        (event(9, "evidence_recorded", commitment_id="c", seqs=[5]), ("derived_from",), False),
        (event(9, "evidence_recorded", commitment_id="c", seqs=[5], text="gone"), ("derived_from",), True),
        (event(9, "commitment_snoozed", 5, commitment_id="c"), ("caused_by",), False),
        (event(9, "summary_recorded", from_seq=2, to_seq=8, text="family"), ("covers",), True),
        (event(9, "user_message", text="My sister Ana moved to Porto in May, I said"), ("repeats",), True),
        (event(9, "user_message", text="Ana moved to Porto, did she?"), None, False),
        (event(9, "assistant_message", text="Lisbon is nice in May."), None, False),
        (event(9, "event_redacted", seqs=[5]), None, False),
        (event(9, "meta_reflection_recorded", from_seq=2, to_seq=8, opened=1), None, False),
        (event(9, "trait_adjusted", delta=0.01, evidence_seqs=[5]), None, False),
        (event(9, "conversation_analyzed", session_id="s", topics=["x"], to_seq=8), ("covers",), True),
        (event(9, "conversation_analyzed", session_id="s", topics=["x"], to_seq=4), None, False),
        (event(9, "conversation_analyzed", session_id="t", topics=["x"], to_seq=8), None, False),
        (event(9, "reflection_recorded", text="I know a sister", evidence_seqs=[5]), ("derived_from",), True),
        (mind.Event(seq=9, kind="assistant_message", redacted=True), None, False),
    ],
)
def test_an_event_is_reached_as_it_should_be(
    later: mind.Event, edges: tuple[str, ...] | None, carries: bool
) -> None:
    reached = BlastRadius(ORIGIN).take(later)
    assert (reached and reached.edges, bool(reached and reached.carries_words)) == (edges, carries)


@pytest.mark.parametrize(
    ("said", "answered", "carries"),
    [
        ("My PIN is 4471.", "Noted: your PIN is 4471.", True),
        ("My PIN is 4471.", "Noted.", False),
        ("My locker is B12x.", "It is B12x.", True),
        ("We met in 2019.", "2019 was a good year.", False),
        ("妹妹安娜五月搬到波尔图，请记住。", "好的，你的妹妹安娜五月搬到波尔图。", True),
        ("妹妹安娜五月搬到波尔图，请记住。", "好的。", False),
        ("น้องสาวของฉันย้ายไปปอร์โต", "น้องสาวของคุณย้ายไปปอร์โตแล้ว", True),
    ],
)
def test_an_answer_to_it_that_says_its_numbers_or_signs_carries_its_words(
    said: str, answered: str, carries: bool
) -> None:
    def reached(*causes: int) -> bool:
        radius = BlastRadius(event(5, "user_message", text=said))
        found = radius.take(event(6, "assistant_message", *causes, text=answered))
        return bool(found and found.carries_words)

    assert reached(5) is carries
    assert not reached(), "somebody else's answer may say the same by chance"


def test_what_was_derived_from_what_was_derived_is_reached_and_further_away() -> None:
    radius = BlastRadius(ORIGIN)
    fact = radius.take(
        event(6, "memory_recorded", memory_id="m", text="Ana lives on the Douro", source_seqs=[5])
    )
    revised = radius.take(event(7, "memory_revised", memory_id="m", text="Ana lives there"))
    quoted = radius.take(event(8, "assistant_message", 4, text="Ana lives on the Douro, you know."))
    other = radius.take(event(9, "memory_revised", memory_id="n", text="unrelated"))
    assert fact
    assert revised
    assert quoted
    assert (fact.distance, revised.edges, quoted.carries_words, other) == (1, ("same_thing",), True, None)


def test_a_short_answer_is_no_quotation() -> None:
    radius = BlastRadius(event(5, "user_message", text="Thanks!"))
    assert radius.take(event(6, "user_message", text="Thanks!")) is None
    code = BlastRadius(event(5, "user_message", text="4711"))
    reached = code.take(event(6, "assistant_message", text="The code is 4711."))
    assert reached
    assert reached.carries_words


def test_what_a_crash_left_in_the_orchestrators_file_is_gone_after_the_next_start(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for seq in (10, 20, 30):
        store.save("ada", seq, f"{MARKER} at {seq}".encode())
    store.save("bob", 10, b"bob's own")
    assert store.erase_from("ada", 15)
    store.close()
    assert files_with(tmp_path, f"{MARKER} at 30")

    store = Store(tmp_path)
    assert files_with(tmp_path, f"{MARKER} at 20", f"{MARKER} at 30") == []
    assert store.saved("ada", 100) == (10, f"{MARKER} at 10".encode())
    assert store.saved("bob", 100) == (10, b"bob's own")
    assert not store.erase_from("ada", 15)
    store.close()
