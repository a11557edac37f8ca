"""From an exception to a gRPC status: the one table, and the ``google.rpc`` details that travel with it."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, cast

import grpc
import grpc.aio
from google.protobuf import any_pb2, duration_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from services.runtime import errors, telemetry

if TYPE_CHECKING:
    from pmm_client.errors import PmmError

DOMAIN = "pmm"
"""``ErrorInfo.domain`` of every error that we send."""

DETAILS_KEY = "grpc-status-details-bin"
"""Trailing metadata in which the serialized ``google.rpc.Status`` travels."""

STATUS: dict[type[errors.DomainError], grpc.StatusCode] = {
    errors.InvalidArgument: grpc.StatusCode.INVALID_ARGUMENT,
    errors.NotFound: grpc.StatusCode.NOT_FOUND,
    errors.AlreadyExists: grpc.StatusCode.ALREADY_EXISTS,
    errors.Aborted: grpc.StatusCode.ABORTED,
    errors.FailedPrecondition: grpc.StatusCode.FAILED_PRECONDITION,
    errors.ResourceExhausted: grpc.StatusCode.RESOURCE_EXHAUSTED,
    errors.Unavailable: grpc.StatusCode.UNAVAILABLE,
    errors.DeadlineExceeded: grpc.StatusCode.DEADLINE_EXCEEDED,
    errors.PermissionDenied: grpc.StatusCode.PERMISSION_DENIED,
    errors.Unauthenticated: grpc.StatusCode.UNAUTHENTICATED,
    errors.DataLoss: grpc.StatusCode.DATA_LOSS,
    errors.NotSupported: grpc.StatusCode.UNIMPLEMENTED,
    errors.Cancelled: grpc.StatusCode.CANCELLED,
}
"""Family to status. A domain error finds its family by inheritance."""

NOT_IMPLEMENTED = "this call is part of the contract and not implemented in this release"
_GENERATED = "Method not implemented!"  # what the generated servicers say

_CODES: dict[int, grpc.StatusCode] = {code.value[0]: code for code in grpc.StatusCode}
_log = logging.getLogger("pmm.errors")


def code_of(status: status_pb2.Status) -> grpc.StatusCode:
    """The gRPC code of a ``google.rpc.Status``."""
    return _CODES.get(status.code, grpc.StatusCode.UNKNOWN)


def trailing_metadata(status: status_pb2.Status) -> tuple[tuple[str, bytes], ...]:
    """The metadata that carries a status with its details to the client."""
    return ((DETAILS_KEY, status.SerializeToString()),)


def to_status(error: BaseException) -> status_pb2.Status:
    """What a client is told of an exception. Logs the place of one that nobody foresaw; never sends it."""
    match error:
        case BaseExceptionGroup():
            return to_status(_telling(error))
        case errors.DomainError():
            return _of_domain(error)
        case NotImplementedError():
            message = NOT_IMPLEMENTED if str(error) in ("", _GENERATED) else str(error)
            return _status(grpc.StatusCode.UNIMPLEMENTED, message, _info("UNIMPLEMENTED", {}))
        case grpc.aio.AioRpcError():
            return _of_rpc(error)
        case _:
            # Imported here: the SDK is needed where there are peers, and loads all contracts.
            from pmm_client.errors import PmmError

            return _of_peer(error) if isinstance(error, PmmError) else _unforeseen(error)


def _telling(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The one error of a task group that says most: what a client can act on before what nobody foresaw."""
    leaves: list[BaseException] = []
    for error in group.exceptions:
        leaves.append(_telling(cast("Any", error)) if isinstance(error, BaseExceptionGroup) else error)
    return next((leaf for leaf in leaves if hasattr(leaf, "reason")), leaves[0])


def _of_domain(error: errors.DomainError) -> status_pb2.Status:
    code = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), grpc.StatusCode.UNKNOWN)
    details: list[Message] = [_info(error.reason, error.metadata)]
    if isinstance(error, errors.InvalidArgument):
        details.append(_bad_request(error.violations))
    if isinstance(error, errors.RetryableError) and error.retry_after is not None:
        details.append(_retry(error.retry_after))
    return _status(code, error.message, *details)


def _of_peer(error: PmmError) -> status_pb2.Status:
    """A peer's answer passes on unchanged: its code and reason mean the same to our caller."""
    details: list[Message] = [_info(error.reason or error.code.name, dict(error.metadata))]
    if error.violations:
        details.append(_bad_request([errors.Violation(v.field, v.description) for v in error.violations]))
    if error.retry_after is not None:
        details.append(_retry(error.retry_after))
    return _status(error.code, error.message, *details)


def _of_rpc(error: grpc.aio.AioRpcError) -> status_pb2.Status:
    for key, value in cast("Iterable[tuple[str, bytes]]", error.trailing_metadata() or ()):
        if key == DETAILS_KEY:
            return status_pb2.Status.FromString(value)
    code = error.code()
    return _status(code, error.details() or code.name, _info(code.name, {}))


def _unforeseen(error: BaseException) -> status_pb2.Status:
    trace_id = telemetry.current_trace_id()
    # Where it happened, and not what it said: an exception's own text may quote a user's words.
    frames = "".join(traceback.format_tb(error.__traceback__))
    _log.error("internal error %s, trace id %s\n%s", type(error).__name__, trace_id or "-", frames)
    where = f", trace id {trace_id}" if trace_id else ""
    metadata = {"trace_id": trace_id} if trace_id else {}
    return _status(grpc.StatusCode.INTERNAL, f"internal error{where}", _info("INTERNAL", metadata))


def _status(code: grpc.StatusCode, message: str, *details: Message) -> status_pb2.Status:
    status = status_pb2.Status(code=cast("int", code.value[0]), message=message)
    for detail in details:
        packed = any_pb2.Any()
        packed.Pack(detail)
        status.details.append(packed)
    return status


def _info(reason: str, metadata: dict[str, str]) -> error_details_pb2.ErrorInfo:
    return error_details_pb2.ErrorInfo(reason=reason, domain=DOMAIN, metadata=metadata)


def _bad_request(violations: Sequence[errors.Violation]) -> error_details_pb2.BadRequest:
    field = error_details_pb2.BadRequest.FieldViolation
    return error_details_pb2.BadRequest(
        field_violations=[field(field=v.field, description=v.description) for v in violations]
    )


def _retry(seconds: float) -> error_details_pb2.RetryInfo:
    delay = duration_pb2.Duration()
    delay.FromNanoseconds(int(seconds * 1e9))
    return error_details_pb2.RetryInfo(retry_delay=delay)
