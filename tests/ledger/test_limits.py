"""Quotas hold, the map grows, the master key wraps: what an operator sets is what happens."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest

import pmm_client
from pmm.ledger.v1 import ledger_pb2 as pb
from services.ledger import masterkey
from services.runtime.exits import StartupError
from tests.ledger.test_erasure import keys_of
from tests.support.ledger import running_ledger, said


async def test_a_mind_has_no_more_events_than_its_quota(tmp_path: Path) -> None:
    async with running_ledger(tmp_path, quota_events=5) as ledger:
        await ledger.create("ada", said("a"), said("b"))
        with pytest.raises(pmm_client.DiskFull) as caught:
            await ledger.append("ada", said("c"), said("d"), said("e"))
        assert (caught.value.reason, caught.value.metadata["limit"]) == ("QUOTA_EXCEEDED", "5")
        assert (await ledger.append("ada", said("c"), said("d"))).head_seq == 5
        with pytest.raises(pmm_client.DiskFull):
            await ledger.append("ada", said("e"))
        await ledger.create("bob", said("bob has his own"))
        assert (await ledger.client.redact(pb.RedactRequest(mind_id="ada", seqs=[2]))).seq == 6


async def test_a_mind_has_no_more_bytes_than_its_quota_and_erasing_makes_room(tmp_path: Path) -> None:
    async with running_ledger(tmp_path, quota_mib=1) as ledger:
        await ledger.create("ada", said("x" * 600_000))
        with pytest.raises(pmm_client.DiskFull):
            await ledger.append("ada", said("y" * 600_000), idempotency_key="k")
        await ledger.client.redact(pb.RedactRequest(mind_id="ada", seqs=[2]))
        answer = await ledger.append("ada", said("y" * 600_000), idempotency_key="k")
        assert not answer.events[0].existed


async def test_a_retry_of_what_is_there_meets_no_quota(tmp_path: Path) -> None:
    async with running_ledger(tmp_path, quota_events=2) as ledger:
        await ledger.create("ada")
        await ledger.append("ada", said("a"), idempotency_key="k")
        assert (await ledger.append("ada", said("a"), idempotency_key="k")).events[0].existed


async def test_the_map_grows_by_itself(tmp_path: Path) -> None:
    async with running_ledger(tmp_path, map_initial_mib=1) as ledger:
        await ledger.create("ada")
        for _ in range(10):
            await ledger.append("ada", *(said("x" * 1_000) for _ in range(500)))
        assert (await ledger.verdict("ada")).verified.seq == 5_001


def master(path: Path) -> Path:
    masterkey.create(path)
    return path


async def test_a_master_key_wraps_the_keys_there_are_and_those_to_come(tmp_path: Path) -> None:
    key = master(tmp_path / "master.key")
    async with running_ledger(tmp_path / "ledger") as ledger:
        await ledger.create("ada", said("before"))
        plain = keys_of(ledger, await ledger.read("ada"))
    async with running_ledger(tmp_path / "ledger", master_key_file=key) as ledger:
        await ledger.append("ada", said("after"), idempotency_key="k")
        files = b"".join(path.read_bytes() for path in (ledger.folder / "keys").iterdir())
        assert not any(each in files for each in plain)
        assert [event.body.user_message.text for event in await ledger.read("ada", from_seq=2)] == [
            "before",
            "after",
        ]
        await ledger.client.redact(pb.RedactRequest(mind_id="ada", seqs=[2]))
        assert (await ledger.verdict("ada")).verified.redacted == 1
    async with running_ledger(tmp_path / "ledger", master_key_file=key) as ledger:
        assert (await ledger.append("ada", said("after"), idempotency_key="k")).events[0].existed


async def test_without_its_master_key_a_ledger_does_not_start_and_nothing_changes(tmp_path: Path) -> None:
    key, other = master(tmp_path / "master.key"), master(tmp_path / "other.key")
    async with running_ledger(tmp_path / "ledger", master_key_file=key) as ledger:
        await ledger.create("ada", said("a"))
    for settings in ({}, {"master_key_file": other}):
        with pytest.raises(StartupError, match=r"wrapped by master key"):
            async with running_ledger(tmp_path / "ledger", **settings):
                pass
    async with running_ledger(tmp_path / "ledger", master_key_file=key) as ledger:
        assert (await ledger.verdict("ada")).verified.seq == 2


async def test_a_master_key_is_replaced_by_naming_the_one_before(tmp_path: Path) -> None:
    old, new = master(tmp_path / "old.key"), master(tmp_path / "new.key")
    async with running_ledger(tmp_path / "ledger", master_key_file=old) as ledger:
        await ledger.create("ada", said("a"))
    settings = {"master_key_file": new, "previous_master_key_file": old}
    async with running_ledger(tmp_path / "ledger", **settings) as ledger:
        assert (await ledger.verdict("ada")).verified.seq == 2
    async with running_ledger(tmp_path / "ledger", master_key_file=new) as ledger:
        assert (await ledger.verdict("ada")).verified.seq == 2


@pytest.mark.parametrize("content", [b"", b"not base64!", base64.b64encode(b"short")])
def test_what_is_no_master_key_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "master.key"
    file.write_bytes(content)
    with pytest.raises(StartupError, match="master key"):
        masterkey.load(file, None)
    assert os.listdir(tmp_path) == ["master.key"]
