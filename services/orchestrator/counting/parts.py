"""What each event adds to the counts of its mind and of its conversation. Pure.

What its header tells stays when the payload is erased; what the payload tells is taken back then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import msgspec

from pmm.mind.v1 import events_pb2 as mind
from pmm.mind.v1.events_pb2 import Event
from services.orchestrator.projections.commitments import is_unshown
from services.runtime.times import nanoseconds

TURNS = frozenset({"user_message", "assistant_message"})
MESSAGES = TURNS | {"message_imported"}
KINDS = (
    *MESSAGES,
    "session_started",
    "commitment_opened",
    "commitment_closed",
    "commitment_expired",
    "memory_recorded",
    "personal_data_found",
    "event_redacted",
    "mind_deleted",
)
SPEAKER, WORDS, IMPORTED, REPLY = "speaker", "words", "imported", "reply"
DATA, COMMITMENT, MODEL, MEMORY = "data", "commitment", "model", "memory"
"""What a name begins with; the rest follows after a colon each."""
LONGEST_MS = 86_400_000
"""A day: no answer takes longer."""
QUARTER_SECONDS = 900
"""The hours and days of every time zone are made of quarters of an hour of UTC."""
_MAX_NAME, _MAX_NAME_BYTES = 128, 256
"""Characters and bytes of what somebody chose, within a name: LMDB's keys are short."""
_OUTCOMES = {mind.COMMITMENT_OUTCOME_DONE: "kept", mind.COMMITMENT_OUTCOME_DROPPED: "dropped"}
_TYPES = {value: name.removeprefix("MEMORY_TYPE_").lower() for name, value in mind.MemoryType.items()}
_CLASSES = {
    value: name.removeprefix("PERSONAL_DATA_CLASS_").lower() for name, value in mind.PersonalDataClass.items()
}
Count = tuple[bool, str, int]
"""Whether it is the conversation's rather than the mind's, its name, and how much it grows."""


class Quarter(msgspec.Struct, array_like=True):
    """What happened in a mind in a quarter of an hour."""

    sessions: int = 0
    """Conversations that began."""
    messages: int = 0
    """Messages and answers, without imported ones."""
    asked: int = 0
    """Messages to the mind."""

    def add(self, event: Event, *, is_first: bool) -> None:
        """Count an event, as its header tells; ``is_first``: no event of its conversation was counted before."""
        self.sessions += is_first
        self.messages += event.kind in TURNS
        self.asked += event.kind == "user_message"


class Tally:
    """Counts of the events of a mind that it is given, in order, as the ledger has them now.

    ``of_session`` makes sense where they are of one conversation.
    """

    def __init__(self) -> None:
        self.of_mind: Counter[str] = Counter()
        self.of_session: Counter[str] = Counter()
        self.quarters: dict[int, Quarter] = {}
        """By their number since 1970 UTC."""
        self._begun: set[str] = set()

    def add(self, event: Event) -> None:
        """Count the next event."""
        is_first = begins(event) and event.session_id not in self._begun
        if is_first:
            self._begun.add(event.session_id)
        if is_first or event.kind in TURNS:
            self.quarters.setdefault(quarter(event), Quarter()).add(event, is_first=is_first)
        for of_session, name, amount in from_payload(event):
            if amount:
                (self.of_session if of_session else self.of_mind)[name] += amount


def begins(event: Event) -> bool:
    """Whether a conversation begins with it, where it is the first such event of it."""
    return bool(event.session_id) and (event.kind in MESSAGES or event.kind == "session_started")


def quarter(event: Event) -> int:
    """The quarter of an hour in which it was recorded, counted since 1970 UTC."""
    return nanoseconds(event.recorded_at) // 1_000_000_000 // QUARTER_SECONDS


def from_payload(event: Event) -> Iterator[Count]:
    """What the payload tells; nothing where it was erased, or is not to be remembered."""
    if event.redacted:
        return
    yield from _promised(event)
    if event.remember:
        # Not everything is said in a conversation.
        yield from (count for count in _told(event) if event.session_id or not count[0])


def _promised(event: Event) -> Iterator[Count]:
    """As the lists of commitments have them."""
    match event.kind:
        case "commitment_opened":
            yield False, f"{COMMITMENT}:opened", 1
        case "commitment_expired":
            yield False, f"{COMMITMENT}:expired", 1
        case "commitment_closed":
            told = event.body.commitment_closed
            if (outcome := _OUTCOMES.get(told.outcome)) and not is_unshown(told):
                yield False, f"{COMMITMENT}:{outcome}", 1
        case _:
            return


def _told(event: Event) -> Iterator[Count]:
    body = event.body
    match event.kind:
        case "user_message":
            yield from _said(body.user_message.speaker or "user", body.user_message.text)
        case "message_imported":
            speaker = body.message_imported.speaker or "imported"
            yield from _said(speaker, body.message_imported.text)
            yield True, f"{IMPORTED}:{_shortened(speaker)}", 1
        case "assistant_message":
            yield from _said("assistant", body.assistant_message.text)
            yield from _answered(body.assistant_message)
        case "memory_recorded":
            yield False, f"{MEMORY}:{_TYPES.get(body.memory_recorded.type, 'other')}", 1
        case "personal_data_found":
            for finding in body.personal_data_found.findings:
                for of_session in (False, True):
                    yield of_session, f"{DATA}:{_CLASSES.get(finding.data_class, 'other')}", finding.count
        case _:
            return


def _said(speaker: str, text: str) -> Iterator[Count]:
    yield True, f"{SPEAKER}:{_shortened(speaker)}", 1
    yield True, f"{WORDS}:{_shortened(speaker)}", len(text.split())


def _answered(answer: mind.AssistantMessage) -> Iterator[Count]:
    # An application may have appended any duration.
    milliseconds = min(answer.timings.total.ToMilliseconds(), LONGEST_MS)
    for of_session in (False, True):
        if milliseconds > 0:
            yield of_session, f"{REPLY}:answers", 1
            yield of_session, f"{REPLY}:ms", milliseconds
        model = _shortened(answer.model) or _shortened(answer.backend) or "unknown"
        yield of_session, f"{MODEL}:{model}:answers", 1
        yield of_session, f"{MODEL}:{model}:prompt", answer.usage.prompt_tokens
        yield of_session, f"{MODEL}:{model}:completion", answer.usage.completion_tokens


def _shortened(name: str) -> str:
    return name[:_MAX_NAME].encode()[:_MAX_NAME_BYTES].decode(errors="ignore")
