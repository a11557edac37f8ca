"""What memory can answer with instead of a result. ``services.runtime.errors`` maps families to statuses."""

from __future__ import annotations

from services.runtime.errors import (
    Aborted,
    AlreadyExists,
    DeadlineExceeded,
    FailedPrecondition,
    NotFound,
    Unavailable,
)


class UnknownMind(NotFound):
    """The ledger has no such mind."""

    reason = "UNKNOWN_MIND"


class MindDeleted(FailedPrecondition):
    """The mind has ended, and nothing of it is held."""

    reason = "MIND_DELETED"


class UnknownMemory(NotFound):
    """The mind has no such memory, or had none at the seq that was asked about."""

    reason = "UNKNOWN_MEMORY"


class BeyondHead(FailedPrecondition):
    """A seq was named that the mind has not reached."""

    reason = "BEYOND_HEAD"


class ListingChanged(Aborted):
    """What was read on a page is no longer what precedes the next one: it is to be begun with the first."""

    reason = "LISTING_CHANGED"


class IndexBehind(DeadlineExceeded):
    """The index did not reach min_seq within the deadline."""

    reason = "INDEX_BEHIND"


class MemoryExists(AlreadyExists):
    """The mind has or had a memory of this id."""

    reason = "MEMORY_EXISTS"


class IdempotencyKeyReused(AlreadyExists):
    """The idempotency key came with another call before."""

    reason = "IDEMPOTENCY_KEY_REUSED"


class MemoryRetracted(FailedPrecondition):
    """The memory was taken back."""

    reason = "MEMORY_RETRACTED"


class IndexRebuilding(Unavailable):
    """What is stored is damaged and is being built anew, or the service is about to end: try again."""

    reason = "INDEX_REBUILDING"


class EmbedderFailed(Unavailable):
    """The embedder cannot be reached, or refuses a text."""

    reason = "EMBEDDER_FAILED"


class WrongSeq(Exception):
    """An append expected the mind to stand at another seq than it does."""

    def __init__(self, head: int) -> None:
        super().__init__(head)
        self.head = head
