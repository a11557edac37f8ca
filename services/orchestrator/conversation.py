"""Turns in order: one at a time per session, retries attached to the turn that runs, incognito ones kept apart."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator import privacy, prompt
from services.orchestrator.asking import Ask, Part, TurnCompleted, TurnFailed, TurnStarted
from services.orchestrator.errors import IdempotencyKeyReused, ModelFailed, TooManyTurns, TurnTooLong
from services.orchestrator.guard import Guarded
from services.orchestrator.incognito import Conversation, Incognito
from services.orchestrator.minds import ActiveMind
from services.orchestrator.snapshot import Snapshot
from services.orchestrator.stages import Clock
from services.orchestrator.terms import Finished, Said, Started
from services.orchestrator.times import moment, nanoseconds
from services.orchestrator.turn import Services, Turn, session_for
from services.runtime import telemetry

RETRY_AFTER_SECONDS = 1.0
_log = logging.getLogger("pmm.orchestrator")


class Running:
    """A turn that runs in a task of its own; whoever follows it gets every part from the start."""

    def __init__(self, ask: Ask, parts: AsyncIterator[Part]) -> None:
        self._ask = ask
        self._parts: list[Part] = []
        self._grown = asyncio.Event()
        self._followers = 0
        self.task = asyncio.create_task(self._collect(parts))

    async def _collect(self, parts: AsyncIterator[Part]) -> None:
        try:
            async for part in parts:
                self._parts.append(part)
                self._wake()
        finally:
            self._wake()

    def _wake(self) -> None:
        self._grown.set()
        self._grown = asyncio.Event()

    def is_of(self, ask: Ask) -> bool:
        """Whether it answers the same message."""
        mine = self._ask
        return (mine.text, mine.speaker, mine.query_time) == (ask.text, ask.speaker, ask.query_time)

    async def follow(self) -> AsyncIterator[Part]:
        """Every part. When the last follower goes away before the end, the turn is cancelled."""
        self._followers += 1
        sent = 0
        try:
            while True:
                grown = self._grown
                while sent < len(self._parts):
                    sent += 1
                    yield self._parts[sent - 1]
                if self.task.done():
                    self.task.result()
                    return
                await grown.wait()
        finally:
            self._followers -= 1
            if not self._followers and not self.task.done():
                self.task.cancel()
                # The model is stopped and the ledger told before the call ends.
                await asyncio.shield(asyncio.wait([self.task]))
                self._note_end()

    def _note_end(self) -> None:
        # Nobody is left to tell. By its name only: the text of an error may quote what somebody wrote.
        error = None if self.task.cancelled() else self.task.exception()
        if error is not None:
            _log.warning("a turn that nobody follows any more ended in %s", type(error).__name__)


@dataclass
class _Slot:
    """The order of the turns in one session."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0


class Conversations:
    """Answers messages."""

    def __init__(self, services: Services, incognito: Incognito) -> None:
        self._s = services
        self._incognito = incognito
        self._slots: dict[tuple[str, str], _Slot] = {}
        self._running: dict[tuple[str, str], Running] = {}

    async def converse(self, ask: Ask) -> AsyncIterator[Part]:
        """The parts of the turn. See ``OrchestratorService.Converse`` for what it raises."""
        active = await self._s.minds.at_hand(ask.mind_id)
        with telemetry.stage("turn.guard"):
            guarded = await privacy.admitted(ask.text, active.snapshot.profile)
        conversation = self._conversation(ask)
        if conversation is not None:
            parts = self._in_order(
                ask.mind_id, conversation.session_id, self._unseen(active, ask, guarded, conversation)
            )
        else:
            session_id = session_for(ask)
            parts = self._in_order(ask.mind_id, session_id, self._kept(active, ask, guarded, session_id))
        key = (ask.mind_id, ask.idempotency_key)
        running = self._running.get(key) if ask.idempotency_key else None
        if running is not None and not running.is_of(ask):
            raise IdempotencyKeyReused(
                "the idempotency key came with another message, which is being answered: take a new one"
            )
        if running is None:
            running = Running(ask, parts)
            if ask.idempotency_key:
                self._running[key] = running
                running.task.add_done_callback(lambda _: self._running.pop(key, None))
        async for part in running.follow():
            yield part

    def _conversation(self, ask: Ask) -> Conversation | None:
        if ask.session_id:
            return self._incognito.get(ask.mind_id, ask.session_id)
        if ask.privacy_mode == mind.PRIVACY_MODE_INCOGNITO:
            return self._incognito.start(ask.mind_id)
        return None

    async def _in_order(
        self, mind_id: str, session_id: str, parts: AsyncIterator[Part]
    ) -> AsyncIterator[Part]:
        seconds = self._s.settings.turn_timeout_seconds
        try:
            async with self._slot(mind_id, session_id), asyncio.timeout(seconds):
                async for part in parts:
                    yield part
        except TimeoutError:
            raise TurnTooLong(
                f"the turn took longer than the {seconds:g} s of orchestrator.turn_timeout_seconds"
            ) from None

    @asynccontextmanager
    async def _slot(self, mind_id: str, session_id: str) -> AsyncGenerator[None]:
        slot = self._slots.setdefault((mind_id, session_id), _Slot())
        if slot.waiting > self._s.settings.waiting_turns:
            raise TooManyTurns(
                f"{slot.waiting} messages of session {session_id!r} wait for their turn",
                retry_after=RETRY_AFTER_SECONDS,
            )
        slot.waiting += 1
        try:
            async with slot.lock:
                yield
        finally:
            slot.waiting -= 1
            if not slot.waiting:
                self._slots.pop((mind_id, session_id), None)

    async def _kept(
        self, active: ActiveMind, ask: Ask, guarded: Guarded, session_id: str
    ) -> AsyncIterator[Part]:
        async for part in Turn(self._s, active, ask, guarded, session_id).run():
            yield part

    async def _unseen(
        self, active: ActiveMind, ask: Ask, guarded: Guarded, conversation: Conversation
    ) -> AsyncIterator[Part]:
        """A turn of which nothing reaches a disk, a log or a span: no memory is read, and nothing is kept."""
        clock, receipt = Clock(), mind.Receipt()
        query_ns = nanoseconds(ask.query_time) if ask.query_time else conversation.started_ns
        built = prompt.build(
            Snapshot(profile=active.snapshot.profile),
            [],
            conversation.said,
            guarded.text,
            moment(query_ns),
            self._s.settings.prompt_tokens,
        )
        said: list[str] = []
        finished = Finished(mind.FINISH_REASON_UNSPECIFIED)
        mode = mind.PRIVACY_MODE_INCOGNITO
        try:
            async for part in self._s.peers.generate(
                built.messages,
                [],
                mind_id=ask.mind_id,
                model=ask.model,
                sampling=ask.sampling,
                query_time=ask.query_time,
                first_turn=not conversation.said and not active.snapshot.profile.assistant_messages,
                remember=False,
            ):
                match part:
                    case Started():
                        yield TurnStarted(conversation.session_id, 0, receipt, mode, part.model, part.backend)
                    case Finished():
                        finished = part
                    case text:
                        said.append(text)
                        yield text
        except ModelFailed as error:
            yield TurnFailed(0, mind.TURN_FAILURE_REASON_MODEL_ERROR, error.message, error.reason)
            return
        conversation.add(Said("user", guarded.text), Said("assistant", "".join(said)))
        telemetry.count("pmm.turns.incognito")
        yield TurnCompleted(
            0,
            "".join(said),
            finished.usage,
            finished.finish_reason,
            clock.timings(),
            receipt,
            tuple(privacy.warnings(guarded)),
        )
