"""A message meets the policy that holds when its turn comes, which may be long after it arrived."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from pmm_client import errors
from tests.orchestrator.conftest import SERVICES, answered_by
from tests.orchestrator.talking import Turn, converse, events, queueing
from tests.support.openai_server import OpenAIServer
from tests.support.serving import Served, serving

MAIL = "write to ana@example.org"
MODES = [mind.PRIVACY_MODE_NORMAL, mind.PRIVACY_MODE_PAUSED, mind.PRIVACY_MODE_INCOGNITO]


@pytest.fixture
async def modelled(tmp_path: Path, model_server: OpenAIServer) -> AsyncIterator[Served]:
    model_server.says = "Yes."
    async with serving(tmp_path, *SERVICES, settings=answered_by(model_server, "said")) as running:
        await running.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        yield running


async def set_policy(served: Served, action: str) -> None:
    request = pb.SetPolicyRequest(mind_id="ada", key="personal_data.email")
    request.value.string_value = action
    await served.orchestrator.set_policy(request)


async def begun(served: Served, server: OpenAIServer, mode: Any) -> asyncio.Task[Turn]:
    """A turn of the session ``talk``, which the model holds."""
    await served.orchestrator.start_session(
        pb.StartSessionRequest(mind_id="ada", session_id="talk", privacy_mode=mode)
    )
    turn = asyncio.create_task(converse(served, "hello", session_id="talk", model="held"))
    await asyncio.to_thread(server.wait_until, open_streams=1)
    return turn


@pytest.mark.parametrize("mode", MODES)
async def test_a_message_that_waits_is_refused_by_a_policy_that_came_meanwhile(
    modelled: Served, model_server: OpenAIServer, mode: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued = queueing(monkeypatch)
    first = await begun(modelled, model_server, mode)
    waiting = asyncio.create_task(converse(modelled, MAIL, session_id="talk"))
    await queued(2)
    await set_policy(modelled, "refuse")
    model_server.released.set()

    assert (await first).completed
    with pytest.raises(errors.FailedPrecondition) as refused:
        await waiting
    assert refused.value.reason == "PERSONAL_DATA_REFUSED"
    assert "ana@example.org" not in str(model_server.requests)
    assert "ana@example.org" not in str(await events(modelled))


@pytest.mark.parametrize("mode", MODES)
async def test_a_message_that_waits_is_masked_by_a_policy_that_came_meanwhile(
    modelled: Served, model_server: OpenAIServer, mode: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued = queueing(monkeypatch)
    first = await begun(modelled, model_server, mode)
    waiting = asyncio.create_task(converse(modelled, MAIL, session_id="talk"))
    await queued(2)
    await set_policy(modelled, "mask")
    model_server.released.set()

    assert (await first).completed
    turn = await waiting
    assert turn.completed
    assert [warning.code for warning in turn.completed.warnings] == ["PERSONAL_DATA"]
    assert model_server.requests[-1]["messages"][-1]["content"] == "write to [email]"
    assert "ana@example.org" not in str(await events(modelled))


@pytest.mark.parametrize("mode", MODES)
async def test_a_message_that_waits_meets_the_policy_though_something_is_forgotten_meanwhile(
    modelled: Served, model_server: OpenAIServer, mode: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await set_policy(modelled, "mask")
    told = await converse(modelled, "I like tea", model="said")
    assert told.started
    queued = queueing(monkeypatch)
    first = await begun(modelled, model_server, mode)
    waiting = asyncio.create_task(converse(modelled, MAIL, session_id="talk"))
    await queued(2)
    async for _ in modelled.orchestrator.forget(
        pb.ForgetRequest(mind_id="ada", seq=told.started.user_seq), timeout=60
    ):
        pass
    model_server.released.set()

    assert (await first).completed
    assert (await waiting).completed
    assert "ana@example.org" not in str(model_server.requests)
    assert "ana@example.org" not in str(await events(modelled))


async def test_a_retry_that_waits_gets_its_stored_outcome_whatever_the_policy_is_by_then(
    modelled: Served, model_server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = await converse(modelled, MAIL, session_id="", idempotency_key="k")
    assert stored.started
    queued = queueing(monkeypatch)
    talk = {"session_id": stored.started.session_id}
    first = asyncio.create_task(converse(modelled, "hello", model="held", **talk))
    await asyncio.to_thread(model_server.wait_until, open_streams=1)
    again = asyncio.create_task(converse(modelled, MAIL, idempotency_key="k", **talk))
    await queued(2)
    await set_policy(modelled, "refuse")
    model_server.released.set()

    assert (await first).completed
    assert (await again).completed == stored.completed


async def test_a_refused_message_is_refused_at_once_where_none_is_before_it_and_holds_up_none(
    modelled: Served,
) -> None:
    await set_policy(modelled, "refuse")
    await modelled.orchestrator.start_session(pb.StartSessionRequest(mind_id="ada", session_id="talk"))
    outcomes = await asyncio.gather(
        *[converse(modelled, text, session_id="talk") for text in (MAIL, "hello", MAIL, "good night")],
        return_exceptions=True,
    )

    assert [getattr(outcome, "reason", "") for outcome in outcomes] == [
        "PERSONAL_DATA_REFUSED", "", "PERSONAL_DATA_REFUSED", ""
    ]  # fmt: skip
    kept = await events(modelled, kinds=["user_message"])
    assert sorted(event.body.user_message.text for event in kept) == ["good night", "hello"]


async def test_a_policy_holds_once_it_is_set_whoever_appends_beside_it(modelled: Served) -> None:
    body = mind.Body(message_imported=mind.MessageImported(text="hello", speaker="Ana"))
    append = ledger.AppendRequest(mind_id="ada", events=[ledger.NewEvent(actor="app", body=body)])
    for number in range(20):
        action = ("allow", "mask")[number % 2]
        await asyncio.gather(
            *[modelled.ledger.append(append) for _ in range(4)],
            set_policy(modelled, action),
            *[modelled.ledger.append(append) for _ in range(4)],
        )
        await converse(modelled, MAIL)

    kept = [event.body.user_message.text for event in await events(modelled, kinds=["user_message"])]
    assert kept == [MAIL, "write to [email]"] * 10


@pytest.mark.parametrize("mode", MODES)
async def test_the_timings_of_a_turn_tell_how_long_its_guard_took(modelled: Served, mode: Any) -> None:
    turn = await converse(modelled, MAIL, privacy_mode=mode)

    assert turn.completed
    assert turn.completed.timings.HasField("guard")
    told = [
        event.body.assistant_message.timings for event in await events(modelled, kinds=["assistant_message"])
    ]
    assert all(timings.HasField("guard") for timings in told)
