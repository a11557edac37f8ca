"""The two APIs that servers speak: Chat Completions, which all do, and Responses, which OpenAI's does. Both streamed.

Sources: platform.openai.com/docs/api-reference/chat and /responses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from services.inference.errors import BackendFailed
from services.inference.generation import (
    CONTENT_FILTER,
    JSON_SCHEMA,
    LENGTH,
    PENALTIES,
    SEED,
    STOP,
    STOPS,
    UNKNOWN,
    Call,
)

if TYPE_CHECKING:
    from openai import AsyncOpenAI


_FINISHED: Mapping[str, str] = {"stop": STOP, "length": LENGTH, "content_filter": CONTENT_FILTER}
_INCOMPLETE: Mapping[str, str] = {"max_output_tokens": LENGTH, "content_filter": CONTENT_FILTER}


@dataclass(frozen=True, slots=True)
class Tokens:
    """What an answer used."""

    prompt: int
    completion: int
    cached: int


@dataclass(frozen=True, slots=True)
class Seen:
    """What one message of a stream says."""

    text: str = ""
    finish_reason: str | None = None
    """None: the answer goes on."""
    tokens: Tokens | None = None
    model: str = ""


class Api(Protocol):
    """One way to ask."""

    supports: frozenset[str]

    async def open(self, client: AsyncOpenAI, call: Call, model: str) -> Any:
        """The stream of an answer."""
        ...

    def read(self, message: Any) -> Seen:
        """What a message says. The library does not check what it was sent: raises what is ``NONSENSE``."""
        ...


class ChatCompletions:
    """POST /chat/completions."""

    supports = frozenset({JSON_SCHEMA, STOPS, SEED}) | PENALTIES

    async def open(self, client: AsyncOpenAI, call: Call, model: str) -> Any:
        """See ``Api``."""
        request: dict[str, Any] = {**call.sampling}
        if call.json_schema is not None:
            schema = {"name": "answer", "schema": dict(call.json_schema), "strict": True}
            request["response_format"] = {"type": "json_schema", "json_schema": schema}
        return await client.chat.completions.create(
            model=model,
            messages=_messages(call),
            stream=True,
            stream_options={"include_usage": True},
            **request,
        )

    def read(self, message: Any) -> Seen:
        """See ``Api``."""
        text, reason = "", None
        for choice in (message.choices or [])[:1]:
            reason = choice.finish_reason
            text = (choice.delta.content if choice.delta else None) or ""
        usage = message.usage
        tokens = usage and Tokens(
            usage.prompt_tokens or 0,
            usage.completion_tokens or 0,
            getattr(usage.prompt_tokens_details, "cached_tokens", 0) or 0,
        )
        finish = None if reason is None else _FINISHED.get(reason, UNKNOWN)
        return Seen(_checked(text), finish, tokens, message.model or "")


class Responses:
    """POST /responses. Nothing is stored at the server."""

    supports = frozenset({JSON_SCHEMA})

    async def open(self, client: AsyncOpenAI, call: Call, model: str) -> Any:
        """See ``Api``."""
        names = {"max_tokens": "max_output_tokens"}
        request = {names.get(name, name): value for name, value in call.sampling.items()}
        if call.json_schema is not None:
            schema = {
                "type": "json_schema",
                "name": "answer",
                "schema": dict(call.json_schema),
                "strict": True,
            }
            request["text"] = {"format": schema}
        return await client.responses.create(
            model=model, input=_messages(call), stream=True, store=False, **request
        )

    def read(self, message: Any) -> Seen:
        """See ``Api``. Raises BackendFailed where the message says that the server failed."""
        match message.type:
            case "response.output_text.delta" | "response.refusal.delta":
                return Seen(_checked(message.delta))
            case "response.created":
                return Seen(model=message.response.model or "")
            case "response.completed" | "response.incomplete":
                response = message.response
                # vLLM ends with "completed" and says in the response that it was not.
                is_whole = response.status == "completed"
                why = "" if is_whole else getattr(response.incomplete_details, "reason", None) or ""
                finish = STOP if is_whole else _INCOMPLETE.get(why, UNKNOWN)
                return Seen("", finish, self._tokens(response.usage))
            case "response.failed" | "error":
                raise BackendFailed("the model server failed while it answered: its log says why")
            case _:
                return Seen()

    @staticmethod
    def _tokens(usage: Any) -> Tokens | None:
        if usage is None:
            return None
        cached = getattr(usage.input_tokens_details, "cached_tokens", 0) or 0
        return Tokens(usage.input_tokens or 0, usage.output_tokens or 0, cached)


def _messages(call: Call) -> Any:
    return [{"role": message.role, "content": message.text} for message in call.messages]


def _checked(text: Any) -> str:
    if not isinstance(text, str):
        raise TypeError("content must be text")
    return text
