"""Between our own terms and the messages of ledger, memory and inference."""

from __future__ import annotations

from pmm.inference.v1 import inference_pb2 as inference
from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.memory.v1 import memory_pb2 as memory
from services.orchestrator.projections.commitments import Commitment
from services.orchestrator.projections.directives import Directive
from services.orchestrator.projections.identity import Identity
from services.orchestrator.shortening import beginning
from services.orchestrator.terms import Draft, Recalled
from services.orchestrator.times import timestamp
from services.runtime.times import nanoseconds

MAX_NAME_BYTES = 256
"""The most that inference takes; an event that an application appended may hold a longer one."""


def new_event(draft: Draft) -> ledger.NewEvent:
    """What is to be appended."""
    event = ledger.NewEvent(
        session_id=draft.session_id,
        actor=draft.actor,
        remember=draft.remember,
        body=draft.body,
        idempotency_key=draft.idempotency_key,
        refuse_erased=draft.refuse_erased,
    )
    if draft.causation_seq is not None:
        event.causation_seq = draft.causation_seq
    return event


def recalled(result: memory.ScoredMemory) -> Recalled:
    """A memory that a search found."""
    found = result.memory
    # What is quoted is cited by the event that says it.
    said_first = sorted(found.source_seqs, key=lambda seq: seq != found.text_seq)
    return Recalled(
        found.memory_id,
        found.text,
        found.speaker,
        nanoseconds(found.occurred_at),
        found.type,
        tuple(said_first),
        result.score,
        result.superseded_by,
    )


def open_commitment(promise: Commitment) -> inference.OpenCommitment:
    """A commitment that a prompt names."""
    return inference.OpenCommitment(
        seq=promise.opened_seq,
        text=promise.text,
        opened_at=timestamp(promise.opened_ns),
        due_at=timestamp(promise.due_ns) if promise.due_ns else None,
    )


def standing_instruction(directive: Directive) -> inference.StandingInstruction:
    """An instruction that a prompt names."""
    return inference.StandingInstruction(seq=directive.adopted_seq, text=directive.text)


def tell_names(request: inference.GenerateRequest, identity: Identity) -> None:
    """Put into a request what mind and person are called."""
    if identity.name:
        name = beginning(identity.name, MAX_NAME_BYTES)
        request.mind_name.CopyFrom(inference.KnownName(seq=identity.adopted_seq, name=name))
    if identity.user_name and identity.user_seq:
        name = beginning(identity.user_name, MAX_NAME_BYTES)
        request.user_name.CopyFrom(inference.KnownName(seq=identity.user_seq, name=name))


def context_memory(found: Recalled) -> inference.ContextMemory:
    """A memory that a prompt was built from."""
    return inference.ContextMemory(
        seq=found.source_seqs[0] if found.source_seqs else 0,
        memory_id=found.memory_id,
        text=found.text,
        speaker=found.speaker,
        occurred_at=timestamp(found.occurred_ns),
        score=found.score,
        type=found.type,  # type: ignore[arg-type]
        superseded_by=found.superseded_by,
        quoted_speaker=found.quoted_speaker,
    )
