"""Commitments, those that have ended among them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from google.protobuf.message import Message

from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from services.orchestrator.checks.fields import (
    AT_EVENT,
    MAX_NAME,
    MAX_PAGE,
    MAX_SEQ,
    MAX_WHY,
    as_of,
    at_seq,
    idempotency_key,
    page,
)
from services.runtime import checks
from services.runtime.checks import Check
from services.runtime.errors import Violation
from services.runtime.times import nanoseconds

MAX_COMMITMENT = 4 * 1024
_OF_OPEN = re.compile(
    r"[1-9][0-9]{0,17}\.-?[0-9]{1,19}\.-?[0-9]{1,10}\.[01]\.-?[0-9]{1,19}\.[1-9][0-9]{0,17}"
)
"""Of open ones: the event and the moment as of which is listed, and the place behind which the next page begins."""
_OF_THREAD = re.compile(r"[1-9][0-9]{0,17}\.[1-9][0-9]{0,17}\.[0-9]{1,9}")
"""Of a thread: the event as of which it is told, the one to go on with, and how many of its sources were told."""
_ENDED = (pb.COMMITMENT_STATUS_CLOSED, pb.COMMITMENT_STATUS_EXPIRED)


def list_commitments(request: pb.ListCommitmentsRequest) -> Iterator[Violation]:
    """ListCommitments."""
    yield from checks.mind_id(request.mind_id)
    yield from checks.enum_known(request.status, "status", pb.CommitmentStatus, optional=True)
    yield from checks.text(request.project, "project", max_bytes=MAX_NAME)
    yield from checks.timestamp(request.query_time, "query_time")
    yield from page(request, AT_EVENT if request.status in _ENDED else _OF_OPEN)
    yield from as_of(request)


def open_commitment(request: pb.OpenCommitmentRequest) -> Iterator[Violation]:
    """OpenCommitment."""
    yield from checks.mind_id(request.mind_id)
    yield from checks.text(request.text, "text", max_bytes=MAX_COMMITMENT, required=True)
    yield from _due_at(request)
    yield from checks.enum_known(request.priority, "priority", mind.Priority, optional=True)
    yield from checks.text(request.project, "project", max_bytes=MAX_NAME)
    yield from checks.in_range(request.source_seq, "source_seq", 0, MAX_SEQ)


def _due_at(request: pb.OpenCommitmentRequest | pb.ReviseCommitmentRequest) -> Iterator[Violation]:
    yield from checks.timestamp(request.due_at, "due_at")
    if request.HasField("due_at") and nanoseconds(request.due_at) <= 0:
        yield Violation("due_at", "must lie after 1 January 1970")


def close_commitment(request: pb.CloseCommitmentRequest) -> Iterator[Violation]:
    """CloseCommitment."""
    yield from checks.mind_id(request.mind_id)
    yield from idempotency_key(request)
    yield from checks.identifier(request.commitment_id, "commitment_id")
    yield from checks.enum_known(request.outcome, "outcome", mind.CommitmentOutcome)
    yield from checks.items(request.evidence_seqs, "evidence_seqs", high=MAX_PAGE)
    for index, seq in enumerate(request.evidence_seqs):
        yield from checks.in_range(seq, f"evidence_seqs[{index}]", 1, MAX_SEQ)
    yield from checks.text(request.why, "why", max_bytes=MAX_WHY)


def snooze_commitment(request: pb.SnoozeCommitmentRequest) -> Iterator[Violation]:
    """SnoozeCommitment."""
    yield from checks.mind_id(request.mind_id)
    yield from idempotency_key(request)
    yield from checks.identifier(request.commitment_id, "commitment_id")
    yield from checks.timestamp(request.until, "until")
    if not request.HasField("until"):
        yield Violation("until", "must be set")


def revise_commitment(request: pb.ReviseCommitmentRequest) -> Iterator[Violation]:
    """ReviseCommitment."""
    yield from checks.mind_id(request.mind_id)
    yield from idempotency_key(request)
    yield from checks.identifier(request.commitment_id, "commitment_id")
    yield from checks.text(request.text, "text", max_bytes=MAX_COMMITMENT, required=bool(request.text))
    yield from _due_at(request)
    yield from checks.enum_known(request.priority, "priority", mind.Priority, optional=True)
    yield from checks.text(request.project, "project", max_bytes=MAX_NAME)
    if not (request.text or request.priority or request.HasField("due_at") or request.HasField("project")):
        yield Violation("text", "must be set, or due_at, priority or project: nothing would change")


def get_commitment_thread(request: pb.GetCommitmentThreadRequest) -> Iterator[Violation]:
    """GetCommitmentThread."""
    yield from at_seq(request)
    yield from checks.identifier(request.commitment_id, "commitment_id")
    yield from page(request, _OF_THREAD)


CHECKS: Mapping[type[Message], Check] = {
    pb.ListCommitmentsRequest: list_commitments,
    pb.OpenCommitmentRequest: open_commitment,
    pb.CloseCommitmentRequest: close_commitment,
    pb.SnoozeCommitmentRequest: snooze_commitment,
    pb.ReviseCommitmentRequest: revise_commitment,
    pb.GetCommitmentThreadRequest: get_commitment_thread,
}
