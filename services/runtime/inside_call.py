"""One call within a process, from both its ends: what the handler sees of it, and what the client gets."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import grpc
import grpc.aio

from services.runtime import telemetry
from services.runtime.tracing import ClientSpan, within

if TYPE_CHECKING:
    # Generic in the stubs only.
    Handler = grpc.RpcMethodHandler[Any, Any]

PEER = "inside"
"""What such a call has in place of its client's address."""
_AHEAD = 4
"""Messages that a reader may leave; then the writer waits for it. A page of events is up to a megabyte long."""
Metadata = Sequence[tuple[str, Any]]
Begin = Callable[[Coroutine[Any, Any, Any]], asyncio.Task[Any]]


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a message may be, as for a call from outside."""

    request_bytes: int
    response_bytes: int


def failed(code: grpc.StatusCode, details: str, trailing_metadata: Metadata = ()) -> grpc.aio.AioRpcError:
    """What a client gets of a call that failed."""
    return grpc.aio.AioRpcError(code, grpc.aio.Metadata(), grpc.aio.Metadata(*trailing_metadata), details, "")


class Call:
    """A call that runs once: with ``answer``, ``answers`` or ``answer_all``."""

    def __init__(
        self,
        method: str,
        handler: Handler,
        metadata: Metadata,
        timeout: float | None,
        limits: Limits,
        begin: Begin,
    ) -> None:
        self._handler = handler
        self._timeout = timeout
        self._deadline = None if timeout is None else time.monotonic() + timeout
        self._limits = limits
        self._begin = begin
        # As for a channel to elsewhere: only where spans go anywhere.
        self._span = ClientSpan(method) if telemetry.is_exported() else None
        self.trace = self._span.context if self._span else within()
        """The span that it is made in."""
        self._metadata = metadata
        self._responses = _Pipe()
        self._failure: grpc.aio.AioRpcError | None = None
        self._is_late = False

    # What our pipeline and servicers use of a ``ServicerContext``.

    def invocation_metadata(self) -> Metadata:
        """What the client sent along."""
        return self._metadata

    def time_remaining(self) -> float | None:
        """Seconds, 0 once it is late; None without a deadline."""
        if self._deadline is None or self._is_late:
            return None if self._deadline is None else 0.0
        return max(0.0, self._deadline - time.monotonic())

    def peer(self) -> str:
        """The client."""
        return PEER

    def code(self) -> grpc.StatusCode | None:
        """The status, where the call was aborted."""
        return self._failure.code() if self._failure else None

    async def abort(self, code: grpc.StatusCode, details: str = "", trailing_metadata: Metadata = ()) -> None:
        """End the call with a status."""
        self._failure = failed(code, details, trailing_metadata)
        raise grpc.aio.AbortError

    async def write(self, message: Any) -> None:
        """Send one message of a stream."""
        await self._responses.put(self._sent(message))

    # What the client does.

    async def answer(self, request: bytes) -> bytes:
        """The answer to one request. Raises AioRpcError."""
        handle = cast("Any", self._handler.unary_unary)

        async def run() -> bytes:
            return self._sent(await handle(self._received(request), self))

        return await self._outcome(run())

    async def answer_all(self, requests: AsyncIterable[Any], serialize: Callable[[Any], bytes]) -> bytes:
        """The answer to a stream of requests. Raises AioRpcError, and what ``requests`` raises."""
        sent = _Pipe()

        async def send() -> None:
            async for request in requests:
                await sent.put(serialize(request))
            sent.end()

        async def received() -> AsyncIterator[Any]:
            while (request := await sent.get()) is not None:
                yield self._received(request)

        handle = cast("Any", self._handler.stream_unary)

        async def run() -> bytes:
            return self._sent(await handle(received(), self))

        sending = asyncio.create_task(send())
        answering = asyncio.create_task(self._outcome(run()))
        try:
            await asyncio.wait({sending, answering}, return_when=asyncio.FIRST_COMPLETED)
            # An answer may come before the last request; a request that fails means that none will.
            if not answering.done():
                await sending
            return await answering
        finally:
            for task in (sending, answering):
                task.cancel()
            await asyncio.gather(sending, answering, return_exceptions=True)

    def answers(self, request: bytes, deserialize: Callable[[bytes], Any]) -> Answers:
        """The answers to one request, as they come."""
        handle = cast("Any", self._handler.unary_stream)

        async def run() -> None:
            await handle(self._received(request), self)

        return Answers(self._responses, asyncio.ensure_future(self._outcome(run())), deserialize)

    async def _outcome(self, work: Coroutine[Any, Any, Any]) -> Any:
        """What the handler's task comes to, within the deadline."""
        loop = asyncio.get_running_loop()
        task, ended = self._begin(work), loop.create_future()
        task.add_done_callback(lambda _: None if ended.done() else ended.set_result(None))
        timer = loop.call_later(self._timeout, self._expire, ended) if self._timeout is not None else None
        code = grpc.StatusCode.CANCELLED
        try:
            await ended
            result = self._result(task)
            code = grpc.StatusCode.OK
            return result
        except grpc.aio.AioRpcError as error:
            code = error.code()
            raise
        finally:
            task.cancel()
            if timer:
                timer.cancel()
            if self._span:
                self._span.end(code)

    def _expire(self, ended: asyncio.Future[None]) -> None:
        self._is_late = True
        if not ended.done():
            ended.set_result(None)

    def _result(self, task: asyncio.Task[Any]) -> Any:
        if self._is_late:
            raise failed(grpc.StatusCode.DEADLINE_EXCEEDED, "Deadline Exceeded")
        if task.cancelled():
            raise failed(grpc.StatusCode.CANCELLED, "the process stops")
        try:
            return task.result()
        except grpc.aio.AbortError:
            assert self._failure is not None
            raise self._failure from None

    def _received(self, request: bytes) -> Any:
        if len(request) > self._limits.request_bytes:
            raise _too_long(request, self._limits.request_bytes)
        decode = self._handler.request_deserializer
        return decode(request) if decode else request

    def _sent(self, message: Any) -> bytes:
        encode = self._handler.response_serializer
        data = encode(message) if encode else message
        if len(data) > self._limits.response_bytes:
            raise _too_long(data, self._limits.response_bytes)
        return data


