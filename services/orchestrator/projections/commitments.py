"""The commitments of a mind that are open, folded from its ledger.

A commitment is opened, may be snoozed or revised, gathers evidence, and ends closed or expired. The text
of a closed commitment may be opened again: a new episode with the same id. Closed ones are history: read the ledger.

Whatever depends on the present ("is it overdue?") takes it as an argument.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence

from immutables import Map
from msgspec.structs import replace

from pmm.mind.v1 import events_pb2 as mind
from pmm.mind.v1.events_pb2 import Event
from services.orchestrator.projection import Projection, State
from services.orchestrator.projections import ordered
from services.runtime.times import nanoseconds

MAX_OPEN = 1_000
"""Commitments that may be open: one more makes no sense."""
MAX_EVIDENCE = 100
"""Of a commitment: the latest."""
SAID_SO = "said so"
"""Why one was closed that a message said was done, or not to be done any more."""
LATELY_DONE = 20
"""Commitments that were kept and are remembered here: about as many as anybody speaks of as if they were open."""


class Standing(enum.Enum):
    """How an open commitment stands at a moment."""

    OPEN = enum.auto()
    OVERDUE = enum.auto()
    SNOOZED = enum.auto()


Place = tuple[int, bool, int, int]
"""Where a commitment stands in the order."""


class Commitment(State, frozen=True):
    """One thing that the mind has said it will do. Times in ns since 1970 UTC, 0 where there is none."""

    id: str
    text: str
    opened_seq: int
    """Where the current episode begins."""
    opened_ns: int
    source_seq: int = 0
    due_ns: int = 0
    priority: int = mind.PRIORITY_NORMAL
    project: str = ""
    evidence: tuple[int, ...] = ()
    """Seqs of the events that speak for its being done, oldest first."""
    snoozed_until_ns: int = 0
    reminded_ns: int = 0
    """When the person was last reminded of it."""
    told_ns: int = 0
    """Up to this moment its reminders are told, by the clock that its due time is compared with."""

    @property
    def promised_seq(self) -> int:
        """The message that promised it, which may be long before a worker has read it; else where it was opened."""
        return self.source_seq or self.opened_seq

    def is_shown_by(self, seqs: Sequence[int], upto_seq: int) -> bool:
        """Whether events speak for its being done: there are some, and each was recorded after it was promised."""
        return bool(seqs) and all(
            self.promised_seq < seq <= upto_seq and seq != self.opened_seq for seq in seqs
        )

    @property
    def place(self) -> Place:
        """The most urgent first, then the soonest due, those without a due time last, then the oldest."""
        return (-self.priority, self.due_ns == 0, self.due_ns, self.opened_seq)

    def is_overdue(self, now_ns: int) -> bool:
        return 0 < self.due_ns < now_ns

    def is_snoozed(self, now_ns: int) -> bool:
        return self.snoozed_until_ns > now_ns

    def standing(self, now_ns: int) -> Standing:
        if self.is_snoozed(now_ns):
            return Standing.SNOOZED
        return Standing.OVERDUE if self.is_overdue(now_ns) else Standing.OPEN


class Done(State, frozen=True, array_like=True):
    """A commitment that was kept."""

    text: str
    opened_seq: int
    id: str


class Commitments(State, frozen=True):
    """The open commitments of one mind, by id, at most ``MAX_OPEN``."""

    by_id: Map[str, Commitment] = Map()
    closed: int = 0
    """How many were closed or expired."""
    lately_done: tuple[Done, ...] = ()
    """The latest that were kept, oldest first: what an answer says of them is checked."""
    erased_end_seq: int = 0
    """Where the latest end was erased: nobody can tell any more of which commitment it was."""
    unseen_ends: tuple[Done, ...] = ()
    """The latest that were opened again after an end that is erased: whether they were kept may be told again."""
    ids: tuple[str, ...] = ()
    """In the order of their places."""

    def in_order(self) -> list[Commitment]:
        """By their places."""
        return [self.by_id[its_id] for its_id in self.ids]

    def listed(
        self, project: str, standing: Standing | None, now_ns: int, after: Place | None = None
    ) -> list[Commitment]:
        """In order, those of a project where one is named, and those that so stand at a moment where that is said.

        Those behind a place alone, where one is named.
        """
        return [
            one
            for one in self.in_order()
            if project in ("", one.project)
            and standing in (None, one.standing(now_ns))
            and (after is None or one.place > after)
        ]


def opened(state: Commitments, event: Event) -> Commitments:
    body = event.body.commitment_opened
    known = state.by_id.get(body.commitment_id)
    if known is not None:
        if known.opened_seq > state.erased_end_seq:
            raise ValueError("it is open already")
        # What was erased ended it, or it could not have been opened again.
        unseen = (*state.unseen_ends, _done(known))[-LATELY_DONE:]
        state = replace(_without(state, known.id), unseen_ends=unseen)
    if len(state.by_id) >= MAX_OPEN:
        raise ValueError("too many are open")
    new = Commitment(
        body.commitment_id,
        body.text,
        event.seq,
        nanoseconds(event.recorded_at),
        body.source_seq,
        nanoseconds(body.due_at),
        body.priority or mind.PRIORITY_NORMAL,
        body.project,
    )
    return _with(state, new)


def gained_evidence(state: Commitments, event: Event) -> Commitments:
    body = event.body.evidence_recorded
    known = state.by_id[body.commitment_id]
    # Evidence that no event holds is its own event.
    seqs = tuple(body.seqs) or (event.seq,)
    return _with(state, replace(known, evidence=(*known.evidence, *seqs)[-MAX_EVIDENCE:]))


def snoozed(state: Commitments, event: Event) -> Commitments:
    body = event.body.commitment_snoozed
    return _with(state, replace(state.by_id[body.commitment_id], snoozed_until_ns=nanoseconds(body.until)))


def reminded(state: Commitments, event: Event) -> Commitments:
    body = event.body.commitment_reminded
    known = state.by_id.get(body.commitment_id)
    # The opening may have been erased since.
    if known is None:
        return state
    reminded_ns = nanoseconds(body.reminded_at) or nanoseconds(event.recorded_at)
    told_ns = nanoseconds(body.for_time) or reminded_ns
    return _with(state, replace(known, reminded_ns=reminded_ns, told_ns=told_ns))


def revised(state: Commitments, event: Event) -> Commitments:
    body = event.body.commitment_revised
    known = state.by_id[body.commitment_id]
    return _with(
        state,
        replace(
            known,
            text=body.text or known.text,
            due_ns=nanoseconds(body.due_at) or known.due_ns,
            priority=body.priority or known.priority,
            project=body.project if body.HasField("project") else known.project,
        ),
    )


def closed(state: Commitments, event: Event) -> Commitments:
    if event.redacted:
        return replace(state, erased_end_seq=event.seq)
    body = event.body.commitment_closed
    if body.closed_seq >= event.seq:
        raise ValueError("what is told again was told before")
    if body.closed_seq and not _is_open_since(state, body.commitment_id, body.closed_seq):
        return _told_of_before(state, body.commitment_id, body.closed_seq, is_kept=_is_kept(body))
    known = state.by_id[body.commitment_id]
    ended = _without(state, known.id)
    if body.outcome != mind.COMMITMENT_OUTCOME_DONE:
        return ended
    if not known.is_shown_by(body.evidence_seqs, event.seq - 1):
        raise ValueError("what is done has evidence that was recorded after it was promised")
    return _kept(ended, _done(known))


def is_unshown(body: mind.CommitmentClosed) -> bool:
    """Whether it says that something is done and names nothing that shows it: that closes nothing."""
    return body.outcome == mind.COMMITMENT_OUTCOME_DONE and not body.evidence_seqs


def expired(state: Commitments, event: Event) -> Commitments:
    if event.redacted:
        return replace(state, erased_end_seq=event.seq)
    body = event.body.commitment_expired
    if body.expired_seq >= event.seq:
        raise ValueError("what is told again was told before")
    if body.expired_seq and not _is_open_since(state, body.commitment_id, body.expired_seq):
        return _told_of_before(state, body.commitment_id, body.expired_seq, is_kept=False)
    return _without(state, body.commitment_id)


def _is_kept(body: mind.CommitmentClosed) -> bool:
    return body.outcome == mind.COMMITMENT_OUTCOME_DONE and not is_unshown(body)


def _told_of_before(state: Commitments, its_id: str, end_seq: int, *, is_kept: bool) -> Commitments:
    """How that ended which was opened again since."""
    ends = (one for one in reversed(state.unseen_ends) if one.id == its_id)
    was = next((one for one in ends if one.opened_seq < end_seq), None)
    if was is None:
        return state
    told = replace(state, unseen_ends=tuple(one for one in state.unseen_ends if one != was))
    return _kept(told, was) if is_kept else told


def _kept(state: Commitments, one: Done) -> Commitments:
    return replace(state, lately_done=(*state.lately_done, one)[-LATELY_DONE:])


def _done(one: Commitment) -> Done:
    return Done(one.text, one.opened_seq, one.id)


def _is_open_since(state: Commitments, its_id: str, seq: int) -> bool:
    """Whether a commitment was open at a seq and is so still, rather than again."""
    return its_id in state.by_id and state.by_id[its_id].opened_seq < seq


def _with(state: Commitments, commitment: Commitment) -> Commitments:
    by_id, ids = ordered.put(state.by_id, state.ids, commitment)
    return replace(state, by_id=by_id, ids=ids)


def _without(state: Commitments, commitment_id: str) -> Commitments:
    by_id, ids = ordered.drop(state.by_id, state.ids, commitment_id)
    return replace(state, by_id=by_id, ids=ids, closed=state.closed + 1)


COMMITMENTS = Projection(
    name="commitments",
    initial=Commitments(),
    folds={
        "commitment_opened": opened,
        "evidence_recorded": gained_evidence,
        "commitment_snoozed": snoozed,
        "commitment_revised": revised,
        "commitment_reminded": reminded,
        "commitment_closed": closed,
        "commitment_expired": expired,
    },
    of_headers=frozenset({"commitment_closed", "commitment_expired"}),
)
