"""The ledger, over its contract."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import pmm_client.errors
from pmm.ledger.v1 import ledger_pb2 as pb
from pmm.mind.v1.events_pb2 import Event
from services.memory.errors import IdempotencyKeyReused, UnknownMind, WrongSeq
from services.memory.ledger import Draft, Page
from services.runtime.peers import Peers

ACTOR = "memory"


class LedgerPeer:
    """Implements ``ledger.Ledger``."""

    def __init__(self, peers: Peers) -> None:
        self._peers = peers

    async def subscribe(self, after_position: int) -> AsyncIterator[Page]:
        """See ``ledger.Ledger``."""
        client = await self._peers.ledger()
        store_id, head = "", 0
        try:
            async for message in client.subscribe(pb.SubscribeRequest(after_position=after_position)):
                part = message.WhichOneof("part")
                if part == "started":
                    store_id, head = message.started.store_id, message.started.head_position
                    yield Page([], after_position, store_id, head)
                elif part == "page":
                    yield Page(list(message.page.events), message.page.position, store_id, head)
        except pmm_client.errors.BeyondHead:
            # The store lost what we have seen: it is not the one that we followed.
            yield Page([], 0, "", 0)
        except pmm_client.errors.DataLoss:
            raise
        except pmm_client.errors.PmmError as error:
            raise ConnectionError(error.message) from None

    async def read(self, mind_id: str, after_seq: int) -> AsyncIterator[list[Event]]:
        """See ``ledger.Ledger``."""
        client = await self._peers.ledger()
        try:
            async for page in client.read(pb.ReadRequest(mind_id=mind_id, from_seq=after_seq + 1)):
                yield list(page.events)
        except pmm_client.errors.DataLoss:
            raise
        except pmm_client.errors.PmmError as error:
            raise ConnectionError(error.message) from None

    async def head(self, mind_id: str) -> int:
        """See ``ledger.Ledger``."""
        client = await self._peers.ledger()
        try:
            return (await client.get_head(pb.GetHeadRequest(mind_id=mind_id))).seq
        except pmm_client.errors.UnknownMind:
            raise UnknownMind(f"there is no mind {mind_id!r}", mind_id=mind_id) from None

    async def append(self, mind_id: str, drafts: Sequence[Draft], expected_seq: int | None) -> int:
        """See ``ledger.Ledger``."""
        client = await self._peers.ledger()
        events = [
            pb.NewEvent(actor=ACTOR, body=draft.body, idempotency_key=draft.idempotency_key)
            for draft in drafts
        ]
        request = pb.AppendRequest(mind_id=mind_id, events=events)
        if expected_seq is not None:
            request.expected_seq = expected_seq
        try:
            return (await client.append(request)).head_seq
        except pmm_client.errors.WrongExpectedSeq as error:
            raise WrongSeq(error.head_seq) from None
        except pmm_client.errors.IdempotencyKeyReused:
            raise IdempotencyKeyReused(
                "idempotency_key came with another call before: take a new key, or repeat that call"
            ) from None
