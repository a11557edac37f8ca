"""What Verify promises: it re-reads the bytes, and names the first event that was changed behind its back."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

import pmm_client
from pmm.ledger.v1 import ledger_pb2 as pb
from services.ledger.encoding import RECORD_BYTES
from tests.support.ledger import change_stored, custom, running_ledger, said

EVENTS = 24
Change = Callable[[bytes], bytes | None]
T = TypeVar("T")


async def fill(folder: Path) -> None:
    """``ada`` has the positions 1 to 24, and so event ``seq`` is the value ``seq - 1`` of its table."""
    async with running_ledger(folder) as ledger:
        events = [said(f"event {i}", session_id="s") for i in range(2, EVENTS)]
        await ledger.create("ada", *events, custom("end"))


async def verdict(folder: Path, **fields: int) -> pb.VerifyResponse:
    async with running_ledger(folder) as ledger:
        return await ledger.verdict("ada", **fields)


def flip(at: int) -> Change:
    def change(data: bytes) -> bytes:
        place = at % len(data)
        return data[:place] + bytes([data[place] ^ 0x01]) + data[place + 1 :]

    return change


async def test_an_untouched_mind_verifies_up_to_its_head(tmp_path: Path) -> None:
    await fill(tmp_path)

    async with running_ledger(tmp_path) as ledger:
        verified = (await ledger.verdict("ada")).verified
        head = await ledger.head("ada")
        assert (verified.seq, verified.hash, verified.redacted) == (head.seq, head.hash, 0)
        part = (await ledger.verdict("ada", from_seq=5, to_seq=9)).verified
        assert (part.seq, part.hash) == (9, (await ledger.get("ada", 9)).hash)


async def test_a_long_verification_tells_how_far_it_is(tmp_path: Path) -> None:
    async with running_ledger(tmp_path) as ledger:
        await ledger.create("ada")
        for _ in range(5):
            await ledger.append("ada", *(said("x") for _ in range(900)))

        steps = await ledger.verify("ada")

    progress = [step.progress for step in steps[:-1]]
    assert [step.seq for step in progress] == [2_000, 4_000]
    assert {step.to_seq for step in progress} == {4_501}
    assert steps[-1].verified.seq == 4_501


async def test_every_byte_of_a_stored_event_is_covered(tmp_path: Path) -> None:
    await fill(tmp_path)
    lengths: list[int] = []
    change_stored(tmp_path, "events", 6, lambda data: lengths.append(len(data)) or data)

    for at in range(lengths[0]):
        change_stored(tmp_path, "events", 6, flip(at))
        broken = (await verdict(tmp_path)).broken
        assert broken.seq == 7, f"byte {at} was flipped"
        change_stored(tmp_path, "events", 6, flip(at))

    assert (await verdict(tmp_path)).HasField("verified")


@pytest.mark.parametrize(
    ("at", "kind"),
    [
        (10, pb.BREAK_KIND_HASH),  # the clock
        (30, pb.BREAK_KIND_HASH),  # payload_digest
        (70, pb.BREAK_KIND_CHAIN),  # prev_hash
        (100, pb.BREAK_KIND_HASH),  # hash
        (-1, pb.BREAK_KIND_PAYLOAD),  # the sealed payload
    ],
)
async def test_a_flipped_bit_is_named_and_refused_to_readers(
    tmp_path: Path, at: int, kind: pb.BreakKind.ValueType
) -> None:
    await fill(tmp_path)
    change_stored(tmp_path, "events", 6, flip(at))

    async with running_ledger(tmp_path) as ledger:
        broken = (await ledger.verdict("ada")).broken
        assert (broken.seq, broken.kind) == (7, kind)
        assert broken.message
        assert (await ledger.verdict("ada", to_seq=6)).verified.seq == 6
        if kind is not pb.BREAK_KIND_CHAIN:
            with pytest.raises(pmm_client.DataLoss) as lost:
                await ledger.read("ada")
            assert lost.value.metadata["seq"] == "7"


async def test_a_missing_event_is_named(tmp_path: Path) -> None:
    await fill(tmp_path)
    change_stored(tmp_path, "events", 8, lambda _: None)

    async with running_ledger(tmp_path) as ledger:
        broken = (await ledger.verdict("ada")).broken
        assert (broken.seq, broken.kind) == (9, pb.BREAK_KIND_MISSING)
        for fields in ({}, {"reverse": True}):
            with pytest.raises(pmm_client.DataLoss) as lost:
                await ledger.read("ada", **fields)
            assert lost.value.metadata["seq"] == "9"


@pytest.mark.parametrize("change", [flip(10), flip(-1), lambda data: data[:10], lambda _: None])
@pytest.mark.parametrize(
    ("fields", "before"),
    [
        ({}, range(1, 7)),
        ({"from_seq": 6}, range(6, 7)),
        ({"reverse": True}, range(EVENTS, 7, -1)),
        ({"filter": pb.EventFilter(kinds=["user_message"])}, range(2, 7)),
        ({"filter": pb.EventFilter(session_ids=["s"]), "reverse": True}, range(EVENTS - 1, 7, -1)),
        ({"from_seq": 7}, range(0)),
    ],
)
async def test_what_is_sound_before_damage_is_delivered_before_it_is_named(
    tmp_path: Path, fields: dict[str, Any], before: range, change: Change
) -> None:
    await fill(tmp_path)
    change_stored(tmp_path, "events", 6, change)

    async with running_ledger(tmp_path) as ledger:
        pages, lost = await until_lost(ledger.client.read(pb.ReadRequest(mind_id="ada", **fields)))

    assert [event.seq for page in pages for event in page.events] == list(before)
    assert lost.metadata["seq"] == "7"


@pytest.mark.parametrize("change", [flip(-1), lambda _: None])
@pytest.mark.parametrize("fields", [{"mind_id": "ada"}, {"mind_id": "ada", "after_seq": 6}, {}])
async def test_a_subscriber_gets_what_is_sound_before_damage_is_named(
    tmp_path: Path, fields: dict[str, Any], change: Change
) -> None:
    await fill(tmp_path)
    change_stored(tmp_path, "events", 6, change)

    async with running_ledger(tmp_path) as ledger:
        parts, lost = await until_lost(ledger.client.subscribe(pb.SubscribeRequest(**fields)))

    found = [event.seq for part in parts for event in part.page.events]
    assert found == list(range(fields.get("after_seq", 0) + 1, 7))
    assert [part.page.position for part in parts if part.HasField("page")] == ([6] if found else [])
    assert not any(part.HasField("caught_up") for part in parts)
    assert lost.metadata["seq"] == "7"


@pytest.mark.parametrize("kinds", [["user_message"], ["tick_recorded"]])
async def test_an_event_whose_kind_was_changed_is_named_whatever_kind_is_asked_for(
    tmp_path: Path, kinds: list[str]
) -> None:
    await fill(tmp_path)
    change_stored(tmp_path, "events", 6, flip(RECORD_BYTES))

    async with running_ledger(tmp_path) as ledger:
        parts, lost = await until_lost(ledger.client.subscribe(pb.SubscribeRequest(kinds=kinds)))

    wanted = range(2, 7) if kinds == ["user_message"] else range(0)
    assert [event.seq for part in parts for event in part.page.events] == list(wanted)
    assert lost.metadata["seq"] == "7"


async def until_lost(stream: AsyncIterator[T]) -> tuple[list[T], pmm_client.DataLoss]:
    """What a stream delivers before it ends with DATA_LOSS, and that."""
    found: list[T] = []
    try:
        async with asyncio.timeout(10):
            async for one in stream:
                found.append(one)
    except pmm_client.DataLoss as lost:
        return found, lost
    raise AssertionError(f"the stream ended as if nothing were damaged: {len(found)}")


async def test_a_missing_last_event_is_named(tmp_path: Path) -> None:
    await fill(tmp_path)
    change_stored(tmp_path, "events", EVENTS - 1, lambda _: None)

    broken = (await verdict(tmp_path)).broken

    assert (broken.seq, broken.kind) == (EVENTS, pb.BREAK_KIND_MISSING)


async def test_a_key_that_is_gone_without_an_erasure_is_data_loss(tmp_path: Path) -> None:
    await fill(tmp_path)
    overwrite_key(tmp_path, 5)

    async with running_ledger(tmp_path) as ledger:
        broken = (await ledger.verdict("ada")).broken
        assert (broken.seq, broken.kind) == (5, pb.BREAK_KIND_KEY)
        with pytest.raises(pmm_client.DataLoss):
            await ledger.get("ada", 5)
        assert (await ledger.get("ada", 6)).seq == 6


async def test_an_erased_event_keeps_its_header_and_the_chain_verifies(tmp_path: Path) -> None:
    await fill(tmp_path)
    mark_erased(tmp_path, 5)
    overwrite_key(tmp_path, 5)

    async with running_ledger(tmp_path) as ledger:
        verified = (await ledger.verdict("ada")).verified
        assert (verified.seq, verified.redacted) == (EVENTS, 1)
        event = await ledger.get("ada", 5)
        assert (event.redacted, event.kind, event.session_id) == (True, "user_message", "s")
        assert not event.HasField("body")
        assert await ledger.seqs("ada") == list(range(1, EVENTS + 1))


async def test_a_payload_is_not_read_once_its_erasure_is_decided(tmp_path: Path) -> None:
    await fill(tmp_path)
    mark_erased(tmp_path, 5)

    async with running_ledger(tmp_path) as ledger:
        event = await ledger.get("ada", 5)

    assert event.redacted
    assert not event.HasField("body")


async def test_a_part_whose_beginning_has_nothing_to_hang_on_is_broken_there(tmp_path: Path) -> None:
    await fill(tmp_path)
    change_stored(tmp_path, "events", 6, lambda data: data[:10])

    async with running_ledger(tmp_path) as ledger:
        broken = (await ledger.verdict("ada", from_seq=8)).broken
        assert (broken.seq, broken.kind) == (7, pb.BREAK_KIND_MISSING)
        with pytest.raises(pmm_client.DataLoss) as lost:
            await ledger.head("ada", as_of_seq=7)
        assert lost.value.metadata["seq"] == "7"


def lose_the_key(folder: Path) -> None:
    with (folder / "keys" / "minds-00000000.keys").open("r+b") as segment:
        segment.write(bytes(32))


def lose_the_head(folder: Path) -> None:
    change_stored(folder, "minds", b"ada", lambda data: data[:-3])


def lose_a_receipt(folder: Path) -> None:
    change_stored(folder, "keys_seen", 0, lambda data: data[:-3])


def lose_a_known_event(folder: Path) -> None:
    change_stored(folder, "events", 1, lambda _: None)


def lose_the_tree(folder: Path) -> None:
    change_stored(folder, "tree", 0, lambda _: None)


@pytest.mark.parametrize(
    "damage", [lose_the_key, lose_the_head, lose_a_receipt, lose_a_known_event, lose_the_tree]
)
async def test_one_damaged_mind_leaves_the_others_be(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    known = said("known", idempotency_key="k")
    async with running_ledger(tmp_path) as ledger:
        await ledger.create("ada", known, said("x"))
        await ledger.create("bob")
    damage(tmp_path)

    async with running_ledger(tmp_path) as ledger:
        others = [asyncio.create_task(ledger.append("bob", said(str(i)))) for i in range(8)]
        refused = await asyncio.gather(
            *(ledger.append("ada", said("new"), known) for _ in range(4)), return_exceptions=True
        )
        await asyncio.gather(*others)

        assert all(isinstance(outcome, pmm_client.DataLoss) for outcome in refused)
        assert (await ledger.verdict("bob")).verified.seq == 9
        assert [event.position for event in await ledger.read("bob")] == list(range(4, 13))


@pytest.mark.parametrize("node", range(EVENTS // 2))
async def test_a_damaged_node_of_the_tree_is_named(tmp_path: Path, node: int) -> None:
    await fill(tmp_path)
    change_stored(tmp_path, "tree", node, flip(node))

    broken = (await verdict(tmp_path)).broken

    assert (broken.seq, broken.kind) == (2 * node + 2, pb.BREAK_KIND_TREE)


def overwrite_key(folder: Path, position: int) -> None:
    segment = next((folder / "keys").glob("events-*.keys"))
    with segment.open("r+b") as file:
        file.seek((position - 1) * 32)
        file.write(bytes(32))


def mark_erased(folder: Path, seq: int) -> None:
    """As Redact will: the table ``redacted`` names the erasing event."""
    place = struct.pack(">IQ", 0, seq)
    change_stored(folder, "redacted", place, lambda _: struct.pack(">Q", EVENTS))
