"""Promises: what the mind says it will do, what a person asks to be reminded of, and that either was done."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from google.protobuf.timestamp_pb2 import Timestamp

from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator.extraction import evidence
from services.orchestrator.extraction.promises import Promise, commitment_id, may_promise, promises
from services.orchestrator.minds import Minds
from services.orchestrator.projections.commitments import Commitment
from services.orchestrator.times import moment, nanoseconds
from services.orchestrator.workers.follower import Worker

RECALL = "recall"
"""Its answers are quotations and make no promises."""


async def derive(event: mind.Event, minds: Minds) -> list[mind.Body]:
    """What a message says was done, and the promises in it that are not open yet.

    One worker does both, in the order of the messages: a promise is open before anybody says that it was kept.
    """
    is_answer = event.kind == "assistant_message"
    if is_answer and event.body.assistant_message.backend == RECALL:
        return []
    text: str = getattr(event.body, event.kind).text
    state = await minds.state(event.mind_id, event.seq)
    told = _told(text, event.seq, state.commitments.in_order())
    if not may_promise(text, reminders_only=not is_answer):
        return told
    occurred = Timestamp() if is_answer else event.body.user_message.occurred_at
    now = moment(nanoseconds(occurred) or nanoseconds(event.recorded_at)).astimezone(
        _zone(state.profile.time_zone)
    )
    # The first parse loads the languages' tables, which takes most of a second.
    found = await asyncio.to_thread(promises, text, now, reminders_only=not is_answer)
    return told + [
        mind.Body(commitment_opened=_opened(promise, event.seq))
        for promise in found
        if commitment_id(promise.text) not in state.commitments.by_id
    ]


def _told(text: str, seq: int, open_ones: Sequence[Commitment]) -> list[mind.Body]:
    """Evidence in the message at a seq for what was open before it, and the end of what it leaves no doubt about."""
    found: list[mind.Body] = []
    for one in open_ones:
        how_much = evidence.score(text, one.text) if one.opened_seq < seq else 0.0
        if how_much >= evidence.MIN_SCORE:
            recorded = mind.EvidenceRecorded(commitment_id=one.id, seqs=[seq], score=how_much)
            found.append(mind.Body(evidence_recorded=recorded))
        if how_much >= evidence.CLOSING_SCORE:
            closed = mind.CommitmentClosed(
                commitment_id=one.id, outcome=mind.COMMITMENT_OUTCOME_DONE, evidence_seqs=[seq], why="said so"
            )
            found.append(mind.Body(commitment_closed=closed))
    return found


def _opened(promise: Promise, source_seq: int) -> mind.CommitmentOpened:
    opened = mind.CommitmentOpened(
        commitment_id=commitment_id(promise.text),
        text=promise.text,
        source_seq=source_seq,
        priority=mind.PRIORITY_NORMAL,
    )
    if promise.due is not None:
        opened.due_at.FromDatetime(promise.due)
    return opened


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


COMMITMENTS_WORKER = Worker("commitments", ("user_message", "assistant_message"), derive)
