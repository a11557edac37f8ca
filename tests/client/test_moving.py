"""A whole mind goes from one running PMM to another and is the same there, down to what it will do next."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.struct_pb2 import Value
from typer.testing import CliRunner

import pmm_client
from pmm.mind.v1.events_pb2 import MEMORY_TYPE_PREFERENCE, MemoryRecorded, MemoryRevised
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from pmm_client import archive, moving
from pmm_client.archive import Archive
from pmm_client.cli import exits
from pmm_client.cli.app import app
from tests.support.stack import Stack
from tools import verify_export

SECRET = "Zanzibar-0451"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("here") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("there") / "data") as running:
        yield running


async def lived(client: pmm_client.Client, name: str) -> pmm_client.Mind:
    """A mind to which everything that may go wrong in moving has happened."""
    mind = client.mind(name)
    await mind.create(name="Ada", exist_ok=True)
    talk = await mind.start_session(title="Holidays")
    await mind.chat("Your name is Ada. Remind me to call Bob tomorrow.", session=talk.session_id)
    await settled(mind, lambda now: now.identity.name == "Ada" and len(now.open_commitments) == 1)
    await mind.chat(f"The code is {SECRET}", session=talk.session_id)
    told = await mind.chat("From now on, answer in French.", session=talk.session_id)
    # What would come back if workers derived it once more of the same words: a name, a promise that was kept.
    await mind.adopt_name("Bea")
    (promise,) = [one async for one in mind.commitments()]
    await mind.close_commitment(promise.commitment_id, evidence_seqs=[told.user_seq])
    liked = MemoryRecorded(
        memory_id="tea", text="Ana likes tea", type=MEMORY_TYPE_PREFERENCE, source_seqs=[3]
    )
    await mind.record_memories([liked])
    await mind.revise_memories([MemoryRevised(memory_id="tea", text="Ana likes green tea")])
    lisbon = pb.SetPolicyRequest(mind_id=name, key="time_zone", value=Value(string_value="Europe/Lisbon"))
    await client.orchestrator.set_policy(lisbon)
    secret = [event.seq async for event in mind.events() if SECRET in str(event.body)]
    await mind.forget(secret[0])
    return mind


async def settled(mind: pmm_client.Mind, is_so: Callable[[pb.Mind], bool]) -> None:
    async for state in mind.watch():
        if is_so(state.mind):
            return


async def derived(mind: pmm_client.Mind) -> list[tuple[int, str, str]]:
    workers = {"identity", "commitments", "directives"}
    return [(e.seq, e.kind, e.actor) async for e in mind.events() if e.actor in workers]


async def test_a_mind_is_the_same_on_another_server_and_goes_on_there(
    here: Stack, there: Stack, tmp_path: Path
) -> None:
    path = tmp_path / "ada.pmm"
    async with pmm_client.connect(here.target) as client, pmm_client.connect(there.target) as other:
        mind = await lived(client, "ada")
        manifest = await archive.save(mind, path)
        with Archive(path) as opened:
            found = await moving.restore(other, opened)

        assert found.is_equal, found
        assert {part.name: part.compared > 0 for part in found.parts} == dict.fromkeys(
            ["chain and tree", "events", "memories", "settings and state"], True
        )
        moved = other.mind("ada")
        assert (await moved.head()).hash == (await mind.head()).hash
        assert (await moved.show()).settings.time_zone == "Europe/Lisbon"
        # Both hear the same new message: nothing of what was said before is followed up a second time.
        for each in (mind, moved):
            await each.chat("Remind me to water the plants tomorrow.")
            await settled(each, lambda now: len(now.open_commitments) == 1)
        assert await derived(moved) == await derived(mind)
        assert (await moved.show()).identity.name == "Bea"
        assert manifest.unfinished == {}


async def test_restoring_twice_compares_and_another_mind_of_that_name_is_refused(
    here: Stack, there: Stack, tmp_path: Path
) -> None:
    path = tmp_path / "twice.pmm"
    async with pmm_client.connect(here.target) as client, pmm_client.connect(there.target) as other:
        mind = client.mind("twice")
        await mind.create()
        await archive.save(mind, path)
        await other.mind("taken").create()
        for name in ("", "", "twice-2", "twice-2"):
            with Archive(path) as opened:
                assert (await moving.restore(other, opened, name)).is_equal
        with Archive(path) as opened, pytest.raises(pmm_client.MindExists):
            await moving.restore(other, opened, "taken")


async def test_a_copy_keeps_numbers_memories_and_state_and_none_of_what_was_forgotten(
    here: Stack, tmp_path: Path
) -> None:
    path = tmp_path / "source.pmm"
    async with pmm_client.connect(here.target) as client:
        mind = await lived(client, "source")
        await archive.save(mind, path)
        made = await moving.copy(client, "source", "copied")
        assert made.is_equal
        with Archive(path) as opened:
            found = await moving.compare(client.mind("copied"), opened)
        assert found.is_equal, found

        first = await client.mind("copied").event(1)
        assert first.body.mind_imported.origin_mind_id == "source"
        copied = client.mind("copied")
        assert (await copied.get_memory("tea")).text == "Ana likes green tea"
        redacted = [e.seq async for e in mind.events() if e.redacted]
        assert redacted
        assert [e.seq async for e in copied.events() if e.redacted] == redacted
        assert SECRET not in str([e async for e in copied.events()])
        await copied.chat("Remind me to water the plants tomorrow.")
        await settled(copied, lambda now: len(now.open_commitments) == 1)
        assert (await copied.show()).identity.name == "Bea"


async def test_the_file_is_open_to_everybody_and_holds_nothing_that_was_forgotten(
    here: Stack, tmp_path: Path
) -> None:
    path = tmp_path / "open.pmm"
    async with pmm_client.connect(here.target) as client:
        mind = await lived(client, "open")
        await archive.save(mind, path)
        listed = [memory.memory_id async for memory in mind.memories()]

    with zipfile.ZipFile(path) as opened:
        contents = {name: opened.read(name) for name in opened.namelist()}
    assert [json.loads(line)["memory_id"] for line in contents["memories.jsonl"].splitlines()] == listed
    state = json.loads(contents["mind.json"])
    manifest = json.loads(contents["manifest.json"])
    assert (state["settings"]["time_zone"], state["identity"]["name"]) == ("Europe/Lisbon", "Bea")
    assert (state["seq"], state["hash"]) == (manifest["head_seq"], manifest["head_hash"])
    auditor = verify_export.Auditor()
    for number, line in enumerate(contents["events.jsonl"].splitlines(keepends=True), 1):
        auditor.take(number, line)
    assert auditor.result.head_hash == state["hash"]
    told = subprocess.run(
        [sys.executable, verify_export.__file__, path, "--json"], capture_output=True, check=True
    )
    assert json.loads(told.stdout)["head_hash"] == state["hash"]
    assert not any(SECRET.encode() in content for content in contents.values())
    assert path.stat().st_mode & 0o077 == 0


def rewritten(path: Path, member: str, change: Callable[[bytes], bytes]) -> Path:
    """The archive with one member changed, its digests left as they were."""
    changed = path.with_name("changed.pmm")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, change(content) if name == member else content)
    return changed


@pytest.mark.parametrize(
    "member", ["events.jsonl", "memories.jsonl", "mind.json", "checkpoint", "manifest.json"]
)
async def test_a_changed_file_is_refused_before_anything_is_written(
    here: Stack, there: Stack, tmp_path: Path, member: str
) -> None:
    path = tmp_path / "whole.pmm"
    async with pmm_client.connect(here.target) as client, pmm_client.connect(there.target) as other:
        mind = client.mind(f"whole-{member}")
        await mind.create()
        await mind.chat("Good morning")
        await archive.save(mind, path)

        with (
            pytest.raises(pmm_client.BrokenExport),
            Archive(rewritten(path, member, lambda was: was[:-9])) as opened,
        ):
            await moving.restore(other, opened)

        assert [found.mind_id async for found in other.minds(mind.mind_id)] == []


async def test_whichever_byte_is_changed_the_file_is_refused_in_words_or_its_content_is_whole(
    here: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, changed = tmp_path / "flipped.pmm", tmp_path / "changed.pmm"
    async with pmm_client.connect(here.target) as client:
        mind = client.mind("flipped")
        await mind.create()
        await mind.chat("Good morning")
        await archive.save(mind, path)
    whole = path.read_bytes()
    monkeypatch.setattr(sys, "argv", ["verify_export", str(changed)])
    refused = 0
    # The directory at the end byte by byte, and what it leads to here and there.
    for at in [*range(0, len(whole), 13), *range(len(whole) - 700, len(whole))]:
        for bits in (0x01, 0x80, 0xFF):
            changed.write_bytes(whole[:at] + bytes([whole[at] ^ bits]) + whole[at + 1 :])
            assert verify_export.main() in (0, 1, 2)
            try:
                with Archive(changed) as opened:
                    opened.check()
            except pmm_client.BrokenExport:
                refused += 1
    assert refused


async def test_what_differs_is_named(here: Stack, tmp_path: Path) -> None:
    path = tmp_path / "differs.pmm"
    async with pmm_client.connect(here.target) as client:
        mind = client.mind("differs")
        await mind.create()
        for drink in ("milk", "rum", "tea", "gin"):
            await mind.record_memories([MemoryRecorded(memory_id=drink, text=f"Ana likes {drink}")])
        await archive.save(mind, path)
        with Archive(path) as opened:
            await moving.restore(client, opened, "differs-2")
        await client.mind("differs-2").redact([4, 5])
        with Archive(path) as opened:
            found = await moving.compare(client.mind("differs-2"), opened)

    assert not found.is_equal
    assert [example for part in found.parts for example in part.examples] == [
        "event 4 was erased since",
        "event 5 was erased since",
        "memory gin is missing",
        "memory tea is missing",
    ]


@pytest.fixture
def pmm(here: Stack) -> Callable[..., Any]:
    def run(*arguments: str, code: int = 0, at: str = here.target) -> str:
        done = CliRunner().invoke(app, [*arguments, "--target", at], catch_exceptions=False)
        assert done.exit_code == code, done.stderr
        return done.stdout if code == 0 else done.stderr

    return run


def test_the_commands_export_restore_copy_and_compare(
    here: Stack, there: Stack, pmm: Callable[..., str], tmp_path: Path
) -> None:
    path = str(tmp_path / "cleo.pmm")
    pmm("chat", "--mind", "cleo", "-m", "Good morning")

    written = json.loads(pmm("mind", "export", "cleo", "--full", "-o", path, "--json"))
    restored = json.loads(pmm("mind", "restore", path, "--json", at=there.target))
    copied = json.loads(pmm("mind", "restore", path, "--as", "dora", "--json", at=there.target))
    assert (restored["is_equal"], restored["head_seq"]) == (True, written["head_seq"])
    assert (copied["mind_id"], copied["origin_mind_id"], copied["is_equal"]) == ("dora", "cleo", True)
    assert "a copy of cleo" in pmm("mind", "copy", "cleo", "eva")
    assert "a mind eva already" in pmm("mind", "copy", "cleo", "eva", code=exits.FAILED)
    assert "as exported" in pmm("mind", "compare", path, "--mind", "eva")

    pmm("chat", "--mind", "cleo", "-m", "and on")
    assert "as exported" in pmm("mind", "compare", path)
    pmm("ledger", "redact", "3", "--mind", "eva", "--yes")
    assert "differs" in pmm("mind", "compare", path, "--mind", "eva", code=exits.FOUND_WRONG)
    assert "is no export" in pmm("mind", "compare", __file__, code=exits.USAGE)
    assert "leave --mind out" in pmm("mind", "restore", path, "--mind", "other", code=exits.USAGE)
    assert f"pmm mind restore {path}" in pmm("mind", "import", path, "--mind", "cleo", code=exits.USAGE)


@pytest.mark.parametrize("as_json", [[], ["--json"]], ids=["for people", "json"])
@pytest.mark.parametrize("full", [True, False], ids=["full", "plain"])
def test_an_export_that_is_cut_or_empty_is_told_with_what_to_do(
    here: Stack, tmp_path: Path, full: bool, as_json: list[str]
) -> None:
    def pmm(*arguments: str, code: int = 0) -> tuple[str, str]:
        done = CliRunner().invoke(app, [*arguments, "--target", here.target])
        assert done.exit_code == code, done.stderr
        return done.stdout, done.stderr

    whole, path, name = tmp_path / "whole.pmm", tmp_path / "ada.pmm", f"cut-{full}-{len(as_json)}"
    pmm("chat", "--mind", name, "-m", "Good morning")
    pmm("mind", "export", name, *(["--full"] if full else []), "-o", str(whole))
    content = whole.read_bytes()
    for left in (len(content) - 9, len(content) // 2, 40, 0):
        path.write_bytes(content[:left])
        said = "it was cut short" if left else "it is empty"
        tries = [("restore", str(path)), ("restore", str(path), "--as", "another")]
        tries += [("compare", str(path))] if full or not left else []
        for command in tries:
            out, err = pmm("mind", *command, *as_json, code=exits.FAILED)
            assert out == ""
            told = json.loads(err)["error"]["message"] if as_json else err.removeprefix("pmm: ")
            assert told.startswith(f"{path} cannot be used: {said}")
            assert "use another copy of the file, or export the mind once more" in err
            assert len(err.splitlines()) == 1
    minds = json.loads(pmm("mind", "list", "--json")[0])
    assert "another" not in {one["mind_id"] for one in minds}


@pytest.mark.parametrize(
    ("lines", "said"), [(b'{"mind_id": "ada", "s', "it was cut short"), (b"", "it is empty")]
)
def test_so_is_one_that_comes_through_standard_input(here: Stack, lines: bytes, said: str) -> None:
    restore = [sys.executable, "-m", "pmm_client.cli", "mind", "restore", "-", "--mind", "ada", "--json"]
    done = subprocess.run([*restore, "--target", here.target], input=lines, capture_output=True, check=False)

    assert (done.returncode, done.stdout) == (exits.FAILED, b"")
    told = json.loads(done.stderr)["error"]["message"]
    assert told.startswith(f"standard input cannot be used: {said}")


def test_of_a_plain_export_that_was_changed_the_line_is_named(here: Stack, tmp_path: Path) -> None:
    path = tmp_path / "changed.jsonl"
    path.write_text('{"mind_id": "changed"}\n')
    done = CliRunner().invoke(app, ["mind", "restore", str(path), "--target", here.target])

    assert done.exit_code == exits.FAILED
    assert done.stderr.startswith(f"pmm: {path} cannot be used: line 1: it is not an event: use another copy")


def test_a_transcript_is_not_restored_and_it_is_said_what_takes_it(tmp_path: Path) -> None:
    path = tmp_path / "transcript.jsonl"
    path.write_text('{"speaker": "Ana", "text": "The river was cold."}\n')

    done = CliRunner().invoke(app, ["mind", "restore", str(path)])

    assert done.exit_code == exits.USAGE
    assert f"{path} is no export of a mind" in done.stderr
    assert f"pmm mind import {path}" in done.stderr
