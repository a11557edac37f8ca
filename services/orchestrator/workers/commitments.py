"""Promises: what the mind says it will do, what a person asks to be reminded of, and that either was done."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import islice

from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator import claims
from services.orchestrator.extraction import evidence
from services.orchestrator.extraction.extractor import Extractor, is_quotation, text_of
from services.orchestrator.extraction.promise import Promise, commitment_id
from services.orchestrator.minds import Minds
from services.orchestrator.projections.commitments import MAX_OPEN, SAID_SO, Commitment
from services.orchestrator.same_words import having, new_id
from services.orchestrator.workers.follower import Worker

NAME = "commitments"
MAX_DERIVED = 1_000
"""Events that one message gives rise to: they are appended at once, and the ledger takes no more."""
MAX_TOLD = 400
"""Commitments that one message says something of, evidence and the end of each; the most urgent."""


def worker(extractor: Extractor) -> Worker:
    """Reads what persons say and what is answered.

    It does both, in the order of the messages: a promise is open before anybody says that it was kept.
    """

    async def derive(event: mind.Event, minds: Minds) -> list[mind.Body]:
        if is_quotation(event) or not await extractor.is_of_user(event):
            return []
        text = text_of(event)
        found = await extractor.explicit(event)
        # What follows from the messages before may lie behind this one: it is known all the same.
        known = (await minds.latest(event.mind_id)).commitments
        # What the ledger did not know when the answer said so is no evidence.
        doubted = claims.doubted(event)
        believed = [one for one in known.in_order() if one.opened_seq not in doubted]
        # Many commitments, or a long message, would hold the event loop.
        done = await asyncio.to_thread(told, text, event.seq, believed) if believed else []
        new = [promise for promise in found.promises if having(promise.text, known.by_id) is None]
        if new:
            # Whoever reads a message long after it was said must not open anew what was kept since.
            ended = await minds.ended_since(event.mind_id, event.seq)
            new = [promise for promise in new if commitment_id(promise.text) not in ended]
        room = MAX_OPEN - len(known.by_id) + sum(body.HasField("commitment_closed") for body in done)
        room = min(room, MAX_DERIVED - len(done))
        begun = [opened(promise, new_id(promise.text, known.by_id), event.seq) for promise in new[:room]]
        return done + [mind.Body(commitment_opened=each) for each in begun]

    derives = ("commitment_opened", "evidence_recorded", "commitment_closed")
    return Worker(NAME, ("user_message", "assistant_message"), derive, derives=derives)


def told(text: str, seq: int, open_ones: Sequence[Commitment]) -> list[mind.Body]:
    """Evidence in the message at a seq for what was promised before it; what that leaves no doubt about ends."""
    done = evidence.Done(text)
    scores = ((one, done.score(one.text)) for one in open_ones if one.promised_seq < seq)
    told_of = list(islice(((one, score) for one, score in scores if score >= evidence.MIN_SCORE), MAX_TOLD))
    named = [one.id for one, _ in told_of if done.names(one.text)]
    found: list[mind.Body] = []
    for one, score in told_of:
        recorded = mind.EvidenceRecorded(commitment_id=one.id, seqs=[seq], score=score)
        found.append(mind.Body(evidence_recorded=recorded))
        if score >= evidence.CLOSING_SCORE or named == [one.id] == [its.id for its, _ in told_of]:
            closed = mind.CommitmentClosed(
                commitment_id=one.id, outcome=mind.COMMITMENT_OUTCOME_DONE, evidence_seqs=[seq], why=SAID_SO
            )
            found.append(mind.Body(commitment_closed=closed))
    return found


def opened(promise: Promise, its_id: str, source_seq: int) -> mind.CommitmentOpened:
    """What a message opens that promises something."""
    begun = mind.CommitmentOpened(
        commitment_id=its_id,
        text=promise.text,
        source_seq=source_seq,
        priority=mind.PRIORITY_NORMAL,
    )
    if promise.due is not None:
        begun.due_at.FromDatetime(promise.due)
    return begun
