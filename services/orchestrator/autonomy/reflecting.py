"""A mind thinks about itself: in a model's words where there is a model, and by rules where there is none."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator.active_mind import ActiveMind
from services.orchestrator.autonomy.decide import CADENCE
from services.orchestrator.errors import IdempotencyKeyReused
from services.orchestrator.extraction.own_words import said_once
from services.orchestrator.extraction.words import key
from services.orchestrator.forgetting import Traces
from services.orchestrator.minds import Minds
from services.orchestrator.peers import Peers
from services.orchestrator.projections.reflections import Compared
from services.orchestrator.repeats import TAKEN, came_before, key_of
from services.orchestrator.shortening import shown
from services.orchestrator.snapshot import Snapshot
from services.orchestrator.terms import RECALL, Draft, Said
from services.orchestrator.times import day
from services.orchestrator.workers.follower import Worker

REQUESTED = "request"
"""What sets a reflection off that somebody asks for."""
MAX_COMPARED = 100
"""Reflections among which one is looked for that was asked for before: a retry comes soon."""
MAX_TOKENS = 200
MAX_PROMISES = 5

_ASKED: dict[int, str] = {
    mind.REFLECTION_STYLE_SUCCINCT: "In one or two sentences: what did you learn about yourself lately?",
    mind.REFLECTION_STYLE_QUESTION: "Put one question to yourself that your promises and habits raise.",
    mind.REFLECTION_STYLE_NARRATIVE: "Tell in a few sentences how you have been lately, and what changed.",
    mind.REFLECTION_STYLE_CHECKLIST: "List at most five points: what you keep doing well, and what to mend.",
    mind.REFLECTION_STYLE_ANALYTICAL: "Analyse in a few sentences how well you keep your promises, and why.",
}
_INSTRUCTION = (
    "You are a mind that looks at itself. Speak in the first person, of yourself, and make nothing up."
)


@dataclass(frozen=True, slots=True)
class Thought:
    """A reflection before it is appended."""

    text: str
    style: int
    evidence_seqs: tuple[int, ...]
    model: str = ""
    """Empty where rules wrote it."""


class Reflecting:
    """One reflection of a mind at a time."""

    def __init__(self, minds: Minds, peers: Peers, traces: Traces) -> None:
        self._minds = minds
        self._peers = peers
        self._traces = traces

    def worker(self) -> Worker:
        """Reflects when a tick says so."""
        return Worker("reflection", ("tick_recorded",), act=self._follow)

    async def _follow(self, tick: mind.Event) -> list[int]:
        told = tick.body.tick_recorded
        if not told.reflection_style:
            return []
        active = await self._minds.open(tick.mind_id)
        async with active.reflecting:
            # Repeated after a crash, or asked for again while the mind was still thinking: it is the same thought.
            while not await self._has_thought_since(tick):
                style, trigger = told.reflection_style, told.reflection_trigger
                made = await self._once(active, style, trigger, f"reflect:{tick.seq}", tick.seq)
                if made is not None:
                    return [made[0].seq]
        return []

    async def _has_thought_since(self, tick: mind.Event) -> bool:
        """Whether a reflection came after a tick, be it erased since."""
        kinds = ("reflection_recorded",)
        found = self._peers.read(tick.mind_id, from_seq=tick.seq + 1, limit=1, kinds=kinds)
        return any([True async for _ in found])

    async def reflect(self, mind_id: str, style: int, *, key: str = "") -> Compared:
        """Think because somebody asks for it, once under an idempotency key, and append it.

        Unspecified style: that of the stage. Where something is erased meanwhile, the mind thinks again: it may have
        thought of that. Raises ModelFailed, IdempotencyKeyReused.
        """
        active, event_key = await self._minds.open(mind_id), key_of("reflect", key)
        async with active.reflecting:
            made = await self._asked_before(active, style, event_key)
            while made is None:
                made = await self._once(active, style, REQUESTED, event_key)
            return made

    async def _asked_before(self, active: ActiveMind, style: int, event_key: str) -> Compared | None:
        """What the mind thought when it came with the key before. Raises IdempotencyKeyReused where that is erased."""
        asked = replace(_draft(Thought("", style, ()), REQUESTED, event_key, None), refuse_erased=True)
        try:
            await came_before(self._peers, active.id, asked)
        except IdempotencyKeyReused:
            # As long as the thought is there, only itself is what came with the key.
            seq = await self._thought_with(active, style, event_key)
        else:
            return None
        state = await self._minds.as_of(active.id, seq)
        thought = next((one for one in state.reflections.compared if one[0].seq == seq), None)
        if thought is None:
            raise IdempotencyKeyReused(TAKEN)
        return thought

    async def _thought_with(self, active: ActiveMind, style: int, event_key: str) -> int:
        kinds = ("reflection_recorded",)
        async for event in self._peers.read(active.id, reverse=True, limit=MAX_COMPARED, kinds=kinds):
            told = event.body.reflection_recorded
            if told.trigger != REQUESTED or (style and told.style != style):
                continue
            draft = Draft(event.body, actor=event.actor, idempotency_key=event_key)
            with suppress(IdempotencyKeyReused):
                if await came_before(self._peers, active.id, draft) == event.seq:
                    return event.seq
        raise IdempotencyKeyReused(TAKEN)

    async def _once(
        self,
        active: ActiveMind,
        style: int,
        trigger: str,
        event_key: str,
        causation_seq: int | None = None,
    ) -> Compared | None:
        """The reflection; None where something was erased before it was appended, or it itself right after."""
        state, before = (await self._minds.open(active.id)).snapshot, active.erasures()
        # A state that is yet to be dropped holds what was erased, and is another one once it was.
        await self._traces.left(active.id, state)
        if active.erasures() != before:
            return None
        chosen = style if style in _ASKED else CADENCE[state.stage.stage][2]
        thought = await self._think(active, state, chosen)
        draft = _draft(thought, trigger, event_key, causation_seq)
        after = await self._minds.decide(active, _unless_erased(active, before, draft))
        made = [one for one in after.reflections.compared if one[0].seq > state.seq]
        return made[-1] if made else None

    async def _think(self, active: ActiveMind, state: Snapshot, style: int) -> Thought:
        facts, seqs = known_of(state)
        asked = [Said("system", _INSTRUCTION), Said("user", "\n".join([*facts, "", _ASKED[style]]))]
        answer = await self._peers.answer(asked, mind_id=active.id, max_tokens=MAX_TOKENS)
        text = "" if answer.backend == RECALL else said_once(answer.text, is_cut=answer.is_cut)
        # A small model gives back what it is told that it thought before.
        if text and key(text) not in {key(one.text) for one in state.reflections.recent}:
            return Thought(text, style, seqs, answer.model)
        return Thought(by_rules(state, style), style, seqs)


def _draft(thought: Thought, trigger: str, event_key: str, causation_seq: int | None) -> Draft:
    body = mind.ReflectionRecorded(
        text=thought.text,
        trigger=trigger,
        style=thought.style,  # type: ignore[arg-type]
        evidence_seqs=thought.evidence_seqs,
        model=thought.model,
    )
    return Draft(
        mind.Body(reflection_recorded=body),
        actor="assistant",
        causation_seq=causation_seq,
        idempotency_key=event_key,
    )


def _unless_erased(
    active: ActiveMind, before: tuple[int, int], draft: Draft
) -> Callable[[Snapshot], list[Draft]]:
    return lambda _now: [draft] if active.erasures() == before else []


def known_of(state: Snapshot) -> tuple[list[str], tuple[int, ...]]:
    """What a mind knows of itself, a line each, and the events that say so."""
    facts, seqs = list[str](), list[int]()
    if state.identity.name:
        facts.append(f"Your name is {state.identity.name}.")
        seqs.append(state.identity.adopted_seq)
    promised = state.commitments.in_order()
    for one in promised[:MAX_PROMISES]:
        due = f", due {day(one.due_ns, state.profile.time_zone)}" if one.due_ns else ""
        facts.append(f"You have promised: {shown(one.text)}{due}.")
        seqs.append(one.opened_seq)
    known = state.reflections
    facts.append(
        f"Lately you answered {known.turns_since} times, made {known.opened} promises and ended {known.closed}; "
        f"{len(promised)} are open."
    )
    facts += [f"You thought before: {shown(one.text)}" for one in known.recent[-2:]]
    seqs += [one.seq for one in known.recent[-2:]]
    return facts, tuple(dict.fromkeys(seqs))


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def by_rules(state: Snapshot, style: int) -> str:
    """The same in plain sentences, without a model."""
    known, promised = state.reflections, state.commitments.in_order()
    oldest = min(promised, key=lambda one: one.opened_seq, default=None)
    lately = f"Lately I made {_counted(known.opened, 'promise')} and ended {known.closed}."
    counted = f"Since I last thought about myself I answered {_counted(known.turns_since, 'time')}. {lately}"
    still = {0: "None is open.", 1: "One is open."}.get(len(promised), f"{len(promised)} are open.")
    match style:
        case mind.REFLECTION_STYLE_QUESTION:
            if oldest:
                return f"What keeps me from “{shown(oldest.text)}”?"
            return "What would I promise if I were asked?"
        case mind.REFLECTION_STYLE_NARRATIVE:
            name = f"As {state.identity.name} " if state.identity.name else ""
            return f"{name}I go on. {counted} {still}".strip()
        case mind.REFLECTION_STYLE_CHECKLIST:
            lines = [f"- open: {shown(one.text)}" for one in promised[:MAX_PROMISES]]
            return "\n".join([f"- {counted}", *lines])
        case mind.REFLECTION_STYLE_ANALYTICAL:
            return f"{lately} {still} My growth stands at {state.metrics.gas:.2f}."
        case _:
            return f"{counted} {still}"
