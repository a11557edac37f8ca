"""The ledger, over its contract."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pmm_client.errors
from pmm.ledger.v1 import ledger_pb2 as pb
from services.memory.errors import UnknownMind
from services.memory.follow import Page
from services.runtime.peers import Peers


class LedgerPeer:
    """Implements ``follow.Ledger``."""

    def __init__(self, peers: Peers) -> None:
        self._peers = peers

    async def subscribe(self, after_position: int) -> AsyncIterator[Page]:
        """See ``follow.Ledger``."""
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
        except pmm_client.errors.PmmError as error:
            raise ConnectionError(error.message) from None

    async def head(self, mind_id: str) -> int:
        """See ``follow.Ledger``."""
        client = await self._peers.ledger()
        try:
            return (await client.get_head(pb.GetHeadRequest(mind_id=mind_id))).seq
        except pmm_client.errors.UnknownMind:
            raise UnknownMind(f"there is no mind {mind_id!r}", mind_id=mind_id) from None
