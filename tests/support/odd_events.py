"""Events of every kind with values at the ends of their types: what the ledger takes, and no fold was made for."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from google.protobuf.descriptor import FieldDescriptor as Field

from pmm.mind.v1.events_pb2 import Body

HIGH, LOW, NONSENSE = "high", "low", "nonsense"
_INTEGERS = {
    Field.TYPE_INT32: (-(2**31), 2**31 - 1),
    Field.TYPE_INT64: (-(2**63), 2**63 - 1),
    Field.TYPE_UINT32: (0, 2**32 - 1),
    Field.TYPE_UINT64: (0, 2**64 - 1),
}
_VALUES: dict[str, dict[int, Any]] = {
    HIGH: {
        Field.TYPE_DOUBLE: math.inf,
        Field.TYPE_ENUM: 2**31 - 1,
        Field.TYPE_STRING: "x" * 300,
        Field.TYPE_BYTES: b"\xff" * 40,
    },
    LOW: {
        Field.TYPE_DOUBLE: -math.inf,
        Field.TYPE_ENUM: -5,
        Field.TYPE_STRING: "m1",
        Field.TYPE_BYTES: b"",
    },
    NONSENSE: {
        Field.TYPE_DOUBLE: math.nan,
        Field.TYPE_ENUM: 99,
        Field.TYPE_STRING: "\x00 ?\n",
        Field.TYPE_BYTES: b"\x00",
    },
}
_DEEPEST = 4


def odd_bodies() -> Iterator[tuple[str, Body]]:
    """Three of each kind, each under a name."""
    for kind in Body.DESCRIPTOR.oneofs_by_name["kind"].fields:
        for which in _VALUES:
            body = Body()
            _fill(getattr(body, kind.name), which)
            getattr(body, kind.name).SetInParent()
            yield f"{kind.name}-{which}", body


def _fill(message: Any, which: str, depth: int = 0) -> None:
    for field in message.DESCRIPTOR.fields:
        is_first = field.containing_oneof is None or field.containing_oneof.fields[0] is field
        if not is_first or (field.message_type and field.message_type.GetOptions().map_entry):
            continue
        if field.type != Field.TYPE_MESSAGE:
            _set(message, field, _value(field, which))
        elif depth < _DEEPEST:
            held = getattr(message, field.name)
            inner = held.add() if field.is_repeated else held
            inner.SetInParent()
            _fill(inner, which, depth + 1)


def _value(field: Any, which: str) -> Any:
    if field.type in _INTEGERS:
        return _INTEGERS[field.type][which == HIGH]
    return True if field.type == Field.TYPE_BOOL else _VALUES[which][field.type]


def _set(message: Any, field: Any, value: Any) -> None:
    if field.is_repeated:
        getattr(message, field.name).append(value)
    else:
        setattr(message, field.name, value)
