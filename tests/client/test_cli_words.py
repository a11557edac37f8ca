"""What the command says and which code it ends with, where something is wrong; and the shape of its JSON."""

from __future__ import annotations

import asyncio
import io
import json
import math
import os
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import typer.main
from google.protobuf.timestamp_pb2 import Timestamp
from typer.testing import CliRunner

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.mind.v1.events_pb2 import (
    TURN_FAILURE_REASON_MODEL_ERROR,
    Body,
    CommitmentClosed,
    Custom,
    Event,
    MindCreated,
    MindSettings,
    TurnFailed,
    UserMessage,
)
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from pmm_client.cli import exits, output
from pmm_client.cli.app import app
from pmm_client.cli.connection import CliError
from pmm_client.cli.options import moment, read_due, read_time, time_zone
from pmm_client.jsonable import to_json
from services.runtime import errors
from tests.client.scripted import Behaviour, always, scripted
from tests.client.test_reply import STARTED, completed, well

ADA = pb.GetMindResponse(mind=pb.Mind(mind_id="ada", seq=2**60, hash=b"\x01\xff"))
COUNTED = pb.GetAnalyticsResponse(statistics=pb.Statistics(memories={"fact": 3}))


class UnknownMind(errors.NotFound):
    reason = "UNKNOWN_MIND"


async def pmm(*arguments: str, stdin: str | None = None, **behaviours: Behaviour) -> Any:
    """Run a command against a server with these behaviours."""
    async with scripted(**behaviours) as (target, _):
        if stdin is None:
            return await asyncio.to_thread(CliRunner().invoke, app, [*arguments, "--target", target])
        return await _process([*arguments, "--target", target], stdin)


async def _process(arguments: list[str], stdin: str) -> Any:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "pmm_client.cli", *arguments,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate(stdin.encode("utf-8", "surrogateescape"))

    class Result:
        exit_code, stdout, stderr = process.returncode, out.decode(), err.decode()

    return Result


def commands() -> Iterator[tuple[str, Any]]:
    def walk(command: Any, path: str) -> Iterator[tuple[str, Any]]:
        for name, sub in getattr(command, "commands", {}).items():
            yield from walk(sub, f"{path} {name}".strip())
        if not hasattr(command, "commands"):
            yield path, command

    return walk(typer.main.get_command(app), "")


COMMANDS = dict(commands())
READING = {
    "status", "doctor", "config", "version", "mind list", "mind show", "ledger read", "ledger tail",
    "ledger verify", "memory search", "memory list",
    "memory history", "memory stats", "ledger checkpoint", "ledger prove", "ledger witness",
    "ledger redaction", "ledger fsck", "mind at", "mind diff", "mind watch", "mind graph", "mind neighbors",
    "mind path", "mind compare", "commitments list",
    "commitments thread", "identity show", "session list", "session show", "stats",
    "directives list", "traits", "metrics", "reflections", "explain", "workers list", "workers dead-letters",
    "mind policy",
}  # fmt: skip


def test_the_commands_are_those_that_users_were_promised() -> None:
    assert set(COMMANDS) == READING | {
        "up", "down", "chat", "mind create", "mind default", "mind import", "mind export", "mind restore",
        "ledger append",
        "mind copy", "mind forget", "mind delete", "ledger backup", "ledger redact", "ledger restore-backup",
        "ledger rotate-key",
        "ledger new-master-key", "memory add", "memory revise", "memory retract", "memory rate", "memory clear-cache",
        "commitments open", "commitments close", "commitments snooze", "commitments revise", "identity adopt",
        "identity clear", "directives retire", "session start", "session rename", "session privacy",
        "session end", "reflect", "workers replay",
    }  # fmt: skip


@pytest.fixture
def in_auckland(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "Pacific/Auckland")
        time.tzset()
        yield
    time.tzset()


