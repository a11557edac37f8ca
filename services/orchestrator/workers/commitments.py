"""Promises: what the mind says it will do, what a person asks to be reminded of, and how either ends."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from itertools import islice

from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator import claims
from services.orchestrator.extraction import evidence
from services.orchestrator.extraction.dropping import GivenUp, given_up
from services.orchestrator.extraction.extractor import Extractor, is_quotation, text_of
from services.orchestrator.extraction.promise import Promise, commitment_id
from services.orchestrator.extraction.told_times import names_past
from services.orchestrator.minds import Minds
from services.orchestrator.named_commitments import is_name_of, is_touched_by
from services.orchestrator.projections.commitments import MAX_OPEN, SAID_SO, Commitment
from services.orchestrator.same_words import having, new_id
from services.orchestrator.workers.follower import Worker

NAME = "commitments"
MAX_DERIVED = 1_000
"""Events that one message gives rise to: they are appended at once, and the ledger takes no more."""
MAX_TOLD = 400
"""Commitments that one message says something of, evidence and the end of each; the most urgent."""
_AND = re.compile(r",? (?:and|or|&) ", re.I)


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
        done = await _kept(event, text, believed) if believed else []
        if believed and event.kind == "user_message":
            ended_now = {body.commitment_closed.commitment_id for body in done}
            others = [one for one in believed if one.id not in ended_now]
            done += await _dropped(event, text, others, minds)
        new = [promise for promise in found.promises if having(promise.text, known.by_id) is None]
        if new:
            # Whoever reads a message long after it was said must not open anew what was kept since.
            ended = await minds.ended_since(event.mind_id, event.seq)
            new = [promise for promise in new if commitment_id(promise.text) not in ended]
        room = MAX_OPEN - len(known.by_id) + sum(body.HasField("commitment_closed") for body in done)
        room = min(room, MAX_DERIVED - len(done))
        begun = [opened(promise, new_id(promise.text, known.by_id), event.seq) for promise in new[:room]]
        return done + [mind.Body(commitment_opened=each) for each in begun]

    async def _kept(event: mind.Event, text: str, open_ones: Sequence[Commitment]) -> list[mind.Body]:
        found = await asyncio.to_thread(told, text, event.seq, open_ones)
        if not found or not names_past(text):
            return found
        ids = {body.evidence_recorded.commitment_id for body in found}
        touched = [one for one in open_ones if one.id in ids]
        made = {
            seq: await extractor.told_at(event.mind_id, seq) for seq in {one.promised_seq for one in touched}
        }
        said = await extractor.said_at(event)
        clocks = {one.id: evidence.Clock(made[one.promised_seq], said) for one in touched}
        return await asyncio.to_thread(told, text, event.seq, touched, clocks)

    derives = ("commitment_opened", "evidence_recorded", "commitment_closed")
    return Worker(NAME, ("user_message", "assistant_message"), derive, derives=derives)


async def _dropped(
    event: mind.Event, text: str, open_ones: Sequence[Commitment], minds: Minds
) -> list[mind.Body]:
    """What a person gives up, where it is clear which one."""
    meant = await asyncio.to_thread(given_up, text)
    before = [one for one in open_ones if one.promised_seq < event.seq]
    if not meant or not before:
        return []
    ids = {one.id for each in meant if each.what for one in named_by(each, before)}
    if any(not each.what for each in meant):
        last = max(one.promised_seq for one in before)
        is_right_after = not await minds.has_spoken(event.mind_id, last, event.seq)
        latest = [one for one in before if is_right_after and one.promised_seq == last]
        ids |= {one.id for each in meant if not each.what for one in pointed_at(each, before, latest)}
    return [_gave_up(its_id, event.seq) for its_id in sorted(ids)]


def named_by(meant: GivenUp, open_ones: Sequence[Commitment]) -> list[Commitment]:
    """The commitment that words name, or those that each of several names; none where they could be of two."""
    if one := _only(meant.what, open_ones, is_whole=meant.is_whole):
        return [one]
    parts = _AND.split(meant.what)
    found = [_only(part, open_ones, is_whole=meant.is_whole) for part in parts]
    named = [one for one in found if one is not None]
    return named if len(parts) > 1 and len(named) == len(parts) else []


def pointed_at(
    meant: GivenUp, open_ones: Sequence[Commitment], latest: Sequence[Commitment]
) -> Sequence[Commitment]:
    """The one that "that reminder" is: the ``latest``, of which was spoken right before, or the only one."""
    if len(latest) == 1:
        return latest
    return open_ones if len(open_ones) == 1 and not meant.is_only_right_after else ()


def _only(what: str, open_ones: Sequence[Commitment], *, is_whole: bool) -> Commitment | None:
    whole = [one for one in open_ones if is_name_of(what, one.text)]
    touched = [] if whole or is_whole else [one for one in open_ones if is_touched_by(what, one.text)]
    return next(iter(whole or touched), None) if len(whole or touched) == 1 else None


def _gave_up(its_id: str, seq: int) -> mind.Body:
    closed = mind.CommitmentClosed(
        commitment_id=its_id, outcome=mind.COMMITMENT_OUTCOME_DROPPED, evidence_seqs=[seq], why=SAID_SO
    )
    return mind.Body(commitment_closed=closed)


def told(
    text: str, seq: int, open_ones: Sequence[Commitment], clocks: Mapping[str, evidence.Clock] | None = None
) -> list[mind.Body]:
    """Evidence in the message at a seq for what was promised before it; what that leaves no doubt about ends.

    ``clocks``: when each was promised, by id, and when the message was said.
    """
    done, clocks = evidence.Done(text), clocks or {}
    scores = ((one, done.score(one.text, clocks.get(one.id))) for one in open_ones if one.promised_seq < seq)
    told_of = list(islice(((one, score) for one, score in scores if score >= evidence.MIN_SCORE), MAX_TOLD))
    named = [one.id for one, _ in told_of if done.names(one.text, clocks.get(one.id))]
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
