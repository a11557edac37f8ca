"""Between wire and domain."""

from __future__ import annotations

import time
from collections.abc import Sequence

from google.protobuf.json_format import ParseDict
from google.protobuf.struct_pb2 import Struct

from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from services.orchestrator.asking import Ask, Part, TurnCompleted, TurnFailed, TurnStarted
from services.orchestrator.convert_commitments import commitment
from services.orchestrator.diff import MISSING, FieldChange
from services.orchestrator.explain import Explanation
from services.orchestrator.forgetting import Progress
from services.orchestrator.importing import Imported, Message
from services.orchestrator.owners.owners import Listed
from services.orchestrator.projections import stage
from services.orchestrator.projections.directives import Directive
from services.orchestrator.projections.identity import Identity
from services.orchestrator.projections.invariants import Violated
from services.orchestrator.projections.metrics import Metrics
from services.orchestrator.projections.profile import Profile
from services.orchestrator.projections.reflections import Compared
from services.orchestrator.projections.sessions import Session
from services.orchestrator.projections.summaries import Summary
from services.orchestrator.projections.traits import TRAITS, Change, Traits
from services.orchestrator.radius import Reached
from services.orchestrator.shortening import MAX_SHOWN_SEQS, shown
from services.orchestrator.snapshot import Snapshot
from services.orchestrator.times import timestamp
from services.orchestrator.views import Sample

MAX_LISTED = 100


def ask(request: pb.ConverseRequest) -> Ask:
    """A message to a mind."""
    return Ask(
        mind_id=request.mind_id,
        text=request.text,
        session_id=request.session_id,
        idempotency_key=request.idempotency_key,
        model=request.model,
        sampling=request.sampling if request.HasField("sampling") else None,
        query_time=request.query_time if request.HasField("query_time") else None,
        speaker=request.speaker,
        privacy_mode=request.privacy_mode,
    )


def part(answered: Part) -> pb.ConverseResponse:
    """A part of a turn."""
    match answered:
        case TurnStarted():
            return pb.ConverseResponse(
                started=pb.TurnStarted(
                    session_id=answered.session_id,
                    user_seq=answered.user_seq,
                    receipt=answered.receipt,
                    privacy_mode=answered.privacy_mode,  # type: ignore[arg-type]
                    model=answered.model,
                    backend=answered.backend,
                )
            )
        case TurnCompleted():
            return pb.ConverseResponse(
                completed=pb.TurnCompleted(
                    assistant_seq=answered.assistant_seq,
                    usage=answered.usage,
                    timings=answered.timings,
                    warnings=answered.warnings,
                    finish_reason=answered.finish_reason,  # type: ignore[arg-type]
                    receipt=answered.receipt,
                    text=answered.text,
                )
            )
        case TurnFailed():
            return pb.ConverseResponse(
                failed=pb.TurnFailure(
                    seq=answered.seq,
                    reason=answered.reason,  # type: ignore[arg-type]
                    message=answered.message,
                    inference_reason=answered.inference_reason,
                )
            )
        case text:
            return pb.ConverseResponse(delta=pb.TurnDelta(text=text))


def message(imported: pb.ImportedMessage) -> Message:
    """A message from elsewhere."""
    return Message(
        imported.text,
        imported.speaker,
        imported.occurred_at,
        imported.session_id,
        imported.external_id,
        imported.repetition,
    )


def imported(done: Imported) -> pb.ImportMessagesResponse:
    """What became of imported messages."""
    return pb.ImportMessagesResponse(
        appended=done.appended, existed=done.existed, head_seq=done.head_seq, seqs=done.seqs
    )


