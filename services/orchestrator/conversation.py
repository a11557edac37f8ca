"""Turns in order: one at a time per session, retries attached to the turn that runs, incognito ones kept apart."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator

from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator import failing, privacy, prompt, retries
from services.orchestrator.asking import Ask, Part, TurnCompleted, TurnFailed, TurnStarted
from services.orchestrator.errors import (
    IdempotencyKeyReused,
    KeepsMore,
    ModelFailed,
    PersonalDataRefused,
    PolicyUnusable,
    SessionEnded,
    TurnTooLong,
    UnknownSession,
)
from services.orchestrator.incognito import Conversation, Incognito
from services.orchestrator.slots import Slots
from services.orchestrator.snapshot import Snapshot
from services.orchestrator.stages import Clock, Stage
from services.orchestrator.terms import Finished, Said, Started
from services.orchestrator.times import moment
from services.orchestrator.turn import Services, Turn
from services.runtime import telemetry
from services.runtime.times import nanoseconds

_NOT_NOW = (IdempotencyKeyReused, KeepsMore, PersonalDataRefused, PolicyUnusable, SessionEnded)
"""Why a message is not kept, though it may have been when it came before."""
_log = logging.getLogger("pmm.orchestrator")


class Running:
    """A turn that runs in a task of its own; whoever follows it gets every part from the start."""

    def __init__(self, ask: Ask, parts: AsyncIterator[Part]) -> None:
        self._ask = ask
        self._parts: list[Part] = []
        self._grown = asyncio.Event()
        self._followers = 0
        self.is_abandoned = False
        """Whether it is being cancelled: whoever comes now gets what it left."""
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
        """Whether it answers the same message, and nobody's words are kept against their wish."""
        mode = max(self._ask.privacy_mode, mind.PRIVACY_MODE_NORMAL)
        return _said(self._ask) == _said(ask) and ask.privacy_mode <= mode

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
                self.is_abandoned = True
                self.task.add_done_callback(_note_end)
                self.task.cancel()
                # The model is stopped and the ledger told before the call ends.
                await asyncio.shield(asyncio.wait([self.task]))


def _note_end(task: asyncio.Task[None]) -> None:
    # Nobody is left to tell. By its name only: the text of an error may quote what somebody wrote.
    error = None if task.cancelled() else task.exception()
    if error is not None:
        _log.warning("a turn that nobody follows any more ended in %s", type(error).__name__)


def _said(ask: Ask) -> tuple[object, ...]:
    """What makes two calls the same: a retry may name the session that the first one was told."""
    is_unseen = ask.privacy_mode == mind.PRIVACY_MODE_INCOGNITO
    session_id = ask.session_id or ask.new_session("incognito" if is_unseen else "s")
    return ask.text, ask.speaker, ask.query_time, session_id


class Conversations:
    """Answers messages."""

    def __init__(self, services: Services, incognito: Incognito, slots: Slots) -> None:
        self._s = services
        self._incognito = incognito
        self._slots = slots
        self._running: dict[tuple[str, str], Running] = {}

    async def converse(self, ask: Ask) -> AsyncIterator[Part]:
        """The parts of the turn. See ``OrchestratorService.Converse`` for what it raises."""
        key = (ask.mind_id, ask.idempotency_key)
        running = await self._attachable(key) if ask.idempotency_key else None
        if running is not None and not running.is_of(ask):
            raise IdempotencyKeyReused(
                "the idempotency key came with another message, which is being answered: take a new one"
            )
        if running is None:
            running = Running(ask, self._unseen(ask) if self._is_unseen(ask) else self._kept(ask))
            if ask.idempotency_key:
                self._running[key] = running
                running.task.add_done_callback(lambda _: self._running.pop(key, None))
        async for part in running.follow():
            yield part

    async def _attachable(self, key: tuple[str, str]) -> Running | None:
        """The turn that runs under a key, once none is being cancelled."""
        while (running := self._running.get(key)) is not None and running.is_abandoned:
            await asyncio.wait([running.task])
        return running

    def _is_unseen(self, ask: Ask) -> bool:
        if ask.session_id:
            return self._incognito.get(ask.mind_id, ask.session_id) is not None
        return ask.privacy_mode == mind.PRIVACY_MODE_INCOGNITO

    async def _kept(self, ask: Ask) -> AsyncIterator[Part]:
        """A turn that is kept; of a message that came before, and cannot be kept now, what it got then."""
        active = await self._s.minds.at_hand(ask.mind_id)
        session_id = ask.session_id or ask.new_session("s")
        try:
            turn = Turn(self._s, active, ask, session_id)
            async for part in self._in_order(ask.mind_id, session_id, turn.run()):
                yield part
        except _NOT_NOW:
            stored = await retries.outcome(self._s.peers, ask, session_id, active.snapshot.profile)
            if stored is None:
                raise
            for part in stored:
                yield part

    async def _in_order(
        self, mind_id: str, session_id: str, parts: AsyncIterator[Part]
    ) -> AsyncIterator[Part]:
        seconds = self._s.settings.turn_timeout_seconds
        try:
            async with self._slots.turn(mind_id, session_id), asyncio.timeout(seconds):
                async for part in parts:
                    yield part
        except TimeoutError:
            raise TurnTooLong(
                f"the turn took longer than the {seconds:g} s of orchestrator.turn_timeout_seconds"
            ) from None

    async def _unseen(self, ask: Ask) -> AsyncIterator[Part]:
        """A turn of which nothing reaches a disk, a log or a span: no memory is read, and nothing is kept."""
        session_id = ask.session_id or ask.new_session("incognito")
        async for part in self._in_order(ask.mind_id, session_id, self._answered_unseen(ask, session_id)):
            yield part

    def _conversation(self, ask: Ask, session_id: str) -> Conversation:
        """Of an incognito turn: a retry goes on with the one that the first attempt began."""
        found = self._incognito.get(ask.mind_id, session_id)
        if found is None and ask.session_id:
            raise UnknownSession(
                f"mind {ask.mind_id!r} has no session {session_id!r} any more", session_id=session_id
            )
        return found or self._incognito.start(ask.mind_id, session_id)

    async def _answered_unseen(self, ask: Ask, session_id: str) -> AsyncIterator[Part]:
        clock, receipt = Clock(), mind.Receipt()
        profile = (await self._s.minds.at_hand(ask.mind_id)).snapshot.profile
        with Stage(clock, "guard"):
            guarded = await privacy.admitted(ask.text, profile)
        conversation = self._conversation(ask, session_id)
        query_ns = nanoseconds(ask.query_time) if ask.query_time else time.time_ns()
        built = prompt.build(
            Snapshot(profile=profile),
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
                time_zone=profile.time_zone,
                first_turn=not conversation.said and not profile.assistant_messages,
                remember=False,
            ):
                match part:
                    case Started():
                        yield TurnStarted(session_id, 0, receipt, mode, part.model, part.backend)
                    case Finished():
                        finished = part
                    case text:
                        said.append(text)
                        yield text
        except ModelFailed as error:
            failure = failing.unanswered(error, clock.began, self._s.settings.turn_timeout_seconds)
            yield TurnFailed(0, *failure, error.reason)
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