def test_a_time_is_read_in_the_zone_in_which_times_are_shown(in_auckland: None) -> None:
    noon = moment(datetime(2026, 7, 1, 12))
    shown = Timestamp()
    shown.FromDatetime(noon)

    assert noon == datetime(2026, 7, 1, 0, tzinfo=UTC)
    assert output.date(shown) == "2026-07-01 12:00"
    assert moment(datetime.fromisoformat("2026-07-01T12:00+02:00")) == datetime(2026, 7, 1, 10, tzinfo=UTC)
    with pytest.raises(CliError, match="no time that can be counted"):
        moment(datetime.min)


@pytest.mark.parametrize(
    ("hours", "told"),
    [(2, "in 2 h"), (-0.5, "30 min ago"), (38, "in 1 d"), (40, "in 2 d"), (-30, "1 d ago"), (-50, "2 d ago")],
)
def test_how_far_a_day_is_is_told_by_the_calendar(in_auckland: None, hours: float, told: str) -> None:
    now = datetime(2026, 7, 1, 9).astimezone()
    then = Timestamp()
    then.FromDatetime(now + timedelta(hours=hours))

    assert output.away(then, now) == told


def test_a_day_by_which_something_is_due_ends_in_the_evening() -> None:
    assert read_due("2026-12-24") == datetime(2026, 12, 24, 23, 59, 59)
    for text in ("2026-12-24T00:00", "2026-12-24 00:00", "2026-12-24T18:00Z"):
        assert read_due(text) == read_time(text) == datetime.fromisoformat(text)
    assert read_time("2026-12-24") == datetime(2026, 12, 24)
    with pytest.raises(typer.BadParameter, match="'tomorrow' is no time: say 2026-12-24"):
        read_due("tomorrow")


def test_a_mind_is_made_with_the_time_zone_of_this_machine(
    in_auckland: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert time_zone() == "Pacific/Auckland"
    for odd in ("EST5EDT,M3.2.0,M11.1.0", "/etc", "../x", ":/nowhere"):
        monkeypatch.setenv("TZ", odd)
        assert time_zone() == ""
    monkeypatch.setenv("TZ", ":/usr/share/zoneinfo/Europe/Lisbon")
    assert time_zone() == "Europe/Lisbon"


def test_a_reader_of_a_table_who_has_seen_enough_is_no_failure() -> None:
    read, write = os.pipe()
    os.close(read)
    # Without a buffer, so that closing it writes nothing more.
    with open(write, "wb", buffering=0) as pipe, io.TextIOWrapper(pipe, write_through=True) as file:
        console = output.console()
        console.file = file
        with pytest.raises(BrokenPipeError):
            console.print("said")


def test_the_version_is_told_where_most_commands_tell_it() -> None:
    told, asked = (CliRunner().invoke(app, [way]) for way in ("--version", "version"))

    assert (told.exit_code, told.stdout) == (0, asked.stdout)
    assert "begin with" in CliRunner().invoke(app, []).output.lower()


@pytest.mark.parametrize("width", [40, 60, 80])
@pytest.mark.parametrize("path", ["chat", "ledger append", "memory search"])
def test_help_shows_every_option_whole(path: str, width: int) -> None:
    help_text = CliRunner().invoke(app, [*path.split(), "--help"], env={"COLUMNS": str(width)}).stdout

    names = {one.opts[0] for one in COMMANDS[path].params if one.param_type_name == "option"}
    assert names <= set(help_text.split())
    assert "<bool>" not in help_text


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_has_help_with_an_example(path: str) -> None:
    result = CliRunner().invoke(app, [*path.split(), "--help"])

    assert result.exit_code == 0
    assert (
        f"Example: PMM_SERVER__PORT=50060 pmm {path}" in result.stdout
        or f"Example: pmm {path}" in result.stdout
    )


@pytest.mark.parametrize("path", sorted(READING))
def test_every_reading_command_has_json(path: str) -> None:
    assert any("--json" in parameter.opts for parameter in COMMANDS[path].params)


@pytest.mark.parametrize(
    "line",
    [
        "traits --as-of {}",
        "explain {}",
        "mind at {}",
        "mind diff 1 {}",
        "mind forget {} --yes",
        "ledger read --from {}",
        "ledger redact {} --yes",
        "ledger prove {}",
        "commitments close c-1 --evidence {}",
        "memory search x --as-of {}",
        "memory add x --source {}",
    ],
)
def test_a_seq_beyond_64_bits_is_a_wrong_argument(line: str) -> None:
    result = CliRunner().invoke(app, line.format(2**63).split())

    assert result.exit_code == exits.USAGE
    assert "9223372036854775807" in result.stderr


@pytest.mark.parametrize("seq", ["x", "-1", "0", "1.5"])
def test_what_is_no_event_is_a_wrong_argument(seq: str) -> None:
    result = CliRunner().invoke(app, ["traits", "--as-of", seq])

    assert result.exit_code == exits.USAGE
    assert f"'{seq}' is no number of an event" in result.stderr


def test_help_asks_for_an_event_without_the_bounds_of_a_number() -> None:
    shown = CliRunner().invoke(app, ["traits", "--help"]).stdout

    assert "--as-of" in shown
    assert "<=" not in shown


@pytest.mark.parametrize("body", ["null", "5", "[]", '"custom"'])
def test_a_body_that_is_no_object_is_a_wrong_argument(body: str) -> None:
    result = CliRunner().invoke(app, ["ledger", "append", body, "--mind", "m"])

    assert result.exit_code == exits.USAGE
    assert "no event body" in result.stderr


def test_an_argument_that_is_not_utf_8_is_refused_in_a_line() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pmm_client.cli", "memory", "add", b"a\xffb"], capture_output=True, check=False
    )

    assert done.returncode == exits.USAGE
    assert done.stderr == b"pmm: an argument is not UTF-8: write it in UTF-8, or put it into a file\n"


