"""The shapes in which messages are read: a random model keeps to them in a real engine, and is not believed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest

from pmm.inference.v1 import inference_pb2 as pb
from services.orchestrator.extraction import by_model
from services.orchestrator.extraction.extractor import ask_model
from services.orchestrator.extraction.found import Found
from services.orchestrator.peers import Peers
from services.runtime.peers import Peers as Channels
from tests.support import tiny_llama
from tests.support.serving import Served, serving
from tests.vllm.conftest import ARGUMENTS

SAID = "the cat sleeps on the piano while Ana plants two fig trees in Porto"
NOW = datetime(2026, 5, 6, 12, 0, tzinfo=UTC)
CONTEXT, ROOM = 24_576, 16_384
"""Tokens of context, and of the answer in it: a token of this model is little more than a letter."""
ROLES = {"system": pb.ROLE_SYSTEM, "user": pb.ROLE_USER, "assistant": pb.ROLE_ASSISTANT}
QUESTIONS = [(True, False), (False, True), (False, False)]
"""Of an answer, of a message that rules read, too, and of one that they do not."""


async def _reads_as_asked(served: Served, *, is_answer: bool, is_english: bool) -> None:
    messages, schema = by_model.asked(SAID, is_answer=is_answer, is_english=is_english)
    request = pb.GenerateRequest(
        messages=[pb.Message(role=ROLES[one.role], text=one.text) for one in messages],
        sampling=pb.Sampling(max_tokens=ROOM),
    )
    request.json_schema.update(schema)
    parts = [part async for part in served.inference.generate(request)]
    text = "".join(part.delta.text for part in parts)

    jsonschema.validate(json.loads(text), schema)
    assert text == json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False)
    assert by_model.found(text, SAID, NOW, is_answer=is_answer, model="tiny") == Found()


async def _reads_for_the_orchestrator(served: Served) -> None:
    channels = Channels({"inference": served.target})
    try:
        found = await ask_model(Peers(channels), "ada", SAID, NOW, is_answer=True, is_english=False)
    finally:
        await channels.close()
    assert found == Found()


async def test_a_random_model_keeps_to_the_shape_and_nothing_of_it_is_kept(tmp_path: Path) -> None:
    pytest.importorskip("vllm", reason="NOT TESTED: no vllm; make test-vllm")
    model = tiny_llama.make(tmp_path / "model", context=CONTEXT)
    arguments = {**ARGUMENTS, "max_model_len": CONTEXT}
    chosen = {"backend": "vllm", "model": model, "vllm_arguments": arguments}
    async with serving(tmp_path, "inference", settings={"inference": chosen}) as served:
        for is_answer, is_english in QUESTIONS:
            await _reads_as_asked(served, is_answer=is_answer, is_english=is_english)
        await _reads_for_the_orchestrator(served)
