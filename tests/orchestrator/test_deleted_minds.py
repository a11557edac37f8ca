"""Of a mind that was deleted every call says so."""

from __future__ import annotations

from collections.abc import AsyncIterable

import pytest
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.struct_pb2 import Value
from google.protobuf.timestamp_pb2 import Timestamp

import pmm_client
from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from tests.orchestrator.talking import converse
from tests.support.serving import Served

METHODS: list[MethodDescriptor] = [*pb.DESCRIPTOR.services_by_name["OrchestratorService"].methods]
FILLED = {
    "session_id": "s",
    "commitment_id": "c",
    "directive_id": "d",
    "dead_letter_id": "l",
    "node_id": "event:2",
    "from_node_id": "event:2",
    "to_node_id": "event:3",
    "text": "hello",
    "name": "Nova",
    "key": "time_zone",
    "value": Value(string_value="UTC"),
    "until": Timestamp(seconds=4_000_000_000),
    "privacy_mode": mind.PRIVACY_MODE_PAUSED,
    "outcome": mind.COMMITMENT_OUTCOME_DROPPED,
    "messages": [pb.ImportedMessage(text="hello")],
    "seq": 2,
}
"""What requests need to be let through."""
OF_THE_PROCESS = {"ListWorkers", "ListDeadLetters", "ReplayDeadLetter"}
"""Tell how workers do, whatever becomes of minds."""


def of_a_mind() -> list[str]:
    """Every call that is about one mind, but for that which makes it: its name is taken."""
    return [
        method.name
        for method in METHODS
        if "mind_id" in method.input_type.fields_by_name
        and method.name not in {"CreateMind", *OF_THE_PROCESS}
    ]


async def called(served: Served, name: str) -> None:
    kind = getattr(pb, f"{name}Request")
    filled = {key: value for key, value in FILLED.items() if key in kind.DESCRIPTOR.fields_by_name}
    method = "".join(f"_{sign.lower()}" if sign.isupper() else sign for sign in name).lstrip("_")
    answer = getattr(served.orchestrator, method)(kind(mind_id="ada", **filled))
    if isinstance(answer, AsyncIterable):
        async for _ in answer:
            pass
    else:
        await answer


async def test_every_call_says_that_the_mind_was_deleted(served: Served) -> None:
    await converse(served, "I like tea.")
    await served.ledger.delete_mind(ledger.DeleteMindRequest(mind_id="ada", confirm_mind_id="ada"))

    for name in of_a_mind():
        with pytest.raises(pmm_client.MindDeleted):
            await called(served, name)
