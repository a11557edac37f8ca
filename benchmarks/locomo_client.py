"""LoCoMo turn retrieval through the real services: events to the ledger, memory following, questions by ``Search``.

A retriever as the LoCoMo harness wants it (``--style text --retriever benchmarks.locomo_client:Client
--opt target=127.0.0.1:50050``); nothing about the data set is in here.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

import grpc

from pmm.ledger.v1 import ledger_pb2, ledger_pb2_grpc
from pmm.memory.v1 import memory_pb2, memory_pb2_grpc
from pmm.mind.v1 import events_pb2 as mind

BATCH = 500
TIMEOUT_S = 120.0


class Client:
    """One conversation at a time, each in a mind of its own."""

    def __init__(self, target: str = "127.0.0.1:50050") -> None:
        self._channel = grpc.insecure_channel(target)
        self._ledger = ledger_pb2_grpc.LedgerServiceStub(self._channel)
        self._memory = memory_pb2_grpc.MemoryServiceStub(self._channel)
        self._prefix, self._now = "locomo", ""
        self._mind_id = ""

    def start(self, conversation_id: str, now: str) -> None:
        """A fresh mind comes with the next ``index``; ``now`` is the clock of its questions, ISO 8601."""
        self._prefix, self._now = conversation_id, now

    def index(self, docs: Sequence[dict[str, str]]) -> None:
        """Make a mind of the turns, and wait until memory has them all."""
        self._mind_id = f"{self._prefix}-{uuid.uuid4().hex[:8]}"
        created = ledger_pb2.NewEvent(body=mind.Body(mind_created=mind.MindCreated(name=self._prefix)))
        events = [created, *map(_event, docs)]
        head = 0
        for first in range(0, len(events), BATCH):
            request = ledger_pb2.AppendRequest(mind_id=self._mind_id, events=events[first : first + BATCH])
            head = self._ledger.Append(request, timeout=TIMEOUT_S).head_seq
        self._memory.ListMemories(
            memory_pb2.ListMemoriesRequest(mind_id=self._mind_id, page_size=1, min_seq=head),
            timeout=TIMEOUT_S,
        )

    def query(self, text: str, k: int) -> list[str]:
        """Ids of the turns that answer a question best."""
        request = memory_pb2.SearchRequest(mind_id=self._mind_id, query=text, k=k)
        if self._now:
            request.query_time.FromDatetime(_time(self._now))
        found = self._memory.Search(request, timeout=TIMEOUT_S)
        return [result.memory.external_id for result in found.results]

    def close(self) -> None:
        """Close the connection."""
        self._channel.close()


def _event(doc: dict[str, str]) -> ledger_pb2.NewEvent:
    message = mind.MessageImported(text=doc["text"], speaker=doc["speaker"], external_id=doc["id"])
    message.occurred_at.FromDatetime(_time(doc["timestamp"]))
    # The turns of one session share its date.
    session = doc["timestamp"].replace(":", ".")
    return ledger_pb2.NewEvent(session_id=session, actor="import", body=mind.Body(message_imported=message))


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
