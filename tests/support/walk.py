"""Requests such as a program with faults sends them: to any RPC, in any order, mostly of what there is."""

from __future__ import annotations

import json
import random
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from google.protobuf.descriptor import FieldDescriptor as Field
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from pmm.mind.v1.events_pb2 import Body
from tests.support.contracts import Rpc, rpcs
from tests.support.extraction import DATA

MINDS = ("ada", "ben", "cy")
"""Those that are there; whoever walks makes them first."""
UNERASED = "cy"
"""The one in which nothing is erased."""
SETS = ("commitments", "endings", "evidence", "facts", "instructions", "names", "personal_data")
SENTENCES = [
    json.loads(line)["text"] for name in SETS for line in (DATA / f"{name}.jsonl").read_text().splitlines()
]
ODD = ("", " ", "\x00", "\u202e\u200b", "日本語のテキスト", "مرحبا", "🎂" * 50, "a\nb\r\n\tc", "x" * 70_000)
DEEPEST = 5
REMEMBERED = 300
"""Values of a field that are kept of the answers."""

_NAMES = ("Ana", "Ben", "Nova", "O'Neil", "garden", "user", "assistant")
_KNOWN: Mapping[str, Sequence[str]] = {
    "mind_id": MINDS,
    "name": _NAMES,
    "speaker": _NAMES,
    "project": _NAMES,
    "tags": _NAMES,
    "entities": _NAMES,
    "actor": ("", "app"),
    "trace_id": ("",),
    "model": ("",),
    "caches": ("embeddings", "queries", "results", "understanding"),
    "kinds": tuple(field.name for field in Body.DESCRIPTOR.oneofs_by_name["kind"].fields),
    "edge_types": ("replies_to", "mentions", "derived_from", "opens", "closes", "adopts", "recalled_in"),
    "key": ("description", "persona_prompt", "time_zone", "language", "traits.frozen", "traits.cap"),
    "time_zone": ("", "Europe/Berlin", "Asia/Kolkata", "Nowhere/X"),
}
_SAME_AS = {
    "from_node_id": "node_id",
    "to_node_id": "node_id",
    "session_ids": "session_id",
    "memory_ids": "memory_id",
}
_OFTEN = {"Converse": 8, "Append": 6, "OpenCommitment": 3, "CloseCommitment": 3, "RecordMemories": 3}
_SELDOM = {"Forget": 0.4, "Redact": 0.4, "Restore": 0.2, "Export": 0.2, "Backup": 0.1, "DeleteMind": 0}
_ERASING = frozenset({"Forget", "Redact"})
_RARE_FIELDS = {
    "expected_hash",
    "expected_seq",
    "as_of_seq",
    "min_seq",
    "sampling",
    "filter",
    "kind",
    "valid_to",
}
"""With these, few requests are right."""
_OFFSETS_S = (0, -1, -60, -86_400, 3_600, 86_400, 30_000_000, -300_000_000)


