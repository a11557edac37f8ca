"""Request checks: one plain function per request message, built from the helpers here.

A check yields every broken field; one interceptor applies it and refuses the request with all of them at
once, before the servicer is entered::

    def append_request(request: AppendRequest) -> Iterable[Violation]:
        yield from checks.mind_id(request.mind_id)
        yield from checks.in_range(len(request.events), "events", 1, 1000)
        for i, event in enumerate(request.events):
            yield from checks.text(event.actor, f"events[{i}].actor", max_bytes=128)

    CHECKS = {AppendRequest: append_request}
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import cache
from typing import Any, Protocol

from google.protobuf import json_format

from services.runtime.errors import InvalidArgument, Violation
from services.runtime.times import FIRST_SECOND, LAST_SECOND

Check = Callable[[Any], Iterable[Violation]]
"""From a request message to its broken fields; none when it is right."""


class Enum(Protocol):
    """An enum of a contract."""

    def values(self) -> Iterable[int]:
        """Its numbers."""
        ...


ID_MAX_LENGTH = 128
"""Characters of an identifier."""
MAX_STOPS = 16
"""Texts before which a model stops."""

_ID = re.compile(r"[A-Za-z0-9._-]+")
_HEX = re.compile(r"[0-9a-f]*")


def nothing(_request: object) -> Iterable[Violation]:
    """The check of a request in which nothing can be wrong."""
    return ()


def enforce(check: Check, request: object) -> None:
    """Raise InvalidArgument with every broken field of the request, if there is one."""
    if violations := list(check(request)):
        raise InvalidArgument(violations)


def mind_id(value: str, field: str = "mind_id", *, optional: bool = False) -> Iterator[Violation]:
    """1 to 128 of A-Z a-z 0-9 . _ - ; empty too when optional."""
    yield from identifier(value, field, optional=optional)


def identifier(
    value: str, field: str, *, optional: bool = False, max_length: int = ID_MAX_LENGTH
) -> Iterator[Violation]:
    """An identifier in the alphabet of mind ids (session, commitment, memory, custom kind, …)."""
    if (optional and not value) or is_identifier(value, max_length=max_length):
        return
    yield Violation(field, f"must be 1 to {max_length} characters of A-Z a-z 0-9 . _ -")


def is_identifier(value: str, *, max_length: int = ID_MAX_LENGTH) -> bool:
    """Whether a text is one, as ``identifier`` asks for."""
    return len(value) <= max_length and _ID.fullmatch(value) is not None


def label(value: str, field: str, *, max_bytes: int) -> Iterator[Violation]:
    """A title or a name that may be left out: empty, or with something to read."""
    if value and not value.strip():
        yield Violation(field, "must be empty, or hold more than white space")
    yield from text(value, field, max_bytes=max_bytes)


def text(value: str, field: str, *, max_bytes: int, required: bool = False) -> Iterator[Violation]:
    """UTF-8 text of at most max_bytes; with required, not empty and not only white space."""
    if required and not value.strip():
        yield Violation(field, "must not be empty")
    # A character takes one to four bytes: most texts are settled without encoding them.
    if len(value) > max_bytes or (len(value) * 4 > max_bytes and len(value.encode()) > max_bytes):
        yield Violation(field, f"must be at most {max_bytes:,} bytes of UTF-8")


def data(value: bytes, field: str, *, max_bytes: int, exactly: int | None = None) -> Iterator[Violation]:
    """Bytes of at most max_bytes, or exactly as many as given."""
    if exactly is not None and len(value) != exactly:
        yield Violation(field, f"must be exactly {exactly} bytes")
    elif len(value) > max_bytes:
        yield Violation(field, f"must be at most {max_bytes:,} bytes")


def positive(value: float, field: str) -> Iterator[Violation]:
    """Above zero."""
    if not value > 0:
        yield Violation(field, "must be above 0")


def not_negative(value: float, field: str) -> Iterator[Violation]:
    """Zero or more."""
    if not value >= 0:
        yield Violation(field, "must not be negative")


def in_range(value: float, field: str, low: float, high: float) -> Iterator[Violation]:
    """Between low and high, both allowed. NaN is never in range."""
    if not low <= value <= high:
        yield Violation(field, f"must be between {low:,} and {high:,}")


def limit(value: int, field: str = "limit", *, high: int) -> Iterator[Violation]:
    """A page size: 0 asks for the default, and no more than high."""
    yield from in_range(value, field, 0, high)


def items(values: Collection[object], field: str, *, low: int = 0, high: int) -> Iterator[Violation]:
    """A repeated field with between low and high elements."""
    if not low <= len(values) <= high:
        yield Violation(field, f"must have between {low:,} and {high:,} elements")


def each(
    values: Iterable[Any], field: str, check: Callable[[Any, str], Iterable[Violation]]
) -> Iterator[Violation]:
    """Apply a check to every element, with its index in the field's name."""
    for index, value in enumerate(values):
        yield from check(value, f"{field}[{index}]")


def hex_id(value: str, field: str, *, length: int, optional: bool = True) -> Iterator[Violation]:
    """Lower-case hex digits of exactly this length, such as a trace id; empty too when optional."""
    if (optional and not value) or (len(value) == length and _HEX.fullmatch(value)):
        return
    yield Violation(field, f"must be {length} lower-case hex digits" + (" or empty" if optional else ""))


def enum_known(value: int, field: str, enum: Enum, *, optional: bool = False) -> Iterator[Violation]:
    """A value that this release knows; 0 (unspecified) only when optional."""
    if value == 0 and not optional:
        yield Violation(field, "must be set")
    elif value not in _values(enum):
        yield Violation(field, "is not a value that this release knows")


@cache
def _values(enum: Enum) -> frozenset[int]:
    return frozenset(enum.values())


def timestamp(value: Any, field: str) -> Iterator[Violation]:
    """A ``google.protobuf.Timestamp`` of which 64 bits hold the nanoseconds since 1970, whole years of them."""
    if not FIRST_SECOND <= value.seconds <= LAST_SECOND or not 0 <= value.nanos <= 999_999_999:
        yield Violation(field, "must be a time between the years 1678 and 2261")


def json_value(value: Any, field: str) -> Iterator[Violation]:
    """A ``google.protobuf.Struct`` or ``Value`` that JSON can say."""
    if not value.ByteSize():
        return
    try:
        json_format.MessageToDict(value)
    except (ValueError, json_format.Error):
        yield Violation(field, "must hold no number that JSON cannot say: NaN, Infinity")


def duration(value: Any, field: str, *, high_seconds: int) -> Iterator[Violation]:
    """A ``google.protobuf.Duration`` of zero to so many seconds."""
    if not 0 <= value.seconds <= high_seconds or not 0 <= value.nanos <= 999_999_999:
        yield Violation(field, f"must be between 0 and {high_seconds:,} seconds")


def sampling(value: Any, field: str = "sampling") -> Iterator[Violation]:
    """A ``pmm.inference.v1.Sampling``: for whoever takes one, be it to hand it on."""
    if value.HasField("temperature"):
        yield from in_range(value.temperature, f"{field}.temperature", 0, 10)
    if value.HasField("top_p"):
        yield from in_range(value.top_p, f"{field}.top_p", 1e-9, 1)
    for name in ("max_tokens", "top_k"):
        if value.HasField(name):
            yield from positive(getattr(value, name), f"{field}.{name}")
    for name in ("presence_penalty", "frequency_penalty"):
        if value.HasField(name):
            yield from in_range(getattr(value, name), f"{field}.{name}", -2, 2)
    yield from items(value.stop, f"{field}.stop", high=MAX_STOPS)
