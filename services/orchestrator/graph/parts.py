"""What an event adds to the MemeGraph: nodes, and typed edges between them (design: mind.md, "MemeGraph"). Pure.

An event adds two parts. What its header says stays when its payload is erased; what its payload says goes with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pmm.mind.v1.events_pb2 import Event
from services.orchestrator.extraction.extractor import is_quotation
from services.orchestrator.extraction.given_names import UNMISTAKABLE

MESSAGE, MEMORY, ENTITY, COMMITMENT = "message", "memory", "entity", "commitment"
REFLECTION, IDENTITY, SESSION, SUMMARY = "reflection", "identity", "session", "summary"
EDGE_TYPES = (
    "replies_to",
    "mentions",
    "derived_from",
    "evidence_for",
    "opens",
    "closes",
    "reflects_on",
    "adopts",
    "supersedes",
    "recalled_in",
)
MESSAGES = ("user_message", "assistant_message", "message_imported")
MAX_LABEL = 80
MAX_ENTITY = 100
MAX_MENTIONED = 32
"""Entities of one message: a pasted list of names does not make a hub of it."""

_SENTENCE = re.compile(r"[.!?;:\n]+")
_NAME = re.compile(r"[^\W\d_][\w'’-]*")
_NO_ENTITY = frozenset(
    (
        "i i'm i'll i've i'd i’m i’ll i’ve i’d ok mr mrs ms dr monday tuesday wednesday thursday friday saturday "
        "sunday january february march april may june july august september october november december"
    ).split()
)


@dataclass(frozen=True, slots=True)
class Node:
    """A thing in the graph."""

    id: str
    type: str
    label: str = ""
    """Of at most 80 characters; empty where it was erased."""


@dataclass(frozen=True, slots=True)
class Edge:
    """How one thing came of another."""

    from_id: str
    to_id: str
    type: str


@dataclass(slots=True)
class Part:
    """Nodes and edges that an event adds."""

    nodes: list[Node] = field(default_factory=list[Node])
    edges: list[Edge] = field(default_factory=list[Edge])


@dataclass(frozen=True, slots=True)
class Before:
    """What the headers before an event tell; 0 where there was none."""

    message: int = 0
    """The last message of its session."""
    identity: int = 0
    """The last adoption of a name."""


def event_id(seq: int) -> str:
    """The node of an event that is a node by itself."""
    return f"event:{seq}"


def from_header(event: Event, before: Before) -> Part:
    """What stays when the payload is erased."""
    part, here = Part(), event_id(event.seq)
    match event.kind:
        case "user_message" | "assistant_message" | "message_imported":
            part.nodes.append(Node(here, MESSAGE))
            answered = event.causation_seq if event.kind == "assistant_message" else before.message
            if answered:
                part.edges.append(Edge(here, event_id(answered), "replies_to"))
            elif event.session_id:
                part.edges.append(Edge(f"session:{event.session_id}", here, "opens"))
        case "session_started":
            part.nodes.append(Node(f"session:{event.session_id}", SESSION))
        case "reflection_recorded":
            part.nodes.append(Node(here, REFLECTION))
        case "summary_recorded":
            part.nodes.append(Node(here, SUMMARY))
        case "identity_adopted":
            part.nodes.append(Node(_identity(event.seq), IDENTITY))
            if before.identity:
                part.edges.append(Edge(_identity(event.seq), _identity(before.identity), "supersedes"))
        case _:
            pass
    return part


def from_payload(event: Event) -> Part:
    """What goes with the payload; nothing for kinds that are not in the graph."""
    part = Part()
    read = _PAYLOADS.get(event.kind)
    if read is not None and not event.redacted:
        read(event, part)
    return part


def _user_message(event: Event, part: Part) -> None:
    text = getattr(event.body, event.kind).text
    here = event_id(event.seq)
    part.nodes.append(Node(here, MESSAGE, _label(text)))
    # What is put together from memories names nothing of its own.
    if not is_quotation(event):
        _mention(part, here, mentioned(text))


def _assistant_message(event: Event, part: Part) -> None:
    _user_message(event, part)
    for memory in event.body.assistant_message.receipt.memories:
        episode = _EPISODE.fullmatch(memory.memory_id)
        source = event_id(int(episode[1])) if episode else f"memory:{memory.memory_id}"
        part.edges.append(Edge(source, event_id(event.seq), "recalled_in"))


def _session_started(event: Event, part: Part) -> None:
    title = event.body.session_started.title
    part.nodes.append(Node(f"session:{event.session_id}", SESSION, _label(title or event.session_id)))


def _session_renamed(event: Event, part: Part) -> None:
    part.nodes.append(Node(f"session:{event.session_id}", SESSION, _label(event.body.session_renamed.title)))


def _memory_recorded(event: Event, part: Part) -> None:
    body = event.body.memory_recorded
    here = f"memory:{body.memory_id}"
    part.nodes.append(Node(here, MEMORY, _label(body.text)))
    part.edges += [Edge(here, event_id(seq), "derived_from") for seq in body.source_seqs]
    part.edges += [Edge(here, f"memory:{old}", "supersedes") for old in body.contradicts]
    _mention(part, here, body.entities)


def _memory_revised(event: Event, part: Part) -> None:
    body = event.body.memory_revised
    here = f"memory:{body.memory_id}"
    if body.text:
        part.nodes.append(Node(here, MEMORY, _label(body.text)))
    part.edges += [Edge(here, event_id(seq), "derived_from") for seq in body.source_seqs]
    _mention(part, here, body.entities)


def _memory_retracted(event: Event, part: Part) -> None:
    body = event.body.memory_retracted
    if body.superseded_by:
        part.edges.append(Edge(f"memory:{body.superseded_by}", f"memory:{body.memory_id}", "supersedes"))


def _identity_adopted(event: Event, part: Part) -> None:
    body = event.body.identity_adopted
    here = _identity(event.seq)
    part.nodes.append(Node(here, IDENTITY, _label(body.name)))
    part.edges += [Edge(event_id(seq), here, "adopts") for seq in body.evidence_seqs]


def _user_identified(event: Event, part: Part) -> None:
    body = event.body.user_identified
    for seq in body.evidence_seqs:
        _mention(part, event_id(seq), [body.name])


def _commitment_opened(event: Event, part: Part) -> None:
    body = event.body.commitment_opened
    here = f"commitment:{body.commitment_id}"
    part.nodes.append(Node(here, COMMITMENT, _label(body.text)))
    if body.source_seq:
        part.edges.append(Edge(event_id(body.source_seq), here, "opens"))


def _commitment_revised(event: Event, part: Part) -> None:
    body = event.body.commitment_revised
    # Without new words, too: the node's events are how those of a commitment are found.
    part.nodes.append(Node(f"commitment:{body.commitment_id}", COMMITMENT, _label(body.text)))


def _evidence_recorded(event: Event, part: Part) -> None:
    body = event.body.evidence_recorded
    there = f"commitment:{body.commitment_id}"
    part.edges += [Edge(event_id(seq), there, "evidence_for") for seq in body.seqs]


def _commitment_closed(event: Event, part: Part) -> None:
    body = event.body.commitment_closed
    there = f"commitment:{body.commitment_id}"
    part.edges += [Edge(event_id(seq), there, "closes") for seq in body.evidence_seqs]


def _reflection_recorded(event: Event, part: Part) -> None:
    body = event.body.reflection_recorded
    here = event_id(event.seq)
    part.nodes.append(Node(here, REFLECTION, _label(body.text)))
    part.edges += [Edge(here, event_id(seq), "reflects_on") for seq in body.evidence_seqs]


def _summary_recorded(event: Event, part: Part) -> None:
    body = event.body.summary_recorded
    here = event_id(event.seq)
    part.nodes.append(Node(here, SUMMARY, _label(body.text)))
    # Where it begins and ends: the messages between them are told by their own edges.
    ends = dict.fromkeys((body.from_seq, body.to_seq))
    part.edges += [Edge(here, event_id(seq), "derived_from") for seq in ends if seq]


_EPISODE = re.compile(r"e(\d+)")
"""Memory's id of a turn is made of its seq."""
_PAYLOADS = {
    "user_message": _user_message,
    "message_imported": _user_message,
    "assistant_message": _assistant_message,
    "session_started": _session_started,
    "session_renamed": _session_renamed,
    "memory_recorded": _memory_recorded,
    "memory_revised": _memory_revised,
    "memory_retracted": _memory_retracted,
    "identity_adopted": _identity_adopted,
    "user_identified": _user_identified,
    "commitment_opened": _commitment_opened,
    "commitment_revised": _commitment_revised,
    "evidence_recorded": _evidence_recorded,
    "commitment_closed": _commitment_closed,
    "reflection_recorded": _reflection_recorded,
    "summary_recorded": _summary_recorded,
}
KINDS = (*_PAYLOADS, "event_redacted", "mind_deleted")
"""Every kind that changes the graph."""


