"""What changed in a mind's bounded state between two events: which fields, from what to what, and by which events."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
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
_SESSIONS = ("counts", "sessions")
"""How many conversations there are: no state knows."""
Path = tuple[str, ...]
Shown = Mapping[str, Any]
"""A mind as JSON."""


@dataclass(frozen=True, slots=True)
class Field:
    """How a field of a mind is seen."""

    of: Callable[[Snapshot], Any]
    """What it shows of a state: where that is equal, so is what is shown."""
    shown: Callable[[Snapshot], Any]
    """As a mind's JSON has it."""


@dataclass(frozen=True, slots=True)
class Items:
    """How a list of a mind is seen that is drawn from many things."""

    of: Callable[[Snapshot], Any]
    """What it shows of a state: where that is the same object, so is what is shown."""
    wanted: Callable[[Snapshot, Collection[str]], Mapping[str, Any]]
    """Of the things with some keys those in sight, by key. Immutable: the same object is shown the same."""
    shown: Callable[[Any], Any]
    """A thing as a mind's JSON has it."""


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
        self, first: Snapshot, before: Shown, after: Shown, fields: Mapping[str, Field | Items]
    ) -> None:
        differing = _differing(keyed(before), keyed(after), ())
        self._differing = {path: (was, is_now) for path, was, is_now in differing}
        by_field: defaultdict[str, list[Path]] = defaultdict(list)
        for path in self._differing:
            by_field[path[0]].append(path)
        self._followed = [_followed(fields[name], paths, first) for name, paths in by_field.items()]
        self._made: defaultdict[Path, deque[int]] = defaultdict(lambda: deque(maxlen=MAX_SEQS))

    def take(self, states: Sequence[Snapshot]) -> None:
        """The states after the next events. From one thread at a time."""
        for state in states:
            for field in self._followed:
                for path in field.moved(state):
                    self._made[path].append(state.seq)

    def changes(self, begun: Sequence[int]) -> list[FieldChange]:
        """In the order of the later mind. ``begun``: the events with which conversations began."""
        self._made[_SESSIONS].extend(begun)
        return [
            FieldChange(".".join(path), was, is_now, tuple(self._made[path]))
            for path, (was, is_now) in self._differing.items()
        ]


def _followed(field: Field | Items, paths: Sequence[Path], first: Snapshot) -> _Field | _Items:
    return _Field(field, paths, first) if isinstance(field, Field) else _Items(field, paths, first)


class _Field:
    """A field that differs, and how it is seen at the moment."""

    def __init__(self, field: Field, paths: Sequence[Path], first: Snapshot) -> None:
        self._field = field
        self._paths = _by_item(paths)
        self._of = self._shown = MISSING
        if first.seq:
            self._of, self._shown = field.of(first), field.shown(first)

    def moved(self, state: Snapshot) -> Iterator[Path]:
        """The paths at which the next state is seen otherwise."""
        of = self._field.of(state)
        if of == self._of:
            return
        was, self._of, self._shown = self._shown, of, self._field.shown(state)
        for item, paths in self._paths.items():
            yield from _moved(item, paths, _at(was, item[1:]), _at(self._shown, item[1:]))


class _Items:
    """A list that differs, and how those of its items that do are seen at the moment."""

    def __init__(self, field: Items, paths: Sequence[Path], first: Snapshot) -> None:
        self._field = field
        self._paths = {item[1]: (item, inside) for item, inside in _by_item(paths).items()}
        self._of = field.of(first)
        self._seen = self._look(first, {})

    def moved(self, state: Snapshot) -> Iterator[Path]:
        """The paths at which the next state is seen otherwise."""
        of = self._field.of(state)
        if of is self._of:
            return
        was, self._of, self._seen = self._seen, of, self._look(state, self._seen)
        for key in was.keys() | self._seen.keys():
            yield from _moved(*self._paths[key], _shown(was, key), _shown(self._seen, key))

    def _look(self, state: Snapshot, before: Mapping[str, tuple[Any, Any]]) -> dict[str, tuple[Any, Any]]:
        """The things in sight and how they are shown, by key."""
        seen: dict[str, tuple[Any, Any]] = {}
        for key, one in self._field.wanted(state, self._paths.keys()).items():
            known = before.get(key)
            seen[key] = known if known and known[0] is one else (one, self._field.shown(one))
        return seen


def _shown(seen: Mapping[str, tuple[Any, Any]], key: str) -> Any:
    return seen[key][1] if key in seen else MISSING


def _moved(item: Path, paths: Sequence[Path], was: Any, is_now: Any) -> Iterator[Path]:
    """Of paths into an item those at which it differs."""
    if was is not is_now:
        yield from (path for path in paths if _at(was, path[len(item) :]) != _at(is_now, path[len(item) :]))


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


def keyed(message: Mapping[str, Any]) -> dict[str, Any]:
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
