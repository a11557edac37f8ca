"""What an erasure must not change: how much is kept of a conversation, what is done with personal data, what has ended.

The first two fail closed where what says so is erased, and are told again before. What ended would hold again: it is
told again in the same commit, so that it is never told twice, nor not at all.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence, Set
from dataclasses import dataclass
from typing import Any

from google.protobuf.struct_pb2 import Value

from pmm.mind.v1 import events_pb2 as mind
from pmm_client.errors import WrongExpectedSeq
from services.orchestrator.errors import ModelFailed
from services.orchestrator.extraction.extractor import Extractor
from services.orchestrator.extraction.promise import Promise, commitment_id
from services.orchestrator.extraction.words import key
from services.orchestrator.guard import ACTIONS, in_force
from services.orchestrator.minds import Minds
from services.orchestrator.peers import Peers
from services.orchestrator.projections.commitments import Commitment
from services.orchestrator.projections.profile import PROFILE
from services.orchestrator.radius import Reached
from services.orchestrator.retelling import Retelling, concerned, fared
from services.orchestrator.sessions import SessionActions
from services.orchestrator.snapshot import Snapshot
from services.orchestrator.terms import Draft
from services.orchestrator.workers import commitments

MODES = frozenset({"session_started", "privacy_mode_changed"})
"""What says how much is kept of a conversation."""
POLICY = "policy_changed"
"""What says, among others, what is done with personal data."""
MESSAGES = ("user_message", "assistant_message")
"""What promises are read from."""
REDACTED_AT_ONCE = 10_000
"""The ledger's limit, of events that are erased and of those that are told with it."""
ATTEMPTS = 10
"""At telling what holds at the very head; the last one tells what held just before."""
_log = logging.getLogger("pmm.orchestrator")


@dataclass(frozen=True, slots=True)
class Erased:
    """An erasure: the seq of what ordered it, and the head after it."""

    ordered_seq: int
    head_seq: int


class Standing:
    """Erases, and says again what holds."""

    def __init__(self, minds: Minds, peers: Peers, sessions: SessionActions, extractor: Extractor) -> None:
        self._minds = minds
        self._peers = peers
        self._sessions = sessions
        self._extractor = extractor

    async def erase(self, mind_id: str, erased: Sequence[Reached], why: str) -> Erased:
        """Erase some events in the ledger, and have what is to hold as before hold on."""
        for each in erased:
            if each.kind in MODES:
                await self._mode(mind_id, each.seq)
        if any(each.kind == POLICY for each in erased):
            await self._policies(mind_id, {each.seq for each in erased})
        kinds = concerned({each.kind for each in erased})
        seqs = sorted(each.seq for each in erased)
        return await (self._retold(mind_id, seqs, kinds, why) if kinds else self._plainly(mind_id, seqs, why))

    async def _plainly(self, mind_id: str, seqs: Sequence[int], why: str) -> Erased:
        done = Erased(0, 0)
        for start in range(0, len(seqs), REDACTED_AT_ONCE):
            done = Erased(*await self._peers.redact(mind_id, seqs[start : start + REDACTED_AT_ONCE], why))
        return done

    async def _retold(self, mind_id: str, seqs: Sequence[int], kinds: Sequence[str], why: str) -> Erased:
        """With what they did to things that stay."""
        erased, known, attempt = set(seqs), 0, 0
        retelling = Retelling(erased)
        first, rest = seqs[:REDACTED_AT_ONCE], seqs[REDACTED_AT_ONCE:]
        while True:
            attempt += 1
            head = await self._peers.head(mind_id)
            if head > known:
                async for event in self._peers.read(mind_id, from_seq=known + 1, to_seq=head, kinds=kinds):
                    retelling.take(event)
            known = head
            told = [*retelling.told(), *await self._asked_again(mind_id, retelling.lost(), erased)]
            # A mind in which much happens must not keep anything from being forgotten.
            expected = head if attempt < ATTEMPTS else None
            try:
                done = await self._peers.redact(mind_id, first, why, told[:REDACTED_AT_ONCE], expected)
            except WrongExpectedSeq:
                # What came meanwhile may have changed what is to be told.
                continue
            return await self._plainly(mind_id, rest, why) if rest else Erased(*done)

    async def _asked_again(self, mind_id: str, lost: Sequence[Commitment], erased: Set[int]) -> list[Draft]:
        """The promises that go with their message, where another one that stays asks for them, too."""
        told: dict[str, list[Draft]] = {}
        if not lost:
            return []
        first = min(one.promised_seq for one in lost) + 1
        async for event in self._peers.read(mind_id, from_seq=first, kinds=MESSAGES):
            # What answers a message that goes asks for nothing on its own account.
            if event.redacted or not event.remember or {event.seq, event.causation_seq} & erased:
                continue
            said = set(key(getattr(event.body, event.kind).text).split())
            for one in lost:
                if (
                    one.id in told
                    or event.seq <= one.promised_seq
                    or not said.issuperset(key(one.text).split())
                ):
                    continue
                if (promise := await self._promise(event, one.text)) is not None:
                    told[one.id] = [_opened(promise, one, event), *fared(one)]
        return [draft for drafts in told.values() for draft in drafts]

    async def _promise(self, event: mind.Event, text: str) -> Promise | None:
        """What a message promises in some words."""
        try:
            found = await self._extractor.explicit(event)
        except ModelFailed as error:
            _log.warning("a message could not be read for what it promises, too: %s", error.reason)
            return None
        same = (one for one in found.promises if commitment_id(one.text) == commitment_id(text))
        return next(same, None)

    async def _mode(self, mind_id: str, seq: int) -> None:
        event = await self._peers.event(mind_id, seq)
        if not event.redacted:
            await self._sessions.tell_mode_again(mind_id, event.session_id)

    async def _policies(self, mind_id: str, erased: Collection[int]) -> None:
        left = await self._left(mind_id, erased)

        def decide(state: Snapshot) -> list[Draft]:
            now = in_force(state.profile.policies)
            # What is no action says nothing that could be told again.
            return [_policy(key, now[key]) for key in left if now[key] != left[key] and now[key] in ACTIONS]

        await self._minds.decide(await self._minds.open(mind_id), decide)

    async def _left(self, mind_id: str, erased: Collection[int]) -> dict[str, Any]:
        """What would hold without the events that are to be erased."""
        profile = PROFILE.initial
        async for event in self._peers.read(mind_id, kinds=(POLICY,)):
            event.redacted = event.redacted or event.seq in erased
            profile, _ = PROFILE.apply(profile, event)
        return in_force(profile.policies)


def _policy(key: str, action: str) -> Draft:
    told = mind.PolicyChanged(key=key, value=Value(string_value=action))
    return Draft(mind.Body(policy_changed=told))


def _opened(promise: Promise, lost: Commitment, event: mind.Event) -> Draft:
    return Draft(
        mind.Body(commitment_opened=commitments.opened(promise, lost.id, event.seq)),
        session_id=event.session_id,
        actor=commitments.NAME,
        causation_seq=event.seq,
    )
