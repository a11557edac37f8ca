"""What can be done with a mind from outside a conversation: make it, set its policies, name it, commit it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from google.protobuf.timestamp_pb2 import Timestamp

import pmm_client.errors
from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator.errors import (
    BeyondHead,
    EvidenceMissing,
    MindExists,
    TooManyCommitments,
    UnknownCommitment,
    UnknownDirective,
)
from services.orchestrator.minds import Minds
from services.orchestrator.peers import Peers
from services.orchestrator.projections.commitments import MAX_OPEN, Commitment
from services.orchestrator.projections.directives import Directive
from services.orchestrator.projections.identity import Identity
from services.orchestrator.repeats import came_before, key_of
from services.orchestrator.same_words import having, new_id
from services.orchestrator.snapshot import Snapshot
from services.orchestrator.terms import Draft
from services.runtime.errors import InvalidArgument, Violation
from services.runtime.times import nanoseconds


class MindActions:
    """Each action decides from the state and appends what it decided."""

    def __init__(self, minds: Minds, peers: Peers) -> None:
        self._minds = minds
        self._peers = peers

    async def create(
        self, mind_id: str, name: str, owner: str, settings: mind.MindSettings, key: str = ""
    ) -> Snapshot:
        """The same once more under the same idempotency key. Raises MindExists."""
        body = mind.Body(mind_created=mind.MindCreated(name=name or mind_id, owner=owner, settings=settings))
        try:
            created = Draft(body, idempotency_key=key_of("create_mind", key), refuse_erased=True)
            await self._peers.append(mind_id, [created], expected_seq=0)
        except (pmm_client.errors.WrongExpectedSeq, pmm_client.errors.MindExists):
            raise MindExists(f"there is a mind {mind_id!r} already", mind_id=mind_id) from None
        return (await self._minds.open(mind_id)).snapshot

    async def set_policy(self, mind_id: str, policy: mind.PolicyChanged, key: str = "") -> int:
        """Returns the seq of the event."""
        active = await self._minds.open(mind_id)
        draft = Draft(
            mind.Body(policy_changed=policy), idempotency_key=key_of("set_policy", key), refuse_erased=True
        )
        [seq] = await self._minds.append(active, [draft])
        # Others may have appended between: it holds from now on all the same.
        await self._minds.reach(active, seq)
        return seq

    async def adopt_name(self, mind_id: str, name: str, why: str) -> Identity:
        """Give the mind a name, by somebody's explicit wish."""

        def decide(state: Snapshot) -> list[Draft]:
            if state.identity.name == name:
                return []
            body = mind.IdentityAdopted(name=name, confidence=1.0, why=why)
            return [Draft(mind.Body(identity_adopted=body))]

        return (await self._minds.decide(await self._minds.open(mind_id), decide)).identity

    async def clear_name(self, mind_id: str, why: str) -> Identity:
        """Take the mind's name away."""

        def decide(state: Snapshot) -> list[Draft]:
            if not state.identity.name:
                return []
            return [Draft(mind.Body(identity_cleared=mind.IdentityCleared(why=why)))]

        return (await self._minds.decide(await self._minds.open(mind_id), decide)).identity

    async def open_commitment(
        self, mind_id: str, text: str, due_at: Timestamp | None, priority: int, project: str, source_seq: int
    ) -> Commitment:
        """The same words while they are open are the open commitment. Raises TooManyCommitments, BeyondHead."""
        ids: list[str] = []

        def decide(state: Snapshot) -> list[Draft]:
            known = having(text, state.commitments.by_id)
            its_id = known.id if known else new_id(text, state.commitments.by_id)
            ids[:] = [its_id]
            if known:
                return []
            _must_be_there(state, mind_id, {"source_seq": source_seq})
            if len(state.commitments.by_id) >= MAX_OPEN:
                raise TooManyCommitments(
                    f"mind {mind_id!r} has {MAX_OPEN:,} open commitments: close some that are done or given up"
                )
            body = mind.CommitmentOpened(
                commitment_id=its_id,
                text=text,
                source_seq=source_seq,
                due_at=due_at,
                priority=priority,  # type: ignore[arg-type]
                project=project,
            )
            return [Draft(mind.Body(commitment_opened=body), causation_seq=source_seq or None)]

        state = await self._minds.decide(await self._minds.open(mind_id), decide)
        return _known(state, mind_id, ids[0])

    async def close_commitment(
        self,
        mind_id: str,
        its_id: str,
        outcome: int,
        evidence: Sequence[int],
        why: str,
        expected_seq: int | None,
        key: str = "",
    ) -> tuple[Commitment, int]:
        """The commitment as it was, and the seq that closed it; the same once more under the same idempotency key.

        Raises UnknownCommitment, EvidenceMissing, BeyondHead.
        """
        closed: list[Commitment] = []

        def draft(shown_by: Sequence[int]) -> Draft:
            body = mind.CommitmentClosed(
                commitment_id=its_id,
                outcome=outcome,  # type: ignore[arg-type]
                evidence_seqs=list(evidence) or shown_by,
                why=why,
            )
            return Draft(
                mind.Body(commitment_closed=body),
                causation_seq=max(evidence, default=None),
                idempotency_key=key_of("close_commitment", key),
                refuse_erased=True,
            )

        def decide(state: Snapshot) -> list[Draft]:
            if expected_seq is not None and expected_seq != state.seq:
                raise pmm_client.errors.WrongExpectedSeq(
                    f"the head is {state.seq}, not {expected_seq}: read again and decide again",
                    reason="WRONG_EXPECTED_SEQ",
                    metadata={"head_seq": str(state.seq)},
                )
            known = _known(state, mind_id, its_id)
            _must_be_there(
                state, mind_id, {f"evidence_seqs[{place}]": seq for place, seq in enumerate(evidence)}
            )
            if outcome == mind.COMMITMENT_OUTCOME_DONE:
                _must_be_evidenced(state, known, evidence)
            closed[:] = [known]
            return [draft(known.evidence)]

        try:
            state = await self._minds.decide(await self._minds.open(mind_id), decide)
        except (UnknownCommitment, pmm_client.errors.WrongExpectedSeq):
            before = await self._closed_before(mind_id, its_id, draft) if key else None
            if before is None:
                raise
            return before
        return closed[0], state.seq

    async def _closed_before(
        self, mind_id: str, its_id: str, draft: Callable[[Sequence[int]], Draft]
    ) -> tuple[Commitment, int] | None:
        """What a close came to that came with its key before. Raises IdempotencyKeyReused."""
        async for event in self._peers.read(mind_id, reverse=True, kinds=("commitment_closed",)):
            told = event.body.commitment_closed
            if told.commitment_id == its_id:
                # What showed it was looked up where the call named nothing.
                seq = await came_before(self._peers, mind_id, draft(told.evidence_seqs))
                state = await self._minds.as_of(mind_id, seq - 1) if seq else Snapshot()
                known = state.commitments.by_id.get(its_id)
                return (known, seq) if known and seq else None
        return None

    async def retire_directive(self, mind_id: str, its_id: str, why: str, key: str = "") -> Directive:
        """The instruction as it was; the same once more under the same idempotency key. Raises UnknownDirective."""
        ended: list[Directive] = []
        body = mind.Body(directive_retired=mind.DirectiveRetired(directive_id=its_id, why=why))
        draft = Draft(body, idempotency_key=key_of("retire_directive", key), refuse_erased=True)

        def decide(state: Snapshot) -> list[Draft]:
            known = state.directives.by_id.get(its_id)
            if known is None:
                raise UnknownDirective(
                    f"mind {mind_id!r} has no instruction {its_id!r} that holds", directive_id=its_id
                )
            ended[:] = [known]
            return [draft]

        try:
            await self._minds.decide(await self._minds.open(mind_id), decide)
        except UnknownDirective:
            seq = await came_before(self._peers, mind_id, draft)
            before = (await self._minds.as_of(mind_id, seq - 1)).directives.by_id if seq else {}
            if its_id not in before:
                raise
            ended[:] = [before[its_id]]
        return ended[0]

    async def change_commitment(
        self, mind_id: str, its_id: str, body: mind.Body, key: str = ""
    ) -> Commitment:
        """Append a snooze or a revision, once under an idempotency key. Raises UnknownCommitment, InvalidArgument.

        Where the commitment has ended since it came before, or the time until which it was put off has passed: as that
        left it.
        """
        its_key = key_of(body.WhichOneof("kind") or "", key)
        draft = Draft(body, idempotency_key=its_key, refuse_erased=True)

        def decide(state: Snapshot) -> list[Draft]:
            _known(state, mind_id, its_id)
            _must_lie_ahead(body)
            return [draft]

        try:
            state = await self._minds.decide(await self._minds.open(mind_id), decide)
        except (UnknownCommitment, InvalidArgument):
            seq = await came_before(self._peers, mind_id, draft)
            if seq is None:
                raise
            state = await self._minds.as_of(mind_id, seq)
        return _known(state, mind_id, its_id)