class Walk:
    """Chooses what is asked next; what it hears it asks about."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._heard: dict[str, list[str]] = defaultdict(list)
        self._last_seq = 1
        self._rpcs = rpcs()
        weights = {**_OFTEN, **_SELDOM}
        self._weights = [weights.get(rpc.method.name, 1) for rpc in self._rpcs]

    def step(self) -> tuple[Rpc, Message]:
        """An RPC, and a request for it."""
        [rpc] = self._chance.choices(self._rpcs, self._weights)
        request: Any = rpc.request()
        self._fill(request)
        if rpc.method.name in _ERASING and request.mind_id == UNERASED:
            request.mind_id = MINDS[0]
        return rpc, request

    def hear(self, answer: Message) -> None:
        """Remember the ids and seqs that an answer names."""
        for field, value in answer.ListFields():
            values = value if field.is_repeated else [value]
            if field.type == Field.TYPE_MESSAGE:
                for child in () if _is_map(field) else values:
                    self.hear(child)
            elif field.type == Field.TYPE_STRING and field.name != "mind_id":
                if field.name.endswith("_id") or field.name == "next_page_token":
                    self._remember(field.name, values)
            elif field.name in ("seq", "head_seq"):
                self._last_seq = max(self._last_seq, *values)

    def _remember(self, name: str, values: Sequence[str]) -> None:
        heard = self._heard[_SAME_AS.get(name, name)]
        heard.extend(values)
        while len(heard) > REMEMBERED:
            heard.pop(self._chance.randrange(len(heard)))

    def _fill(self, message: Any, depth: int = 0) -> None:
        if isinstance(message, Timestamp):
            message.FromNanoseconds(time.time_ns() + self._chance.choice(_OFFSETS_S) * 10**9)
            return
        chosen = {oneof.name: self._chance.choice(oneof.fields) for oneof in message.DESCRIPTOR.oneofs}
        for field in message.DESCRIPTOR.fields:
            oneof = field.containing_oneof
            if _is_map(field) or (oneof and chosen[oneof.name] is not field) or not self._is_set(field):
                continue
            if field.type == Field.TYPE_MESSAGE:
                if depth < DEEPEST:
                    target = getattr(message, field.name)
                    child = target.add() if field.is_repeated else target
                    child.SetInParent()
                    self._fill(child, depth + 1)
            elif field.is_repeated:
                values = [self._value(field) for _ in range(self._chance.choice((1, 1, 1, 2, 3)))]
                getattr(message, field.name).extend(values)
            else:
                setattr(message, field.name, self._value(field))

    def _is_set(self, field: Field) -> bool:
        if field.name in _RARE_FIELDS:
            return self._chance.random() < 0.03
        is_often = (
            field.is_repeated or field.containing_oneof or field.name.endswith(("_id", "seq", "text", "name"))
        )
        return self._chance.random() < (0.95 if is_often else 0.6)

    def _value(self, field: Field) -> Any:
        if field.enum_type:
            return self._chance.choice([*field.enum_type.values_by_number, 77])
        of_type: dict[int, Callable[[], Any]] = {
            Field.CPPTYPE_STRING: lambda: self._text(field.name),
            Field.CPPTYPE_BOOL: lambda: self._chance.random() < 0.3,
            Field.CPPTYPE_DOUBLE: self._fraction,
            Field.CPPTYPE_FLOAT: self._fraction,
        }
        if field.type == Field.TYPE_BYTES:
            return self._chance.randbytes(self._chance.choice((0, 1, 32, 64)))
        return of_type.get(field.cpp_type, lambda: self._number(field.name))()

    def _text(self, name: str) -> str:
        name = "next_page_token" if name == "page_token" else _SAME_AS.get(name, name)
        odds = self._chance.random()
        if odds < 0.02:
            return self._chance.choice(ODD)
        if name == "next_page_token" and odds < 0.6:
            return ""
        if name in _KNOWN:
            return self._chance.choice(_KNOWN[name])
        if name == "idempotency_key":
            return "" if odds < 0.6 else f"key-{self._chance.randrange(400)}"
        if self._heard[name] and odds < 0.85:
            return self._chance.choice(self._heard[name])
        if name.endswith("_id"):
            return f"{name}-{self._chance.randrange(30)}"
        return self._chance.choice(SENTENCES)

    def _fraction(self) -> float:
        return self._chance.choice((0.0, 0.1, 0.5, 0.9, 1.0, 1.0, 0.5, 0.9, 1.5, -1.0, float("nan")))

    def _number(self, name: str) -> int:
        if self._chance.random() < 0.02:
            return 2**31 - 1
        if name.endswith(("seq", "seqs", "size")):
            return self._chance.randint(1, self._last_seq + 1)
        return self._chance.randrange(20)


def _is_map(field: Field) -> bool:
    return field.message_type is not None and field.message_type.GetOptions().map_entry
