"""What was counted, put together as a caller reads it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from services.orchestrator.counting import parts
from services.orchestrator.counting.parts import Quarter

MAX_DAYS = 366


@dataclass(slots=True)
class Speaker:
    """Who spoke in a conversation."""

    name: str
    messages: int = 0
    words: int = 0
    imported: int = 0
    """Of the messages, those that were imported."""


@dataclass(slots=True)
class Day:
    """One on which something happened."""

    day: str
    """In the mind's time zone, YYYY-MM-DD."""
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


def of_session(counts: Mapping[str, int]) -> Statistics:
    """Of a conversation, from its counts by name."""
    speakers: dict[str, Speaker] = {}
    for name, amount in _named(counts, parts.SPEAKER).items():
        speakers.setdefault(name, Speaker(name)).messages = amount
    for name, amount in _named(counts, parts.WORDS).items():
        speakers.setdefault(name, Speaker(name)).words = amount
    for name, amount in _named(counts, parts.IMPORTED).items():
        speakers.setdefault(name, Speaker(name)).imported = amount
    return Statistics(
        speakers=sorted(speakers.values(), key=lambda one: (-one.messages, one.name)),
        mean_reply_ms=_mean_reply(counts),
        personal_data=_named(counts, parts.DATA),
        models=_models(counts),
    )


def of_mind(counts: Mapping[str, int], quarters: Mapping[int, Quarter], zone: ZoneInfo) -> Statistics:
    """Of a mind, from its counts by name and its quarters of an hour by number; days and hours are the time zone's."""
    days, hours = _by_time(quarters, zone)
    return Statistics(
        mean_reply_ms=_mean_reply(counts),
        personal_data=_named(counts, parts.DATA),
        models=_models(counts),
        days=days,
        hours=hours,
        commitments=_named(counts, parts.COMMITMENT),
        memories=_named(counts, parts.MEMORY),
    )


def _by_time(quarters: Mapping[int, Quarter], zone: ZoneInfo) -> tuple[list[Day], list[int]]:
    """The latest days and the hours, each moment as the clocks of the time zone showed it then."""
    days: dict[str, Day] = {}
    hours = [0] * 24
    for number, one in quarters.items():
        moment = datetime.fromtimestamp(number * parts.QUARTER_SECONDS, zone)
        name = moment.date().isoformat()
        day = days.setdefault(name, Day(name))
        day.sessions += one.sessions
        day.messages += one.messages
        hours[moment.hour] += one.asked
    latest = sorted(days.values(), key=lambda one: one.day)[-MAX_DAYS:]
    return latest, hours if any(hours) else []


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
