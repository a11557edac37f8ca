"""The measurement of a model on the labelled sets gives a model its due: all of it, and none for what it makes up."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks import extraction_model
from services.orchestrator.extraction.extractor import ask_model
from services.orchestrator.extraction.found import Found
from services.orchestrator.peers import Peers
from services.runtime.peers import Peers as Channels
from tests.support.facts import rows
from tests.support.recorded_model import MODEL, RecordedModel, fact
from tests.support.serving import serving

FACTS = [row for row in rows(held_out=False) if row["facts"]][:20]
PROMISES = [
    {"speaker": "assistant", "text": "Sure. I'll look it up.", "promises": ["look it up"]},
    {"speaker": "assistant", "text": "Nothing to do there.", "promises": []},
]


def _of_labels(row: dict[str, Any]) -> list[Any]:
    return [
        fact(one["type"], one["subject"], one["object"], f"It is {one['object']}.", row["text"].strip(" .!?"))
        for one in row["facts"]
    ]


async def test_each_message_is_asked_once_and_counted(tmp_path: Path) -> None:
    with RecordedModel() as model:
        for row in FACTS:
            model.found[row["text"]] = {"facts": _of_labels(row)}
        model.found[PROMISES[0]["text"]] = {"promises": [{"what": "look it up", "due": ""}]}
        model.found[PROMISES[1]["text"]] = {"promises": [{"what": "bring the moon", "due": ""}]}
        model.found[FACTS[0]["text"]] = "no JSON"
        chosen = {
            "backend": "openai",
            "openai_base_url": model.base_url,
            "model": MODEL,
            "json_attempts": 1,
        }
        async with serving(tmp_path, "inference", settings={"inference": chosen}) as served:
            channels = Channels({"inference": served.target})
            peers = Peers(channels)

            async def ask(text: str, now: datetime, is_answer: bool, english: bool) -> Found:
                return await ask_model(peers, "m", text, now, is_answer=is_answer, is_english=english)

            measured = await extraction_model.measure(ask, {"facts": FACTS, "commitments": PROMISES})
            await channels.close()

    figures = {row.name.removeprefix("extraction_model."): row.value for row in measured}
    lost, labelled = len(FACTS[0]["facts"]), sum(len(row["facts"]) for row in FACTS)
    assert figures["facts.failed"] == figures["facts.failed.INVALID_JSON"] == 1
    assert figures["facts.model.precision"] == 1.0
    assert 0.5 < figures["facts.model.recall"] <= 1 - lost / labelled
    assert figures["facts.both.recall"] >= figures["facts.rules.recall"] == 1.0
    assert (figures["commitments.model.precision"], figures["commitments.model.recall"]) == (1.0, 1.0)
    assert len(model.read_messages) == len(FACTS) + len(PROMISES)