def test_json_is_whole_in_a_terminal_without_the_letters() -> None:
    said = {"text": "Zoë 王小明 🙂"}
    code = f"from pmm_client.cli import output; output.json_line({said!r})"

    done = subprocess.run(
        [sys.executable, "-X", "utf8=0", "-c", code],
        env=os.environ | {"PYTHONIOENCODING": "ascii:replace"},
        capture_output=True,
        check=True,
    )

    assert json.loads(done.stdout) == said


def test_what_json_cannot_say_is_shown_all_the_same() -> None:
    event = Event(body=Body(custom=Custom(name="a")))
    event.body.custom.data.update({"value": [math.nan, 7, None, "x"]})
    event.recorded_at.seconds = 10**15

    shown = to_json(event)

    assert shown["body"]["custom"]["data"] == {"value": ["nan", 7, None, "x"]}
    assert shown["recorded_at"] == f"{10**15}s"


async def test_where_nothing_answers_it_says_how_to_start_it() -> None:
    result = await asyncio.to_thread(CliRunner().invoke, app, ["mind", "list", "--target", "127.0.0.1:1"])

    assert result.exit_code == exits.NOT_REACHABLE
    assert result.stderr == "pmm: Nothing answers at 127.0.0.1:1. Start it with: pmm up --detach\n"


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (UnknownMind("?"), exits.FAILED, "pmm mind create ada"),
        (errors.InvalidArgument([errors.Violation("mind_id", "is odd")]), exits.FAILED, "NAME: is odd"),
        (errors.Unauthenticated("who are you"), exits.NOT_ALLOWED, "--token-file"),
        (errors.PermissionDenied("not yours"), exits.NOT_ALLOWED, "not yours"),
        (NotImplementedError(), exits.FAILED, "not implemented in this release"),
        (RuntimeError("secret"), exits.FAILED, "internal error"),
        (errors.ResourceExhausted("too much at once"), exits.FAILED, "too much at once"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
async def test_an_error_is_a_line_that_says_what_to_do(error: Exception, code: int, words: str) -> None:
    result = await pmm("mind", "show", "ada", GetMind=always(error))

    assert result.exit_code == code
    assert words in result.stderr
    assert result.stderr.startswith("pmm: ")
    assert "Traceback" not in result.stderr
    assert "secret" not in result.stderr
    assert result.stdout == ""


async def test_a_script_is_told_in_json_what_failed() -> None:
    wrong = errors.InvalidArgument([errors.Violation("mind_id", "is odd")])

    result = await pmm("mind", "show", "ada", "--json", GetMind=always(wrong))

    told = json.loads(result.stderr)["error"]
    assert result.exit_code == told["exit_code"] == exits.FAILED
    assert told["message"] == "The request is wrong: NAME: is odd"
    assert told["code"] == "INVALID_ARGUMENT"
    assert told["violations"] == [{"field": "mind_id", "description": "is odd"}]
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("stats --lst 1h --json", exits.USAGE),
        ("mind show ada --json --target nowhere", exits.USAGE),
        ("mind show ada --json --target 127.0.0.1:1", exits.NOT_REACHABLE),
        ("memory list --mind ada --type nothing --json", exits.USAGE),
    ],
)
def test_a_script_is_told_in_json_what_is_wrong_before_a_call(line: str, code: int) -> None:
    result = CliRunner().invoke(app, line.split())

    assert result.exit_code == json.loads(result.stderr)["error"]["exit_code"] == code


