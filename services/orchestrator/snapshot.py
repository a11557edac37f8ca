"""The bounded state of a mind: every projection at one seq, and the hash of the ledger that it stands on."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any, get_args, get_origin

import msgspec
from immutables import Map
from msgspec.structs import replace

from pmm.mind.v1.events_pb2 import Event
from services.orchestrator.projection import Projection, State
from services.orchestrator.projections.activity import ACTIVITY, Activity
from services.orchestrator.projections.commitments import COMMITMENTS, Commitments
from services.orchestrator.projections.directives import DIRECTIVES, Directives
from services.orchestrator.projections.identity import IDENTITY, Identity
from services.orchestrator.projections.invariants import INVARIANTS, Invariants
from services.orchestrator.projections.metrics import METRICS, Metrics
from services.orchestrator.projections.profile import PROFILE, Profile
from services.orchestrator.projections.reflections import REFLECTIONS, Reflections
from services.orchestrator.projections.sessions import SESSIONS, Sessions
from services.orchestrator.projections.stage import STAGE, StageState
from services.orchestrator.projections.summaries import SUMMARIES, Summaries
from services.orchestrator.projections.traits import TRAITS_PROJECTION, Traits
from services.runtime.times import nanoseconds

_CHECKSUM_BYTES = 8
GENESIS = bytes(32)
MAX_REFUSED = 10
FORMAT = 22
"""Of the saved form; another one is replayed."""


class Snapshot(State, frozen=True):
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
    directives: Directives = DIRECTIVES.initial
    reflections: Reflections = REFLECTIONS.initial
    traits: Traits = TRAITS_PROJECTION.initial
    metrics: Metrics = METRICS.initial
    stage: StageState = STAGE.initial
    activity: Activity = ACTIVITY.initial
    summaries: Summaries = SUMMARIES.initial
    invariants: Invariants = INVARIANTS.initial
    refused: tuple[int, ...] = ()
    """The latest events that made no sense."""

    def apply(self, event: Event) -> Snapshot:
        """The state after the next event. Raises ValueError where it is not the next."""
        if event.seq != self.seq + 1:
            raise ValueError(f"event {event.seq} does not follow {self.seq}")
        return self.fold(event)

    def fold(self, event: Event) -> Snapshot:
        """The state after an event, whether or not it is the next: for those who fold some kinds only."""
        changed: dict[str, Any] = {}
        violations, refused = self.violations, self.refused
        try:
            for name, fold, of_header in _FOLDS.get(event.kind, ()):
                if of_header or not event.redacted:
                    changed[name] = fold(getattr(self, name), event)
        except (KeyError, ValueError):
            # What makes no sense to one projection changes none.
            changed = {}
            violations += 1
            refused = (*refused, event.seq)[-MAX_REFUSED:]
        return replace(
            self,
            seq=event.seq,
            hash=event.hash,
            last_event_ns=nanoseconds(event.recorded_at),
            violations=violations,
            refused=refused,
            **changed,
        )


_PROJECTIONS: Mapping[str, Projection[Any]] = {
    projection.name: projection
    for projection in (
        PROFILE, IDENTITY, COMMITMENTS, SESSIONS, DIRECTIVES, REFLECTIONS, TRAITS_PROJECTION, METRICS, STAGE, ACTIVITY,
        SUMMARIES, INVARIANTS,
    )
}  # fmt: skip
"""By the name of their field."""


def _folds() -> Mapping[str, list[tuple[str, Callable[[Any, Event], Any], bool]]]:
    """By kind: field, fold, and whether it is folded also when the payload was erased."""
    folds: defaultdict[str, list[tuple[str, Callable[[Any, Event], Any], bool]]] = defaultdict(list)
    for name, projection in _PROJECTIONS.items():
        for kind, fold in projection.folds.items():
            folds[kind].append((name, fold, kind in projection.of_headers))
    return dict(folds)


_FOLDS = _folds()


def dump(snapshot: Snapshot) -> bytes:
    """CRC-32 in hex and canonical JSON: sorted keys, so that equal states are equal bytes."""
    plain = _encoder.encode(_Saved(FORMAT, snapshot))
    return _checksum(plain) + plain


def load(data: bytes) -> Snapshot:
    """The inverse of ``dump``. Raises ValueError where it is damaged or of another format."""
    checksum, plain = data[:_CHECKSUM_BYTES], data[_CHECKSUM_BYTES:]
    if checksum != _checksum(plain):
        raise ValueError("a damaged snapshot (checksum)")
    try:
        saved = _decoder.decode(plain)
    except msgspec.MsgspecError as error:
        raise ValueError(f"a damaged snapshot ({type(error).__name__})") from None
    if saved.format != FORMAT:
        raise ValueError(f"a snapshot of format {saved.format}")
    return saved.snapshot


def _checksum(plain: bytes) -> bytes:
    return b"%08x" % zlib.crc32(plain)


class _Saved(msgspec.Struct):
    format: int
    snapshot: Snapshot


def _to_plain(value: Any) -> Any:
    if isinstance(value, Map):
        # JSON's keys are texts; those of some maps are numbers.
        return {str(key): inner for key, inner in value.items()}  # pyright: ignore[reportUnknownArgumentType]
    raise NotImplementedError(type(value).__name__)


def _from_plain(kind: Any, value: Any) -> Any:
    if get_origin(kind) is Map:
        return Map(
            msgspec.convert(value, dict.__class_getitem__(get_args(kind)), strict=False, dec_hook=_from_plain)
        )
    raise NotImplementedError(kind)


_encoder = msgspec.json.Encoder(enc_hook=_to_plain, order="sorted")
_decoder = msgspec.json.Decoder(_Saved, dec_hook=_from_plain)
