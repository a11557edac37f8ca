"""The prompt of a turn, pure. Stable parts stand first, so that a model server's prefix cache hits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from msgspec.structs import replace

from services.orchestrator.extraction.condensing import shortened, weights
from services.orchestrator.extraction.words import stem
from services.orchestrator.projections.commitments import Commitment
from services.orchestrator.projections.directives import IN_PROMPT, Directive
from services.orchestrator.snapshot import Snapshot
from services.orchestrator.terms import Recalled, Said
from services.orchestrator.times import day, moment
from services.runtime.passages import passage
from services.runtime.times import zone

CHARACTERS_PER_TOKEN = 4
"""An estimate that holds for English and is generous for most others."""
MAX_COMMITMENTS_CHARACTERS = 400
MAX_REFLECTIONS_CHARACTERS = 600
MAX_SUMMARIES_CHARACTERS = 800
LEAST_ROOM = 4
"""At least this part of the prompt is for memories and recent turns."""
LONG_MEMORIES = 8
"""So many find room, however long they are."""
MIN_PASSAGE = 200
"""Characters of a long text of which something can be learned."""
ASKED_CHARACTERS = 1_000
"""What a long message is about stands at its beginning."""

NOTHING = "You remember nothing about this."
NOT_SEARCHED = (
    "Your memories could not be searched just now: where they are needed, say so, and ask to be asked again."
)
INSTRUCTIONS = (
    "You are a mind that remembers. Below is what you know: who you are, what you have promised, and memories "
    "of earlier conversations. Answer from them where they help. When you use a memory, cite it the way it is "
    "marked, for example [#12, 3 May]. If nothing you remember answers a question about the past, say so "
    "plainly; never make up a memory."
)


@dataclass(frozen=True, slots=True)
class Prompt:
    """Messages for the model, and which of the given parts found room."""

    messages: tuple[Said, ...]
    memories: tuple[Recalled, ...]
    recent_seqs: tuple[int, ...]
    state_seqs: tuple[int, ...]
    promises: tuple[Commitment, ...]
    """Open ones."""
    directives: tuple[Directive, ...]


def build(
    state: Snapshot,
    memories: Sequence[Recalled],
    recent: Sequence[Said],
    message: str,
    now: datetime,
    tokens: int,
    session_id: str = "",
    *,
    is_searched: bool = True,
) -> Prompt:
    """At most ``tokens`` tokens, about; what does not fit goes: the oldest recent turns, then the weakest memories.

    Of long ones a passage is shown. The persona and the message stand whole, however long: where they leave less than
    a quarter of the tokens to memories and recent turns, these have a quarter beside them.
    """
    head, state_seqs, promises = _state(state, session_id)
    now = now.astimezone(zone(state.profile.time_zone))
    most = tokens * CHARACTERS_PER_TOKEN
    room = max(most - len(head) - len(message), most // LEAST_ROOM)
    # Half of the room is for memories, the other half for what was just said.
    kept_memories, lines = _remembered(memories, room // 2, message, now)
    kept_recent = _recent(recent, room - sum(map(len, lines)), message)
    remembered = ["Memories, best first:", *lines] if lines else [NOTHING if is_searched else NOT_SEARCHED]
    system = "\n".join([head, "", f"It is {now:%A, %d %B %Y, %H:%M} {now.tzinfo}.", *remembered])
    return Prompt(
        (Said("system", system), *kept_recent, Said("user", message)),
        tuple(kept_memories),
        tuple(said.seq for said in kept_recent if said.seq),
        state_seqs,
        promises,
        _directives(state),
    )


def _remembered(
    memories: Sequence[Recalled], room: int, message: str, now: datetime
) -> tuple[list[Recalled], list[str]]:
    """Memories as they are shown, and a line for each; whole where all of them find room so."""
    leads = [f"{citation(memory, now)} {_speaker(memory)}" for memory in memories]
    is_ample = sum(map(len, leads)) + sum(len(memory.text) for memory in memories) <= room
    share = room if is_ample else max(room // LONG_MEMORIES, MIN_PASSAGE)
    kept: list[Recalled] = []
    lines: list[str] = []
    for memory, lead in zip(memories, leads, strict=True):
        text = _shown(memory.text, share - len(lead), message)
        if len(lead) + len(text) <= room:
            room -= len(lead) + len(text)
            kept.append(memory if text == memory.text else replace(memory, text=text))
            lines.append(lead + text)
    seqs = {memory.memory_id: memory.source_seqs[0] for memory in kept if memory.source_seqs}
    return kept, [
        line + _since(seqs.get(memory.superseded_by)) if memory.superseded_by else line
        for memory, line in zip(kept, lines, strict=True)
    ]


def _since(since: int | None) -> str:
    """What a line ends in whose memory is over: it names only what is shown, which an answer may cite."""
    return f" (changed since: [#{since}])" if since else " (changed since)"


def _recent(recent: Sequence[Said], room: int, message: str) -> list[Said]:
    """The last that find room, oldest first; none takes more than half of it."""
    share = max(room // 2, MIN_PASSAGE)
    kept: list[Said] = []
    for said in reversed(recent):
        text = _shown(said.text, share, message)
        room -= len(text)
        if room < 0:
            break
        kept.append(said if text == said.text else Said(said.role, text, said.seq))
    return kept[::-1]


def _shown(text: str, room: int, message: str) -> str:
    """A text, or of one that is too long the passage that is about the message."""
    if len(text) <= room:
        return text
    return passage(text, map(stem, weights(message[:ASKED_CHARACTERS])), room)


def citation(memory: Recalled, now: datetime) -> str:
    """``[#12, 3 May]``, a day in the time zone of ``now``, with the year where it is another one than now's."""
    when = moment(memory.occurred_ns, now.tzinfo)
    year = f" {when.year}" if when.year != now.year else ""
    seq = memory.source_seqs[0] if memory.source_seqs else 0
    return f"[#{seq}, {when.day} {when:%b}{year}]"


def _state(state: Snapshot, session_id: str) -> tuple[str, tuple[int, ...], tuple[Commitment, ...]]:
    """What changes least stands first, and what all conversations share before what is of one."""
    parts = [INSTRUCTIONS]
    seqs: list[int] = []
    if state.profile.persona_prompt:
        parts.append(state.profile.persona_prompt)
    if state.identity.name:
        parts.append(f"Your name is {state.identity.name}.")
        seqs.append(state.identity.adopted_seq)
    if state.identity.user_name:
        parts.append(f"You are talking to {state.identity.user_name}.")
        seqs += [state.identity.user_seq] if state.identity.user_seq else []
    open_ones = state.commitments.in_order()
    promised = _within(_commitments(open_ones, state.profile.time_zone), MAX_COMMITMENTS_CHARACTERS)
    sections = (
        (
            "You were told, from now on:",
            [(f"- {one.text}", one.adopted_seq) for one in _directives(state)],
        ),
        ("You have promised:", promised),
        ("You thought of yourself lately:", _within(_reflections(state), MAX_REFLECTIONS_CHARACTERS)),
        ("Earlier in this conversation:", _summaries(state, session_id)),
    )
    for title, lines in sections:
        if lines:
            parts += [title, *(line for line, _ in lines)]
            seqs += [seq for _, seq in lines]
    return "\n".join(parts), tuple(seqs), tuple(open_ones[: len(promised)])


_Line = tuple[str, int]
"""A line of the prompt, and the event that it comes from."""


def _directives(state: Snapshot) -> tuple[Directive, ...]:
    return tuple(state.directives.by_weight()[:IN_PROMPT])


def _commitments(commitments: Iterable[Commitment], time_zone: str) -> Iterator[_Line]:
    for one in commitments:
        due = f" (due {day(one.due_ns, time_zone)})" if one.due_ns else ""
        yield f"- {one.text}{due}", one.opened_seq


def _reflections(state: Snapshot) -> Iterator[_Line]:
    for one in reversed(state.reflections.recent):
        yield f"- {one.text}", one.seq


def _summaries(state: Snapshot, session_id: str) -> list[_Line]:
    """The latest that find room, oldest first."""
    latest = ((f"- {one.text}", one.seq) for one in reversed(state.summaries.of(session_id)))
    return _within(latest, MAX_SUMMARIES_CHARACTERS)[::-1]


def _within(lines: Iterable[_Line], room: int) -> list[_Line]:
    """The first lines that find room; the very first in part, where it alone is too long."""
    kept: list[_Line] = []
    for line, seq in lines:
        room -= len(line)
        if room < 0:
            if not kept:
                kept.append((shortened(line, room + len(line)), seq))
            break
        kept.append((line, seq))
    return kept


def _speaker(memory: Recalled) -> str:
    return f"{memory.speaker}: " if memory.speaker else ""