def mentioned(text: str) -> list[str]:
    """Names in a message, in order, each once: runs of capitalised words.

    What only begins a sentence is one where it is a given name and no other word: not "Grace", nor "Will".
    """
    found: dict[str, None] = {}
    for sentence in _SENTENCE.split(text):
        run: list[str] = []
        for index, match in enumerate(_NAME.finditer(sentence)):
            word = _without_possessive(match.group())
            is_name = bool(index) or word.lower() in UNMISTAKABLE
            if is_name and word[0].isupper() and word.lower() not in _NO_ENTITY:
                run.append(word)
                if word == match.group():
                    continue
            _end_run(run, found)
        _end_run(run, found)
    return list(found)[:MAX_MENTIONED]


def _end_run(run: list[str], found: dict[str, None]) -> None:
    if run:
        found.setdefault(" ".join(run))
        run.clear()


def _without_possessive(word: str) -> str:
    return re.sub(r"['’]s?$", "", word) or word


def _mention(part: Part, from_id: str, names: Iterable[str]) -> None:
    for node in _entities(names):
        part.nodes.append(node)
        part.edges.append(Edge(from_id, node.id, "mentions"))


def _entities(names: Iterable[str]) -> Iterator[Node]:
    for name in names:
        plain = " ".join(name.split())[:MAX_ENTITY]
        if plain:
            yield Node(f"entity:{plain.casefold()}", ENTITY, _label(plain))


def _identity(seq: int) -> str:
    return f"identity:{seq}"


def _label(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MAX_LABEL else line[: MAX_LABEL - 1].rstrip() + "…"
