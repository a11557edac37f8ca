"""What changed in a mind, as ``pmm mind diff`` tells it.

The server names fields and writes values as protobuf's JSON does: ``openCommitments``, numbers as texts. Here they
are as in all other output: the contract's names, and values as ``jsonable`` has them.
"""

from __future__ import annotations

import json
from typing import Any

from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.struct_pb2 import Struct, Value
from google.protobuf.timestamp_pb2 import Timestamp

from pmm.orchestrator.v1.orchestrator_pb2 import FieldChange, Mind
from pmm_client.cli import output
from pmm_client.jsonable import Json, to_json
from pmm_client.names import enum_value_name

SHOWN_SEQS = 3
_NUMBERS = {FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_UINT64, FieldDescriptor.CPPTYPE_UINT32}


class Change:
    """One field that changed: ``path`` in parts, ``before`` and ``after`` as JSON, None where it was not there."""

    def __init__(self, change: FieldChange) -> None:
        self.path, self._field, self._is_item = _found(change.path)
        self.before = self._value(change.before) if change.HasField("before") else None
        self.after = self._value(change.after) if change.HasField("after") else None
        self.seqs = list(change.seqs)

    def to_json(self) -> Json:
        """As ``--json`` prints it."""
        return {"path": ".".join(self.path), "before": self.before, "after": self.after, "seqs": self.seqs}

    @property
    def is_told_by_its_events(self) -> bool:
        """Whether the value is nothing but the seqs that stand beside it."""
        return self.path[-1].endswith(("_seq", "_seqs"))

    def cells(self) -> tuple[str, str, str, str]:
        """For people: what it is, before, after, and the latest events that made it so."""
        names = (part.lower() if part.isupper() else part for part in self.path)
        words = (name if name.startswith(("c-", "d-")) else name.replace("_", " ") for name in names)
        by = " ".join(f"#{seq}" for seq in self.seqs[-SHOWN_SEQS:])
        more = "… " if len(self.seqs) > SHOWN_SEQS else ""
        return " ".join(words), self._told(self.before), self._told(self.after), more + by

    def _value(self, value: Value) -> Any:
        plain = json_format.MessageToDict(value)
        if self._field is None or self._field.containing_type is None:
            return plain
        # The message that has the field knows what its JSON means.
        around = GetMessageClass(self._field.containing_type)()
        given = {self._field.json_name: [plain] if self._is_item else plain}
        try:
            json_format.ParseDict(given, around, ignore_unknown_fields=True)
        except json_format.ParseError:
            return plain
        read = to_json(around)[self._field.name]
        return read[0] if self._is_item and read else read

    def _told(self, value: Any) -> str:
        if isinstance(value, dict):
            value = value.get("text") or value.get("value") or value
        if value is None and self._field is not None and self._field.cpp_type in _NUMBERS:
            value = 0
        if value is None or value == "":
            return ""
        if self._field is not None and self._field.message_type is Timestamp.DESCRIPTOR:
            stamp = Timestamp()
            stamp.FromJsonString(value)
            return output.date(stamp)
        if isinstance(value, float):
            return f"{value:g}" if value.is_integer() else f"{value:.3f}"
        return output.shortened(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _found(path: str) -> tuple[list[str], FieldDescriptor | None, bool]:
    """A path in parts, by the contract's names; its field, if this version knows it; whether it is one of a list."""
    names, parts = list[str](), path.split(".")
    message: Descriptor | None = Mind.DESCRIPTOR
    field: FieldDescriptor | None = None
    while parts:
        field = message.fields_by_camelcase_name.get(parts[0]) if message else None
        if field is None:
            return [*names, *parts], None, False
        names.append(field.name)
        message, parts = field.message_type, parts[1:]
        if message is Struct.DESCRIPTOR:
            return [*names, ".".join(parts)] if parts else names, None if parts else field, False
        if message and field.is_repeated and parts:
            names.append(_key(message, parts[0]))
            parts = parts[1:]
            if not parts:
                return names, field, True
    return names, field, False


def _key(items: Descriptor, key: str) -> str:
    """What tells an item from others; where that is an enum, its name without the prefix."""
    for field in items.fields:
        if field.enum_type and key in field.enum_type.values_by_name:
            return enum_value_name(field.enum_type, field.enum_type.values_by_name[key].number)
    return key
