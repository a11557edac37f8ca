"""Any server that speaks the OpenAI API."""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from services.inference.backends import openai_errors
from services.inference.backends.openai_apis import Api, ChatCompletions, Responses, Tokens
from services.inference.errors import BackendBusy, BackendCut, BackendFailed, BackendRefused, BackendRejected
from services.inference.generation import (
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


@dataclass(frozen=True, slots=True)
class ModelServer:
    """Where a server is, and how it is spoken to."""

    name: str
    """Of the backend."""
    base_url: str
    model: str
    """Where a call names none; empty: the server's first."""
    api: type[Api] = ChatCompletions
    key: str = NO_KEY
    trusted: ssl.SSLContext | None = None
    """Who may have signed its certificate; None: those that the system trusts."""


def openai_server(settings: InferenceSettings) -> ModelServer:
    """The server of the backend "openai". Raises StartupError where its API key or CA file cannot be used."""
    model = settings.model if settings.backend == "openai" else ""
    api = Responses if settings.openai_api == "responses" else ChatCompletions
    return ModelServer(
        "openai", settings.openai_base_url, model, api, _key(settings), _trusted(settings.openai_ca_file)
    )


def ollama_server(settings: InferenceSettings) -> ModelServer:
    """The server of the backend "ollama"."""
    model = settings.model if settings.backend == "ollama" else settings.ollama_model
    return ModelServer("ollama", settings.ollama_base_url, model)


class OpenAIBackend(Estimating):
    """One server. The library is loaded at the first use: it takes more than half a second."""

    def __init__(self, server: ModelServer, settings: InferenceSettings) -> None:
        self.name = server.name
        self.supports = server.api.supports
        self._server = server
        self._api = server.api()
        self._settings = settings
        self._client: AsyncOpenAI | None = None
        self._opening = asyncio.Lock()
        self._default_model = server.model

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
        with openai_errors.told_of_list(self._server.base_url):
            async with asyncio.timeout(LIST_SECONDS):
                return [str(model.id) async for model in client.models.list()]

    async def _attempt(self, call: Call, shape: Shape | None) -> AsyncGenerator[Part]:
        """Nothing before the first text: until then another attempt may be made."""
        model = call.model or await self._default()
        client = await self._open()
        said: list[str] = []
        finish_reason: str | None = None
        tokens: Tokens | None = None
        answering = model
        stream: Any = None
        until = asyncio.get_running_loop().time() + self._settings.first_token_timeout_seconds
        try:
            with openai_errors.told(model, said):
                async with asyncio.timeout_at(until):
                    stream = await self._api.open(client, call, model)
            messages = aiter(stream)
            while True:
                with openai_errors.told(model, said):
                    async with asyncio.timeout_at(None if said else until):
                        message: Any = await anext(messages, None)
                    if message is None:
                        break
                    seen = self._api.read(message)
                tokens = seen.tokens or tokens
                answering = seen.model or answering
                finish_reason = finish_reason if seen.finish_reason is None else seen.finish_reason
                if seen.text:
                    if not said:
                        yield Started(answering, self.name)
                    said.append(seen.text)
                    yield Delta(seen.text)
        finally:
            if stream is not None:
                await stream.close()
        if finish_reason is None:
            raise BackendCut("the model server ended the stream before the answer was complete")
        if shape is not None:
            shape.check("".join(said))
        if not said:
            yield Started(answering, self.name)
        yield _completed(call, said, finish_reason, tokens)

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
                self._client = await asyncio.to_thread(_client, self._settings, self._server)
        return self._client


def _client(settings: InferenceSettings, server: ModelServer) -> AsyncOpenAI:
    from openai import AsyncOpenAI, DefaultAsyncHttpx2Client, Timeout

    timeout = Timeout(settings.read_timeout_seconds, connect=settings.connect_timeout_seconds)
    # Retries are ours: the library's know neither the call's deadline nor what was sent already.
    client = AsyncOpenAI(
        base_url=server.base_url,
        api_key=server.key,
        timeout=timeout,
        max_retries=0,
        http_client=DefaultAsyncHttpx2Client(verify=server.trusted or True),
    )
    _ = client.chat.completions, client.responses, client.models  # imports the rest, here in a thread
    return client


def _trusted(ca_file: Path | None) -> ssl.SSLContext | None:
    if ca_file is None:
        return None
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError):
        raise StartupError(
            USAGE, f"{ca_file} cannot be used: set inference.openai_ca_file to a PEM file with a certificate"
        ) from None


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


def _completed(call: Call, said: list[str], finish_reason: str, tokens: Tokens | None) -> Completed:
    if tokens is None:
        prompt, answer = estimate_tokens(call.messages), estimate_text("".join(said))
        return Completed(finish_reason, prompt, answer, is_estimated=True)
    return Completed(finish_reason, tokens.prompt, tokens.completion, False, tokens.cached)
