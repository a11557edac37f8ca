"""Real services on one real server in this process: for tests that need no process of their own."""

from __future__ import annotations

import importlib
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pmm_client.channel import open_channel
from pmm_client.raw import InferenceClient, LedgerClient, MemoryClient, OrchestratorClient
from services.runtime.auth import Tokens
from services.runtime.inside import Exchange
from services.runtime.peers import Peers
from services.runtime.sections import ServerSettings
from services.runtime.server import limits, serve
from services.runtime.service import ServiceContext, ServiceSpec
from tests.support.ports import free_port

OWN_TOKEN = "token-of-the-services"


@dataclass(frozen=True)
class Served:
    """Raw clients of what is served."""

    target: str
    ledger: LedgerClient
    memory: MemoryClient
    inference: InferenceClient
    orchestrator: OrchestratorClient


@asynccontextmanager
async def serving(
    folder: Path,
    *names: str,
    settings: dict[str, dict[str, Any]] | None = None,
    tokens: Tokens | None = None,
    token: str | None = None,
    elsewhere: Mapping[str, str] | None = None,
) -> AsyncGenerator[Served]:
    """Run the named services, in this order, with their data under ``folder``. ``token``: that of all calls.

    With ``tokens`` one of them must be OWN_TOKEN, with which the services call one another. ``elsewhere``: the targets
    of services that have servers of their own; then all call one another over sockets.
    """
    server_settings = ServerSettings(port=free_port() if elsewhere else 0)
    inside = None if elsewhere else Exchange(limits(server_settings))
    targets = {**dict.fromkeys(names, f"127.0.0.1:{server_settings.port}"), **(elsewhere or {})}
    peers = Peers(targets, inside=inside, token=OWN_TOKEN if tokens else None)
    services: list[Any] = []
    for name in names:
        spec: ServiceSpec = importlib.import_module(f"services.{name}.server").SPEC
        own = folder / name
        own.mkdir(parents=True, exist_ok=True)
        chosen = spec.settings(**(settings or {}).get(name, {}))
        services.append(spec.build(chosen, ServiceContext(own, peers)))
    async with AsyncExitStack() as stack:
        # Closed last, as in a process: until then the services end their own calls.
        stack.push_async_callback(peers.close)
        running = await stack.enter_async_context(
            serve(services, server_settings, tokens=tokens, inside=inside)
        )
        target = f"127.0.0.1:{running.port}"
        channel = open_channel(target, token=token)
        stack.push_async_callback(channel.close)
        ledger = channel
        if elsewhere and "ledger" in elsewhere:
            ledger = open_channel(elsewhere["ledger"], token=token)
            stack.push_async_callback(ledger.close)
        yield Served(
            target,
            LedgerClient(ledger),
            MemoryClient(channel),
            InferenceClient(channel),
            OrchestratorClient(channel),
        )
