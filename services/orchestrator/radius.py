"""What an event reached: replies that quote it, and everything derived from it (design: blast radius).

A pure fold over the titles that were given before and the events that follow, in order of seq. An event is reached when
it names one that was reached, or says its words; it carries words when it must go with the origin for the words to be
gone.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from google.protobuf.message import Message

from pmm.mind.v1.events_pb2 import Event
from services.orchestrator.citations import cited_seqs
from services.orchestrator.projections.commitments import SAID_SO

SPEECH = frozenset({"user_message", "message_imported"})
"""What a person says is derived from nothing; it is reached where it says the same again."""
REPLIES = frozenset({"assistant_message"})
TITLES = frozenset({"session_started", "session_renamed"})
"""What names a conversation is not said in it."""
BOOKKEEPING = frozenset(
    {
        "event_redacted",
        "mind_deleted",
        "session_ended",
        "privacy_mode_changed",
        "turn_failed",
        "tick_recorded",
        "stage_changed",
        "trait_adjusted",
        "meta_reflection_recorded",
        "invariant_violated",
    }
)
"""Kinds that say nothing of what anybody said."""
BEGINNINGS = frozenset({"commitment_opened", "memory_recorded", "directive_adopted"})
"""What an event of them is about begins with it; whatever names it later is about that."""
COURSE = frozenset(
    {
        "evidence_recorded",
        "commitment_snoozed",
        "commitment_reminded",
        "commitment_closed",
        "commitment_expired",
        "directive_retired",
        "identity_cleared",
        "memory_rated",
        "memory_retracted",
    }
)
"""How a promise, an instruction and the like fared: of what showed it they hold no words, but where they say why."""
INSTRUCTIONS = frozenset({"directive_adopted", "directive_retired"})
BEFORE = TITLES | INSTRUCTIONS
"""What is looked at of the time before the origin: titles, and which instructions held already."""
RUN_WORDS = 3
"""So many words in a row are a quotation …"""
RUN_LETTERS = 10
"""… where they have so many letters: "that is the" is none."""
WHOLE_LETTERS = 4
"""A shorter text is said by everybody."""
_SOURCES = ("source_seqs", "source_seq", "evidence_seqs", "seqs")
_THINGS = ("commitment_id", "memory_id", "directive_id")
_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"(?!(?:19|20)\d\d$)(?=\w*\d)\w{3,}")
"""A code, a sum, a part of a telephone number; a year is nobody's own."""
_UNSPACED = re.compile("[\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]+")
"""Scripts that put no space between words: Thai, Lao, Khmer, Japanese, Chinese."""
_NEVER = 2**63
RUN_SIGNS = 4
"""So many of their signs in a row are a quotation."""


@dataclass(frozen=True, slots=True)
class Reached:
    """An event that was reached."""

    seq: int
    kind: str
    edges: tuple[str, ...]
    """How: caused_by, derived_from, covers, cites, in_prompt, quotes, repeats, same_thing."""
    carries_words: bool
    distance: int
    """Steps from the origin."""


