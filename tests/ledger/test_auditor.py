"""tools/verify_export.py: the standard library, an export, and nothing of ours finds every change and names its seq."""

from __future__ import annotations

import ast
import gzip
import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmm.ledger.v1 import ledger_pb2 as pb
from pmm.mind.v1 import events_pb2 as mind
from pmm_client import checkpoints
from pmm_client.checkpoints import Checkpoint
from pmm_client.proofs import SignedCheckpoint, signed_checkpoint
from tests.support.ledger import custom, running_ledger, said

TOOL = Path(__file__).parents[2] / "tools" / "verify_export.py"


@pytest.fixture(scope="module")
def auditor() -> Any:
    import importlib.util

    spec = importlib.util.spec_from_file_location("verify_export", TOOL)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["verify_export"] = module
    spec.loader.exec_module(module)
    return module


async def exported(folder: Path) -> tuple[list[bytes], list[SignedCheckpoint]]:
    """An export of every sort of event, with erased ones, and checkpoints of it at some sizes."""
    async with running_ledger(folder) as ledger:
        await ledger.create(
            "ada", said("grüße 🌊", session_id="s-1", trace_id="0" * 31 + "a", causation_seq=1)
        )
        await ledger.append("ada", custom("mood", remember=False), said("two"), said(""), said("x" * 3_000))
        sizes = [await signed_checkpoint(ledger.client, "ada", size=size) for size in (1, 3, 6)]
        await ledger.client.redact(pb.RedactRequest(mind_id="ada", seqs=[4, 2]))
        await ledger.append("ada", said("after"))
        return await ledger.export("ada"), [*sizes, await signed_checkpoint(ledger.client, "ada")]


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[bytes], list[SignedCheckpoint]]:
    import asyncio

    return asyncio.run(exported(tmp_path_factory.mktemp("auditor")))


def run(
    content: bytes, tmp_path: Path, *arguments: str, name: str = "ada.jsonl"
) -> tuple[int, dict[str, Any]]:
    """Exit code and JSON of the tool, in an interpreter that sees none of our packages."""
    file = tmp_path / name
    file.write_bytes(content)
    command = [sys.executable, "-I", "-S", str(TOOL), str(file), "--json", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    return done.returncode, json.loads(done.stdout) if done.stdout else {"stderr": done.stderr}


def test_an_export_is_verified_with_its_erased_events(export: Any, tmp_path: Path) -> None:
    lines, signed = export
    code, answer = run(b"".join(lines), tmp_path)
    assert (code, answer["verified"], answer["events"], answer["redacted"]) == (0, True, 8, 2)
    assert answer["root"] == signed[-1].checkpoint.root.hex()
    assert answer["head_hash"] == json.loads(lines[-1])["hash"]
    assert run(gzip.compress(b"".join(lines)), tmp_path, name="ada.jsonl.gz")[0] == 0


def test_it_needs_the_standard_library_and_nothing_else() -> None:
    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(TOOL.read_text()))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported - sys.stdlib_module_names == {"cryptography"}


def test_it_knows_every_kind_of_event(auditor: Any) -> None:
    fields = {field.number: field.name for field in mind.Body.DESCRIPTOR.oneofs_by_name["kind"].fields}
    assert fields == auditor.KINDS


