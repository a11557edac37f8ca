"""A copy under another name is a chain of its own in which everything stands where it stood, and names its origin."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import pmm_client
from pmm.ledger.v1 import ledger_pb2 as pb
from pmm.mind.v1 import events_pb2 as mind
from pmm_client import checkpoints
from services.runtime.auth import Tokens
from services.runtime.caller import Caller
from tests.support.ledger import RunningLedger, running_ledger, said
from tools import verify_export

BEN = "ben-token-0123456789"


@pytest.fixture
async def other(tmp_path: Path) -> AsyncIterator[RunningLedger]:
    tokens = Tokens({})
    tokens.add(BEN, Caller("ben", ("*",), frozenset({"*"})))
    async with running_ledger(tmp_path / "other", tokens=tokens, token=BEN) as running:
        yield running


async def copy(to: RunningLedger, lines: list[bytes], mind_id: str, note: str = "") -> pb.RestoreResponse:
    async def parts() -> AsyncIterator[pb.RestoreRequest]:
        yield pb.RestoreRequest(mind_id=mind_id, copy_of="ada", origin_checkpoint=note)
        for line in lines:
            yield pb.RestoreRequest(lines=line)

    return await to.client.restore(parts())


@pytest.fixture
async def ada(ledger: RunningLedger) -> str:
    born = mind.MindCreated(name="Ada", owner="ana", settings=mind.MindSettings(time_zone="Europe/Lisbon"))
    promised = mind.CommitmentOpened(commitment_id="c-1", text="call Ana", source_seq=2)
    await ledger.append(
        "ada",
        pb.NewEvent(actor="system", body=mind.Body(mind_created=born)),
        said("a secret", session_id="s1"),
        said("I will call Ana [#2, 3 May]", session_id="s1", causation_seq=2),
        pb.NewEvent(actor="commitments", causation_seq=2, body=mind.Body(commitment_opened=promised)),
        said("not to be remembered", remember=False),
    )
    return "ada"


async def signed(ledger: RunningLedger, mind_id: str) -> pb.GetCheckpointResponse:
    return await ledger.client.get_checkpoint(pb.GetCheckpointRequest(mind_id=mind_id, signed=True))


async def test_everything_keeps_its_seq_its_time_and_its_words(
    ledger: RunningLedger, other: RunningLedger, ada: str
) -> None:
    note = (await signed(ledger, ada)).note
    answer = await copy(other, await ledger.export(ada), "bea", note)

    was, now = await ledger.read(ada, raw=True), await other.read("bea", raw=True)
    assert answer.head_seq == len(now) == len(was)
    for before, after in zip(was[1:], now[1:], strict=True):
        for own in ("mind_id", "prev_hash", "hash", "position"):
            before.ClearField(own)  # pyright: ignore[reportArgumentType]
            after.ClearField(own)  # pyright: ignore[reportArgumentType]
        assert after == before
    assert (await other.verdict("bea")).verified.hash == answer.hash


async def test_the_copy_names_its_origin_and_belongs_to_whoever_made_it(
    ledger: RunningLedger, other: RunningLedger, ada: str
) -> None:
    found = await signed(ledger, ada)
    await copy(other, await ledger.export(ada), "bea", found.note)

    first = (await other.get("bea", 1)).body.mind_imported
    assert (first.origin_mind_id, first.origin_seq) == ("ada", 5)
    assert (first.name, first.owner, first.settings.time_zone) == ("Ada", "ben", "Europe/Lisbon")
    keys = [checkpoints.VerifierKey.parse(key) for key in found.verifier_keys]
    assert checkpoints.verify(first.origin_checkpoint, keys).root == found.root_hash
    assert (await other.get("bea", 1)).recorded_at == (await ledger.get("ada", 1)).recorded_at
    assert first.copied_at.ToNanoseconds() > (await ledger.head("ada")).recorded_at.ToNanoseconds()


async def test_without_a_checkpoint_the_root_of_the_export_is_named(
    ledger: RunningLedger, other: RunningLedger, ada: str
) -> None:
    await copy(other, await ledger.export(ada), "bea")

    first = (await other.get("bea", 1)).body.mind_imported
    assert checkpoints.parse(first.origin_checkpoint).root == (await signed(ledger, ada)).root_hash


async def test_a_copy_of_a_copy_verifies_offline_as_any_mind_does(
    ledger: RunningLedger, other: RunningLedger, ada: str
) -> None:
    await copy(ledger, await ledger.export(ada), "bea")

    async def parts() -> AsyncIterator[pb.RestoreRequest]:
        yield pb.RestoreRequest(mind_id="cleo", copy_of="bea")
        for line in await ledger.export("bea"):
            yield pb.RestoreRequest(lines=line)

    await other.client.restore(parts())

    assert (await other.get("cleo", 1)).body.mind_imported.name == "Ada"
    auditor = verify_export.Auditor()
    for number, line in enumerate(await other.export("cleo"), 1):
        auditor.take(number, line)
    assert auditor.result.head_hash == (await other.head("cleo")).hash.hex()


async def test_what_was_erased_in_the_origin_does_not_come_along(
    ledger: RunningLedger, other: RunningLedger, ada: str
) -> None:
    before = await ledger.export(ada)
    await ledger.client.redact(pb.RedactRequest(mind_id=ada, seqs=[2]))
    await copy(other, await ledger.export(ada), "bea")
    # Of an older export, where the words still stand: the ledger that erased them remembers.
    await copy(ledger, before, "cleo")

    for where, name in ((other, "bea"), (ledger, "cleo")):
        event = await where.get(name, 2)
        assert event.redacted
        assert event.kind == "user_message"
        assert (await where.verdict(name)).verified.redacted == 1
    assert not (await other.get("bea", 3)).redacted


async def test_a_mind_that_was_deleted_is_not_copied_back(ledger: RunningLedger, ada: str) -> None:
    lines = await ledger.export(ada)
    await ledger.client.delete_mind(pb.DeleteMindRequest(mind_id=ada, confirm_mind_id=ada))

    with pytest.raises(pmm_client.FailedPrecondition) as refused:
        await copy(ledger, lines, "bea")

    assert refused.value.reason == "MIND_DELETED"
    assert "bea" not in await ledger.minds()


async def test_a_checkpoint_that_the_export_does_not_hold_is_refused(
    ledger: RunningLedger, other: RunningLedger, ada: str
) -> None:
    await ledger.create("bob", *(said(str(n)) for n in range(9)))
    lines = await ledger.export(ada)
    ours, theirs = (await signed(ledger, ada)).note, (await signed(ledger, "bob")).note
    await ledger.append(ada, said("later"))
    for note in ("nonsense", theirs, (await signed(ledger, ada)).note, ours.replace("/ada\n5", "/ada\n4", 1)):
        with pytest.raises(pmm_client.InvalidArgument) as refused:
            await copy(other, lines, "bea", note)
        assert [violation.field for violation in refused.value.violations] == ["origin_checkpoint"]

    assert await other.minds() == []


async def test_taken_and_senseless_names_are_refused(
    ledger: RunningLedger, other: RunningLedger, ada: str
) -> None:
    lines = await ledger.export(ada)
    await other.create("bea")

    with pytest.raises(pmm_client.MindExists):
        await copy(other, lines, "bea")
    with pytest.raises(pmm_client.InvalidArgument):
        await copy(other, lines, "ada")


async def test_the_head_says_how_far_a_mind_was_restored_also_when_it_goes_on(
    ledger: RunningLedger, other: RunningLedger, ada: str
) -> None:
    await copy(other, await ledger.export(ada), "bea")
    await other.append("bea", said("and on"))

    assert (await ledger.head(ada)).restored_seq == 0
    assert (await other.head("bea")).restored_seq == 5
    assert (await other.head("bea", as_of_seq=3)).restored_seq == 3
