"""The shape in which promises of an answer are asked for: a random model keeps to it, and is not believed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
from google.protobuf.json_format import ParseDict
from google.protobuf.struct_pb2 import Struct

from pmm.inference.v1 import inference_pb2 as pb
from services.orchestrator.extraction import by_model
from tests.support.serving import serving
from tests.vllm.conftest import ARGUMENTS

SAID = "the cat sleeps on the piano while Ana plants two fig trees in Porto"
NOW = datetime(2026, 5, 6, 12, 0, tzinfo=UTC)
ROOM, ANSWER = 2_048, 1_850
"""Tokens of context, and of the answer in it."""


async def test_a_random_model_keeps_to_the_shape_and_nothing_of_it_is_kept(
    tiny_llama: str, tmp_path: Path
) -> None:
    chosen = {"backend": "vllm", "model": tiny_llama, "json_attempts": 8}
    arguments = {**ARGUMENTS, "max_model_len": ROOM}
    instruction, read, schema = by_model.asked(SAID, is_answer=True)
    request = pb.GenerateRequest(
        messages=[
            pb.Message(role=pb.ROLE_SYSTEM, text=instruction.split(".")[0]),
            pb.Message(role=pb.ROLE_USER, text=read),
        ],
        sampling=pb.Sampling(max_tokens=ANSWER),
        json_schema=ParseDict(schema, Struct()),
    )
    settings = {"inference": {**chosen, "vllm_arguments": arguments}}
    async with serving(tmp_path, "inference", settings=settings) as served:
        parts = [part async for part in served.inference.generate(request)]
    text = "".join(part.delta.text for part in parts)

    jsonschema.validate(json.loads(text), schema)
    found = by_model.found(text, SAID, NOW, is_answer=True, model="tiny")
    assert found.promises == ()
