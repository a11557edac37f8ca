"""The contracts' messages as JSON for scripts: the shape that ``pmm --json`` promises.

Fields have the names of the contract. Integers are numbers, bytes are hex, times are RFC 3339 in UTC,
durations are seconds, enums are their names without the prefix. A field that can be absent and is, is null;
of a oneof only the member that is set is there.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, cast

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct, Value
from google.protobuf.timestamp_pb2 import Timestamp

from pmm_client.names import enum_value_name

Json = dict[str, Any]


def to_json(message: Message) -> Json:
    """A message as what ``json.dumps`` takes."""
    fields = cast(Iterable[FieldDescriptor], message.DESCRIPTOR.fields)
    return {field.name: _field(message, field) for field in fields if not _is_left_out(message, field)}


def _is_left_out(message: Message, field: FieldDescriptor) -> bool:
    # A lone optional field is a oneof of its own in descriptors, named with an underscore.
    oneof = field.containing_oneof
    return oneof is not None and not oneof.name.startswith("_") and not message.HasField(field.name)


def _field(message: Message, field: FieldDescriptor) -> Any:
    value = getattr(message, field.name)
    if field.message_type and field.message_type.GetOptions().map_entry:
        entry = field.message_type.fields_by_name["value"]
        return {str(key): _value(value[key], entry) for key in sorted(value)}
    if field.is_repeated:
        return [_value(item, field) for item in value]
    if field.has_presence and not message.HasField(field.name):
        return None
    return _value(value, field)


def _value(value: Any, field: FieldDescriptor) -> Any:
    if field.enum_type:
        return enum_value_name(field.enum_type, value)
    if isinstance(value, bytes):
        return value.hex()
    return _message(value) if isinstance(value, Message) else value


def _time(time: Timestamp) -> str:
    try:
        return time.ToJsonString()
    except ValueError:
        # An application may have appended one that no calendar has.
        return f"{time.seconds}s"


def _plain(value: Value) -> Any:
    """JSON has no NaN: a ledger that an older server wrote may."""
    match value.WhichOneof("kind"):
        case "struct_value":
            return {key: _plain(inner) for key, inner in value.struct_value.fields.items()}
        case "list_value":
            return [_plain(inner) for inner in value.list_value.values]
        case "number_value" if not math.isfinite(value.number_value):
            return str(value.number_value)
        case "null_value" | None:
            return None
        case kind:
            return getattr(value, kind)


def _message(message: Message) -> Any:
    match message:
        case Timestamp():
            return _time(message)
        case Duration():
            return message.seconds + message.nanos / 1e9
        case Struct():
            return {key: _plain(value) for key, value in message.fields.items()}
        case Value():
            return _plain(message)
        case _:
            return to_json(message)
