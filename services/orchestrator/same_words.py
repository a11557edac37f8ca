"""Which open commitment has some words, and which id a new one of these words gets. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count

from services.orchestrator.extraction.promise import commitment_id
from services.orchestrator.projections.commitments import Commitment


def having(text: str, by_id: Mapping[str, Commitment]) -> Commitment | None:
    """The one that says so now, be it since a revision."""
    its_id = commitment_id(text)
    return next((one for one in by_id.values() if commitment_id(one.text) == its_id), None)


def new_id(text: str, by_id: Mapping[str, Commitment]) -> str:
    """That of the words, unless one has it that was opened with them and was revised since."""
    ids = (commitment_id(text, others) for others in count())
    return next(its_id for its_id in ids if its_id not in by_id)
