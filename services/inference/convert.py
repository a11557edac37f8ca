"""Between wire and domain."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from google.protobuf.json_format import MessageToDict

from pmm.inference.v1 import inference_pb2 as pb
from pmm.mind.v1 import events_pb2 as mind
from services.inference.generation import (
    ADAPTER,
    CONTENT_FILTER,
    JSON_SCHEMA,
    LENGTH,
    STOP,
    STOPS,
    Call,
    Completed,
    Delta,
    KnownName,
    Memory,
    Message,
    ModelInfo,
    OpenCommitment,
    StandingInstruction,
    TokenLogprob,
)
from services.runtime.times import zone

_ROLES = {pb.ROLE_SYSTEM: "system", pb.ROLE_USER: "user", pb.ROLE_ASSISTANT: "assistant"}
_FINISH = {
    STOP: mind.FINISH_REASON_STOP,
    LENGTH: mind.FINISH_REASON_LENGTH,
    CONTENT_FILTER: mind.FINISH_REASON_CONTENT_FILTER,
}
_SAMPLING = ("temperature", "top_p", "top_k", "max_tokens", "seed", "presence_penalty", "frequency_penalty")


def messages(repeated: Any) -> list[Message]:
    """The conversation."""
    return [Message(_ROLES[message.role], message.text) for message in repeated]


def call(request: pb.GenerateRequest) -> Call:
    """A model call."""
    sampling: dict[str, Any] = {
        name: getattr(request.sampling, name) for name in _SAMPLING if request.sampling.HasField(name)
    }
    if request.sampling.stop:
        sampling["stop"] = list(request.sampling.stop)
    return Call(
        messages(request.messages),
        request.model,
        [_memory(memory) for memory in request.memories],
        sampling,
        _schema(MessageToDict(request.json_schema)) if request.HasField("json_schema") else None,
        _now(request).astimezone(zone(request.time_zone)),
        request.first_turn,
        request.unremembered,
        request.sampling.logprobs if request.sampling.HasField("logprobs") else None,
        request.adapter,
        request.priority == pb.CALL_PRIORITY_BACKGROUND,
        request.fairness_key,
        _needs(request),
        open_commitments=[_open(commitment) for commitment in request.open_commitments],
        other_commitments=request.other_commitments,
        is_unsearched=request.memories_left_out,
        instructions=[StandingInstruction(one.seq, one.text) for one in request.instructions],
        other_instructions=request.other_instructions,
        mind_name=_name(request.mind_name),
        user_name=_name(request.user_name),
    )


def _name(known: pb.KnownName) -> KnownName | None:
    return KnownName(known.seq, known.name) if known.name else None


def _now(request: pb.GenerateRequest) -> datetime:
    return request.query_time.ToDatetime(UTC) if request.HasField("query_time") else datetime.now(UTC)


def delta(part: Delta) -> pb.GenerateResponse:
    """More of an answer."""
    message = pb.TextDelta(text=part.text, tokens=part.tokens, logprobs=map(_logprob, part.logprobs))
    return pb.GenerateResponse(delta=message)


def _logprob(token: TokenLogprob) -> pb.TokenLogprob:
    return pb.TokenLogprob(token=token.token, logprob=token.logprob, top=map(_logprob, token.top))


def _needs(request: pb.GenerateRequest) -> frozenset[str]:
    asked = {JSON_SCHEMA: request.HasField("json_schema"), ADAPTER: bool(request.adapter)}
    asked |= {STOPS: bool(request.sampling.stop)}
    asked |= {
        f"sampling.{name}": request.sampling.HasField(name)
        for name in ("top_k", "logprobs", "seed", "presence_penalty", "frequency_penalty")
    }
    return frozenset(name for name, is_set in asked.items() if is_set)


def _schema(value: Any) -> Any:
    """A JSON Schema as a Struct cannot hold it: with integers, which servers insist on, and with properties in order.

    A model answers in the order of the properties. A Struct keeps none, but a list does: "required" says it.
    """
    match value:
        case dict():
            plain = {name: _schema(inner) for name, inner in value.items()}
            match plain:
                case {"properties": dict() as properties, "required": list() as required}:
                    first = [name for name in required if name in properties]
                    ordered = dict.fromkeys([*first, *sorted(properties)])
                    plain["properties"] = {name: properties[name] for name in ordered}
                case _:
                    pass
            return plain
        case list():
            return [_schema(inner) for inner in value]
        case float() if value.is_integer():
            return int(value)
        case _:
            return value


def _memory(memory: pb.ContextMemory) -> Memory:
    return Memory(
        memory.seq,
        memory.text,
        memory.speaker,
        memory.occurred_at.ToDatetime(UTC),
        memory.score,
        memory.memory_id,
        memory.superseded_by,
        memory.quoted_speaker,
    )


def _open(commitment: pb.OpenCommitment) -> OpenCommitment:
    due_at = commitment.due_at.ToDatetime(UTC) if commitment.HasField("due_at") else None
    return OpenCommitment(commitment.seq, commitment.text, commitment.opened_at.ToDatetime(UTC), due_at)


def completed(done: Completed, first_token_seconds: float, queued_seconds: float) -> pb.GenerateResponse:
    """The end of an answer."""
    message = pb.GenerationCompleted(
        finish_reason=_FINISH.get(done.finish_reason, mind.FINISH_REASON_UNSPECIFIED),
        usage=mind.Usage(
            prompt_tokens=done.prompt_tokens,
            completion_tokens=done.completion_tokens,
            cached_tokens=done.cached_tokens,
        ),
        usage_estimated=done.is_estimated,
    )
    message.first_token.FromNanoseconds(int(first_token_seconds * 1e9))
    message.queued.FromNanoseconds(int(queued_seconds * 1e9))
    return pb.GenerateResponse(completed=message)


def model(info: ModelInfo, *, default: bool) -> pb.Model:
    """A model in a list."""
    return pb.Model(
        name=info.name,
        backend=info.backend,
        up=info.up,
        detail=info.detail,
        context_length=info.context_length,
        default=default,
    )
