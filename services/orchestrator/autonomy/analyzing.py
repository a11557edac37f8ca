"""Analyses conversations of a mind, and tells what they were like."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator.autonomy.analysis import MAX_TOPICS, analyze
from services.orchestrator.errors import UnknownSession
from services.orchestrator.incognito import Incognito
from services.orchestrator.minds import Minds
from services.orchestrator.peers import Peers
from services.orchestrator.projections.sessions import Session
from services.orchestrator.projections.traits import TRAITS_PROJECTION
from services.orchestrator.session_table.following import SessionTable
from services.orchestrator.sessions import unkept
from services.orchestrator.snapshot import Snapshot
from services.orchestrator.terms import Draft, Said
from services.orchestrator.workers.follower import Worker
from services.runtime.checks import is_identifier
from services.runtime.times import nanoseconds

READ_MESSAGES = 60
"""The latest of a conversation."""
SUMMED = 100
"""Analyses that a mind's own are made of: the latest."""
MAX_QUESTIONS = 100


@dataclass(frozen=True, slots=True)
class Point:
    """What one analysis found."""

    seq: int
    recorded_ns: int
    session_id: str
    sentiment: float
    engagement: float


class Standing(enum.Enum):
    """Whether a conversation, or any of a mind's, was analysed; and where it was not, why."""

    DONE = enum.auto()
    WAITING = enum.auto()
    """It will be."""
    NOTHING_SAID = enum.auto()
    """Nobody said anything to the mind; what is imported is not analysed."""
    NOT_REMEMBERED = enum.auto()
    """Nothing that was said is to be remembered."""
    ERASED = enum.auto()
    """What was said, or what was found, is erased."""
    INCOGNITO = enum.auto()


@dataclass(frozen=True, slots=True)
class Analytics:
    """Of a conversation, or of a mind."""

    state: Snapshot
    standing: Standing
    session: Session | None = None
    """The conversation; None: it is about the mind."""
    sentiment: float = 0.0
    topics: tuple[str, ...] = ()
    engagement: float = 0.0
    open_questions: tuple[str, ...] = ()
    course: tuple[Point, ...] = ()
    """The latest, oldest first."""


