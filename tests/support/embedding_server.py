"""An embedding server that speaks the OpenAI API over real HTTP: real vectors, and misbehaviour on demand."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.memory.embedder import WordLlamaEmbedder
from tests.support.http_server import HttpServer

POISON = "unspeakable"
"""A text with this word is refused, and all that were sent with it."""


class EmbeddingServer(HttpServer):
    """WordLlama's vectors, cut to so many numbers, and turned so that no two models' vectors go together."""

    def __init__(self, dimensions: int = 64, port: int = 0) -> None:
        super().__init__([Route("/v1/embeddings", self._embed, methods=["POST"])], port)
        self.dimensions = dimensions
        self.texts: list[str] = []
        """Every text that was embedded."""
        self.keys: list[str] = []
        """What stood in the header ``Authorization`` of each call."""
        self.status = 200
        """Another one, and every call ends in it."""
        self.delay_s = 0.0
        self._embedder = WordLlamaEmbedder()

    async def _embed(self, request: Request) -> Response:
        body: dict[str, Any] = await request.json()
        self.keys.append(request.headers.get("authorization", ""))
        await asyncio.sleep(self.delay_s)
        if self.status != 200:
            return JSONResponse({"error": {"message": "no"}}, self.status)
        texts: list[str] = body["input"]
        if any(POISON in text for text in texts):
            return JSONResponse({"error": {"message": "this input is not allowed"}}, 400)
        self.texts += texts
        turned = np.roll(self._embedder.embed(texts), len(body["model"]), axis=1)[:, : self.dimensions]
        data = [
            {"object": "embedding", "index": place, "embedding": vector.tolist()}
            for place, vector in enumerate(turned)
        ]
        return JSONResponse(
            {
                "object": "list",
                "model": body["model"],
                "data": data,
                "usage": {"prompt_tokens": 1, "total_tokens": 1},
            }
        )
