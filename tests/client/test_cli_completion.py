"""What the tab key offers in a real bash, with the services running and without."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest
from typer.testing import CliRunner

from pmm_client.cli.app import app
from tests.support.ports import free_port
from tests.support.stack import Stack

pytestmark = pytest.mark.slow

TIMEOUT_S = 20
SCRIPT = f"""#!/bin/sh
exec {sys.executable} -c 'import sys; sys.argv[0] = "pmm"; from pmm_client.cli import main; main()' "$@"
"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("tab") / "data") as running:
        for arguments in (
            ["chat", "--mind", "ada", "-m", "my sister Ana moved to Porto in May"],
            ["commitments", "open", "book a flight", "--mind", "ada", "--project", "travel"],
            ["memory", "add", "Ana likes the sea", "--mind", "ada", "--tag", "family", "--entity", "Ana"],
            ["session", "start", "--id", "open-one", "--mind", "ada"],
            ["session", "start", "--id", "over", "--mind", "ada"],
            ["session", "end", "over", "--mind", "ada"],
        ):
            done = CliRunner().invoke(app, [*arguments, "--target", running.target])
            assert done.exit_code == 0, done.stderr
        yield running


class Shell:
    """A bash for which ``pmm`` has installed its completion."""

    def __init__(self, folder: Path, target: str) -> None:
        command = folder / "pmm"
        command.write_text(SCRIPT)
        command.chmod(0o755)
        search_path = f"{folder}:{os.environ['PATH']}"
        env = {**os.environ, "PATH": search_path, "PMM_TARGET": target, "TERM": "dumb", "HOME": str(folder)}
        self._bash = pexpect.spawn(
            "bash", ["--norc", "--noprofile", "-i"],
            env=env, encoding="utf-8", timeout=TIMEOUT_S, dimensions=(40, 200),
        )  # fmt: skip
        self._bash.sendline('PS1="$ "; show() { printf "<%s>\\n" "$*"; }')
        self._bash.sendline('source <(_PMM_COMPLETE=source_bash pmm); show "rea""dy"')
        self._bash.expect_exact("<ready>")

    def complete(self, line: str) -> list[str]:
        """The words that the tab key offers at the end of a line."""
        # M-* puts all of them where they would go, so that there is no list on the screen to read; then the line is
        # shown instead of run.
        self._bash.send(f"{line}\x1b*\x01show \r")
        self._bash.expect(r"\n<(.*)>\r\n")
        return self._bash.match[1].removeprefix(line.rpartition(" ")[0]).split()

    def close(self) -> None:
        self._bash.close(force=True)


@pytest.fixture
def shell(stack: Stack, tmp_path: Path) -> Iterator[Shell]:
    running = Shell(tmp_path, stack.target)
    yield running
    running.close()


def test_what_has_a_name_on_the_server_is_offered(shell: Shell) -> None:
    memories = shell.complete("pmm memory history --mind ada ")

    assert shell.complete("pmm traits --mind ") == ["ada"]
    assert shell.complete("pmm mind default a") == ["ada"]
    assert shell.complete("pmm commitments list --mind ada --project ") == ["travel"]
    assert shell.complete(f"pmm memory retract --mind ada {memories[0]}") == memories[:1]
    assert shell.complete("pmm memory list --mind ada --tag ") == ["family"]
    assert "Ana" in shell.complete("pmm memory search --mind ada --entity A")
    assert {"open-one", "over"} <= set(shell.complete("pmm memory list --mind ada --session o"))
    assert shell.complete("pmm workers replay --worker comm") == ["commitments"]


def test_only_a_session_that_goes_on_is_offered_to_chat(shell: Shell) -> None:
    assert shell.complete("pmm chat --mind ada --session o") == ["open-one"]


def test_nodes_are_offered_although_bash_cuts_them_at_their_colon(shell: Shell) -> None:
    assert shell.complete("pmm mind graph --mind ada entity:po") == ["entity:porto"]
    assert shell.complete('pmm mind graph --mind ada "entity:po') == ["entity:porto"]
    assert shell.complete("pmm mind neighbors --mind ada enti") != []
    assert shell.complete("pmm mind path --mind ada entity:ana entity:po") == ["entity:porto"]
    assert shell.complete("pmm mind path --mind ada entity:") != []


def test_an_address_and_an_equals_sign_do_not_lead_astray(shell: Shell, stack: Stack) -> None:
    assert shell.complete(f"pmm traits --target {stack.target} --mind ") == ["ada"]
    assert shell.complete("pmm traits --mind=a") == ["--mind=ada"]
    assert shell.complete("pmm chat --mind=ada --session o") == ["open-one"]


def test_nothing_is_offered_and_nothing_said_where_no_server_runs(tmp_path: Path) -> None:
    shell = Shell(tmp_path, f"127.0.0.1:{free_port()}")

    assert shell.complete("pmm mind graph --mind ada enti") == ["enti"]
    assert shell.complete("pmm chat --mind ada --session o") == ["o"]
    assert shell.complete("pmm memory retract m-") == ["m-"]
    shell.close()