def mind_message(mind_id: str, state: Snapshot, sessions: int, now_ns: int = 0) -> pb.Mind:
    """The bounded state of a mind with so many sessions, as it stands at a moment; now where none is given."""
    profile = state.profile
    now_ns = now_ns or time.time_ns()
    listed = state.commitments.in_order()[:MAX_LISTED]
    return pb.Mind(
        mind_id=mind_id,
        name=profile.name,
        owner=profile.owner,
        settings=settings(profile),
        seq=state.seq,
        hash=state.hash,
        identity=identity(state.identity),
        open_commitments=[commitment(open_one, now_ns) for open_one in listed],
        traits=traits(state.traits),
        directives=map(directive, state.directives.in_order()[:MAX_LISTED]),
        recent_reflections=map(reflection, reversed(state.reflections.compared)),
        metrics=metrics(state.metrics),
        stage=state.stage.stage,  # type: ignore[arg-type]
        counts=counts(state, sessions),
        policies=ParseDict(dict(profile.policies), Struct()),
        created_at=timestamp(profile.created_ns),
        last_event_at=timestamp(state.last_event_ns),
        violations=state.violations,
        violated_invariants=map(violated, reversed(state.invariants.recent)),
    )


def settings(profile: Profile) -> mind.MindSettings:
    """What a mind was told about itself."""
    return mind.MindSettings(
        description=profile.description,
        persona_prompt=profile.persona_prompt,
        time_zone=profile.time_zone,
        language=profile.language,
    )


def counts(state: Snapshot, sessions: int) -> pb.MindCounts:
    """How much there is in a mind with so many sessions."""
    profile = state.profile
    return pb.MindCounts(
        sessions=sessions,
        user_messages=profile.user_messages,
        assistant_messages=profile.assistant_messages,
        imported_messages=profile.imported_messages,
        failed_turns=profile.failed_turns,
        closed_commitments=state.commitments.closed,
    )


def traits(folded: Traits) -> list[pb.TraitValue]:
    """All five."""
    return [
        pb.TraitValue(trait=trait, value=value) for trait, value in zip(TRAITS, folded.values, strict=True)
    ]


def trait_change(change: Change) -> pb.TraitChange:
    """One movement of a trait."""
    return pb.TraitChange(
        seq=change.seq,
        trait=change.trait,  # type: ignore[arg-type]
        delta=change.delta,
        value=change.value,
        why=shown(change.why),
        evidence_seqs=change.evidence_seqs[:MAX_SHOWN_SEQS],
        recorded_at=timestamp(change.recorded_ns),
    )


def directive(folded: Directive, *, retired: bool = False) -> pb.Directive:
    """A standing instruction."""
    return pb.Directive(
        directive_id=folded.id,
        text=shown(folded.text),
        source_seq=folded.source_seq,
        adopted_seq=folded.adopted_seq,
        uses=folded.uses,
        retired=retired,
    )


def reflection(compared: Compared) -> pb.Reflection:
    """What a mind thought of itself, and how new it was."""
    folded, novelty = compared
    return pb.Reflection(
        seq=folded.seq,
        text=shown(folded.text),
        trigger=folded.trigger,
        style=folded.style,  # type: ignore[arg-type]
        novelty=novelty,
        recorded_at=timestamp(folded.recorded_ns),
    )


def violated(folded: Violated) -> pb.ViolatedInvariant:
    """What was found wrong."""
    return pb.ViolatedInvariant(
        seq=folded.seq,
        code=folded.code,
        seqs=folded.seqs,
        message=folded.message,
        recorded_at=timestamp(folded.recorded_ns),
    )


def metrics(folded: Metrics) -> pb.Metrics:
    """The scores."""
    return pb.Metrics(ias=folded.ias, gas=folded.gas, ticks=folded.ticks)


def sample(taken: Sample) -> pb.MetricsSample:
    """The scores at one event."""
    return pb.MetricsSample(
        seq=taken.seq, recorded_at=timestamp(taken.recorded_ns), metrics=metrics(taken.metrics)
    )


def stage_message(state: Snapshot) -> pb.GetStageResponse:
    """How far a mind has come, and what the next stage takes."""
    mean_ias, mean_gas = stage.means(state.metrics.samples)
    next_ias, next_gas = stage.next_bounds(state.stage.stage)
    return pb.GetStageResponse(
        stage=state.stage.stage,  # type: ignore[arg-type]
        mean_ias=mean_ias,
        mean_gas=mean_gas,
        next_ias=next_ias,
        next_gas=next_gas,
    )


