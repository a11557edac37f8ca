"""Names that a person gives, to the mind or as their own, from explicit words only."""

from __future__ import annotations

from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator.extraction import names
from services.orchestrator.minds import Minds
from services.orchestrator.projections.identity import ADOPTION_CONFIDENCE
from services.orchestrator.workers.follower import Worker

CONFIDENCE = 0.95
assert CONFIDENCE >= ADOPTION_CONFIDENCE


async def derive(event: mind.Event, _minds: Minds) -> list[mind.Body]:
    """The names in a user's message."""
    text = event.body.user_message.text
    bodies: list[mind.Body] = []
    if name := names.mind_name(text):
        adopted = mind.IdentityAdopted(name=name, confidence=CONFIDENCE, evidence_seqs=[event.seq])
        bodies.append(mind.Body(identity_adopted=adopted))
    if name := names.user_name(text):
        bodies.append(mind.Body(user_identified=mind.UserIdentified(name=name, evidence_seqs=[event.seq])))
    return bodies


IDENTITY_WORKER = Worker("identity", ("user_message",), derive)