class Analyzing:
    """Reads what was said, and appends what it was like."""

    def __init__(self, minds: Minds, table: SessionTable, incognito: Incognito, peers: Peers) -> None:
        self._minds = minds
        self._table = table
        self._incognito = incognito
        self._peers = peers

    def worker(self) -> Worker:
        """Analyses the conversations that a tick names."""
        return Worker("analysis", ("tick_recorded",), act=self._follow)

    async def _follow(self, tick: mind.Event) -> list[int]:
        # An application may have appended a tick that names anything.
        named = filter(is_identifier, tick.body.tick_recorded.analyzed_session_ids)
        found = [
            await self._analyze(tick.mind_id, session_id, causation_seq=tick.seq) for session_id in named
        ]
        return [seq for seqs in found for seq in seqs]

    async def _analyze(self, mind_id: str, session_id: str, *, causation_seq: int) -> list[int]:
        """Analyse the latest messages of a conversation, unless that was done for the event that asks for it.

        Where something is erased meanwhile, they are read again: it may have been one of them.
        """
        if await self._is_analyzed(mind_id, session_id, causation_seq):
            return []
        active = await self._minds.at_hand(mind_id)
        while True:
            erased_seq = active.snapshot.summaries.erased_seq
            said = await self._said(mind_id, session_id, causation_seq)
            kept = [event for event in said if event.remember and not event.redacted]
            if not any(map(_is_persons, kept)):
                return []
            draft = _draft(session_id, kept, causation_seq)
            seqs = await self._minds.append_unless_erased(active, [draft], erased_seq)
            if seqs is not None:
                return seqs

    async def _said(self, mind_id: str, session_id: str, before_seq: int) -> list[mind.Event]:
        """The latest messages and answers of a conversation, or with none named of the mind, oldest first."""
        events = [
            event
            async for event in self._peers.read(
                mind_id,
                from_seq=before_seq,
                reverse=True,
                limit=READ_MESSAGES,
                kinds=("user_message", "assistant_message"),
                session_ids=(session_id,) if session_id else (),
            )
        ]
        return events[::-1]

    async def _is_analyzed(self, mind_id: str, session_id: str, since_seq: int) -> bool:
        """Whether an analysis came after an event."""
        found = self._peers.read(
            mind_id,
            from_seq=since_seq,
            limit=1,
            kinds=("conversation_analyzed",),
            session_ids=(session_id,),
        )
        return any([True async for _ in found])

    async def analytics(self, mind_id: str, session_id: str, as_of_seq: int | None) -> Analytics:
        """What a conversation was like, now or at a seq; without one, the mind's as a whole.

        Raises UnknownSession, BeyondHead.
        """
        state = await self._minds.as_of(mind_id, as_of_seq)
        conversation = self._incognito.get(mind_id, session_id)
        if conversation is not None:
            return Analytics(state, Standing.INCOGNITO, unkept(conversation))
        session = await self._table.find(mind_id, state, session_id) if session_id else None
        if session_id and session is None:
            raise UnknownSession(f"mind {mind_id!r} has no session {session_id!r}", session_id=session_id)
        events = self._peers.read(
            mind_id,
            from_seq=state.seq,
            reverse=True,
            limit=SUMMED,
            kinds=("conversation_analyzed",),
            session_ids=(session_id,) if session_id else (),
        )
        latest: dict[str, mind.ConversationAnalyzed] = {}
        course: list[Point] = []
        is_erased = False
        async for event in events:
            is_erased |= event.redacted
            if not event.redacted and _makes_sense(event):
                course.append(_point(event))
                latest.setdefault(event.session_id, event.body.conversation_analyzed)
        found = list(latest.values())
        if not found:
            said = await self._said(mind_id, session_id, state.seq)
            return Analytics(state, _standing(said, is_erased=is_erased), session)
        topics = Counter(topic for one in found for topic in one.topics)
        return Analytics(
            state,
            Standing.DONE,
            session,
            sum(one.sentiment for one in found) / len(found),
            tuple(topic for topic, _ in topics.most_common(MAX_TOPICS if session_id else SUMMED)),
            sum(one.engagement for one in found) / len(found),
            tuple(question for one in found for question in one.open_questions)[:MAX_QUESTIONS],
            tuple(reversed(course)),
        )


def _standing(said: Sequence[mind.Event], *, is_erased: bool) -> Standing:
    """Why there is no analysis; ``is_erased``: there was one."""
    asked = [event for event in said if _is_persons(event)]
    if not asked:
        return Standing.NOTHING_SAID
    remembered = [event for event in asked if event.remember]
    if not remembered:
        return Standing.NOT_REMEMBERED
    # What is left is analysed again when the conversation goes on, and not before.
    is_erased = is_erased or all(event.redacted for event in remembered)
    return Standing.ERASED if is_erased else Standing.WAITING


def _is_persons(event: mind.Event) -> bool:
    return event.kind == "user_message"


def _draft(session_id: str, kept: Sequence[mind.Event], causation_seq: int) -> Draft:
    found = analyze([_said(event) for event in kept])
    body = mind.ConversationAnalyzed(
        session_id=session_id,
        sentiment=found.sentiment,
        topics=found.topics,
        engagement=found.engagement,
        open_questions=found.open_questions,
        to_seq=kept[-1].seq,
    )
    return Draft(
        mind.Body(conversation_analyzed=body),
        session_id=session_id,
        actor="analysis",
        causation_seq=causation_seq,
        idempotency_key=f"analyze:{causation_seq}:{session_id}",
    )


def _makes_sense(event: mind.Event) -> bool:
    """An application may have appended any numbers."""
    return TRAITS_PROJECTION.apply(TRAITS_PROJECTION.initial, event)[1]


def _point(event: mind.Event) -> Point:
    found = event.body.conversation_analyzed
    return Point(
        event.seq, nanoseconds(event.recorded_at), event.session_id, found.sentiment, found.engagement
    )


def _said(event: mind.Event) -> Said:
    role = "user" if _is_persons(event) else "assistant"
    return Said(role, getattr(event.body, event.kind).text, event.seq)
