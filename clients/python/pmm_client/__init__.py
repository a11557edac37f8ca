"""Python client of PMM, the Persistent Mind Model.

::

    import pmm_client

    async with pmm_client.connect("127.0.0.1:50050") as client:
        mind = client.mind("ada")
        await mind.create(exist_ok=True)
        async for text in mind.chat("My sister Ana moved to Porto in May."):
            print(text, end="", flush=True)

``pmm_client.sync`` is the same without async. The contracts themselves are on the client as ``ledger``,
``memory``, ``inference`` and ``orchestrator``; every error is a ``PmmError``.
"""

from pmm_client.channel import open_channel
from pmm_client.client import Client, connect
from pmm_client.errors import (
    Aborted,
    AlreadyExists,
    BackendCredentials,
    BackendUnavailable,
    BeyondHead,
    BrokenChain,
    BrokenExport,
    Cancelled,
    ContextTooLong,
    DataLoss,
    DeadlineExceeded,
    DiskFull,
    FailedPrecondition,
    ForgedProof,
    IdempotencyKeyReused,
    IndexBehind,
    InternalError,
    InvalidArgument,
    KeepsMore,
    LedgerForked,
    LedgerRolledBack,
    MemoryExists,
    MemoryRetracted,
    MindDeleted,
    MindExists,
    NoDefaultMind,
    NotAnAnswer,
    NotFound,
    NotReachable,
    PermissionDenied,
    PersonalDataRefused,
    PmmError,
    PolicyUnusable,
    RateLimited,
    SessionEnded,
    SessionExists,
    Starting,
    TurnFailed,
    Unauthenticated,
    Unavailable,
    Unimplemented,
    UnknownCommitment,
    UnknownEvent,
    UnknownMemory,
    UnknownMind,
    UnknownModel,
    UnknownSession,
    Violation,
    WrongExpectedSeq,
)
from pmm_client.messages import Imported, Message
from pmm_client.mind import Mind
from pmm_client.names import Privacy
from pmm_client.raw import InferenceClient, LedgerClient, MemoryClient, OrchestratorClient
from pmm_client.reply import Reply

__all__ = [
    "Aborted",
    "AlreadyExists",
    "BackendCredentials",
    "BackendUnavailable",
    "BeyondHead",
    "BrokenChain",
    "BrokenExport",
    "Cancelled",
    "Client",
    "ContextTooLong",
    "DataLoss",
    "DeadlineExceeded",
    "DiskFull",
    "FailedPrecondition",
    "ForgedProof",
    "IdempotencyKeyReused",
    "Imported",
    "IndexBehind",
    "InferenceClient",
    "InternalError",
    "InvalidArgument",
    "KeepsMore",
    "LedgerClient",
    "LedgerForked",
    "LedgerRolledBack",
    "MemoryClient",
    "MemoryExists",
    "MemoryRetracted",
    "Message",
    "Mind",
    "MindDeleted",
    "MindExists",
    "NoDefaultMind",
    "NotAnAnswer",
    "NotFound",
    "NotReachable",
    "OrchestratorClient",
    "PermissionDenied",
    "PersonalDataRefused",
    "PmmError",
    "PolicyUnusable",
    "Privacy",
    "RateLimited",
    "Reply",
    "SessionEnded",
    "SessionExists",
    "Starting",
    "TurnFailed",
    "Unauthenticated",
    "Unavailable",
    "Unimplemented",
    "UnknownCommitment",
    "UnknownEvent",
    "UnknownMemory",
    "UnknownMind",
    "UnknownModel",
    "UnknownSession",
    "Violation",
    "WrongExpectedSeq",
    "connect",
    "open_channel",
]
