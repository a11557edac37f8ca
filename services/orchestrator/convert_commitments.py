"""Between wire and domain: commitments, those that have ended among them."""

from __future__ import annotations

import time
from collections.abc import Sequence

from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from services.orchestrator.ended import EXPIRED, Ended
from services.orchestrator.projections.commitments import Commitment, Standing
from services.orchestrator.times import timestamp
from services.runtime.times import nanoseconds

STATUS = {
    Standing.OPEN: pb.COMMITMENT_STATUS_OPEN,
    Standing.OVERDUE: pb.COMMITMENT_STATUS_OVERDUE,
    Standing.SNOOZED: pb.COMMITMENT_STATUS_SNOOZED,
}


def commitment(folded: Commitment, now_ns: int) -> pb.Commitment:
    """An open commitment as it stands at a moment."""
    return pb.Commitment(
        commitment_id=folded.id,
        text=folded.text,
        status=STATUS[folded.standing(now_ns)],
        opened_seq=folded.opened_seq,
        source_seq=folded.source_seq,
        due_at=timestamp(folded.due_ns),
        priority=folded.priority,  # type: ignore[arg-type]
        project=folded.project,
        evidence_seqs=folded.evidence,
        snoozed_until=timestamp(folded.snoozed_until_ns),
        reminded_at=timestamp(folded.reminded_ns),
        opened_at=timestamp(folded.opened_ns),
    )


def current(folded: Commitment) -> pb.Commitment:
    """An open commitment as it stands now."""
    return commitment(folded, time.time_ns())


def closed(folded: Commitment, outcome: int, closed_seq: int) -> pb.Commitment:
    """A commitment that has just been closed."""
    shown = commitment(folded, 0)
    shown.status = pb.COMMITMENT_STATUS_CLOSED
    shown.outcome = outcome  # type: ignore[assignment]
    shown.closed_seq = closed_seq
    return shown


def ended(episode: Ended) -> pb.Commitment:
    """An episode of a commitment that has ended."""
    shown = closed(episode.commitment, episode.outcome, episode.seq)
    if episode.kind == EXPIRED:
        shown.status = pb.COMMITMENT_STATUS_EXPIRED
    shown.closed_at.FromNanoseconds(episode.ns)
    return shown


def standing(request: pb.ListCommitmentsRequest) -> Standing | None:
    """Of the open commitments that are asked for; None: however they stand."""
    return next((one for one, status in STATUS.items() if status == request.status), None)


def clock(request: pb.ListCommitmentsRequest) -> int:
    """The moment against which a request reads "overdue", in nanoseconds."""
    return nanoseconds(request.query_time) or time.time_ns()


def page(
    found: Sequence[Commitment], first: int, size: int, now_ns: int, seq: int
) -> pb.ListCommitmentsResponse:
    """So many of the open commitments, from one on, as they stand at a moment."""
    return pb.ListCommitmentsResponse(
        commitments=[commitment(one, now_ns) for one in found[first : first + size]],
        next_page_token=str(first + size) if len(found) > first + size else "",
        seq=seq,
    )
