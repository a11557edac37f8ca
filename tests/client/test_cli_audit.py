"""Proofs, the witness, backups, erasures and the offline commands, as somebody types them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pmm_client.cli import exits
from pmm_client.cli.app import app
from tests.support.files import files_with
from tests.support.stack import Stack

Pmm = Callable[..., str]
MARKER = "quinquereme"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("audit") / "data") as running:
        yield running


def run(*arguments: str, stdin: str = "", code: int = 0) -> str:
    """What a command printed: standard output, or with another code than 0 standard error."""
    done = CliRunner().invoke(app, [*arguments], input=stdin, catch_exceptions=False)
    assert done.exit_code == code, done.stdout + done.stderr
    return done.stdout if code == 0 else done.stderr


@pytest.fixture
def pmm(stack: Stack) -> Pmm:
    """A command that calls the stack."""

    def call(*arguments: str, stdin: str = "", code: int = 0) -> str:
        return run(*arguments, "--target", stack.target, stdin=stdin, code=code)

    return call


@pytest.fixture
def ada(pmm: Pmm, request: pytest.FixtureRequest) -> str:
    """A mind with five messages."""
    name = re.sub(r"\W", "-", request.node.name)[:60]
    bodies = [{"mind_created": {}}, *({"user_message": {"text": f"message {n}"}} for n in range(5))]
    pmm("ledger", "append", "-", "--mind", name, stdin="\n".join(map(json.dumps, bodies)))
    return name


def test_a_checkpoint_is_printed_and_signed(pmm: Pmm, ada: str) -> None:
    note = pmm("ledger", "checkpoint", "--mind", ada)
    assert note.startswith(f"pmm/{ada}\n6\n")
    found = json.loads(pmm("ledger", "checkpoint", "--mind", ada, "--size", "3", "--json"))
    assert (found["size"], len(found["keys"])) == (3, 1)
    assert pmm("ledger", "checkpoint", "--mind", ada, "--key", found["keys"][0]) == note
    wrong = found["keys"][0].replace(ada, "eve")
    assert "mistyped" in pmm("ledger", "checkpoint", "--mind", ada, "--key", wrong, code=exits.USAGE)


def test_an_event_is_proved(pmm: Pmm, ada: str) -> None:
    assert "proved: 3 hashes lead from it to the root" in pmm("ledger", "prove", "4", "--mind", ada)
    found = json.loads(pmm("ledger", "prove", "4", "--mind", ada, "--json"))
    assert (found["body"]["user_message"]["text"], found["tree_size"]) == ("message 2", 6)
    assert "no event 9" in pmm("ledger", "prove", "9", "--mind", ada, code=exits.FAILED)


def test_a_witness_looks_twice(pmm: Pmm, ada: str, tmp_path: Path) -> None:
    state = ("--state", str(tmp_path))
    assert "first seen with 6 events" in pmm("ledger", "witness", "--mind", ada, *state)
    pmm("ledger", "append", '{"custom": {"name": "x"}}', "--mind", ada)
    assert "7 events continue the 6 seen before" in pmm("ledger", "witness", "--mind", ada, *state)
    seen = json.loads(pmm("ledger", "witness", "--mind", ada, "--json", *state))
    assert (seen["size"], seen["before"]) == (7, 7)


def test_events_are_erased_after_a_question(pmm: Pmm, ada: str) -> None:
    redact = ("ledger", "redact", "3", "4", "--mind", ada)
    pmm(*redact, stdin="n\n", code=1)
    assert "Erased: 2 payloads" in pmm(*redact, "--why", "asked for", stdin="y\n")
    assert "Erased" in pmm("ledger", "redaction", "7", "--mind", ada)
    assert pmm("ledger", "read", "--mind", ada).count("(erased)") == 2
    assert "name events" in pmm("ledger", "redact", "--mind", ada, "--yes", code=exits.USAGE)


def test_a_mind_is_deleted_once_its_name_is_typed(pmm: Pmm, ada: str) -> None:
    assert "nothing was deleted" in pmm("mind", "delete", ada, stdin="no\n", code=exits.USAGE)
    assert "is deleted" in pmm("mind", "delete", ada, stdin=f"{ada}\n")
    assert "was deleted" in pmm("mind", "show", ada, code=exits.FAILED)


def test_words_are_forgotten_with_what_quotes_them(stack: Stack, pmm: Pmm, ada: str) -> None:
    pmm("chat", "--mind", ada, "--message", f"my {MARKER} lies in the harbour of Ophir")
    assert MARKER in pmm("chat", "--mind", ada, "--message", f"where does my {MARKER} lie?")
    events = json.loads("[" + ",".join(pmm("ledger", "read", "--mind", ada, "--json").splitlines()) + "]")
    texts = {int(event["seq"]): json.dumps(event) for event in events if MARKER in json.dumps(event)}
    first = min(texts)

    shown = pmm("mind", "forget", str(first), "--mind", ada, "--dry-run")
    assert "cites, repeats" in shown
    assert "goes" in shown
    assert MARKER in pmm("ledger", "read", "--mind", ada)

    said = pmm("mind", "forget", str(first), "--mind", ada, "--yes")
    assert "no file holds their words" in said
    question = next(seq for seq, text in texts.items() if "where does" in text and "user_message" in text)
    pmm("mind", "forget", str(question), "--mind", ada, "--yes", "--json")
    assert MARKER not in pmm("ledger", "read", "--mind", ada)
    assert files_with(stack.data, MARKER) == []


def test_a_backup_comes_back(stack: Stack, pmm: Pmm, ada: str, tmp_path: Path) -> None:
    archive = tmp_path / "minds.tar"
    assert "To restore it" in pmm("ledger", "backup", str(archive))
    data = tmp_path / "restored"
    data.mkdir()
    place = ("--data", str(data))
    assert "are restored and verified" in run("ledger", "restore-backup", str(archive), *place)
    found = json.loads(run("ledger", "fsck", *place, "--json"))
    assert (found["problems"], found["events"] > 5) == ([], True)
    assert "in use by process" in run("ledger", "fsck", "--data", str(stack.data), code=75)
    archive.write_bytes(archive.read_bytes()[:9_000])
    assert "no whole backup" in run("ledger", "restore-backup", str(archive), *place, code=1)
    assert "No such file" in run("ledger", "restore-backup", str(tmp_path / "no.tar"), *place, code=64)


def test_keys_are_made_and_rotated(stack: Stack, pmm: Pmm, ada: str, tmp_path: Path) -> None:
    before = pmm("ledger", "checkpoint", "--mind", ada).count("— ")
    assert "goes on for 2 days" in run(
        "ledger", "rotate-key", "--data", str(stack.data), "--overlap-days", "2"
    )
    assert pmm("ledger", "checkpoint", "--mind", ada).count("— ") == before + 1
    key = tmp_path / "master.key"
    assert "ledger.master_key_file" in run("ledger", "new-master-key", str(key))
    assert key.stat().st_mode & 0o077 == 0
    assert "File exists" in run("ledger", "new-master-key", str(key), code=64)
