"""Between wire and domain."""

from __future__ import annotations

import time
from collections.abc import Iterable

from google.protobuf.timestamp_pb2 import Timestamp

from pmm.ledger.v1 import ledger_pb2 as pb
from services.ledger.copying import Origin
from services.ledger.erasure import Ordered, Status, Wanted
from services.ledger.events import NewEvent, OpenedRecord, Receipt, Selection
from services.ledger.ledger import Delivery, Head, Range
from services.ledger.listing import Summary
from services.ledger.proofs import Consistency, Inclusion, TreeHead
from services.ledger.stored import event_field
from services.ledger.verify import Break, Broken, Progress, Step, Verified

_BREAKS = {
    Break.MISSING: pb.BREAK_KIND_MISSING,
    Break.HASH: pb.BREAK_KIND_HASH,
    Break.CHAIN: pb.BREAK_KIND_CHAIN,
    Break.PAYLOAD: pb.BREAK_KIND_PAYLOAD,
    Break.KEY: pb.BREAK_KIND_KEY,
    Break.TREE: pb.BREAK_KIND_TREE,
}


def new_events(request: pb.AppendRequest, trace_id: str) -> list[NewEvent]:
    """Events to append; those without a trace get the call's."""
    has_key = bool(request.idempotency_key)
    return [_new_event(message, trace_id, has_key=has_key) for message in request.events]


def _new_event(message: pb.NewEvent, trace_id: str, *, has_key: bool) -> NewEvent:
    field = message.body.WhichOneof("kind")
    assert field is not None, "refused by checks"
    payload = message.body.SerializeToString(deterministic=True)
    return NewEvent(
        kind=f"custom.{message.body.custom.name}" if field == "custom" else field,
        payload=payload,
        session_id=message.session_id,
        actor=message.actor,
        causation_seq=message.causation_seq if message.HasField("causation_seq") else None,
        trace_id=message.trace_id or trace_id,
        remember=not message.HasField("remember") or message.remember,
        idempotency_key=message.idempotency_key,
        fingerprint=_fingerprint(message, payload) if has_key or message.idempotency_key else b"",
        refuse_erased=message.refuse_erased,
    )


def _fingerprint(message: pb.NewEvent, payload: bytes) -> bytes:
    own = pb.NewEvent(
        session_id=message.session_id,
        actor=message.actor,
        remember=not message.HasField("remember") or message.remember,
    )
    if message.HasField("causation_seq"):
        own.causation_seq = message.causation_seq
    return own.SerializeToString(deterministic=True) + b"\x00" + payload


def append_response(receipt: Receipt) -> pb.AppendResponse:
    """Where the events stand."""
    return pb.AppendResponse(
        events=[
            pb.AppendedEvent(
                seq=event.seq,
                position=event.position,
                recorded_at=timestamp(event.recorded_ns),
                hash=event.hash,
                existed=event.existed,
            )
            for event in receipt.events
        ],
        head_seq=receipt.head_seq,
        prev_hash=receipt.prev_hash,
    )


def read_range(request: pb.ReadRequest) -> Range:
    """What to read."""
    return Range(
        mind_id=request.mind_id,
        first=request.from_seq,
        last=request.to_seq,
        reverse=request.reverse,
        limit=request.limit,
        selection=selection(request.filter),
        min_seq=request.min_seq,
        page_events=request.page_size,
    )


def selection(message: pb.EventFilter) -> Selection:
    """Which events."""
    return Selection(
        tuple(message.kinds),
        tuple(message.session_ids),
        _nanoseconds(message.recorded_from) if message.HasField("recorded_from") else None,
        _nanoseconds(message.recorded_to) if message.HasField("recorded_to") else None,
    )


def event_response(event: OpenedRecord, *, raw: bool) -> pb.GetEventResponse:
    """An event, decoded or with its exact bytes."""
    return pb.GetEventResponse.FromString(_fields([event], raw=raw))


def read_response(events: Iterable[OpenedRecord], head_seq: int, *, raw: bool) -> pb.ReadResponse:
    """A page."""
    page = pb.ReadResponse(head_seq=head_seq)
    page.MergeFromString(_fields(events, raw=raw))
    return page


def _fields(events: Iterable[OpenedRecord], *, raw: bool) -> bytes:
    """Events in field 1 of the message around them: parsing all at once takes a fraction of filling one by one."""
    return b"".join([event_field(one.mind, one.seq, one.data, one.salted, raw=raw) for one in events])