def _known(state: Snapshot, mind_id: str, its_id: str) -> Commitment:
    commitment = state.commitments.by_id.get(its_id)
    if commitment is None:
        raise UnknownCommitment(f"mind {mind_id!r} has no open commitment {its_id!r}", commitment_id=its_id)
    return commitment


def _must_lie_ahead(body: mind.Body) -> None:
    """Until when something is put off. It may have lain ahead when the call came first."""
    if body.HasField("commitment_snoozed") and nanoseconds(body.commitment_snoozed.until) <= time.time_ns():
        raise InvalidArgument([Violation("until", "must lie in the future")])


def _must_be_there(state: Snapshot, mind_id: str, named: Mapping[str, int]) -> None:
    """The seqs that fields of a request name."""
    for field, seq in named.items():
        if seq > state.seq:
            raise BeyondHead(
                f"{field}: {seq} lies above the head of mind {mind_id!r}, which is {state.seq}",
                head_seq=str(state.seq),
                field=field,
            )


def _must_be_evidenced(state: Snapshot, known: Commitment, evidence: Sequence[int]) -> None:
    if not known.is_shown_by(list(evidence) or known.evidence, state.seq):
        raise EvidenceMissing(
            "a commitment is done only with evidence that was recorded after it was promised: name its seqs",
            commitment_id=known.id,
        )
