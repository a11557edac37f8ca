"""From what the OpenAI library raises to what a caller is told."""

from __future__ import annotations

import ssl
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import Any

from services.inference.errors import (
    BackendBusy,
    BackendCredentials,
    BackendCut,
    BackendFailed,
    BackendRefused,
    BackendRejected,
    ContextTooLong,
    UnknownModel,
)
from services.runtime.errors import DomainError

NONSENSE = (ValueError, TypeError, AttributeError)
"""What comes of answers that do not have the API's shape: the library takes them as they come."""
BUSY_SECONDS = 1.0
"""Told to the caller where a busy server does not say how long to wait."""


@contextmanager
def told(model: str, said: Sequence[str]) -> Generator[None]:
    """Raise the errors of ``errors.py`` for those of the library; ``said`` is what has come of the answer."""
    import httpx2
    import openai

    try:
        yield
    except (openai.OpenAIError, httpx2.HTTPError, TimeoutError, *NONSENSE) as error:
        raise _translated(error, model, has_said=bool(said)) from None


@contextmanager
def told_of_list(base_url: str) -> Generator[None]:
    """The same for the list of models: BackendRefused or BackendFailed."""
    import httpx2
    import openai

    try:
        yield
    except (openai.APIConnectionError, TimeoutError) as error:
        if mistrust := _mistrust(error):
            raise BackendRefused(f"{base_url}: {mistrust}") from None
        raise BackendRefused(f"{base_url} does not answer: is the model server running?") from None
    except openai.APIStatusError as error:
        raise BackendFailed(
            f"{base_url} answers {error.status_code} to a request for its models"
            + (": set inference.openai_api_key_file" if error.status_code in (401, 403) else "")
        ) from None
    except (openai.OpenAIError, httpx2.HTTPError, *NONSENSE):
        raise BackendFailed(f"{base_url} does not speak the OpenAI API: check its address") from None


def _translated(error: Exception, model: str, *, has_said: bool) -> DomainError:
    import httpx2
    import openai

    if isinstance(error, openai.APIStatusError):
        return _of_status(error, model)
    if isinstance(error, openai.APIConnectionError | httpx2.HTTPError | TimeoutError) and has_said:
        return BackendCut("the model server stopped in the middle of the answer")
    if isinstance(error, openai.APITimeoutError | TimeoutError):
        return BackendRefused("the model server did not answer in time: is it overloaded?")
    if isinstance(error, openai.APIConnectionError | httpx2.HTTPError):
        return _of_connection(error)
    return BackendFailed(f"the model server sent something that is no answer ({type(error).__name__})")


def _of_connection(error: Exception) -> DomainError:
    import httpx2

    if isinstance(error, httpx2.RemoteProtocolError) or isinstance(
        error.__cause__, httpx2.RemoteProtocolError
    ):
        return BackendCut("the model server closed the connection before it answered")
    if mistrust := _mistrust(error):
        return BackendRefused(mistrust)
    return BackendRefused("nothing answers where the model server should be: is it running?")


def _mistrust(error: BaseException) -> str | None:
    """Why the certificate is not trusted and what to do, where this is why the library could not connect."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return (
                f"the model server's certificate is not trusted ({cause.verify_message}): set "
                "inference.openai_ca_file to that of its authority"
            )
        cause = cause.__cause__ or cause.__context__
    return None


def _of_status(error: Any, model: str) -> DomainError:
    status, code = error.status_code, str(error.code or "")
    if status == 429:
        wait = _retry_after(error)
        return BackendBusy(
            "the model server asks to wait", retry_after=BUSY_SECONDS if wait is None else wait
        )
    if status in (401, 403):
        return BackendCredentials("the model server refused the API key: set inference.openai_api_key_file")
    if status == 404:
        return UnknownModel(f"the model server has no model {model!r}", model=model)
    if status in (400, 413) and ("context" in code or "context" in str(error.message).lower()):
        return ContextTooLong()
    if status >= 500 or status in (408, 409, 425):
        return BackendFailed(f"the model server answered {status}", retry_after=_retry_after(error))
    return BackendRejected(f"the model server answered {status}: its log says why")


def _retry_after(error: Any) -> float | None:
    """Seconds; the header holds them or a date. None where it is missing or says nothing."""
    value = error.response.headers.get("retry-after", "")
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None
