"""A gRPC server around services: listen, start, answer, drain, stop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

import grpc
import grpc.aio
from grpc_channelz.v1 import channelz
from grpc_health.v1 import health as health_module
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection, reflection_pb2

from services.runtime import tls
from services.runtime.auth import Tokens
from services.runtime.exits import ADDRESS, StartupError
from services.runtime.inside import CANCEL_GRACE_SECONDS, Exchange
from services.runtime.inside_call import Limits
from services.runtime.limits import Gate
from services.runtime.pipeline import Pipeline
from services.runtime.ports import must_be_free
from services.runtime.sections import ServerSettings
from services.runtime.service import Service

REFLECTION_V1 = "grpc.reflection.v1.ServerReflection"

# The stubs of these packages leave their aio half out.
_health_aio = cast("Any", health_module).aio
_reflection_aio = cast("Any", reflection).aio

_SERVING = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
_log = logging.getLogger("pmm.server")


def limits(settings: ServerSettings) -> Limits:
    """How long messages may be."""
    # Answers are bounded by their own limits, page by page; this is the seat belt.
    return Limits(settings.max_message_bytes, 2 * settings.max_message_bytes)


def _options(settings: ServerSettings) -> list[tuple[str, Any]]:
    return [
        ("grpc.max_receive_message_length", limits(settings).request_bytes),
        ("grpc.max_send_message_length", limits(settings).response_bytes),
        # Two servers on one port would share its connections at random: the second must fail instead.
        ("grpc.so_reuseport", 0),
        # Connections that died without a word are noticed within a minute and a half.
        ("grpc.keepalive_time_ms", 60_000),
        ("grpc.keepalive_timeout_ms", 20_000),
        # Our clients ping every 20 s, also between calls; the default would take that for an attack.
        ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.enable_channelz", 1),
    ]


class RunningServer:
    """A server that listens. Made by ``serve``."""

    def __init__(
        self,
        server: grpc.aio.Server,
        services: Sequence[Service],
        settings: ServerSettings,
        inside: Exchange | None,
    ) -> None:
        self._server = server
        self._inside = inside
        self._services = services
        self._settings = settings
        self.gates = {service.full_name: Gate(service.name) for service in services}
        self.health = _health_aio.HealthServicer()
        self.port = 0
        """The TCP port in use."""
        self._started: list[Service] = []
        self._drained = False

    async def start(self) -> None:
        """Start the services one after the other, as they were given, each SERVING as soon as it is."""
        await self.health.set("", _NOT_SERVING)
        for service in self._services:
            await self.health.set(service.full_name, _NOT_SERVING)
        await self._server.start()
        for service in self._services:
            await service.start()
            self._started.append(service)
            self.gates[service.full_name].open()
            await self.health.set(service.full_name, _SERVING)
        await self.health.set("", _SERVING)

    async def failed(self) -> BaseException:
        """Return when the first service says that it must not go on."""
        waiting = [asyncio.create_task(service.failed()) for service in self._services]
        try:
            done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            return done.pop().result()
        finally:
            for task in waiting:
                task.cancel()

    async def drain(self) -> None:
        """NOT_SERVING; then let each service end its calls, the last started first, within the drain time.

        Peers in this process answer until those that call them are done.
        """
        if self._drained:
            return
        self._drained = True
        await self.health.enter_graceful_shutdown()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._settings.drain_seconds):
                for service in reversed(self._started):
                    gate = self.gates[service.full_name]
                    gate.shut()
                    await service.drain()
                    await gate.idle()

    async def stop(self) -> None:
        """Drain, end every call that is left, then stop the services."""
        await self.drain()
        if self._inside is not None:
            await self._inside.stop()
        await self._server.stop(CANCEL_GRACE_SECONDS)
        for service in reversed(self._started):
            await service.stop()


@asynccontextmanager
async def serve(
    services: Sequence[Service],
    settings: ServerSettings,
    *,
    tokens: Tokens | None = None,
    inside: Exchange | None = None,
) -> AsyncGenerator[RunningServer]:
    """Run services on one server for as long as the block runs; SERVING when it is entered.

    ``tokens`` turns authentication on; ``inside`` gets the services too, for this process's own calls. Raises
    StartupError if the address is taken, and SettingsError if it must not be listened on.
    """
    tls.refuse_open_doors(settings)
    credentials = tls.server_credentials(settings)
    gates_of: dict[str, Gate] = {}
    checks = {message: check for service in services for message, check in service.checks.items()}
    pipeline = Pipeline(settings, tokens, gates_of, checks)
    server = grpc.aio.server(options=_options(settings))
    running = RunningServer(server, services, settings, inside)
    gates_of.update(running.gates)
    wrapping = pipeline.around(server, inside)
    for service in services:
        service.register(wrapping)
    _add_common_services(wrapping, running, services)
    running.port = _listen(server, settings.host, settings.port, credentials)
    async with _health_port(running.health, settings):
        try:
            await running.start()
            yield running
        finally:
            await running.stop()


@asynccontextmanager
async def _health_port(health: Any, settings: ServerSettings) -> AsyncGenerator[None]:
    """Answer health on a port of its own, in plaintext, until the last service has stopped."""
    if not settings.health_port:
        yield
        return
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    health_pb2_grpc.add_HealthServicer_to_server(health, server)
    _listen(server, settings.host, settings.health_port, flag="--set server.health_port")
    await server.start()
    try:
        yield
    finally:
        await server.stop(None)


def _add_common_services(
    server: grpc.aio.Server, running: RunningServer, services: Sequence[Service]
) -> None:
    health_pb2_grpc.add_HealthServicer_to_server(running.health, server)
    channelz.add_channelz_servicer(cast("Any", server))
    names = [
        *(service.full_name for service in services),
        "grpc.health.v1.Health",
        "grpc.channelz.v1.Channelz",
        reflection.SERVICE_NAME,
    ]
    reflection.enable_server_reflection(names, server)
    # Version 1 has the same messages under another package name, and newer tools ask for it first.
    handler = grpc.stream_stream_rpc_method_handler(
        _reflection_aio.ReflectionServicer(names).ServerReflectionInfo,
        reflection_pb2.ServerReflectionRequest.FromString,
        reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    # The stubs do not know what generated code calls.
    cast("Any", server).add_registered_method_handlers(REFLECTION_V1, {"ServerReflectionInfo": handler})


def _listen(
    server: grpc.aio.Server,
    host: str,
    port: int,
    credentials: grpc.ServerCredentials | None = None,
    flag: str = "--port",
) -> int:
    bracketed = f"[{host}]" if ":" in host and not host.startswith("[") else host
    address = f"{bracketed}:{port}"
    must_be_free(host, port, flag)
    try:
        if credentials is not None:
            return server.add_secure_port(address, credentials)
        return server.add_insecure_port(address)
    except RuntimeError:
        raise StartupError(
            ADDRESS, f"cannot listen on {address}: check server.host and server.port"
        ) from None
