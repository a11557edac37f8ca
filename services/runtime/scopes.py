"""What a caller must be allowed to do, for each RPC: the one table. An RPC that is missing here is refused
to everybody where tokens are in use, and a test walks the descriptors so that none is missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Reach(Enum):
    """Which minds an RPC is about."""

    NAMED = "named"
    """The ones in the request's ``mind_id``; without one it is about all of them: the glob ``*``."""
    OWN = "own"
    """The named ones; where none is named, those that the caller may reach: the service filters its answer by
    ``current_caller().may_reach``, or needs no mind."""
    NONE = "none"
    """No mind at all."""


@dataclass(frozen=True, slots=True)
class Access:
    """What one RPC asks of its caller."""

    scope: str | None
    """The scope; None where anybody may call, with or without a token."""
    reach: Reach = Reach.NAMED


_REACH = {
    "pmm.ledger.v1.LedgerService/ListMinds": Reach.OWN,
    "pmm.orchestrator.v1.OrchestratorService/ListMinds": Reach.OWN,
    "pmm.orchestrator.v1.OrchestratorService/GetDefaultMind": Reach.OWN,
    "pmm.orchestrator.v1.OrchestratorService/GetPerformance": Reach.NONE,
    "pmm.memory.v1.MemoryService/Embed": Reach.OWN,
}
"""Where it is not that of the service."""


def _service(full_name: str, scopes: dict[str, list[str]], reach: Reach = Reach.NAMED) -> dict[str, Access]:
    return {
        f"/{full_name}/{rpc}": Access(scope, _REACH.get(f"{full_name}/{rpc}", reach))
        for scope, rpcs in scopes.items()
        for rpc in rpcs
    }


_PUBLIC = Access(None, Reach.NONE)

_LEDGER = _service(
    "pmm.ledger.v1.LedgerService",
    {
        "ledger.read": [
            "Read",
            "GetEvent",
            "GetHead",
            "ListMinds",
            "Subscribe",
            "Verify",
            "GetCheckpoint",
            "GetInclusionProof",
            "GetConsistencyProof",
            "Export",
            "GetRedaction",
        ],
        "ledger.write": ["Append"],
        "ledger.admin": ["Restore", "Backup", "Redact", "DeleteMind"],
    },
)
_MEMORY = _service(
    "pmm.memory.v1.MemoryService",
    {
        "memory.read": [
            "Search",
            "Embed",
            "ListMemories",
            "GetMemory",
            "GetMemoryHistory",
            "ListMemoriesOfEvents",
            "Stats",
        ],
        "memory.write": ["RecordMemories", "ReviseMemories", "RetractMemories", "RateMemories"],
        "memory.admin": ["ClearCache"],
    },
)
_INFERENCE = _service(
    "pmm.inference.v1.InferenceService",
    {
        "inference.generate": ["Generate", "CountTokens", "ListModels"],
        "inference.admin": ["GetLoad"],
    },
    Reach.NONE,
)
_ORCHESTRATOR = _service(
    "pmm.orchestrator.v1.OrchestratorService",
    {
        "mind.chat": [
            "Converse",
            "StartSession",
            "RenameSession",
            "EndSession",
            "SetPrivacyMode",
        ],
        "mind.read": [
            "GetMind",
            "ListMinds",
            "GetDefaultMind",
            "DiffMind",
            "WatchMind",
            "GetSession",
            "ListSessions",
            "ListCommitments",
            "GetIdentityHistory",
            "GetTraits",
            "ListDirectives",
            "ListReflections",
            "GetMetrics",
            "GetStage",
            "GetAnalytics",
            "Explain",
            "BlastRadius",
            "GetNeighbors",
            "FindPath",
            "GetCommitmentThread",
            "GetSubgraph",
            "ListPolicies",
        ],
        "mind.write": [
            "CreateMind",
            "SetDefaultMind",
            "ImportMessages",
            "SetPolicy",
            "OpenCommitment",
            "CloseCommitment",
            "SnoozeCommitment",
            "ReviseCommitment",
            "AdoptName",
            "ClearName",
            "RetireDirective",
            "Reflect",
        ],
        "mind.forget": ["Forget"],
        "mind.admin": ["GetPerformance", "ListWorkers", "ListDeadLetters", "ReplayDeadLetter"],
    },
)

ACCESS: dict[str, Access] = {
    **_LEDGER,
    **_MEMORY,
    **_INFERENCE,
    **_ORCHESTRATOR,
    # Probes and tools come without a token. What they see is public: liveness and the contracts.
    "/grpc.health.v1.Health/Check": _PUBLIC,
    "/grpc.health.v1.Health/Watch": _PUBLIC,
    "/grpc.health.v1.Health/List": _PUBLIC,
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo": _PUBLIC,
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": _PUBLIC,
    # Channelz names clients by their address.
    **_service(
        "grpc.channelz.v1.Channelz",
        {
            "server.debug": [
                "GetTopChannels",
                "GetServers",
                "GetServer",
                "GetServerSockets",
                "GetChannel",
                "GetSubchannel",
                "GetSocket",
            ]
        },
        Reach.NONE,
    ),
}
"""Full method name to what it takes."""
