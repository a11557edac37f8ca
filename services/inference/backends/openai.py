"""Any server that speaks the OpenAI API: Chat Completions, streamed."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncGenerator, Mapping
from typing import TYPE_CHECKING, Any

from services.inference.errors import (
    BackendBusy,
    BackendCredentials,
    BackendCut,
    BackendFailed,
    BackendRefused,
    ContextTooLong,
    InvalidJson,
    UnknownModel,
)
from services.inference.generation import (
    CONTENT_FILTER,
    LENGTH,
    STOP,
    UNKNOWN,
    Call,
    Completed,
    ModelInfo,
    Part,
    Started,
    estimate_tokens,
)
from services.inference.settings import InferenceSettings
from services.runtime.errors import DomainError

if TYPE_CHECKING:
    from openai import AsyncOpenAI

NO_KEY = "none"
"""Sent where no key is set: local servers ignore it, and the library insists on one."""
LIST_SECONDS = 2.0
MAX_RETRY_AFTER_SECONDS = 30.0
"""A server that asks for longer is not waited for."""
_FINISH = {"stop": STOP, "length": LENGTH, "content_filter": CONTENT_FILTER}


class OpenAIBackend:
    """One server. The library is loaded at the first use: it takes more than half a second."""

    name = "openai"

    def __init__(self, settings: InferenceSettings) -> None:
        self._settings = settings
        self._client: AsyncOpenAI | None = None
        self._default_model = settings.model

    async def generate(self, call: Call) -> AsyncGenerator[Part]:
        """See ``Backend``."""
        attempt = 0
        while True:
            said: list[str] = []
            try:
                async for part in self._attempt(call):
                    if isinstance(part, str):
                        said.append(part)
                    yield part
            except (BackendRefused, BackendFailed, BackendBusy) as error:
                delay = self._delay(attempt, error.retry_after)
                if said or attempt >= self._settings.max_retries or delay > MAX_RETRY_AFTER_SECONDS:
                    raise
                attempt += 1
                await asyncio.sleep(delay)
            else:
                return

    async def models(self) -> list[ModelInfo]:
        """See ``Backend``."""
        import openai

        try:
            async with asyncio.timeout(LIST_SECONDS):
                names = [model.id async for model in self._open().models.list()]
        except (openai.OpenAIError, TimeoutError) as error:
            detail = (
                f"{self._settings.openai_base_url} does not answer ({type(error).__name__}): is it running?"
            )
            return [ModelInfo(self._default_model or "unknown", up=False, detail=detail)]
        default = self._default_model
        if not default:
            return [ModelInfo(name, up=True) for name in names]
        missing = f"the server does not have it: {', '.join(names[:8]) or 'it has none'}"
        others = [ModelInfo(name, up=True) for name in names if name != default]
        return [ModelInfo(default, up=default in names, detail="" if default in names else missing), *others]

    async def close(self) -> None:
        """See ``Backend``."""
        if self._client is not None:
            await self._client.close()

    async def _attempt(self, call: Call) -> AsyncGenerator[Part]:
        import httpx2
        import openai

        model = call.model or await self._default()
        said: list[str] = []
        finish_reason, usage = UNKNOWN, None
        stream: Any = None
        try:
            stream = await self._open().chat.completions.create(**_request(call, model))
            has_started = False
            async for chunk in stream:
                if not has_started:
                    has_started = True
                    yield Started(chunk.model or model)
                usage = chunk.usage or usage
                for choice in chunk.choices[:1]:
                    finish_reason = _FINISH.get(choice.finish_reason or "", finish_reason)
                    if choice.delta and choice.delta.content:
                        said.append(choice.delta.content)
                        yield choice.delta.content
        except (openai.OpenAIError, httpx2.HTTPError, json.JSONDecodeError) as error:
            raise _translated(error, model, has_said=bool(said)) from None
        finally:
            if stream is not None:
                await stream.close()
        if finish_reason == UNKNOWN:
            raise BackendCut("the model server ended the stream before the answer was complete")
        _check_json("".join(said), call.json_schema)
        yield _completed(call, said, finish_reason, usage)

    def _delay(self, attempt: int, asked: float | None) -> float:
        if asked is not None:
            return asked
        return self._settings.retry_seconds * 2**attempt * random.uniform(0.5, 1.5)

    async def _default(self) -> str:
        if not self._default_model:
            listed = await self.models()
            if not listed or not listed[0].up:
                raise BackendRefused(listed[0].detail if listed else "the model server has no model")
            self._default_model = listed[0].name
        return self._default_model

    def _open(self) -> AsyncOpenAI:
        if self._client is None:
            from openai import AsyncOpenAI, Timeout

            settings = self._settings
            timeout = Timeout(settings.read_timeout_seconds, connect=settings.connect_timeout_seconds)
            # Retries are ours: the library's would not stop at the first token.
            self._client = AsyncOpenAI(
                base_url=settings.openai_base_url, api_key=_key(settings), timeout=timeout, max_retries=0
            )
        return self._client


def _key(settings: InferenceSettings) -> str:
    if settings.openai_api_key_file is not None:
        return settings.openai_api_key_file.read_text().strip() or NO_KEY
    return settings.openai_api_key.get_secret_value() if settings.openai_api_key else NO_KEY


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


def _completed(call: Call, said: list[str], finish_reason: str, usage: Any) -> Completed:
    if usage is None:
        prompt, answer = estimate_tokens(call.messages), sum(map(len, said)) // 4
        return Completed(finish_reason, prompt, answer, is_estimated=True)
    cached = getattr(usage.prompt_tokens_details, "cached_tokens", 0) or 0
    return Completed(finish_reason, usage.prompt_tokens, usage.completion_tokens, False, cached)


def _check_json(text: str, schema: Mapping[str, Any] | None) -> None:
    if schema is None:
        return
    import jsonschema

    try:
        jsonschema.validate(json.loads(text), schema)
    except (json.JSONDecodeError, jsonschema.ValidationError):
        raise InvalidJson(
            "the model's answer does not keep to the JSON schema: try again, or another model"
        ) from None


def _translated(error: Exception, model: str, *, has_said: bool) -> DomainError:
    """What an error of the library or the connection means to the caller."""
    import openai

    if isinstance(error, openai.APIStatusError):
        return _of_status(error, model)
    if has_said:
        return BackendCut("the model server stopped in the middle of the answer")
    if isinstance(error, openai.APITimeoutError):
        return BackendRefused("the model server did not answer in time: is it overloaded?")
    if isinstance(error, openai.APIConnectionError):
        return BackendRefused("nothing answers where the model server should be: is it running?")
    return BackendFailed(f"the model server sent something that is no answer ({type(error).__name__})")


def _of_status(error: Any, model: str) -> DomainError:
    status, code = error.status_code, str(error.code or "")
    if status == 429:
        return BackendBusy("the model server asks to wait", retry_after=_retry_after(error))
    if status in (401, 403):
        return BackendCredentials("the model server refused the API key: set inference.openai_api_key_file")
    if status == 404:
        return UnknownModel(f"the model server has no model {model!r}", model=model)
    if status in (400, 413) and ("context" in code or "context" in str(error.message).lower()):
        return ContextTooLong()
    return BackendFailed(f"the model server answered {status}")


def _retry_after(error: Any) -> float | None:
    try:
        return float(error.response.headers.get("retry-after", ""))
    except ValueError:
        return None
