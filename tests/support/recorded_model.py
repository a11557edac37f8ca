"""A model server that speaks the OpenAI API over real HTTP and answers what was recorded for a message."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.support.http_server import HttpServer
from tests.support.openai_server import ChatCompletions

MODEL = "porto-7b"
"""As ``ChatCompletions`` names it."""
REPLY = "I see."
"""What it says to a person, unless something else was recorded."""
NOTHING: Mapping[str, Any] = {"names": [], "promises": [], "instructions": [], "facts": []}
"""What it finds in a message for which nothing was recorded."""
Answer = Mapping[str, Any] | str


class RecordedModel(HttpServer):
    """``with RecordedModel() as model:`` give ``model.base_url`` to inference."""

    def __init__(self, read: Callable[[str, int], Answer] | None = None) -> None:
        """``read`` answers for a message and the number of times that it was read before, in place of ``found``."""
        self.found: dict[str, Answer] = {}
        """By message: what is found in it, or a text that is no such answer."""
        self.replies: dict[str, str] = {}
        """By message: what a person is answered."""
        self.read_messages: list[str] = []
        """The messages that it was asked to read, as often as it was."""
        self.holding = threading.Event()
        """While it is not set, nothing is read to its end."""
        self.holding.set()
        self._read = read
        routes = [
            Route("/v1/chat/completions", self._complete, methods=["POST"]),
            Route("/v1/models", self._list),
        ]
        super().__init__(routes)

    async def _list(self, _request: Request) -> Response:
        return JSONResponse({"object": "list", "data": [{"id": MODEL, "object": "model"}]})

    async def _complete(self, request: Request) -> Response:
        asked = await request.json()
        text = asked["messages"][-1]["content"]
        if "response_format" not in asked:
            return StreamingResponse(_stream(self.replies.get(text, REPLY)), media_type="text/event-stream")
        before = self.read_messages.count(text)
        self.read_messages.append(text)
        while not self.holding.is_set():
            await asyncio.sleep(0.01)
        answer = self._read(text, before) if self._read else self.found.get(text, NOTHING)
        if not isinstance(answer, str):
            schema = asked["response_format"]["json_schema"]["schema"]
            answer = json.dumps({name: answer.get(name, []) for name in schema["required"]})
        return StreamingResponse(_stream(answer), media_type="text/event-stream")


async def _stream(text: str) -> AsyncIterator[str]:
    dialect = ChatCompletions()
    yield dialect.begin()
    for start in range(0, len(text), 64):
        yield dialect.text(text[start : start + 64])
        await asyncio.sleep(0)
    for line in dialect.end(is_cut=False, has_usage=True):
        yield line


def fact(
    kind: str, subject: str, what: str, sentence: str, quote: str, when: str = "", importance: float = 0.5
) -> Any:
    """A fact as the model answers it."""
    return {
        "type": kind,
        "subject": subject,
        "object": what,
        "sentence": sentence,
        "quote": quote,
        "when": when,
        "importance": importance,
    }


def name(of: str, given: str, quote: str, confidence: float = 0.9) -> Any:
    """A name as the model answers it."""
    return {"of": of, "name": given, "quote": quote, "confidence": confidence}
