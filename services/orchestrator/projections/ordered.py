"""Things by id, and their ids in an order that is kept as they change: nobody sorts all for the one that did."""

from __future__ import annotations

from bisect import bisect_left
from typing import Any, Protocol, TypeVar

from immutables import Map


class Placed(Protocol):
    """A thing that has its place among others; no two have the same."""

    @property
    def id(self) -> str: ...
    @property
    def place(self) -> Any: ...


T = TypeVar("T", bound=Placed)


def put(by_id: Map[str, T], ids: tuple[str, ...], one: T) -> tuple[Map[str, T], tuple[str, ...]]:
    """With one thing more, or as it is now."""
    known = by_id.get(one.id)
    if known is not None and known.place == one.place:
        return by_id.set(one.id, one), ids
    if known is not None:
        by_id, ids = drop(by_id, ids, one.id)
    at = _at(by_id, ids, one.place)
    return by_id.set(one.id, one), (*ids[:at], one.id, *ids[at:])


def drop(by_id: Map[str, T], ids: tuple[str, ...], its_id: str) -> tuple[Map[str, T], tuple[str, ...]]:
    """Without one. Raises KeyError where it is not there."""
    at = _at(by_id, ids, by_id[its_id].place)
    return by_id.delete(its_id), (*ids[:at], *ids[at + 1 :])


def _at(by_id: Map[str, T], ids: tuple[str, ...], place: Any) -> int:
    return bisect_left(ids, place, key=lambda its_id: by_id[its_id].place)
