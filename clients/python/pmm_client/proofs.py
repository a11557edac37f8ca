"""Checking a ledger from outside: hashes and proofs are computed here, nothing is taken on the server's word."""

from __future__ import annotations

from dataclasses import dataclass

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.mind.v1.events_pb2 import Event
from pmm_client import checkpoints, merkle
from pmm_client.checkpoints import Checkpoint, CheckpointError, VerifierKey
from pmm_client.errors import ForgedProof
from pmm_client.event_hash import chain_hash, payload_digest
from pmm_client.made import made
from pmm_client.raw import LedgerClient


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A tree head that a trusted key has signed."""

    checkpoint: Checkpoint
    note: str
    keys: tuple[VerifierKey, ...]
    """Those that were trusted, and those that they have named as their successors."""


@dataclass(frozen=True, slots=True)
class ProvedEvent:
    """An event that is in the tree of a checkpoint."""

    event: Event
    """With its raw payload, unless it was erased."""
    signed: SignedCheckpoint
    path: tuple[bytes, ...]


async def signed_checkpoint(
    client: LedgerClient, mind_id: str, trusted: tuple[VerifierKey, ...] = (), *, size: int = 0
) -> SignedCheckpoint:
    """The tree of the first ``size`` events, 0 for all. Without trusted keys the server's own are taken: first met.

    Raises ForgedProof where no trusted key has signed it, or it is another mind's.
    """
    request = made(ledger.GetCheckpointRequest, mind_id=mind_id, tree_size=size, signed=True)
    answer = await client.get_checkpoint(request)
    try:
        keys = trusted or tuple(VerifierKey.parse(text) for text in answer.verifier_keys)
        checkpoint = checkpoints.verify(answer.note, keys)
        successors = [VerifierKey.parse(text) for text in checkpoint.next_keys]
    except CheckpointError as error:
        raise ForgedProof(str(error), reason="CHECKPOINT") from None
    if checkpoint.origin.rpartition("/")[2] != mind_id or (size and checkpoint.size != size):
        raise ForgedProof(f"the server gave a checkpoint of {checkpoint.origin}", reason="CHECKPOINT")
    known = (*keys, *(key for key in successors if key not in keys))
    return SignedCheckpoint(checkpoint, answer.note, known)


async def prove_event(
    client: LedgerClient, mind_id: str, seq: int, trusted: tuple[VerifierKey, ...] = (), *, size: int = 0
) -> ProvedEvent:
    """An event with the proof that it is in the tree. Raises ForgedProof where anything of it does not verify."""
    signed = await signed_checkpoint(client, mind_id, trusted, size=size)
    tree = signed.checkpoint
    event = (await client.get_event(made(ledger.GetEventRequest, mind_id=mind_id, seq=seq, raw=True))).event
    proof = await client.get_inclusion_proof(
        made(ledger.GetInclusionProofRequest, mind_id=mind_id, seq=seq, tree_size=tree.size)
    )
    its_hash = checked_hash(event, mind_id, seq)
    try:
        merkle.verify_inclusion(merkle.leaf_hash(its_hash), seq - 1, tree.size, proof.path, tree.root)
    except merkle.ProofError as error:
        raise ForgedProof(f"event {seq} is not in the tree: {error}", reason="INCLUSION") from None
    return ProvedEvent(event, signed, tuple(proof.path))


async def check_consistency(
    client: LedgerClient, mind_id: str, before: Checkpoint, after: Checkpoint
) -> None:
    """That the later tree holds the earlier one unchanged. Raises ForgedProof."""
    request = made(
        ledger.GetConsistencyProofRequest, mind_id=mind_id, from_size=before.size, to_size=after.size
    )
    path = (await client.get_consistency_proof(request)).path if before.size < after.size else ()
    try:
        merkle.verify_consistency(before.size, after.size, path, before.root, after.root)
    except merkle.ProofError as error:
        raise ForgedProof(
            f"the tree of {after.size:,} events does not hold that of {before.size:,}: {error}",
            reason="CONSISTENCY",
        ) from None


def chained_fields(event: Event) -> tuple[str, int, str, int, str, str, int | None, str, bool, bytes, bytes]:
    """What is chained of an event, as ``chain_hash`` takes it: the time in nanoseconds since 1970 UTC."""
    return (
        event.mind_id,
        event.seq,
        event.kind,
        event.recorded_at.seconds * 1_000_000_000 + event.recorded_at.nanos,
        event.session_id,
        event.actor,
        event.causation_seq if event.HasField("causation_seq") else None,
        event.trace_id,
        event.remember,
        event.payload_digest,
        event.prev_hash,
    )


def checked_hash(event: Event, mind_id: str, seq: int) -> bytes:
    """The chain hash of an event read with ``raw``, computed from its fields. Raises ForgedProof."""
    its_hash = chain_hash(*chained_fields(event))
    if (event.mind_id, event.seq) != (mind_id, seq) or its_hash != event.hash:
        raise ForgedProof(f"event {seq} does not match its hash", reason="EVENT")
    if not event.redacted and payload_digest(event.raw.salt, event.raw.payload) != event.payload_digest:
        raise ForgedProof(f"the payload of event {seq} does not match its digest", reason="EVENT")
    return its_hash
