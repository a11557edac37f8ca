"""What is erased is on no page of any file; everything else is as it was, and still proves itself."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

import pmm_client
import pmm_client.errors as errors
from pmm.ledger.v1 import ledger_pb2 as pb
from pmm.mind.v1 import events_pb2 as mind
from pmm_client.proofs import check_consistency, prove_event, signed_checkpoint
from services.ledger import erasure
from services.ledger.erasure import Completion, Wanted
from services.ledger.journal import Journal
from services.ledger.keys import KeySegments
from services.ledger.masterkey import NO_MASTER_KEY
from services.ledger.store import Store
from tests.support.files import files_with
from tests.support.ledger import RunningLedger, created, running_ledger, said

MARKER = "quinquereme of Nineveh"


async def redact(ledger: RunningLedger, *seqs: int, **fields: object) -> pb.RedactResponse:
    return await ledger.client.redact(pb.RedactRequest(mind_id="ada", seqs=seqs, **fields))  # type: ignore[arg-type]


def keys_of(ledger: RunningLedger, events: list[mind.Event]) -> list[bytes]:
    content = (ledger.folder / "keys" / "events-00000000.keys").read_bytes()
    return [content[32 * (event.position - 1) :][:32] for event in events]


async def test_an_erased_payload_is_gone_and_its_key_is_in_no_file(ledger: RunningLedger) -> None:
    await ledger.create("ada", said("before"), said(MARKER), said("after"))
    events = await ledger.read("ada")
    key, others = keys_of(ledger, events)[2], keys_of(ledger, events)[:2]

    done = await redact(ledger, 3, why="asked for")

    assert (done.seq, done.events) == (5, 1)
    assert files_with(ledger.folder, key, MARKER.encode()) == []
    assert all(files_with(ledger.folder, other) for other in others)
    assert [event.redacted for event in await ledger.read("ada")] == [False, False, True, False, False]
    erased = await ledger.get("ada", 3)
    assert erased.redacted
    assert not erased.HasField("body")
    assert erased.hash == events[2].hash
    assert MARKER.encode() not in b"".join(await ledger.export("ada"))
    order = (await ledger.get("ada", 5)).body.event_redacted
    assert (list(order.seqs), order.who, order.why) == ([3], "local", "asked for")


async def test_chain_tree_and_proofs_outlive_an_erasure_and_a_restart(tmp_path: Path) -> None:
    async with running_ledger(tmp_path) as ledger:
        await ledger.create("ada", *(said(f"{MARKER} {number}") for number in range(20)))
        before = await signed_checkpoint(ledger.client, "ada")
        await redact(ledger, *range(2, 12))
    async with running_ledger(tmp_path) as ledger:
        verdict = (await ledger.verdict("ada")).verified
        assert (verdict.seq, verdict.redacted) == (22, 10)
        for seq in range(1, 23):
            proved = await prove_event(ledger.client, "ada", seq, before.keys)
        await check_consistency(ledger.client, "ada", before.checkpoint, proved.signed.checkpoint)


async def test_erasing_is_idempotent(ledger: RunningLedger) -> None:
    await ledger.create("ada", said("one"), said("two"), said("three"))
    first = await redact(ledger, 2, 3, idempotency_key="k")
    again = await redact(ledger, 2, 3, idempotency_key="k")
    assert again == first
    without_key = await redact(ledger, 3, 2)
    assert (without_key.redaction_id, without_key.events) == (first.redaction_id, 0)
    more = await redact(ledger, 2, 3, 4)
    assert (more.seq, more.events) == (6, 1)


async def test_what_is_said_again_is_written_with_the_erasure_or_not_at_all(ledger: RunningLedger) -> None:
    await ledger.create("ada", said("one"), said("two"))
    again = said("something stays", causation_seq=1)
    with pytest.raises(errors.WrongExpectedSeq):
        await redact(ledger, 2, events=[again], expected_seq=2)
    with pytest.raises(errors.BeyondHead):
        await redact(ledger, 2, events=[said("x", causation_seq=5)])
    assert [event.redacted for event in await ledger.read("ada")] == [False] * 3

    done = await redact(ledger, 2, events=[again], expected_seq=3)
    assert (done.seq, done.events, done.head_seq) == (4, 1, 5)
    told = await ledger.get("ada", 5)
    assert (told.body.user_message.text, told.causation_seq) == ("something stays", 1)
    # Where nothing is left to erase nothing is said, either.
    assert (await redact(ledger, 2, events=[again], expected_seq=3)).head_seq == 5
    assert (await ledger.verdict("ada")).verified.seq == 5


@pytest.mark.parametrize(
    ("event", "field"),
    [
        (said("x", idempotency_key="k"), "events[0].idempotency_key"),
        (pb.NewEvent(body=mind.Body(mind_created=mind.MindCreated())), "events[0].body"),
        (pb.NewEvent(body=mind.Body(event_redacted=mind.EventRedacted(seqs=[1]))), "events[0].body"),
        (pb.NewEvent(), "events[0].body"),
    ],
)
async def test_what_may_not_be_said_with_an_erasure_is_named(
    ledger: RunningLedger, event: pb.NewEvent, field: str
) -> None:
    await ledger.create("ada", said("one"))
    with pytest.raises(errors.InvalidArgument) as refused:
        await redact(ledger, 2, events=[event])
    assert [one.field for one in refused.value.violations] == [field]
    assert not (await ledger.get("ada", 2)).redacted


async def test_a_session_is_erased_whole_and_nothing_else(ledger: RunningLedger) -> None:
    await ledger.create(
        "ada", said("a", session_id="s1"), said("b", session_id="s2"), said("c", session_id="s1"), said("d")
    )
    assert (await redact(ledger, session_id="s1")).events == 2
    assert [event.seq for event in await ledger.read("ada") if event.redacted] == [2, 4]


async def test_a_whole_mind_is_erased_and_goes_on(ledger: RunningLedger) -> None:
    await ledger.create("ada", said("a"), said("b"))
    await redact(ledger, 2)
    assert (await redact(ledger, whole_mind=True)).events == 2
    assert [event.redacted for event in await ledger.read("ada")] == [True, True, True, False, False]
    assert (await ledger.append("ada", said("on"))).head_seq == 6
    assert (await ledger.verdict("ada")).verified.redacted == 3


async def test_a_seq_above_the_head_erases_nothing(ledger: RunningLedger) -> None:
    await ledger.create("ada", said("a"))
    with pytest.raises(pmm_client.UnknownEvent):
        await redact(ledger, 2, 3)
    with pytest.raises(pmm_client.UnknownEvent):
        await redact(ledger, session_id="nobody")
    assert (await ledger.head("ada")).seq == 2


async def test_what_orders_an_erasure_stays(ledger: RunningLedger) -> None:
    await ledger.create("ada", said("a"))
    await redact(ledger, 2)
    with pytest.raises(pmm_client.InvalidArgument, match="orders an erasure itself"):
        await redact(ledger, 3)
    for body in (
        mind.Body(event_redacted=mind.EventRedacted(seqs=[1])),
        mind.Body(mind_deleted=mind.MindDeleted()),
    ):
        with pytest.raises(pmm_client.InvalidArgument, match="alone: call that"):
            await ledger.append("ada", pb.NewEvent(body=body))


async def test_redaction_tells_when_it_was_done(ledger: RunningLedger) -> None:
    await ledger.create("ada", said("a"))
    done = await redact(ledger, 2)
    request = pb.GetRedactionRequest(mind_id="ada", redaction_id=done.redaction_id)
    status = await ledger.client.get_redaction(request)
    assert status.keys_erased
    assert status.requested_at.ToNanoseconds() <= status.erased_at.ToNanoseconds()
    with pytest.raises(pmm_client.NotFound) as caught:
        await ledger.client.get_redaction(pb.GetRedactionRequest(mind_id="ada", redaction_id="1"))
    assert caught.value.reason == "UNKNOWN_REDACTION"


async def test_a_retry_of_an_erased_append_gets_its_first_answer_and_betrays_nothing(
    ledger: RunningLedger,
) -> None:
    await ledger.create("ada")
    first = await ledger.append("ada", said(MARKER), idempotency_key="k")
    await redact(ledger, 2)
    again = await ledger.append("ada", said(MARKER), idempotency_key="k")
    assert (again.events[0].seq, again.events[0].existed) == (first.events[0].seq, True)
    # Whoever holds the files cannot tell by trying whether this was the text.
    other = await ledger.append("ada", said("something else"), idempotency_key="k")
    assert (other.events[0].seq, other.events[0].existed) == (2, True)


async def test_an_export_of_a_mind_with_erasures_is_restored_with_them(
    ledger: RunningLedger, tmp_path: Path
) -> None:
    await ledger.create("ada", said(MARKER), said("b"))
    await redact(ledger, 2)
    lines = b"".join(await ledger.export("ada"))
    async with running_ledger(tmp_path / "other") as other:
        await other.restore("ada", lines)
        assert [event.redacted for event in await other.read("ada")] == [False, True, False, False]
        request = pb.GetRedactionRequest(mind_id="ada", redaction_id="4")
        assert (await other.client.get_redaction(request)).keys_erased


async def test_a_deleted_mind_leaves_its_tombstone_and_nothing_else(ledger: RunningLedger) -> None:
    await ledger.create("bob", said("bob's"))
    await ledger.create("ada", *(said(f"{MARKER} {number}", session_id="s1") for number in range(30)))
    events = await ledger.read("ada")
    keys = keys_of(ledger, events)
    mind_key = (ledger.folder / "keys" / "minds-00000000.keys").read_bytes()[32:64]

    request = pb.DeleteMindRequest(mind_id="ada", confirm_mind_id="ada", why="over")
    assert (await ledger.client.delete_mind(request)).seq == 32
    assert (await ledger.client.delete_mind(request)).seq == 32

    assert files_with(ledger.folder, *keys, mind_key) == []
    assert await ledger.seqs("ada") == [32]
    assert (await ledger.head("ada")).seq == 32
    assert (await ledger.verdict("ada")).verified.seq == 32
    assert await ledger.minds() == ["ada", "bob"]
    with pytest.raises(pmm_client.UnknownEvent):
        await ledger.get("ada", 3)
    for call in (
        ledger.append("ada", said("again")),
        ledger.append("ada", created()),
        redact(ledger, 2),
        ledger.client.get_checkpoint(pb.GetCheckpointRequest(mind_id="ada")),
    ):
        with pytest.raises(pmm_client.MindDeleted):
            await call
    assert (await ledger.verdict("bob")).verified.seq == 2
    with pytest.raises(pmm_client.InvalidArgument, match="confirm_mind_id"):
        await ledger.client.delete_mind(pb.DeleteMindRequest(mind_id="bob", confirm_mind_id="bobby"))


@pytest.mark.parametrize("after", [0, 2, 5])
async def test_every_follower_is_told_of_a_deletion_however_late(ledger: RunningLedger, after: int) -> None:
    await ledger.create("ada", *(said("x") for _ in range(4)))
    await ledger.create("bob")
    await ledger.client.delete_mind(pb.DeleteMindRequest(mind_id="ada", confirm_mind_id="ada"))

    kinds: dict[str, list[str]] = {"ada": [], "": []}
    for name in kinds:
        places = {"after_seq": after} if name else {"after_position": 0 if after > 2 else after}
        async with asyncio.timeout(10):
            async for part in ledger.client.subscribe(pb.SubscribeRequest(mind_id=name, **places)):
                kinds[name] += [event.kind for event in part.page.events]
                if part.HasField("caught_up"):
                    break
    assert kinds == {"ada": ["mind_deleted"], "": ["mind_created", "mind_deleted"]}


def interrupted(folder: Path, order: Callable[[Store], object], steps: int) -> None:
    """Order an erasure, carry out so many steps of it, and stop as a crash would."""
    store = Store(folder, 64 * 1024 * 1024)
    order(store)
    with store.read() as reader:
        ((mind_id, seq),) = reader.pending_erasures()
    completion = Completion(store, Journal(folder / "journal"), mind_id, seq)
    for _ in range(steps):
        assert completion.step()
    store.close()


async def test_an_erasure_that_takes_many_events_is_carried_out_whole(
    ledger: RunningLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasure, "_SEQS_AN_EVENT", 7)
    await ledger.create("ada", *(said(f"{number}") for number in range(19)))
    keys = keys_of(ledger, await ledger.read("ada"))
    done = await redact(ledger, whole_mind=True)
    assert (done.seq, done.events) == (23, 20)
    assert files_with(ledger.folder / "keys", *keys) == []
    for seq in (21, 22, 23):
        request = pb.GetRedactionRequest(mind_id="ada", redaction_id=str(seq))
        assert (await ledger.client.get_redaction(request)).keys_erased


async def test_an_interrupted_redaction_is_completed_at_the_next_start(tmp_path: Path) -> None:
    async with running_ledger(tmp_path) as ledger:
        await ledger.create("ada", *(said("x") for _ in range(99)))
        keys = keys_of(ledger, await ledger.read("ada"))
        folder = ledger.folder
    interrupted(folder, lambda store: erasure.order(store, Wanted("ada", range(1, 101))), 0)
    assert files_with(folder / "keys", *keys)
    async with running_ledger(tmp_path) as ledger:
        assert files_with(folder / "keys", *keys) == []
        assert (await ledger.verdict("ada")).verified.redacted == 100


@pytest.mark.parametrize("steps", [0, 1, 2, 3])
async def test_an_interrupted_deletion_is_completed_at_the_next_start(tmp_path: Path, steps: int) -> None:
    async with running_ledger(tmp_path) as ledger:
        await ledger.create("ada")
        for _ in range(10):
            await ledger.append("ada", *(said("x") for _ in range(1_000)))
        keys = keys_of(ledger, await ledger.read("ada", limit=100))
        folder = ledger.folder
    interrupted(folder, lambda store: erasure.order_deletion(store, "ada", "", ""), steps)
    async with running_ledger(tmp_path) as ledger:
        assert files_with(folder / "keys", *keys) == []
        assert await ledger.seqs("ada") == [10_002]
        request = pb.GetRedactionRequest(mind_id="ada", redaction_id="10002")
        assert (await ledger.client.get_redaction(request)).keys_erased


def test_a_segment_that_was_being_replaced_is_the_old_one_or_the_new_one(tmp_path: Path) -> None:
    keys = KeySegments(tmp_path, "events", NO_MASTER_KEY)
    keys.write(0, [b"k" * 32, b"l" * 32])
    keys.sync()
    (tmp_path / "events-00000000.partial").write_bytes(b"half")
    keys.close()
    keys = KeySegments(tmp_path, "events", NO_MASTER_KEY)
    assert os.listdir(tmp_path) == ["events-00000000.keys"]
    assert keys.read(0) == b"k" * 32
    keys.erase([0])
    assert (keys.read(0), keys.read(1)) == (None, b"l" * 32)
    keys.write(2, [b"m" * 32])
    keys.sync()
    assert keys.read(2) == b"m" * 32
    keys.close()


async def test_reads_and_appends_go_on_while_a_mind_is_erased(ledger: RunningLedger) -> None:
    await ledger.create("bob")
    await ledger.create("ada", *(said(f"{number}") for number in range(999)))
    await ledger.append("ada", *(said(f"{number}") for number in range(1_000)))

    async def others() -> None:
        for number in range(50):
            await ledger.append("bob", said(str(number)))
            assert (await ledger.read("ada", limit=1))[0].seq == 1

    await asyncio.gather(others(), redact(ledger, whole_mind=True))
    assert (await ledger.head("bob")).seq == 51
    assert (await ledger.verdict("ada")).verified.redacted == 2_000


async def test_an_erasure_whose_mind_is_deleted_meanwhile_is_no_damage(ledger: RunningLedger) -> None:
    async def redacted(mind_id: str, seq: int) -> None:
        with contextlib.suppress(errors.MindDeleted):
            await ledger.client.redact(pb.RedactRequest(mind_id=mind_id, seqs=[seq]))

    async def deleted(mind_id: str) -> None:
        await ledger.client.delete_mind(pb.DeleteMindRequest(mind_id=mind_id, confirm_mind_id=mind_id))

    for mind_id in ("ada", "bob", "eve"):
        await ledger.create(mind_id, *(said(f"{MARKER} {number}") for number in range(20)))
        redactions = [redacted(mind_id, seq) for seq in range(2, 20)]
        await asyncio.gather(*redactions[:9], deleted(mind_id), *redactions[9:])

        assert [event.kind for event in await ledger.read(mind_id)] == ["mind_deleted"]
