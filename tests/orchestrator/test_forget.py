"""After Forget no API and no file holds the words, the reply that quoted them included; everything else stays."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

import pmm_client
from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from services.orchestrator.forgetting import TAKEN_AT_ONCE
from services.orchestrator.store import Store
from tests.orchestrator.conftest import ROOMY, SERVICES
from tests.orchestrator.forgotten import FACT, MARKER, forget, patient, search, told, written
from tests.orchestrator.talking import converse, events, followed, head, wait_for
from tests.support.files import files_with
from tests.support.serving import Served, serving
from tests.support.stack import Stack


async def test_what_is_forgotten_is_in_no_answer_and_no_file(tmp_path: Path) -> None:
    async with serving(tmp_path, *SERVICES, settings=patient(snapshot_events=2)) as served:
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
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as served:
        assert "Tom" in (await converse(served, "what is my cat called?")).text
        archive = [part.data async for part in served.ledger.backup(ledger.BackupRequest())]
    assert MARKER.encode() not in b"".join(archive)
    assert files_with(tmp_path, MARKER) == []


async def test_a_promise_made_of_the_words_goes_with_them(tmp_path: Path) -> None:
    async with serving(tmp_path, *SERVICES, settings=patient(snapshot_events=1)) as served:
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


async def test_the_event_loop_is_not_held_while_snapshots_leave_their_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[threading.Thread] = []
    compact = Store.compact

    def watched(self: Store) -> None:
        threads.append(threading.current_thread())
        compact(self)

    monkeypatch.setattr(Store, "compact", watched)
    async with serving(tmp_path, *SERVICES, settings=patient(snapshot_events=1)) as served:
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
    async with serving(tmp_path, *SERVICES, settings=patient()) as served:
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
    async with serving(tmp_path, *SERVICES, settings=patient()) as served:
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
    async with serving(tmp_path, *SERVICES, settings=patient()) as served:
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
    async with serving(tmp_path, *SERVICES, settings=patient()) as served:
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
    async with serving(tmp_path, *SERVICES, settings=patient(snapshot_events=1)) as served:
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
    async with serving(tmp_path, *SERVICES, settings=patient()) as served:
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
    async with serving(tmp_path, *SERVICES, settings=patient(snapshot_events=1)) as served:
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
    async with serving(tmp_path, *SERVICES, settings=patient(snapshot_events=1)) as served:
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
    async with serving(tmp_path, *SERVICES, settings=patient()) as served:
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


async def test_a_reply_goes_with_what_it_quotes_however_much_came_after_it(served: Served) -> None:
    turn = await converse(served, FACT)
    assert turn.started
    answer = mind.Body(assistant_message=mind.AssistantMessage(text=f"I note that {FACT}."))
    later = [ledger.NewEvent(body=mind.Body(custom=mind.Custom(name="x"))) for _ in range(2 * TAKEN_AT_ONCE)]
    appended = await served.ledger.append(
        ledger.AppendRequest(mind_id="ada", events=[ledger.NewEvent(body=answer), *later])
    )

    done = await forget(served, turn.started.user_seq)

    assert appended.events[0].seq in done.redacted_seqs
    assert not set(done.redacted_seqs) & {event.seq for event in appended.events[1:]}


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
