"""The other services, reached through their contracts like any client would."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import grpc.aio

from services.runtime.tracing import client_interceptors

if TYPE_CHECKING:
    from pmm_client.raw import InferenceClient, LedgerClient, MemoryClient, OrchestratorClient


class Peers:
    """Raw clients for the other services, one channel per address, opened at first use.

    Calls carry the trace of whoever makes them and this process's own token, not the caller's: whoever may
    call us has been checked by us.
    """

    def __init__(
        self, targets: Mapping[str, str], *, token: str | None = None, tls_ca: bytes | None = None
    ) -> None:
        self._targets = dict(targets)
        self._token = token
        self._tls_ca = tls_ca
        self._channels: dict[str, grpc.aio.Channel] = {}

    def channel(self, name: str) -> grpc.aio.Channel:
        """The channel to a service, by its short name. Services with the same address share one."""
        target = self._targets[name]
        if target not in self._channels:
            from pmm_client.channel import open_channel

            self._channels[target] = open_channel(
                target, token=self._token, tls_ca=self._tls_ca, interceptors=client_interceptors()
            )
        return self._channels[target]

    async def ledger(self) -> LedgerClient:
        """The ledger's raw client."""
        from pmm_client.raw import LedgerClient

        return LedgerClient(self.channel("ledger"))

    async def memory(self) -> MemoryClient:
        """The memory's raw client."""
        from pmm_client.raw import MemoryClient

        return MemoryClient(self.channel("memory"))

    async def inference(self) -> InferenceClient:
        """The inference service's raw client."""
        from pmm_client.raw import InferenceClient

        return InferenceClient(self.channel("inference"))

    async def orchestrator(self) -> OrchestratorClient:
        """The orchestrator's raw client."""
        from pmm_client.raw import OrchestratorClient

        return OrchestratorClient(self.channel("orchestrator"))

    async def close(self) -> None:
        """Close every channel; calls that still run are cancelled."""
        channels, self._channels = self._channels, {}
        for channel in channels.values():
            await channel.close(None)
