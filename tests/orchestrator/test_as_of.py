"""What is asked as of a seq is what was answered when the mind stood there, whichever question it is."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from pmm_client import errors
from tests.orchestrator.talking import converse, events, head, wait_for
from tests.support.serving import Served

CLOCK = Timestamp(seconds=1_767_225_600)
COMMITMENTS, DIRECTIVES, SESSIONS = ("c-0", "c-1", "c-2"), ("d-0", "d-1"), ("s-0", "s-1")
CLOSED, EXPIRED = pb.COMMITMENT_STATUS_CLOSED, pb.COMMITMENT_STATUS_EXPIRED


def script(seed: int, length: int) -> Iterator[tuple[mind.Body, str]]:
    """A life of a mind, event by event, with the session of each; some of them make no sense to some folds."""
    chance = random.Random(seed)
    yield mind.Body(session_started=mind.SessionStarted(title="first")), "s-0"
    yield mind.Body(session_started=mind.SessionStarted(title="second")), "s-1"
    yield mind.Body(user_message=mind.UserMessage(text="Yesterday I met Ana in Porto.")), "s-0"
    for number in range(length):
        commitment, directive = chance.choice(COMMITMENTS), chance.choice(DIRECTIVES)
        seqs = [chance.randint(1, number + 2)]
        outcome = chance.choice([mind.COMMITMENT_OUTCOME_DONE, mind.COMMITMENT_OUTCOME_DROPPED])
        session = chance.choice(SESSIONS)
        yield (
            chance.choice(
                [
                    mind.Body(user_message=mind.UserMessage(text=f"I met Ana in Porto, {number}")),
                    mind.Body(message_imported=mind.MessageImported(text=f"Nova and Ana, {number}")),
                    mind.Body(
                        commitment_opened=mind.CommitmentOpened(
                            commitment_id=commitment,
                            text=f"do {commitment}",
                            source_seq=seqs[0],
                            project=chance.choice(["", "home"]),
                        )
                    ),
                    mind.Body(
                        commitment_revised=mind.CommitmentRevised(
                            commitment_id=commitment,
                            priority=mind.PRIORITY_HIGH,
                            text=chance.choice(["", f"{number}"]),
                        )
                    ),
                    mind.Body(
                        commitment_closed=mind.CommitmentClosed(
                            commitment_id=commitment, outcome=outcome, evidence_seqs=seqs
                        )
                    ),
                    mind.Body(commitment_expired=mind.CommitmentExpired(commitment_id=commitment)),
                    mind.Body(evidence_recorded=mind.EvidenceRecorded(commitment_id=commitment, seqs=seqs)),
                    mind.Body(
                        directive_adopted=mind.DirectiveAdopted(
                            directive_id=directive, text=f"always {directive}"
                        )
                    ),
                    mind.Body(directive_retired=mind.DirectiveRetired(directive_id=directive)),
                    mind.Body(
                        reflection_recorded=mind.ReflectionRecorded(
                            text=f"thought {number % 5}", evidence_seqs=seqs
                        )
                    ),
                    mind.Body(
                        identity_adopted=mind.IdentityAdopted(
                            name=chance.choice(["Nova", "Iris"]), confidence=1, evidence_seqs=seqs
                        )
                    ),
                    mind.Body(identity_cleared=mind.IdentityCleared()),
                    mind.Body(user_identified=mind.UserIdentified(name="Ana", evidence_seqs=seqs)),
                    mind.Body(trait_adjusted=mind.TraitAdjusted(trait=mind.TRAIT_OPENNESS, delta=0.01)),
                    mind.Body(tick_recorded=mind.TickRecorded()),
                    mind.Body(session_renamed=mind.SessionRenamed(title=f"talk {number}")),
                    mind.Body(
                        assistant_message=mind.AssistantMessage(
                            text=f"Ana is well, {number}",
                            model=chance.choice(["", "llama:8b"]),
                            usage=mind.Usage(prompt_tokens=number, completion_tokens=1),
                            timings=mind.TurnTimings(total=Duration(nanos=number * 1_000_000)),
                        )
                    ),
                    mind.Body(
                        personal_data_found=mind.PersonalDataFound(
                            findings=[
                                mind.PersonalDataFinding(
                                    data_class=mind.PERSONAL_DATA_CLASS_EMAIL, count=1 + number % 3
                                )
                            ]
                        )
                    ),
                    mind.Body(
                        memory_recorded=mind.MemoryRecorded(
                            memory_id=f"m-{number}", type=chance.choice([1, 2])
                        )
                    ),
                    mind.Body(
                        conversation_analyzed=mind.ConversationAnalyzed(
                            session_id=session, sentiment=number / 100, topics=["porto"], engagement=0.5
                        )
                    ),
                ]
            ),
            session,
        )


def questions(served: Served) -> dict[str, tuple[Callable[..., Awaitable[Message]], Message]]:
    """Every question that can be asked as of a seq."""
    orchestrator = served.orchestrator
    asked: list[tuple[str, Callable[..., Awaitable[Message]], Message]] = [
        ("mind", orchestrator.get_mind, pb.GetMindRequest()),
        ("open", orchestrator.list_commitments, pb.ListCommitmentsRequest(query_time=CLOCK)),
        ("closed", orchestrator.list_commitments, pb.ListCommitmentsRequest(status=CLOSED)),
        ("expired", orchestrator.list_commitments, pb.ListCommitmentsRequest(status=EXPIRED)),
        ("traits", orchestrator.get_traits, pb.GetTraitsRequest()),
        ("metrics", orchestrator.get_metrics, pb.GetMetricsRequest(samples=50)),
        ("stage", orchestrator.get_stage, pb.GetStageRequest()),
        ("names", orchestrator.get_identity_history, pb.GetIdentityHistoryRequest()),
        ("directives", orchestrator.list_directives, pb.ListDirectivesRequest(include_retired=True)),
        ("reflections", orchestrator.list_reflections, pb.ListReflectionsRequest(page_size=7)),
        ("session", orchestrator.get_session, pb.GetSessionRequest(session_id="s-0")),
        ("sessions", orchestrator.list_sessions, pb.ListSessionsRequest()),
        ("analytics", orchestrator.get_analytics, pb.GetAnalyticsRequest()),
        ("analytics of one", orchestrator.get_analytics, pb.GetAnalyticsRequest(session_id="s-1")),
        ("graph", orchestrator.get_subgraph, pb.GetSubgraphRequest()),
        ("around", orchestrator.get_subgraph, pb.GetSubgraphRequest(node_id="entity:ana", depth=3)),
        ("neighbours", orchestrator.get_neighbors, pb.GetNeighborsRequest(node_id="entity:ana")),
        ("path", orchestrator.find_path, pb.FindPathRequest(from_node_id="event:4", to_node_id="entity:porto")),
    ]  # fmt: skip
    asked += [
        (f"thread {each}", orchestrator.get_commitment_thread, pb.GetCommitmentThreadRequest(commitment_id=each))
        for each in COMMITMENTS
    ]  # fmt: skip
    return {name: (call, request) for name, call, request in asked}


async def answers(served: Served, mind_id: str, as_of_seq: int | None) -> dict[str, str | Message]:
    """By question: what was answered, or the name of the error."""
    found: dict[str, str | Message] = {}
    for name, (call, request) in questions(served).items():
        wanted: Any = type(request)()
        wanted.CopyFrom(request)
        wanted.mind_id = mind_id
        if as_of_seq is not None:
            wanted.as_of_seq = as_of_seq
        try:
            found[name] = await call(wanted, timeout=30)
        except errors.NotFound as error:
            found[name] = error.reason
    return found


@pytest.mark.parametrize("seed", range(3))
async def test_every_question_as_of_a_seq_is_answered_as_it_was_then(served: Served, seed: int) -> None:
    mind_id = f"scripted-{seed}"
    await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id=mind_id))
    then: dict[int, dict[str, str | Message]] = {}
    for number, (body, session) in enumerate(script(seed, 80)):
        new = ledger.NewEvent(body=body, session_id=session, remember=True)
        seq = (await served.ledger.append(ledger.AppendRequest(mind_id=mind_id, events=[new]))).events[0].seq
        if number % 16 == 9:
            # The supervisor may add something meanwhile: then the answers are of different seqs.
            while seq not in then:
                answered = await answers(served, mind_id, None)
                now = await head(served, mind_id)
                then.update({now: answered} if now == seq else {})
                seq = now

    told = {
        name for answered in then.values() for name, answer in answered.items() if not isinstance(answer, str)
    }
    assert told == set(questions(served))
    for seq, answered in then.items():
        assert await answers(served, mind_id, seq) == answered, seq


async def test_nothing_is_told_of_a_seq_that_lies_ahead(served: Served) -> None:
    for name, (call, request) in questions(served).items():
        request.mind_id, request.as_of_seq = "ada", 999  # type: ignore[attr-defined]
        with pytest.raises(errors.BeyondHead):
            await call(request)
        request.as_of_seq = 0  # type: ignore[attr-defined]
        with pytest.raises(errors.InvalidArgument) as caught:
            await call(request)
        assert "as_of_seq" in str(caught.value), name


async def test_commitments_that_have_ended_are_listed_page_by_page(served: Served) -> None:
    for number in range(9):
        text = f"water plant {number}"
        made = await served.orchestrator.open_commitment(
            pb.OpenCommitmentRequest(mind_id="ada", text=text, project="garden" if number % 3 else "house")
        )
        its_id = made.commitment.commitment_id
        if number == 0:
            await served.orchestrator.revise_commitment(
                pb.ReviseCommitmentRequest(mind_id="ada", commitment_id=its_id, priority=mind.PRIORITY_HIGH)
            )
        turn = await converse(served, f"the leaves of number {number} look better")
        await served.orchestrator.close_commitment(
            pb.CloseCommitmentRequest(
                mind_id="ada",
                commitment_id=its_id,
                outcome=mind.COMMITMENT_OUTCOME_DONE,
                evidence_seqs=[turn.started.user_seq],
            )
        )
    found: list[pb.Commitment] = []
    request = pb.ListCommitmentsRequest(mind_id="ada", status=CLOSED, page_size=4)
    pages = 0
    while pages == 0 or request.page_token:
        page = await served.orchestrator.list_commitments(request)
        found += page.commitments
        request.page_token = page.next_page_token
        pages += 1
    request.project = "house"
    request.page_size = 100
    of_house = (await served.orchestrator.list_commitments(request)).commitments

    assert pages == 3
    assert [one.text for one in found] == [f"water plant {number}" for number in range(8, -1, -1)]
    assert {one.status for one in found} == {CLOSED}
    assert {one.outcome for one in found} == {mind.COMMITMENT_OUTCOME_DONE}
    assert all(one.opened_seq < one.evidence_seqs[0] < one.closed_seq for one in found)
    assert all(one.closed_at.seconds for one in found)
    assert found[-1].priority == mind.PRIORITY_HIGH
    assert [one.text for one in of_house] == ["water plant 6", "water plant 3", "water plant 0"]
    mine = pb.ListCommitmentsRequest(mind_id="ada")
    assert not (await served.orchestrator.list_commitments(mine)).commitments


async def test_the_words_of_an_ended_commitment_go_when_they_are_forgotten(served: Served) -> None:
    await converse(served, "Remind me to call Ana.")
    opened = await wait_for(served, "commitment_opened")
    its_id = opened.body.commitment_opened.commitment_id
    await served.orchestrator.close_commitment(
        pb.CloseCommitmentRequest(
            mind_id="ada", commitment_id=its_id, outcome=mind.COMMITMENT_OUTCOME_DROPPED
        )
    )
    (message, *_) = await events(served, kinds=["user_message"])
    async for _ in served.orchestrator.forget(pb.ForgetRequest(mind_id="ada", seq=message.seq)):
        pass
    request = pb.ListCommitmentsRequest(mind_id="ada", status=CLOSED)
    left = (await served.orchestrator.list_commitments(request)).commitments

    assert await head(served) > message.seq
    assert "Ana" not in str(left)
