"""A call that comes again with its key is carried out once, and the key is refused for anything else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.struct_pb2 import Value
from google.protobuf.timestamp_pb2 import Timestamp

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from pmm_client import connect, errors
from tests.orchestrator.conftest import ROOMY, SERVICES
from tests.orchestrator.talking import events, head, settled_head
from tests.support.serving import Served, serving

LATER = Timestamp(seconds=int(datetime(2100, 1, 1, tzinfo=UTC).timestamp()))
Call = tuple[str, Any, dict[str, Any]]
"""A method, its request, and what makes it another one."""


def call(method: str, request: Any, **other: Any) -> Any:
    return pytest.param((method, request, other), id=method)


CALLS = [
    call("create_mind", pb.CreateMindRequest(mind_id="eve"), name="Eve"),
    call(
        "set_policy",
        pb.SetPolicyRequest(mind_id="ada", key="time_zone", value=Value(string_value="Europe/Lisbon")),
        why="moved",
    ),
    call("start_session", pb.StartSessionRequest(mind_id="ada", title="Tea"), title="Coffee"),
    call(
        "snooze_commitment",
        pb.SnoozeCommitmentRequest(mind_id="ada", commitment_id="c", until=LATER),
        until=Timestamp(seconds=LATER.seconds + 1),
    ),
    call(
        "revise_commitment",
        pb.ReviseCommitmentRequest(mind_id="ada", commitment_id="c", project="Home"),
        project="Work",
    ),
    call(
        "close_commitment",
        pb.CloseCommitmentRequest(
            mind_id="ada", commitment_id="c", outcome=mind.COMMITMENT_OUTCOME_DONE, expected_seq=4
        ),
        why="it was easy",
    ),
    call("retire_directive", pb.RetireDirectiveRequest(mind_id="ada", directive_id="d"), why="enough"),
    call(
        "reflect",
        pb.ReflectRequest(mind_id="ada", style=mind.REFLECTION_STYLE_QUESTION),
        style=mind.REFLECTION_STYLE_CHECKLIST,
    ),
]


async def furnished(served: Served, *, is_there: bool = False) -> None:
    """A mind with a commitment that has its evidence, and an instruction."""
    if not is_there:
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
    bodies = [
        mind.Body(commitment_opened=mind.CommitmentOpened(commitment_id="c", text="call Ana")),
        mind.Body(evidence_recorded=mind.EvidenceRecorded(commitment_id="c", seqs=[3], score=1.0)),
        mind.Body(directive_adopted=mind.DirectiveAdopted(directive_id="d", text="be brief")),
    ]
    drafts = [ledger.NewEvent(actor="system", body=body) for body in bodies]
    await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=drafts))


def sent(served: Served, method: str, request: Any, **fields: Any) -> Awaitable[Any]:
    changed = type(request)()
    changed.CopyFrom(request)
    changed.MergeFrom(type(request)(**fields))
    return getattr(served.orchestrator, method)(changed)


@pytest.mark.parametrize("told", CALLS)
async def test_a_repeated_call_is_carried_out_once_and_its_key_is_taken(tmp_path: Path, told: Call) -> None:
    method, request, other = told
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as served:
        await furnished(served)
        first = await sent(served, method, request, idempotency_key="k")
        at = await settled_head(served, request.mind_id)

        again = await sent(served, method, request, idempotency_key="k")

        assert again == first
        assert await head(served, request.mind_id) == at
        with pytest.raises(errors.AlreadyExists) as refused:
            await sent(served, method, request, idempotency_key="k", **other)
        assert refused.value.reason == "IDEMPOTENCY_KEY_REUSED"
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as served:
        assert await sent(served, method, request, idempotency_key="k") == first
        assert await head(served, request.mind_id) == at


ERASABLE = [told for told in CALLS if told.id in {
    "set_policy", "start_session", "snooze_commitment", "revise_commitment", "retire_directive",
}]  # fmt: skip
"""Those whose event says something that may be erased, and whose answer says nothing of what it was."""


@pytest.mark.parametrize("told", ERASABLE)
async def test_the_key_of_what_was_erased_is_refused_and_not_taken_for_it(served: Served, told: Call) -> None:
    method, request, other = told
    await furnished(served, is_there=True)
    before = await head(served)
    await sent(served, method, request, idempotency_key="k")
    await served.ledger.redact(ledger.RedactRequest(mind_id="ada", seqs=[before + 1]))
    at = await settled_head(served)

    for fields in (other, {}):
        with pytest.raises(errors.AlreadyExists) as refused:
            await sent(served, method, request, idempotency_key="k", **fields)
        assert refused.value.reason == "IDEMPOTENCY_KEY_REUSED"
    assert await head(served) == at


@pytest.mark.parametrize("method", ["snooze_commitment", "revise_commitment"])
@pytest.mark.parametrize(
    "end",
    [
        mind.Body(
            commitment_closed=mind.CommitmentClosed(
                commitment_id="c", outcome=mind.COMMITMENT_OUTCOME_DROPPED
            )
        ),
        mind.Body(commitment_expired=mind.CommitmentExpired(commitment_id="c")),
    ],
    ids=["closed", "expired"],
)
async def test_a_change_that_comes_again_after_its_commitment_ended_gets_its_first_answer(
    served: Served, method: str, end: mind.Body
) -> None:
    request, other = next(told.values[0][1:] for told in CALLS if told.id == method)
    await furnished(served, is_there=True)
    first = await sent(served, method, request, idempotency_key="k")
    await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=[ledger.NewEvent(body=end)]))
    at = await settled_head(served)

    assert await sent(served, method, request, idempotency_key="k") == first
    with pytest.raises(errors.AlreadyExists):
        await sent(served, method, request, idempotency_key="k", **other)
    with pytest.raises(errors.UnknownCommitment):
        await sent(served, method, request, idempotency_key="another")
    with pytest.raises(errors.UnknownCommitment):
        await sent(served, method, request)
    assert await head(served) == at


async def test_a_snooze_that_comes_again_when_its_time_is_over_gets_its_first_answer(served: Served) -> None:
    await furnished(served, is_there=True)
    soon = time.time_ns() + 10**9
    request = pb.SnoozeCommitmentRequest(mind_id="ada", commitment_id="c")
    request.until.FromNanoseconds(soon)
    first = await sent(served, "snooze_commitment", request, idempotency_key="k")
    while time.time_ns() <= soon:
        await asyncio.sleep(0.01)
    at = await settled_head(served)

    again = await sent(served, "snooze_commitment", request, idempotency_key="k")

    assert again.commitment.snoozed_until == first.commitment.snoozed_until == request.until
    assert again.commitment.text == first.commitment.text
    with pytest.raises(errors.AlreadyExists):
        await sent(served, "snooze_commitment", request, idempotency_key="k", until=Timestamp(seconds=9))
    for key in ({}, {"idempotency_key": "another"}):
        with pytest.raises(errors.InvalidArgument) as refused:
            await sent(served, "snooze_commitment", request, **key)
        assert [one.field for one in refused.value.violations] == ["until"]
    assert await head(served) == at


async def started(served: Served, **fields: Any) -> str:
    request = pb.StartSessionRequest(mind_id="ada", **fields)
    return (await served.orchestrator.start_session(request)).session.session_id


async def test_sessions_that_no_key_binds_are_one_each(served: Served) -> None:
    unseen = mind.PRIVACY_MODE_INCOGNITO
    keys = ["", "", "k", "l", "k"]
    begun = [await started(served, idempotency_key=key) for key in keys]
    incognito = [await started(served, privacy_mode=unseen, idempotency_key=key) for key in keys]

    for ids in (begun, incognito):
        assert ids[2] == ids[4]
        assert len(set(ids)) == 4
    assert await started(served, session_id="talk", privacy_mode=unseen, idempotency_key="m") == "talk"
    assert await started(served, session_id="talk", privacy_mode=unseen, idempotency_key="m") == "talk"
    with pytest.raises(errors.AlreadyExists):
        await started(served, session_id="talk", privacy_mode=unseen, idempotency_key="n")
    assert len(await events(served, kinds=["session_started"])) == 4


async def test_who_goes_incognito_twice_under_one_key_goes_on_in_one_conversation(served: Served) -> None:
    session_id = await started(served)
    ids: list[str] = []
    for key in ("k", "k", "l"):
        request = pb.SetPrivacyModeRequest(
            mind_id="ada",
            session_id=session_id,
            privacy_mode=mind.PRIVACY_MODE_INCOGNITO,
            idempotency_key=key,
        )
        ids.append((await served.orchestrator.set_privacy_mode(request)).session.session_id)
    back: list[str] = []
    for _ in range(2):
        request = pb.SetPrivacyModeRequest(
            mind_id="ada", session_id=ids[0], privacy_mode=mind.PRIVACY_MODE_PAUSED, idempotency_key="back"
        )
        back.append((await served.orchestrator.set_privacy_mode(request)).session.session_id)

    assert ids[0] == ids[1] != ids[2]
    assert back[0] == back[1] not in {*ids, session_id}


async def test_the_key_of_a_reflection_that_was_erased_is_refused_and_it_is_not_thought_again(
    served: Served,
) -> None:
    request = pb.ReflectRequest(mind_id="ada", idempotency_key="k")
    first = (await served.orchestrator.reflect(request)).reflection
    await served.ledger.redact(ledger.RedactRequest(mind_id="ada", seqs=[first.seq]))
    at = await settled_head(served)

    with pytest.raises(errors.AlreadyExists) as refused:
        await served.orchestrator.reflect(request)
    assert refused.value.reason == "IDEMPOTENCY_KEY_REUSED"
    assert await head(served) == at


async def test_the_client_repeats_under_one_key(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    async with connect(served.target) as client:
        real, keys = client.orchestrator.reflect, list[str]()

        async def lost(request: pb.ReflectRequest, **more: Any) -> pb.ReflectResponse:
            keys.append(request.idempotency_key)
            answer = await real(request, **more)
            if len(keys) == 1:
                raise errors.Unavailable("the answer was lost on its way")
            return answer

        monkeypatch.setitem(client.orchestrator.__dict__, "reflect", lost)
        await client.mind("ada").reflect()

    assert len(keys) == 2
    assert len({*keys}) == 1
    assert len(await events(served, kinds=["reflection_recorded"])) == 1


Repeated = Callable[[Any], Awaitable[object]]


@pytest.mark.parametrize(
    "repeated",
    [
        lambda ada: ada.adopt_name("Nova"),
        lambda ada: ada.clear_name(),
        lambda ada: ada.rename_session("talk", "Tea"),
        lambda ada: ada.end_session("talk"),
        lambda ada: ada.open_commitment("call Ana"),
        lambda ada: ada.make_default(),
        lambda ada: ada.set_privacy("talk", "paused"),
    ],
    ids=["name", "no name", "title", "end", "open", "default", "mode"],
)  # fmt: skip
async def test_what_has_no_key_does_nothing_more_when_it_comes_again(
    served: Served, repeated: Repeated
) -> None:
    async with connect(served.target) as client:
        ada = client.mind("ada")
        await ada.start_session("talk")
        await repeated(ada)
        at = await head(served)

        await repeated(ada)

        assert await head(served) == at
