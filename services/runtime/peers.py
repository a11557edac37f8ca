"""The other services, reached through their contracts like any client would."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar, cast

import grpc.aio

from services.runtime import telemetry
from services.runtime.inside import Exchange, InsideChannel
from services.runtime.tracing import client_interceptors, trace_metadata

if TYPE_CHECKING:
    from pmm_client.raw import InferenceClient, LedgerClient, MemoryClient, OrchestratorClient, RawClient

Client = TypeVar("Client", bound="RawClient")


class Peers:
    """Raw clients for the other services, one channel per address, opened at first use.

    Calls carry the trace of whoever makes them and this process's own token, not the caller's: whoever may
    call us has been checked by us.
    """

    def __init__(
        self,
        targets: Mapping[str, str],
        *,
        token: str | None = None,
        tls_ca: bytes | None = None,
        inside: Exchange | None = None,
    ) -> None:
        """``inside`` has the services that share this process; its calls need no target."""
        self._targets = dict(targets)
        self._token = token
        self._tls_ca = tls_ca
        self._inside = cast("grpc.aio.Channel", InsideChannel(inside, token)) if inside else None
        self._channels: dict[str, grpc.aio.Channel] = {}
        self._clients: dict[str, RawClient] = {}

    def channel(self, name: str) -> grpc.aio.Channel:
        """The channel to a service, by its short name. Services with the same address share one."""
        if self._inside is not None:
            return self._inside
        target = self._targets[name]
        if target not in self._channels:
            from pmm_client.channel import open_channel

            # Interceptors cost a third of a millisecond a call: only where their spans go somewhere.
            interceptors = client_interceptors() if telemetry.is_exported() else ()
            self._channels[target] = open_channel(
                target, token=self._token, tls_ca=self._tls_ca, interceptors=interceptors
            )
        return self._channels[target]

    async def ledger(self) -> LedgerClient:
        """The ledger's raw client."""
        from pmm_client.raw import LedgerClient

        return self._client("ledger", LedgerClient)

    async def memory(self) -> MemoryClient:
        """The memory's raw client."""
        from pmm_client.raw import MemoryClient

        return self._client("memory", MemoryClient)

    async def inference(self) -> InferenceClient:
        """The inference service's raw client."""
        from pmm_client.raw import InferenceClient

        return self._client("inference", InferenceClient)

    async def orchestrator(self) -> OrchestratorClient:
        """The orchestrator's raw client."""
        from pmm_client.raw import OrchestratorClient

        return self._client("orchestrator", OrchestratorClient)

    def _client(self, name: str, kind: type[Client]) -> Client:
        if name not in self._clients:
            # A call that stays inside has its trace by itself.
            metadata = None if self._inside or telemetry.is_exported() else trace_metadata
            self._clients[name] = kind(self.channel(name), metadata)
        client = self._clients[name]
        assert isinstance(client, kind)
        return client

    async def close(self) -> None:
        """Close every channel; calls that still run are cancelled."""
        self._clients.clear()
        channels, self._channels = self._channels, {}
        if self._inside is not None:
            await self._inside.close(None)
        for channel in channels.values():
            await channel.close(None)