async def test_what_a_server_says_steers_no_terminal() -> None:
    failed = errors.ResourceExhausted("the model said \x1b[2Jgone\a")

    result = await pmm("mind", "show", "ada", GetMind=always(failed))

    assert result.stderr == "pmm: the model said ␛[2Jgone␇\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["mind", "show", "ada", "--target", "nowhere"],
        ["mind", "show", "ada", "--target", ""],
        ["mind", "show", "ada", "--target", "https://127.0.0.1:50050"],
        ["mind", "show", "ada", "--target", "127.0.0.1:70000"],
        ["memory", "list", "--memory-target", "nowhere"],
        ["mind", "show", "ada", "--token-file", "/dev/null"],
        ["mind", "show", "ada", "--tls-ca", "/dev/null"],
        ["memory", "list", "--tls-ca", __file__],
        ["mind", "show", "ada", "--token-file", __file__],
        ["mind", "show", "ada", "--token-file", "/does/not/exist"],
        ["mind", "show", "ada", "--as-of", "0"],
        ["mind", "show", "ada", "--mind", "bob"],
        ["mind", "delete"],
        ["mind", "import", "/does/not/exist", "--mind", "ada"],
        ["mind", "restore", "/does/not/exist", "--mind", "ada"],
        ["chat", "--session", "s", "--new-session", "-m", "hi"],
        ["chat", "--privacy", "secret", "-m", "hi"],
        ["ledger", "append", "{", "--mind", "ada"],
        ["ledger", "append", '{"no_such_kind": {}}', "--mind", "ada"],
        ["memory", "search", "x", "--mind", "ada", "-k", "-1"],
    ],
)
def test_a_wrong_command_line_is_code_2(arguments: list[str]) -> None:
    result = CliRunner().invoke(app, arguments)

    assert result.exit_code == exits.USAGE
    assert "Traceback" not in result.stderr
    assert result.stderr


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("mind export me ada.pmm", "-o ada.pmm"),
        ("mind restore ada.pmm bob", "--as bob"),
        ("mind create ada Ada", "--title Ada"),
        ("mind import ada t.jsonl", "pmm mind import transcript.jsonl --mind ada"),
        ("ledger read ada", "a mind is named with --mind"),
        ("commitments ada", "pmm commitments list --mind ada"),
        ("config server.port", "Example: PMM_SERVER__PORT=50060 pmm config"),
        ("up ./minds", "Example: pmm up --data ./minds"),
        ("memory search ada sister --mind ada", 'pmm memory search "where does my sister live" --mind ada'),
        ("ledger export ada", "pmm mind export"),
        ("search sister", "pmm memory search"),
        ("memory search", 'pmm memory search "where does my sister live"'),
        ("stats --lst 1h", "--last"),
        ("stats --last", "Example: pmm stats --last 1h"),
        ("stats --perod 1h", "Example: pmm stats --last 1h"),
        ("memory list --limit few", "Example: pmm memory list"),
        ("mind show ada --mind bob", "Example: pmm mind show --mind ada"),
        ("commitments opne it", "'open'"),
        ("memory serch sister", "pmm memory --help"),
        ("--versoin", "--version"),
    ],
)
def test_what_a_command_does_not_take_is_answered_with_what_to_type(line: str, hint: str) -> None:
    result = CliRunner().invoke(app, line.split())

    assert result.exit_code == exits.USAGE
    assert hint in result.stderr
    assert result.stderr.count("\n") == 1


