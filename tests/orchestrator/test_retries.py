"""A message that comes again with its key gets what became of it, whatever was changed in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from pmm_client import errors
from tests.orchestrator.conftest import ROOMY, SERVICES
from tests.orchestrator.talking import Turn, converse, events, head, settled_head
from tests.support.openai_server import OpenAIServer
from tests.support.serving import Served, serving

MAIL = "write to ana@example.org, my phone is +351 912 345 678"
Change = Callable[[Served], Awaitable[object]]


def policy(name: str, action: str) -> Change:
    request = pb.SetPolicyRequest(mind_id="ada", key=f"personal_data.{name}")
    request.value.string_value = action
    return lambda served: served.orchestrator.set_policy(request)


def mode(chosen: mind.PrivacyMode.ValueType) -> Change:
    request = pb.SetPrivacyModeRequest(mind_id="ada", session_id="talk", privacy_mode=chosen)
    return lambda served: served.orchestrator.set_privacy_mode(request)


async def end(served: Served) -> None:
    await served.orchestrator.end_session(pb.EndSessionRequest(mind_id="ada", session_id="talk"))


def ignore(served: Served) -> Awaitable[object]:
    return asyncio.sleep(0)


async def started(served: Served, chosen: mind.PrivacyMode.ValueType = mind.PRIVACY_MODE_NORMAL) -> None:
    await served.orchestrator.start_session(
        pb.StartSessionRequest(mind_id="ada", session_id="talk", privacy_mode=chosen)
    )


def outcome(turn: Turn) -> object:
    assert turn.started
    assert turn.completed
    return (turn.parts[0], turn.text, turn.started.user_seq, turn.started.privacy_mode, turn.completed)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (ignore, mode(mind.PRIVACY_MODE_PAUSED)),
        (mode(mind.PRIVACY_MODE_PAUSED), mode(mind.PRIVACY_MODE_NORMAL)),
        (ignore, end),
        (ignore, policy("email", "mask")),
        (policy("email", "mask"), policy("phone", "mask")),
        (policy("email", "mask"), policy("email", "warn")),
        (ignore, policy("phone", "refuse")),
    ],
    ids=["paused", "no longer paused", "ended", "masked", "more masked", "no longer masked", "refused"],
)
async def test_a_retry_gets_the_stored_outcome_whatever_changed(
    served: Served, before: Change, after: Change
) -> None:
    await started(served)
    await before(served)
    first = await converse(served, MAIL, session_id="talk", idempotency_key="k")
    await after(served)
    at = await settled_head(served)

    again = await converse(served, MAIL, session_id="talk", idempotency_key="k")

    assert outcome(again) == outcome(first)
    assert await head(served) == at


async def test_a_retry_is_known_however_many_classes_were_masked_and_whatever_was_said_since(
    served: Served,
) -> None:
    text = (
        "Ana, born on 3 May 1990, +351 912 345 678, ana@example.org, IBAN DE89 3704 0044 0532 0130 00, "
        "card 4111 1111 1111 1111, lives at 12 Baker Street, London, and has diabetes; I earn 50,000 euros a year."
    )
    await started(served)
    for name in ("email", "phone", "birth_date", "iban", "address"):
        await policy(name, "mask")(served)
    first = await converse(served, text, session_id="talk", idempotency_key="k")
    for said in ("hello", text, "I am back", text):
        await converse(served, said, session_id="talk")
    await policy("email", "allow")(served)
    await end(served)

    again = await converse(served, text, session_id="talk", idempotency_key="k")

    assert outcome(again) == outcome(first)


async def test_a_retry_that_allows_less_than_its_session_keeps_now_gets_the_stored_outcome(
    served: Served,
) -> None:
    paused = mind.PRIVACY_MODE_PAUSED
    await started(served, paused)
    first = await converse(served, MAIL, session_id="talk", idempotency_key="k", privacy_mode=paused)
    await mode(mind.PRIVACY_MODE_NORMAL)(served)

    again = await converse(served, MAIL, session_id="talk", idempotency_key="k", privacy_mode=paused)

    assert outcome(again) == outcome(first)


@pytest.mark.parametrize(
    ("change", "text", "key", "reason"),
    [
        (mode(mind.PRIVACY_MODE_PAUSED), "something else", "k", "IDEMPOTENCY_KEY_REUSED"),
        (end, "something else", "k", "SESSION_ENDED"),
        (end, MAIL, "another", "SESSION_ENDED"),
        (end, MAIL, "", "SESSION_ENDED"),
        (policy("email", "refuse"), MAIL, "another", "PERSONAL_DATA_REFUSED"),
        (policy("email", "refuse"), "or ben@example.org", "k", "PERSONAL_DATA_REFUSED"),
    ],
)
async def test_a_message_that_did_not_come_before_is_refused_as_ever(
    served: Served, change: Change, text: str, key: str, reason: str
) -> None:
    await started(served)
    await converse(served, MAIL, session_id="talk", idempotency_key="k")
    await change(served)
    at = await settled_head(served)

    with pytest.raises(errors.PmmError) as refused:
        await converse(served, text, session_id="talk", idempotency_key=key)

    assert refused.value.reason == reason
    assert await head(served) == at


async def test_what_is_said_incognito_is_no_retry_of_what_was_kept(served: Served) -> None:
    await started(served)
    await converse(served, MAIL, session_id="talk", idempotency_key="k")
    at, unseen = await settled_head(served), mind.PRIVACY_MODE_INCOGNITO

    with pytest.raises(errors.PmmError) as refused:
        await converse(served, MAIL, session_id="talk", idempotency_key="k", privacy_mode=unseen)

    assert refused.value.reason == "SESSION_KEEPS_MORE"
    assert await head(served) == at


async def erase(served: Served, seq: int) -> None:
    await served.ledger.redact(ledger.RedactRequest(mind_id="ada", seqs=[seq]))


async def forget(served: Served, seq: int) -> None:
    async for _ in served.orchestrator.forget(pb.ForgetRequest(mind_id="ada", seq=seq), timeout=60):
        pass


@pytest.mark.parametrize("gone", [erase, forget])
@pytest.mark.parametrize("after", [ignore, end])
async def test_the_key_of_a_message_that_was_erased_is_refused_and_nothing_of_it_is_kept(
    served: Served, gone: Callable[[Served, int], Awaitable[object]], after: Change
) -> None:
    await started(served)
    turn = await converse(served, "I like tea.", session_id="talk", idempotency_key="k")
    assert turn.started
    await gone(served, turn.started.user_seq)
    await after(served)
    at = await settled_head(served)

    for text, session_id in ((MAIL, "talk"), (MAIL, ""), ("I like tea.", "talk")):
        with pytest.raises(errors.PmmError) as refused:
            await converse(served, text, session_id=session_id, idempotency_key="k")
        ended = after is end and session_id
        assert refused.value.reason == ("SESSION_ENDED" if ended else "IDEMPOTENCY_KEY_REUSED")
    assert await head(served) == at


@pytest.fixture
async def endless(tmp_path: Path) -> AsyncIterator[Served]:
    with OpenAIServer() as server:
        chosen = {**ROOMY, "inference": {"backend": "openai", "openai_base_url": server.base_url}}
        async with serving(tmp_path, *SERVICES, settings=chosen) as running:
            await running.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
            yield running


async def test_a_retry_attaches_to_the_running_turn_whatever_the_policy_is_by_now(endless: Served) -> None:
    request = pb.ConverseRequest(mind_id="ada", text=MAIL, model="endless", idempotency_key="k")
    first = endless.orchestrator.converse(request, timeout=30)
    one = await anext(first)
    await policy("email", "refuse")(endless)
    second = endless.orchestrator.converse(request, timeout=30)
    other = await anext(second)
    await first.aclose()
    await second.aclose()

    assert other == one
    assert len(await events(endless, kinds=["user_message"])) == 1


async def test_an_incognito_message_that_comes_again_goes_on_with_its_conversation(served: Served) -> None:
    unseen = mind.PRIVACY_MODE_INCOGNITO
    turns = [
        await converse(served, "hello", idempotency_key=key, privacy_mode=unseen) for key in ("k", "k", "l")
    ]
    ids = [turn.started.session_id for turn in turns if turn.started]

    assert ids[0] == ids[1] != ids[2]
    assert await head(served) == 1


@pytest.mark.parametrize("after_s", [0.0, 0.001, 0.003, 0.006])
async def test_a_retry_right_after_its_call_was_cancelled_is_answered(served: Served, after_s: float) -> None:
    for number in range(5):
        text, key = f"hello for the {number}th time", f"k{number}"
        first = asyncio.create_task(converse(served, text, idempotency_key=key))
        await asyncio.sleep(after_s)
        first.cancel()
        async with asyncio.timeout(10):
            again = await converse(served, text, idempotency_key=key)
            once_more = await converse(served, text, idempotency_key=key)

        assert again.parts[-1] in ("completed", "failed")
        assert (again.completed, again.failed) == (once_more.completed, once_more.failed)
    assert len(await events(served, kinds=["user_message"])) == 5
    assert len(await events(served, kinds=["assistant_message", "turn_failed"])) == 5
