"""What changed in a mind's bounded state between two events: which fields, from what to what, and by which events."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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
_FIELDS = {
    "profile": ("mindId", "name", "owner", "settings", "counts", "policies", "createdAt"),
    "identity": ("identity",),
    "commitments": ("openCommitments", "counts"),
    "directives": ("directives",),
    "reflections": ("recentReflections",),
    "traits": ("traits",),
    "metrics": ("metrics",),
    "stage": ("stage",),
    "invariants": ("violatedInvariants",),
    "violations": ("violations",),
}
"""By part of the state: the fields of Mind that it fills."""
_SESSIONS = ("counts", "sessions")
"""How many conversations there are: no state knows."""
Path = tuple[str, ...]
Shown = Mapping[str, Any]
"""A mind as JSON."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that differs; its values as JSON has them."""

    path: str
    before: Any
    after: Any
    seqs: tuple[int, ...]


class Diff:
    """The fields that differ between a mind at one event and at a later one, and the events that made them differ."""

    def __init__(
        self, before: Shown, after: Shown, first: Snapshot, show: Callable[[Snapshot], Shown]
    ) -> None:
        self._state, self._show = first, show
        differing = _differing(_keyed(before), _keyed(after), ())
        self._differing = {path: (was, is_now) for path, was, is_now in differing}
        self._paths = {
            part: paths
            for part, fields in _FIELDS.items()
            if (paths := [path for path in self._differing if path[0] in fields])
        }
        """By part of the state: the paths that it may have to do with."""
        self._shown = {part: self._part(first, part) for part in self._paths}
        self._made: defaultdict[Path, deque[int]] = defaultdict(lambda: deque(maxlen=MAX_SEQS))

    def take(self, states: Sequence[Snapshot]) -> None:
        """The states after the next events. From one thread at a time."""
        for state in states:
            self._take(state)

    def _take(self, state: Snapshot) -> None:
        before, self._state = self._state, state
        for part, paths in self._paths.items():
            # The first event makes a mind of nothing.
            if before.seq and getattr(before, part) is getattr(state, part):
                continue
            was, self._shown[part] = self._shown[part], self._part(state, part)
            for path in paths:
                if _at(was, path) != _at(self._shown[part], path):
                    self._made[path].append(state.seq)

    def changes(self, begun: Sequence[int]) -> list[FieldChange]:
        """In the order of the later mind. ``begun``: the events with which conversations began."""
        self._made[_SESSIONS].extend(begun)
        return [
            FieldChange(".".join(path), was, is_now, tuple(self._made[path]))
            for path, (was, is_now) in self._differing.items()
        ]

    def _part(self, state: Snapshot, part: str) -> dict[str, Any]:
        """What is seen of a part of a state, without the work that the others would be."""
        alone: dict[str, Any] = {part: getattr(state, part)}
        return _keyed(self._show(Snapshot(seq=state.seq, **alone)))


def _at(shown: Any, path: Path) -> Any:
    """The value at a path."""
    for name in path:
        shown = shown.get(name, MISSING) if isinstance(shown, dict) else MISSING  # pyright: ignore[reportUnknownMemberType]
    return shown


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
