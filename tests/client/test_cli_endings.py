"""What a command says where it cannot go on, and that it says it in a line and with the code of its kind."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import signal
import subprocess
import sys
import termios
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO

import psutil
import pytest
from typer.testing import CliRunner

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.mind.v1.events_pb2 import Event
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from pmm_client.cli import exits
from pmm_client.cli.app import app
from services.runtime import errors
from tests.client.scripted import always, scripted
from tests.client.test_cli_words import pmm
from tests.runtime.certificates import authority
from tests.support.contracts import ROOT

PMM = [sys.executable, "-m", "pmm_client.cli"]
ENDED_S = 30.0
"""After which a command that should have ended is said to go on."""


class SessionEnded(errors.FailedPrecondition):
    reason = "SESSION_ENDED"


class SessionExists(errors.AlreadyExists):
    reason = "SESSION_EXISTS"


class UnknownDeadLetter(errors.NotFound):
    reason = "UNKNOWN_DEAD_LETTER"


@pytest.mark.parametrize("target", ["noport", "127.0.0.1:", "127.0.0.1:x", ":50050", ""])
def test_an_address_that_is_none_is_refused_with_one_that_would_do(target: str) -> None:
    done = CliRunner().invoke(app, ["mind", "list", "--target", target])

    assert done.exit_code == exits.USAGE
    assert done.stderr.startswith("pmm: --target is HOST:PORT, for example ")
    assert done.stderr.endswith(":50050\n")
    assert "::" not in done.stderr


def test_a_host_without_an_address_is_not_said_to_be_busy() -> None:
    done = CliRunner().invoke(app, ["mind", "list", "--target", "no-such-host.invalid:50050"])

    assert done.exit_code == exits.NOT_REACHABLE
    assert "Nothing answers at no-such-host.invalid:50050" in done.stderr


async def test_a_session_that_ended_or_is_there_already_says_how_to_go_on() -> None:
    ended = await pmm(
        "session", "privacy", "s-1", "paused", "--mind", "ada",
        SetPrivacyMode=always(SessionEnded("session 's-1' has ended: start another one")),
    )  # fmt: skip
    there = await pmm(
        "session", "start", "--id", "s-1", "--mind", "ada",
        StartSession=always(SessionExists("mind 'ada' has a session 's-1' already")),
    )  # fmt: skip

    assert (ended.exit_code, there.exit_code) == (exits.FAILED, exits.FAILED)
    assert "pmm chat --mind ada" in ended.stderr
    assert "--continue" in ended.stderr
    assert "--id" in there.stderr


async def test_a_dead_letter_that_is_unknown_says_where_they_are_listed() -> None:
    unknown = UnknownDeadLetter("mind 'ada' has no dead letter 'x:1'")

    result = await pmm("workers", "replay", "x:1", "--mind", "ada", ReplayDeadLetter=always(unknown))

    assert result.exit_code == exits.FAILED
    assert "`pmm workers dead-letters --mind ada`" in result.stderr


async def test_words_without_an_option_are_not_said_and_it_says_how_they_would_be() -> None:
    result = await pmm("chat", "it's", "me", "--mind", "ada")

    assert result.exit_code == exits.USAGE
    assert "pmm chat -m 'it'\"'\"'s me'" in result.stderr
    assert (await pmm("session", "list", "it's", "--mind", "ada")).exit_code == exits.USAGE


@pytest.mark.parametrize(("arguments", "typed"), [(["a b"], "NAME"), (["--mind", "a b"], "--mind")])
async def test_a_name_that_is_none_is_complained_of_as_it_was_typed(arguments: list[str], typed: str) -> None:
    wrong = errors.InvalidArgument([errors.Violation("mind_id", "must be 1 to 128 characters")])

    result = await pmm("mind", "show", *arguments, GetMind=always(wrong), GetAnalytics=always(wrong))

    assert result.stderr == f"pmm: The request is wrong: {typed}: must be 1 to 128 characters\n"


@pytest.mark.parametrize("arguments", [["mind", "delete", "ada"], ["ledger", "redact", "3", "--mind", "ada"]])
async def test_where_nobody_can_be_asked_nothing_is_erased_and_the_option_is_named(
    arguments: list[str],
) -> None:
    erased: list[str] = []

    async def erase(request: ledger.DeleteMindRequest, context: object) -> None:
        erased.append(request.mind_id)

    result = await pmm(*arguments, stdin="", DeleteMind=erase, Redact=erase)

    assert (result.exit_code, erased) == (exits.FAILED, [])
    assert "--yes" in result.stderr


async def run(*arguments: str, **options: object) -> subprocess.CompletedProcess[bytes]:
    """A command of its own process, against a mind whose list of sessions has a letter that few terminals lack."""
    session = pb.Session(session_id="s-1", title="A walk in Łódź 🦭")
    listed = always(pb.ListSessionsResponse(sessions=[session]))
    async with scripted(ListSessions=listed) as (target, _):
        command = [*PMM, *arguments, "--mind", "ada", "--target", target]
        return await asyncio.to_thread(subprocess.run, command, **options)


def shell(script: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["sh", "-c", script, "sh", *arguments], capture_output=True, check=False)


@pytest.mark.parametrize(
    "arguments",
    [
        ["memory", "add", "--from-file", "-", "--mind", "ada"],
        ["ledger", "append", "-", "--mind", "ada"],
        ["mind", "import", "-", "--mind", "ada"],
    ],
    ids=" ".join,
)
def test_ctrl_c_ends_a_wait_for_input_at_once(arguments: list[str]) -> None:
    command = [*PMM, *arguments, "--target", "127.0.0.1:1"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write(b"\n")
        process.stdin.flush()
        while _unread(process.stdin) or psutil.Process(process.pid).status() != psutil.STATUS_SLEEPING:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        try:
            assert process.wait(ENDED_S) == exits.INTERRUPTED
        finally:
            process.kill()


def _unread(pipe: IO[bytes]) -> int:
    """Bytes that nobody has taken from it yet."""
    return int.from_bytes(fcntl.ioctl(pipe.fileno(), termios.FIONREAD, bytes(4)), sys.byteorder)


async def test_a_terminal_without_a_letter_shows_the_rest() -> None:
    env = {**os.environ, "PYTHONIOENCODING": "ascii"}

    done = await run("session", env=env, capture_output=True)

    assert done.returncode == 0
    assert b"A walk in ??d?" in done.stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("options", [[], ["--json"]])
async def test_output_that_finds_no_room_is_an_error_in_one_line(options: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = await run("session", *options, stdout=full, stderr=subprocess.PIPE)

    assert done.returncode == exits.FAILED
    assert done.stderr == b"pmm: standard output: No space left on device\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("argument", ["--help", "--version", "config"])
def test_what_calls_no_service_says_as_well_that_its_output_finds_no_room(argument: str) -> None:
    done = shell('exec "$@" >/dev/full', *PMM, argument)

    assert done.returncode == exits.FAILED
    assert done.stderr == b"pmm: standard output: No space left on device\n"


@pytest.mark.parametrize("arguments", [["session"], ["session", "--json"], ["--version"], ["--help"]])
def test_output_that_is_closed_is_an_error_in_one_line(arguments: list[str]) -> None:
    done = shell('exec "$@" >&-', *PMM, *arguments)

    assert done.returncode == exits.FAILED
    assert done.stderr == b"pmm: standard output is closed: print to a file, a pipe or /dev/null\n"


def test_a_command_needs_no_other_stream_than_its_output() -> None:
    done = shell('exec "$@" <&- 2>&-', *PMM, "session", "--target", "127.0.0.1:1")

    assert (done.returncode, done.stdout) == (exits.NOT_REACHABLE, b"")


async def one_event(request: object, context: object) -> AsyncIterator[ledger.SubscribeResponse]:
    yield ledger.SubscribeResponse(page=ledger.EventPage(events=[Event(seq=1)], seq=1))
    await asyncio.Event().wait()


async def one_change(request: object, context: object) -> AsyncIterator[pb.WatchMindResponse]:
    yield pb.WatchMindResponse(mind=pb.Mind(mind_id="ada", seq=1))
    await asyncio.Event().wait()


@pytest.mark.parametrize("arguments", [["ledger", "tail", "-n", "0"], ["mind", "watch"]])
async def test_what_follows_a_stream_ends_with_its_reader_though_nothing_more_comes(
    arguments: list[str],
) -> None:
    behaviours = {
        "GetHead": always(ledger.GetHeadResponse()),
        "Subscribe": one_event,
        "WatchMind": one_change,
    }
    async with scripted(**behaviours) as (target, _):
        command = [*PMM, *arguments, "--mind", "ada", "--target", target]
        read, written = os.pipe()
        process = await asyncio.create_subprocess_exec(*command, stdout=written, stderr=subprocess.PIPE)
        os.close(written)
        try:
            assert (await asyncio.to_thread(os.read, read, 100)).startswith(b"#1")
            os.close(read)
            _, complaints = await asyncio.wait_for(process.communicate(), ENDED_S)
        finally:
            if process.returncode is None:
                process.kill()

    assert (process.returncode, complaints) == (0, b"")


def test_ctrl_c_before_the_commands_are_loaded_ends_quietly(tmp_path: Path) -> None:
    slow = tmp_path / "pmm_client" / "__init__.py"
    slow.parent.mkdir()
    slow.write_text("import time\nprint(flush=True)\ntime.sleep(60)\n")
    path = os.pathsep.join([str(tmp_path), str(ROOT / "clients" / "python")])
    with subprocess.Popen(
        [sys.executable, "-c", "import pmm_command; pmm_command.main()"],
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, complaints = process.communicate(timeout=ENDED_S)

    assert (process.returncode, complaints) == (exits.INTERRUPTED, b"")


@pytest.mark.parametrize("arguments", [["--help"], ["mind", "--help"], ["--version"]])
def test_help_that_nobody_reads_on_is_no_failure(arguments: list[str]) -> None:
    read, written = os.pipe()
    os.close(read)
    done = subprocess.run([*PMM, *arguments], stdout=written, stderr=subprocess.PIPE, check=False)
    os.close(written)

    assert (done.returncode, done.stderr) == (exits.OK, b"")


async def test_a_connection_that_fails_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_bytes(authority().pem)
    async with scripted() as (target, _):
        command = [*PMM, "mind", "list", "--target", target, "--tls-ca", str(tmp_path / "ca.pem")]
        done = await asyncio.to_thread(subprocess.run, command, capture_output=True, check=False)

    assert done.returncode == exits.NOT_REACHABLE
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("pmm: ")
    assert "speaks no TLS" in line


@pytest.mark.parametrize(
    "arguments",
    [
        ["config", "--set", "nonsense"],
        ["config", "--config", "/no/such/file"],
        ["ledger", "fsck", "--data", "/no/such/folder"],
        ["ledger", "restore-backup", "/no/such/file", "--data", "/tmp"],
    ],
)
def test_a_script_is_told_in_json_what_is_wrong_with_a_folder_or_a_setting(arguments: list[str]) -> None:
    people = CliRunner().invoke(app, arguments)
    script = CliRunner().invoke(app, [*arguments, "--json"])

    error = json.loads(script.stderr)["error"]
    assert script.exit_code == error["exit_code"] == people.exit_code != exits.OK
    assert people.stderr == f"pmm: {error['message']}\n"
    assert script.stdout == ""
