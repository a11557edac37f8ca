"""How well a model finds what people labelled: the sets of tests/data, through the backend that you configure.

    PMM_INFERENCE__BACKEND=ollama PMM_INFERENCE__MODEL=llama3.2 python -m benchmarks extraction_model

The rules were written by two thirds of the sentences; a model was not, so that all of them count. What is right is
said in tests/support/facts.py for facts; promises, instructions and names must have the words of the label, due times
be equal to the minute. A message at which the model fails counts as one in which nothing was found.
"""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.rows import Row
from services.orchestrator.errors import ModelFailed
from services.orchestrator.extraction.extractor import ask_model
from services.orchestrator.extraction.found import Found
from services.orchestrator.extraction.instructions import directive_id
from services.orchestrator.extraction.promises import commitment_id
from services.orchestrator.peers import Peers
from services.runtime.peers import Peers as Channels
from tests.support.facts import SET, score
from tests.support.stack import Stack

CALLS_AT_ONCE = 4
NOW = datetime(2026, 5, 6, 12, 0, tzinfo=UTC)
"""The clock where a label does not depend on it: a Wednesday."""
Labels = dict[str, Any]
Ask = Callable[[str, datetime, bool], Awaitable[Found]]
"""Text, clock, and whether it is an answer."""


def run() -> list[Row]:
    """Every set."""
    chosen = {key: value for key, value in os.environ.items() if key.startswith("PMM_INFERENCE__")}
    if chosen.get("PMM_INFERENCE__BACKEND", "recall") == "recall":
        raise SystemExit(
            "No model is configured: set PMM_INFERENCE__BACKEND, and what it needs (docs/inference.md)."
        )
    with tempfile.TemporaryDirectory() as folder, Stack(Path(folder) / "data", env=chosen) as stack:
        return asyncio.run(_measured(stack.target))


async def _measured(target: str) -> list[Row]:
    channels = Channels({"inference": target})
    peers, gate = Peers(channels), asyncio.Semaphore(CALLS_AT_ONCE)

    async def ask(text: str, now: datetime, is_answer: bool) -> Found:
        async with gate:
            return await ask_model(peers, "benchmark", text, now, is_answer=is_answer)

    try:
        return await measure(ask, {name: _labelled(name) for name in _SETS})
    finally:
        await channels.close()


async def measure(ask: Ask, sets: dict[str, Sequence[Labels]]) -> list[Row]:
    """The rows of some sets, of which each message is asked once."""
    rows: list[Row] = []
    for name, labelled in sets.items():
        found = await asyncio.gather(*[_asked(ask, row) for row in labelled])
        failed = sum(one is None for one in found)
        answers = [one or Found() for one in found]
        rows += [
            Row(f"extraction_model.{name}.{what}", value, "share", len(labelled), 0.0)
            for what, value in _SETS[name](labelled, answers).items()
        ]
        rows.append(Row(f"extraction_model.{name}.failed", failed, "messages", len(labelled), 0.0))
    return rows


def _labelled(name: str) -> list[Labels]:
    return [json.loads(line) for line in (SET.parent / f"{name}.jsonl").read_text("utf-8").splitlines()]


async def _asked(ask: Ask, row: Labels) -> Found | None:
    now = datetime.fromisoformat(row["said_at"]).replace(tzinfo=UTC) if "said_at" in row else NOW
    is_answer = row.get("speaker") == "assistant"
    text = f"Remind me to {row['text']}" if "due" in row else row["text"]
    try:
        return await ask(text, now, is_answer)
    except (ModelFailed, ValueError):
        return None


def _facts(labelled: Sequence[Labels], found: Sequence[Found]) -> dict[str, float]:
    by_text = {row["text"]: one.facts for row, one in zip(labelled, found, strict=True)}
    result = score(labelled, lambda text: by_text[text])
    return {"precision": result.precision, "recall": result.recall}


def _promises(labelled: Sequence[Labels], found: Sequence[Found]) -> dict[str, float]:
    ours = [[commitment_id(promise.text) for promise in one.promises] for one in found]
    return _counted(ours, [[commitment_id(text) for text in row["promises"]] for row in labelled])


def _instructions(labelled: Sequence[Labels], found: Sequence[Found]) -> dict[str, float]:
    ours = [[directive_id(text) for text in one.instructions] for one in found]
    return _counted(ours, [[directive_id(text) for text in row["directives"]] for row in labelled])


def _names(labelled: Sequence[Labels], found: Sequence[Found]) -> dict[str, float]:
    """A proposal counts as none: it changes nothing."""
    ours = [_given(one.mind_name if one.mind_name_confidence >= 0.9 else "", one.user_name) for one in found]
    return _counted(ours, [_given(row["mind"], row["user"]) for row in labelled])


def _given(mind: str, user: str) -> list[str]:
    return [f"{who}: {name}" for who, name in (("mind", mind), ("user", user)) if name]


def _due_times(labelled: Sequence[Labels], found: Sequence[Found]) -> dict[str, float]:
    ours = [next((promise.due for promise in one.promises), None) for one in found]
    exact = sum(
        (when.strftime("%Y-%m-%dT%H:%M") if when else "") == row["due"]
        for when, row in zip(ours, labelled, strict=True)
    )
    return {"exact": exact / len(labelled)}


def _counted(ours: Sequence[list[str]], theirs: Sequence[list[str]]) -> dict[str, float]:
    right = sum((Counter(one) & Counter(other)).total() for one, other in zip(ours, theirs, strict=True))
    found, labelled = sum(map(len, ours)), sum(map(len, theirs))
    precision, recall = right / found if found else 0.0, right / labelled if labelled else 0.0
    f1 = 2 * precision * recall / (precision + recall) if right else 0.0
    return {"precision": precision, "recall": recall, "f1": f1}


_SETS: dict[str, Callable[[Sequence[Labels], Sequence[Found]], dict[str, float]]] = {
    "facts": _facts,
    "commitments": _promises,
    "instructions": _instructions,
    "names": _names,
    "due_times": _due_times,
}
