"""What can go wrong, as exceptions with types.

::

    PmmError
    ├── InvalidArgument          every broken field is in ``violations``: mend them
    │   ├── ContextTooLong       shorten the messages
    │   └── BrokenExport         the export file was changed
    ├── NotFound
    │   ├── UnknownMind          create it first
    │   ├── NoDefaultMind        create one
    │   ├── UnknownSession       start one, or leave it out
    │   ├── UnknownEvent
    │   ├── UnknownMemory
    │   ├── UnknownCommitment
    │   └── UnknownModel         ``pmm status`` or ``client.models()`` says which there are
    ├── AlreadyExists
    │   ├── MindExists
    │   ├── SessionExists
    │   ├── MemoryExists
    │   └── IdempotencyKeyReused the key came with another body before: take a new one
    ├── Aborted
    │   ├── ListingChanged       something was erased between two pages: begin with the first
    │   └── WrongExpectedSeq     ``head_seq`` is the real head: read from there and decide again
    ├── FailedPrecondition
    │   ├── ClientClosed         make another client with ``connect()``
    │   ├── ClientOfAnotherLoop  make a client in each event loop, or use ``pmm_client.sync``
    │   ├── BeyondHead           a seq that the mind has not reached
    │   ├── MindDeleted          the name is never used again
    │   ├── SessionEnded         start another one
    │   ├── KeepsMore            the session keeps more of a message than its ``privacy`` allows
    │   ├── MemoryRetracted      record a new one
    │   ├── NotAnAnswer          only answers can be explained
    │   ├── PersonalDataRefused  the mind's policy refuses what the message holds
    │   └── PolicyUnusable       a policy on personal data is no action
    ├── RateLimited              wait ``retry_after`` seconds
    │   └── DiskFull             make room on the server's disk, or raise the quota
    ├── Unavailable              may be retried, with the same idempotency key
    │   ├── NotReachable         nothing answers at the address
    │   │   └── ProtocolMismatch it answers, but one side alone wants TLS, or trusts no such certificate
    │   │       └── ClosedAtOnce it wants TLS and got none, or it is stopping
    │   ├── Starting             wait a moment
    │   └── BackendUnavailable   the model server refused, failed or was cut off
    ├── DeadlineExceeded         raise ``timeout``, or ask for less
    │   └── IndexBehind          memory has not reached ``min_seq`` yet
    ├── Cancelled
    ├── Unauthenticated          no token, or an unknown one
    │   └── BackendCredentials   the model server refused its API key
    ├── PermissionDenied         the token does not allow it
    ├── DataLoss                 the ledger is damaged: ``pmm ledger verify``
    │   ├── BrokenChain          ``seq`` is the first event that does not verify
    │   ├── ForgedProof          what the server gave as proof proves nothing: keep it, and ask who runs it
    │   ├── LedgerForked         a witness has seen another history: trust neither until that is explained
    │   └── LedgerRolledBack     a witness has seen more than there is: restore a newer backup
    ├── Unimplemented            not in this server
    ├── InternalError            a fault of the server; its log has the trace id of the message
    └── TurnFailed               the turn ended without an answer; ``turn_reason`` says why
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import grpc


@dataclass(frozen=True, slots=True)
class Violation:
    """One field of a request that is wrong."""

    field: str
    """Its path, for example ``events[2].actor``."""
    description: str


class PmmError(Exception):
    """A call that failed."""

    code: grpc.StatusCode = grpc.StatusCode.UNKNOWN
    """The gRPC status."""

    def __init__(
        self,
        message: str,
        *,
        reason: str = "",
        metadata: Mapping[str, str] | None = None,
        violations: Sequence[Violation] = (),
        retry_after: float | None = None,
        code: grpc.StatusCode | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason
        """Stable name of what went wrong, for example UNKNOWN_MIND; empty where the server gave none."""
        self.metadata = dict(metadata or {})
        self.violations = tuple(violations)
        self.retry_after = retry_after
        """Seconds after which a repetition may succeed; None when the server did not say."""
        if code is not None:
            self.code = code


class InvalidArgument(PmmError):
    """The request is wrong; ``violations`` names every broken field."""

    code = grpc.StatusCode.INVALID_ARGUMENT


class ContextTooLong(InvalidArgument):
    """The messages do not fit the model's context."""


class BrokenExport(InvalidArgument):
    """The export file was changed; metadata "line" and "seq" say where."""


class NotFound(PmmError):
    """Something that was named is not there."""

    code = grpc.StatusCode.NOT_FOUND


class NoDefaultMind(NotFound):
    """The token's owner has no mind yet: create one."""


class UnknownMind(NotFound):
    """There is no such mind."""


class UnknownSession(NotFound):
    """The mind has no such session."""


class UnknownEvent(NotFound):
    """The mind has no event with this seq."""


class UnknownMemory(NotFound):
    """The mind has no such memory."""


class UnknownCommitment(NotFound):
    """The mind has no such commitment, or it is not open."""


class UnknownModel(NotFound):
    """No backend has this model."""


class AlreadyExists(PmmError):
    """Something that was to be made is there already."""

    code = grpc.StatusCode.ALREADY_EXISTS


class MindExists(AlreadyExists):
    """The name of the mind is taken."""


