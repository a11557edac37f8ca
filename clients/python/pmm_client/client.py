"""The entry: a connection to PMM."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from datetime import timedelta
from types import TracebackType

import grpc.aio

from pmm.inference.v1 import inference_pb2 as inference_pb
from pmm.orchestrator.v1 import orchestrator_pb2 as orchestrator_pb
from pmm_client.channel import open_channel
from pmm_client.errors import ClientOfAnotherLoop
from pmm_client.made import made
from pmm_client.mind import Mind
from pmm_client.raw import DEFAULT_TIMEOUT_S, InferenceClient, LedgerClient, MemoryClient, OrchestratorClient

DEFAULT_TARGET = "127.0.0.1:50050"
"""Where ``pmm up`` listens."""


class Client:
    """A connection to PMM; ``connect()`` makes it.

    ``ledger``, ``memory``, ``inference`` and ``orchestrator`` are the contracts themselves, for what the
    methods here do not offer.
    """

    def __init__(
        self,
        target: str,
        *,
        token: str | None,
        tls_ca: bytes | None,
        ledger: str | None,
        memory: str | None,
        inference: str | None,
        timeout: float,
        interceptors: Sequence[grpc.aio.ClientInterceptor],
    ) -> None:
        self.target = target
        """``host:port`` of the orchestrator."""
        self.timeout = timeout
        """Seconds that a call may take where nothing else is said."""
        self._channels: dict[str, grpc.aio.Channel] = {}

        def channel(address: str) -> grpc.aio.Channel:
            if address not in self._channels:
                self._channels[address] = open_channel(
                    address, token=token, tls_ca=tls_ca, interceptors=interceptors
                )
            return self._channels[address]

        loop = asyncio.get_running_loop()

        def nothing_more() -> tuple[()]:
            # Every call asks what to send with it; gRPC itself would say that some loop is closed, or nothing at all.
            if asyncio.get_running_loop() is not loop:
                raise ClientOfAnotherLoop
            return ()

        self.orchestrator = OrchestratorClient(channel(target), nothing_more)
        self.ledger = LedgerClient(channel(ledger or target), nothing_more)
        self.memory = MemoryClient(channel(memory or target), nothing_more)
        self.inference = InferenceClient(channel(inference or target), nothing_more)

    def mind(self, mind_id: str) -> Mind:
        """A mind by its id; nothing is called, and it need not exist yet."""
        return Mind(self, mind_id)

    async def default_mind(self) -> Mind:
        """The mind that is meant where none is named: the one marked last, or else the first. Raises NoDefaultMind."""
        request = orchestrator_pb.GetDefaultMindRequest()
        return self.mind((await self.orchestrator.get_default_mind(request, timeout=self.timeout)).mind_id)

    async def minds(
        self, prefix: str = "", *, owner: str = ""
    ) -> AsyncGenerator[orchestrator_pb.MindListing]:
        """The minds that the token may see, by name; only an owner's where one is named."""
        token = ""
        while True:
            request = made(orchestrator_pb.ListMindsRequest, prefix=prefix, owner=owner, page_token=token)
            page = await self.orchestrator.list_minds(request, timeout=self.timeout)
            for mind in page.minds:
                yield mind
            if not (token := page.next_page_token):
                return

    async def models(self) -> list[inference_pb.Model]:
        """The models that can be asked for, and whether they are up."""
        request = inference_pb.ListModelsRequest()
        return list((await self.inference.list_models(request, timeout=self.timeout)).models)

    async def performance(self, period: timedelta | None = None) -> orchestrator_pb.GetPerformanceResponse:
        """How long turns and their stages take at the target: in the last so long, or since its start.

        A period is up to a minute longer than asked for; ``period`` of the answer says how long.
        """
        request = orchestrator_pb.GetPerformanceRequest()
        if period is not None:
            request.period.FromTimedelta(period)
        return await self.orchestrator.get_performance(request, timeout=self.timeout)

    async def workers(self) -> list[orchestrator_pb.Worker]:
        """How the workers do over all minds."""
        request = orchestrator_pb.ListWorkersRequest()
        return list((await self.orchestrator.list_workers(request, timeout=self.timeout)).workers)

    async def dead_letters(self, worker: str = "") -> list[orchestrator_pb.DeadLetter]:
        """Events of all minds that a worker could not deal with, the oldest of a mind first; the 1,000 first."""
        request = made(orchestrator_pb.ListDeadLettersRequest, worker=worker)
        return list((await self.orchestrator.list_dead_letters(request, timeout=self.timeout)).dead_letters)

    async def close(self) -> None:
        """Close the connection; calls that still run are cancelled, and any after that raises ClientClosed."""
        channels, self._channels = self._channels, {}
        for channel in channels.values():
            await channel.close(None)

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


def connect(
    target: str = DEFAULT_TARGET,
    *,
    token: str | None = None,
    tls_ca: bytes | None = None,
    ledger: str | None = None,
    memory: str | None = None,
    inference: str | None = None,
    timeout: float = DEFAULT_TIMEOUT_S,
    interceptors: Sequence[grpc.aio.ClientInterceptor] = (),
) -> Client:
    """Connect to PMM, in a running event loop, to which the client belongs; the first call opens the connection.

    ::

        async with pmm_client.connect("127.0.0.1:50050") as client:
            print(await client.mind("ada").chat("Good morning!"))

    ``target`` is the orchestrator's ``host:port``, and everybody's unless ``ledger``, ``memory`` or
    ``inference`` say otherwise (``pmm up --split``, production). With ``tls_ca`` (PEM) the connection is TLS.
    A token is sent over TLS or to a loopback address only: anything else is a ValueError, as are a token that is no
    word of ASCII and a ``tls_ca`` without a certificate. ``timeout`` is in
    seconds and holds for calls with one answer; streams take as long as they take.
    """
    return Client(
        target,
        token=token,
        tls_ca=tls_ca,
        ledger=ledger,
        memory=memory,
        inference=inference,
        timeout=timeout,
        interceptors=interceptors,
    )
