"""What a caller must be allowed to do, for each RPC: the one table. An RPC that is missing here is refused
to everybody where tokens are in use, and a test walks the descriptors so that none is missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Reach(Enum):
    """Which minds an RPC is about."""

    NAMED = "named"
    """The ones in the request's ``mind_id``; without one it is about all of them, which takes the glob ``*``."""
    OWN = "own"
    """Those that the caller may reach: the service filters by ``current_caller().may_reach``."""
    NONE = "none"
    """No mind at all."""


@dataclass(frozen=True, slots=True)
class Access:
    """What one RPC asks of its caller."""

    scope: str | None
    """The scope; None where anybody may call, with or without a token."""
    reach: Reach = Reach.NAMED


def _service(full_name: str, scopes: dict[str, list[str]], reach: Reach = Reach.NAMED) -> dict[str, Access]:
    return {
        f"/{full_name}/{rpc}": Access(scope, reach) for scope, rpcs in scopes.items() for rpc in rpcs
    }


_PUBLIC = Access(None, Reach.NONE)

ACCESS: dict[str, Access] = {
    # Probes and tools come without a token. What they see is public: liveness and the contracts.
    "/grpc.health.v1.Health/Check": _PUBLIC,
    "/grpc.health.v1.Health/Watch": _PUBLIC,
    "/grpc.health.v1.Health/List": _PUBLIC,
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo": _PUBLIC,
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": _PUBLIC,
}
"""Full method name to what it takes."""
