"""What memory can answer with instead of a result. ``services.runtime.errors`` maps families to statuses."""

from __future__ import annotations

from services.runtime.errors import DeadlineExceeded, FailedPrecondition, NotFound


class UnknownMind(NotFound):
    """The ledger has no such mind."""

    reason = "UNKNOWN_MIND"


class UnknownMemory(NotFound):
    """The mind has no such memory, or had none at the seq that was asked about."""

    reason = "UNKNOWN_MEMORY"


class BeyondHead(FailedPrecondition):
    """A seq was named that the mind has not reached."""

    reason = "BEYOND_HEAD"


class IndexBehind(DeadlineExceeded):
    """The index did not reach min_seq within the deadline."""

    reason = "INDEX_BEHIND"
