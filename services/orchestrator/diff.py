"""What changed in a mind's bounded state between two events: which fields, from what to what, and by which events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pmm.mind.v1.events_pb2 import Event
from services.orchestrator.snapshot import Snapshot

MISSING = object()
"""Stands for a field that was not there, or is no longer."""
MAX_SEQS = 100
"""Events that a change names: the latest."""
_LEFT_OUT = frozenset({"seq", "hash", "lastEventAt"})
"""They change with every event."""
_KEYS = {
    "openCommitments": "commitmentId", "directives": "directiveId", "recentReflections": "seq", "traits": "trait",
    "violatedInvariants": "seq",
}  # fmt: skip
"""By list: the field that tells its items apart."""
_IDS = ("commitment_id", "directive_id")
_FIELDS = {
    "profile": ("name", "owner", "settings", "counts", "policies", "createdAt"),
    "identity": ("identity",),
    "commitments": ("openCommitments", "counts"),
    "sessions": ("counts",),
    "directives": ("directives",),
    "reflections": ("recentReflections",),
    "traits": ("traits",),
    "metrics": ("metrics",),
    "stage": ("stage",),
    "invariants": ("violatedInvariants",),
}
"""By projection: the fields of Mind that it fills."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that differs; its values as JSON has them."""

    path: str
    before: Any
    after: Any
    seqs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Touch:
    """An event that changed something."""

    seq: int
    fields: frozenset[str]
    item: str
    """The id of the commitment or instruction that it is about."""


def touch(before: Snapshot, after: Snapshot, event: Event) -> Touch | None:
    """What an event changed, from the states around it."""
    fields = frozenset(
        field
        for name, shown in _FIELDS.items()
        if getattr(before, name) is not getattr(after, name)
        for field in shown
    )
    if after.violations != before.violations:
        fields |= {"violations"}
    body = getattr(event.body, event.kind, None) if not event.redacted else None
    item = next((getattr(body, name) for name in _IDS if hasattr(body, name)), "")
    return Touch(event.seq, fields, item) if fields else None


def changes(before: Mapping[str, Any], after: Mapping[str, Any], touches: list[Touch]) -> list[FieldChange]:
    """The fields that differ between two minds as JSON, in the order of the later one."""
    found: list[FieldChange] = []
    for path, was, is_now in _differing(_keyed(before), _keyed(after), ()):
        by = [one.seq for one in touches if path[0] in one.fields and _is_about(one, path)]
        found.append(FieldChange(".".join(path), was, is_now, tuple(by[-MAX_SEQS:])))
    return found


def _is_about(touched: Touch, path: tuple[str, ...]) -> bool:
    """Whether an event that touched a field touched this part of it: in a list, this item."""
    return path[0] not in _KEYS or touched.item in ("", *path)


def _keyed(message: Mapping[str, Any]) -> dict[str, Any]:
    """With lists of items as items by key, so that one that goes is not a change of all that follow."""
    return {
        name: {str(item.get(_KEYS[name], "")): item for item in value} if name in _KEYS else value
        for name, value in message.items()
        if name not in _LEFT_OUT
    }


def _differing(before: Any, after: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    if len(path) == 1:
        # A part that was empty is told field by field; an item that came or went, as one.
        before, after = ({} if one is MISSING and isinstance(other, dict) else one
                         for one, other in ((before, after), (after, before)))  # fmt: skip
    if before == after:
        return
    if not (isinstance(before, dict) and isinstance(after, dict)):
        yield path, before, after
        return
    names: dict[str, None] = dict.fromkeys([*after, *before])  # pyright: ignore[reportUnknownArgumentType]
    for name in names:
        yield from _differing(before.get(name, MISSING), after.get(name, MISSING), (*path, name))  # pyright: ignore[reportUnknownMemberType]
