"""Between wire and domain: commitments, those that have ended among them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from services.orchestrator import commitment_thread, shortening
from services.orchestrator.checks import page_tokens
from services.orchestrator.ended import EXPIRED, Ended
from services.orchestrator.projections.commitments import Commitment, Place, Standing
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
        text=shortening.shown(folded.text),
        status=STATUS[folded.standing(now_ns)],
        opened_seq=folded.opened_seq,
        source_seq=folded.source_seq,
        due_at=timestamp(folded.due_ns),
        priority=folded.priority,  # type: ignore[arg-type]
        project=shortening.shown(folded.project),
        evidence_seqs=folded.evidence[: shortening.MAX_SHOWN_SEQS],
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


def revised(request: pb.ReviseCommitmentRequest) -> mind.CommitmentRevised:
    """The event that a request asks for; what it leaves out stays as it is."""
    return mind.CommitmentRevised(
        commitment_id=request.commitment_id,
        text=request.text,
        due_at=request.due_at if request.HasField("due_at") else None,
        priority=request.priority,
        project=request.project if request.HasField("project") else None,
    )


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


@dataclass(frozen=True, slots=True)
class Listing:
    """How far a listing of open commitments is: every page of it shows what there was when it began."""

    seq: int | None
    """As of which it lists; None: now."""
    now_ns: int
    """The moment against which it reads "overdue"."""
    after: Place | None = None
    """Behind which the page begins."""


def listing(request: pb.ListCommitmentsRequest) -> Listing:
    """A listing that begins, or goes on from the page before."""
    place = page_tokens.place(request)
    if not place:
        seq = request.as_of_seq if request.HasField("as_of_seq") else None
        return Listing(seq, nanoseconds(request.query_time) or time.time_ns())
    seq, now_ns, priority, is_undated, due_ns, opened_seq = map(int, place.split("."))
    return Listing(seq, now_ns, (-priority, bool(is_undated), due_ns, opened_seq))


def page(
    request: pb.ListCommitmentsRequest, found: Sequence[Commitment], size: int, at: Listing, seq: int
) -> pb.ListCommitmentsResponse:
    """So many of the open commitments that are left of a listing as of a seq."""
    shown = found[:size]
    following = _place(shown[-1], at, seq) if len(found) > size else ""
    return pb.ListCommitmentsResponse(
        commitments=[commitment(one, at.now_ns) for one in shown],
        next_page_token=page_tokens.token(request, following),
        seq=seq,
    )


def _place(last: Commitment, at: Listing, seq: int) -> str:
    priority, is_undated, due_ns, opened_seq = last.place
    return ".".join(map(str, (seq, at.now_ns, -priority, int(is_undated), due_ns, opened_seq)))


def place_in_thread(request: pb.GetCommitmentThreadRequest, upto_seq: int) -> commitment_thread.Place:
    """Where a page of a thread begins: at a seq that the mind has, or where the page before ended."""
    place = page_tokens.place(request)
    if not place:
        return commitment_thread.Place(upto_seq)
    begun_upto, seq, sources = map(int, place.split("."))
    return commitment_thread.Place(min(begun_upto, upto_seq), seq, sources)


def thread(
    request: pb.GetCommitmentThreadRequest,
    events: Sequence[mind.Event],
    following: commitment_thread.Place | None,
) -> pb.GetCommitmentThreadResponse:
    """A page of a thread."""
    place = f"{following.upto_seq}.{following.seq}.{following.sources}" if following else ""
    return pb.GetCommitmentThreadResponse(events=events, next_page_token=page_tokens.token(request, place))
