"""The families of errors that a service may raise. Plain Python: a domain module imports these and no gRPC.

::

    DomainError
    ├── InvalidArgument      the caller can fix the request; every broken field is named
    ├── NotFound             what the request names does not exist
    ├── AlreadyExists        it exists, and is another one
    ├── Aborted              a race was lost: read again and decide again
    ├── FailedPrecondition   right request, wrong state; retrying alone does not help
    ├── ResourceExhausted    a limit or a full disk; ``retry_after`` says when to come back
    ├── Unavailable          may be retried as it is; ``retry_after`` says when
    ├── DeadlineExceeded     the time ran out
    ├── PermissionDenied     the caller is known and may not
    ├── Unauthenticated      the caller is not known
    ├── DataLoss             stored data is damaged
    ├── NotSupported         right in itself, and this server cannot do it as it is set up
    └── Cancelled            the caller went away, or took it back

A service subclasses one of them and gives it a stable ``reason``::

    class UnknownMind(NotFound):
        reason = "UNKNOWN_MIND"

``services.runtime.status`` holds the one table from family to gRPC status.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken field of a request."""

    field: str
    """Path within the request, as in the proto: ``events[3].actor``."""
    description: str
    """What is wrong and what would be right. Never repeats the value."""


MAX_VIOLATIONS = 20
"""More do not fit into the metadata of an answer: clients take 8 KiB."""


class DomainError(Exception):
    """Something that a caller is told about, with a stable reason and metadata to act on."""

    reason: ClassVar[str] = "UNKNOWN"
    """Stable, UPPER_SNAKE_CASE: what programs compare with."""

    def __init__(self, message: str, **metadata: str) -> None:
        super().__init__(message)
        self.message = message
        """For people: what happened and what to do next."""
        self.metadata: dict[str, str] = metadata
        """For programs, such as ``actual_seq``."""


class InvalidArgument(DomainError):
    """The request is malformed. Holds every broken field at once."""

    reason = "INVALID_ARGUMENT"

    def __init__(self, violations: Sequence[Violation]) -> None:
        told = tuple(violations[:MAX_VIOLATIONS])
        if len(violations) > len(told):
            told += (Violation("", f"and {len(violations) - len(told)} more like these"),)
        words = (f"{v.field}: {v.description}" if v.field else v.description for v in told)
        super().__init__("; ".join(words) or "invalid request")
        self.violations = told


class NotFound(DomainError):
    """What the request names does not exist."""

    reason = "NOT_FOUND"


class AlreadyExists(DomainError):
    """It exists already and is not the same."""

    reason = "ALREADY_EXISTS"


class Aborted(DomainError):
    """A race was lost: read again and decide again."""

    reason = "ABORTED"


class FailedPrecondition(DomainError):
    """The state does not allow it, and retrying alone will not change that."""

    reason = "FAILED_PRECONDITION"


class RetryableError(DomainError):
    """An error after which the same request may succeed later."""

    def __init__(self, message: str, *, retry_after: float | None = None, **metadata: str) -> None:
        super().__init__(message, **metadata)
        self.retry_after = retry_after
        """Seconds to wait before another attempt; None when it cannot be told."""


class ResourceExhausted(RetryableError):
    """A limit, a quota or the disk is reached."""

    reason = "RESOURCE_EXHAUSTED"


class Unavailable(RetryableError):
    """Not now; the same call may be retried."""

    reason = "UNAVAILABLE"


class DeadlineExceeded(DomainError):
    """The time ran out before the answer was there."""

    reason = "DEADLINE_EXCEEDED"


class PermissionDenied(DomainError):
    """The caller is known and may not do this."""

    reason = "PERMISSION_DENIED"


class Unauthenticated(DomainError):
    """No token, or one that is not known."""

    reason = "UNAUTHENTICATED"


class DataLoss(DomainError):
    """Stored data is damaged or missing."""

    reason = "DATA_LOSS"


class NotSupported(DomainError):
    """A part of the contract that this server, as it is set up, cannot do."""

    reason = "NOT_SUPPORTED"


class Cancelled(DomainError):
    """The caller went away, or somebody took the request back."""

    reason = "CANCELLED"
