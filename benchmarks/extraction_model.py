"""How well a model finds what people labelled: the sets of tests/data, through the backend that you configure.

    PMM_INFERENCE__BACKEND=ollama PMM_INFERENCE__MODEL=llama3.2 python -m benchmarks extraction_model

Three figures each: ``rules`` alone, the ``model`` alone, and ``both`` as the product joins them. The rules were written
by two thirds of the sentences; a model was not, so that all of them count. What is right is said in
tests/support/facts.py for facts; promises, instructions and names must have the words of the label, due times be equal
to the minute. Of a message at which the model fails, the model alone found nothing. PMM_BENCH_SAMPLE=60 takes so many
sentences of each set, evenly, where the model is slow.
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
from services.orchestrator.extraction.found import Found, by_rules, combined
from services.orchestrator.extraction.instructions import directive_id
from services.orchestrator.extraction.language import is_english
from services.orchestrator.extraction.promise import commitment_id
from services.orchestrator.peers import Peers
from services.runtime.peers import Peers as Channels
from tests.support.extraction import called
from tests.support.facts import SET, score
from tests.support.stack import Stack

CALLS_AT_ONCE = 16
NOW = datetime(2026, 5, 6, 12, 0, tzinfo=UTC)
"""The clock where a label does not depend on it: a Wednesday."""
Labels = dict[str, Any]
Ask = Callable[[str, datetime, bool, bool], Awaitable[Found]]
"""Text, clock, whether it is an answer, and whether it is asked what is asked of an English message."""
BESIDE_RULES = {"facts", "names"}
"""Sets of which an English message's question asks; for the others it is asked what one in another language is."""


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

    async def ask(text: str, now: datetime, is_answer: bool, english: bool) -> Found:
        async with gate:
            return await ask_model(peers, "benchmark", text, now, is_answer=is_answer, is_english=english)

    try:
        return await measure(ask, {name: _sampled(_labelled(name)) for name in _SETS})
    finally:
        await channels.close()


async def measure(ask: Ask, sets: dict[str, Sequence[Labels]]) -> list[Row]:
    """The rows of some sets, of which each message is asked once."""
    rows: list[Row] = []
    for name, labelled in sets.items():
        asked = [_Asked(row) for row in labelled]
        answers = await asyncio.gather(*[one.answer(ask, english=name in BESIDE_RULES) for one in asked])
        rules = [one.by_rules() for one in asked]
        model = [one if isinstance(one, Found) else Found() for one in answers]
        both = [
            combined(ours, theirs, is_english=is_english(one.text))
            for ours, theirs, one in zip(rules, model, asked, strict=True)
        ]
        for whose, found in {"rules": rules, "model": model, "both": both}.items():
            rows += [
                Row(f"extraction_model.{name}.{whose}.{what}", value, "share", len(labelled), 0.0)
                for what, value in _SETS[name](labelled, found).items()
            ]
        failed = Counter(one for one in answers if isinstance(one, str))
        rows.append(Row(f"extraction_model.{name}.failed", failed.total(), "messages", len(labelled), 0.0))
        rows += [
            Row(f"extraction_model.{name}.failed.{reason}", times, "messages", len(labelled), 0.0)
            for reason, times in sorted(failed.items())
        ]
    return rows


def _labelled(name: str) -> list[Labels]:
    return [json.loads(line) for line in (SET.parent / f"{name}.jsonl").read_text("utf-8").splitlines()]


def _sampled(labelled: list[Labels]) -> list[Labels]:
    wanted = int(os.environ.get("PMM_BENCH_SAMPLE", "0")) or len(labelled)
    return [labelled[at * len(labelled) // wanted] for at in range(min(wanted, len(labelled)))]


class _Asked:
    """A labelled message as it is read."""

    def __init__(self, row: Labels) -> None:
        self.text: str = f"Remind me to {row['text']}" if "due" in row else row["text"]
        self._now = datetime.fromisoformat(row["said_at"]).replace(tzinfo=UTC) if "said_at" in row else NOW
        self._is_answer = row.get("speaker") == "assistant"
        self._called = called(row)

    def by_rules(self) -> Found:
        return by_rules(self.text, self._now, is_answer=self._is_answer, called=self._called)

    async def answer(self, ask: Ask, *, english: bool) -> Found | str:
        """What the model finds, or why it fails."""
        try:
            return await ask(self.text, self._now, self._is_answer, english)
        except ModelFailed as error:
            return error.reason
        except ValueError:
            return "SHAPE"


def _facts(labelled: Sequence[Labels], found: Sequence[Found]) -> dict[str, float]:
    by_text = {row["text"]: one.facts for row, one in zip(labelled, found, strict=True)}
    result = score(labelled, lambda text, _called: by_text[text])
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
