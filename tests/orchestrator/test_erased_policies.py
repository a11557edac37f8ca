"""What is done with personal data where an event is erased that may have said so: a bare redaction masks it, until it
is set again; Forget leaves it as it was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict, ParseDict

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from services.orchestrator.guard import DEFAULTS, SEVERITIES
from services.orchestrator.projections.profile import PROFILE
from tests.orchestrator.conftest import ROOMY, SERVICES
from tests.orchestrator.talking import converse, events, followed, head
from tests.support.serving import Served, serving

BY_DEFAULT = {name: DEFAULTS[severity] for name, severity in SEVERITIES.items()}
CLOSED = dict.fromkeys(SEVERITIES, "mask")
PERSONA = "Speak like the lighthouse keeper of Nazare."
FACT = "my sister Ana keeps a parrot called Ophir"


async def set_policy(served: Served, key: str, value: Any, why: str = "") -> int:
    request = pb.SetPolicyRequest(mind_id="ada", key=key, why=why)
    ParseDict(value, request.value)
    return (await served.orchestrator.set_policy(request)).seq


async def on(served: Served, name: str, action: str, why: str = "") -> int:
    return await set_policy(served, f"personal_data.{name}", action, why)


async def held(served: Served, as_of_seq: int | None = None) -> dict[str, str]:
    """What holds of each class, as it is listed."""
    request = pb.ListPoliciesRequest(mind_id="ada", as_of_seq=as_of_seq)
    listed = (await served.orchestrator.list_policies(request)).policies
    return {
        one.key.removeprefix("personal_data."): one.value.string_value
        for one in listed
        if one.key.startswith("personal_data.")
    }


async def redact(served: Served, *seqs: int) -> None:
    await served.ledger.redact(ledger.RedactRequest(mind_id="ada", seqs=sorted(seqs)))


async def forget(served: Served, seq: int) -> list[int]:
    request = pb.ForgetRequest(mind_id="ada", seq=seq)
    return [*[step async for step in served.orchestrator.forget(request, timeout=60)][-1].redacted_seqs]


async def told(served: Served, after_seq: int) -> dict[str, str]:
    """The policies that were set after a seq."""
    changed = [one for one in await events(served, kinds=["policy_changed"]) if one.seq > after_seq]
    bodies = [one.body.policy_changed for one in changed]
    assert len({body.key for body in bodies}) == len(bodies)
    return {body.key.removeprefix("personal_data."): body.value.string_value for body in bodies}


async def test_a_bare_redaction_masks_what_is_not_set_again(tmp_path: Path) -> None:
    settings = {**ROOMY, "orchestrator": {**ROOMY["orchestrator"], "snapshot_events": 1}}
    async with serving(tmp_path, *SERVICES, settings=settings) as served:
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        before = await on(served, "iban", "refuse")
        erased = await set_policy(served, "persona_prompt", PERSONA)
        last = await on(served, "phone", "warn")
        await redact(served, erased)
        closed = {**CLOSED, "iban": "refuse"}
        async with asyncio.timeout(10):
            while await held(served, erased) != closed:
                pass
        assert await held(served, before) == {**BY_DEFAULT, "iban": "refuse"}
    async with serving(tmp_path, *SERVICES, settings=settings) as served:
        assert await held(served) == await held(served, last) == {**closed, "phone": "warn"}
        shown = (await served.orchestrator.get_mind(pb.GetMindRequest(mind_id="ada"))).mind
        assert MessageToDict(shown.policies)["personal_data.email"] == "mask"
        assert shown.settings.persona_prompt == ""

        await converse(served, "write to ana@example.org, or call +351 912 345 678")
        await on(served, "email", "allow")
        await converse(served, "write to ben@example.org")

        kept = [one.body.user_message.text for one in await events(served, kinds=["user_message"])]
        assert kept == ["write to [email], or call +351 912 345 678", "write to ben@example.org"]


async def test_a_policy_does_not_fall_back_to_what_held_before_it(served: Served) -> None:
    await on(served, "email", "allow")
    await redact(served, await on(served, "email", "refuse"))
    await followed(served)

    async with asyncio.timeout(10):
        while (await held(served))["email"] != "mask":
            pass


async def test_forgetting_a_persona_leaves_what_is_done_with_personal_data(served: Served) -> None:
    await on(served, "phone", "warn")
    await on(served, "iban", "refuse")
    erased = await set_policy(served, "persona_prompt", PERSONA)
    await on(served, "email", "allow")
    before, at = await held(served), await head(served)

    assert await forget(served, erased) == [erased]

    assert await held(served) == before
    # Neither what is masked anyway, nor what was set after it.
    again = {name: action for name, action in before.items() if action in ("allow", "warn")}
    assert await told(served, at) == {name: again[name] for name in again if name != "email"}
    assert not (
        await served.orchestrator.get_mind(pb.GetMindRequest(mind_id="ada"))
    ).mind.settings.persona_prompt


@pytest.mark.parametrize("action", ["allow", "warn", "mask", "refuse"])
async def test_a_policy_goes_on_when_the_event_is_forgotten_that_says_so(served: Served, action: str) -> None:
    erased = await on(served, "email", action)
    turn = await converse(served, "Do you allow dogs, warn of them, mask or refuse them?")
    assert turn.completed
    before = await held(served)

    assert await forget(served, erased) == [erased]

    assert await held(served) == before
    assert await forget(served, erased) == [erased]
    assert await held(served) == before


async def test_why_a_policy_was_set_is_forgotten_with_what_it_quotes_and_it_holds_on(served: Served) -> None:
    turn = await converse(served, FACT)
    assert turn.started
    erased = await on(served, "address", "refuse", why=f"because {FACT}")
    other = await on(served, "phone", "refuse", why="because of the neighbours")
    before = await held(served)

    gone = await forget(served, turn.started.user_seq)

    assert erased in gone
    assert other not in gone
    assert await held(served) == before


def changed(key: str, value: str, *, redacted: bool = False) -> mind.Event:
    event = mind.Event(kind="policy_changed", redacted=redacted)
    if not redacted:
        ParseDict({"key": key, "value": value}, event.body.policy_changed)
    return event


GONE = changed("", "", redacted=True)


@pytest.mark.parametrize(
    ("history", "email"),
    [
        ([], None),
        ([GONE], "mask"),
        ([GONE, changed("personal_data.email", "allow")], "allow"),
        ([changed("personal_data.email", "allow"), GONE], "mask"),
        ([changed("personal_data.email", "warn"), GONE, GONE], "mask"),
        ([changed("personal_data.email", "refuse"), GONE], "refuse"),
        # No message is let in then, and that stays.
        ([changed("personal_data.email", "sometimes"), GONE], "sometimes"),
    ],
)
def test_what_was_erased_closes_what_stood_open_when_it_came(
    history: list[mind.Event], email: str | None
) -> None:
    state = PROFILE.initial
    for event in history:
        state, made_sense = PROFILE.apply(state, event)
        assert made_sense
    policies: Mapping[str, Any] = state.policies
    assert policies.get("personal_data.email") == email
    assert "traits.frozen" not in policies
