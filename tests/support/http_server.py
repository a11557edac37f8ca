"""A real HTTP server on a thread of its own, for tests of what calls one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route

START_SECONDS = 10.0


class HttpServer:
    """Serves its routes from ``with`` on, on a free port of 127.0.0.1; over TLS with a certificate and its key."""

    def __init__(self, routes: Sequence[Route], port: int = 0, tls: tuple[Path, Path] | None = None) -> None:
        self._scheme = "https" if tls else "http"
        config = uvicorn.Config(
            Starlette(routes=routes),
            port=port,
            log_level="critical",
            lifespan="off",
            timeout_graceful_shutdown=1,
            ssl_certfile=tls and tls[0],
            ssl_keyfile=tls and tls[1],
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._started = threading.Event()

    @property
    def port(self) -> int:
        """The port."""
        return self._server.servers[0].sockets[0].getsockname()[1]

    @property
    def base_url(self) -> str:
        """As the settings of an OpenAI-compatible server want it."""
        return f"{self._scheme}://127.0.0.1:{self.port}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._started.wait(START_SECONDS), "the server did not start"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()

    def _run(self) -> None:
        async def serve() -> None:
            serving = asyncio.create_task(self._server.serve())
            while not self._server.started and not serving.done():
                await asyncio.sleep(0.01)
            self._started.set()
            await serving

        asyncio.run(serve())
