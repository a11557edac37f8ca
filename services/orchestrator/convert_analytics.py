"""Between wire and domain: what conversations were like, and what was counted of them."""

from __future__ import annotations

from collections.abc import Sequence

from google.protobuf.duration_pb2 import Duration

from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from services.orchestrator.autonomy.analyzing import Analytics, Standing
from services.orchestrator.convert import counts
from services.orchestrator.counting.statistics import Speaker, Statistics
from services.orchestrator.projections.sessions import Session
from services.orchestrator.times import timestamp

MAX_NAMED = 1_000
"""Speakers, and models: what is imported may name any number."""
_STATES = {
    Standing.DONE: pb.ANALYSIS_STATE_DONE,
    Standing.WAITING: pb.ANALYSIS_STATE_WAITING,
    Standing.NOTHING_SAID: pb.ANALYSIS_STATE_NOTHING_SAID,
    Standing.NOT_REMEMBERED: pb.ANALYSIS_STATE_NOT_REMEMBERED,
    Standing.ERASED: pb.ANALYSIS_STATE_ERASED,
    Standing.INCOGNITO: pb.ANALYSIS_STATE_INCOGNITO,
}


def analytics(found: Analytics, sessions: int, counted: Statistics) -> pb.GetAnalyticsResponse:
    """What a conversation was like, or a mind's as a whole, which has so many."""
    of_all = counts(found.state, sessions)
    if found.session is not None:
        of_all = pb.MindCounts(
            sessions=1,
            user_messages=found.session.user_messages,
            assistant_messages=found.session.assistant_messages,
            imported_messages=found.session.imported_messages,
        )
    return pb.GetAnalyticsResponse(
        counts=of_all,
        sentiment=found.sentiment,
        topics=found.topics,
        engagement=found.engagement,
        open_questions=found.open_questions,
        course=[
            pb.AnalysisPoint(
                seq=point.seq,
                recorded_at=timestamp(point.recorded_ns),
                session_id=point.session_id,
                sentiment=point.sentiment,
                engagement=point.engagement,
            )
            for point in found.course
        ],
        statistics=_statistics(counted, found.session),
        analysis=_STATES[found.standing],
    )


def _statistics(counted: Statistics, session: Session | None) -> pb.Statistics:
    shown, others = counted.speakers[:MAX_NAMED], counted.speakers[MAX_NAMED:]
    return pb.Statistics(
        speakers=map(_speaker, shown),
        speakers_left_out=len(others),
        other_speakers=_together(others) if others else None,
        duration=_duration(session.last_event_ns - session.started_ns) if session else None,
        mean_reply=_duration(counted.mean_reply_ms * 1_000_000) if counted.mean_reply_ms else None,
        personal_data=counted.personal_data,
        models=[
            pb.ModelUse(
                model=one.model,
                answers=one.answers,
                prompt_tokens=one.prompt,
                completion_tokens=one.completion,
            )
            for one in counted.models[:MAX_NAMED]
        ],
        models_left_out=len(counted.models[MAX_NAMED:]),
        days=[pb.DayCount(day=one.day, sessions=one.sessions, messages=one.messages) for one in counted.days],
        hours=counted.hours,
        commitments=counted.commitments,
        memories=counted.memories,
    )


def _speaker(one: Speaker) -> pb.SpeakerCount:
    return pb.SpeakerCount(
        speaker=one.name, messages=one.messages, words=one.words, imported_messages=one.imported
    )


def _together(others: Sequence[Speaker]) -> pb.SpeakerCount:
    return pb.SpeakerCount(
        messages=sum(one.messages for one in others),
        words=sum(one.words for one in others),
        imported_messages=sum(one.imported for one in others),
    )


def _duration(nanoseconds: int) -> Duration:
    made = Duration()
    made.FromNanoseconds(nanoseconds)
    return made
