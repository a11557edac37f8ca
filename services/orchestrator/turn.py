"""One turn: admit, guard, keep the message, look up memory, ask the model, check, keep the answer.

The order is that of docs/concepts.md: nothing is streamed before the message is durable, and each kept message
gets exactly one terminal event.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pmm_client.errors
from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator import citations, claims, failing, privacy, prompt, receipts, retries, speakers
from services.orchestrator.active_mind import ActiveMind
from services.orchestrator.asking import Ask, Part, TurnCompleted, TurnFailed, TurnStarted
from services.orchestrator.attribution import attributed
from services.orchestrator.autonomy.invariants import CLOCK_NS
from services.orchestrator.errors import (
    IdempotencyKeyReused,
    KeepsMore,
    ModelFailed,
    SessionEnded,
    UnknownSession,
)
from services.orchestrator.extraction.extractor import called
from services.orchestrator.guard import Guarded
from services.orchestrator.lately import BEYOND, said_in
from services.orchestrator.minds import Minds, terminal
from services.orchestrator.peers import Peers
from services.orchestrator.projections.sessions import Session
from services.orchestrator.session_table.following import SessionTable
from services.orchestrator.settings import OrchestratorSettings
from services.orchestrator.snapshot import Snapshot
from services.orchestrator.stages import Clock, Stage
from services.orchestrator.store import Store
from services.orchestrator.terms import RECALL, Draft, Finished, Recalled, Said, Started
from services.orchestrator.times import moment, timestamp
from services.orchestrator.workers.reading import Reading
from services.runtime import telemetry
from services.runtime.times import nanoseconds

TURN_DURATION = telemetry.Distribution(telemetry.TURN_DURATION, "s", telemetry.TURN_BUCKETS_S)


@dataclass(frozen=True, slots=True)
class Services:
    """What a turn works with."""

    minds: Minds
    peers: Peers
    store: Store
    sessions: SessionTable
    reading: Reading
    settings: OrchestratorSettings


class Turn:
    """A turn that is kept, NORMAL or PAUSED. ``run`` it once."""

    def __init__(self, services: Services, active: ActiveMind, ask: Ask, session_id: str) -> None:
        self._s = services
        self._active = active
        self._ask = ask
        self._guarded = Guarded("")
        self._session_id = session_id
        self._clock = Clock()
        self._first_seq = self._user_seq = 0
        self._is_ended = False
        self._began = 0.0
        self._remember = True
        self._is_new = False
        """Whether the session begins with this turn."""
        self._admitted = 0
        """How much this process had appended to the mind when the turn began: what it appends later is no news."""
        self._query_ns = nanoseconds(ask.query_time) if ask.query_time else time.time_ns()

    async def run(self) -> AsyncIterator[Part]:
        """The parts of the turn. A caller that goes away cancels it, and the ledger says so."""
        self._began = time.perf_counter()
        await self._s.reading.settled(self._active)
        await self._guard()
        state, self._admitted = self._active.snapshot, self._active.appended.count
        session = await self._s.sessions.find(self._active.id, state, self._session_id)
        if self._ask.session_id and session is None:
            state = (await self._s.minds.open(self._active.id)).snapshot
            self._admitted = self._active.appended.count
            session = await self._s.sessions.find(self._active.id, state, self._session_id)
        self._is_new = session is None
        mode = self._mode(session)
        self._remember = mode == mind.PRIVACY_MODE_NORMAL
        try:
            async for part in self._kept(state, mode):
                yield part
        except asyncio.CancelledError:
            if self._user_seq:
                failure = failing.left(self._began, self._s.settings.turn_timeout_seconds)
                # Where the answer reached the ledger just as the caller left, it is the one terminal event.
                with suppress(pmm_client.errors.IdempotencyKeyReused):
                    await asyncio.shield(asyncio.ensure_future(self._fail(failure)))
            raise
        finally:
            self._active.running.discard(self._user_seq)
            if not self._is_ended:
                # Whatever went wrong, the message may be kept: the next one to open the mind closes its turn.
                self._active.repaired = False

    async def _guard(self) -> None:
        """By the policy that holds now: it may have changed while the message waited for those before it."""
        profile = (await self._s.minds.at_hand(self._ask.mind_id)).snapshot.profile
        with Stage(self._clock, "guard"):
            self._guarded = await privacy.admitted(self._ask.text, profile)

    async def _kept(self, state: Snapshot, mode: int) -> AsyncIterator[Part]:
        memories, recent, degraded = await self._look_up(state, self._keep(state, mode))
        if not self._user_seq:
            raise IdempotencyKeyReused(
                "the idempotency key came with another message before, or with one that was erased since: take a new "
                "key, or repeat that message"
            )
        stored = None
        if not self._active.appended.all_since(self._admitted, self._user_seq, self._user_seq):
            # It had come before, perhaps after what others appended, which the state need not know.
            stored = await retries.stored(self._s.peers, self._active.id, self._session_id, self._user_seq)
        if stored is not None:
            self._is_ended = True
            for part in stored:
                yield part
            return
        if not self._active.appended.all_since(self._admitted, state.seq + 1, self._first_seq - 1):
            # Others appended before: what was looked up is not as of the head at admission.
            state = await self._s.minds.forward(self._active, state, self._first_seq - 1)
            memories, recent, degraded = await self._look_up(state)
        try:
            async for part in self._ended(self._answer(state, mode, memories, recent, degraded)):
                yield part
        except pmm_client.errors.IdempotencyKeyReused:
            # Another process answers the same message, and was the first: what it wrote is how the turn ended.
            stored = await retries.stored(self._s.peers, self._active.id, self._session_id, self._user_seq)
            if stored is None:
                raise
            self._is_ended = True
            yield stored[-1]

    async def _ended(self, parts: AsyncIterator[Part]) -> AsyncIterator[Part]:
        """The parts, and how the turn ended where the model failed."""
        try:
            async for part in parts:
                yield part
        except ModelFailed as error:
            failure = failing.unanswered(error, self._began, self._s.settings.turn_timeout_seconds)
            yield await self._fail(failure, error.reason)

    def _mode(self, session: Session | None) -> int:
        if session is None:
            if self._ask.session_id:
                raise UnknownSession(
                    f"mind {self._active.id!r} has no session {self._session_id!r}",
                    session_id=self._session_id,
                )
            return self._ask.privacy_mode or mind.PRIVACY_MODE_NORMAL
        if session.ended_ns:
            raise SessionEnded(f"session {self._session_id!r} has ended: start another one")
        if self._ask.privacy_mode > session.privacy_mode:
            # The modes are in the order of how little they keep. Nobody's words are kept against their wish.
            raise KeepsMore(
                f"session {self._session_id!r} keeps more than the message allows: SetPrivacyMode first, or leave "
                "session_id empty",
                session_id=self._session_id,
            )
        return session.privacy_mode

    async def _look_up(
        self, state: Snapshot, *beside: Coroutine[Any, Any, None]
    ) -> tuple[list[Recalled], list[Said], bool]:
        """Memories and recent turns as of a state, and whether the search was left out; ``beside`` runs meanwhile."""
        async with asyncio.TaskGroup() as group:
            for work in beside:
                group.create_task(work)
                # What waits for the disk begins before what keeps the processor busy.
                await asyncio.sleep(0)
            found = group.create_task(self._search(state))
            recent = await self._recent(state)
        memories = found.result()
        return memories or [], recent, memories is None

    async def _keep(self, state: Snapshot, mode: int) -> None:
        drafts: list[Draft] = []
        if self._is_new:
            self._active.lately.begin(self._session_id)
            begun = mind.SessionStarted(privacy_mode=mode)  # type: ignore[arg-type]
            drafts.append(
                Draft(
                    mind.Body(session_started=begun),
                    session_id=self._session_id,
                    idempotency_key=self._ask.key_of("session"),
                )
            )
        # The ledger's clock never falls: where it ran ahead, what it records next is of that time.
        is_ahead = state.last_event_ns - self._query_ns > CLOCK_NS
        said = self._ask.draft(
            self._guarded.text,
            self._session_id,
            remember=self._remember,
            said_at=timestamp(self._query_ns) if is_ahead else None,
        )
        with Stage(self._clock, "append"):
            at = len(drafts)
            keeping = asyncio.ensure_future(
                self._append([*drafts, said, *privacy.found(self._guarded, said)], at)
            )
            try:
                await asyncio.shield(keeping)
            except asyncio.CancelledError:
                # What is on its way to the ledger may be kept: how this ends is to be told of it.
                await asyncio.wait([keeping])
                raise

    async def _append(self, drafts: list[Draft], at: int) -> None:
        """Keep the message, which is the draft at a place, so that nobody takes its turn for an interrupted one.

        It gets no seq where its key came with another one before, or with one that was erased since.
        """
        self._active.keeping += 1
        try:
            with suppress(pmm_client.errors.IdempotencyKeyReused):
                seqs = await self._s.minds.append(self._active, drafts)
                self._first_seq, self._user_seq = seqs[0], seqs[at]
                self._active.running.add(self._user_seq)
        finally:
            self._active.keeping -= 1

    async def _search(self, state: Snapshot) -> list[Recalled] | None:
        """Memories, or None where the search missed its budget."""
        settings = self._s.settings
        try:
            with Stage(self._clock, "search"):
                found = await self._s.peers.search(
                    self._active.id,
                    self._guarded.text,
                    settings.recalled_memories,
                    state.seq,
                    query_time=self._ask.query_time,
                    time_zone=state.profile.time_zone,
                    seconds=settings.search_budget_ms / 1000,
                )
                own = called(state)
                return [attributed(memory, own) for memory in found]
        except pmm_client.errors.PmmError:
            # Late, away or in trouble: a turn without memories is better than none, and says so.
            telemetry.count("pmm.turn.search_left_out")
            return None

    async def _recent(self, state: Snapshot) -> list[Said]:
        """The last messages of the session, oldest first."""
        if self._is_new or not self._s.settings.recent_turns:
            return []
        lately = self._active.lately
        with Stage(self._clock, "snapshot"):
            known = lately.upto(self._session_id, state.seq)
            if known is None:
                reading = lately.reading(self._session_id)
                head_seq = max(state.seq, self._active.snapshot.seq, lately.seq)
                read = await self._read_recent(head_seq)
                lately.read(reading, read, head_seq)
                known = [said for said in read if said.seq <= state.seq]
            return known[-self._s.settings.recent_turns :]

    async def _read_recent(self, seq: int) -> list[Said]:
        events = self._s.peers.read(
            self._active.id,
            from_seq=seq,
            reverse=True,
            limit=self._s.settings.recent_turns + BEYOND,
            kinds=("user_message", "assistant_message"),
            session_ids=(self._session_id,),
        )
        said = [said_in(event) async for event in events]
        return [one for one in reversed(said) if one is not None]

    async def _answer(
        self, state: Snapshot, mode: int, memories: list[Recalled], recent: list[Said], degraded: bool
    ) -> AsyncIterator[Part]:
        state = speakers.met_by(self._ask.speaker, state)
        with Stage(self._clock, "prompt"):
            built = prompt.build(
                state,
                memories,
                recent,
                self._guarded.text,
                moment(self._query_ns),
                self._s.settings.prompt_tokens,
                self._session_id,
                is_searched=not degraded,
            )
            receipt = receipts.receipt(built, state.seq, await self._digest_key(), is_degraded=degraded)
        parts: list[str] = []
        started, finished = Started("", ""), Finished(mind.FINISH_REASON_UNSPECIFIED)
        with Stage(self._clock, "model"):
            async for part in self._s.peers.generate(
                built.messages,
                built.memories,
                mind_id=self._ask.mind_id,
                model=self._ask.model,
                sampling=self._ask.sampling,
                query_time=self._ask.query_time,
                time_zone=state.profile.time_zone,
                first_turn=state.profile.assistant_messages == 0,
                remember=self._remember,
                is_searched=not degraded,
                promises=built.promises,
                other_promises=len(state.commitments.by_id) - len(built.promises),
                directives=built.directives,
                other_directives=len(state.directives.by_id) - len(built.directives),
                called=state.identity,
            ):
                match part:
                    case Started():
                        started = part
                        yield TurnStarted(
                            self._session_id, self._user_seq, receipt, mode, part.model, part.backend
                        )
                    case Finished():
                        finished = part
                    case text:
                        self._clock.seconds.setdefault("first_token", time.perf_counter() - self._clock.began)
                        parts.append(text)
                        yield text
        yield await self._complete("".join(parts), state, receipt, built, recent, started, finished)

    async def _complete(
        self,
        text: str,
        state: Snapshot,
        receipt: mind.Receipt,
        built: prompt.Prompt,
        recent: list[Said],
        started: Started,
        finished: Finished,
    ) -> TurnCompleted:
        cited = citations.cited_seqs(text, citations.MAX_CHECKED)
        warnings = self._warnings(cited, state, receipt, built)
        if started.backend != RECALL:
            said = [self._guarded.text, *(one.text for one in recent if one.role == "user")]
            warnings += await claims.warnings(
                text, (state, self._active.snapshot), said, moment(self._query_ns)
            )
        for recalled in receipt.memories:
            recalled.cited = not set(cited).isdisjoint(recalled.source_seqs)
        timings = self._clock.timings()
        message = mind.AssistantMessage(
            text=text,
            model=started.model,
            usage=finished.usage,
            finish_reason=finished.finish_reason,  # type: ignore[arg-type]
            timings=timings,
            receipt=receipt,
            warnings=warnings,
            backend=started.backend,
        )
        with Stage(self._clock, "finish"):
            seq = await self._end(mind.Body(assistant_message=message))
        self._measured(seq, "completed")
        return TurnCompleted(
            seq, text, finished.usage, finished.finish_reason, timings, receipt, tuple(warnings)
        )

    def _warnings(
        self, cited: list[int], state: Snapshot, receipt: mind.Receipt, built: prompt.Prompt
    ) -> list[mind.Warning]:
        warnings = citations.warnings(
            cited, built.memories, (*receipt.recent_seqs, *receipt.state_seqs), state.seq
        )
        if receipt.degraded:
            warnings.append(
                mind.Warning(
                    code="SEARCH_LEFT_OUT", message="the memory search took too long and was left out"
                )
            )
        return [*warnings, *privacy.warnings(self._guarded)]

    async def _digest_key(self) -> bytes:
        if not self._active.digest_key:
            self._active.digest_key = await self._s.store.key(self._active.id)
        return self._active.digest_key

    async def _fail(self, failure: failing.Failure, inference_reason: str = "") -> TurnFailed:
        reason, message = failure
        seq = await self._end(mind.Body(turn_failed=mind.TurnFailed(reason=reason, message=message)))
        self._measured(seq, mind.TurnFailureReason.Name(reason))
        return TurnFailed(seq, reason, message, inference_reason)

    def _measured(self, seq: int, outcome: str) -> None:
        """How long it took, whichever way it ended."""
        seconds = time.perf_counter() - self._clock.began
        telemetry.record_ms(telemetry.STAGE_DURATION, 1000 * seconds, stage="turn")
        TURN_DURATION.record(seconds, mind=self._active.id, session=self._session_id, seq=seq)
        telemetry.count("pmm.turns", outcome=outcome)

    async def _end(self, body: mind.Body) -> int:
        draft = terminal(body, self._user_seq, self._session_id, remember=self._remember)
        seq = (await self._s.minds.append(self._active, [draft]))[0]
        self._is_ended = True
        return seq
