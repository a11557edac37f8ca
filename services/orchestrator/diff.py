"""What changed in a mind's bounded state between two events: which fields, from what to what, and by which events."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from immutables import Map
from msgspec.structs import replace

from services.orchestrator.projections.commitments import Commitment, Commitments
from services.orchestrator.projections.directives import Directive, Directives
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
_LISTS = {"commitments": "openCommitments", "directives": "directives"}
"""By part of the state that holds many items: the list of Mind that it fills."""
_SESSIONS = ("counts", "sessions")
"""How many conversations there are: no state knows."""
Path = tuple[str, ...]
Shown = Mapping[str, Any]
"""A mind as JSON."""
Item = Commitment | Directive
"""Immutable: the same object is shown the same."""


@dataclass(frozen=True, slots=True)
class Seen:
    """How a mind is seen from some moment."""

    whole: Callable[[Snapshot], Shown]
    items: Callable[[Commitments | Directives], Sequence[Item]]
    """Those that a mind shows of a part that holds many."""
    item: Callable[[Item], Shown]


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that differs; its values as JSON has them."""

    path: str
    before: Any
    after: Any
    seqs: tuple[int, ...]


class Diff:
    """The fields that differ between a mind at one event and at a later one, and the events that made them differ."""

    def __init__(self, first: Snapshot, before: Shown, after: Shown, seen: Seen) -> None:
        self._state, self._seen = first, seen
        differing = _differing(_keyed(before), _keyed(after), ())
        self._differing = {path: (was, is_now) for path, was, is_now in differing}
        self._paths = {
            part: _by_item(paths)
            for part, fields in _FIELDS.items()
            if (paths := [path for path in self._differing if path[0] in fields])
        }
        """By part of the state: the paths that it may have to do with, by the item that they lead into."""
        self._items: dict[str, dict[str, tuple[Item, Shown]]] = defaultdict(dict)
        """By part of the state that holds many: by id, as they were shown."""
        self._shown = {part: self._part(first, part) for part in self._paths}
        self._made: defaultdict[Path, deque[int]] = defaultdict(lambda: deque(maxlen=MAX_SEQS))

    def take(self, states: Sequence[Snapshot]) -> None:
        """The states after the next events. From one thread at a time."""
        for state in states:
            self._take(state)

    def _take(self, state: Snapshot) -> None:
        before, self._state = self._state, state
        for part, of_items in self._paths.items():
            # The first event makes a mind of nothing.
            if before.seq and getattr(before, part) is getattr(state, part):
                continue
            was, self._shown[part] = self._shown[part], self._part(state, part)
            for item, paths in of_items.items():
                then, now = _at(was, item), _at(self._shown[part], item)
                if then is now:
                    continue
                for path in paths:
                    if _at(then, path[len(item) :]) != _at(now, path[len(item) :]):
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
        whole = getattr(state, part)
        if part not in _LISTS:
            return _keyed(self._seen.whole(Snapshot(seq=state.seq, **{part: whole})))
        rest: dict[str, Any] = {part: replace(whole, by_id=Map(), ids=())}
        shown = _keyed(self._seen.whole(Snapshot(seq=state.seq, **rest)))
        before, items = self._items[part], dict[str, tuple[Item, Shown]]()
        for one in self._seen.items(whole):
            known = before.get(one.id)
            items[one.id] = known if known and known[0] is one else (one, self._seen.item(one))
        self._items[part] = items
        return shown | {_LISTS[part]: {its_id: as_shown for its_id, (_, as_shown) in items.items()}}


def _by_item(paths: Sequence[Path]) -> dict[Path, list[Path]]:
    """Paths by that of the item, or of the field, that they lead into."""
    found: defaultdict[Path, list[Path]] = defaultdict(list)
    for path in paths:
        found[path[:2]].append(path)
    return dict(found)


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
