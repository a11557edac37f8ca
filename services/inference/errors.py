"""What inference can answer with instead of a result; the families are those of the runtime."""

from __future__ import annotations

from services.runtime.errors import (
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    ResourceExhausted,
    Unauthenticated,
    Unavailable,
    Violation,
)


class UnknownModel(NotFound):
    """No backend has this model."""

    reason = "UNKNOWN_MODEL"


class ContextTooLong(InvalidArgument):
    """The messages are longer than the model's context."""

    reason = "CONTEXT_TOO_LONG"

    def __init__(self) -> None:
        super().__init__([Violation("messages", "are longer than the model's context: shorten them")])


class BackendRefused(Unavailable):
    """Nothing answers where the model server should be."""

    reason = "BACKEND_REFUSED"


class BackendFailed(Unavailable):
    """The model server answered with an error, or with nonsense."""

    reason = "BACKEND_FAILED"


class BackendRejected(BackendFailed):
    """The model server would answer the same to a second attempt; told like any other failure of it."""


class BackendCut(Unavailable):
    """The model server stopped in the middle of an answer."""

    reason = "BACKEND_CUT"


class BackendBusy(ResourceExhausted):
    """The model server asks to wait, or too many calls wait here."""

    reason = "BACKEND_BUSY"


class BackendCredentials(Unauthenticated):
    """The model server refused the API key."""

    reason = "BACKEND_CREDENTIALS"


class InvalidJson(FailedPrecondition):
    """The model did not keep to the JSON schema."""

    reason = "INVALID_JSON"
