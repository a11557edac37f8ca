"""Summarises older conversation: in a model's words, or in the person's own where there is no model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator.active_mind import ActiveMind
from services.orchestrator.extraction.condensing import condense, quoted_in, shortened
from services.orchestrator.extraction.own_words import borne_out, said_once
from services.orchestrator.forgetting import Traces
from services.orchestrator.minds import Minds
from services.orchestrator.peers import Peers
from services.orchestrator.projections.summaries import AT_ONCE, SPAN_MESSAGES, Job
from services.orchestrator.snapshot import Snapshot
from services.orchestrator.terms import RECALL, Draft, Said
from services.orchestrator.workers.follower import Worker

MAX_CHARACTERS = 240
"""Of a summary: three of them are what a prompt has room for."""
MAX_TOKENS = 120
READ_CHARACTERS = 2_000
"""Of a message: what a pasted document is about stands at its beginning."""
NOTES = "notes"
"""Who says what a summary says."""
_INSTRUCTION = (
    "You keep the notes of a conversation for somebody who was not there. Write down who and what it was about: names, "
    "facts, decisions, numbers, and what is left open. Make nothing up. Plain sentences without a heading, at most "
    f"{MAX_CHARACTERS} characters, in the language of the conversation."
)
_OF_MESSAGES = "This is the conversation. Write the notes of it:"
_OF_SUMMARIES = (
    "These are the notes of two parts, the earlier first. Make one note of both, as short as each:"
)


class Summarizing:
    """One conversation of a mind at a time."""

    def __init__(self, minds: Minds, peers: Peers, traces: Traces, window: int) -> None:
        self._minds = minds
        self._peers = peers
        self._traces = traces
        self._window = window

    def worker(self) -> Worker:
        """Summarises the conversations that a tick names."""
        return Worker("summaries", ("tick_recorded",), act=self._follow)

    async def _follow(self, tick: mind.Event) -> list[int]:
        named = tick.body.tick_recorded.summarized_session_ids
        found = [
            await self._summarize(tick.mind_id, session_id, causation_seq=tick.seq) for session_id in named
        ]
        return [seq for seqs in found for seq in seqs]

    async def _summarize(self, mind_id: str, session_id: str, *, causation_seq: int) -> list[int]:
        """Append the summaries that a conversation lacks. Raises ModelFailed; what is left then waits.

        What is to be summarised is decided from the state, and again when the summary is appended: of what was erased
        meanwhile, or summarised by somebody else, nothing is written.
        """
        active = await self._minds.at_hand(mind_id)
        seqs = list[int]()
        async with active.summarizing:
            for _ in range(AT_ONCE):
                state, before = (await self._minds.open(mind_id)).snapshot, active.erasures()
                # A state that is yet to be dropped holds what was erased, and is another one once it was.
                await self._traces.left(mind_id, state)
                if active.erasures() != before:
                    continue
                job = state.summaries.job(session_id, self._window)
                if job is None:
                    break
                body = await self._write(active, session_id, job)
                draft = Draft(
                    mind.Body(summary_recorded=body),
                    session_id=session_id,
                    actor="summaries",
                    causation_seq=causation_seq,
                    idempotency_key=f"summary:{causation_seq}:{job.from_seq}:{job.to_seq}",
                )

                def decided(
                    now: Snapshot, job: Job = job, before: tuple[int, int] = before, draft: Draft = draft
                ) -> list[Draft]:
                    is_whole = active.erasures() == before
                    is_wanted = now.summaries.job(session_id, self._window) == job
                    return [draft] if is_whole and is_wanted else []

                after = await self._minds.decide(active, decided)
                if after.summaries.job(session_id, self._window) != job:
                    seqs.append(after.seq)
                elif active.erasures() == before:
                    break
        return seqs

    async def _write(self, active: ActiveMind, session_id: str, job: Job) -> mind.SummaryRecorded:
        written = mind.SummaryRecorded(from_seq=job.from_seq, to_seq=job.to_seq)
        said = [Said(NOTES, one.text, one.seq) for one in job.summaries]
        if not said:
            span, written.next_seq = await self._span(active.id, session_id, job)
            said = [one for one in map(_said, span) if one is not None]
            # Of many that wait together, the first one ends where it has its messages.
            written.to_seq = span[-1].seq if len(span) == SPAN_MESSAGES else job.to_seq
        if said:
            asked = _OF_SUMMARIES if job.summaries else _OF_MESSAGES
            text, written.model = await self._by_model(active.id, said, asked)
            written.text = text or condense([*_own_words(said)], MAX_CHARACTERS)
        return written

    async def _span(self, mind_id: str, session_id: str, job: Job) -> tuple[list[mind.Event], int]:
        """The messages that were counted as one span, those that were erased since among them, and the next one's seq.

        Oldest first; 0: none was said yet.
        """
        counted: list[mind.Event] = []
        events = self._peers.read(
            mind_id,
            from_seq=job.from_seq,
            kinds=("user_message", "assistant_message"),
            session_ids=(session_id,),
            page_size=SPAN_MESSAGES + 1,
        )
        async for event in events:
            if not event.remember:
                continue
            if event.seq > job.to_seq or len(counted) == SPAN_MESSAGES:
                return counted, event.seq
            counted.append(event)
        return counted, 0

    async def _by_model(self, mind_id: str, said: Sequence[Said], asked: str) -> tuple[str, str]:
        """A model's words and its name; empty where there is none, or what it says was not said. Raises ModelFailed."""
        lines = [f"{one.role}: {' '.join(one.text.split())}" for one in said]
        messages = [Said("system", _INSTRUCTION), Said("user", "\n".join([asked, *lines]))]
        answer = await self._peers.answer(messages, mind_id=mind_id, max_tokens=MAX_TOKENS)
        if answer.backend == RECALL:
            return "", ""
        told = borne_out(said_once(answer.text, is_cut=answer.is_cut), [one.text for one in said])
        text = shortened(told, MAX_CHARACTERS)
        return (text, answer.model) if text else ("", "")


def _said(event: mind.Event) -> Said | None:
    """What a message says; None where that was erased."""
    if event.redacted:
        return None
    role = "user" if event.kind == "user_message" else "assistant"
    return Said(role, getattr(event.body, event.kind).text[:READ_CHARACTERS], event.seq)


def _own_words(said: Sequence[Said]) -> Iterator[str]:
    """What the person said, and what summaries quote of it."""
    for one in said:
        if one.role == NOTES:
            yield from quoted_in(one.text)
        elif one.role == "user":
            yield one.text
