"""Minds of any length, made of conversation that repeats nothing and is the same in every run."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import grpc

from pmm.ledger.v1 import ledger_pb2, ledger_pb2_grpc
from pmm.mind.v1 import events_pb2

PEOPLE = (
    "Ana",
    "Ben",
    "Chloe",
    "Dmitri",
    "Elif",
    "Farid",
    "Greta",
    "Hugo",
    "Ines",
    "Jonas",
    "Kaya",
    "Leo",
    "Mira",
)
VERBS = (
    "visited",
    "painted",
    "repaired",
    "sold",
    "found",
    "baked",
    "planted",
    "borrowed",
    "wrote",
    "climbed",
)
THINGS = (
    "lighthouse",
    "bicycle",
    "garden",
    "novel",
    "violin",
    "orchard",
    "engine",
    "harbour",
    "kitchen",
    "museum",
)
PLACES = ("Porto", "Lyon", "Oslo", "Izmir", "Kyoto", "Quito", "Tartu", "Galway", "Bergen", "Matera", "Ghent")
WHEN = ("in May", "last winter", "on Tuesday", "before lunch", "after the storm", "years ago", "this morning")
ADJECTIVES = ("old", "quiet", "green", "broken", "famous", "tiny", "crooked", "bright", "forgotten", "noisy")

BATCH = 1_000


def sentence(rng: random.Random, number: int) -> str:
    """One statement; the number keeps it from being anybody else's."""
    return (
        f"{rng.choice(PEOPLE)} {rng.choice(VERBS)} the {rng.choice(ADJECTIVES)} {rng.choice(THINGS)} "
        f"in {rng.choice(PLACES)} {rng.choice(WHEN)}, item {number}"
    )


def bodies(count: int, seed: int = 7) -> Iterator[ledger_pb2.NewEvent]:
    """``count`` imported messages in sessions of twenty, a minute apart."""
    rng = random.Random(seed)
    start = datetime(2024, 1, 1, tzinfo=UTC)
    for number in range(count):
        message = events_pb2.MessageImported(text=sentence(rng, number), speaker=PEOPLE[number % 2])
        message.occurred_at.FromDatetime(start + timedelta(minutes=number))
        yield ledger_pb2.NewEvent(
            session_id=f"s{number // 20}", actor="user", body=events_pb2.Body(message_imported=message)
        )


def fill(channel: grpc.Channel, mind_id: str, events: int) -> int:
    """Make a mind of ``events`` events; returns its head."""
    ledger = ledger_pb2_grpc.LedgerServiceStub(channel)
    created = ledger_pb2.NewEvent(
        actor="system", body=events_pb2.Body(mind_created=events_pb2.MindCreated(name=mind_id, owner="local"))
    )
    head = ledger.Append(ledger_pb2.AppendRequest(mind_id=mind_id, events=[created]), timeout=30).head_seq
    pending: list[ledger_pb2.NewEvent] = []
    for event in bodies(max(0, events - 1)):
        pending.append(event)
        if len(pending) == BATCH:
            head = _append(ledger, mind_id, pending)
            pending = []
    return _append(ledger, mind_id, pending) if pending else head


def _append(
    ledger: ledger_pb2_grpc.LedgerServiceStub, mind_id: str, events: list[ledger_pb2.NewEvent]
) -> int:
    return ledger.Append(ledger_pb2.AppendRequest(mind_id=mind_id, events=events), timeout=60).head_seq
