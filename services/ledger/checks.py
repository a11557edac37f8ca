"""What a request must be, one function a message."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from google.protobuf.message import Message

from pmm.ledger.v1 import ledger_pb2 as pb
from services.ledger.erasure import ORDERS
from services.ledger.events import BIRTHS
from services.runtime import checks
from services.runtime.checks import Check
from services.runtime.errors import Violation

MAX_EVENTS = 1_000
HASH_BYTES = 32
MAX_APPEND_BYTES = 4 * 1024 * 1024
MAX_EVENT_BYTES = 1024 * 1024
MAX_KEY_BYTES = 128
MAX_ACTOR_LENGTH = 64
MAX_PAGE = 1_000
MAX_FILTER_VALUES = 1_000
MAX_SEQ = 2**63 - 1
MIN_HEARTBEAT_SECONDS, MAX_HEARTBEAT_SECONDS = 0.1, 3_600
MAX_REDACTED = 10_000
MAX_WHY_BYTES = 4_096
MAX_NOTE_BYTES = 4_096
_ORDERED_BY = {"event_redacted": "Redact", "mind_deleted": "DeleteMind"}
_REDACTION_ID = re.compile(r"[1-9][0-9]{0,17}")
_CUSTOM_NAME = re.compile(r"[a-z0-9_.]{1,64}")


def append(request: pb.AppendRequest) -> Iterator[Violation]:
    """Append."""
    yield from checks.mind_id(request.mind_id)
    yield from checks.items(request.events, "events", low=1, high=MAX_EVENTS)
    if request.expected_hash:
        yield from checks.data(
            request.expected_hash, "expected_hash", max_bytes=HASH_BYTES, exactly=HASH_BYTES
        )
        if not request.HasField("expected_seq"):
            yield Violation("expected_hash", "is of the head at expected_seq: set that, too")
    yield from checks.text(request.idempotency_key, "idempotency_key", max_bytes=MAX_KEY_BYTES)
    if request.ByteSize() > MAX_APPEND_BYTES:
        yield Violation("events", f"must be at most {MAX_APPEND_BYTES:,} bytes together")
    keys: set[str] = set()
    for index, event in enumerate(request.events):
        yield from _new_event(event, f"events[{index}]")
        if event.idempotency_key and event.idempotency_key in keys:
            yield Violation(f"events[{index}].idempotency_key", "must not stand twice in one request")
        keys.add(event.idempotency_key)


def _new_event(event: pb.NewEvent, field: str) -> Iterator[Violation]:
    yield from checks.identifier(event.session_id, f"{field}.session_id", optional=True)
    yield from checks.identifier(event.actor, f"{field}.actor", optional=True, max_length=MAX_ACTOR_LENGTH)
    yield from checks.hex_id(event.trace_id, f"{field}.trace_id", length=32)
    yield from checks.text(event.idempotency_key, f"{field}.idempotency_key", max_bytes=MAX_KEY_BYTES)
    if event.HasField("causation_seq"):
        yield from checks.in_range(event.causation_seq, f"{field}.causation_seq", 1, MAX_SEQ)
    kind = event.body.WhichOneof("kind")
    if kind is None:
        yield Violation(f"{field}.body", "must have exactly one kind that this release knows")
    elif kind in ORDERS:
        yield Violation(f"{field}.body", f"{kind} is written by {_ORDERED_BY[kind]} alone: call that")
    elif kind == "custom" and not _CUSTOM_NAME.fullmatch(event.body.custom.name):
        yield Violation(f"{field}.body.custom.name", "must be 1 to 64 characters of a-z 0-9 _ .")
    elif kind == "custom":
        yield from checks.json_value(event.body.custom.data, f"{field}.body.custom.data")
    elif kind == "policy_changed":
        yield from checks.json_value(event.body.policy_changed.value, f"{field}.body.policy_changed.value")
    if event.body.ByteSize() > MAX_EVENT_BYTES:
        yield Violation(f"{field}.body", f"must be at most {MAX_EVENT_BYTES:,} bytes")


def read(request: pb.ReadRequest) -> Iterator[Violation]:
    """Read."""
    yield from checks.mind_id(request.mind_id)
    for field in ("from_seq", "to_seq", "limit", "min_seq"):
        yield from checks.in_range(getattr(request, field), field, 0, MAX_SEQ)
    yield from checks.limit(request.page_size, "page_size", high=MAX_PAGE)
    yield from checks.items(request.filter.kinds, "filter.kinds", high=MAX_FILTER_VALUES)
    yield from checks.items(request.filter.session_ids, "filter.session_ids", high=MAX_FILTER_VALUES)
    yield from checks.each(request.filter.session_ids, "filter.session_ids", checks.identifier)
    yield from checks.each(request.filter.kinds, "filter.kinds", _kind)
    yield from checks.timestamp(request.filter.recorded_from, "filter.recorded_from")
    yield from checks.timestamp(request.filter.recorded_to, "filter.recorded_to")


def _kind(value: str, field: str) -> Iterator[Violation]:
    if value != "custom.*":
        yield from checks.identifier(value, field)


def get_event(request: pb.GetEventRequest) -> Iterator[Violation]:
    """GetEvent."""
    yield from checks.mind_id(request.mind_id)
    yield from checks.in_range(request.seq, "seq", 1, MAX_SEQ)


def get_head(request: pb.GetHeadRequest) -> Iterator[Violation]:
    """GetHead."""
    yield from checks.mind_id(request.mind_id)
    if request.HasField("as_of_seq"):
        yield from checks.in_range(request.as_of_seq, "as_of_seq", 1, MAX_SEQ)


def list_minds(request: pb.ListMindsRequest) -> Iterator[Violation]:
    """ListMinds."""
    yield from checks.limit(request.page_size, "page_size", high=MAX_PAGE)
    yield from checks.mind_id(request.page_token, "page_token", optional=True)
    yield from checks.mind_id(request.prefix, "prefix", optional=True)
    if request.HasField("as_of_position"):
        yield from checks.in_range(request.as_of_position, "as_of_position", 0, MAX_SEQ)


def subscribe(request: pb.SubscribeRequest) -> Iterator[Violation]:
    """Subscribe."""
    yield from checks.mind_id(request.mind_id, optional=True)
    yield from checks.in_range(request.after_seq, "after_seq", 0, MAX_SEQ)
    yield from checks.in_range(request.after_position, "after_position", 0, MAX_SEQ)
    if request.mind_id and request.after_position:
        yield Violation("after_position", "is for all minds: with mind_id use after_seq")
    if not request.mind_id and request.after_seq:
        yield Violation("after_seq", "is for one mind: without mind_id use after_position")
    yield from checks.text(request.store_id, "store_id", max_bytes=MAX_KEY_BYTES)
    yield from checks.items(request.kinds, "kinds", high=MAX_FILTER_VALUES)
    yield from checks.each(request.kinds, "kinds", _kind)
    if request.HasField("heartbeat"):
        seconds = request.heartbeat.seconds + request.heartbeat.nanos / 1e9
        yield from checks.in_range(seconds, "heartbeat", MIN_HEARTBEAT_SECONDS, MAX_HEARTBEAT_SECONDS)


def verify(request: pb.VerifyRequest) -> Iterator[Violation]:
    """Verify."""
    yield from checks.mind_id(request.mind_id)
    yield from checks.in_range(request.from_seq, "from_seq", 0, MAX_SEQ)
    yield from checks.in_range(request.to_seq, "to_seq", 0, MAX_SEQ)
    if request.to_seq and request.from_seq > request.to_seq:
        yield Violation("from_seq", "must not lie above to_seq")


def export(request: pb.ExportRequest) -> Iterator[Violation]:
    """Export."""
    yield from checks.mind_id(request.mind_id)


def restore(request: pb.RestoreRequest) -> Iterator[Violation]:
    """Restore: of the first message; later ones leave the name out."""
    yield from checks.mind_id(request.mind_id, optional=True)
    yield from checks.identifier(request.copy_of, "copy_of", optional=True)
    yield from checks.text(request.origin_checkpoint, "origin_checkpoint", max_bytes=MAX_NOTE_BYTES)
    if request.copy_of and request.copy_of == request.mind_id:
        yield Violation(
            "copy_of", "must be another mind than mind_id; leave it out to restore under its own name"
        )
    if request.origin_checkpoint and not request.copy_of:
        yield Violation("origin_checkpoint", "is for a copy: set copy_of")


def get_checkpoint(request: pb.GetCheckpointRequest) -> Iterator[Violation]:
    """GetCheckpoint."""
    yield from checks.mind_id(request.mind_id)
    yield from checks.in_range(request.tree_size, "tree_size", 0, MAX_SEQ)


def get_inclusion_proof(request: pb.GetInclusionProofRequest) -> Iterator[Violation]:
    """GetInclusionProof."""
    yield from checks.mind_id(request.mind_id)
    yield from checks.in_range(request.seq, "seq", 1, MAX_SEQ)
    yield from checks.in_range(request.tree_size, "tree_size", 0, MAX_SEQ)


def get_consistency_proof(request: pb.GetConsistencyProofRequest) -> Iterator[Violation]:
    """GetConsistencyProof."""
    yield from checks.mind_id(request.mind_id)
    yield from checks.in_range(request.from_size, "from_size", 1, MAX_SEQ)
    yield from checks.in_range(request.to_size, "to_size", 0, MAX_SEQ)


def redact(request: pb.RedactRequest) -> Iterator[Violation]:
    """Redact."""
    yield from checks.mind_id(request.mind_id)
    yield from checks.items(request.seqs, "seqs", high=MAX_REDACTED)
    for index, seq in enumerate(request.seqs):
        yield from checks.in_range(seq, f"seqs[{index}]", 1, MAX_SEQ)
    yield from checks.identifier(request.session_id, "session_id", optional=True)
    if not (request.seqs or request.session_id or request.whole_mind):
        yield Violation("seqs", "must name an event, unless session_id or whole_mind says what to erase")
    yield from checks.text(request.why, "why", max_bytes=MAX_WHY_BYTES)
    yield from checks.text(request.idempotency_key, "idempotency_key", max_bytes=MAX_KEY_BYTES)
    yield from checks.items(request.events, "events", high=MAX_REDACTED)
    for index, event in enumerate(request.events):
        yield from _said_again(event, f"events[{index}]")


def _said_again(event: pb.NewEvent, field: str) -> Iterator[Violation]:
    yield from _new_event(event, field)
    if event.body.WhichOneof("kind") in BIRTHS:
        yield Violation(f"{field}.body", "must not begin a mind: it has begun")
    if event.idempotency_key:
        yield Violation(f"{field}.idempotency_key", "must be empty: the erasure's own keeps it single")


def get_redaction(request: pb.GetRedactionRequest) -> Iterator[Violation]:
    """GetRedaction."""
    yield from checks.mind_id(request.mind_id)
    if not _REDACTION_ID.fullmatch(request.redaction_id):
        yield Violation("redaction_id", "must be what Redact returned: a decimal number")


def delete_mind(request: pb.DeleteMindRequest) -> Iterator[Violation]:
    """DeleteMind."""
    yield from checks.mind_id(request.mind_id)
    if request.confirm_mind_id != request.mind_id:
        yield Violation("confirm_mind_id", "must be mind_id again")
    yield from checks.text(request.why, "why", max_bytes=MAX_WHY_BYTES)


CHECKS: Mapping[type[Message], Check] = {
    pb.AppendRequest: append,
    pb.ReadRequest: read,
    pb.GetEventRequest: get_event,
    pb.GetHeadRequest: get_head,
    pb.ListMindsRequest: list_minds,
    pb.SubscribeRequest: subscribe,
    pb.VerifyRequest: verify,
    pb.ExportRequest: export,
    pb.RestoreRequest: restore,
    pb.GetCheckpointRequest: get_checkpoint,
    pb.GetInclusionProofRequest: get_inclusion_proof,
    pb.GetConsistencyProofRequest: get_consistency_proof,
    pb.RedactRequest: redact,
    pb.GetRedactionRequest: get_redaction,
    pb.DeleteMindRequest: delete_mind,
}
