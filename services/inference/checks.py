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
MAX_NAME = 256
MAX_STOPS = 16


def generate(request: pb.GenerateRequest) -> Iterator[Violation]:
    """Generate."""
    yield from messages(request.messages)
    yield from checks.text(request.model, "model", max_bytes=MAX_NAME)
    yield from checks.items(request.memories, "memories", high=MAX_MEMORIES)
    yield from checks.timestamp(request.query_time, "query_time")
    for index, memory in enumerate(request.memories):
        yield from checks.timestamp(memory.occurred_at, f"memories[{index}].occurred_at")
    yield from sampling(request.sampling)
    yield from checks.enum_known(request.priority, "priority", pb.CallPriority.values(), optional=True)
    yield from checks.text(request.adapter, "adapter", max_bytes=MAX_NAME)
    yield from checks.text(request.fairness_key, "fairness_key", max_bytes=MAX_NAME)


def messages(repeated: Any) -> Iterator[Violation]:
    """A conversation."""
    yield from checks.items(repeated, "messages", low=1, high=MAX_MESSAGES)
    if sum(len(message.text.encode()) for message in repeated) > MAX_MESSAGES_BYTES:
        yield Violation("messages", f"must be at most {MAX_MESSAGES_BYTES:,} bytes of UTF-8 together")
    for index, message in enumerate(repeated):
        yield from checks.enum_known(message.role, f"messages[{index}].role", pb.Role.values())


def sampling(value: pb.Sampling) -> Iterator[Violation]:
    """How the words are chosen."""
    if value.HasField("temperature"):
        yield from checks.in_range(value.temperature, "sampling.temperature", 0, 10)
    if value.HasField("top_p"):
        yield from checks.in_range(value.top_p, "sampling.top_p", 1e-9, 1)
    if value.HasField("max_tokens"):
        yield from checks.positive(value.max_tokens, "sampling.max_tokens")
    if value.HasField("top_k"):
        yield from checks.positive(value.top_k, "sampling.top_k")
    for name in ("presence_penalty", "frequency_penalty"):
        if value.HasField(name):
            yield from checks.in_range(getattr(value, name), f"sampling.{name}", -2, 2)
    yield from checks.items(value.stop, "sampling.stop", high=MAX_STOPS)


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