class BlastRadius:
    """Takes what is of ``BEFORE`` before the origin and every event after it, in order."""

    def __init__(self, origin: Event) -> None:
        words = _words(" ".join(_texts(origin.body)))
        self._whole = _padded(words) if sum(map(len, words)) >= WHOLE_LETTERS else ""
        self._is_short = len(words) < RUN_WORDS
        self._runs = _runs(words)
        self._marks = _marks(words)
        self._distance = {origin.seq: 0}
        """Of the origin and of those that carry its words."""
        self._reached_only: dict[int, int] = {}
        self._origin_seq = origin.seq
        self._episodes: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
        """Of what began with the origin, or with what carries its words: where, and where another began it again."""
        if origin.kind in BEGINNINGS:
            self._note_thing(origin, carries=True)
        self._held: set[str] = set()
        """Instructions that others gave as well, and that hold."""
        self._said_again: dict[int, str] = {}
        """Messages that say some of the words on their own account, and stay."""
        self._sessions: dict[str, int] = {}
        """Conversations with what carries its words, and the first seq that does."""
        self._note_session(origin)

    def take_all(self, events: Iterable[Event]) -> list[Reached]:
        """Those of the next events that were reached."""
        return [reached for event in events if (reached := self.take(event))]

    def take(self, event: Event) -> Reached | None:
        """Whether the next event was reached."""
        if event.kind in BOOKKEEPING or event.redacted:
            return None
        if event.seq < self._origin_seq and event.kind not in TITLES:
            self._note_thing(event, carries=False)
            return None
        from_carriers, from_others = self._links(event)
        words = _words(" ".join(_texts(event.body)))
        said = self._says(event, words, is_linked=bool(from_carriers))
        edges = {**from_others, **from_carriers, **said}
        carries = bool(said) or _takes_words(event, from_carriers)
        self._note_thing(event, carries=carries)
        if event.kind in SPEECH and not carries:
            self._note_said_again(event.seq, words)
        if not edges:
            return None
        distance = 1 + min(edges.values())
        if carries:
            self._distance[event.seq] = distance
            self._note_session(event)
            # Why something ended a caller says, perhaps in another message's words.
            if event.kind not in SPEECH | REPLIES | COURSE and not _is_quotation(event):
                self._runs |= _runs(words)
                self._marks |= _marks(words)
        else:
            self._reached_only[event.seq] = distance
        return Reached(event.seq, event.kind, tuple(sorted(edges)), carries, distance)

    def _note_session(self, event: Event) -> None:
        if event.session_id and event.kind not in TITLES:
            self._sessions.setdefault(event.session_id, event.seq)

    def _note_thing(self, event: Event, *, carries: bool) -> None:
        things = set(_things(event.body))
        if event.kind == "directive_retired":
            self._held -= things
        elif event.kind in BEGINNINGS and carries:
            for thing in things:
                self._episodes[thing].append((event.seq, _NEVER))
        elif event.kind in INSTRUCTIONS:
            self._held |= things
        elif event.kind in BEGINNINGS:
            # From here on it is another's.
            for thing in things & self._episodes.keys():
                self._episodes[thing] = [
                    (first, min(last, event.seq)) for first, last in self._episodes[thing]
                ]

    def _note_said_again(self, seq: int, words: list[str]) -> None:
        said = _padded(words)
        if not self._runs.isdisjoint(_runs(words)) or (self._whole and self._whole in said):
            self._said_again[seq] = said

    def _links(self, event: Event) -> tuple[dict[str, int], dict[str, int]]:
        """Edges to events that carry the words, and to others that were reached; with the other end's distance."""
        carriers: dict[str, int] = {}
        others: dict[str, int] = {}
        for edge, seq in _named(event):
            if seq in self._distance:
                carriers[edge] = min(carriers.get(edge, self._distance[seq]), self._distance[seq])
            elif seq in self._reached_only:
                others[edge] = min(others.get(edge, self._reached_only[seq]), self._reached_only[seq])
        body = _kind_of(event)
        if all(name in body.DESCRIPTOR.fields_by_name for name in ("from_seq", "to_seq")):
            low, high = (getattr(body, name) for name in ("from_seq", "to_seq"))
            covered = [distance for seq, distance in self._distance.items() if low <= seq <= high]
            if covered and self._may_cover(event, high):
                carriers["covers"] = min(covered)
        if event.kind == "conversation_analyzed":
            analyzed = event.body.conversation_analyzed
            if self._sessions.get(analyzed.session_id, analyzed.to_seq + 1) <= analyzed.to_seq:
                carriers["covers"] = 0
        is_anothers = event.kind in BEGINNINGS and not carriers and any(_named(event))
        if not is_anothers and any(self._is_of(thing, event) for thing in _things(event.body)):
            carriers["same_thing"] = 0
        return carriers, others

    def _is_of(self, thing: str, event: Event) -> bool:
        """Whether an event tells of a thing that began with what carries the words."""
        seq = _first_told(event)
        return thing not in self._held and any(
            first < seq < last for first, last in self._episodes.get(thing, ())
        )

    def _may_cover(self, event: Event, high: int) -> bool:
        """A summary is of one conversation: of what others said meanwhile it holds nothing."""
        if event.kind != "summary_recorded" or not event.session_id:
            return True
        return self._sessions.get(event.session_id, high + 1) <= high

    def _says(self, event: Event, words: list[str], *, is_linked: bool) -> dict[str, int]:
        """``is_linked``: it answers what carries the words, or had it before it."""
        # A person who says "thanks" once more does not repeat anything.
        may_repeat = self._whole and not (self._is_short and event.kind in SPEECH)
        of_others = "" if is_linked or event.kind in REPLIES else self._of_others(event)
        if may_repeat and self._whole in _padded(words) and self._whole not in of_others:
            return {"repeats": 0}
        if event.kind not in SPEECH and any(
            _padded(run) not in of_others for run in self._runs.intersection(_runs(words))
        ):
            return {"quotes": 0}
        if is_linked and event.kind in REPLIES and not self._marks.isdisjoint(_marks(words)):
            return {"quotes": 0}
        return {}

    def _of_others(self, event: Event) -> str:
        """What the messages say that something was made of, where they stay: so much of it is theirs."""
        return "".join(self._said_again.get(seq, "") for _, seq in _named(event))


