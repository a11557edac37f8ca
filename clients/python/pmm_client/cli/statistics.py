"""What was counted, as rows for people: a sparkline where there is a course, a number where there is one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from google.protobuf.duration_pb2 import Duration

from pmm.orchestrator.v1.orchestrator_pb2 import DayCount, GetAnalyticsResponse, SpeakerCount, Statistics
from pmm_client.cli import output

SHOWN_DAYS, SHOWN_TOPICS = 60, 12
BY_WEEK_DAYS = SHOWN_DAYS
"""A longer time is shown by the week."""
_BLOCKS = "▁▂▃▄▅▆▇█"
Rows = list[tuple[str, str]]


def sparkline(values: Sequence[float], low: float | None = None, high: float | None = None) -> str:
    """Values as blocks of eight heights, between the bounds or else from 0 to the greatest."""
    if not values:
        return ""
    low, high = low or 0.0, max(values) if high is None else high
    span = (high - low) or 1.0
    steps = len(_BLOCKS) - 1
    return "".join(_BLOCKS[min(steps, max(0, round((value - low) / span * steps)))] for value in values)


def messages(found: GetAnalyticsResponse) -> str:
    """How many were said, and of how many of those nothing more is told."""
    counts = found.counts
    imported = f", {counts.imported_messages:,} imported" if counts.imported_messages else ""
    said = f"{counts.user_messages:,} said to it, {counts.assistant_messages:,} answered{imported}"
    counted = found.statistics
    kept = sum(one.messages for one in counted.speakers) + counted.other_speakers.messages
    gone = counts.user_messages + counts.assistant_messages + counts.imported_messages - kept
    # Where none is kept, why there is no analysis says so.
    return f"{said}; {gone:,} of them forgotten or not to be remembered" if kept and gone > 0 else said


def of_session(found: GetAnalyticsResponse) -> Rows:
    """How long a conversation took, who spoke in it, how its mood went."""
    counted = found.statistics
    rows: Rows = [("took", told(counted.duration))]
    rows += [
        (f"{name} said", _said(one))
        for name, one in (
            *((one.speaker, one) for one in counted.speakers),
            (output.counted(counted.speakers_left_out, "other"), counted.other_speakers),
        )
        if one.messages
    ]
    rows += [("mood", mood_course(found)), ("about", ", ".join(found.topics))]
    return [*rows, *_of_both(counted)]


def _said(one: SpeakerCount) -> str:
    imported = f", {one.imported_messages:,} of them imported" if one.imported_messages else ""
    return f"{output.counted(one.messages, 'message')}, {output.counted(one.words, 'word')}{imported}"


def of_mind(found: GetAnalyticsResponse) -> Rows:
    """When a mind is spoken to, what about, and what became of it."""
    counted = found.statistics
    rows: Rows = [
        *_days(counted.days),
        ("by the hour", _hours(counted.hours)),
        ("mood", mood_course(found)),
        ("about", ", ".join(found.topics[:SHOWN_TOPICS])),
        ("promises", _listed(counted.commitments)),
        ("memories", _listed(counted.memories, plural=True)),
    ]
    return [*rows, *_of_both(counted)]


def mood_course(found: GetAnalyticsResponse) -> str:
    """Sentiment over time."""
    if len(found.course) < 2:
        return ""
    line = sparkline([point.sentiment for point in found.course], -1.0, 1.0)
    return f"{line}  {found.course[0].sentiment:+.2f} to {found.course[-1].sentiment:+.2f}"


def told(duration: Duration) -> str:
    """A duration in the two largest units that it has."""
    seconds = duration.ToTimedelta().total_seconds()
    if not seconds:
        return ""
    if seconds < 1:
        return f"{seconds * 1_000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    units = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
    parts: list[str] = []
    for unit, size in units:
        count, seconds = divmod(seconds, size)
        if count or parts:
            parts.append(f"{count:.0f} {unit}")
    return " ".join(parts[:2])


def _of_both(counted: Statistics) -> Rows:
    rows: Rows = [
        ("answers take", told(counted.mean_reply)),
        ("personal data", _listed(counted.personal_data)),
    ]
    for use in counted.models:
        tokens = f", {use.prompt_tokens:,} tokens in, {use.completion_tokens:,} out"
        spent = tokens if use.prompt_tokens + use.completion_tokens else ""
        rows.append((use.model, output.counted(use.answers, "answer") + spent))
    if counted.models_left_out:
        rows.append(
            (output.counted(counted.models_left_out, "other model"), "for which there is no room here")
        )
    return rows


def _listed(counts: Mapping[str, int], *, plural: bool = False) -> str:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    named = ((amount, name.replace("_", " ")) for name, amount in ordered)
    return ", ".join(
        output.counted(amount, name, "" if plural and name != "other" else name) for amount, name in named
    )


def _days(days: Sequence[DayCount]) -> Rows:
    """Messages and sessions, by the day or by the week, also of those on which nothing happened."""
    if not days:
        return []
    first, last = date.fromisoformat(days[0].day), date.fromisoformat(days[-1].day)
    step = 7 if (last - first).days >= BY_WEEK_DAYS else 1
    slots = (last - first).days // step + 1
    messages, sessions = [0] * slots, [0] * slots
    for day in days:
        slot = (date.fromisoformat(day.day) - first).days // step
        messages[slot] += day.messages
        sessions[slot] += day.sessions
    shown = slice(-SHOWN_DAYS, None)
    since = first + timedelta(days=step * max(0, slots - SHOWN_DAYS))
    label = "by the week" if step == 7 else "by the day"
    span = f"since {since}" if slots > 1 else f"on {since}"
    said = output.counted(sum(messages[shown]), "message")
    begun = output.counted(sum(sessions[shown]), "session")
    return [
        (label, f"{sparkline(messages[shown])}  {said} {span}"),
        ("", f"{sparkline(sessions[shown])}  {begun} begun"),
    ]


def _hours(hours: Iterable[int]) -> str:
    counted = list(hours)
    if not counted:
        return ""
    busiest = max(range(24), key=lambda hour: counted[hour])
    return f"{sparkline(counted)}  0 to 23 h in its time zone, most at {busiest} h"
