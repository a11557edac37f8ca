"""From a failed gRPC call to the exception that ``errors`` has for it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Protocol, cast
from urllib.parse import unquote

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc import error_details_pb2, status_pb2

from pmm_client import errors
from pmm_client.errors import ClosedAtOnce, NotReachable, PmmError, ProtocolMismatch, Violation

_DETAILS_KEY = "grpc-status-details-bin"

BY_CODE: dict[grpc.StatusCode, type[PmmError]] = {
    family.code: family
    for family in (
        errors.InvalidArgument,
        errors.NotFound,
        errors.AlreadyExists,
        errors.Aborted,
        errors.FailedPrecondition,
        errors.RateLimited,
        errors.Unavailable,
        errors.DeadlineExceeded,
        errors.Cancelled,
        errors.Unauthenticated,
        errors.PermissionDenied,
        errors.DataLoss,
        errors.Unimplemented,
        errors.InternalError,
    )
}
"""The exception of each status code, where no reason says more."""

BY_REASON: dict[str, type[PmmError]] = {
    "BACKEND_BUSY": errors.RateLimited,
    "BACKEND_CREDENTIALS": errors.BackendCredentials,
    "BACKEND_CUT": errors.BackendUnavailable,
    "BACKEND_FAILED": errors.BackendUnavailable,
    "BACKEND_REFUSED": errors.BackendUnavailable,
    "BACKUP_RUNNING": errors.FailedPrecondition,
    "BEYOND_HEAD": errors.BeyondHead,
    "BROKEN_EXPORT": errors.BrokenExport,
    "CONTEXT_TOO_LONG": errors.ContextTooLong,
    "DISK_FULL": errors.DiskFull,
    "EMBEDDER_FAILED": errors.Unavailable,
    "EVIDENCE_MISSING": errors.FailedPrecondition,
    "IDEMPOTENCY_KEY_REUSED": errors.IdempotencyKeyReused,
    "INDEX_BEHIND": errors.IndexBehind,
    "INDEX_REBUILDING": errors.Unavailable,
    "INVALID_JSON": errors.FailedPrecondition,
    "LISTING_CHANGED": errors.ListingChanged,
    "MEMORY_EXISTS": errors.MemoryExists,
    "MEMORY_RETRACTED": errors.MemoryRetracted,
    "MIND_DELETED": errors.MindDeleted,
    "MIND_EXISTS": errors.MindExists,
    "NOT_AN_ANSWER": errors.NotAnAnswer,
    "NOT_SUPPORTED": errors.Unimplemented,
    "PERSONAL_DATA_REFUSED": errors.PersonalDataRefused,
    "POLICY_UNUSABLE": errors.PolicyUnusable,
    "SESSION_KEEPS_MORE": errors.KeepsMore,
    "QUOTA_EXCEEDED": errors.DiskFull,
    "SESSION_ENDED": errors.SessionEnded,
    "SESSION_EXISTS": errors.SessionExists,
    "STARTING": errors.Starting,
    "STILL_FAILING": errors.FailedPrecondition,
    "TOO_MANY_CALLS": errors.RateLimited,
    "TOO_MANY_COMMITMENTS": errors.RateLimited,
    "TOO_MANY_STREAMS": errors.RateLimited,
    "TOO_MANY_TURNS": errors.RateLimited,
    "UNKNOWN_COMMITMENT": errors.UnknownCommitment,
    "UNKNOWN_DEAD_LETTER": errors.NotFound,
    "UNKNOWN_DIRECTIVE": errors.NotFound,
    "UNKNOWN_EVENT": errors.UnknownEvent,
    "UNKNOWN_MEMORY": errors.UnknownMemory,
    "UNKNOWN_MIND": errors.UnknownMind,
    "UNKNOWN_MODEL": errors.UnknownModel,
    "UNKNOWN_NODE": errors.NotFound,
    "NO_DEFAULT_MIND": errors.NoDefaultMind,
    "UNKNOWN_REDACTION": errors.NotFound,
    "UNKNOWN_SESSION": errors.UnknownSession,
    "WITNESSED_CHECKPOINT": errors.FailedPrecondition,
    "WRONG_EXPECTED_SEQ": errors.WrongExpectedSeq,
}
"""The exception of each reason that the contracts name. Any other falls back on its status code."""


class _RpcFailure(Protocol):
    def code(self) -> grpc.StatusCode: ...
    def details(self) -> str | None: ...
    def trailing_metadata(self) -> Any: ...


def from_rpc_error(error: grpc.RpcError) -> PmmError:
    """The typed exception of a failed call, with what the status details say."""
    failure = cast(_RpcFailure, error)
    code, message = failure.code(), failure.details() or failure.code().name
    status = _status(failure)
    info, violations, retry_after = _details(status.details if status else ())
    kind = BY_REASON.get(info.reason, BY_CODE.get(code, PmmError))
    if code is grpc.StatusCode.UNAVAILABLE and status is None:
        kind, message = _unconnected(message) or (kind, message)
    if code is grpc.StatusCode.CANCELLED and status is None:
        # So ends what a server has not taken up when it stops: https://github.com/grpc/grpc/issues/41785
        kind, code, message = errors.Unavailable, grpc.StatusCode.UNAVAILABLE, "the server stopped: try again"
    return kind(
        message,
        reason=info.reason,
        metadata=info.metadata,
        violations=violations,
        retry_after=retry_after,
        code=code,
    )


_CLOSED = "socket closed"
_MISMATCHES = {
    "wrong_version_number": "speaks no TLS: leave tls_ca out",
    "certificate_verify_failed": "shows a certificate that is not signed by the CA of tls_ca",
    "hostname verification": "shows a certificate for another name than this",
    "failed parsing http/2": "speaks something else than gRPC",
    _CLOSED: "closes the connection at once; if it wants TLS, set tls_ca",
}
_NO_CONNECTION = ("failed to connect", "dns resolution failed", "errors resolving", "handshake")


def _unconnected(message: str) -> tuple[type[PmmError], str] | None:
    """Why no connection came about, from gRPC's own words; None where one did.

    A server of ours always sends details with its UNAVAILABLE.
    """
    words, address = message.lower(), _address(message)
    if not any(known in words for known in _NO_CONNECTION):
        return None
    found = next((known for known in _MISMATCHES if known in words), "")
    if found:
        kind = ClosedAtOnce if found == _CLOSED else ProtocolMismatch
        return kind, f"{address} {_MISMATCHES[found]}"
    return NotReachable, f"nothing answers at {address}"


def _address(message: str) -> str:
    found = re.search(r"ipv[46]:([^;,\s]+:\d+)", message)
    return unquote(found.group(1)) if found else "the address"


def _status(failure: _RpcFailure) -> status_pb2.Status | None:
    for key, value in failure.trailing_metadata() or ():
        if key == _DETAILS_KEY:
            return status_pb2.Status.FromString(value)
    return None


def _details(
    details: Sequence[AnyMessage],
) -> tuple[error_details_pb2.ErrorInfo, list[Violation], float | None]:
    info, bad, retry = (
        error_details_pb2.ErrorInfo(),
        error_details_pb2.BadRequest(),
        error_details_pb2.RetryInfo(),
    )
    retry_after: float | None = None
    for detail in details:
        detail.Unpack(info)
        detail.Unpack(bad)
        if detail.Unpack(retry):
            retry_after = retry.retry_delay.ToTimedelta().total_seconds()
    return info, [Violation(v.field, v.description) for v in bad.field_violations], retry_after
