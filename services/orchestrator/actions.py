"""What can be done with a mind from outside a conversation: make it, set its policies, name it, commit it, import."""

from __future__ import annotations

import hashlib
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from google.protobuf.timestamp_pb2 import Timestamp

import pmm_client.errors
from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator import privacy
from services.orchestrator.active_mind import ActiveMind
from services.orchestrator.errors import (
    BeyondHead,
    EvidenceMissing,
    MindExists,
    SessionExists,
    TooManyCommitments,
    UnknownCommitment,
    UnknownDirective,
)
from services.orchestrator.incognito import Incognito
from services.orchestrator.minds import Minds
from services.orchestrator.peers import Peers
from services.orchestrator.projections.commitments import MAX_OPEN, Commitment
from services.orchestrator.projections.directives import Directive
from services.orchestrator.projections.identity import Identity
from services.orchestrator.projections.profile import IMPORTS
from services.orchestrator.repeats import came_before, key_of
from services.orchestrator.same_words import having, new_id
from services.orchestrator.session_table.following import SessionTable
from services.orchestrator.snapshot import Snapshot
from services.orchestrator.terms import Draft
from services.runtime.errors import InvalidArgument, Violation
from services.runtime.times import nanoseconds

DEFAULT_IMPORT_SESSION = "imported"
_PLACE = re.compile(r"events\[(\d+)\]")
"""Of the event that an error of the ledger is about."""
APPENDED_BYTES = 2 * 2**20
"""Of bodies, in one append: less than the ledger takes by more than keys and the names of sessions can be."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message from elsewhere."""

    text: str
    speaker: str
    occurred_at: Timestamp
    session_id: str
    external_id: str
    repetition: int

    @property
    def session(self) -> str:
        """Where it is kept."""
        return self.session_id or DEFAULT_IMPORT_SESSION

    def draft(self, text: str, *, remember: bool, forms_facts: bool) -> Draft:
        """The event with the text as it was let in, keyed by place and content: the same again is not written again.

        Not even a digest of what was masked is kept: whoever knows the rest of a sentence could guess it.
        """
        content = "\x00".join(
            (
                self.session,
                self.speaker,
                text,
                str(self.occurred_at.ToNanoseconds()),
                self.external_id,
                str(self.repetition),
            )
        )
        body = mind.MessageImported(
            text=text,
            speaker=self.speaker,
            occurred_at=self.occurred_at,
            external_id=self.external_id,
            forms_facts=forms_facts,
        )
        return Draft(
            mind.Body(message_imported=body),
            session_id=self.session,
            actor="import",
            remember=remember,
            idempotency_key=f"import:{hashlib.sha256(content.encode()).hexdigest()}",
        )


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of imported messages."""

    appended: int
    existed: int
    head_seq: int
    seqs: list[int]


class MindActions:
    """Each action decides from the state and appends what it decided."""

    def __init__(self, minds: Minds, peers: Peers, sessions: SessionTable, incognito: Incognito) -> None:
        self._minds = minds
        self._peers = peers
        self._sessions = sessions
        self._incognito = incognito

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

    async def import_messages(self, mind_id: str, messages: Sequence[Message]) -> Imported:
        """Each message once, however often it is sent.

        Raises PersonalDataRefused, SessionExists, and then appends none of them.
        """
        active = await self._minds.open(mind_id)
        remembered = {
            session_id: await self._is_remembered(active, session_id)
            for session_id in {message.session for message in messages}
        }
        head = active.snapshot.seq
        forms_facts = active.snapshot.profile.policies.get(IMPORTS) is True
        drafts: list[Draft] = []
        places: list[int] = []
        placed: dict[str, int] = {}
        let_in = await privacy.all_admitted([message.text for message in messages], active.snapshot.profile)
        for message, guarded in zip(messages, let_in, strict=True):
            draft = message.draft(guarded.text, remember=remembered[message.session], forms_facts=forms_facts)
            if draft.idempotency_key not in placed:
                placed[draft.idempotency_key] = len(drafts)
                drafts += [draft, *privacy.found(guarded, draft)]
            places.append(placed[draft.idempotency_key])
        written = [seq for part in _parts(drafts) for seq in await self._append_once(active, part)]
        seqs = [written[place] for place in places]
        appended = len({seq for seq in seqs if seq > head})
        return Imported(appended, len(seqs) - appended, max(head, *written), seqs)

    async def _is_remembered(self, active: ActiveMind, session_id: str) -> bool:
        """Whether what is imported into a conversation is: a paused one stays so, an incognito one keeps nothing."""
        if self._incognito.get(active.id, session_id) is not None:
            raise SessionExists(
                f"session {session_id!r} of mind {active.id!r} is incognito: import into another one",
                session_id=session_id,
            )
        session = await self._sessions.find(active.id, active.snapshot, session_id)
        return session is None or session.privacy_mode == mind.PRIVACY_MODE_NORMAL

    async def _append_once(self, active: ActiveMind, drafts: list[Draft]) -> list[int]:
        """Append; what came before stays as it was kept then: its conversation may have been paused, or be now, and
        facts may have been wanted, or be now.
        """
        tried = Counter[int]()
        while True:
            try:
                return await self._minds.append(active, drafts)
            except pmm_client.errors.IdempotencyKeyReused as error:
                place = _PLACE.search(error.metadata.get("field", ""))
                at = int(place[1]) if place else -1
                if at < 0 or tried[at] == len(_OTHERWISE):
                    raise
                drafts[at] = _OTHERWISE[tried[at]](drafts[at])
                tried[at] += 1

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
            if outcome == mind.COMMITMENT_OUTCOME_DONE:
                _must_be_evidenced(state, known, evidence)
            _must_be_there(
                state, mind_id, {f"evidence_seqs[{place}]": seq for place, seq in enumerate(evidence)}
            )
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


def _remembered_otherwise(draft: Draft) -> Draft:
    return replace(draft, remember=not draft.remember)


def _formed_otherwise(draft: Draft) -> Draft:
    if draft.kind != "message_imported":
        return draft
    body = mind.Body()
    body.CopyFrom(draft.body)
    body.message_imported.forms_facts = not body.message_imported.forms_facts
    return replace(draft, body=body)


_OTHERWISE = (_remembered_otherwise, _formed_otherwise, _remembered_otherwise)
"""One after the other, each on what the one before gave: all ways in which a message may have been kept."""


def _parts(drafts: Sequence[Draft]) -> Iterator[list[Draft]]:
    """As many as the ledger takes in one append; what was found in a message goes with it."""
    part, size = list[Draft](), 0
    for draft in drafts:
        if size > APPENDED_BYTES and draft.kind == "message_imported":
            yield part
            part, size = [], 0
        part.append(draft)
        size += draft.body.ByteSize()
    yield part


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
