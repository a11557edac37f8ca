"""Looks at the minds now and then, and does what ``decide`` decides: an idle mind costs nothing, and adds nothing."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
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

ACTOR = "supervisor"
_WAKING = (
    "user_message", "assistant_message", "session_ended", "directive_adopted",
    "commitment_opened", "commitment_snoozed", "commitment_revised", "commitment_closed", "summary_recorded",
)  # fmt: skip
"""After these there may be something to do though nobody comes: reflect, analyse, summarise, close a turn, remind."""
NOTED_AT_ONCE = 100
"""Minds that are held in memory until it is on disk when to look at them next."""
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
                for mind_id in await self.tick():
                    # A long ledger takes its time, and no other mind should wait for it.
                    group.create_task(self._tolerant(self._audit(mind_id)))

    async def tick(self) -> list[str]:
        """Look after the minds in which something happened or to which the clock gives something to do, one by one.

        The ids of those in which there was anything to record.
        """
        waiting = list(dict.fromkeys([*self._minds.active(), *self._store.awake(self._now_ns())]))
        recorded: list[str] = []
        for first in range(0, len(waiting), NOTED_AT_ONCE):
            recorded += await self._look_after_some(waiting[first : first + NOTED_AT_ONCE])
        return recorded

    async def _look_after_some(self, mind_ids: Sequence[str]) -> list[str]:
        recorded: list[str] = []
        looked_at: dict[str, ActiveMind | None] = {}
        for mind_id in mind_ids:
            looked = await self._tolerant(self._look_after(mind_id))
            if looked is not None:
                looked_at[mind_id], is_recorded = looked
                recorded += [mind_id] if is_recorded else []
        # By their states as they are now: what a worker has noted since stands in them already. Of a state that was
        # dropped meanwhile nothing is known.
        wakes = {
            mind_id: self._wake_ns(active.snapshot) if active else 0
            for mind_id, active in looked_at.items()
            if active is None or active.snapshot.seq
        }
        await self._tolerant(self._store.beside(self._store.wake_at, wakes))
        return recorded

    async def _look_after(self, mind_id: str) -> tuple[ActiveMind | None, bool]:
        """The mind, None where it is gone, and whether there was anything to record."""
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
                return None, False
            # In an active mind there is a tick to append, which fails where the state is not the latest. One that the
            # clock woke may have nothing to do but what the ledger alone knows of.
            is_active = active.snapshot.activity.is_active
            state = await self._minds.decide(active, drafts, from_known=is_active)
            if abandoned(state, now_ns, active.running):
                # Whoever opens the mind next closes them.
                active.repaired = False
                active = await self._minds.open(mind_id)
        if decision is None:
            return active, False
        telemetry.count("pmm.ticks.recorded")
        for body in decision.bodies:
            if body.HasField("invariant_violated"):
                telemetry.count("pmm.invariants.violated", code=body.invariant_violated.code)
        return active, True

    def _wake_ns(self, state: Snapshot) -> int:
        """When to look at a mind again, also after the process was away or has forgotten it; 0: when somebody comes."""
        now_ns = self._now_ns()
        return now_ns if state.activity.is_active else next_wake(state, now_ns, self._limits)

    async def _audit(self, mind_id: str) -> None:
        now_ns = self._now_ns()
        if self._audit_ns and not 0 <= now_ns - self._store.audited_ns(mind_id) < self._audit_ns:
            await self._store.beside(self._store.put_audited, mind_id, now_ns)
            await self._auditing.audit(mind_id)

    async def _tolerant(self, work: Awaitable[T]) -> T | None:
        """Another mind's trouble, or another service's, must not end it: the next look tries again."""
        try:
            return await work
        except (pmm_client.errors.PmmError, DomainError, *CONTENT_FAULTS, *DISK_ERRORS) as error:
            _log.warning("a mind could not be looked after: %s", type(error).__name__)
            telemetry.count("pmm.ticks.failed")
            return None

    def worker(self) -> Worker:
        """Notes which minds are to be looked after though this process may end first, or forget them."""
        return Worker("wakes", _WAKING, self._note, appends=False, heeds_unremembered=True)

    async def _note(self, event: mind.Event, minds: Minds) -> list[mind.Body]:
        # Others may have written it: a tick that does not know of it would take the note away again.
        wake_ns = self._wake_ns(await minds.state(event.mind_id, event.seq))
        if wake_ns:
            await self._store.beside(self._store.wake_by, event.mind_id, wake_ns)
        return []


def _drafts(decision: Decision, tick_seq: int) -> list[Draft]:
    """The tick and what follows from it, appended together: it is the first of them, and its seq is known."""
    tick = Draft(mind.Body(tick_recorded=decision.tick), actor=ACTOR)
    return [tick, *(Draft(body, actor=ACTOR, causation_seq=tick_seq) for body in decision.bodies)]
