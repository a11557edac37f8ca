"""Who a mind is, and whom it talks to: names that were given explicitly, with their evidence."""

from __future__ import annotations

from msgspec.structs import replace

from pmm.mind.v1.events_pb2 import Event, IdentityAdopted
from services.orchestrator.projection import Projection, State
from services.orchestrator.projections.numbers import within

ADOPTION_CONFIDENCE = 0.9
"""Below it an adoption does not count (docs/concepts.md)."""


class Identity(State, frozen=True):
    """The names that hold now. Empty where there is none."""

    name: str = ""
    confidence: float = 0.0
    adopted_seq: int = 0
    evidence_seqs: tuple[int, ...] = ()
    user_name: str = ""
    user_seq: int = 0
    proposed_name: str = ""
    """The latest that was suggested and neither taken nor given up since; it changes nothing."""
    proposed_confidence: float = 0.0
    proposed_seq: int = 0
    changed_seq: int = 0
    """When a name last came or went, the mind's or the user's."""


_NO_PROPOSAL = {"proposed_name": "", "proposed_confidence": 0.0, "proposed_seq": 0}


def proposed(state: Identity, event: Event) -> Identity:
    body = event.body.identity_proposed
    if not body.name:
        raise ValueError("a proposal has a name")
    confidence = within(body.confidence, 0, 1, "a confidence")
    if body.name == state.name:
        return state
    return replace(state, proposed_name=body.name, proposed_confidence=confidence, proposed_seq=event.seq)


def adoption(event: Event) -> IdentityAdopted:
    """An adoption that counts. Raises ValueError where it does not."""
    body = event.body.identity_adopted
    within(body.confidence, ADOPTION_CONFIDENCE, 1, "the confidence of an adoption that counts")
    if not body.name:
        raise ValueError("an adoption has a name")
    return body


def adopted(state: Identity, event: Event) -> Identity:
    body = adoption(event)
    return replace(
        state,
        name=body.name,
        confidence=body.confidence,
        adopted_seq=event.seq,
        evidence_seqs=tuple(body.evidence_seqs),
        changed_seq=event.seq,
        **_NO_PROPOSAL,
    )


def cleared(state: Identity, event: Event) -> Identity:
    since = event.body.identity_cleared.cleared_seq
    if since >= event.seq:
        raise ValueError("what is told again was told before")
    if since and state.adopted_seq > since:
        return state
    nobody = {"name": "", "confidence": 0.0, "adopted_seq": 0, "evidence_seqs": ()}
    proposal = {} if since and state.proposed_seq > since else _NO_PROPOSAL
    return replace(state, **nobody, changed_seq=event.seq, **proposal)


def user_identified(state: Identity, event: Event) -> Identity:
    return replace(
        state, user_name=event.body.user_identified.name, user_seq=event.seq, changed_seq=event.seq
    )


IDENTITY = Projection(
    name="identity",
    initial=Identity(),
    folds={
        "identity_proposed": proposed,
        "identity_adopted": adopted,
        "identity_cleared": cleared,
        "user_identified": user_identified,
    },
)
