"""Any server that speaks the OpenAI API: Chat Completions, streamed."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from services.inference.backends import openai_errors
from services.inference.errors import BackendBusy, BackendCut, BackendFailed, BackendRefused, BackendRejected
from services.inference.generation import (
    CONTENT_FILTER,
    JSON_SCHEMA,
    LENGTH,
    STOP,
    UNKNOWN,
    Call,
    Completed,
    Delta,
    Estimating,
    ModelInfo,
    Part,
    Started,
    estimate_text,
    estimate_tokens,
)
from services.inference.settings import InferenceSettings
from services.runtime import deadline
from services.runtime.exits import USAGE, StartupError

if TYPE_CHECKING:
    from openai import AsyncOpenAI

    from services.inference.guided import Shape

NO_KEY = "none"
"""Sent where no key is set: local servers ignore it, and the library insists on one."""
LIST_SECONDS = 2.0
MAX_RETRY_AFTER_SECONDS = 10.0
"""A server that asks for longer is not waited for: the caller is told how long."""
_FINISH = {"stop": STOP, "length": LENGTH, "content_filter": CONTENT_FILTER}


class OpenAIBackend(Estimating):
    """One server. The library is loaded at the first use: it takes more than half a second.

    Raises StartupError where the API key cannot be read.
    """

    supports = frozenset({JSON_SCHEMA})

    def __init__(self, settings: InferenceSettings, name: str = "openai") -> None:
        self.name = name
        self._settings = settings
        self._key = _key(settings)
        self._client: AsyncOpenAI | None = None
        self._opening = asyncio.Lock()
        self._default_model = settings.model

    async def generate(self, call: Call) -> AsyncGenerator[Part]:
        """See ``Backend``."""
        shape = await _shape(call)
        attempt = 0
        while True:
            has_said = False
            try:
                async with aclosing(self._attempt(call, shape)) as parts:
                    async for part in parts:
                        has_said = True
                        yield part
            except (BackendRefused, BackendFailed, BackendCut, BackendBusy) as error:
                delay = self._delay(attempt, error.retry_after)
                if has_said or isinstance(error, BackendRejected) or not self._may_wait(attempt, delay):
                    raise
                attempt += 1
                await asyncio.sleep(delay)
            else:
                return

    async def models(self) -> list[ModelInfo]:
        """See ``Backend``."""
        default = self._default_model
        try:
            names = await self._names()
        except (BackendRefused, BackendFailed) as error:
            return [ModelInfo(default or "unknown", False, self.name, error.message)]
        if not default:
            return [ModelInfo(name, True, self.name) for name in names]
        missing = f"the server does not have it; it has {', '.join(names[:8]) or 'none'}"
        others = [ModelInfo(name, True, self.name) for name in names if name != default]
        return [ModelInfo(default, default in names, self.name, "" if default in names else missing), *others]

    async def close(self) -> None:
        """See ``Backend``."""
        if self._client is not None:
            await self._client.close()

    async def _names(self) -> list[str]:
        client = await self._open()
        with openai_errors.told_of_list(self._settings.openai_base_url):
            async with asyncio.timeout(LIST_SECONDS):
                return [str(model.id) async for model in client.models.list()]

    async def _attempt(self, call: Call, shape: Shape | None) -> AsyncGenerator[Part]:
        """Nothing before the first text: until then another attempt may be made."""
        model = call.model or await self._default()
        client = await self._open()
        said: list[str] = []
        finish_reason: str | None = None
        usage: Any = None
        stream: Any = None
        until = asyncio.get_running_loop().time() + self._settings.first_token_timeout_seconds
        try:
            with openai_errors.told(model, said):
                async with asyncio.timeout_at(until):
                    stream = await client.chat.completions.create(**_request(call, model))
            chunks = aiter(stream)
            while True:
                with openai_errors.told(model, said):
                    async with asyncio.timeout_at(None if said else until):
                        chunk: Any = await anext(chunks, None)
                    if chunk is None:
                        break
                    usage = chunk.usage or usage
                    text, reason = _read(chunk)
                finish_reason = finish_reason if reason is None else _FINISH.get(reason, UNKNOWN)
                if text:
                    if not said:
                        yield Started(chunk.model or model, self.name)
                    said.append(text)
                    yield Delta(text)
        finally:
            if stream is not None:
                await stream.close()
        if finish_reason is None:
            raise BackendCut("the model server ended the stream before the answer was complete")
        if shape is not None:
            shape.check("".join(said))
        if not said:
            yield Started(model, self.name)
        yield _completed(call, said, finish_reason, usage)

    def _delay(self, attempt: int, asked: float | None) -> float:
        if asked is not None:
            return asked
        return self._settings.retry_seconds * 2**attempt * random.uniform(0.5, 1.5)

    def _may_wait(self, attempt: int, delay: float) -> bool:
        left = deadline.remaining()
        in_time = left is None or delay < left
        return attempt < self._settings.max_retries and delay <= MAX_RETRY_AFTER_SECONDS and in_time

    async def _default(self) -> str:
        if not self._default_model:
            names = await self._names()
            if not names:
                raise BackendRejected("the model server has no model: load one, or set inference.model")
            self._default_model = names[0]
        return self._default_model

    async def _open(self) -> AsyncOpenAI:
        async with self._opening:
            if self._client is None:
                self._client = await asyncio.to_thread(_client, self._settings, self._key)
        return self._client


def _client(settings: InferenceSettings, key: str) -> AsyncOpenAI:
    from openai import AsyncOpenAI, Timeout

    timeout = Timeout(settings.read_timeout_seconds, connect=settings.connect_timeout_seconds)
    # Retries are ours: the library's know neither the call's deadline nor what was sent already.
    client = AsyncOpenAI(base_url=settings.openai_base_url, api_key=key, timeout=timeout, max_retries=0)
    _ = client.chat.completions, client.models  # imports the rest, here in a thread
    return client


def _key(settings: InferenceSettings) -> str:
    key = settings.openai_api_key.get_secret_value() if settings.openai_api_key else ""
    if settings.openai_api_key_file is not None:
        try:
            key = settings.openai_api_key_file.read_text().strip()
        except (OSError, UnicodeDecodeError):
            raise StartupError(
                USAGE,
                f"{settings.openai_api_key_file} cannot be read: set inference.openai_api_key_file to a file "
                "that holds the API key",
            ) from None
    if not (key.isascii() and key.isprintable()):
        raise StartupError(
            USAGE, "the API key must be one line of ASCII: check inference.openai_api_key_file"
        )
    return key or NO_KEY


async def _shape(call: Call) -> Shape | None:
    if call.json_schema is None:
        return None
    guided = await asyncio.to_thread(_guided)
    return guided.Shape(call.json_schema)


def _guided() -> Any:
    from services.inference import guided

    return guided


def _request(call: Call, model: str) -> dict[str, Any]:
    request: dict[str, Any] = {
        "model": model,
        "messages": [{"role": message.role, "content": message.text} for message in call.messages],
        "stream": True,
        "stream_options": {"include_usage": True},
        **call.sampling,
    }
    if call.json_schema is not None:
        schema = {"name": "answer", "schema": dict(call.json_schema), "strict": True}
        request["response_format"] = {"type": "json_schema", "json_schema": schema}
    return request


def _read(chunk: Any) -> tuple[str, str | None]:
    """Text and reason to finish. The library does not check what it was sent: raises what is ``NONSENSE``."""
    text, reason = "", None
    for choice in (chunk.choices or [])[:1]:
        reason = choice.finish_reason
        if choice.delta and choice.delta.content:
            text = choice.delta.content
    if not isinstance(text, str):
        raise TypeError("content must be text")
    return text, reason


def _completed(call: Call, said: list[str], finish_reason: str, usage: Any) -> Completed:
    if usage is None:
        prompt, answer = estimate_tokens(call.messages), estimate_text("".join(said))
        return Completed(finish_reason, prompt, answer, is_estimated=True)
    cached = getattr(usage.prompt_tokens_details, "cached_tokens", 0) or 0
    return Completed(finish_reason, usage.prompt_tokens or 0, usage.completion_tokens or 0, False, cached)
