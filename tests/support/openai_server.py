"""A model server that speaks the OpenAI API over real HTTP and misbehaves as the name of the model says."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.support.http_server import HttpServer

WORDS = ("Your ", "sister ", "lives ", "in ", "Porto.")
"""What an undisturbed answer says."""
RETRY_AFTER_SECONDS = 7

REFUSALS: dict[str, tuple[int, dict[str, str]]] = {
    "400": (400, {"message": "bad request"}),
    "401": (401, {"message": "bad key"}),
    "404": (404, {"message": "no such model", "code": "model_not_found"}),
    "context": (400, {"message": "maximum context length is 8", "code": "context_length_exceeded"}),
    "429": (429, {"message": "slow down"}),
    "500": (500, {"message": "out of memory"}),
}
"""Models that answer with an error; ``echo`` answers with one that holds the whole conversation."""
STREAMS = (
    "ok", "slow-first", "slow-mid", "endless", "cut-first", "cut", "unfinished",
    "malformed-first", "malformed", "misshapen", "error-mid", "no-usage", "long", "json", "not-json", "said", "held",
    "held-mid", "said-cut",
)  # fmt: skip
"""Models that begin to answer. ``NAME-then-ok``: as NAME at first, and well the second time. ``said`` says what
``says`` tells it to, and ``said-cut`` has more to say; ``held`` what it told it when it was asked, once ``released`` is
set, and ``held-mid`` waits for that in the middle."""


class OpenAIServer(HttpServer):
    """``with OpenAIServer() as server:`` give ``server.base_url`` to a client; the model is the scenario."""

    def __init__(self, tls: tuple[Path, Path] | None = None) -> None:
        self.requests: list[dict[str, Any]] = []
        """Bodies of the requests for a completion, in the order in which they came."""
        self.keys: list[str] = []
        """What stood in the header ``Authorization`` of each."""
        self.models: Any = {"object": "list", "data": [{"id": name, "object": "model"} for name in STREAMS]}
        """The answer to a request for the models."""
        self.says = ""
        """What the models `said` and `held` answer."""
        self.released = threading.Event()
        self._changed = threading.Condition()
        self._open = 0
        self._disconnected = 0
        routes = [
            Route("/v1/chat/completions", self._complete, methods=["POST"]),
            Route("/v1/responses", self._complete, methods=["POST"]),
            Route("/v1/models", self._list),
        ]
        super().__init__(routes, tls=tls)

    @property
    def open_streams(self) -> int:
        """Answers that are being sent now."""
        with self._changed:
            return self._open

    @property
    def disconnects(self) -> int:
        """Answers whose reader went away before the end."""
        with self._changed:
            return self._disconnected

    def wait_until(
        self, *, open_streams: int | None = None, disconnects: int = 0, timeout: float = 10
    ) -> None:
        """Block until so many streams are open and so many readers went away; AssertionError after timeout."""

        def is_so() -> bool:
            return self._disconnected >= disconnects and open_streams in (None, self._open)

        with self._changed:
            if not self._changed.wait_for(is_so, timeout):
                raise AssertionError(f"{self._open} streams open, {self._disconnected} disconnects")

    async def _list(self, request: Request) -> Response:
        if isinstance(self.models, int):
            return JSONResponse({"error": {"message": "no"}}, self.models)
        return JSONResponse(self.models)

    async def _complete(self, request: Request) -> Response:
        body = await request.json()
        self.requests.append(body)
        self.keys.append(request.headers.get("authorization", ""))
        scenario: str = body["model"]
        name, _, then = scenario.partition("-then-")
        if then and sum(earlier["model"] == scenario for earlier in self.requests) > 1:
            name = then
        if name == "busy":  # for a moment only
            return JSONResponse({"error": {"message": "wait"}}, 429, {"Retry-After": "0"})
        if name in REFUSALS:
            status, error = REFUSALS[name]
            headers = {"Retry-After": str(RETRY_AFTER_SECONDS)} if status == 429 else {}
            return JSONResponse({"error": error}, status, headers)
        if name == "echo":  # an error that quotes what it was asked
            said = str(body.get("messages") or body.get("input"))
            return JSONResponse({"error": {"message": f"cannot answer {said}"}}, 400)
        dialect = Responses() if request.url.path.endswith("/responses") else ChatCompletions()
        return StreamingResponse(
            self._counted(_stream(name, dialect, self.says, self.released)), media_type="text/event-stream"
        )

    async def _counted(self, stream: AsyncIterator[str]) -> AsyncIterator[str]:
        self._count(opened=1)
        try:
            async for line in stream:
                yield line
        except asyncio.CancelledError:
            self._count(opened=-1, disconnected=1)
            raise
        except BaseException:
            self._count(opened=-1)
            raise
        self._count(opened=-1)

    def _count(self, *, opened: int, disconnected: int = 0) -> None:
        with self._changed:
            self._open += opened
            self._disconnected += disconnected
            self._changed.notify_all()


class ChatCompletions:
    """The lines of an answer as Chat Completions has them."""

    def begin(self) -> str:
        return self._chunk({"role": "assistant"})

    def text(self, word: str) -> str:
        return self._chunk({"content": word})

    def end(self, *, is_cut: bool, has_usage: bool) -> list[str]:
        lines = [self._chunk({}, "length" if is_cut else "stop")]
        if has_usage:
            usage = {"prompt_tokens": 21, "completion_tokens": 5, "total_tokens": 26}
            details = {"prompt_tokens_details": {"cached_tokens": 16}}
            lines.append(self._line({"choices": [], "usage": usage | details}))
        return [*lines, "data: [DONE]\n\n"]

    def misshapen(self) -> str:
        return self._line({"choices": [{"delta": "text", "finish_reason": 7}]})

    def error(self) -> str:
        return self._line({"error": {"message": "out of memory"}})

    def _chunk(self, delta: dict[str, str], finish_reason: str | None = None) -> str:
        return self._line({"choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}]})

    def _line(self, content: dict[str, Any]) -> str:
        envelope = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "porto-7b"}
        return f"data: {json.dumps(envelope | content)}\n\n"


class Responses:
    """The events of an answer as the Responses API has them."""

    def begin(self) -> str:
        return self._event("response.created", response=self._response("in_progress"))

    def text(self, word: str) -> str:
        return self._event(
            "response.output_text.delta", delta=word, item_id="m", output_index=0, content_index=0
        )

    def end(self, *, is_cut: bool, has_usage: bool) -> list[str]:
        name = "incomplete" if is_cut else "completed"
        why = {"incomplete_details": {"reason": "max_output_tokens"}} if is_cut else {}
        usage = {
            "input_tokens": 21, "output_tokens": 5, "total_tokens": 26,
            "input_tokens_details": {"cached_tokens": 16}, "output_tokens_details": {"reasoning_tokens": 0},
        }  # fmt: skip
        used = {"usage": usage} if has_usage else {}
        return [self._event(f"response.{name}", response=self._response(name) | why | used)]

    def misshapen(self) -> str:
        return self._event("response.output_text.delta", delta={"text": 7})

    def error(self) -> str:
        return self._event("response.failed", response=self._response("failed"))

    def _response(self, status: str) -> dict[str, Any]:
        return {"id": "r", "object": "response", "model": "porto-7b", "status": status, "output": []}

    def _event(self, name: str, **content: Any) -> str:
        return f"event: {name}\ndata: {json.dumps({'type': name, 'sequence_number': 1} | content)}\n\n"


async def _stream(
    name: str, dialect: ChatCompletions | Responses, says: str, released: threading.Event
) -> AsyncIterator[str]:
    yield dialect.begin()
    match name:
        case "held":
            await _is_set(released)
        case "slow-first":
            await asyncio.Event().wait()
        case "cut-first":
            raise ConnectionResetError
        case "malformed-first":
            yield "data: {this is no JSON\n\n"
    told = {"json": '{"city": "Porto"}', "not-json": '{"city": 3}'} | dict.fromkeys(
        ("said", "said-cut", "held"), says
    )
    words = (told[name],) if name in told else WORDS
    for index, word in enumerate(words):
        if index == 2:
            async for line in _disturbed(name, dialect, released):
                yield line
        yield dialect.text(word)
        await asyncio.sleep(0)
    if name != "unfinished":
        for line in dialect.end(is_cut=name in ("long", "said-cut"), has_usage=name != "no-usage"):
            yield line


async def _is_set(event: threading.Event) -> None:
    while not event.is_set():
        await asyncio.sleep(0.01)


async def _disturbed(
    name: str, dialect: ChatCompletions | Responses, released: threading.Event
) -> AsyncIterator[str]:
    """What comes in the middle of an answer."""
    match name:
        case "held-mid":
            await _is_set(released)
        case "slow-mid":
            await asyncio.Event().wait()
        case "endless":
            while True:
                yield dialect.text("more ")
                await asyncio.sleep(0.01)
        case "cut":
            raise ConnectionResetError
        case "malformed":
            yield "data: {this is no JSON\n\n"
        case "misshapen":
            yield dialect.misshapen()
        case "error-mid":
            yield dialect.error()
