"""PAUSED is held by the orchestrator and, by what stands in the header, by whoever reads the ledger: each by itself."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

import pmm_client.errors as errors
from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.memory.v1 import memory_pb2 as memory
from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from services.orchestrator.incognito import MAX_CHARACTERS, MAX_MESSAGES, Incognito
from services.orchestrator.terms import Said
from tests.orchestrator.talking import converse, events, head, settled_head
from tests.support.serving import Served, serving

PROMISED = "Remind me to call Ana by Friday. From now on, always answer in French. Your name is Zed."


async def worked_through(served: Served) -> list[mind.Event]:
    """All events, once the workers have gone past a message that a commitment comes of."""
    await converse(served, "remind me to water the plants")
    request = ledger.SubscribeRequest(mind_id="ada", kinds=["commitment_opened"])
    async for message in served.ledger.subscribe(request, timeout=20):
        if any("plants" in event.body.commitment_opened.text for event in message.page.events):
            return await events(served)
    raise AssertionError("a subscription does not end")


async def test_the_orchestrator_marks_all_of_a_paused_turn_and_makes_nothing_of_it(served: Served) -> None:
    said = f"{PROMISED} My card is 4111 1111 1111 1111."
    turn = await converse(served, said, privacy_mode=mind.PRIVACY_MODE_PAUSED)
    assert turn.started
    paused = [event for event in await events(served) if event.session_id == turn.started.session_id]

    everything = await worked_through(served)

    assert [(event.kind, event.remember) for event in paused] == [
        ("session_started", True),
        ("user_message", False),
        ("personal_data_found", False),
        ("assistant_message", False),
    ]
    seqs = {event.seq for event in paused}
    assert [event.kind for event in everything if event.causation_seq in seqs and event.seq not in seqs] == []
    state = (await served.orchestrator.get_mind(pb.GetMindRequest(mind_id="ada"))).mind
    assert "call Ana" not in str(state)
    assert state.identity.name == ""
    graph = await served.orchestrator.get_subgraph(pb.GetSubgraphRequest(mind_id="ada", depth=12))
    assert "Ana" not in str(graph)


async def test_what_only_the_header_says_is_not_to_be_remembered_binds_the_orchestrator(
    served: Served,
) -> None:
    body = mind.Body(user_message=mind.UserMessage(text=PROMISED))
    unmarked = ledger.NewEvent(actor="user", session_id="s-1", remember=False, body=body)
    appended = await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=[unmarked]))

    everything = await worked_through(served)

    derived = [event.kind for event in everything if event.causation_seq == appended.head_seq]
    assert set(derived) <= {"turn_failed"}
    graph = await served.orchestrator.get_subgraph(pb.GetSubgraphRequest(mind_id="ada", depth=12))
    assert "Ana" not in str(graph)


@pytest.mark.parametrize(
    ("of_session", "asked"),
    [
        (mind.PRIVACY_MODE_NORMAL, mind.PRIVACY_MODE_INCOGNITO),
        (mind.PRIVACY_MODE_PAUSED, mind.PRIVACY_MODE_INCOGNITO),
        (mind.PRIVACY_MODE_NORMAL, mind.PRIVACY_MODE_PAUSED),
    ],
)
async def test_a_session_that_keeps_more_than_a_message_allows_does_not_get_it(
    served: Served, of_session: Any, asked: Any
) -> None:
    session = (await converse(served, "hello", privacy_mode=of_session)).started
    assert session
    before = await settled_head(served)

    with pytest.raises(errors.KeepsMore):
        await converse(served, PROMISED, session_id=session.session_id, privacy_mode=asked)

    assert await head(served) == before
    less = await converse(
        served, "hello", session_id=session.session_id, privacy_mode=mind.PRIVACY_MODE_NORMAL
    )
    assert less.started
    assert less.started.privacy_mode == of_session


async def test_a_session_that_another_writer_began_paused_keeps_no_more(served: Served) -> None:
    await converse(served, "hello")
    await settled_head(served)
    begun = mind.Body(session_started=mind.SessionStarted(privacy_mode=mind.PRIVACY_MODE_PAUSED))
    start = ledger.NewEvent(actor="app", session_id="talk", body=begun)
    await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=[start]))

    turn = await converse(served, PROMISED, session_id="talk")

    assert turn.started
    assert turn.started.privacy_mode == mind.PRIVACY_MODE_PAUSED


@pytest.mark.parametrize("mode", [mind.PRIVACY_MODE_PAUSED, mind.PRIVACY_MODE_INCOGNITO])
async def test_no_answer_claims_to_remember_what_is_not_remembered(served: Served, mode: Any) -> None:
    assert "I will remember that" in (await converse(served, "I like tea.")).text
    assert "I will not remember that" in (await converse(served, "I like tea.", privacy_mode=mode)).text


async def test_an_incognito_session_that_is_gone_is_not_kept_instead(served: Served) -> None:
    session = (await converse(served, "hello", privacy_mode=mind.PRIVACY_MODE_INCOGNITO)).started
    assert session
    await served.orchestrator.end_session(pb.EndSessionRequest(mind_id="ada", session_id=session.session_id))
    before = await settled_head(served)

    with pytest.raises(errors.UnknownSession):
        await converse(served, PROMISED, session_id=session.session_id)

    assert await head(served) == before


@pytest.mark.parametrize("of_it", [mind.PRIVACY_MODE_NORMAL, mind.PRIVACY_MODE_INCOGNITO])
@pytest.mark.parametrize("asked", [mind.PRIVACY_MODE_NORMAL, mind.PRIVACY_MODE_INCOGNITO])
async def test_the_id_of_a_session_is_taken_whether_it_is_kept_or_not(
    served: Served, of_it: Any, asked: Any
) -> None:
    start = pb.StartSessionRequest(mind_id="ada", session_id="talk", privacy_mode=of_it)
    await served.orchestrator.start_session(start)
    await converse(served, "hello", session_id="talk")
    before = await settled_head(served)

    start.privacy_mode = asked
    with pytest.raises(errors.SessionExists):
        await served.orchestrator.start_session(start)

    got = await served.orchestrator.get_session(pb.GetSessionRequest(mind_id="ada", session_id="talk"))
    assert (got.session.privacy_mode, got.session.user_messages) == (of_it, 1)
    assert await head(served) == before


async def test_of_those_that_begin_a_session_at_once_in_whatever_mode_one_does(served: Served) -> None:
    outcomes = await asyncio.gather(
        *(
            served.orchestrator.start_session(
                pb.StartSessionRequest(mind_id="ada", session_id="talk", privacy_mode=mode)
            )
            for mode in (mind.PRIVACY_MODE_NORMAL, mind.PRIVACY_MODE_INCOGNITO) * 4
        ),
        return_exceptions=True,
    )

    assert sum(isinstance(outcome, errors.SessionExists) for outcome in outcomes) == 7


async def test_an_incognito_session_that_has_ended_leaves_its_id_free(served: Served) -> None:
    start = pb.StartSessionRequest(mind_id="ada", session_id="talk", privacy_mode=mind.PRIVACY_MODE_INCOGNITO)
    await served.orchestrator.start_session(start)
    await served.orchestrator.end_session(pb.EndSessionRequest(mind_id="ada", session_id="talk"))

    assert (await served.orchestrator.start_session(start)).session.user_messages == 0


async def test_what_only_the_header_says_is_not_to_be_remembered_binds_the_memory(tmp_path: Path) -> None:
    async with serving(tmp_path, "ledger", "memory", settings={"memory": {"settle_ms": 0}}) as served:
        told = [
            mind.Body(mind_created=mind.MindCreated(name="ada")),
            mind.Body(user_message=mind.UserMessage(text=PROMISED)),
            mind.Body(message_imported=mind.MessageImported(text=PROMISED)),
            mind.Body(assistant_message=mind.AssistantMessage(text=PROMISED)),
        ]
        new = [
            ledger.NewEvent(actor="user", session_id="s-1", remember=body.HasField("mind_created"), body=body)
            for body in told
        ]
        head = (await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=new))).head_seq

        listed = await served.memory.list_memories(memory.ListMemoriesRequest(mind_id="ada", min_seq=head))
        found = await served.memory.search(
            memory.SearchRequest(mind_id="ada", query="call Ana", k=10, min_seq=head)
        )

    assert list(listed.memories) == []
    assert list(found.results) == []


async def imported(served: Served, *texts: str) -> pb.ImportMessagesResponse:
    messages = [pb.ImportedMessage(text=text, speaker="Ana", session_id="talk") for text in texts]
    return await served.orchestrator.import_messages(
        pb.ImportMessagesRequest(mind_id="ada", messages=messages)
    )


async def test_what_is_imported_into_a_paused_session_is_not_to_be_remembered(served: Served) -> None:
    modes = (mind.PRIVACY_MODE_NORMAL, mind.PRIVACY_MODE_PAUSED)
    await imported(served, "the cat is called Miso")
    for mode in modes[::-1]:
        change = pb.SetPrivacyModeRequest(mind_id="ada", session_id="talk", privacy_mode=mode)
        await served.orchestrator.set_privacy_mode(change)
        if mode == mind.PRIVACY_MODE_PAUSED:
            await imported(served, "the zebra is called Milo")
    for mode in modes:
        change = pb.SetPrivacyModeRequest(mind_id="ada", session_id="talk", privacy_mode=mode)
        await served.orchestrator.set_privacy_mode(change)
        again = await imported(served, "the cat is called Miso", "the zebra is called Milo")
        assert (again.appended, again.existed) == (0, 2)

    found = await served.memory.search(
        memory.SearchRequest(mind_id="ada", query="is called", k=10, min_seq=await head(served)), timeout=20
    )
    assert [result.memory.text for result in found.results] == ["the cat is called Miso"]
    kept = await events(served, kinds=["message_imported"])
    assert [event.remember for event in kept] == [True, False]


async def test_nothing_is_imported_into_an_incognito_session(served: Served) -> None:
    start = pb.StartSessionRequest(mind_id="ada", session_id="talk", privacy_mode=mind.PRIVACY_MODE_INCOGNITO)
    await served.orchestrator.start_session(start)
    at = await head(served)

    with pytest.raises(errors.AlreadyExists) as refused:
        await imported(served, "the giraffe is called Lulu")

    assert refused.value.reason == "SESSION_EXISTS"
    assert await head(served) == at


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ([1] * (MAX_MESSAGES + 3), [1] * MAX_MESSAGES),
        ([MAX_CHARACTERS - 1, 1, 1], [1, 1]),
        ([5, MAX_CHARACTERS + 1], []),
        ([5, MAX_CHARACTERS + 1, 3], [3]),
    ],
)
def test_an_incognito_conversation_is_bounded_and_loses_the_oldest(said: list[int], kept: list[int]) -> None:
    conversation = Incognito(1).start("ada")
    for length in said:
        conversation.add(Said("user", "x" * length))

    assert [len(one.text) for one in conversation.said] == kept
