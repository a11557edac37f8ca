"""Recorded histories of subscriptions, and the checker that says whether they keep the promise of Subscribe.

No gap, no repeat, in order, at the seam between the stored and the live, over broken streams and restarts; and a place
(page, heartbeat, caught_up) is never ahead of what was delivered.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pmm.ledger.v1 import ledger_pb2 as pb

Place = int
"""A seq where one mind is followed, a position where all are."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """An event as a subscriber got it."""

    mind_id: str
    seq: int
    position: int
    hash: bytes


@dataclass
class Stream:
    """One call of Subscribe, from its beginning to its end."""

    after: Place
    parts: list[pb.SubscribeResponse] = field(default_factory=list[pb.SubscribeResponse])


@dataclass
class Subscriber:
    """What one subscriber was delivered, over all its calls. ``mind_id`` empty: all minds."""

    mind_id: str = ""
    kinds: frozenset[str] = frozenset()
    streams: list[Stream] = field(default_factory=list[Stream])

    def resume(self) -> Place:
        """Where the next call begins: after the last part that was processed."""
        for stream in reversed(self.streams):
            for part in reversed(stream.parts):
                place = self.place_of(part)
                if place is not None:
                    return place
            return stream.after
        return 0

    def place_of(self, part: pb.SubscribeResponse) -> Place | None:
        """How far a part says that everything was delivered or skipped."""
        which = part.WhichOneof("part")
        if which == "started":
            return None
        found = getattr(part, which)
        return found.seq if self.mind_id else found.position


def problems(subscriber: Subscriber, truth: Iterable[Delivered], *, to_the_end: bool = True) -> list[str]:
    """What is wrong with what a subscriber was delivered; ``truth`` is what the ledger holds, by position."""
    wanted = [event for event in truth if not subscriber.mind_id or event.mind_id == subscriber.mind_id]
    found: list[str] = []
    place = subscriber.streams[0].after if subscriber.streams else 0
    for number, stream in enumerate(subscriber.streams):
        if stream.after != place:
            found.append(f"stream {number} begins after {stream.after}, and {place} was the last place")
        place = _check_stream(subscriber, stream, wanted, f"stream {number}", found)
    if to_the_end and wanted and place != _place(subscriber, wanted[-1]):
        found.append(f"it ends at {place}, and the ledger at {_place(subscriber, wanted[-1])}")
    return found


def _place(subscriber: Subscriber, event: Delivered) -> Place:
    return event.seq if subscriber.mind_id else event.position


def _check_stream(
    subscriber: Subscriber, stream: Stream, wanted: list[Delivered], name: str, found: list[str]
) -> Place:
    place, caught_up = stream.after, 0
    for index, part in enumerate(stream.parts):
        which = part.WhichOneof("part")
        if (which == "started") != (index == 0):
            found.append(f"{name}: part {index} is {which}")
        now = subscriber.place_of(part)
        if now is None:
            continue
        got = [Delivered(event.mind_id, event.seq, event.position, event.hash) for event in part.page.events]
        due = [event for event in wanted if place < _place(subscriber, event) <= now]
        if got != due:
            found.append(
                f"{name}: part {index} takes it from {place} to {now} with {_say(got)}, not {_say(due)}"
            )
        if now < place:
            found.append(f"{name}: part {index} goes back from {place} to {now}")
        caught_up += which == "caught_up"
        place = now
    if caught_up > 1:
        found.append(f"{name}: caught up {caught_up} times")
    return place


def _say(events: list[Delivered]) -> str:
    return f"{[(event.mind_id, event.seq) for event in events[:5]]}{'…' if len(events) > 5 else ''}"
