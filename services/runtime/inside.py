"""Calls between services of one process: the contract, the bytes and the pipeline of any other call, and no connection.

Over loopback a call takes half a millisecond of the event loop that both its ends share, which was most of what a turn
took. What crosses here is what would cross there: serialized messages, metadata, a deadline, a status.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Callable, Coroutine, Mapping
from contextvars import Context
from typing import TYPE_CHECKING, Any, TypeVar

import grpc

from services.runtime.inside_call import Call, Limits, Metadata, failed

if TYPE_CHECKING:
    # Generic in the stubs only.
    Handler = grpc.RpcMethodHandler[Any, Any]

CANCEL_GRACE_SECONDS = 0.5
"""For calls to end by themselves before they are cancelled."""
T = TypeVar("T")


class Exchange:
    """The RPCs of a process's services, as they answer callers from outside."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._handlers: dict[str, Handler] = {}
        self._running: set[asyncio.Task[Any]] = set()

    def add(self, service: str, handlers: Mapping[str, Handler]) -> None:
        """Take the methods of a service."""
        self._handlers |= {f"/{service}/{name}": handler for name, handler in handlers.items()}

    def handler(self, method: str) -> Handler:
        """Raises AioRpcError, UNIMPLEMENTED."""
        found = self._handlers.get(method)
        if found is None:
            raise failed(grpc.StatusCode.UNIMPLEMENTED, f"no service of this process has {method}")
        return found

    def begin(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run one call's handler; nothing of the caller's context reaches it."""
        task = asyncio.get_running_loop().create_task(work, context=Context())
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            # A caller that has gone away asks for no result, and asyncio would complain.
            task.exception()

    async def stop(self) -> None:
        """End every call: those that are not done within the grace are cancelled."""
        if self._running:
            await asyncio.wait(self._running, timeout=CANCEL_GRACE_SECONDS)
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)


class InsideChannel:
    """What the raw clients use of a ``grpc.aio.Channel``, to the services of this process."""

    def __init__(self, exchange: Exchange, token: str | None = None) -> None:
        self._exchange = exchange
        self._metadata: Metadata = (("authorization", f"Bearer {token}"),) if token else ()

    def unary_unary(
        self,
        method: str,
        request_serializer: Callable[[Any], bytes],
        response_deserializer: Callable[[bytes], Any],
    ) -> Callable[..., Any]:
        """A request, an answer."""

        async def run(request: Any, *, timeout: float | None = None, metadata: Metadata = ()) -> Any:
            call = self._call(method, timeout, metadata)
            return response_deserializer(await call.answer(request_serializer(request)))

        return run

    def unary_stream(
        self,
        method: str,
        request_serializer: Callable[[Any], bytes],
        response_deserializer: Callable[[bytes], Any],
    ) -> Callable[..., Any]:
        """A request, a stream of answers."""

        def run(request: Any, *, timeout: float | None = None, metadata: Metadata = ()) -> Any:
            call = self._call(method, timeout, metadata)
            return call.answers(request_serializer(request), response_deserializer)

        return run

    def stream_unary(
        self,
        method: str,
        request_serializer: Callable[[Any], bytes],
        response_deserializer: Callable[[bytes], Any],
    ) -> Callable[..., Any]:
        """A stream of requests, an answer."""

        async def run(
            requests: AsyncIterable[Any], *, timeout: float | None = None, metadata: Metadata = ()
        ) -> Any:
            call = self._call(method, timeout, metadata)
            return response_deserializer(await call.answer_all(requests, request_serializer))

        return run

    async def close(self, grace: float | None = None) -> None:
        """End every call."""
        del grace
        await self._exchange.stop()

    def _call(self, method: str, timeout: float | None, metadata: Metadata) -> Call:
        return Call(
            method,
            self._exchange.handler(method),
            (*self._metadata, *metadata),
            timeout,
            self._exchange.limits,
            self._exchange.begin,
        )
