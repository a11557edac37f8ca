"""Standing instructions: what a person wants from now on, from explicit words only, and what they take back.

Of instructions on the same matter the newest holds; the message that gave it retires the older ones.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator.extraction.extractor import Extractor
from services.orchestrator.extraction.instructions import directive_id
from services.orchestrator.extraction.lifting import Lift, is_lifted
from services.orchestrator.extraction.matters import outdoes
from services.orchestrator.minds import Minds
from services.orchestrator.projections.commitments import SAID_SO
from services.orchestrator.projections.directives import Directive
from services.orchestrator.workers.follower import Worker

MAX_RETIRED = 500
"""By one message: what follows from it is appended at once, and the ledger takes 1,000."""


def worker(extractor: Extractor) -> Worker:
    """Reads what persons say. An instruction that holds already is given again, and ranks higher."""

    async def derive(event: mind.Event, minds: Minds) -> list[mind.Body]:
        found = await extractor.explicit(event)
        if not (found.instructions or found.lifts):
            return []
        # What follows from the messages before may lie behind this one: it is known all the same.
        held = (await minds.latest(event.mind_id)).directives.in_order()
        before = [one for one in held if given_seq(one) < event.seq]
        later = [one.text for one in held if given_seq(one) > event.seq]
        new = await asyncio.to_thread(lasting, found.instructions, later)
        ended = await asyncio.to_thread(retired, before, new, found.lifts)
        if any(not lift.what for lift in found.lifts):
            ended += [one for one in await _latest(event, before, minds) if one not in ended]
        if ended:
            given = {directive_id(text) for text in new}
            # Whoever reads a message long after it was said must not take back what was said since.
            given |= await minds.instructed_since(event.mind_id, event.seq)
            ended = [one for one in ended if one.id not in given][:MAX_RETIRED]
        return [*map(_retired, ended), *(_adopted(text, event.seq) for text in new)]

    return Worker("directives", ("user_message",), derive, derives=("directive_adopted", "directive_retired"))


def given_seq(one: Directive) -> int:
    """The message that gave an instruction first, or where an application did."""
    return one.source_seq or one.adopted_seq


def lasting(given: Sequence[str], later: Sequence[str]) -> list[str]:
    """Of the instructions of a message those of which something is left by the end of it, and by what came later."""
    return [
        text
        for place, text in enumerate(given)
        if not any(outdoes(other, text) for other in (*given[place + 1 :], *later))
    ]


def retired(held: Sequence[Directive], new: Sequence[str], lifts: Sequence[Lift]) -> list[Directive]:
    """The instructions of which new ones leave nothing, or that are taken back."""
    return [
        one
        for one in held
        if any(outdoes(text, one.text) for text in new) or any(is_lifted(lift, one.text) for lift in lifts)
    ]


async def _latest(event: mind.Event, before: Sequence[Directive], minds: Minds) -> list[Directive]:
    """The only instruction of the message right before: "scratch that"."""
    last = max((one.source_seq for one in before), default=0)
    latest = [one for one in before if one.source_seq == last > 0]
    return latest if len(latest) == 1 and not await minds.has_spoken(event.mind_id, last, event.seq) else []


def _retired(one: Directive) -> mind.Body:
    return mind.Body(directive_retired=mind.DirectiveRetired(directive_id=one.id, why=SAID_SO))


def _adopted(text: str, seq: int) -> mind.Body:
    adopted = mind.DirectiveAdopted(directive_id=directive_id(text), text=text, source_seq=seq)
    return mind.Body(directive_adopted=adopted)
