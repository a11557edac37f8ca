"""A real gRPC server whose RPCs do what a test says: for the faults that services that work do not show."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc.aio
from google.protobuf.message import Message

from services.runtime.status import code_of, to_status, trailing_metadata
from tests.support.contracts import rpcs

Behaviour = Callable[[Any, grpc.aio.ServicerContext[Any, Any]], Any]
"""An async function of request and context; an async generator where the RPC streams its answer."""


class Script(grpc.GenericRpcHandler):
    """Behaviours by name, for example ``Converse``; what one raises becomes the status of the call."""

    def __init__(self, behaviours: dict[str, Behaviour]) -> None:
        self._behaviours = behaviours
        self._rpcs = {rpc.path: rpc for rpc in rpcs()}
        self.seen: list[tuple[str, Any]] = []
        """Name and request of each call so far."""
        self.metadata: list[dict[str, Any]] = []
        self.time_left: list[float | None] = []

    def service(self, handler_call_details: Any) -> Any:
        rpc = self._rpcs.get(handler_call_details.method)
        if rpc is None or rpc.method.name not in self._behaviours:
            return None
        behaviour = self._behaviours[rpc.method.name]

        def note(request: Any, context: Any) -> None:
            self.seen.append((rpc.method.name, request))
            self.metadata.append(dict(context.invocation_metadata()))
            self.time_left.append(context.time_remaining())

        async def unary(request: Any, context: Any) -> Any:
            note(request, context)
            try:
                return await behaviour(request, context)
            except Exception as error:  # noqa: BLE001 (whatever a test raises)
                await _abort(context, error)

        async def stream(request: Any, context: Any) -> Any:
            note(request, context)
            try:
                async for message in behaviour(request, context):
                    yield message
            except Exception as error:  # noqa: BLE001 (whatever a test raises)
                await _abort(context, error)

        kind = "stream" if rpc.client_streaming else "unary"
        answer = "stream" if rpc.server_streaming else "unary"
        make = getattr(grpc, f"{kind}_{answer}_rpc_method_handler")
        return make(
            stream if rpc.server_streaming else unary,
            request_deserializer=rpc.request.FromString,
            response_serializer=lambda message: message.SerializeToString(),
        )


async def _abort(context: Any, error: Exception) -> None:
    status = to_status(error)
    context.set_trailing_metadata(trailing_metadata(status))
    await context.abort(code_of(status), status.message)


@asynccontextmanager
async def scripted(**behaviours: Behaviour) -> AsyncIterator[tuple[str, Script]]:
    """The address of such a server, and its script."""
    script = Script(behaviours)
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((script,))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"127.0.0.1:{port}", script
    finally:
        await server.stop(None)


def always(answer: Message | Exception) -> Behaviour:
    """A unary behaviour that gives this answer, or fails so."""

    async def behaviour(request: Any, context: Any) -> Message:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return behaviour


def first(error: Exception, then: Message, *, times: int = 1) -> Behaviour:
    """A unary behaviour that fails so often, and then answers."""
    calls = 0

    async def behaviour(request: Any, context: Any) -> Message:
        nonlocal calls
        calls += 1
        if calls <= times:
            raise error
        return then

    return behaviour
