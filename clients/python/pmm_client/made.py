"""The contracts' messages from what an application gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar, cast

from pmm_client.errors import InvalidArgument, Violation

P = ParamSpec("P")
T = TypeVar("T")

HALF_CHARACTER = "holds half of a character (a lone surrogate)"
"""What Python strings can hold, and neither UTF-8 nor a protobuf."""


def made(message: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """``message(…)``. Raises InvalidArgument, which names the field, for a text with half of a character."""
    try:
        return message(*args, **kwargs)
    except UnicodeEncodeError as error:
        raise half_character(field_of(error.object, kwargs)) from None


def half_character(field: str) -> InvalidArgument:
    """The error for a text that cannot be sent, as the server has it for one that it does not take."""
    return InvalidArgument(
        f"{field}: {HALF_CHARACTER}",
        reason="INVALID_ARGUMENT",
        violations=[Violation(field, HALF_CHARACTER)],
    )


def field_of(text: str, fields: Mapping[str, Any]) -> str:
    """Which of the fields holds a text."""
    for name, value in fields.items():
        if value == text:
            return name
        if isinstance(value, list | tuple) and text in cast("list[Any]", value):
            return f"{name}[{cast('list[Any]', value).index(text)}]"
    return "the request"
