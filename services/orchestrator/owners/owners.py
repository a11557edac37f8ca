"""What belongs to whom: an owner's minds, and the one that is meant where none is named."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from google.protobuf.struct_pb2 import Value

from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator.errors import NoDefaultMind
from services.orchestrator.feed import Feed
from services.orchestrator.minds import Minds
from services.orchestrator.owners.store import KINDS, MARK, OwnerStore
from services.orchestrator.peers import Peers
from services.orchestrator.tables import Following
from services.orchestrator.terms import Draft, Summary
from services.runtime.caller import Caller
from services.runtime.waiting import STUCK

PATIENCE_SECONDS = 5.0
"""For the table to take in a mind that was just made: whoever lists it at once should see it."""

LEDGER_PAGE = 1_000
"""The most that the ledger lists at once."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A mind in a list."""

    summary: Summary
    owner: str
    is_default: bool
    """Whether it is the caller's."""


class Owners:
    """Answers for a caller, and tells no caller of minds that the token does not cover."""

    def __init__(self, store: OwnerStore, minds: Minds, peers: Peers, feed: Feed) -> None:
        self._store = store
        self._minds = minds
        self._peers = peers
        self._following = Following("owners", store, feed, KINDS)

    async def run(self) -> None:
        """Follow the ledger until cancelled."""
        await self._following.run()

    async def seen(self, mind_id: str, seq: int) -> None:
        """Return once the table has taken in an event."""
        await self._following.reached((await self._peers.event(mind_id, seq)).position)

    async def seen_soon(self, mind_id: str, seq: int) -> None:
        """The same; a table that has much to catch up with, or cannot go on, is not waited for."""
        with suppress(TimeoutError, *STUCK):
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self.seen(mind_id, seq)

    async def default(self, caller: Caller) -> tuple[str, bool]:
        """The mind that a caller means who names none, and whether it was marked. Raises NoDefaultMind."""
        await self._built()
        return self._default(caller)

    async def _built(self) -> None:
        """Return once the table is no longer behind with what was there at the start; or where it cannot go on."""
        with suppress(*STUCK):
            await self._following.caught_up()

    def _default(self, caller: Caller) -> tuple[str, bool]:
        found = self._store.default(caller.owner, caller.may_reach)
        if found is not None:
            return found
        raise NoDefaultMind(
            f"{caller.owner!r} has no mind yet: CreateMind makes one, and the first one is the default",
            owner=caller.owner,
        )

    async def mark(self, mind_id: str, caller: Caller, why: str) -> int:
        """Make a mind the caller's default; the seq of the mark, 0 where it was so marked already."""
        active = await self._minds.open(mind_id)
        with suppress(NoDefaultMind):
            if await self.default(caller) == (mind_id, True):
                return 0
        body = mind.PolicyChanged(key=f"{MARK}{caller.owner}", value=Value(bool_value=True), why=why)
        (seq,) = await self._minds.append(active, [Draft(mind.Body(policy_changed=body))])
        await self.seen(mind_id, seq)
        return seq

    async def listing(
        self, caller: Caller, owner: str, token: str, prefix: str, size: int
    ) -> tuple[list[Listed], str]:
        """Minds by name, an owner's where one is named, and the name to go on after; empty at the end.

        That name is one that the caller sees, too: the pages of all minds end with others' names.
        """
        await self._built()
        found: list[Summary] = []
        while True:
            page, following = await self._page(owner, token, prefix, size)
            found += [one for one in page if caller.may_reach(one.mind_id) and not one.is_deleted]
            if len(found) > size or not following:
                break
            token = following
        meant = ""
        with suppress(NoDefaultMind):
            meant, _ = self._default(caller)
        listed = [Listed(one, self._store.owner(one.mind_id), one.mind_id == meant) for one in found[:size]]
        return listed, found[size - 1].mind_id if len(found) > size else ""

    async def _page(self, owner: str, token: str, prefix: str, size: int) -> tuple[list[Summary], str]:
        """Minds by name, whoever may see them, and the name to go on after; empty at the end."""
        if not owner:
            # The ledger is asked with our own token, not the caller's.
            return await self._peers.minds(token, prefix, LEDGER_PAGE)
        names = self._store.minds(owner, token, prefix, size + 1)
        pages = [await self._peers.minds("", name, 1) for name in names]
        return [one for page, _ in pages for one in page], names[-1] if len(names) > size else ""
