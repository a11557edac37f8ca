"""Where a person's words enter: what the guard says to them, and what the ledger and the person are told of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator.errors import PersonalDataRefused, PolicyUnusable
from services.orchestrator.guard import Guarded, NoAction, guard, region_of
from services.orchestrator.projections.profile import Profile
from services.orchestrator.terms import Draft

LONG = 512
"""Characters from which on a text is read in a thread, so that no other turn waits for it: as many take up to 8 ms."""
_DONE = {
    "warn": "kept as it was said",
    "mask": "masked: neither the model nor the ledger has it",
}


async def admitted(text: str, profile: Profile) -> Guarded:
    """A message as the mind's policy lets it in. Raises PersonalDataRefused, PolicyUnusable."""
    if len(text) > LONG:
        return await asyncio.to_thread(_admitted, text, profile, "text")
    return _admitted(text, profile, "text")


async def all_admitted(texts: Sequence[str], profile: Profile) -> list[Guarded]:
    """Imported messages as the mind's policy lets them in. Raises as ``admitted``, where it refuses one of them."""

    def admit() -> list[Guarded]:
        return [_admitted(text, profile, f"messages[{index}].text") for index, text in enumerate(texts)]

    return await asyncio.to_thread(admit)


def _admitted(text: str, profile: Profile, field: str) -> Guarded:
    try:
        guarded = guard(text, profile.policies, region_of(profile.time_zone, profile.language))
    except NoAction as error:
        raise PolicyUnusable(f"no message is let in while {error}: set it again") from None
    if guarded.refused:
        raise PersonalDataRefused(
            f"{field}: the mind's policy refuses messages with {', '.join(guarded.refused)}: leave it out, or "
            f"change the policy personal_data.{guarded.refused[0]}",
            classes=",".join(guarded.refused),
            field=field,
        )
    return guarded


def found(guarded: Guarded, message: Draft) -> list[Draft]:
    """The event that says what was found in a message, to be appended right after it; none where all is allowed.

    Both are written by one append, so that the event needs no other link to its message than its seq.
    """
    if not guarded.noted:
        return []
    findings = [
        mind.PersonalDataFinding(
            data_class=mind.PersonalDataClass.Value(f"PERSONAL_DATA_CLASS_{finding.name.upper()}"),
            count=finding.count,
            action=mind.PersonalDataAction.Value(f"PERSONAL_DATA_ACTION_{finding.action.upper()}"),
        )
        for finding in guarded.noted
    ]
    key = message.idempotency_key
    body = mind.Body(personal_data_found=mind.PersonalDataFound(findings=findings))
    return [
        Draft(
            body,
            session_id=message.session_id,
            remember=message.remember,
            idempotency_key=f"found:{key}" if key else "",
        )
    ]


def warnings(guarded: Guarded) -> list[mind.Warning]:
    """What the person is told: a warning for each class that is not simply allowed."""
    return [
        mind.Warning(
            code="PERSONAL_DATA",
            message=f"the message holds personal data: {finding.name} ({_DONE[finding.action]})",
        )
        for finding in guarded.noted
    ]
