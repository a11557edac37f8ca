"""What events that are erased did to things that stay, told again without their words.

What they ended stays ended; what they changed keeps the due time, the priority and the like. A pure fold of a mind's
events, once as they are and once as they will be.
"""

from __future__ import annotations

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
_MEMORIES = frozenset({"memory_recorded", "memory_revised", "memory_retracted"})
_CONCERNED: Mapping[str, Collection[str]] = {
    **dict.fromkeys(_COMMITMENTS - {"evidence_recorded", "commitment_reminded"}, _COMMITMENTS),
    "directive_retired": _INSTRUCTIONS,
    "identity_cleared": _NAMES,
    "memory_revised": _MEMORIES,
    "memory_retracted": _MEMORIES,
}
"""By the kind of an erased event: what is to be read to know what it did."""


def concerned(kinds: Collection[str]) -> list[str]:
    """The kinds that are to be read to tell again what erased events of some kinds did; none where they did nothing."""
    return sorted({kind for erased in kinds for kind in _CONCERNED.get(erased, ())})


@dataclass(slots=True)
class _State:
    """What a mind holds."""

    commitments: Commitments = COMMITMENTS.initial
    directives: Directives = DIRECTIVES.initial
    identity: Identity = IDENTITY.initial
    projects: set[str] = field(default_factory=set[str])
    """That any commitment ever belonged to."""
    memories: set[str] = field(default_factory=set[str])
    """That were ever formed."""
    revisions: dict[str, mind.MemoryRevised] = field(default_factory=dict[str, mind.MemoryRevised])
    """What memories have of their revisions, without the words."""

    def take(self, event: mind.Event) -> None:
        self.commitments, _ = COMMITMENTS.apply(self.commitments, event)
        self.directives, _ = DIRECTIVES.apply(self.directives, event)
        self.identity, _ = IDENTITY.apply(self.identity, event)
        if event.redacted:
            return
        match event.kind:
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
            case _:
                pass


class Retelling:
    """Takes every event of the kinds that are concerned, in order of seq."""

    def __init__(self, erased: Collection[int]) -> None:
        self._erased = erased
        self._now, self._left = _State(), _State()
        self._ends: list[Draft] = []
        self._last_ends: dict[tuple[str, str], mind.Event] = {}
        """Of those that are erased: the latest of a kind that ended a thing, by both."""
        self._retracted: dict[str, mind.Event] = {}

    def take(self, event: mind.Event) -> None:
        """Changes the event where it is one of those that are erased."""
        self._now.take(event)
        if event.seq in self._erased and not event.redacted:
            self._note(event)
            event.redacted = True
        self._left.take(event)

    def told(self) -> list[Draft]:
        """What is to follow the erasure where nothing else comes between."""
        return [*self._ends, *self._expired(), *self._revised(), *self._retired(), *self._memories()]

    def lost(self) -> list[Commitment]:
        """Those that are open now, and of which nothing opens any that stays."""
        now, left = self._now.commitments.by_id, self._left.commitments.by_id
        return [one for one in now.values() if one.id not in left]

    def _note(self, event: mind.Event) -> None:
        body = event.body
        match event.kind:
            case "commitment_closed":
                left = self._left.commitments
                if COMMITMENTS.apply(left, event)[0].closed > left.closed:
                    self._ends.append(_closed(event))
            case "commitment_expired":
                self._last_ends[event.kind, body.commitment_expired.commitment_id] = event
            case "directive_retired":
                self._last_ends[event.kind, body.directive_retired.directive_id] = event
            case "identity_cleared":
                self._last_ends[event.kind, ""] = event
            case "memory_retracted":
                self._retracted[body.memory_retracted.memory_id] = event
            case _:
                pass

    def _ended(self, kind: str, thing: str, since_seq: int) -> mind.Event | None:
        """What is erased of its ends, where that came after a seq."""
        end = self._last_ends.get((kind, thing))
        return end if end is not None and end.seq > since_seq else None

    def _expired(self) -> list[Draft]:
        left = self._left.commitments.by_id.values()
        ends = [
            (one, end) for one in left if (end := self._ended("commitment_expired", one.id, one.opened_seq))
        ]
        return [
            _again(end, mind.Body(commitment_expired=mind.CommitmentExpired(commitment_id=one.id)))
            for one, end in ends
        ]

    def _revised(self) -> list[Draft]:
        told: list[Draft] = []
        for now in self._now.commitments.by_id.values():
            left = self._left.commitments.by_id.get(now.id)
            if left is None or left.opened_seq != now.opened_seq:
                continue
            if (revised := self._difference(now, left)) != mind.CommitmentRevised(commitment_id=now.id):
                told.append(Draft(mind.Body(commitment_revised=revised)))
            if now.snoozed_until_ns != left.snoozed_until_ns:
                until = timestamp(now.snoozed_until_ns)
                snoozed = mind.CommitmentSnoozed(commitment_id=now.id, until=until)
                told.append(Draft(mind.Body(commitment_snoozed=snoozed)))
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

    def _retired(self) -> list[Draft]:
        """Instructions, and the name."""
        left, named = self._left.directives.by_id.values(), self._left.identity
        ends = [one.id for one in left if self._ended("directive_retired", one.id, one.last_seq)]
        told = [
            Draft(mind.Body(directive_retired=mind.DirectiveRetired(directive_id=its_id))) for its_id in ends
        ]
        if named.name and self._ended("identity_cleared", "", named.adopted_seq):
            told.append(Draft(mind.Body(identity_cleared=mind.IdentityCleared())))
        return told

    def _memories(self) -> list[Draft]:
        told: list[Draft] = []
        for its_id, now in self._now.revisions.items():
            left = self._left.revisions.get(its_id, mind.MemoryRevised(memory_id=its_id))
            if its_id in self._left.memories and now != left:
                told.append(Draft(mind.Body(memory_revised=now)))
        for its_id in self._retracted.keys() & self._left.memories:
            by = self._retracted[its_id].body.memory_retracted.superseded_by
            retracted = mind.MemoryRetracted(memory_id=its_id)
            if by in self._left.memories:
                retracted.superseded_by = by
            told.append(Draft(mind.Body(memory_retracted=retracted)))
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


def _again(event: mind.Event, body: mind.Body) -> Draft:
    """What followed from something earlier follows from that again: so an end is not taken for a later one."""
    cause = event.causation_seq if event.HasField("causation_seq") else event.seq
    return Draft(body, causation_seq=cause, remember=event.remember)
