"""What the ledger can answer with instead of a result; the families are those of the runtime."""

from __future__ import annotations

from services.runtime.errors import (
    Aborted,
    AlreadyExists,
    DataLoss,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    ResourceExhausted,
    Unavailable,
)


class UnknownMind(NotFound):
    """There is no such mind; only mind_created or mind_imported makes one."""

    reason = "UNKNOWN_MIND"


class UnknownEvent(NotFound):
    """The mind has no such seq."""

    reason = "UNKNOWN_EVENT"


class OwnerNotAllowed(PermissionDenied):
    """An event names another owner than the token's."""

    reason = "OWNER_NOT_ALLOWED"


class MindExists(AlreadyExists):
    """The mind has events already."""

    reason = "MIND_EXISTS"


class IdempotencyKeyReused(AlreadyExists):
    """The idempotency key came with another body before."""

    reason = "IDEMPOTENCY_KEY_REUSED"


class WrongExpectedSeq(Aborted):
    """The mind's head is not where the caller expects it; metadata ``head_seq`` is the real one."""

    reason = "WRONG_EXPECTED_SEQ"


class MindDeleted(FailedPrecondition):
    """The mind has ended, and its name is never used again."""

    reason = "MIND_DELETED"


class BeyondHead(FailedPrecondition):
    """A seq or position was named that has not been reached."""

    reason = "BEYOND_HEAD"


class DiskFull(ResourceExhausted):
    """The disk is full; nothing was appended, and an erasure is not complete."""

    reason = "DISK_FULL"


class QuotaExceeded(ResourceExhausted):
    """The mind would hold more than it may; metadata ``limit`` says how much that is."""

    reason = "QUOTA_EXCEEDED"


class UnknownRedaction(NotFound):
    """The mind has no such erasure."""

    reason = "UNKNOWN_REDACTION"


class WitnessedCheckpoint(FailedPrecondition):
    """What is to be restored does not hold a checkpoint that was given out; metadata ``witnessed_size`` is its size."""

    reason = "WITNESSED_CHECKPOINT"


class BackupRunning(FailedPrecondition):
    """Another backup is on its way."""

    reason = "BACKUP_RUNNING"


class StorageFailed(Unavailable):
    """The disk failed in the middle of a write; the process stops and recovers from what is on disk."""

    reason = "STORAGE_FAILED"


class BrokenEvent(DataLoss):
    """A stored event cannot be read as it was written; metadata ``seq`` names it."""

    reason = "BROKEN_EVENT"


class BrokenExport(InvalidArgument):
    """An export does not verify; metadata ``line`` and ``seq`` name where."""

    reason = "BROKEN_EXPORT"


class BrokenMind(DataLoss):
    """What is kept of a mind beside its events cannot be read as it was written; metadata ``mind_id`` names it."""

    reason = "BROKEN_MIND"


class BrokenStore(DataLoss):
    """LMDB's own pages cannot be read as they were written."""

    reason = "BROKEN_STORE"


def broken_store(why: str) -> BrokenStore:
    """The error for a data file that LMDB cannot walk."""
    return BrokenStore(
        f"the ledger's data file is damaged ({why}): stop the server, `pmm ledger fsck --dump`, and restore a backup"
    )


def broken_event(mind_id: str, seq: int, why: str) -> BrokenEvent:
    """The error for an event that cannot be read as it was written."""
    return BrokenEvent(
        f"event {seq} of mind {mind_id!r} is damaged ({why}): verify the mind, and restore it from a backup",
        mind_id=mind_id,
        seq=str(seq),
    )


def broken_mind(mind_id: str, why: str) -> BrokenMind:
    """The error for a mind whose head, keys or tree are damaged."""
    return BrokenMind(
        f"what is kept of mind {mind_id!r} is damaged ({why}): restore it from a backup or an export",
        mind_id=mind_id,
    )


def mind_deleted(mind_id: str) -> MindDeleted:
    """The error for a mind that has ended."""
    return MindDeleted(f"mind {mind_id!r} was deleted; its name is never used again", mind_id=mind_id)


def unknown_mind(mind_id: str) -> UnknownMind:
    """The error for a mind that is not there."""
    return UnknownMind(f"there is no mind {mind_id!r}", mind_id=mind_id)


def unknown_event(mind_id: str, seq: int, head: int) -> UnknownEvent:
    """The error for a seq that is not there."""
    return UnknownEvent(f"mind {mind_id!r} has no event {seq}; its head is {head}", head_seq=str(head))
