"""Names that a person gives, to the mind or as their own: taken where the words are explicit, else only proposed."""

from __future__ import annotations

from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator.extraction.extractor import Extractor
from services.orchestrator.minds import Minds
from services.orchestrator.projections.identity import ADOPTION_CONFIDENCE
from services.orchestrator.workers.follower import Worker

NAME = "identity"


def worker(extractor: Extractor) -> Worker:
    """Reads what persons say."""

    async def derive(event: mind.Event, _minds: Minds) -> list[mind.Body]:
        found = await extractor.explicit(event)
        if not (found.mind_name or found.user_name):
            found = await extractor.found(event)
        bodies: list[mind.Body] = []
        if found.mind_name:
            named = mind.IdentityProposed(
                name=found.mind_name, confidence=found.mind_name_confidence, evidence_seqs=[event.seq]
            )
            bodies.append(_taken(named))
        if found.user_name:
            identified = mind.UserIdentified(name=found.user_name, evidence_seqs=[event.seq])
            bodies.append(mind.Body(user_identified=identified))
        return bodies

    derives = ("identity_adopted", "identity_proposed", "user_identified")
    return Worker(NAME, ("user_message",), derive, derives=derives)


def _taken(named: mind.IdentityProposed) -> mind.Body:
    if named.confidence < ADOPTION_CONFIDENCE:
        return mind.Body(identity_proposed=named)
    adopted = mind.IdentityAdopted(
        name=named.name, confidence=named.confidence, evidence_seqs=named.evidence_seqs
    )
    return mind.Body(identity_adopted=adopted)
