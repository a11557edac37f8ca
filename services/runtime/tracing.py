"""Spans around gRPC calls, on both sides, with W3C trace context in the metadata.

Our own rather than OpenTelemetry's aio instrumentation, which loses the final code of cancelled and aborted
calls. A server span is attached in the RPC's own task, never across a ``yield``; a client span never is.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

import grpc
import grpc.aio
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from services.runtime import telemetry

SERVER_DURATION = "rpc.server.duration"
CLIENT_DURATION = "rpc.client.duration"
STATUS_CODE = "rpc.grpc.status_code"

_TRACE_KEYS = frozenset({"traceparent", "tracestate"})
_ids = RandomIdGenerator()
_propagator = TraceContextTextMapPropagator()

_SERVER_FAULTS = frozenset(
    {
        grpc.StatusCode.UNKNOWN,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.UNIMPLEMENTED,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DATA_LOSS,
    }
)
"""Codes that make the server's span an error; the others are the client's doing (OpenTelemetry's rule)."""


def _split(method: str) -> tuple[str, str]:
    service, _, name = method.lstrip("/").partition("/")
    return service, name


class ServerSpan:
    """The span of one RPC. Set ``code`` (and ``reason``) before leaving the block."""

    __slots__ = ("_attributes", "_method", "_parent", "_span", "_started", "_token", "code", "reason")

    _token: telemetry.Attached
    _span: Span
    _started: float

    def __init__(self, method: str, parent: Context) -> None:
        """``parent`` has the span that the call was made in: ``sent_along`` or ``within``."""
        self._method = method
        self._parent = parent
        self.code = grpc.StatusCode.OK
        self.reason = ""

    def __enter__(self) -> ServerSpan:
        service, name = _split(self._method)
        self._attributes: dict[str, telemetry.Attribute] = {
            "rpc.system": "grpc",
            "rpc.service": service,
            "rpc.method": name,
        }
        self._started = time.perf_counter()
        if telemetry.is_exported():
            span = telemetry.tracer().start_span(
                self._method.lstrip("/"), self._parent, SpanKind.SERVER, self._attributes
            )
            context = trace.set_span_in_context(span, self._parent)
        else:
            context = _identified(self._parent)
        self._span = trace.get_current_span(context)
        self._token = telemetry.attach(context)
        return self

    def __exit__(self, *_: object) -> None:
        telemetry.detach(self._token)
        _close(self._span, self.code, failed=self.code in _SERVER_FAULTS, reason=self.reason)
        _measure(SERVER_DURATION, self._started, self._attributes, self.code)


def sent_along(metadata: Iterable[tuple[str, Any]]) -> Context:
    """The span that a call's client made it in, by the call's metadata."""
    carrier = {key: value for key, value in metadata if key in _TRACE_KEYS}
    return _propagator.extract(carrier, Context()) if carrier else Context()


def within() -> Context:
    """The span that this code runs in, and nothing else of its context."""
    return trace.set_span_in_context(trace.get_current_span(), Context())


def _identified(parent: Context) -> Context:
    """A context whose span says the trace's id, by which errors and events name it: the same, or one with a new id."""
    if trace.get_current_span(parent).get_span_context().is_valid:
        return parent
    ids = SpanContext(_ids.generate_trace_id(), _ids.generate_span_id(), is_remote=False)
    return trace.set_span_in_context(NonRecordingSpan(ids), parent)


def _close(span: Span, code: grpc.StatusCode, *, failed: bool, reason: str = "") -> None:
    span.set_attribute(STATUS_CODE, code.value[0])
    if reason:
        span.set_attribute("pmm.reason", reason)
    if failed:
        span.set_status(Status(StatusCode.ERROR, code.name))
    span.end()


def _measure(
    name: str, started: float, attributes: dict[str, telemetry.Attribute], code: grpc.StatusCode
) -> None:
    milliseconds = (time.perf_counter() - started) * 1000
    telemetry.record_ms(name, milliseconds, **attributes, **{STATUS_CODE: code.value[0]})


class ClientSpan:
    """The span of a call to a peer, from its start. ``end`` it, whichever way the call ends."""

    def __init__(self, method: str) -> None:
        service, name = _split(method)
        self._attributes: dict[str, telemetry.Attribute] = {
            "rpc.system": "grpc",
            "rpc.service": service,
            "rpc.method": name,
        }
        self._started = time.perf_counter()
        self._span = telemetry.tracer().start_span(
            method.lstrip("/"), kind=SpanKind.CLIENT, attributes=self._attributes
        )

    @property
    def context(self) -> Context:
        """What the call is made in."""
        return trace.set_span_in_context(self._span, Context())

    @property
    def metadata(self) -> Sequence[tuple[str, str]]:
        """What goes with the call."""
        carrier: dict[str, str] = {}
        _propagator.inject(carrier, self.context)
        return tuple(carrier.items())

    def end(self, code: grpc.StatusCode) -> None:
        """With the call's final code."""
        _close(self._span, code, failed=code is not grpc.StatusCode.OK)
        _measure(CLIENT_DURATION, self._started, self._attributes, code)


class _Tracing:
    """A client span from the call's start to its end, whichever way it ends."""

    async def _trace(
        self,
        continuation: Callable[[grpc.aio.ClientCallDetails, Any], Awaitable[Any]],
        details: grpc.aio.ClientCallDetails,
        request: Any,
    ) -> Any:
        span = ClientSpan(details.method.decode() if isinstance(details.method, bytes) else details.method)
        metadata = grpc.aio.Metadata(*(details.metadata or ()), *span.metadata)
        with_context = grpc.aio.ClientCallDetails(
            details.method, details.timeout, metadata, details.credentials, details.wait_for_ready
        )

        def ended(call: grpc.aio.Call) -> None:
            span.end(_final_code(call))

        call = await continuation(with_context, request)
        call.add_done_callback(ended)
        return call


def _final_code(call: grpc.aio.Call) -> grpc.StatusCode:
    # The call is done, so its code is there and the coroutine ends at its first step.
    coroutine = call.code()
    try:
        coroutine.send(None)
    except StopIteration as finished:
        return finished.value
    coroutine.close()
    return grpc.StatusCode.UNKNOWN


# Generic in the stubs only, where they are not classes of one family either.
_interceptors: Any = grpc.aio


class _TraceUnaryUnary(_Tracing, _interceptors.UnaryUnaryClientInterceptor):
    async def intercept_unary_unary(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        return await self._trace(continuation, client_call_details, request)


class _TraceUnaryStream(_Tracing, _interceptors.UnaryStreamClientInterceptor):
    async def intercept_unary_stream(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        return await self._trace(continuation, client_call_details, request)


class _TraceStreamUnary(_Tracing, _interceptors.StreamUnaryClientInterceptor):
    async def intercept_stream_unary(
        self, continuation: Any, client_call_details: Any, request_iterator: Any
    ) -> Any:
        return await self._trace(continuation, client_call_details, request_iterator)


class _TraceStreamStream(_Tracing, _interceptors.StreamStreamClientInterceptor):
    async def intercept_stream_stream(
        self, continuation: Any, client_call_details: Any, request_iterator: Any
    ) -> Any:
        return await self._trace(continuation, client_call_details, request_iterator)


def trace_metadata() -> Sequence[tuple[str, str]]:
    """The current trace context as metadata: keeps a turn one trace where no span of the call is wanted."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return tuple(carrier.items())


def client_interceptors() -> Sequence[grpc.aio.ClientInterceptor]:
    """Interceptors for a channel to a peer; a channel takes each of them for one kind of call only."""
    return (_TraceUnaryUnary(), _TraceUnaryStream(), _TraceStreamUnary(), _TraceStreamStream())
