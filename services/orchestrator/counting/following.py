"""What was counted, put together as a caller reads it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from services.orchestrator.counting import parts
from services.orchestrator.counting.store import CountStore
from services.orchestrator.peers import Peers
from services.orchestrator.tables import Following

MAX_DAYS = 366
_PER_DAY = 2
"""Names that a day may have."""


@dataclass(slots=True)
class Speaker:
    """Who spoke in a conversation."""

    name: str
    messages: int = 0
    words: int = 0


@dataclass(slots=True)
class Day:
    """One on which something happened."""

    day: str
    """UTC, YYYY-MM-DD."""
    sessions: int = 0
    messages: int = 0


@dataclass(slots=True)
class ModelUse:
    """What a model was asked for."""

    model: str
    answers: int = 0
    prompt: int = 0
    completion: int = 0


@dataclass(frozen=True, slots=True)
class Statistics:
    """Of a conversation, or of a mind."""

    speakers: list[Speaker] = field(default_factory=lambda: [])
    """Of a conversation, the most talkative first."""
    mean_reply_ms: int = 0
    personal_data: dict[str, int] = field(default_factory=lambda: {})
    models: list[ModelUse] = field(default_factory=lambda: [])
    """The most used first."""
    days: list[Day] = field(default_factory=lambda: [])
    """Of a mind, the oldest first, the latest of them."""
    hours: list[int] = field(default_factory=lambda: [])
    """Of a mind: messages to it by hour of the day, 24 of them; empty where there are none."""
    commitments: dict[str, int] = field(default_factory=lambda: {})
    memories: dict[str, int] = field(default_factory=lambda: {})


class Counts:
    """Keeps the counts, and tells them as of a mind's head."""

    def __init__(self, store: CountStore, peers: Peers) -> None:
        self._store = store
        self._peers = peers
        self._following = Following("counts", store, peers, parts.KINDS)

    async def run(self) -> None:
        """Follow the ledger until cancelled."""
        await self._following.run()

    async def reached(self, mind_id: str, seq: int) -> None:
        """Return once an event is counted."""
        position = (await self._peers.event(mind_id, seq)).position
        while self._following.position < position:
            await self._following.moved()

    async def statistics(self, mind_id: str, session_id: str, seq: int, zone: ZoneInfo) -> Statistics:
        """Of a conversation, or with none named of the mind, once an event is counted."""
        await self.reached(mind_id, seq)
        if session_id:
            return await asyncio.to_thread(self._of_session, mind_id, session_id)
        return await asyncio.to_thread(self._of_mind, mind_id, zone)

    def _of_session(self, mind_id: str, session_id: str) -> Statistics:
        counts = self._store.counts(mind_id, session_id)
        speakers: dict[str, Speaker] = {}
        for name, amount in _named(counts, parts.SPEAKER).items():
            speakers.setdefault(name, Speaker(name)).messages = amount
        for name, amount in _named(counts, parts.WORDS).items():
            speakers.setdefault(name, Speaker(name)).words = amount
        return Statistics(
            speakers=sorted(speakers.values(), key=lambda one: (-one.messages, one.name)),
            mean_reply_ms=_mean_reply(counts),
            personal_data=_named(counts, parts.DATA),
            models=_models(counts),
        )

    def _of_mind(self, mind_id: str, zone: ZoneInfo) -> Statistics:
        def under(prefix: str) -> dict[str, int]:
            return self._store.counts(mind_id, "", f"{prefix}:")

        reply = {f"{parts.REPLY}:{name}": amount for name, amount in under(parts.REPLY).items()}
        models = {f"{parts.MODEL}:{name}": amount for name, amount in under(parts.MODEL).items()}
        return Statistics(
            mean_reply_ms=_mean_reply(reply),
            personal_data=under(parts.DATA),
            models=_models(models),
            days=self._days(mind_id),
            hours=_hours(under(parts.QUARTER), zone),
            commitments=under(parts.COMMITMENT),
            memories=under(parts.MEMORY),
        )

    def _days(self, mind_id: str) -> list[Day]:
        limit = MAX_DAYS * _PER_DAY
        counts = self._store.counts(mind_id, "", f"{parts.DAY}:", limit, latest_first=True)
        days: dict[str, Day] = {}
        for name, amount in counts.items():
            day, _, what = name.partition(":")
            setattr(days.setdefault(day, Day(day)), what, amount)
        return sorted(days.values(), key=lambda one: one.day)[-MAX_DAYS:]


def _named(counts: Mapping[str, int], prefix: str) -> dict[str, int]:
    start = f"{prefix}:"
    return {name.removeprefix(start): amount for name, amount in counts.items() if name.startswith(start)}


def _mean_reply(counts: Mapping[str, int]) -> int:
    answers = counts.get(f"{parts.REPLY}:answers", 0)
    return counts.get(f"{parts.REPLY}:ms", 0) // answers if answers else 0


def _models(counts: Mapping[str, int]) -> list[ModelUse]:
    uses: dict[str, ModelUse] = {}
    for name, amount in _named(counts, parts.MODEL).items():
        model, _, what = name.rpartition(":")
        setattr(uses.setdefault(model, ModelUse(model)), what, amount)
    return sorted(uses.values(), key=lambda one: (-one.answers, one.model))


def _hours(quarters: Mapping[str, int], zone: ZoneInfo) -> list[int]:
    """In a time zone, as far as it is from UTC today."""
    if not quarters:
        return []
    offset = datetime.now(zone).utcoffset()
    shift = int(offset.total_seconds()) // 900 if offset else 0
    hours = [0] * 24
    for quarter, amount in quarters.items():
        hours[(int(quarter) + shift) % parts.QUARTERS // 4] += amount
    return hours
