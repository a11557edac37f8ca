"""Appends that remember what was acknowledged, so that it can be looked for after whatever happened."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pmm_client
from pmm.ledger.v1 import ledger_pb2 as pb
from pmm_client.channel import open_channel
from pmm_client.raw import LedgerClient
from tests.support.ledger import LedgerCalls, said

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PATIENCE_S = 20


@asynccontextmanager
async def calls(target: str) -> AsyncIterator[LedgerCalls]:
    """Calls to a ledger."""
    async with open_channel(target) as channel:
        yield LedgerCalls(LedgerClient(channel))


@dataclass
class Load:
    """Batches by their key; each event says which one it belongs to."""

    mind_id: str = "ada"
    acknowledged: dict[str, list[int]] = field(default_factory=dict[str, list[int]])
    """Key → seqs."""
    sent: dict[str, int] = field(default_factory=dict[str, int])
    """Key → number of events, of every batch that was ever sent."""
    refused: list[pmm_client.PmmError] = field(default_factory=list[pmm_client.PmmError])

    async def append(self, ledger: LedgerCalls, key: str, size: int) -> None:
        """One batch. Raises what the ledger answers."""
        self.sent[key] = size
        events = [said(f"{key}/{number}/{'x' * 200}") for number in range(size)]
        request = pb.AppendRequest(mind_id=self.mind_id, events=events, idempotency_key=key)
        answer = await ledger.client.append(request, timeout=PATIENCE_S)
        self.acknowledged[key] = [event.seq for event in answer.events]

    async def run(self, ledger: LedgerCalls, name: str, sizes: list[int]) -> None:
        """One batch after the other, until the ledger fails."""
        for number, size in enumerate(sizes):
            try:
                await self.append(ledger, f"{name}-{number}", size)
            except pmm_client.PmmError as error:
                self.refused.append(error)
                return

    async def check(self, ledger: LedgerCalls) -> None:
        """What was acknowledged is there once, what was not is there whole or not at all, and all of it verifies."""
        stored: dict[str, list[int]] = {}
        for event in await ledger.read(self.mind_id, from_seq=2):
            if event.kind == "user_message" and not event.redacted:
                key = event.body.user_message.text.split("/")[0]
                stored.setdefault(key, []).append(event.seq)
        for key, seqs in self.acknowledged.items():
            assert stored.get(key) == seqs, f"{key} was acknowledged at {seqs} and is at {stored.get(key)}"
        for key, seqs in stored.items():
            assert len(seqs) == self.sent[key], f"{key} has {len(seqs)} of {self.sent[key]} events"
            assert seqs == list(range(seqs[0], seqs[0] + len(seqs))), f"{key} is torn apart: {seqs}"
        verdict = await ledger.verdict(self.mind_id)
        assert verdict.verified.seq == (await ledger.head(self.mind_id)).seq, verdict

    async def retry(self, ledger: LedgerCalls, keys: list[str]) -> None:
        """The same once more: the first answer where there was one, and no event twice."""
        for key in keys:
            before = self.acknowledged.get(key)
            await self.append(ledger, key, self.sent[key])
            assert before is None or before == self.acknowledged[key]


async def in_parallel(load: Load, ledger: LedgerCalls, name: str, clients: int, sizes: list[int]) -> None:
    """So many clients at once."""
    await asyncio.gather(*(load.run(ledger, f"{name}-{client}", sizes) for client in range(clients)))
