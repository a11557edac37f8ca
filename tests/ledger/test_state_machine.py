"""The service against a model of sixty lines, with restarts, full disks and failing disks in between."""

from __future__ import annotations

import asyncio
import errno
import os
import tempfile
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar
from unittest import TestCase, mock

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

import pmm_client
from pmm.ledger.v1 import ledger_pb2 as pb
from pmm.mind.v1 import events_pb2 as mind
from services.ledger.keys import KeySegments
from tests.support.ledger import RunningLedger, running_ledger
from tests.support.ledger_model import Model, Refused

T = TypeVar("T")
NAMES = st.sampled_from(["ada", "bob"])
TEXTS = st.lists(st.text(max_size=20), min_size=1, max_size=5).map(tuple)
KEYS = st.sampled_from(["", "", "k1", "k2", "k3"])
EXPECTED = st.sampled_from([None, None, None]) | st.none() | st.integers(0, 12)
"""Mostly none, so that most appends append."""


def body(kind: str, text: str) -> mind.Body:
    if kind == "mind_created":
        return mind.Body(mind_created=mind.MindCreated(name=text))
    return mind.Body(user_message=mind.UserMessage(text=text))


class LedgerMachine(RuleBasedStateMachine):
    """Every call is made to both; both must answer the same."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.model = Model()
        self.stack = AsyncExitStack()
        self.ledger: RunningLedger

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    @initialize(texts=TEXTS)
    def begin(self, texts: tuple[str, ...]) -> None:
        """There is something to redact from the start."""
        self.start()
        for name in ("ada", "bob"):
            self.create(name, "")
            self.append(name, (*texts, "more"), None, "")

    def start(self) -> None:
        running = running_ledger(Path(self.folder.name), settle_ms=0)
        self.ledger = self.run(self.stack.enter_async_context(running))

    @rule()
    def restart(self) -> None:
        self.run(self.stack.aclose())
        self.start()

    async def call(
        self, name: str, kind: str, texts: tuple[str, ...], expected: int | None, key: str
    ) -> list[int]:
        events = [pb.NewEvent(session_id="s1", body=body(kind, text)) for text in texts]
        request = pb.AppendRequest(mind_id=name, events=events, idempotency_key=key, expected_seq=expected)
        return [event.seq for event in (await self.ledger.client.append(request)).events]

    def both(self, real: Coroutine[Any, Any, T], model: Any) -> T | None:
        """The answer of the service, which is the model's."""
        try:
            answer, reason = self.run(real), ""
        except pmm_client.PmmError as error:
            answer, reason = None, error.reason
        try:
            expected, why = model(), ""
        except Refused as refused:
            expected, why = None, str(refused)
        assert (answer, reason) == (expected, why)
        return answer

    @rule(name=NAMES, texts=TEXTS, expected=EXPECTED, key=KEYS)
    def append(self, name: str, texts: tuple[str, ...], expected: int | None, key: str) -> None:
        arguments = (name, "user_message", texts, expected, key)
        self.both(self.call(*arguments), lambda: self.model.append(*arguments))

    @rule(name=NAMES, key=KEYS)
    def create(self, name: str, key: str) -> None:
        arguments = (name, "mind_created", (name,), None, key)
        self.both(self.call(*arguments), lambda: self.model.append(*arguments))

    @rule(
        name=NAMES,
        places=st.sets(st.integers(0, 11), min_size=1, max_size=3),
        beyond=st.sampled_from([False, False, False, True]),
    )
    def redact(self, name: str, places: set[int], beyond: bool) -> None:
        held = self.model.minds.get(name)
        head = len(held.texts) if held and not beyond else 12
        seqs = {1 + place % max(head, 1) for place in places}

        async def real() -> int:
            request = pb.RedactRequest(mind_id=name, seqs=sorted(seqs))
            return (await self.ledger.client.redact(request)).events

        self.both(real(), lambda: self.model.redact(name, seqs))

    @rule(name=NAMES, chance=st.integers(0, 30))
    def delete(self, name: str, chance: int) -> None:
        # A deleted mind leaves nothing to test, so few are.
        if chance != 30:
            return

        async def real() -> None:
            await self.ledger.client.delete_mind(pb.DeleteMindRequest(mind_id=name, confirm_mind_id=name))

        self.both(real(), lambda: self.model.delete(name))

    @rule(name=NAMES, texts=TEXTS, code=st.sampled_from([errno.ENOSPC, errno.EIO]))
    def append_while_the_disk_fails(self, name: str, texts: tuple[str, ...], code: int) -> None:
        living = name in self.model.minds and not self.model.minds[name].deleted
        if not living:
            return
        failing = OSError(code, os.strerror(code))
        with (
            mock.patch.object(KeySegments, "sync", side_effect=failing),
            pytest.raises(pmm_client.PmmError) as caught,
        ):
            self.run(self.call(name, "user_message", texts, None, ""))
        assert caught.value.reason == {errno.ENOSPC: "DISK_FULL", errno.EIO: "STORAGE_FAILED"}[code]
        if code == errno.EIO:
            self.restart()

    @rule(
        name=NAMES,
        first=st.integers(0, 8),
        last=st.integers(0, 8),
        limit=st.integers(0, 4),
        reverse=st.booleans(),
    )
    def read(self, name: str, first: int, last: int, limit: int, reverse: bool) -> None:
        held = self.model.minds.get(name)
        if held is None or held.deleted:
            return
        head = len(held.texts)
        low, high = (
            (last or 1, min(first or head, head)) if reverse else (first or 1, min(last or head, head))
        )
        seqs = list(range(low, high + 1))[:: -1 if reverse else 1][: limit or None]
        asked = {"from_seq": first, "to_seq": last, "limit": limit, "reverse": reverse}
        assert self.run(self.ledger.seqs(name, **asked)) == seqs

    @rule(name=NAMES, after=st.integers(0, 8))
    def subscribe(self, name: str, after: int) -> None:
        held = self.model.minds.get(name)
        if held is None or held.deleted or after > len(held.texts):
            return

        async def caught_up() -> list[int]:
            seqs: list[int] = []
            messages = self.ledger.client.subscribe(pb.SubscribeRequest(mind_id=name, after_seq=after))
            async for part in messages:
                seqs += [event.seq for event in part.page.events]
                if part.HasField("caught_up"):
                    break
            await messages.aclose()
            return seqs

        assert self.run(caught_up()) == list(range(after + 1, len(held.texts) + 1))

    @rule(name=NAMES)
    def export_and_restore(self, name: str) -> None:
        held = self.model.minds.get(name)
        if held is None or held.deleted:
            return

        async def copied() -> list[mind.Event]:
            lines = b"".join(await self.ledger.export(name))
            with tempfile.TemporaryDirectory() as folder:
                async with running_ledger(Path(folder)) as other:
                    await other.restore(name, lines)
                    return await other.read(name)

        mine = self.run(self.ledger.read(name))
        assert [(each.hash, each.redacted) for each in self.run(copied())] == [
            (each.hash, each.redacted) for each in mine
        ]

    @invariant()
    def both_hold_the_same(self) -> None:
        if not hasattr(self, "ledger"):
            return
        assert set(self.run(self.ledger.minds())) == set(self.model.minds)
        for name, held in self.model.minds.items():
            events = self.run(self.ledger.read(name))
            if held.deleted:
                assert [event.kind for event in events] == ["mind_deleted"]
                continue
            stored = [
                None if each.redacted else each.body.user_message.text or each.body.mind_created.name
                for each in events
            ]
            assert stored == held.texts
            assert self.run(self.ledger.verdict(name)).verified.seq == len(held.texts)

    def teardown(self) -> None:
        self.run(self.stack.aclose())
        self.loop.close()
        self.folder.cleanup()


def checked(examples: int) -> type[TestCase]:
    class Checked(LedgerMachine.TestCase):
        settings = settings(
            max_examples=examples,
            stateful_step_count=25,
            suppress_health_check=list(HealthCheck),
        )

    return Checked


TestTheLedgerAgainstItsModel = checked(10)
TestTheLedgerAgainstItsModelForLonger = pytest.mark.slow(checked(80))
