"""Names that a person gives, to the mind or as their own: taken where the words are explicit, else only proposed.

The mind's own is given up where they deny the one that holds.
"""

from __future__ import annotations

from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator.extraction.extractor import Extractor
from services.orchestrator.extraction.found import Found
from services.orchestrator.extraction.words import key
from services.orchestrator.minds import Minds
from services.orchestrator.projections.commitments import SAID_SO
from services.orchestrator.projections.identity import ADOPTION_CONFIDENCE, Identity
from services.orchestrator.workers.follower import Worker

NAME = "identity"


def worker(extractor: Extractor) -> Worker:
    """Reads what persons say."""

    async def derive(event: mind.Event, minds: Minds) -> list[mind.Body]:
        found = await extractor.explicit(event)
        if found.name_taken is not None:
            # What was given before may lie behind this message: it is known all the same.
            holds = (await minds.latest(event.mind_id)).identity
            if is_taken_from(holds, found.name_taken, event.seq):
                cleared = mind.Body(identity_cleared=mind.IdentityCleared(why=SAID_SO))
                return [cleared, *_identified(found, event.seq)]
        if not (found.mind_name or found.user_name):
            found = await extractor.found(event)
        bodies: list[mind.Body] = []
        if found.mind_name:
            named = mind.IdentityProposed(
                name=found.mind_name, confidence=found.mind_name_confidence, evidence_seqs=[event.seq]
            )
            bodies.append(_taken(named))
        return bodies + _identified(found, event.seq)

    derives = ("identity_adopted", "identity_proposed", "identity_cleared", "user_identified")
    return Worker(NAME, ("user_message",), derive, derives=derives)


def is_taken_from(holds: Identity, name: str, seq: int) -> bool:
    """Whether a message takes away the name that holds: it was given before, and is the one that is denied, if any."""
    given_seq = max(holds.evidence_seqs, default=holds.adopted_seq)
    return bool(holds.name) and given_seq < seq and (not name or key(name) == key(holds.name))


def _identified(found: Found, seq: int) -> list[mind.Body]:
    identified = mind.UserIdentified(name=found.user_name, evidence_seqs=[seq])
    return [mind.Body(user_identified=identified)] if found.user_name else []


def _taken(named: mind.IdentityProposed) -> mind.Body:
    if named.confidence < ADOPTION_CONFIDENCE:
        return mind.Body(identity_proposed=named)
    adopted = mind.IdentityAdopted(
        name=named.name, confidence=named.confidence, evidence_seqs=named.evidence_seqs
    )
    return mind.Body(identity_adopted=adopted)
