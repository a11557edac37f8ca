"""What the orchestrator can answer with instead of a result; the families are those of the runtime."""

from __future__ import annotations

from services.runtime.errors import (
    AlreadyExists,
    DeadlineExceeded,
    FailedPrecondition,
    NotFound,
    ResourceExhausted,
    Unavailable,
)


class UnknownSession(NotFound):
    """The mind has no such session."""

    reason = "UNKNOWN_SESSION"


class NoDefaultMind(NotFound):
    """The caller's owner has no mind that the token covers."""

    reason = "NO_DEFAULT_MIND"


class SessionExists(AlreadyExists):
    """The id of the session is taken."""

    reason = "SESSION_EXISTS"


class SessionEnded(FailedPrecondition):
    """The session has ended."""

    reason = "SESSION_ENDED"


class KeepsMore(FailedPrecondition):
    """The session keeps more of a message than its sender allows."""

    reason = "SESSION_KEEPS_MORE"


class MindExists(AlreadyExists):
    """The name of the mind is taken."""

    reason = "MIND_EXISTS"


class BeyondHead(FailedPrecondition):
    """A seq was named that the mind has not reached."""

    reason = "BEYOND_HEAD"


class IdempotencyKeyReused(AlreadyExists):
    """The idempotency key came with another message before."""

    reason = "IDEMPOTENCY_KEY_REUSED"


class PersonalDataRefused(FailedPrecondition):
    """The mind's policy refuses a class of personal data that the message holds."""

    reason = "PERSONAL_DATA_REFUSED"


class PolicyUnusable(FailedPrecondition):
    """What the mind's policy says about personal data cannot be done, so nothing is let in."""

    reason = "POLICY_UNUSABLE"


class TooManyTurns(ResourceExhausted):
    """Too many messages wait for their turn in one session."""

    reason = "TOO_MANY_TURNS"


class TurnTooLong(DeadlineExceeded):
    """The turn took longer than the operator allows."""

    reason = "TURN_TOO_LONG"


class MindDeleted(FailedPrecondition):
    """The mind has ended, and its name is never used again."""

    reason = "MIND_DELETED"


class TooManyCommitments(ResourceExhausted):
    """As many commitments are open as can be."""

    reason = "TOO_MANY_COMMITMENTS"


class UnknownCommitment(NotFound):
    """The mind has no such open commitment."""

    reason = "UNKNOWN_COMMITMENT"


class UnknownNode(NotFound):
    """The MemeGraph has no such node."""

    reason = "UNKNOWN_NODE"


class UnknownDirective(NotFound):
    """The mind has no such standing instruction."""

    reason = "UNKNOWN_DIRECTIVE"


class UnknownDeadLetter(NotFound):
    """No worker left such an event."""

    reason = "UNKNOWN_DEAD_LETTER"


class StillFailing(FailedPrecondition):
    """The worker fails at the event as it did before."""

    reason = "STILL_FAILING"


class EvidenceMissing(FailedPrecondition):
    """A commitment is done only with evidence that was recorded before."""

    reason = "EVIDENCE_MISSING"


class NotAnAnswer(FailedPrecondition):
    """Only answers can be explained."""

    reason = "NOT_AN_ANSWER"


class UnknownAnswer(NotFound):
    """The mind has not answered anything yet."""

    reason = "UNKNOWN_EVENT"


class ModelUnavailable(Unavailable):
    """The model failed where no turn stands for it; ``reason`` is that of inference."""

    reason = "BACKEND_FAILED"

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason or self.reason  # pyright: ignore[reportAttributeAccessIssue]


class ModelFailed(Exception):
    """Inference ended without an answer. ``reason`` is its own, for example BACKEND_REFUSED.

    ``may_pass``: another attempt later may end otherwise, because the model was away or busy.
    """

    def __init__(self, message: str, reason: str, *, may_pass: bool) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason
        self.may_pass = may_pass