def test_help_is_shown_whatever_else_is_typed() -> None:
    result = CliRunner().invoke(app, ["ledger", "read", "ada", "--help"])

    assert result.exit_code == exits.OK
    assert "Example: pmm ledger read" in result.stdout


def test_a_token_is_not_sent_in_the_clear(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("s3cret\n")

    arguments = ["mind", "list", "--target", "192.0.2.7:50050", "--token-file", str(tmp_path / "token")]
    result = CliRunner().invoke(app, arguments)

    assert result.exit_code == exits.USAGE
    assert "--tls-ca" in result.stderr
    assert "s3cret" not in result.stderr


async def test_json_has_numbers_hex_and_the_names_of_the_contract() -> None:
    result = await pmm("mind", "show", "ada", "--json", GetMind=always(ADA), GetAnalytics=always(COUNTED))

    mind = json.loads(result.stdout)
    assert (mind["mind_id"], mind["seq"], mind["hash"]) == ("ada", 2**60, "01ff")
    assert mind["identity"] is None
    assert mind["open_commitments"] == []
    assert mind["analytics"]["statistics"]["memories"] == {"fact": 3}


async def test_events_in_json_are_one_a_line_with_the_one_kind_that_they_are() -> None:
    async def two(request: Any, context: Any) -> AsyncIterator[ledger.ReadResponse]:
        for seq in (1, 2):
            body = Body(user_message=UserMessage(text=f"été\n{seq}"))
            yield ledger.ReadResponse(events=[Event(mind_id="ada", seq=seq, kind="user_message", body=body)])

    result = await pmm("ledger", "read", "--mind", "ada", "--json", Read=two)

    events = [json.loads(line) for line in result.stdout.splitlines()]
    assert [event["seq"] for event in events] == [1, 2]
    assert events[0]["body"] == {"user_message": {"text": "été\n1", "speaker": "", "occurred_at": None}}


async def test_a_broken_chain_is_code_4_and_names_the_event() -> None:
    async def broken(request: Any, context: Any) -> AsyncIterator[ledger.VerifyResponse]:
        wrong = ledger.BrokenEvent(seq=4, kind=ledger.BREAK_KIND_PAYLOAD, message="the digest is another")
        yield ledger.VerifyResponse(broken=wrong)

    result = await pmm("ledger", "verify", "--mind", "ada", "--json", Verify=broken)

    assert result.exit_code == exits.FOUND_WRONG
    assert json.loads(result.stdout)["broken"]["seq"] == 4
    assert "event 4 (PAYLOAD)" in result.stderr


async def test_one_message_prints_the_answer_and_nothing_else_on_standard_output() -> None:
    result = await pmm("chat", "--mind", "ada", "-m", "where?", Converse=well)

    assert result.stdout == "Porto, since May\n"
    assert "there is no #9" in result.stderr
    assert result.exit_code == 0


async def test_one_message_in_json_is_one_object() -> None:
    result = await pmm("chat", "--mind", "ada", "-m", "where?", "--json", Converse=well)

    turn = json.loads(result.stdout)
    assert (turn["text"], turn["seq"], turn["session_id"], turn["privacy"]) == (
        "Porto, since May",
        5,
        "s1",
        "paused",
    )
    assert turn["receipt"]["memories"][0]["cited"] is True


async def test_a_chat_makes_the_mind_that_is_not_there() -> None:
    attempts = 0

    async def converse(request: Any, context: Any) -> AsyncIterator[pb.ConverseResponse]:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            raise UnknownMind("no such mind")
        for part in (STARTED, completed("hello")):
            yield part

    made = always(pb.CreateMindResponse(mind=ADA.mind))
    result = await pmm("chat", "--mind", "new", "-m", "hi", Converse=converse, CreateMind=made)

    assert (result.exit_code, result.stdout) == (0, "hello\n")


async def test_a_failed_turn_is_code_1_with_the_words_of_the_server() -> None:
    async def failing(request: Any, context: Any) -> AsyncIterator[pb.ConverseResponse]:
        yield STARTED
        failure = pb.TurnFailure(reason=TURN_FAILURE_REASON_MODEL_ERROR, message="start Ollama")
        yield pb.ConverseResponse(failed=failure)

    result = await pmm("chat", "-m", "hi", Converse=failing)

    assert result.exit_code == exits.FAILED
    assert "start Ollama" in result.stderr
    assert result.stdout == ""


async def test_each_line_of_standard_input_is_a_turn_of_one_session() -> None:
    asked: list[tuple[str, str]] = []

    async def echo(request: Any, context: Any) -> AsyncIterator[pb.ConverseResponse]:
        asked.append((request.session_id, request.text))
        yield STARTED
        yield completed(request.text.upper())

    result = await pmm("chat", stdin="one\n\ntwo\n/privacy\n/nonsense\n/quit\nthree\n", Converse=echo)

    assert asked == [("", "one"), ("s1", "two")]
    assert result.stdout.splitlines()[:2] == ["ONE", "TWO"]
    assert "Privacy: paused" in result.stdout
    assert "/help lists" in result.stdout
    assert result.exit_code == 0


async def test_standard_input_that_is_not_utf_8_is_refused_with_its_line() -> None:
    result = await pmm("chat", stdin="one\n\udcff\n", Converse=well)

    assert result.exit_code == exits.USAGE
    assert "line 2" in result.stderr


async def test_a_transcript_with_bad_lines_is_not_imported_at_all(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text('{"text": "fine"}\n{"speaker": "Ana"}\noops\n')

    result = await pmm("mind", "import", str(tmp_path / "t.jsonl"), "--mind", "ada")

    assert result.exit_code == exits.FAILED
    assert "line 2" in result.stderr
    assert "line 3" in result.stderr


async def test_a_turn_without_an_answer_is_explained_by_why_it_has_none() -> None:
    asked = Event(seq=15, kind="user_message", body=Body(user_message=UserMessage(text="Where do I live?")))
    failed = Body(turn_failed=TurnFailed(message="the caller went away"))
    explained = pb.ExplainResponse(question=asked, answer=Event(seq=17, kind="turn_failed", body=failed))

    result = await pmm("explain", "17", "--mind", "ada", Explain=always(explained))

    assert "#17  No answer came: the caller went away." in result.stdout
    assert "no model" not in result.stdout


async def test_an_answer_that_was_erased_is_explained_by_that() -> None:
    asked = Event(seq=15, kind="user_message", body=Body(user_message=UserMessage(text="Where do I live?")))
    answer = Event(seq=17, kind="assistant_message", redacted=True)

    result = await pmm(
        "explain", "17", "--mind", "ada", Explain=always(pb.ExplainResponse(question=asked, answer=answer))
    )

    assert "#17  (erased)\nWhat it was made from was erased with it.\n" in result.stdout


def test_what_an_event_says_beside_words_is_told_without_json() -> None:
    body = Body(commitment_closed=CommitmentClosed(commitment_id="c-1", evidence_seqs=[3, 5], why="said so"))

    assert output.event_text(Event(body=body)) == ("commitment id: c-1; evidence seqs: 3, 5; why: said so")
    made = Body(mind_created=MindCreated(name="ada", settings=MindSettings(time_zone="Europe/Lisbon")))
    assert output.event_text(Event(body=made)) == "name: ada; settings: time zone Europe/Lisbon"
    own = Custom(name="mood")
    own.data.update({"value": 7, "on": {"day": "Monday", "at": [9, 10]}})
    assert "[9.0, 10.0]" in output.event_text(Event(body=Body(custom=own)))


async def test_an_export_that_breaks_off_leaves_no_file(tmp_path: Path) -> None:
    async def torn(request: Any, context: Any) -> AsyncIterator[ledger.ExportResponse]:
        yield ledger.ExportResponse(lines=b"{}\n", seq=1, to_seq=2)
        raise errors.DataLoss("event 2 is damaged", seq="2")

    result = await pmm("mind", "export", "ada", "-o", str(tmp_path / "ada.jsonl"), Export=torn)

    assert result.exit_code == exits.FAILED
    assert list(tmp_path.iterdir()) == []


async def test_a_restored_file_arrives_byte_for_byte(tmp_path: Path) -> None:
    content = b'{"seq": 1}\n' * 300_000
    (tmp_path / "ada.jsonl").write_bytes(content)
    arrived: list[bytes] = []

    async def take(requests: Any, context: Any) -> ledger.RestoreResponse:
        async for request in requests:
            assert request.mind_id == "ada"
            arrived.append(request.lines)
        return ledger.RestoreResponse(head_seq=300_000, hash=b"\x07")

    result = await pmm(
        "mind", "restore", str(tmp_path / "ada.jsonl"), "--mind", "ada", "--json", Restore=take
    )

    assert json.loads(result.stdout) == {"mind_id": "ada", "head_seq": 300_000, "hash": "07"}
    assert b"".join(arrived) == content


async def test_status_and_doctor_say_what_does_not_answer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PMM_DATA", str(tmp_path))
    status = await asyncio.to_thread(CliRunner().invoke, app, ["status", "--json", "--target", "127.0.0.1:1"])
    doctor = await asyncio.to_thread(CliRunner().invoke, app, ["doctor", "--json", "--target", "127.0.0.1:1"])

    assert status.exit_code == exits.NOT_REACHABLE
    assert {one["status"] for one in json.loads(status.stdout)["services"]} == {"NOT_REACHABLE"}
    assert doctor.exit_code == exits.FOUND_WRONG
    states = {check["name"]: check["state"] for check in json.loads(doctor.stdout)}
    assert (states["python"], states["data folder"], states["services up"]) == ("ok", "ok", "failed")


def test_without_the_server_distribution_up_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from pmm_client.cli import app as module

    command = module._not_installed("up", "Start.")
    alone = typer.Typer()
    alone.command("up", context_settings={"ignore_unknown_options": True})(command)
    alone.command("other")(lambda: None)

    result = CliRunner().invoke(alone, ["up", "--detach", "--port", "7"])

    assert result.exit_code == exits.FAILED
    assert "pip install 'persistent-mind[all]'" in result.stderr


def test_the_exit_codes_are_those_of_the_readme() -> None:
    readme = (Path(__file__).parents[2] / "clients" / "python" / "README.md").read_text()
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", readme, re.MULTILINE)}

    assert documented == {value for name, value in vars(exits).items() if name.isupper()}