def _takes_words(event: Event, from_carriers: Collection[str]) -> bool:
    """Whether it holds words by what it is made of, though it says them otherwise. By edges from what carries them."""
    if event.kind in SPEECH:
        return False
    if event.kind in REPLIES:
        return "cites" in from_carriers
    if event.kind in COURSE:
        return "same_thing" in from_carriers or (bool(from_carriers) and _says_why(event))
    return bool(from_carriers)


def _says_why(event: Event) -> bool:
    return any(text != SAID_SO for text in _texts(event.body))


def _named(event: Event) -> Iterator[tuple[str, int]]:
    """Edge and seq of every event that one names."""
    if event.HasField("causation_seq"):
        yield "caused_by", event.causation_seq
    body = _kind_of(event)
    for name in _SOURCES:
        if name in body.DESCRIPTOR.fields_by_name:
            value = getattr(body, name)
            for seq in [value] if isinstance(value, int) else value:
                yield "derived_from", seq
    if event.kind in REPLIES:
        receipt = event.body.assistant_message.receipt
        for memory in receipt.memories:
            for seq in memory.source_seqs:
                yield ("cites" if memory.cited else "in_prompt"), seq
        for seq in (*receipt.recent_seqs, *receipt.state_seqs):
            yield "in_prompt", seq
        for seq in cited_seqs(event.body.assistant_message.text):
            yield "cites", seq


def _first_told(event: Event) -> int:
    """Its seq; of an end that is told again that of the event which told it first."""
    told = event.body
    return told.commitment_closed.closed_seq or told.commitment_expired.expired_seq or event.seq


def _is_quotation(event: Event) -> bool:
    """Whether it holds others' words as they were said, and none for the origin's but its own."""
    return event.kind == "summary_recorded" and not event.body.summary_recorded.model


def _kind_of(event: Event) -> Message:
    kind = event.body.WhichOneof("kind")
    return getattr(event.body, kind) if kind else event.body


def _texts(message: Message) -> Iterator[str]:
    """Every text in a message, however deep, but for names of things."""
    for field, value in message.ListFields():
        values = value if field.is_repeated else [value]
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            values = value.values()
        for each in values:
            if isinstance(each, Message):
                yield from _texts(each)
            elif isinstance(each, str) and not field.name.endswith(("_id", "_ids")):
                yield each


def _things(message: Message) -> Iterator[str]:
    for field, value in message.ListFields():
        if field.message_type is not None and not field.is_repeated:
            yield from _things(value)
        elif field.name in _THINGS:
            yield f"{field.name}:{value}"


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _padded(words: Iterable[str]) -> str:
    """To be looked for in others: whole words only."""
    return f" {' '.join(words)} "


def _marks(words: list[str]) -> set[str]:
    """What tells by itself where words come from: numbers, and signs in a row where no space parts the words."""
    marks = {word for word in words if _NUMBER.fullmatch(word)}
    for word in words:
        for run in _UNSPACED.findall(word):
            marks.update(run[i : i + RUN_SIGNS] for i in range(len(run) - RUN_SIGNS + 1))
    return marks


def _runs(words: list[str]) -> set[tuple[str, ...]]:
    """Runs of words that are a quotation."""
    runs = (tuple(words[i : i + RUN_WORDS]) for i in range(len(words) - RUN_WORDS + 1))
    return {run for run in runs if sum(map(len, run)) >= RUN_LETTERS}
