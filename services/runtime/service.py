"""What a service is to the runtime: what it registers, how it starts, drains and stops, and whom it calls."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import grpc.aio
from google.protobuf.message import Message
from pydantic import BaseModel

from services.runtime.checks import Check
from services.runtime.peers import Peers


class Service(ABC):
    """One gRPC service with its life: register, start, drain, stop."""

    name: ClassVar[str]
    """Short name, which is also that of its settings section and data folder: "ledger"."""
    full_name: ClassVar[str]
    """As in its proto: "pmm.ledger.v1.LedgerService"."""
    checks: ClassVar[Mapping[type[Message], Check]] = {}
    """The check of each request message of the service."""

    @abstractmethod
    def register(self, server: grpc.aio.Server) -> None:
        """Add the servicer. Nothing is answered before ``start`` has returned."""

    async def start(self) -> None:  # noqa: B027  optional
        """Open what is needed. The server listens by now; health is SERVING once this returns.

        Peers can be called, and may not be there yet: retry on UNAVAILABLE.
        """

    async def drain(self) -> None:  # noqa: B027  optional
        """End long-lived streams and background work cleanly. New calls are refused, peers still answer."""

    async def stop(self) -> None:  # noqa: B027  optional
        """Flush and close. No call is running any more, and peers may be gone."""

    async def failed(self) -> BaseException:
        """Return only if the service must not go on: the process then stops with exit code 70.

        The default waits for ever.
        """
        await asyncio.Event().wait()
        raise AssertionError("unreachable")


@dataclass(frozen=True, slots=True)
class ServiceContext:
    """What the runtime hands to a service when it is built."""

    data_dir: Path
    """The service's own folder: it exists, is locked by this process, and has the format's version."""
    peers: Peers
    """The other services."""


@dataclass(frozen=True, slots=True)
class ServiceSpec:
    """How to make a service. Each ``services/<name>/server.py`` exports one as ``SPEC``."""

    name: str
    """Short name: "ledger"."""
    settings: type[BaseModel]
    """The service's own section; every field has a default, a description and a unit."""
    build: Callable[[Any, ServiceContext], Service]
    """From settings and context to a service. Must be quick: what takes time belongs into ``start``."""
    default_port: int
    """TCP port when the service runs as a process of its own and nothing else is set."""
    format_version: int
    """Version of what the service writes into its data folder."""
    oldest_format: int | None = None
    """The oldest version that it brings up to date by itself; unset: none but its own."""
