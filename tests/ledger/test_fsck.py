"""fsck names what is wrong with a closed ledger, and rescues whatever verifies."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from pmm.ledger.v1 import ledger_pb2 as pb
from tests.support.ledger import change_stored, running_ledger, said

pytestmark = pytest.mark.slow

PAGE = 4_096


async def made(folder: Path, events: int = 300) -> list[bytes]:
    """A ledger with two minds; ada's export."""
    async with running_ledger(folder / "ledger") as ledger:
        await ledger.create("bob", said("bob's own", session_id="s1"))
        await ledger.create("ada")
        for number in range(events):
            key = f"k{number}" if number % 50 == 0 else ""
            await ledger.append(
                "ada", said(f"message {number} " + "x" * (number % 7 * 300)), idempotency_key=key
            )
        await ledger.client.redact(pb.RedactRequest(mind_id="ada", seqs=[7, 8]))
        return await ledger.export("ada")


def fsck(folder: Path, *arguments: str) -> tuple[int, dict[str, object]]:
    """Exit code and answer of ``pmm ledger fsck --json``."""
    command = [
        sys.executable,
        "-m",
        "pmm_client.cli",
        "ledger",
        "fsck",
        "--data",
        str(folder),
        "--json",
        *arguments,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def problems(answer: dict[str, object]) -> list[tuple[str, int]]:
    return [(each["mind_id"], each["seq"]) for each in answer["problems"]]  # type: ignore[attr-defined]


async def test_a_sound_ledger_is_found_sound(tmp_path: Path) -> None:
    await made(tmp_path)
    code, answer = fsck(tmp_path)
    assert (code, answer["minds"], answer["events"], answer["redacted"]) == (0, 2, 304, 2)
    assert answer["problems"] == []


@pytest.mark.parametrize("table", ["positions", "kinds", "sessions", "tree", "redacted"])
async def test_a_missing_row_of_any_index_is_found(tmp_path: Path, table: str) -> None:
    await made(tmp_path, 20)
    change_stored(tmp_path / "ledger", table, 0, lambda _: None)
    code, answer = fsck(tmp_path)
    assert code == 4
    assert answer["problems"]


async def test_a_missing_event_is_named(tmp_path: Path) -> None:
    await made(tmp_path, 20)
    change_stored(tmp_path / "ledger", "events", struct.pack(">IQ", 1, 9), lambda _: None)
    code, answer = fsck(tmp_path)
    assert code == 4
    assert ("ada", 9) in problems(answer)


async def test_a_key_that_is_gone_is_named(tmp_path: Path) -> None:
    await made(tmp_path, 20)
    segment = tmp_path / "ledger" / "keys" / "events-00000000.keys"
    content = bytearray(segment.read_bytes())
    content[11 * 32 : 12 * 32] = bytes(32)
    segment.write_bytes(content)
    code, answer = fsck(tmp_path)
    assert (code, problems(answer)) == (4, [("ada", 10)])


async def test_what_verifies_is_rescued_and_can_be_restored(tmp_path: Path) -> None:
    lines = await made(tmp_path, 20)
    sealed: list[bytes] = []
    change_stored(
        tmp_path / "ledger", "events", struct.pack(">IQ", 1, 15), lambda old: sealed.append(old[-40:]) or old
    )
    data = tmp_path / "ledger" / "data.mdb"
    data.write_bytes(data.read_bytes().replace(sealed[0], bytes(40)))
    code, answer = fsck(tmp_path, "--dump", str(tmp_path / "out"))
    assert (code, problems(answer)) == (4, [("ada", 15)])
    assert (tmp_path / "out" / "ada.jsonl").read_bytes().splitlines(keepends=True) == lines[:14]
    assert (tmp_path / "out" / "ada.rest.jsonl").read_bytes().splitlines(keepends=True) == lines[15:]
    assert len((tmp_path / "out" / "bob.jsonl").read_bytes().splitlines()) == 2


async def test_an_event_that_was_overwritten_is_found_where_it_was_before(tmp_path: Path) -> None:
    lines = await made(tmp_path, 20)
    change_stored(tmp_path / "ledger", "events", struct.pack(">IQ", 1, 15), lambda old: old[:-1] + b"?")
    code, answer = fsck(tmp_path, "--dump", str(tmp_path / "out"))
    assert (code, problems(answer)) == (4, [("ada", 15)])
    # LMDB writes a changed page elsewhere: the old one is still there.
    assert (tmp_path / "out" / "ada.jsonl").read_bytes().splitlines(keepends=True) == lines


async def test_a_damaged_tree_of_pages_hides_nothing_from_the_rescue(tmp_path: Path) -> None:
    lines = await made(tmp_path)
    data = tmp_path / "ledger" / "data.mdb"
    content = bytearray(data.read_bytes())
    branches = [
        page
        for page in range(2 * PAGE, len(content), PAGE)
        if int.from_bytes(content[page + 10 : page + 12], "little") & 0x01
    ]
    assert branches
    for page in branches:
        content[page + 16 : page + 200] = bytes(184)
    data.write_bytes(content)

    code, answer = fsck(tmp_path, "--dump", str(tmp_path / "out"))
    assert code == 4
    assert answer["problems"]
    assert (tmp_path / "out" / "ada.jsonl").read_bytes().splitlines(keepends=True) == lines

    async with running_ledger(tmp_path / "again") as ledger:
        assert (await ledger.restore("ada", (tmp_path / "out" / "ada.jsonl").read_bytes())).head_seq == 302


async def test_a_running_ledger_is_not_checked(tmp_path: Path) -> None:
    async with running_ledger(tmp_path / "ledger") as ledger:
        await ledger.create("ada")
        command = [sys.executable, "-m", "pmm_client.cli", "ledger", "fsck", "--data", str(tmp_path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 75
    assert "in use by process" in done.stderr
