"""What events that are erased did to things that stay, told again without their words.

What they ended stays ended; what they changed keeps the due time, the priority and the like. A pure fold of a mind's
events, once as they are and once as they will be.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator.projections.commitments import COMMITMENTS, Commitment, Commitments
from services.orchestrator.projections.directives import DIRECTIVES, Directives
from services.orchestrator.projections.identity import IDENTITY, Identity
from services.orchestrator.terms import Draft
from services.orchestrator.times import timestamp

_COMMITMENTS = frozenset(COMMITMENTS.folds)
_INSTRUCTIONS = frozenset({"directive_adopted", "directive_retired"})
_NAMES = frozenset({"identity_adopted", "identity_cleared"})
_MEMORIES = frozenset({"memory_recorded", "memory_revised", "memory_retracted", "memory_rated"})
_CONCERNED: Mapping[str, Collection[str]] = {
    **dict.fromkeys(_COMMITMENTS - {"evidence_recorded"}, _COMMITMENTS),
    "directive_retired": _INSTRUCTIONS,
    "identity_cleared": _NAMES,
    **dict.fromkeys(_MEMORIES - {"memory_recorded"}, _MEMORIES),
}
"""By the kind of an erased event: what is to be read to know what it did."""
_TURN = re.compile(r"e([1-9][0-9]{0,18})")
"""The id of the memory that a message is, by its seq."""


def concerned(kinds: Collection[str]) -> list[str]:
    """The kinds that are to be read to tell again what erased events of some kinds did; none where they did nothing."""
    return sorted({kind for erased in kinds for kind in _CONCERNED.get(erased, ())})


@dataclass(slots=True)
class _State:
    """What a mind holds."""

    commitments: Commitments = COMMITMENTS.initial
    directives: Directives = DIRECTIVES.initial
    identity: Identity = IDENTITY.initial
    given: dict[str, int] = field(default_factory=dict[str, int])
    """Where instructions were given first, by id: also those that hold no more."""
    projects: set[str] = field(default_factory=set[str])
    """That any commitment ever belonged to."""
    memories: set[str] = field(default_factory=set[str])
    """That were ever formed, but for messages."""
    retracted: set[str] = field(default_factory=set[str])
    revisions: dict[str, mind.MemoryRevised] = field(default_factory=dict[str, mind.MemoryRevised])
    """What memories have of their revisions, without the words."""

    def take(self, event: mind.Event) -> None:
        self.commitments, _ = COMMITMENTS.apply(self.commitments, event)
        self.directives, _ = DIRECTIVES.apply(self.directives, event)
        self.identity, _ = IDENTITY.apply(self.identity, event)
        if event.redacted:
            return
        match event.kind:
            case "directive_adopted":
                self.given.setdefault(event.body.directive_adopted.directive_id, event.seq)
            case "commitment_opened" | "commitment_revised":
                self.projects.add(getattr(event.body, event.kind).project)
            case "memory_recorded":
                self.memories.add(event.body.memory_recorded.memory_id)
            case "memory_revised":
                body = event.body.memory_revised
                known = self.revisions.setdefault(
                    body.memory_id, mind.MemoryRevised(memory_id=body.memory_id)
                )
                _take_numbers(known, body)
            case "memory_retracted":
                self.retracted.add(event.body.memory_retracted.memory_id)
            case _:
                pass


class Retelling:
    """Takes every event of the kinds that are concerned, in order of seq."""

    def __init__(self, erased: Collection[int]) -> None:
        self._erased = erased
        self._now, self._left = _State(), _State()
        self._ends: list[Draft] = []
        self._cleared: mind.Event | None = None
        """The latest that took a name away."""
        self._retired: list[mind.DirectiveRetired] = []
        self._rated: list[mind.MemoryRated] = []
        self._retracted: dict[str, mind.Event] = {}

    def take(self, event: mind.Event) -> None:
        """Changes the event where it is one of those that are erased."""
        is_erased = event.seq in self._erased and not event.redacted
        if is_erased:
            self._note(event)
        self._now.take(event)
        event.redacted = event.redacted or is_erased
        self._left.take(event)

    def told(self) -> list[Draft]:
        """What is to follow the erasure where nothing else comes between."""
        return [
            *self._ends,
            *self._revised(),
            *(Draft(mind.Body(directive_retired=one)) for one in self._retired),
            *self._name(),
            *self._memories(),
        ]

    def lost(self) -> list[Commitment]:
        """Those that are open now, and of which nothing opens any that stays."""
        now, left = self._now.commitments.by_id, self._left.commitments.by_id
        return [one for one in now.values() if one.id not in left]

    def _note(self, event: mind.Event) -> None:
        body = event.body
        match event.kind:
            case "commitment_closed" | "commitment_expired":
                if self._ends_what_stays(event):
                    told = _closed if event.kind == "commitment_closed" else _expired
                    self._ends.append(told(event))
            case "directive_retired":
                if self._retires_what_stays(body.directive_retired):
                    self._retired.append(_retired(event))
            case "identity_cleared":
                if self._left.identity.name:
                    self._cleared = event
            case "memory_rated":
                if self._holds(body.memory_rated.memory_id):
                    self._rated.append(body.memory_rated)
            case "memory_retracted":
                self._retracted[body.memory_retracted.memory_id] = event
            case _:
                pass

    def _ends_what_stays(self, event: mind.Event) -> bool:
        """Not where it ended what was opened again, and that goes, too."""
        its_id = getattr(event.body, event.kind).commitment_id
        now, left = (state.commitments.by_id.get(its_id) for state in (self._now, self._left))
        if now and left and now.opened_seq != left.opened_seq:
            return False
        return COMMITMENTS.apply(self._left.commitments, event)[0] is not self._left.commitments

    def _retires_what_stays(self, body: mind.DirectiveRetired) -> bool:
        """Also what was retired again since, and holds no more."""
        if not body.retired_seq:
            return body.directive_id in self._left.directives.by_id
        return self._left.given.get(body.directive_id, body.retired_seq) < body.retired_seq

    def _holds(self, memory_id: str) -> bool:
        """Whether a memory is there that stays, and is not taken back by what stays."""
        said = _TURN.fullmatch(memory_id)
        stays = memory_id in self._left.memories or (said and int(said[1]) not in self._erased)
        return bool(stays) and memory_id not in self._left.retracted

    def _revised(self) -> list[Draft]:
        told: list[Draft] = []
        for now in self._now.commitments.by_id.values():
            left = self._left.commitments.by_id.get(now.id)
            if left is None or left.opened_seq != now.opened_seq:
                continue
            if (revised := self._difference(now, left)) != mind.CommitmentRevised(commitment_id=now.id):
                told.append(Draft(mind.Body(commitment_revised=revised)))
            told += fared(now, left)
        return told

    def _difference(self, now: Commitment, left: Commitment) -> mind.CommitmentRevised:
        """Of what says none of the words. A project is a name, which others have where it is none of them."""
        is_named_so = now.project != left.project and now.project in self._left.projects | {""}
        return mind.CommitmentRevised(
            commitment_id=now.id,
            due_at=timestamp(now.due_ns) if now.due_ns != left.due_ns else None,
            priority=now.priority if now.priority != left.priority else None,  # type: ignore[arg-type]
            project=now.project if is_named_so else None,
        )

    def _name(self) -> list[Draft]:
        if self._cleared is None or not self._left.identity.name:
            return []
        seq = self._cleared.body.identity_cleared.cleared_seq or self._cleared.seq
        return [Draft(mind.Body(identity_cleared=mind.IdentityCleared(cleared_seq=seq)))]

    def _memories(self) -> list[Draft]:
        told: list[Draft] = []
        for its_id, now in self._now.revisions.items():
            left = self._left.revisions.get(its_id, mind.MemoryRevised(memory_id=its_id))
            if now != left and self._holds(its_id):
                told.append(Draft(mind.Body(memory_revised=now)))
        for one in self._rated:
            if self._holds(one.memory_id):
                rated = mind.MemoryRated(memory_id=one.memory_id, rating=one.rating)
                told.append(Draft(mind.Body(memory_rated=rated)))
        for its_id, event in self._retracted.items():
            if self._holds(its_id):
                by = event.body.memory_retracted.superseded_by
                retracted = mind.MemoryRetracted(memory_id=its_id)
                if by in self._left.memories:
                    retracted.superseded_by = by
                told.append(Draft(mind.Body(memory_retracted=retracted)))
        return told


def fared(now: Commitment, left: Commitment | None = None) -> list[Draft]:
    """What tells of one that is left, or opened anew, until when it is put off and when it was reminded of."""
    left, told = left or Commitment(now.id, now.text, 0, 0), list[Draft]()
    if now.snoozed_until_ns != left.snoozed_until_ns:
        until = timestamp(now.snoozed_until_ns)
        snoozed = mind.CommitmentSnoozed(commitment_id=now.id, until=until)
        told.append(Draft(mind.Body(commitment_snoozed=snoozed)))
    if (now.told_ns, now.reminded_ns) != (left.told_ns, left.reminded_ns):
        reminded = mind.CommitmentReminded(
            commitment_id=now.id, for_time=timestamp(now.told_ns), reminded_at=timestamp(now.reminded_ns)
        )
        told.append(Draft(mind.Body(commitment_reminded=reminded)))
    return told


def _take_numbers(known: mind.MemoryRevised, body: mind.MemoryRevised) -> None:
    """Whatever a revision says without words."""
    if body.HasField("importance"):
        known.importance = body.importance
    if body.HasField("valid_to"):
        known.valid_to.CopyFrom(body.valid_to)
    if body.HasField("expires_at"):
        known.expires_at.CopyFrom(body.expires_at)


def _closed(event: mind.Event) -> Draft:
    told = mind.CommitmentClosed()
    told.CopyFrom(event.body.commitment_closed)
    told.why = ""
    told.closed_seq = told.closed_seq or event.seq
    return _again(event, mind.Body(commitment_closed=told))


def _expired(event: mind.Event) -> Draft:
    body = event.body.commitment_expired
    told = mind.CommitmentExpired(commitment_id=body.commitment_id, expired_seq=body.expired_seq or event.seq)
    return _again(event, mind.Body(commitment_expired=told))


def _retired(event: mind.Event) -> mind.DirectiveRetired:
    body = event.body.directive_retired
    return mind.DirectiveRetired(directive_id=body.directive_id, retired_seq=body.retired_seq or event.seq)


def _again(event: mind.Event, body: mind.Body) -> Draft:
    """What followed from something earlier follows from that again: so an end is not taken for a later one."""
    cause = event.causation_seq if event.HasField("causation_seq") else event.seq
    return Draft(body, causation_seq=cause, remember=event.remember)
