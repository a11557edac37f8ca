"""The thread of a commitment, a page at a time: the events that name it, and the messages that they came from."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from pmm.mind.v1.events_pb2 import Event
from services.orchestrator.errors import UnknownCommitment
from services.orchestrator.peers import Peers
from services.orchestrator.projections.commitments import COMMITMENTS
from services.orchestrator.room import Room

PAGE_BYTES = 1024 * 1024
_KINDS = tuple(COMMITMENTS.folds)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a thread goes on."""

    upto_seq: int
    """As of which it is told."""
    seq: int = 1
    """The event that names the commitment."""
    sources: int = 0
    """So many of the messages that it came from were told."""


async def thread(
    peers: Peers, mind_id: str, commitment_id: str, place: Place, size: int
) -> tuple[list[Event], Place | None]:
    """A page of a thread from a place on, in order of seq, and where it goes on; None at the end.

    Over all its episodes. Raises UnknownCommitment where no event names the commitment at all.
    """
    shown: dict[int, Event] = {}
    room = Room(size, PAGE_BYTES)
    is_known = False
    async for event in _naming(peers, mind_id, commitment_id, place):
        is_known = True
        told = place.sources if event.seq == place.seq else 0
        for number, seq in enumerate((*_sources(event, place.upto_seq), event.seq)):
            if number < told or seq in shown:
                continue
            one = event if seq == event.seq else await peers.event(mind_id, seq)
            if not room.take(one):
                return _in_order(shown), Place(place.upto_seq, event.seq, number)
            shown[seq] = one
    if not is_known and place.seq == 1:
        raise UnknownCommitment(
            f"mind {mind_id!r} never had a commitment {commitment_id!r}", commitment_id=commitment_id
        )
    return _in_order(shown), None


async def _naming(peers: Peers, mind_id: str, commitment_id: str, place: Place) -> AsyncIterator[Event]:
    async for event in peers.read(mind_id, from_seq=place.seq, to_seq=place.upto_seq, kinds=_KINDS):
        body = getattr(event.body, event.kind, None)
        if body is not None and body.commitment_id == commitment_id:
            yield event


def _sources(event: Event, upto_seq: int) -> list[int]:
    """What an event came from. One that others appended may name what is not there, or not yet."""
    body = getattr(event.body, event.kind)
    named = {
        event.causation_seq,
        getattr(body, "source_seq", 0),
        *getattr(body, "evidence_seqs", ()),
        *getattr(body, "seqs", ()),
    }
    return sorted(seq for seq in named - {event.seq} if 0 < seq <= upto_seq)


def _in_order(shown: dict[int, Event]) -> list[Event]:
    return [shown[seq] for seq in sorted(shown)]
