"""Names for people and programs where the contracts have enums."""

from __future__ import annotations

import re
from typing import Literal, Protocol, get_args

from google.protobuf.descriptor import EnumDescriptor

from pmm.mind.v1.events_pb2 import PrivacyMode

Privacy = Literal["normal", "paused", "incognito"]
"""What is kept of a conversation: everything; the messages but no memories of them; nothing."""


class Enum(Protocol):
    """What every generated enum offers."""

    @property
    def DESCRIPTOR(self) -> EnumDescriptor:
        """Its description."""
        ...


def short_name(enum: Enum, number: int) -> str:
    """``FINISH_REASON_STOP`` as ``STOP``; a number that this version does not know as its digits."""
    return enum_value_name(enum.DESCRIPTOR, number)


def enum_value_name(descriptor: EnumDescriptor, number: int) -> str:
    """The same from the enum's descriptor."""
    value = descriptor.values_by_number.get(number)
    if value is None:
        return str(number)
    prefix = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", descriptor.name).upper() + "_"
    return value.name.removeprefix(prefix)


def privacy_mode(name: Privacy) -> PrivacyMode.ValueType:
    """The wire's value. Raises ValueError for a name that is none."""
    if name not in get_args(Privacy):
        raise ValueError(f"privacy is one of {', '.join(get_args(Privacy))}, not {name!r}")
    return PrivacyMode.Value(f"PRIVACY_MODE_{name.upper()}")


def privacy_name(mode: PrivacyMode.ValueType) -> Privacy:
    """The name of a mode; an unspecified one is treated as normal."""
    match mode:
        case PrivacyMode.PRIVACY_MODE_PAUSED:
            return "paused"
        case PrivacyMode.PRIVACY_MODE_INCOGNITO:
            return "incognito"
        case _:
            return "normal"
