"""Messages from elsewhere, brought into a mind: each once, however often it is sent."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from google.protobuf.timestamp_pb2 import Timestamp

import pmm_client.errors
from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator import privacy
from services.orchestrator.active_mind import ActiveMind
from services.orchestrator.errors import SessionExists
from services.orchestrator.incognito import Incognito
from services.orchestrator.minds import Minds
from services.orchestrator.projections.profile import IMPORTS
from services.orchestrator.session_table.following import SessionTable
from services.orchestrator.terms import Draft

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


class Importing:
    """Appends what was said elsewhere as the mind's policies let it in."""

    def __init__(self, minds: Minds, sessions: SessionTable, incognito: Incognito) -> None:
        self._minds = minds
        self._sessions = sessions
        self._incognito = incognito

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