def head_response(head: Head, store_id: str) -> pb.GetHeadResponse:
    """The end of a chain."""
    return pb.GetHeadResponse(
        seq=head.seq,
        hash=head.hash,
        position=head.position,
        recorded_at=timestamp(head.recorded_ns),
        store_id=store_id,
        restored_seq=head.restored_seq,
    )


def origin(request: pb.RestoreRequest, owner: str) -> Origin | None:
    """What a copy is of, made for an owner now; None where it is no copy."""
    if not request.copy_of:
        return None
    return Origin(request.copy_of, request.origin_checkpoint, owner, time.time_ns())


def summary(found: Summary) -> pb.MindSummary:
    """What the ledger knows of a mind."""
    return pb.MindSummary(
        mind_id=found.mind_id,
        head_seq=found.head_seq,
        created_at=timestamp(found.created_ns),
        last_recorded_at=timestamp(found.last_ns),
        payload_bytes=found.payload_bytes,
        deleted=found.is_deleted,
    )


def deliveries(delivery: Delivery, *, raw: bool, was_caught_up: bool) -> Iterable[pb.SubscribeResponse]:
    """The messages that tell of a delivery."""
    if delivery.is_heartbeat:
        yield pb.SubscribeResponse(heartbeat=pb.Heartbeat(position=delivery.position, seq=delivery.seq))
        return
    if delivery.events or not delivery.is_caught_up or was_caught_up:
        message = pb.SubscribeResponse(page=pb.EventPage(position=delivery.position, seq=delivery.seq))
        message.page.MergeFromString(_fields(delivery.events, raw=raw))
        yield message
    if delivery.is_caught_up and not was_caught_up:
        yield pb.SubscribeResponse(caught_up=pb.CaughtUp(position=delivery.position, seq=delivery.seq))


def verify_response(step: Step) -> pb.VerifyResponse:
    """How a verification goes."""
    match step:
        case Progress(seq, to_seq):
            return pb.VerifyResponse(progress=pb.VerifyProgress(seq=seq, to_seq=to_seq))
        case Verified(seq, its_hash, redacted, root):
            head = pb.VerifiedHead(seq=seq, hash=its_hash, redacted=redacted, root_hash=root)
            return pb.VerifyResponse(verified=head)
        case Broken(seq, kind):
            broken = pb.BrokenEvent(seq=seq, kind=_BREAKS[kind], message=kind.value)
            return pb.VerifyResponse(broken=broken)


def checkpoint(head: TreeHead) -> pb.GetCheckpointResponse:
    """A tree head."""
    return pb.GetCheckpointResponse(
        note=head.note, tree_size=head.size, root_hash=head.root, verifier_keys=head.verifier_keys
    )


def inclusion(proof: Inclusion) -> pb.GetInclusionProofResponse:
    """A proof of inclusion."""
    return pb.GetInclusionProofResponse(
        leaf_index=proof.leaf_index, tree_size=proof.size, event_hash=proof.event_hash, path=proof.path
    )


def consistency(proof: Consistency) -> pb.GetConsistencyProofResponse:
    """A proof of consistency."""
    return pb.GetConsistencyProofResponse(from_size=proof.from_size, to_size=proof.to_size, path=proof.path)


def wanted(request: pb.RedactRequest, who: str, trace_id: str) -> Wanted:
    """What is to be erased, and said after it."""
    return Wanted(
        request.mind_id,
        request.seqs,
        request.session_id,
        request.whole_mind,
        request.why,
        who,
        request.idempotency_key,
        [_new_event(message, trace_id, has_key=False) for message in request.events],
        request.expected_seq if request.HasField("expected_seq") else None,
    )


def redact_response(ordered: Ordered) -> pb.RedactResponse:
    """What was erased. An erasure is named by the seq of its event."""
    return pb.RedactResponse(
        redaction_id=str(ordered.seq), seq=ordered.seq, events=ordered.events, head_seq=ordered.head_seq
    )


def redaction(status: Status) -> pb.GetRedactionResponse:
    """How far an erasure is."""
    return pb.GetRedactionResponse(
        seq=status.seq,
        keys_erased=bool(status.erased_ns),
        requested_at=timestamp(status.requested_ns),
        erased_at=timestamp(status.erased_ns) if status.erased_ns else None,
    )


def timestamp(ns: int) -> Timestamp:
    """From nanoseconds since 1970 UTC."""
    seconds, nanos = divmod(ns, 1_000_000_000)
    return Timestamp(seconds=seconds, nanos=nanos)


def _nanoseconds(message: Timestamp) -> int:
    return message.seconds * 1_000_000_000 + message.nanos
