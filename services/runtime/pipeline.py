"""What happens around every RPC of ours, in this order, whatever its kind:

1. its span, which ends with the true final code;
2. the caller: token, scope, minds;
3. whether the service takes calls (STARTING, STOPPING);
4. limits on calls and streams;
5. the deadline, ours where the client sent none;
6. whether the request can be decoded, and its check;
7. the servicer, and the mapping of what it raises to a status.

Methods are wrapped once, as they are registered: grpc.aio runs interceptors anew for each call. It also waits for
every registered method at each call, which costs more the more there are, so they go in as generic handlers. A
streaming handler becomes a coroutine that writes its messages, so that the servicer's generator runs in the RPC's own
task from first to last and context variables behave.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import grpc
import grpc.aio
from google.protobuf.message import DecodeError, Message

from services.runtime import auth, deadline, status
from services.runtime.caller import Caller, set_caller
from services.runtime.checks import Check, enforce, nothing
from services.runtime.errors import DeadlineExceeded, InvalidArgument, Violation
from services.runtime.inside import Exchange
from services.runtime.inside_call import PEER, Call
from services.runtime.limits import Gate, Limits
from services.runtime.scopes import ACCESS, Access
from services.runtime.sections import ServerSettings
from services.runtime.tracing import ServerSpan, sent_along

_log = logging.getLogger("pmm.server")

if TYPE_CHECKING:
    # Generic in the stubs only.
    Context = grpc.aio.ServicerContext[Any, Any]
    Handler = grpc.RpcMethodHandler[Any, Any]
    Work = Callable[[Any, Context], Any]


class Undecodable(InvalidArgument):
    """The bytes of the request are not the message that they should be."""

    reason = "UNDECODABLE"

    def __init__(self) -> None:
        description = (
            "could not be decoded: it must be a message of this RPC, with valid UTF-8 in every string"
        )
        super().__init__([Violation("request", description)])


class _Broken:
    """Stands for a request that could not be decoded, until the call has its context and can be refused."""


_BROKEN = _Broken()


@dataclass(frozen=True, slots=True)
class Rpc:
    """One method as the pipeline sees it."""

    method: str
    """``/pmm.ledger.v1.LedgerService/Append``"""
    access: Access | None
    gate: Gate
    is_stream: bool
    """Whether responses stream: such a call may last."""
    reads_stream: bool
    """Whether requests stream."""


class Pipeline:
    """Wraps every RPC of the given services. What is public besides (health, reflection) passes untouched."""

    def __init__(
        self,
        settings: ServerSettings,
        tokens: auth.Tokens | None,
        gates: Mapping[str, Gate],
        checks: Mapping[type[Message], Check],
    ) -> None:
        self._settings = settings
        self._tokens = tokens
        self._gates = gates
        self._checks = checks
        self._limits = Limits(settings.max_concurrent_rpcs, settings.max_streams_per_peer)

    def around(self, server: grpc.aio.Server, inside: Exchange | None = None) -> grpc.aio.Server:
        """What servicers are to be added to, as generated code does it; ``inside`` gets the same."""
        return cast("grpc.aio.Server", _WrappingServer(server, self, inside))

    def wrap(self, service: str, handlers: Mapping[str, Handler]) -> dict[str, Handler]:
        """The handlers of a service's methods, by name, with the pipeline around them."""
        return {name: self._wrap(f"/{service}/{name}", handler) for name, handler in handlers.items()}

    def _wrap(self, method: str, handler: Handler) -> Handler:
        access = ACCESS.get(method)
        gate = self._gates.get(method.lstrip("/").partition("/")[0])
        if gate is None:
            if self._tokens is None or (access is not None and access.scope is None):
                return handler
            gate = Gate(method)
            gate.open()
        rpc = Rpc(method, access, gate, handler.response_streaming, handler.request_streaming)
        decode = _decoder(handler.request_deserializer)
        match handler.request_streaming, handler.response_streaming:
            case False, False:
                work = cast("Work", handler.unary_unary)
                make, run = grpc.unary_unary_rpc_method_handler, self._answering(rpc, work)
            case False, True:
                work = cast("Work", handler.unary_stream)
                make, run = grpc.unary_stream_rpc_method_handler, self._writing(rpc, work)
            case True, False:
                work = cast("Work", handler.stream_unary)
                make, run = grpc.stream_unary_rpc_method_handler, self._answering(rpc, work)
            case _:
                work = cast("Work", handler.stream_stream)
                make, run = grpc.stream_stream_rpc_method_handler, self._writing(rpc, work)
        return cast("Handler", make(cast("Any", run), decode, handler.response_serializer))

    def _answering(self, rpc: Rpc, work: Work) -> Work:
        async def answer(request: Any, context: Context) -> Any:
            return await self._run(rpc, context, request, lambda admitted: _result(work(admitted, context)))

        return answer

    def _writing(self, rpc: Rpc, work: Work) -> Work:
        async def write(request: Any, context: Context) -> None:
            await self._run(rpc, context, request, lambda admitted: _pump(work(admitted, context), context))

        return write

    async def _run(
        self, rpc: Rpc, context: Context, request: Any, work: Callable[[Any], Awaitable[Any]]
    ) -> Any:
        """One call from its first to its last moment. Leaves by its result, by cancellation or by abort."""
        metadata = cast("tuple[tuple[str, Any], ...]", context.invocation_metadata() or ())
        client_seconds = cast("float | None", context.time_remaining())
        parent = context.trace if isinstance(context, Call) else sent_along(metadata)
        with ServerSpan(rpc.method, parent) as span:
            try:
                return await self._admitted(rpc, context, request, work, metadata, client_seconds)
            except asyncio.CancelledError:
                late = client_seconds is not None and (context.time_remaining() or 0.0) < deadline.NEARLY_OVER
                span.code = grpc.StatusCode.DEADLINE_EXCEEDED if late else grpc.StatusCode.CANCELLED
                raise
            except grpc.aio.AbortError:
                span.code = _aborted_code(context)
                raise
            except Exception as error:  # noqa: BLE001  the one place where anything becomes a status
                answer = status.to_status(error)
                span.code = status.code_of(answer)
                span.reason = getattr(error, "reason", "") or type(error).__name__
                _log.debug("%s: %s %s", rpc.method, span.code.name, span.reason)
                try:
                    await context.abort(span.code, answer.message, status.trailing_metadata(answer))
                except grpc.aio.InternalError:
                    # The client has gone just now, and nobody is left to tell.
                    raise asyncio.CancelledError from None

    async def _admitted(
        self,
        rpc: Rpc,
        context: Context,
        request: Any,
        work: Callable[[Any], Awaitable[Any]],
        metadata: tuple[tuple[str, Any], ...],
        client_seconds: float | None,
    ) -> Any:
        caller = auth.authenticate(self._tokens, rpc.access, metadata)
        set_caller(caller)
        deadline.start(client_seconds)
        # What this process asks itself is done for a call that was counted, or for nobody: refused, it would be lost.
        is_outer = context.peer() != PEER
        # Without tokens a client is its connection.
        client = caller.owner if self._tokens else context.peer()
        stream_of = (client, rpc.method) if is_outer and rpc.is_stream else None
        seconds = self._own_limit(rpc, client_seconds)
        rpc.gate.enter()
        try:
            if is_outer:
                self._limits.enter(stream_of)
            try:
                if rpc.reads_stream:
                    request = self._admit_each(rpc, caller, request)
                else:
                    self._admit(rpc, caller, request)
                if seconds is None:
                    return await work(request)
                async with deadline.at_most(seconds):
                    return await work(request)
            finally:
                if is_outer:
                    self._limits.leave(stream_of)
        finally:
            rpc.gate.leave()

    def _own_limit(self, rpc: Rpc, client_seconds: float | None) -> float | None:
        """Seconds after which we end the call ourselves; None where the client's deadline or nothing does."""
        if client_seconds is not None and client_seconds <= 0:
            raise DeadlineExceeded("the deadline had passed before the call began: allow more time")
        if rpc.is_stream:
            return None  # a stream lasts as long as its client wants
        if client_seconds is None:
            return self._settings.default_deadline_seconds
        longest = self._settings.max_deadline_seconds
        return longest if client_seconds > longest else None

    def _admit(self, rpc: Rpc, caller: Caller, request: Any, *, is_first: bool = True) -> None:
        if request is _BROKEN:
            raise Undecodable
        auth.authorize(caller, rpc.access, request, is_first=is_first)
        enforce(self._checks.get(type(request), nothing), request)

    async def _admit_each(self, rpc: Rpc, caller: Caller, requests: AsyncIterator[Any]) -> AsyncIterator[Any]:
        is_first = True
        async for request in requests:
            self._admit(rpc, caller, request, is_first=is_first)
            is_first = False
            yield request


