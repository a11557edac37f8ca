"""Memories drawn from what a person said: one sentence each, with the message that it came from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator.extraction import lexicon
from services.orchestrator.extraction.begins import begins
from services.orchestrator.extraction.extractor import Extractor, occurred_ns
from services.orchestrator.extraction.fact import USER, Fact
from services.orchestrator.minds import Minds
from services.orchestrator.workers.follower import Worker

_TYPES = {
    "fact": mind.MEMORY_TYPE_FACT,
    "preference": mind.MEMORY_TYPE_PREFERENCE,
    "event": mind.MEMORY_TYPE_EVENT,
    "relationship": mind.MEMORY_TYPE_RELATIONSHIP,
}
_AHEAD = re.compile(r"\b(?:is|are|will|starts?|begins?|leaves?|flies|fly)\b")
_NAME = re.compile(lexicon.NAME)


def worker(extractor: Extractor) -> Worker:
    """Reads what persons say to the mind. Answers form no memories but themselves."""

    async def derive(event: mind.Event, _minds: Minds) -> list[mind.Body]:
        found = await extractor.found(event)
        return await _memories(extractor, event, found.facts)

    return Worker("extraction", ("user_message",), derive, derives=("memory_recorded",))


def imports(extractor: Extractor) -> Worker:
    """Reads what is imported to form facts. By itself, so that no turn waits for a long import."""

    async def derive(event: mind.Event, _minds: Minds) -> list[mind.Body]:
        return await _memories(extractor, event, (await extractor.found(event)).facts)

    def forms_facts(event: mind.Event) -> bool:
        return event.body.message_imported.forms_facts

    return Worker("imports", ("message_imported",), derive, derives=("memory_recorded",), wants=forms_facts)


async def _memories(extractor: Extractor, event: mind.Event, facts: Sequence[Fact]) -> list[mind.Body]:
    said_at = await extractor.said_at(event)
    return [
        mind.Body(memory_recorded=_recorded(fact, event, ordinal, said_at))
        for ordinal, fact in enumerate(facts)
    ]


def _recorded(fact: Fact, event: mind.Event, ordinal: int, said_at: datetime) -> mind.MemoryRecorded:
    recorded = mind.MemoryRecorded(
        memory_id=f"m-{event.seq}-{ordinal}",
        text=fact.text,
        type=_TYPES[fact.type],
        importance=fact.importance,
        entities=_entities(fact),
        source_seqs=[event.seq],
        model=fact.model,
    )
    begun = begins(fact.when, said_at, is_past=not _AHEAD.search(fact.text)) if fact.when else None
    if begun is None and occurred_ns(event):
        # What was said long ago must not take the place of what was said since.
        begun = said_at
    if begun is not None:
        recorded.valid_from.FromDatetime(begun)
    return recorded


def _entities(fact: Fact) -> list[str]:
    """Names in it, whom it is about first."""
    about = [] if fact.subject == USER else [fact.subject]
    named = [name for name in _NAME.findall(fact.text) if name.split()[0] not in lexicon.NO_NAMES]
    return list(dict.fromkeys([*about, *named]))
