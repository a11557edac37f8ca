"""The bounded state of a mind: every projection at one seq, and the hash of the ledger that it stands on."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from pmm.mind.v1.events_pb2 import Event
from services.orchestrator.projections.commitments import COMMITMENTS, Commitments
from services.orchestrator.projections.identity import IDENTITY, Identity
from services.orchestrator.projections.profile import PROFILE, Profile
from services.orchestrator.projections.sessions import SESSIONS, Sessions
from services.orchestrator.times import nanoseconds

GENESIS = bytes(32)
FORMAT = 1
"""Of the saved form; another one is replayed."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Immutable: a reader that holds one never sees it change."""

    seq: int = 0
    hash: bytes = GENESIS
    last_event_ns: int = 0
    violations: int = 0
    """Events that made no sense and changed nothing."""
    profile: Profile = PROFILE.initial
    identity: Identity = IDENTITY.initial
    commitments: Commitments = COMMITMENTS.initial
    sessions: Sessions = SESSIONS.initial

    def apply(self, event: Event) -> Snapshot:
        """The state after the next event. Raises ValueError where it is not the next."""
        if event.seq != self.seq + 1:
            raise ValueError(f"event {event.seq} does not follow {self.seq}")
        profile, a = PROFILE.apply(self.profile, event)
        identity, b = IDENTITY.apply(self.identity, event)
        commitments, c = COMMITMENTS.apply(self.commitments, event)
        sessions, d = SESSIONS.apply(self.sessions, event)
        return replace(
            self,
            seq=event.seq,
            hash=event.hash,
            last_event_ns=nanoseconds(event.recorded_at),
            violations=self.violations + (not (a and b and c and d)),
            profile=profile,
            identity=identity,
            commitments=commitments,
            sessions=sessions,
        )


def dump(snapshot: Snapshot) -> bytes:
    """Canonical JSON: sorted keys, so that equal states are equal bytes."""
    return json.dumps(
        {
            "format": FORMAT,
            "seq": snapshot.seq,
            "hash": snapshot.hash.hex(),
            "last_event_ns": snapshot.last_event_ns,
            "violations": snapshot.violations,
            "profile": PROFILE.dump(snapshot.profile),
            "identity": IDENTITY.dump(snapshot.identity),
            "commitments": COMMITMENTS.dump(snapshot.commitments),
            "sessions": SESSIONS.dump(snapshot.sessions),
        },
        sort_keys=True,
        separators=(",", ":"),
    ).encode()


def load(data: bytes) -> Snapshot:
    """The inverse of ``dump``. Raises ValueError where it is damaged or of another format."""
    try:
        saved: dict[str, Any] = json.loads(data)
        if saved["format"] != FORMAT:
            raise ValueError(f"a snapshot of format {saved['format']}")
        return Snapshot(
            saved["seq"],
            bytes.fromhex(saved["hash"]),
            saved["last_event_ns"],
            saved["violations"],
            PROFILE.load(saved["profile"]),
            IDENTITY.load(saved["identity"]),
            COMMITMENTS.load(saved["commitments"]),
            SESSIONS.load(saved["sessions"]),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"a damaged snapshot ({type(error).__name__})") from None