def field_change(change: FieldChange) -> pb.FieldChange:
    """A field that differs."""
    made = pb.FieldChange(path=change.path, seqs=change.seqs)
    for name, value in (("before", change.before), ("after", change.after)):
        if value is not MISSING:
            ParseDict(value, getattr(made, name))
    return made


def identity(folded: Identity) -> pb.Identity:
    """Who a mind is."""
    return pb.Identity(
        name=folded.name,
        confidence=folded.confidence,
        adopted_seq=folded.adopted_seq,
        evidence_seqs=folded.evidence_seqs,
        user_name=folded.user_name,
        user_seq=folded.user_seq,
        proposed_name=folded.proposed_name,
        proposed_confidence=folded.proposed_confidence,
        proposed_seq=folded.proposed_seq,
    )


def identity_change(event: mind.Event) -> pb.IdentityChange:
    """A change of names."""
    change = pb.IdentityChange(seq=event.seq, kind=event.kind, recorded_at=event.recorded_at)
    match event.kind:
        case "identity_proposed":
            proposed = event.body.identity_proposed
            change.name, change.confidence = shown(proposed.name), proposed.confidence
            change.evidence_seqs.extend(proposed.evidence_seqs[:MAX_SHOWN_SEQS])
        case "identity_adopted":
            adopted = event.body.identity_adopted
            change.name, change.confidence = shown(adopted.name), adopted.confidence
            change.why = shown(adopted.why)
            change.evidence_seqs.extend(adopted.evidence_seqs[:MAX_SHOWN_SEQS])
        case "identity_cleared":
            change.why = shown(event.body.identity_cleared.why)
        case "user_identified":
            identified = event.body.user_identified
            change.name = shown(identified.name)
            change.evidence_seqs.extend(identified.evidence_seqs[:MAX_SHOWN_SEQS])
        case _:
            pass
    return change


def session(folded: Session, summaries: Sequence[Summary] = ()) -> pb.Session:
    """A conversation."""
    return pb.Session(
        session_id=folded.id,
        title=shown(folded.title),
        privacy_mode=folded.privacy_mode,  # type: ignore[arg-type]
        first_seq=folded.first_seq,
        last_seq=folded.last_seq,
        started_at=timestamp(folded.started_ns),
        last_event_at=timestamp(folded.last_event_ns),
        ended_at=timestamp(folded.ended_ns),
        user_messages=folded.user_messages,
        assistant_messages=folded.assistant_messages,
        imported_messages=folded.imported_messages,
        summaries=[
            pb.SessionSummary(seq=one.seq, text=shown(one.text), from_seq=one.from_seq, to_seq=one.to_seq)
            for one in summaries
        ],
    )


def listing(found: Listed) -> pb.MindListing:
    """A mind in a list."""
    return pb.MindListing(
        mind_id=found.summary.mind_id,
        head_seq=found.summary.head_seq,
        created_at=found.summary.created_at,
        last_event_at=found.summary.last_recorded_at,
        owner=found.owner,
        is_default=found.is_default,
    )


def explanation(found: Explanation) -> pb.ExplainResponse:
    """Why an answer is what it is."""
    return pb.ExplainResponse(
        answer=found.answer,
        question=found.question,
        memories=[
            pb.ExplainedMemory(memory=memory, sources=shown.events, left_out=shown.left_out)
            for memory, shown in found.memories
        ],
        recent=found.recent.events,
        state=found.state.events,
        consequences=found.consequences.events,
        recent_left_out=found.recent.left_out,
        state_left_out=found.state.left_out,
        consequences_left_out=found.consequences.left_out,
    )


def blast_radius(page: Sequence[Reached]) -> pb.BlastRadiusResponse:
    """A page of what an event reached."""
    return pb.BlastRadiusResponse(
        events=[
            pb.ReachedEvent(seq=each.seq, kind=each.kind, edges=each.edges, carries_words=each.carries_words)
            for each in page
        ]
    )


def forget_response(progress: Progress) -> pb.ForgetResponse:
    """How forgetting goes."""
    return pb.ForgetResponse(
        step=progress.step,
        progress=progress.progress,
        redacted_seqs=progress.redacted,
        done=progress.is_done,
    )