class SessionExists(AlreadyExists):
    """The id of the session is taken."""


class MemoryExists(AlreadyExists):
    """The mind has or had a memory of this id."""


class IdempotencyKeyReused(AlreadyExists):
    """The idempotency key came with another body before."""


class Aborted(PmmError):
    """A race was lost: read again and decide again."""

    code = grpc.StatusCode.ABORTED


class WrongExpectedSeq(Aborted):
    """The mind's head is not where it was expected."""

    @property
    def head_seq(self) -> int:
        """The real head."""
        return int(self.metadata.get("head_seq", "0"))


class ListingChanged(Aborted):
    """Something was erased between two pages, so that they would not fit together: begin with the first one."""


class FailedPrecondition(PmmError):
    """The state does not allow it."""

    code = grpc.StatusCode.FAILED_PRECONDITION


class ClientClosed(FailedPrecondition):
    """The client was closed, before the call or while it ran."""

    def __init__(self) -> None:
        super().__init__("the client is closed: make another one with connect()")


class ClientOfAnotherLoop(FailedPrecondition):
    """The client was made in another event loop than the one that calls."""

    def __init__(self) -> None:
        super().__init__(
            "the client belongs to another event loop: connect() in each, or use pmm_client.sync, "
            "whose client any thread may use"
        )


class BeyondHead(FailedPrecondition):
    """A seq was named that the mind has not reached."""


class MindDeleted(FailedPrecondition):
    """The mind has ended, and its name is never used again."""


class MemoryRetracted(FailedPrecondition):
    """The memory was taken back."""


class SessionEnded(FailedPrecondition):
    """The session has ended."""


class KeepsMore(FailedPrecondition):
    """The session keeps more of a message than its sender allows."""


class NotAnAnswer(FailedPrecondition):
    """Only answers, and turns that failed, can be explained."""


class PersonalDataRefused(FailedPrecondition):
    """The mind's policy refuses what the message holds."""


class PolicyUnusable(FailedPrecondition):
    """A policy of the mind on personal data is no action, so nothing is let in."""


class RateLimited(PmmError):
    """A limit is reached."""

    code = grpc.StatusCode.RESOURCE_EXHAUSTED


class DiskFull(RateLimited):
    """The ledger's disk or quota is full; nothing was appended, and an erasure is not complete."""


class Unavailable(PmmError):
    """The service cannot answer now; a repetition may succeed."""

    code = grpc.StatusCode.UNAVAILABLE


class NotReachable(Unavailable):
    """Nothing answers at the address."""


class ProtocolMismatch(NotReachable):
    """Something answers, but not as it was asked: one side alone wants TLS, a certificate is not trusted, no gRPC.

    Not repeated: it cannot pass by itself.
    """


class ClosedAtOnce(ProtocolMismatch):
    """The connection is closed before a word: a server that wants TLS does so, and one that stops just now."""


class Starting(Unavailable):
    """The service is starting."""


class BackendUnavailable(Unavailable):
    """The model server refused, failed, or was cut off."""


class DeadlineExceeded(PmmError):
    """It took longer than the call allowed."""

    code = grpc.StatusCode.DEADLINE_EXCEEDED


class IndexBehind(DeadlineExceeded):
    """Memory did not reach ``min_seq`` in time."""


class Cancelled(PmmError):
    """The call was cancelled."""

    code = grpc.StatusCode.CANCELLED


class Unauthenticated(PmmError):
    """No token, or one that the server does not know."""

    code = grpc.StatusCode.UNAUTHENTICATED


class BackendCredentials(Unauthenticated):
    """The model server refused the API key that the inference service has."""


class PermissionDenied(PmmError):
    """The token does not allow it."""

    code = grpc.StatusCode.PERMISSION_DENIED


class DataLoss(PmmError):
    """What is stored does not match its hash."""

    code = grpc.StatusCode.DATA_LOSS


class BrokenChain(DataLoss):
    """A mind's chain does not verify."""

    @property
    def seq(self) -> int:
        """The first event that does not verify."""
        return int(self.metadata.get("seq", "0"))


class ForgedProof(DataLoss):
    """A checkpoint or a proof does not verify; ``reason`` says which."""


class LedgerForked(DataLoss):
    """The mind's history is another one than a witness has seen."""


class LedgerRolledBack(DataLoss):
    """The mind is shorter than a witness has seen it."""


class Unimplemented(PmmError):
    """The server does not do this yet."""

    code = grpc.StatusCode.UNIMPLEMENTED


class InternalError(PmmError):
    """A fault of the server."""

    code = grpc.StatusCode.INTERNAL


class TurnFailed(PmmError):
    """A turn ended without an answer. The message is kept, what was said so far is not."""

    code = grpc.StatusCode.ABORTED

    def __init__(self, message: str, *, turn_reason: str, inference_reason: str = "", seq: int = 0) -> None:
        super().__init__(message, reason=inference_reason or turn_reason)
        self.turn_reason = turn_reason
        """MODEL_ERROR, CANCELLED, DEADLINE or INTERRUPTED."""
        self.inference_reason = inference_reason
        """What the inference service said, for example BACKEND_REFUSED; else empty."""
        self.seq = seq
        """The seq of turn_failed; 0 when incognito."""
