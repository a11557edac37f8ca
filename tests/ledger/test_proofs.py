"""What the ledger proves, a client verifies; what it gives out signed, it stands by."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import pmm_client
from pmm.ledger.v1 import ledger_pb2 as pb
from pmm_client import checkpoints, merkle
from pmm_client.checkpoints import VerifierKey
from pmm_client.proofs import check_consistency, prove_event, signed_checkpoint
from pmm_client.raw import LedgerClient
from pmm_client.witness import Witness
from services.ledger.signing import SigningKeys
from tests.support.ledger import LedgerCalls, RunningLedger, running_ledger, said


async def fill(ledger: LedgerCalls, events: int, mind: str = "ada") -> None:
    await ledger.create(mind, *(said(f"message {number}") for number in range(events - 1)))


@pytest.mark.parametrize("events", [1, 2, 3, 7, 8, 33])
async def test_every_event_is_proved_in_every_tree_that_holds_it(ledger: RunningLedger, events: int) -> None:
    await fill(ledger, events)
    keys = (await signed_checkpoint(ledger.client, "ada")).keys
    for size in range(1, events + 1):
        for seq in {1, size // 2 + 1, size} & set(range(1, size + 1)):
            proved = await prove_event(ledger.client, "ada", seq, keys, size=size)
            assert proved.signed.checkpoint.size == size
            assert proved.event.seq == seq


async def test_every_tree_is_the_beginning_of_every_later_one(ledger: RunningLedger) -> None:
    await fill(ledger, 20)
    trees = [(await signed_checkpoint(ledger.client, "ada", size=size)).checkpoint for size in range(1, 21)]
    for index, before in enumerate(trees):
        for after in trees[index:]:
            await check_consistency(ledger.client, "ada", before, after)


async def test_the_tree_is_that_of_the_chain(ledger: RunningLedger) -> None:
    await fill(ledger, 13)
    tree = merkle.GrowingTree()
    for event in await ledger.read("ada"):
        tree.append(merkle.leaf_hash(event.hash))
        head = await ledger.client.get_checkpoint(pb.GetCheckpointRequest(mind_id="ada", tree_size=tree.size))
        assert head.root_hash == tree.root()
    assert (await ledger.verdict("ada")).verified.root_hash == tree.root()


async def test_an_unsigned_checkpoint_has_no_signature(ledger: RunningLedger) -> None:
    await fill(ledger, 3)
    head = await ledger.client.get_checkpoint(pb.GetCheckpointRequest(mind_id="ada"))
    assert checkpoints.parse(head.note).size == head.tree_size == 3
    assert head.note.endswith("\n\n")
    assert not head.verifier_keys


async def test_a_signed_checkpoint_is_cached_until_the_mind_grows(ledger: RunningLedger) -> None:
    await fill(ledger, 3)
    request = pb.GetCheckpointRequest(mind_id="ada", signed=True)
    first = await ledger.client.get_checkpoint(request)
    assert await ledger.client.get_checkpoint(request) == first
    await ledger.append("ada", said("more"))
    assert (await ledger.client.get_checkpoint(request)).tree_size == 4


async def test_a_redacted_event_is_still_proved(ledger: RunningLedger) -> None:
    await fill(ledger, 5)
    before = await signed_checkpoint(ledger.client, "ada")
    await ledger.client.redact(pb.RedactRequest(mind_id="ada", seqs=[3]))
    proved = await prove_event(ledger.client, "ada", 3, before.keys)
    assert proved.event.redacted
    await check_consistency(ledger.client, "ada", before.checkpoint, proved.signed.checkpoint)


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.get_checkpoint(pb.GetCheckpointRequest(mind_id="ada", tree_size=4)),
        lambda client: client.get_inclusion_proof(pb.GetInclusionProofRequest(mind_id="ada", seq=4)),
        lambda client: client.get_inclusion_proof(
            pb.GetInclusionProofRequest(mind_id="ada", seq=3, tree_size=2)
        ),
        lambda client: client.get_consistency_proof(
            pb.GetConsistencyProofRequest(mind_id="ada", from_size=4)
        ),
        lambda client: client.get_consistency_proof(
            pb.GetConsistencyProofRequest(mind_id="ada", from_size=3, to_size=2)
        ),
    ],
)
async def test_nothing_beyond_the_tree_is_proved(ledger: RunningLedger, call: Any) -> None:
    await fill(ledger, 3)
    with pytest.raises(pmm_client.UnknownEvent):
        await call(ledger.client)


class Lying:
    """A server between us and the ledger that changes what it says."""

    def __init__(self, client: LedgerClient, **lies: Any) -> None:
        self._client = client
        self._lies = lies

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._client, name)
        if name not in self._lies:
            return call

        async def lying(request: Any) -> Any:
            answer = await call(request)
            self._lies[name](answer)
            return answer

        return lying


def flip(field: str) -> Any:
    def change(answer: Any) -> None:
        *way, last = field.split(".")
        for name in way:
            answer = getattr(answer, name)
        value = getattr(answer, last)
        if isinstance(value, bytes):
            setattr(answer, last, bytes([value[0] ^ 1]) + value[1:])
        elif isinstance(value, str):
            setattr(answer, last, value + "x")
        elif isinstance(value, int):
            setattr(answer, last, value + 1)
        else:
            value[0] = bytes(32)

    return change


@pytest.mark.parametrize(
    ("method", "field"),
    [
        ("get_event", "event.hash"),
        ("get_event", "event.prev_hash"),
        ("get_event", "event.payload_digest"),
        ("get_event", "event.kind"),
        ("get_event", "event.seq"),
        ("get_event", "event.mind_id"),
        ("get_event", "event.actor"),
        ("get_event", "event.recorded_at.nanos"),
        ("get_event", "event.raw.payload"),
        ("get_event", "event.raw.salt"),
        ("get_inclusion_proof", "path"),
    ],
)
async def test_a_changed_event_or_path_is_no_proof(ledger: RunningLedger, method: str, field: str) -> None:
    await fill(ledger, 9)
    lying: Any = Lying(ledger.client, **{method: flip(field)})
    with pytest.raises(pmm_client.ForgedProof):
        await prove_event(lying, "ada", 4)


async def test_another_keys_signature_is_not_trusted(ledger: RunningLedger, tmp_path: Path) -> None:
    await fill(ledger, 3)
    async with running_ledger(tmp_path / "other") as other:
        await fill(other, 3)
        keys = (await signed_checkpoint(other.client, "ada")).keys
    with pytest.raises(pmm_client.ForgedProof, match="no trusted key"):
        await signed_checkpoint(ledger.client, "ada", keys)


async def test_a_witness_accepts_what_continues(ledger: RunningLedger, tmp_path: Path) -> None:
    await fill(ledger, 3)
    witness = Witness(ledger.client, tmp_path / "witness")
    assert (await witness.observe("ada")).before is None
    for head in range(4, 9):
        await ledger.append("ada", said("more"))
        seen = await Witness(ledger.client, tmp_path / "witness").observe("ada")
        assert (seen.before and seen.before.size, seen.now.size) == (head - 1, head)
    assert (await witness.observe("ada")).now.size == 8


async def test_a_witness_refuses_a_rollback_and_a_fork_and_keeps_the_evidence(tmp_path: Path) -> None:
    async with running_ledger(tmp_path / "first") as first:
        await fill(first, 6)
        await Witness(first.client, tmp_path / "witness").observe("ada")
        signing = first.folder / "signing"
        keys = {path.name: path.read_bytes() for path in signing.iterdir()}
    for events, error in (
        (4, pmm_client.LedgerRolledBack),
        (6, pmm_client.LedgerForked),
        (9, pmm_client.LedgerForked),
    ):
        folder = tmp_path / f"second-{events}"
        (folder / "signing").mkdir(parents=True)
        for name, content in keys.items():
            (folder / "signing" / name).write_bytes(content)
        async with running_ledger(folder) as second:
            await fill(second, events)
            with pytest.raises(error):
                await Witness(second.client, tmp_path / "witness").observe("ada")
    async with running_ledger(tmp_path / "first") as first:
        assert (await Witness(first.client, tmp_path / "witness").observe("ada")).now.size == 6
    assert len(list((tmp_path / "witness").glob("ada.evidence-*.json"))) == 3


async def test_a_witness_follows_a_key_that_is_replaced(ledger: RunningLedger, tmp_path: Path) -> None:
    await fill(ledger, 3)
    old = (await signed_checkpoint(ledger.client, "ada")).keys
    witness = Witness(ledger.client, tmp_path, old)
    await witness.observe("ada")

    SigningKeys(ledger.folder / "signing").rotate(overlap_seconds=3_600)
    assert len((await signed_checkpoint(ledger.client, "ada", old)).keys) == 2
    await witness.observe("ada")

    for path in sorted((ledger.folder / "signing").iterdir())[:1]:
        path.unlink()
    with pytest.raises(pmm_client.ForgedProof, match="no trusted key"):
        await signed_checkpoint(ledger.client, "ada", old)
    assert (await witness.observe("ada")).now.size == 3


async def test_a_witness_refuses_a_key_that_no_trusted_one_has_named(
    ledger: RunningLedger, tmp_path: Path
) -> None:
    await fill(ledger, 3)
    witness = Witness(ledger.client, tmp_path)
    await witness.observe("ada")
    SigningKeys(ledger.folder / "signing").rotate(overlap_seconds=0)
    with pytest.raises(pmm_client.ForgedProof, match="no trusted key"):
        await witness.observe("ada")


async def test_a_key_of_another_name_is_another_key(ledger: RunningLedger) -> None:
    await fill(ledger, 3)
    key = (await signed_checkpoint(ledger.client, "ada")).keys[0]
    with pytest.raises(pmm_client.ForgedProof):
        await signed_checkpoint(ledger.client, "ada", (replace(key, name="pmm/bob"),))
    assert VerifierKey.parse(str(key)) == key
