"""What Converse promises."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from google.protobuf.struct_pb2 import Value

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.memory.v1 import memory_pb2 as memory
from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from pmm_client import errors
from tests.orchestrator.conftest import ROOMY, SERVICES, answered_by
from tests.orchestrator.talking import converse, events, followed, head, settled_head, wait_for
from tests.support.drafts import imported, said
from tests.support.openai_server import OpenAIServer
from tests.support.ports import free_port
from tests.support.serving import Served, serving

TOLD = "my sister Ana moved to Porto in May"
DRAWN = ("Ana is the user's sister.", "Ana moved to Porto in May.")
"""The memories that come of it."""


async def drawn(served: Served) -> None:
    """Return once they are formed: from then on nothing more follows from it."""
    request = ledger.SubscribeRequest(mind_id="ada", kinds=["memory_recorded"])
    async for message in served.ledger.subscribe(request, timeout=20):
        if any(event.body.memory_recorded.text == DRAWN[-1] for event in message.page.events):
            return


async def test_a_turn_begins_streams_and_completes(served: Served) -> None:
    turn = await converse(served, TOLD)

    assert turn.parts[0] == "started"
    assert turn.parts[-1] == "completed"
    assert set(turn.parts[1:-1]) == {"delta"}
    assert turn.started
    assert turn.completed
    assert turn.completed.text == turn.text
    kinds = [event.kind for event in await events(served) if event.kind != "memory_recorded"]
    assert kinds == ["mind_created", "session_started", "user_message", "assistant_message"]


async def test_an_answer_quotes_with_its_receipt(served: Served) -> None:
    told = await converse(served, TOLD)
    await followed(served)
    turn = await converse(served, "where does my sister live?")

    assert told.started
    assert turn.completed
    assert TOLD in turn.text
    cited = [list(m.source_seqs) for m in turn.completed.receipt.memories if m.cited]
    assert cited == [[told.started.user_seq]]
    assert turn.started
    assert turn.completed.receipt.head_seq == turn.started.user_seq - 2
    assert len(turn.completed.receipt.prompt_digest) == 32
    assert not turn.completed.warnings


@pytest.mark.parametrize(
    ("time_zone", "first"), [("", "I planted the roses"), ("Pacific/Auckland", "I planted the tulips")]
)
async def test_the_days_of_a_message_are_those_of_the_minds_time_zone(
    served: Served, time_zone: str, first: str
) -> None:
    settings = mind.MindSettings(time_zone=time_zone)
    await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="mia", settings=settings))
    # In Auckland the first was said on Friday and the second on Saturday, and it is Sunday.
    told = [
        imported("I planted the roses", "Mia", datetime(2026, 11, 20, 2, tzinfo=UTC)),
        imported("I planted the tulips", "Mia", datetime(2026, 11, 21, 5, tzinfo=UTC), session_id="other"),
    ]
    await served.ledger.append(ledger.AppendRequest(mind_id="mia", events=told))
    asked = datetime(2026, 11, 21, 15, 30, tzinfo=UTC)

    turn = await converse(served, "What did I plant yesterday?", "mia", query_time=asked)

    assert turn.completed
    memory_id = turn.completed.receipt.memories[0].memory_id
    found = await served.memory.get_memory(memory.GetMemoryRequest(mind_id="mia", memory_id=memory_id))
    assert found.memory.text == first


async def test_a_mind_whose_time_zone_there_is_not_remembers_all_the_same(served: Served) -> None:
    nowhere = mind.Body(policy_changed=mind.PolicyChanged(key="time_zone", value=Value(string_value="Mars")))
    await served.ledger.append(
        ledger.AppendRequest(mind_id="ada", events=[ledger.NewEvent(actor="app", body=nowhere), said(TOLD)])
    )
    turn = await converse(served, "where does my sister live?")

    assert turn.completed
    assert turn.completed.receipt.memories
    assert not turn.completed.receipt.degraded


async def test_how_it_is_now_is_quoted_in_place_of_how_it_was(served: Served) -> None:
    for told in ("I live in Wellington.", "I moved to Auckland yesterday."):
        await converse(served, told)
        await settled_head(served)
    turn = await converse(served, "Where do I live now?")

    assert "I moved to Auckland yesterday." in turn.text
    assert "Wellington" not in turn.text


@pytest.mark.parametrize(
    ("told", "asked", "quoted"),
    [
        (["I live in Wellington.", "I moved to Auckland yesterday."], "Where do I live?", "Auckland"),
        (["I work at Xero.", "I quit my job at Xero."], "Where do I work?", "I quit my job"),
        (["Call me Bert.", "Actually, my name is Robert."], "What is my name?", "Robert"),
    ],
)
async def test_a_turn_knows_what_the_one_right_before_it_told(
    served: Served, told: list[str], asked: str, quoted: str
) -> None:
    for text in told:
        await converse(served, text)
    turn = await converse(served, asked, session_id="")

    assert quoted in turn.text
    assert told[0] not in turn.text


async def test_the_message_itself_is_not_among_its_memories(served: Served) -> None:
    turn = await converse(served, TOLD)

    assert turn.started
    assert not turn.started.receipt.memories


async def test_a_retry_returns_the_stored_outcome(served: Served) -> None:
    first = await converse(served, TOLD, idempotency_key="k")
    again = await converse(served, TOLD, idempotency_key="k")

    assert first.completed
    assert again.completed
    assert again.completed.assistant_seq == first.completed.assistant_seq
    assert again.text == first.text
    assert len(await events(served, kinds=["user_message", "assistant_message"])) == 2


async def test_a_retry_attaches_to_the_running_turn(served: Served) -> None:
    turns = await asyncio.gather(*[converse(served, TOLD, idempotency_key="k") for _ in range(4)])

    assert len({turn.completed.assistant_seq for turn in turns if turn.completed}) == 1
    assert {turn.text for turn in turns} == {turns[0].text}
    assert len(await events(served, kinds=["user_message", "assistant_message"])) == 2


async def test_a_key_with_another_message_is_refused(served: Served) -> None:
    await converse(served, TOLD, idempotency_key="k")

    with pytest.raises(errors.IdempotencyKeyReused):
        await converse(served, "something else", idempotency_key="k")


async def test_turns_of_one_session_go_one_after_the_other(served: Served) -> None:
    first = await converse(served, "hello there")
    assert first.started
    session_id = first.started.session_id

    await asyncio.gather(*[converse(served, f"message {i}", session_id=session_id) for i in range(6)])

    kinds = [event.kind for event in await events(served, from_seq=5)]
    assert kinds == ["user_message", "assistant_message"] * 6


async def test_too_many_waiting_turns_are_refused(served: Served) -> None:
    first = await converse(served, "hello there")
    assert first.started
    session_id = first.started.session_id

    outcomes = await asyncio.gather(
        *[converse(served, f"message {i}", session_id=session_id) for i in range(30)], return_exceptions=True
    )

    refused = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert refused
    assert all(isinstance(error, errors.RateLimited) and error.retry_after for error in refused)


async def test_what_others_append_meanwhile_is_seen(served: Served) -> None:
    await converse(served, "hello there")
    request = pb.ImportMessagesRequest(mind_id="ada", messages=[pb.ImportedMessage(text=TOLD, speaker="Ben")])
    await served.orchestrator.import_messages(request)

    assert TOLD in (await converse(served, "where does Ben's sister live, in Porto?")).text


async def test_incognito_leaves_the_ledger_as_it_was(served: Served) -> None:
    await converse(served, TOLD)
    await drawn(served)
    before = await settled_head(served)
    turn = await converse(served, "where does my sister live?", privacy_mode=mind.PRIVACY_MODE_INCOGNITO)

    assert turn.started
    assert turn.completed
    assert (turn.started.user_seq, turn.completed.assistant_seq) == (0, 0)
    assert "Porto" not in turn.text
    assert await head(served) == before


async def test_a_paused_session_is_kept_and_not_remembered(served: Served) -> None:
    await converse(served, TOLD)
    await drawn(served)
    turn = await converse(
        served, "remind me to call Ana, where does my sister live?", privacy_mode=mind.PRIVACY_MODE_PAUSED
    )
    assert turn.started
    later = await events(served, from_seq=turn.started.user_seq - 1)
    at = await settled_head(served)
    stats = await served.memory.list_memories(
        memory.ListMemoriesRequest(mind_id="ada", min_seq=at), timeout=10
    )

    assert "Porto" in turn.text
    assert [event.kind for event in later if event.remember] == ["session_started"]
    assert {m.text for m in stats.memories} == {TOLD, *DRAWN}


async def test_personal_data_is_masked_or_refused_before_the_ledger(served: Served) -> None:
    policy = pb.SetPolicyRequest(mind_id="ada", key="personal_data.email")
    policy.value.string_value = "mask"
    await served.orchestrator.set_policy(policy)
    turn = await converse(served, "write to ana@example.org")
    assert turn.completed
    assert [warning.code for warning in turn.completed.warnings] == ["PERSONAL_DATA"]
    assert [e.body.user_message.text for e in await events(served, kinds=["user_message"])] == [
        "write to [email]"
    ]

    policy.value.string_value = "refuse"
    await served.orchestrator.set_policy(policy)
    before = await settled_head(served)
    with pytest.raises(errors.FailedPrecondition) as refused:
        await converse(served, "write to ana@example.org")
    assert refused.value.reason == "PERSONAL_DATA_REFUSED"
    assert await head(served) == before


@pytest.mark.parametrize("text", ["", "   ", "x" * (256 * 1024 + 1)])
async def test_an_empty_or_too_long_message_is_refused(served: Served, text: str) -> None:
    with pytest.raises(errors.InvalidArgument) as refused:
        await converse(served, text)

    assert [violation.field for violation in refused.value.violations] == ["text"]
    assert await head(served) == 1


async def test_a_message_of_the_greatest_length_is_answered(served: Served) -> None:
    turn = await converse(served, "word " * (256 * 1024 // 5))

    assert turn.completed
    assert not turn.completed.receipt.degraded


async def test_a_turn_whose_search_was_left_out_does_not_say_that_nothing_is_remembered(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path, *(one for one in SERVICES if one != "memory"), settings=ROOMY) as served:
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))

        turn = await converse(served, "Where does my sister live?")

    assert turn.completed
    assert [warning.code for warning in turn.completed.warnings] == ["SEARCH_LEFT_OUT"]
    assert turn.completed.text.startswith("I could not search what I remember just now: please ask again.")
    assert "remember nothing" not in turn.completed.text


async def test_a_model_is_told_where_the_search_was_left_out(
    tmp_path: Path, model_server: OpenAIServer
) -> None:
    settings = answered_by(model_server)
    async with serving(tmp_path, *(one for one in SERVICES if one != "memory"), settings=settings) as served:
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))

        await converse(served, "Where does my sister live?")

    system = str(model_server.requests[-1])
    assert "Your memories could not be searched just now" in system
    assert "You remember nothing" not in system


async def test_workers_follow_what_was_said(served: Served) -> None:
    await converse(served, "Your name is Nova. Please remind me to call Ana by Friday")
    adopted = await wait_for(served, "identity_adopted")
    opened = await wait_for(served, "commitment_opened")

    assert (adopted.body.identity_adopted.name, adopted.causation_seq) == ("Nova", 3)
    assert opened.body.commitment_opened.text == "call Ana by Friday"
    assert opened.body.commitment_opened.HasField("due_at")
    state = await served.orchestrator.get_mind(pb.GetMindRequest(mind_id="ada"))
    assert state.mind.identity.name == "Nova"
    assert [commitment.text for commitment in state.mind.open_commitments] == ["call Ana by Friday"]


async def test_an_answer_is_explained_by_its_sources(served: Served) -> None:
    await converse(served, TOLD)
    await converse(served, "where does my sister live?")
    explained = await served.orchestrator.explain(pb.ExplainRequest(mind_id="ada"))

    assert explained.question.body.user_message.text == "where does my sister live?"
    assert [m.sources[0].body.user_message.text for m in explained.memories if m.memory.cited] == [TOLD]
    with pytest.raises(errors.FailedPrecondition):
        await served.orchestrator.explain(pb.ExplainRequest(mind_id="ada", seq=1))


@pytest.fixture
def model_server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as server:
        yield server


@pytest.fixture
async def modelled(tmp_path: Path, model_server: OpenAIServer) -> AsyncIterator[Served]:
    chosen = {
        **ROOMY,
        "inference": {"backend": "openai", "openai_base_url": model_server.base_url, "model": "ok"},
    }
    async with serving(tmp_path, *SERVICES, settings=chosen) as running:
        await running.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        yield running


async def test_a_model_sees_instructions_memories_and_the_message(
    modelled: Served, model_server: OpenAIServer
) -> None:
    await converse(modelled, TOLD)
    turn = await converse(modelled, "where does my sister live?")

    assert turn.text == "Your sister lives in Porto."
    messages = next(
        asked["messages"] for asked in reversed(model_server.requests) if "response_format" not in asked
    )
    assert messages[0]["role"] == "system"
    assert "[#3, " in messages[0]["content"]
    assert TOLD in messages[0]["content"]
    assert messages[-1] == {"role": "user", "content": "where does my sister live?"}


@pytest.mark.parametrize(
    ("model", "reason"), [("401", "BACKEND_CREDENTIALS"), ("cut", "BACKEND_CUT"), ("404", "UNKNOWN_MODEL")]
)
async def test_a_failing_model_ends_the_turn_once(modelled: Served, model: str, reason: str) -> None:
    turn = await converse(modelled, TOLD, model=model)

    assert turn.failed
    assert (turn.failed.reason, turn.failed.inference_reason) == (
        mind.TURN_FAILURE_REASON_MODEL_ERROR,
        reason,
    )
    # What rules find in the message is a worker's, and may follow or not have followed yet.
    of_the_turn = [event for event in await events(modelled, from_seq=3) if event.actor != "extraction"]
    assert [event.kind for event in of_the_turn] == ["user_message", "turn_failed"]


async def test_a_caller_that_goes_away_stops_the_model(modelled: Served, model_server: OpenAIServer) -> None:
    request = pb.ConverseRequest(mind_id="ada", text=TOLD, model="endless")
    stream = modelled.orchestrator.converse(request, timeout=30)
    async for response in stream:
        if response.HasField("delta"):
            break
    await stream.aclose()
    failed = await wait_for(modelled, "turn_failed")

    assert failed.body.turn_failed.reason == mind.TURN_FAILURE_REASON_CANCELLED
    await asyncio.to_thread(model_server.wait_until, open_streams=0, disconnects=1)


async def test_a_worker_skips_what_it_cannot_deal_with(served: Served) -> None:
    """A key that another event took: what is derived from the message is refused, and the next one is not held up."""
    spoiled = ledger.NewEvent(
        body=mind.Body(custom=mind.Custom(name="spoiler")), idempotency_key="identity:3:identity_adopted:0"
    )
    await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=[spoiled]))
    told = ledger.NewEvent(
        session_id="s1", body=mind.Body(user_message=mind.UserMessage(text="Your name is Nova"))
    )
    await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=[told]))
    await converse(served, "Your name is Iris")

    assert (await wait_for(served, "identity_adopted")).body.identity_adopted.name == "Iris"


async def test_a_caller_that_leaves_as_the_answer_is_written_leaves_one_end_and_no_error(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(40):
        call = served.orchestrator.converse(pb.ConverseRequest(mind_id="ada", text=f"turn {number}"))
        async for response in call:
            if response.WhichOneof("part") == "delta":
                break
            for _ in range(number):
                await asyncio.sleep(0)
        await call.aclose()
    turn = await converse(served, "still there?")
    gc.collect()

    assert turn.completed
    asked = {event.seq for event in await events(served, kinds=["user_message"])}
    ended = [e.causation_seq for e in await events(served, kinds=["assistant_message", "turn_failed"])]
    assert sorted(ended) == sorted(asked)
    assert [r.getMessage() for r in caplog.records if r.name in ("asyncio", "pmm.orchestrator")] == []


async def test_a_turn_whose_memory_is_away_is_answered_and_says_so(tmp_path: Path) -> None:
    elsewhere = {"memory": f"127.0.0.1:{free_port()}"}
    async with serving(tmp_path, "ledger", "inference", "orchestrator", elsewhere=elsewhere) as served:
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        turn = await converse(served, "hello")

    assert turn.completed
    assert turn.completed.receipt.degraded
    assert [warning.code for warning in turn.completed.warnings] == ["SEARCH_LEFT_OUT"]