class Answers:
    """A stream of answers, from the client's side."""

    def __init__(
        self, responses: _Pipe, running: asyncio.Future[None], deserialize: Callable[[bytes], Any]
    ) -> None:
        self._responses = responses
        self._running = running
        self._deserialize = deserialize
        # A call that failed may never be read from.
        running.add_done_callback(self._ended)

    def _ended(self, running: asyncio.Future[None]) -> None:
        self._responses.end()
        if not running.cancelled():
            running.exception()

    async def __aiter__(self) -> AsyncGenerator[Any]:
        while (message := await self._responses.get()) is not None:
            yield self._deserialize(message)
        await self._running

    def cancel(self) -> bool:
        """End the call; whether it was running."""
        return self._running.cancel()


class _Pipe:
    """Messages on their way from a writer to a reader."""

    def __init__(self) -> None:
        self._messages: deque[bytes] = deque()
        self._reader: asyncio.Future[None] | None = None
        self._writer: asyncio.Future[None] | None = None
        self._is_over = False

    async def put(self, message: bytes) -> None:
        while len(self._messages) >= _AHEAD:
            self._writer = asyncio.get_running_loop().create_future()
            await self._writer
        self._messages.append(message)
        _wake(self._reader)

    async def get(self) -> bytes | None:
        """The next message; None after the last."""
        while not self._messages:
            if self._is_over:
                return None
            self._reader = asyncio.get_running_loop().create_future()
            await self._reader
        message = self._messages.popleft()
        _wake(self._writer)
        return message

    def end(self) -> None:
        """No message comes any more."""
        self._is_over = True
        _wake(self._reader)


def _wake(waiting: asyncio.Future[None] | None) -> None:
    if waiting is not None and not waiting.done():
        waiting.set_result(None)


def _too_long(message: bytes, most: int) -> grpc.aio.AioRpcError:
    return failed(
        grpc.StatusCode.RESOURCE_EXHAUSTED, f"a message of {len(message)} bytes is longer than {most}"
    )