def values(text: str) -> list[tuple[str, int]]:
    """Every field of a line, with a place within its value."""
    decoder = json.JSONDecoder()
    found: list[tuple[str, int]] = []
    for name in json.loads(text):
        start = text.index(f'"{name}":') + len(name) + 3
        _, end = decoder.raw_decode(text, start)
        found += [(name, at) for at in {start, (start + end) // 2, end - 1}]
    return found


def refused(auditor: Any, content: bytes) -> Any:
    """What is wrong; None where nothing is."""
    try:
        auditor.audit(content.splitlines(keepends=True), 0)
    except auditor.Wrong as wrong:
        return wrong
    return None


@cache
def changed(byte: int) -> list[int]:
    return [byte ^ 1, byte ^ 2, 0x20, 0x30, 0x22]


@pytest.mark.parametrize("number", [1, 2, 3, 5, 8])
def test_a_changed_byte_of_every_field_is_found_and_its_seq_named(
    auditor: Any, export: Any, number: int
) -> None:
    lines = list(export[0])
    line = lines[number - 1]
    text = line.decode("utf-8")
    places = [len(text[:at].encode()) for _, at in values(text)]
    places += [0, 1, len(line) - 2, len(line) - 1, line.index(b":"), line.index(b",")]
    for at in places:
        for byte in changed(line[at]):
            if byte == line[at]:
                continue
            lines[number - 1] = line[:at] + bytes([byte]) + line[at + 1 :]
            wrong = refused(auditor, b"".join(lines))
            if wrong is None:
                # The same words in other bytes: blanks around a value are JSON's to ignore.
                assert json.loads(lines[number - 1]) == json.loads(line)
                continue
            assert wrong.seq == number or (number in (2, 4) and wrong.seq <= number), (
                number,
                at,
                byte,
                wrong.why,
            )


@given(st.data())
@settings(max_examples=300)
def test_no_changed_byte_goes_unseen(auditor: Any, export: Any, data: st.DataObject) -> None:
    content = b"".join(export[0])
    at = data.draw(st.integers(0, len(content) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda byte: byte != content[at]))
    damaged = content[:at] + bytes([byte]) + content[at + 1 :]
    wrong = refused(auditor, damaged)
    if wrong is None:
        assert [json.loads(line) for line in damaged.splitlines()] == [json.loads(line) for line in export[0]]
    else:
        assert (
            wrong.seq == content[:at].count(b"\n") + 1 or "event_redacted" in wrong.why or "kind" in wrong.why
        )


@pytest.mark.parametrize(
    ("change", "seq"),
    [
        (lambda lines: [], 0),
        (lambda lines: lines[1:], 1),
        (lambda lines: [*lines[:3], *lines[4:]], 4),
        (lambda lines: [*lines[:3], lines[4], lines[3], *lines[5:]], 4),
        (lambda lines: [*lines[:3], lines[2], *lines[3:]], 4),
        (lambda lines: [*lines, lines[-1]], 9),
        (lambda lines: [*lines[:-1], lines[-1][:-1]], 8),
        (lambda lines: [*lines[:4], b"\n", *lines[4:]], 5),
        (lambda lines: [*lines[:-2]], 2),
        (lambda lines: [*lines[:4], lines[4].replace(b'"seq":5', b'"seq":5,"seq":5'), *lines[5:]], 5),
        (lambda lines: [*lines[:4], lines[4].replace(b'"seq":5', b'"seq":5.0'), *lines[5:]], 5),
        (lambda lines: [*lines[:4], lines[4].replace(b'"remember":true', b'"remember":1'), *lines[5:]], 5),
    ],
)
def test_lines_that_are_gone_moved_or_doubled_are_found(
    auditor: Any, export: Any, change: Any, seq: int
) -> None:
    wrong = refused(auditor, b"".join(change(list(export[0]))))
    assert wrong
    assert wrong.seq == seq


@pytest.mark.parametrize("which", range(4))
def test_a_checkpoint_of_any_size_is_held_against_it(export: Any, tmp_path: Path, which: int) -> None:
    lines, signed = export
    (tmp_path / "note").write_text(signed[which].note)
    code, answer = run(b"".join(lines), tmp_path, "--checkpoint", str(tmp_path / "note"))
    assert code == 0
    assert "not checked" in answer["checkpoint"]


@pytest.mark.parametrize("sort", ["fork", "rollback", "origin", "signature", "key", "none"])
def test_a_forged_checkpoint_is_refused(auditor: Any, export: Any, sort: str) -> None:
    lines, signed = export
    last, keys = signed[-1], [str(key) for key in signed[-1].keys]
    root, size, note = last.checkpoint.root, last.checkpoint.size, last.note
    if sort == "fork":
        note = checkpoints.sign(Checkpoint("pmm/ada", size, bytes(32)), ())
    elif sort == "rollback":
        note = checkpoints.sign(Checkpoint("pmm/ada", size + 1, root), ())
    elif sort == "origin":
        note = checkpoints.sign(Checkpoint("pmm/bob", size, root), ())
    elif sort == "signature":
        note = note[:-9] + ("A" if note[-9] != "A" else "B") + note[-8:]
    elif sort == "key":
        keys = [keys[0].replace("pmm/ada", "pmm/eve")]
    else:
        note = checkpoints.sign(Checkpoint("pmm/ada", size, root), ())
    if sort in ("fork", "rollback", "origin"):
        keys = []
    checkpoint = auditor.read_checkpoint(note)
    audited = auditor.audit(lines, checkpoint.size)
    with pytest.raises(auditor.Wrong):
        auditor.check_checkpoint(checkpoint, audited, keys)
    good = auditor.read_checkpoint(last.note)
    assert "signed by a key" in auditor.check_checkpoint(
        good, auditor.audit(lines, size), [str(last.keys[0])]
    )


async def test_what_is_left_of_a_deleted_mind_is_verified(auditor: Any, tmp_path: Path) -> None:
    async with running_ledger(tmp_path) as ledger:
        await ledger.create("ada", said("a"))
        await ledger.client.delete_mind(pb.DeleteMindRequest(mind_id="ada", confirm_mind_id="ada"))
        result = auditor.audit(await ledger.export("ada"), 0).result
    assert (result.events, result.head_seq, result.deleted, result.root) == (1, 3, True, "")


def test_what_it_says_to_people_and_to_scripts(export: Any, tmp_path: Path) -> None:
    content = b"".join(export[0])
    (tmp_path / "ada.jsonl").write_bytes(content.replace(b'"actor":"user"', b'"actor":"usar"', 1))
    command = [sys.executable, "-I", "-S", str(TOOL), str(tmp_path / "ada.jsonl")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, done.stdout) == (
        1,
        "NOT VERIFIED: event 2 (line 2): its hash is not the hash of its fields\n",
    )
    assert run(content, tmp_path, "--mind", "bob")[0] == 1
    assert run(content, tmp_path, "--expect-head", "00")[0] == 1
    done = subprocess.run([*command[:-1], "missing"], capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 2


@pytest.mark.parametrize("key", ["junk", "pmm/ada+00000000+AQ==", "pmm/ada+00000000+!"])
def test_a_key_that_is_none_is_wrong_use_and_says_nothing_of_the_export(
    export: Any, tmp_path: Path, key: str
) -> None:
    (tmp_path / "note").write_text(export[1][-1].note)
    arguments = ("--checkpoint", str(tmp_path / "note"), "--key", key)
    code, answer = run(b"".join(export[0]), tmp_path, *arguments)
    assert code == 2
    assert "Traceback" not in answer["stderr"]
    assert run(b"".join(export[0]), tmp_path, "--key", str(export[1][-1].keys[0]))[0] == 2


@pytest.mark.parametrize("damage", [lambda note: note.replace("— ", ""), lambda note: note[:-4] + "!!=\n"])
def test_a_signature_line_that_is_none_does_not_count(auditor: Any, export: Any, damage: Any) -> None:
    last = export[1][-1]
    checkpoint = auditor.read_checkpoint(damage(last.note))
    audited = auditor.audit(export[0], checkpoint.size)
    with pytest.raises(auditor.Wrong):
        auditor.check_checkpoint(checkpoint, audited, [str(last.keys[0])])


def test_a_damaged_gzip_file_never_ends_in_a_traceback(export: Any, tmp_path: Path) -> None:
    packed = gzip.compress(b"".join(export[0]), mtime=0)
    for at in range(0, len(packed), len(packed) // 20):
        damaged = packed[:at] + bytes([packed[at] ^ 0x55]) + packed[at + 1 :]
        code, answer = run(damaged, tmp_path, name="ada.jsonl.gz")
        assert code in (0, 1, 2)
        assert "Traceback" not in answer.get("stderr", "")


async def test_a_deleted_mind_is_not_accused_of_a_rollback(auditor: Any, tmp_path: Path) -> None:
    async with running_ledger(tmp_path) as ledger:
        await ledger.create("ada", said("a"))
        signed = await signed_checkpoint(ledger.client, "ada")
        await ledger.client.delete_mind(pb.DeleteMindRequest(mind_id="ada", confirm_mind_id="ada"))
        audited = auditor.audit(await ledger.export("ada"), signed.checkpoint.size)
    with pytest.raises(auditor.Wrong, match="was deleted"):
        auditor.check_checkpoint(auditor.read_checkpoint(signed.note), audited, [])
