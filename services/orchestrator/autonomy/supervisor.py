"""Looks at the minds now and then, and does what ``decide`` decides: an idle mind costs nothing, and adds nothing."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pmm_client.errors
from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator.active_mind import ActiveMind
from services.orchestrator.autonomy.auditing import Auditing
from services.orchestrator.autonomy.decide import Decision, Limits, decide, next_wake
from services.orchestrator.autonomy.invariants import abandoned
from services.orchestrator.minds import Minds
from services.orchestrator.settings import OrchestratorSettings
from services.orchestrator.snapshot import Snapshot
from services.orchestrator.store import Store
from services.orchestrator.terms import Draft
from services.orchestrator.workers.follower import CONTENT_FAULTS, Worker
from services.runtime import telemetry
from services.runtime.errors import DomainError
from services.runtime.projection_file import DISK_ERRORS
from services.runtime.times import nanoseconds

ACTOR = "supervisor"
T = TypeVar("T")
_log = logging.getLogger("pmm.supervisor")


def limits_of(settings: OrchestratorSettings) -> Limits:
    """What the operator sets."""
    return Limits(
        settings.remind_before_seconds,
        settings.expire_after_seconds,
        settings.max_directives,
        settings.reflects,
        settings.summarizes,
        settings.recent_turns,
    )


class Supervisor:
    """Ticks the minds in which something happened, and those to which the clock gives something to do."""

    def __init__(
        self,
        minds: Minds,
        store: Store,
        auditing: Auditing,
        settings: OrchestratorSettings,
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._minds = minds
        self._store = store
        self._auditing = auditing
        self._audit_ns = int(settings.audit_seconds * 1e9)
        self._limits = limits_of(settings)
        self._seconds = settings.tick_seconds
        self._now_ns = clock_ns

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                await asyncio.sleep(self._seconds)
                for mind_id in dict.fromkeys([*self._minds.active(), *self._store.awake(self._now_ns())]):
                    if await self._tolerant(self.tick(mind_id)):
                        # A long ledger takes its time, and no other mind should wait for it.
                        group.create_task(self._tolerant(self._audit(mind_id)))

    async def tick(self, mind_id: str) -> bool:
        """Look after one mind; whether there was anything to record."""
        with telemetry.stage("tick"):
            now_ns = self._now_ns()
            decision: Decision | None = None

            def drafts(state: Snapshot) -> list[Draft]:
                nonlocal decision
                decision = decide(state, now_ns, self._limits, active.running)
                return _drafts(decision, state.seq + 1) if decision else []

            try:
                active = await self._minds.at_hand(mind_id)
            except (pmm_client.errors.UnknownMind, pmm_client.errors.MindDeleted, DomainError):
                await self._store.beside(self._store.sleep, mind_id)
                return False
            # In an active mind there is a tick to append, which fails where the state is not the latest. One that the
            # clock woke may have nothing to do but what the ledger alone knows of.
            is_active = active.snapshot.activity.is_active
            state = await self._minds.decide(active, drafts, from_known=is_active)
            if abandoned(state, now_ns, active.running):
                # Whoever opens the mind next closes them.
                active.repaired = False
                # What was promised meanwhile is noted already, and must not be noted away.
                state = (await self._minds.open(mind_id)).snapshot
            await self._store.beside(self._store.wake_at, mind_id, next_wake(state, now_ns, self._limits))
        if decision is None:
            return False
        telemetry.count("pmm.ticks.recorded")
        for body in decision.bodies:
            if body.HasField("invariant_violated"):
                telemetry.count("pmm.invariants.violated", code=body.invariant_violated.code)
        return True

    async def _audit(self, mind_id: str) -> None:
        if self._is_to_audit(await self._minds.at_hand(mind_id)):
            await self._auditing.audit(mind_id)

    def _is_to_audit(self, active: ActiveMind) -> bool:
        """Whether the mind was not compared with its ledger for long, since it was opened."""
        now_ns = self._now_ns()
        if not self._audit_ns or now_ns - active.audited_ns < self._audit_ns:
            return False
        active.audited_ns = now_ns
        return True

    async def _tolerant(self, work: Awaitable[T]) -> T | None:
        """Another mind's trouble, or another service's, must not end it: the next look tries again."""
        try:
            return await work
        except (pmm_client.errors.PmmError, DomainError, *CONTENT_FAULTS, *DISK_ERRORS) as error:
            _log.warning("a mind could not be looked after: %s", type(error).__name__)
            telemetry.count("pmm.ticks.failed")
            return None

    def worker(self) -> Worker:
        """Notes when minds that nobody talks to must be looked after."""
        kinds = ("commitment_opened", "commitment_snoozed", "commitment_revised")
        return Worker("wakes", kinds, self._note, appends=False)

    async def _note(self, event: mind.Event, minds: Minds) -> list[mind.Body]:
        # Others may have written it: a tick that does not know of it would take the note away again.
        await minds.state(event.mind_id, event.seq)
        body = getattr(event.body, event.kind)
        due_ns = nanoseconds(body.until if event.kind == "commitment_snoozed" else body.due_at)
        if due_ns:
            wake_ns = due_ns - int(self._limits.remind_before * 1e9)
            await self._store.beside(self._store.wake_by, event.mind_id, wake_ns)
        return []


def _drafts(decision: Decision, tick_seq: int) -> list[Draft]:
    """The tick and what follows from it, appended together: it is the first of them, and its seq is known."""
    tick = Draft(mind.Body(tick_recorded=decision.tick), actor=ACTOR)
    return [tick, *(Draft(body, actor=ACTOR, causation_seq=tick_seq) for body in decision.bodies)]