class _WrappingServer:
    """Takes what generated code registers, and registers it wrapped."""

    def __init__(self, server: grpc.aio.Server, pipeline: Pipeline, inside: Exchange | None) -> None:
        self._server = server
        self._pipeline = pipeline
        self._inside = inside

    def add_generic_rpc_handlers(self, _: object) -> None:
        """Generated code names the methods once more, below."""

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, Handler]) -> None:
        wrapped = self._pipeline.wrap(service, handlers)
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, wrapped),))
        if self._inside is not None:
            self._inside.add(service, wrapped)


def _decoder(decode: Callable[[bytes], Any] | None) -> Callable[[bytes], Any] | None:
    if decode is None:
        return None

    def tolerant(raw: bytes) -> Any:
        try:
            return decode(raw)
        except (DecodeError, UnicodeDecodeError):
            return _BROKEN

    return tolerant


async def _result(answer: Any) -> Any:
    return await answer if inspect.isawaitable(answer) else answer


async def _pump(messages: Any, context: Context) -> None:
    """Write what a servicer yields, at the client's pace; the generator is closed here and nowhere else."""
    if inspect.isawaitable(messages):  # a servicer that writes by itself
        await messages
        return
    try:
        async for message in messages:
            await context.write(message)
    finally:
        if inspect.isasyncgen(messages):
            await messages.aclose()


def _aborted_code(context: Context) -> grpc.StatusCode:
    code = cast("Any", context.code())
    if isinstance(code, grpc.StatusCode):
        return code
    return next((known for known in grpc.StatusCode if known.value[0] == code), grpc.StatusCode.UNKNOWN)
