"""What a request must be, one function a message."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from google.protobuf.message import Message

from pmm.inference.v1 import inference_pb2 as pb
from services.runtime import checks
from services.runtime.checks import Check
from services.runtime.errors import Violation

MAX_MESSAGES = 512
MAX_MESSAGES_BYTES = 4 * 1024 * 1024
MAX_MEMORIES = 1_000
MAX_COMMITMENTS = 1_000
MAX_INSTRUCTIONS = 1_000
MAX_NAME = 256


def generate(request: pb.GenerateRequest) -> Iterator[Violation]:
    """Generate."""
    yield from messages(request.messages)
    yield from checks.text(request.model, "model", max_bytes=MAX_NAME)
    yield from checks.items(request.memories, "memories", high=MAX_MEMORIES)
    yield from checks.timestamp(request.query_time, "query_time")
    for index, memory in enumerate(request.memories):
        yield from checks.timestamp(memory.occurred_at, f"memories[{index}].occurred_at")
    yield from checks.items(request.open_commitments, "open_commitments", high=MAX_COMMITMENTS)
    for index, commitment in enumerate(request.open_commitments):
        for name in ("opened_at", "due_at"):
            yield from checks.timestamp(getattr(commitment, name), f"open_commitments[{index}].{name}")
    yield from checks.items(request.instructions, "instructions", high=MAX_INSTRUCTIONS)
    for field in ("mind_name", "user_name"):
        yield from checks.text(getattr(request, field).name, f"{field}.name", max_bytes=MAX_NAME)
    yield from checks.sampling(request.sampling)
    yield from checks.enum_known(request.priority, "priority", pb.CallPriority, optional=True)
    yield from checks.json_value(request.json_schema, "json_schema")
    yield from checks.text(request.adapter, "adapter", max_bytes=MAX_NAME)
    yield from checks.text(request.fairness_key, "fairness_key", max_bytes=MAX_NAME)


def messages(repeated: Any) -> Iterator[Violation]:
    """A conversation."""
    yield from checks.items(repeated, "messages", low=1, high=MAX_MESSAGES)
    if sum(len(message.text.encode()) for message in repeated) > MAX_MESSAGES_BYTES:
        yield Violation("messages", f"must be at most {MAX_MESSAGES_BYTES:,} bytes of UTF-8 together")
    for index, message in enumerate(repeated):
        yield from checks.enum_known(message.role, f"messages[{index}].role", pb.Role)


def count_tokens(request: pb.CountTokensRequest) -> Iterator[Violation]:
    """CountTokens."""
    yield from messages(request.messages)
    yield from checks.text(request.model, "model", max_bytes=MAX_NAME)


CHECKS: Mapping[type[Message], Check] = {
    pb.GenerateRequest: generate,
    pb.CountTokensRequest: count_tokens,
    pb.ListModelsRequest: checks.nothing,
    pb.GetLoadRequest: checks.nothing,
}
