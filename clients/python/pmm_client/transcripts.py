"""Transcripts: files of what was said elsewhere, in two forms told apart by their content.

JSON Lines, one message a line::

    {"speaker": "Ana", "text": "…", "occurred_at": "2026-05-03T10:00:00Z", "session": "1"}

Only ``text`` must be there; ``external_id`` may be. And the JSON of the LoCoMo data set: lists ``session_1``,
``session_2`` … of turns beside ``session_1_date_time`` …, where a turn's ``dia_id`` becomes its external id.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from pmm_client.made import HALF_CHARACTER
from pmm_client.messages import Message

MAX_TEXT_BYTES = 256 * 1024
"""The most that one message may hold."""

_FIELDS = {"speaker", "text", "occurred_at", "session", "external_id"}
_SESSION_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_LOCOMO_SESSION = re.compile(r"session_(\d+)")
_LOCOMO_DATES = ("%I:%M %p on %d %B, %Y", "%I:%M %p on %d %B %Y")


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a message cannot be imported."""

    place: str
    """``line 12``, or ``session_3, turn 4``."""
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


@dataclass(slots=True)
class Transcript:
    """What a file holds. With any problem none of it should be imported."""

    messages: list[Message] = field(default_factory=list[Message])
    problems: list[Problem] = field(default_factory=list[Problem])
    unknown_fields: set[str] = field(default_factory=set[str])
    """Names that no message can have, such as a misspelt ``occurred_at``; what they hold is left out."""


class _Bad(Exception):
    """What is wrong with one message."""


def parse(content: bytes) -> Transcript:
    """Read a transcript. What is wrong with it is in ``problems``, all of it at once."""
    whole = _whole_json(content)
    if whole is not None:
        return _locomo(whole)
    transcript = Transcript()
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if line.strip():
            _add(transcript, f"line {number}", lambda line=line: _from_line(line, transcript.unknown_fields))
    return transcript


def _whole_json(content: bytes) -> Mapping[str, Any] | None:
    """The LoCoMo conversation that the content is; None if it is JSON Lines."""
    try:
        whole = json.loads(content)
    except ValueError:
        return None
    if isinstance(whole, list) and len(cast(list[Any], whole)) == 1:
        whole = cast(list[Any], whole)[0]
    if not isinstance(whole, dict):
        return None
    body: Any = cast(dict[str, Any], whole).get("conversation", whole)
    is_locomo = isinstance(body, dict) and any(map(_LOCOMO_SESSION.fullmatch, cast(dict[str, Any], body)))
    return cast(dict[str, Any], body) if is_locomo else None


def _locomo(body: Mapping[str, Any]) -> Transcript:
    transcript = Transcript()
    numbers = sorted(int(found[1]) for name in body if (found := _LOCOMO_SESSION.fullmatch(name)))
    for number in numbers:
        name = f"session_{number}"
        try:
            when = _locomo_date(str(body.get(f"{name}_date_time", "")))
        except _Bad as bad:
            transcript.problems.append(Problem(f"{name}_date_time", str(bad)))
            continue
        for place, turn in enumerate(cast(Sequence[Any], body[name]), start=1):
            _add(transcript, f"{name}, turn {place}", lambda turn=turn: _from_turn(turn, name, when))  # noqa: B023
    return transcript


def _add(transcript: Transcript, place: str, read: Any) -> None:
    try:
        transcript.messages.append(read())
    except _Bad as bad:
        transcript.problems.append(Problem(place, str(bad)))


def _from_line(line: bytes, unknown: set[str]) -> Message:
    try:
        parsed: Any = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError:
        raise _Bad("is not UTF-8") from None
    except ValueError:
        raise _Bad("is not JSON") from None
    if not isinstance(parsed, dict):
        raise _Bad("is not a JSON object")
    fields = cast(dict[str, Any], parsed)
    unknown.update(fields.keys() - _FIELDS)
    return Message(
        text=_text(fields.get("text")),
        speaker=_string(fields, "speaker"),
        occurred_at=_time(fields.get("occurred_at")),
        session=_session(fields.get("session")),
        external_id=_string(fields, "external_id"),
    )


def _from_turn(turn: Any, session: str, when: datetime) -> Message:
    if not isinstance(turn, dict):
        raise _Bad("is not a JSON object")
    fields = cast(dict[str, Any], turn)
    caption = str(fields.get("blip_caption") or "").strip()
    text = str(fields.get("text") or "").strip() + (f" [shares {caption}]" if caption else "")
    return Message(
        text=_text(text),
        speaker=_string(fields, "speaker"),
        occurred_at=when,
        session=session,
        external_id=_string(fields, "dia_id"),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _Bad('has no "text"')
    if (size := _size(value, "text")) > MAX_TEXT_BYTES:
        raise _Bad(f'"text" has {size:,} bytes, more than {MAX_TEXT_BYTES:,}')
    return value


def _string(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _Bad(f'"{name}" is not a string')
    _size(value, name)
    return value


def _size(value: str, name: str) -> int:
    try:
        return len(value.encode("utf-8"))
    except UnicodeEncodeError:
        raise _Bad(f'"{name}" {HALF_CHARACTER}') from None


def _session(value: Any) -> str:
    if value is None or value == "":
        return ""
    name = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not _SESSION_ID.fullmatch(name):
        raise _Bad('"session" is not 1 to 128 characters of A-Z a-z 0-9 . _ -')
    return name


def _time(value: Any) -> datetime | None:
    if value is None or value == "":
        return None
    try:
        when = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise _Bad('"occurred_at" is not a time such as 2026-05-03T10:00:00Z') from None
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC)


def _locomo_date(text: str) -> datetime:
    for pattern in _LOCOMO_DATES:
        try:
            return datetime.strptime(text.strip(), pattern).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise _Bad('is not a time such as "1:56 pm on 8 May, 2023"')
