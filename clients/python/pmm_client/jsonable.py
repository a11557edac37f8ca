"""The contracts' messages as JSON for scripts: the shape that ``pmm --json`` promises.

Fields have the names of the contract. Integers are numbers, bytes are hex, times are RFC 3339 in UTC,
durations are seconds, enums are their names without the prefix. A field that can be absent and is, is null;
of a oneof only the member that is set is there.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from google.protobuf import json_format
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


def _message(message: Message) -> Any:
    match message:
        case Timestamp():
            return message.ToJsonString()
        case Duration():
            return message.ToTimedelta().total_seconds()
        case Struct() | Value():
            return cast(Any, json_format.MessageToDict(message))
        case _:
            return to_json(message)
