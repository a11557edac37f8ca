"""A ledger service whose methods do what a test says; also a process: ``python -m tests.runtime.fake``."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import grpc
import grpc.aio
from pydantic import BaseModel, Field

from pmm.ledger.v1 import ledger_pb2 as pb
from pmm.ledger.v1 import ledger_pb2_grpc as rpc
from services.runtime import checks, telemetry
from services.runtime.auth import Tokens
from services.runtime.inside import Exchange
from services.runtime.sections import ServerSettings, TelemetrySettings
from services.runtime.server import RunningServer, limits, serve
from services.runtime.service import Service, ServiceContext, ServiceSpec


def _get_event(request: pb.GetEventRequest):
    yield from checks.mind_id(request.mind_id)
    yield from checks.positive(request.seq, "seq")


class Servicer(rpc.LedgerServiceServicer):
    """Each method calls the behaviour of its name."""

    def __init__(self, behaviours: dict[str, Callable[..., Any]]) -> None:
        self.behaviours = behaviours

    async def GetHead(self, request: Any, context: Any) -> Any:
        return await self.behaviours["GetHead"](request, context)

    async def GetEvent(self, request: Any, context: Any) -> Any:
        return await self.behaviours["GetEvent"](request, context)

    async def ListMinds(self, request: Any, context: Any) -> Any:
        return await self.behaviours["ListMinds"](request, context)

    async def Subscribe(self, request: Any, context: Any) -> AsyncIterator[Any]:
        async for message in self.behaviours["Subscribe"](request, context):
            yield message

    async def Read(self, request: Any, context: Any) -> AsyncIterator[Any]:
        async for message in self.behaviours["Read"](request, context):
            yield message

    async def Restore(self, request_iterator: Any, context: Any) -> Any:
        return await self.behaviours["Restore"](request_iterator, context)


async def _head(request: Any, context: Any) -> Any:
    return pb.GetHeadResponse(seq=7)


class FakeLedger(Service):
    """The service itself."""

    name = "ledger"
    full_name = "pmm.ledger.v1.LedgerService"
    checks: ClassVar = {pb.GetEventRequest: _get_event}

    def __init__(self, **behaviours: Callable[..., Any]) -> None:
        self.servicer = Servicer({"GetHead": _head, **behaviours})
        self.life: list[str] = []
        self.may_start = asyncio.Event()
        self.may_start.set()
        self.broken: asyncio.Future[BaseException] = asyncio.get_event_loop().create_future()

    def register(self, server: grpc.aio.Server) -> None:
        rpc.add_LedgerServiceServicer_to_server(self.servicer, server)

    async def start(self) -> None:
        await self.may_start.wait()
        self.life.append("start")

    async def drain(self) -> None:
        self.life.append("drain")

    async def stop(self) -> None:
        self.life.append("stop")

    async def failed(self) -> BaseException:
        return await self.broken


@dataclass
class Running:
    """A fake with its server and a channel to it."""

    service: FakeLedger
    server: RunningServer
    channel: grpc.aio.Channel
    inside: Exchange
    """For calls as a service in the same process makes them."""

    @property
    def stub(self) -> Any:
        return rpc.LedgerServiceStub(self.channel)


@asynccontextmanager
async def running(
    service: FakeLedger | None = None,
    tokens: Tokens | None = None,
    credentials: grpc.ChannelCredentials | None = None,
    interceptors: Any = (),
    **settings: Any,
) -> AsyncIterator[Running]:
    """The fake behind a real server on a free port, and a channel to it."""
    service = service or FakeLedger()
    server_settings = ServerSettings(port=0, **settings)
    inside = Exchange(limits(server_settings))
    async with serve([service], server_settings, tokens=tokens, inside=inside) as server:
        target = f"127.0.0.1:{server.port}"
        if credentials:
            channel = grpc.aio.secure_channel(
                target,
                credentials,
                [("grpc.ssl_target_name_override", "localhost")],
                interceptors=interceptors,
            )
        else:
            channel = grpc.aio.insecure_channel(target, interceptors=interceptors)
        async with channel:
            yield Running(service, server, channel, inside)


async def struck(call: Callable[[float], Awaitable[Any]], entered: asyncio.Event) -> Any:
    """What ``call(seconds)`` gives once its deadline struck in the servicer, and not on the way to it."""
    for doubled in range(8):
        ended = await call(0.1 * 2**doubled)
        if entered.is_set():
            return ended
    raise AssertionError("no call reached the servicer")


@asynccontextmanager
async def exporting(endpoint: str) -> AsyncIterator[None]:
    """Export this process's telemetry for the time of the block, and flush it at its end."""
    settings = TelemetrySettings(exporter="otlp", endpoint=endpoint)
    exported = telemetry.setup(settings, "fake")
    try:
        yield
    finally:
        await asyncio.to_thread(exported.shutdown)
        telemetry.setup(TelemetrySettings(), "fake")


class FakeSettings(BaseModel):
    """The section of the fake."""

    model_config = {"extra": "forbid"}

    delay_seconds: float = Field(0, description="How long GetHead takes.", json_schema_extra={"unit": "s"})
    fail_on_append: bool = Field(False, description="Whether ListMinds makes the service stop itself.")


def build(settings: FakeSettings, context: ServiceContext) -> Service:
    """The fake as a spec builds it; writes down in its data folder how it ended."""

    async def slow_head(request: Any, context_: Any) -> Any:
        (context.data_dir / "called").touch()
        await asyncio.sleep(settings.delay_seconds)
        return pb.GetHeadResponse(seq=os.getpid())

    async def break_down(request: Any, context_: Any) -> Any:
        service.broken.set_result(OSError("fsync failed: restart once the disk is well"))
        return pb.ListMindsResponse()

    service = FakeLedger(GetHead=slow_head, ListMinds=break_down)
    stop = service.stop

    async def stop_and_tell() -> None:
        await stop()
        (context.data_dir / "stopped").write_text(" ".join(service.life))

    service.stop = stop_and_tell  # type: ignore[method-assign]
    return service


SPEC = ServiceSpec("ledger", FakeSettings, build, default_port=50051, format_version=1)

if __name__ == "__main__":
    from services.runtime.main import main

    main(SPEC)
