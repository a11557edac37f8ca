"""Minds, sessions, names and commitments through the contract; past states; interrupted turns."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from pmm_client import errors
from services.orchestrator.peers import Peers
from tests.orchestrator.conftest import ROOMY, SERVICES
from tests.orchestrator.talking import converse, events, head, settled_head
from tests.support.drafts import said
from tests.support.serving import Served, serving


async def test_a_mind_is_made_once_and_listed(served: Served) -> None:
    with pytest.raises(errors.MindExists):
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
    listed = await served.orchestrator.list_minds(pb.ListMindsRequest())

    assert [found.mind_id for found in listed.minds] == ["ada"]


async def test_a_past_state_is_what_it_was(served: Served) -> None:
    states: dict[int, pb.Mind] = {}
    for name in ("Nova", "Iris", "Juno"):
        await served.orchestrator.adopt_name(pb.AdoptNameRequest(mind_id="ada", name=name))
        await converse(served, f"hello {name}")
        now = (await served.orchestrator.get_mind(pb.GetMindRequest(mind_id="ada"))).mind
        states[now.seq] = now

    for seq, then in states.items():
        again = (await served.orchestrator.get_mind(pb.GetMindRequest(mind_id="ada", as_of_seq=seq))).mind
        assert again == then
    with pytest.raises(errors.BeyondHead):
        await served.orchestrator.get_mind(pb.GetMindRequest(mind_id="ada", as_of_seq=10_000))


async def test_snapshots_are_saved_and_a_restart_folds_the_same(tmp_path: Path) -> None:
    small = {**ROOMY, "orchestrator": {**ROOMY["orchestrator"], "snapshot_events": 64}}
    async with serving(tmp_path, *SERVICES, settings=small) as served:
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        messages = [
            pb.ImportedMessage(text=f"line {i}", speaker="Ana", session_id=f"s{i // 9}") for i in range(300)
        ]
        request = pb.ImportMessagesRequest(mind_id="ada", messages=messages)
        await served.orchestrator.import_messages(request)
        before = (await served.orchestrator.get_mind(pb.GetMindRequest(mind_id="ada"))).mind
        past = (await served.orchestrator.get_mind(pb.GetMindRequest(mind_id="ada", as_of_seq=200))).mind

    async with serving(tmp_path, *SERVICES, settings=small) as served:
        assert (await served.orchestrator.get_mind(pb.GetMindRequest(mind_id="ada"))).mind == before
        assert (
            await served.orchestrator.get_mind(pb.GetMindRequest(mind_id="ada", as_of_seq=200))
        ).mind == past
        assert (before.counts.imported_messages, before.counts.sessions) == (300, 34)


async def test_more_minds_are_talked_to_at_once_than_are_kept_in_memory(tmp_path: Path) -> None:
    settings = {**ROOMY, "orchestrator": {**ROOMY["orchestrator"], "active_minds": 2}}
    names = [f"m{number}" for number in range(8)]
    async with serving(tmp_path, *SERVICES, settings=settings) as served:
        for name in names:
            await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id=name))

        async def talk(name: str) -> None:
            for number in range(6):
                turn = await converse(served, f"hello for the {number}th time", name)
                assert turn.completed is not None
                await served.orchestrator.get_mind(pb.GetMindRequest(mind_id=name))

        await asyncio.gather(*(talk(name) for name in names))

        for name in names:
            assert await events(served, name, kinds=["turn_failed"]) == []
            assert len(await events(served, name, kinds=["assistant_message"])) == 6


async def test_importing_twice_is_the_same_as_once(served: Served) -> None:
    messages = [pb.ImportedMessage(text="again", speaker="Ana", repetition=i) for i in range(3)]
    request = pb.ImportMessagesRequest(mind_id="ada", messages=messages)
    first = await served.orchestrator.import_messages(request)
    second = await served.orchestrator.import_messages(request)

    assert (first.appended, first.existed) == (3, 0)
    assert (second.appended, second.existed, list(second.seqs)) == (0, 3, list(first.seqs))


async def test_the_same_message_twice_in_one_call_is_imported_once(served: Served) -> None:
    texts = ["one", "two", "one", "one"]
    messages = [pb.ImportedMessage(text=text, speaker="Ana") for text in texts]
    done = await served.orchestrator.import_messages(
        pb.ImportMessagesRequest(mind_id="ada", messages=messages)
    )

    assert (done.appended, done.existed, list(done.seqs)) == (2, 2, [2, 3, 2, 2])
    assert [e.body.message_imported.text for e in await events(served, from_seq=2)] == ["one", "two"]


async def test_a_session_lives(served: Served) -> None:
    started = await served.orchestrator.start_session(
        pb.StartSessionRequest(mind_id="ada", session_id="talk")
    )
    assert started.session.session_id == "talk"
    with pytest.raises(errors.SessionExists):
        await served.orchestrator.start_session(pb.StartSessionRequest(mind_id="ada", session_id="talk"))
    await served.orchestrator.rename_session(
        pb.RenameSessionRequest(mind_id="ada", session_id="talk", title="Tea")
    )
    await converse(served, "hello there", session_id="talk")
    ended = await served.orchestrator.end_session(pb.EndSessionRequest(mind_id="ada", session_id="talk"))

    assert (ended.session.title, ended.session.user_messages, ended.session.HasField("ended_at")) == (
        "Tea",
        1,
        True,
    )
    again = await served.orchestrator.end_session(pb.EndSessionRequest(mind_id="ada", session_id="talk"))
    assert again.session == ended.session
    with pytest.raises(errors.FailedPrecondition):
        await converse(served, "still there?", session_id="talk")
    with pytest.raises(errors.UnknownSession):
        await converse(served, "hello", session_id="nowhere")
    listed = await served.orchestrator.list_sessions(pb.ListSessionsRequest(mind_id="ada"))
    assert [session.session_id for session in listed.sessions] == ["talk"]


async def test_going_incognito_starts_a_conversation_that_is_not_kept(served: Served) -> None:
    first = await converse(served, "hello there")
    assert first.started
    before = await settled_head(served)
    request = pb.SetPrivacyModeRequest(
        mind_id="ada", session_id=first.started.session_id, privacy_mode=mind.PRIVACY_MODE_INCOGNITO
    )
    unseen = (await served.orchestrator.set_privacy_mode(request)).session

    await converse(served, "between us", session_id=unseen.session_id)

    assert unseen.session_id != first.started.session_id
    assert await head(served) == before
    listed = await served.orchestrator.list_sessions(pb.ListSessionsRequest(mind_id="ada"))
    assert [session.session_id for session in listed.sessions] == [first.started.session_id]


async def test_names_come_and_go_with_their_history(served: Served) -> None:
    adopt = pb.AdoptNameRequest(mind_id="ada", name="Nova", why="voted by the team")
    await served.orchestrator.adopt_name(adopt)
    cleared = await served.orchestrator.clear_name(pb.ClearNameRequest(mind_id="ada", why="trial is over"))
    history = await served.orchestrator.get_identity_history(pb.GetIdentityHistoryRequest(mind_id="ada"))

    assert cleared.identity.name == ""
    assert [(change.kind, change.name, change.why) for change in history.changes] == [
        ("identity_adopted", "Nova", "voted by the team"),
        ("identity_cleared", "", "trial is over"),
    ]


async def test_a_commitment_is_done_only_with_evidence(served: Served) -> None:
    opened = await served.orchestrator.open_commitment(
        pb.OpenCommitmentRequest(mind_id="ada", text="Call Ana", priority=mind.PRIORITY_HIGH)
    )
    its_id = opened.commitment.commitment_id
    same = await served.orchestrator.open_commitment(
        pb.OpenCommitmentRequest(mind_id="ada", text="call ana!")
    )
    assert same.commitment.commitment_id == its_id
    close = pb.CloseCommitmentRequest(
        mind_id="ada", commitment_id=its_id, outcome=mind.COMMITMENT_OUTCOME_DONE
    )
    with pytest.raises(errors.FailedPrecondition) as refused:
        await served.orchestrator.close_commitment(close)
    assert refused.value.reason == "EVIDENCE_MISSING"
    close.evidence_seqs[:] = [opened.commitment.opened_seq]
    with pytest.raises(errors.FailedPrecondition) as itself:
        await served.orchestrator.close_commitment(close)
    assert itself.value.reason == "EVIDENCE_MISSING"

    # Said so that no worker takes it for evidence and closes it first.
    turn = await converse(served, "Ana and I spoke at noon")
    assert turn.started
    close.evidence_seqs[:] = [turn.started.user_seq]
    closed = await served.orchestrator.close_commitment(close)

    assert closed.commitment.status == pb.COMMITMENT_STATUS_CLOSED
    with pytest.raises(errors.NotFound):
        await served.orchestrator.close_commitment(close)


async def test_commitments_are_put_off_revised_and_overdue(served: Served) -> None:
    now = datetime.now(UTC)
    request = pb.OpenCommitmentRequest(mind_id="ada", text="pay the rent", project="home")
    request.due_at.FromDatetime(now + timedelta(days=1))
    its_id = (await served.orchestrator.open_commitment(request)).commitment.commitment_id
    await served.orchestrator.open_commitment(pb.OpenCommitmentRequest(mind_id="ada", text="some day"))

    def listing(**more: object) -> pb.ListCommitmentsRequest:
        return pb.ListCommitmentsRequest(mind_id="ada", **more)  # type: ignore[arg-type]

    listed = await served.orchestrator.list_commitments(listing())
    assert [c.text for c in listed.commitments] == ["pay the rent", "some day"]
    later = listing(status=pb.COMMITMENT_STATUS_OVERDUE)
    later.query_time.FromDatetime(now + timedelta(days=2))
    assert [c.text for c in (await served.orchestrator.list_commitments(later)).commitments] == [
        "pay the rent"
    ]

    snooze = pb.SnoozeCommitmentRequest(mind_id="ada", commitment_id=its_id)
    snooze.until.FromDatetime(now + timedelta(days=3))
    await served.orchestrator.snooze_commitment(snooze)
    snoozed = await served.orchestrator.list_commitments(listing(status=pb.COMMITMENT_STATUS_SNOOZED))
    assert [c.commitment_id for c in snoozed.commitments] == [its_id]

    snooze.until.FromDatetime(now - timedelta(days=1))
    with pytest.raises(errors.InvalidArgument) as refused:
        await served.orchestrator.snooze_commitment(snooze)
    assert [violation.field for violation in refused.value.violations] == ["until"]

    nothing = pb.ReviseCommitmentRequest(mind_id="ada", commitment_id=its_id)
    with pytest.raises(errors.InvalidArgument):
        await served.orchestrator.revise_commitment(nothing)
    revise = pb.ReviseCommitmentRequest(mind_id="ada", commitment_id=its_id, text="pay rent and gas")
    revised = await served.orchestrator.revise_commitment(revise)
    assert (revised.commitment.text, revised.commitment.project) == ("pay rent and gas", "home")
    overdue = pb.OpenCommitmentRequest(mind_id="ada", text="renew the passport")
    overdue.due_at.FromDatetime(now - timedelta(days=1))
    late = (await served.orchestrator.open_commitment(overdue)).commitment
    assert late.status == pb.COMMITMENT_STATUS_OVERDUE
    of_project = await served.orchestrator.list_commitments(listing(project="home"))
    assert len(of_project.commitments) == 1


async def test_a_commitment_is_closed_by_the_event_that_is_named_whatever_others_append(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = pb.OpenCommitmentRequest(mind_id="ada", text="call Ana")
    opened = (await served.orchestrator.open_commitment(request)).commitment
    noted = ledger.NewEvent(actor="app", body=mind.Body(custom=mind.Custom(name="note")))
    append = Peers.append

    async def overtaken(self: Peers, mind_id: str, drafts: Any, **expected: Any) -> Any:
        answer = await append(self, mind_id, drafts, **expected)
        await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=[noted]))
        await served.orchestrator.get_mind(pb.GetMindRequest(mind_id="ada"))
        return answer

    monkeypatch.setattr(Peers, "append", overtaken)
    close = pb.CloseCommitmentRequest(
        mind_id="ada", commitment_id=opened.commitment_id, outcome=mind.COMMITMENT_OUTCOME_DROPPED
    )
    closed = (await served.orchestrator.close_commitment(close)).commitment

    assert [closed.closed_seq] == [event.seq for event in await events(served, kinds=["commitment_closed"])]


async def test_words_are_those_that_a_commitment_has_now(served: Served) -> None:
    async def opened(text: str) -> pb.Commitment:
        request = pb.OpenCommitmentRequest(mind_id="ada", text=text)
        return (await served.orchestrator.open_commitment(request)).commitment

    first = await opened("call Ana")
    revise = pb.ReviseCommitmentRequest(mind_id="ada", commitment_id=first.commitment_id, text="write to Ana")
    await served.orchestrator.revise_commitment(revise)

    assert (await opened("Write to Ana!")).commitment_id == first.commitment_id
    assert (await opened("call Ana")).text == "call Ana"
    assert (await opened("call ana")).opened_seq == (await opened("Call Ana.")).opened_seq
    await converse(served, "Remind me to call Ana. Remind me to feed the cat.")
    await settled_head(served)
    assert (await opened("!!!")).commitment_id != (await opened("???")).commitment_id
    listed = await served.orchestrator.list_commitments(pb.ListCommitmentsRequest(mind_id="ada"))
    assert sorted(one.text for one in listed.commitments) == [
        "!!!", "???", "call Ana", "feed the cat", "write to Ana",
    ]  # fmt: skip
    revise.text = " \n"
    with pytest.raises(errors.InvalidArgument):
        await served.orchestrator.revise_commitment(revise)


async def test_a_message_opens_what_it_says_though_another_was_opened_with_its_words(served: Served) -> None:
    request = pb.OpenCommitmentRequest(mind_id="ada", text="feed the cat")
    first = (await served.orchestrator.open_commitment(request)).commitment
    revise = pb.ReviseCommitmentRequest(mind_id="ada", commitment_id=first.commitment_id, text="feed the dog")
    await served.orchestrator.revise_commitment(revise)
    await converse(served, "Remind me to feed the cat.")
    await settled_head(served)

    listed = await served.orchestrator.list_commitments(pb.ListCommitmentsRequest(mind_id="ada"))

    assert [one.text for one in listed.commitments] == ["feed the dog", "feed the cat"]


async def test_a_name_that_was_forgotten_has_left_the_history(served: Served) -> None:
    names = ["Nova", "Vera", "Iris"]
    seqs = [
        (
            await served.orchestrator.adopt_name(pb.AdoptNameRequest(mind_id="ada", name=name))
        ).identity.adopted_seq
        for name in names
    ]
    async for _ in served.orchestrator.forget(pb.ForgetRequest(mind_id="ada", seq=seqs[1])):
        pass

    history = await served.orchestrator.get_identity_history(pb.GetIdentityHistoryRequest(mind_id="ada"))
    assert [(change.seq, change.name) for change in history.changes] == [(seqs[0], "Nova"), (seqs[2], "Iris")]


@pytest.mark.parametrize("status", [pb.COMMITMENT_STATUS_UNSPECIFIED, pb.COMMITMENT_STATUS_OPEN])
async def test_a_listing_shows_what_was_open_when_it_began_whatever_happens_meanwhile(
    served: Served, status: pb.CommitmentStatus.ValueType
) -> None:
    now = datetime.now(UTC)

    async def opened(text: str, days: int = 0) -> str:
        request = pb.OpenCommitmentRequest(mind_id="ada", text=text)
        if days:
            request.due_at.FromDatetime(now + timedelta(days=days))
        return (await served.orchestrator.open_commitment(request)).commitment.commitment_id

    ids = [await opened(f"task {days}", days) for days in range(1, 5)] + [await opened("some day")]
    request = pb.ListCommitmentsRequest(mind_id="ada", status=status, page_size=2)
    request.query_time.FromDatetime(now)
    first = await served.orchestrator.list_commitments(request)
    await served.orchestrator.close_commitment(
        pb.CloseCommitmentRequest(
            mind_id="ada", commitment_id=ids[0], outcome=mind.COMMITMENT_OUTCOME_DROPPED
        )
    )
    await opened("the most urgent", 0)
    revised = pb.ReviseCommitmentRequest(mind_id="ada", commitment_id=ids[4], priority=mind.PRIORITY_HIGH)
    await served.orchestrator.revise_commitment(revised)
    found = list(first.commitments)
    # Whoever goes on need not say again when it began.
    request = pb.ListCommitmentsRequest(mind_id="ada", status=status, page_size=2)
    request.page_token = first.next_page_token
    while request.page_token:
        page = await served.orchestrator.list_commitments(request)
        found += page.commitments
        assert page.seq == first.seq
        request.page_token = page.next_page_token

    assert [each.commitment_id for each in found] == ids
    assert {each.priority for each in found} == {mind.PRIORITY_NORMAL}


@pytest.mark.parametrize("remember", [True, False])
async def test_an_interrupted_turn_is_closed_once_as_its_message_was_kept_when_the_mind_opens(
    tmp_path: Path, remember: bool
) -> None:
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as served:
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
    async with serving(tmp_path, "ledger") as served:
        # What a process leaves behind that was killed between keeping a message and answering it.
        started = ledger.NewEvent(session_id="s1", body=mind.Body(session_started=mind.SessionStarted()))
        request = ledger.AppendRequest(mind_id="ada", events=[started, said("anybody?", remember=remember)])
        await served.ledger.append(request)

    for _ in range(2):
        async with serving(tmp_path, *SERVICES, settings=ROOMY) as served:
            await served.orchestrator.get_mind(pb.GetMindRequest(mind_id="ada"))
            last = (await events(served, from_seq=3))[1:]
            assert [(e.kind, e.causation_seq, e.body.turn_failed.reason, e.remember) for e in last] == [
                ("turn_failed", 3, mind.TURN_FAILURE_REASON_INTERRUPTED, remember)
            ]


async def test_a_name_or_a_title_that_nobody_could_read_is_refused(served: Served) -> None:
    started = await served.orchestrator.start_session(pb.StartSessionRequest(mind_id="ada"))
    session_id = started.session.session_id
    for call, request, field in (
        (served.orchestrator.create_mind, pb.CreateMindRequest(mind_id="bo", name=" \n"), "name"),
        (served.orchestrator.start_session, pb.StartSessionRequest(mind_id="ada", title="  "), "title"),
        (
            served.orchestrator.rename_session,
            pb.RenameSessionRequest(mind_id="ada", session_id=session_id, title="\t"),
            "title",
        ),
    ):
        with pytest.raises(errors.InvalidArgument) as refused:
            await call(request)  # type: ignore[operator]
        assert [violation.field for violation in refused.value.violations] == [field]
