"""The command against the real services: import, search, export, restore, verify, status, in both topologies."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

import pmm_client.sync
from pmm.mind.v1.events_pb2 import MemoryRevised
from pmm_client.cli import exits
from pmm_client.cli.app import app
from tests.support.stack import Stack

Pmm = Callable[..., str]

TRANSCRIPT = [
    {"speaker": "Ana", "text": "I have adopted a cat called Biscuit", "occurred_at": "2025-03-01T10:00:00Z"},
    {"speaker": "Ben", "text": "How old is she?", "occurred_at": "2025-03-01T10:01:00Z"},
    {"speaker": "Ana", "text": "She is three and hates the rain", "occurred_at": "2025-03-01T10:02:00Z"},
    {"speaker": "Ana", "text": "yes", "session": "later"},
    {"speaker": "Ana", "text": "yes", "session": "later"},
]


SPLIT = pytest.param(True, marks=pytest.mark.slow)


@pytest.fixture(scope="module", params=[False, SPLIT], ids=["one-process", "four-processes"])
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("cli") / "data", split=request.param) as running:
        yield running


@pytest.fixture
def pmm(stack: Stack) -> Pmm:
    """Run a command and return what it printed: standard output, or with another code than 0 standard error."""

    def run(*arguments: str, stdin: str = "", code: int = 0) -> str:
        # In this process: a new one costs a third of a second, and there are many.
        done = CliRunner().invoke(
            app, [*arguments, "--target", stack.target], input=stdin, catch_exceptions=False
        )
        assert done.exit_code == code, done.stderr
        return done.stdout if code == 0 else done.stderr

    return run


@pytest.fixture(scope="module")
def transcript(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("transcript") / "transcript.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in TRANSCRIPT))
    return path


@pytest.fixture
def biscuit(pmm: Pmm, transcript: Path) -> str:
    """A mind with the transcript in it; importing it again is no harm."""
    pmm("mind", "import", str(transcript), "--mind", "biscuit")
    return "biscuit"


def test_how_things_go_is_told_of_the_whole_wherever_its_parts_run(pmm: Pmm, biscuit: str) -> None:
    for _ in range(3):
        pmm("memory", "search", "Which pet does Ana have?", "--mind", biscuit)
    pmm("chat", "--mind", "counted", "-m", "Which pet does Ana have?")
    found = json.loads(pmm("stats", "--json"))

    assert {"turn", "turn.append", "turn.model", "turn.search"} <= {one["stage"] for one in found["stages"]}
    assert 0 < found["cache_hit_rates"]["results"] < 1
    assert "results" in pmm("stats")


def test_importing_twice_is_the_same_as_once(pmm: Pmm, transcript: Path) -> None:
    first = json.loads(pmm("mind", "import", str(transcript), "--mind", "twice", "--json"))
    second = json.loads(pmm("mind", "import", "-", "--mind", "twice", "--json", stdin=transcript.read_text()))

    assert (first["appended"], first["existed"]) == (len(TRANSCRIPT), 0)
    assert (second["appended"], second["existed"]) == (0, len(TRANSCRIPT))
    assert first["head_seq"] == second["head_seq"]


def test_facts_are_drawn_from_an_import_that_asks_for_them(pmm: Pmm, tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text(
        json.dumps({"speaker": "Ana", "text": "I work at Xero.", "occurred_at": "2020-05-03T10:00:00Z"})
    )
    pmm("mind", "import", str(path), "--mind", "drawn", "--facts")

    ends_at = time.monotonic() + 30
    while "Ana works at Xero." not in pmm("memory", "list", "--mind", "drawn", "--json"):
        assert time.monotonic() < ends_at
        time.sleep(0.1)
    again = [
        json.loads(pmm("mind", "import", str(path), "--mind", "drawn", "--facts", "--json")) for _ in "12"
    ]
    assert again[0]["head_seq"] == again[1]["head_seq"]


def test_what_was_imported_is_found_at_once(pmm: Pmm, biscuit: str) -> None:
    found = json.loads(pmm("memory", "search", "Which pet does Ana have?", "--mind", biscuit, "--json"))

    texts = [result["memory"]["text"] for result in found["results"]]
    assert "I have adopted a cat called Biscuit" in texts[:2]
    assert "Biscuit" in pmm("memory", "search", "cat", "--mind", biscuit)


def test_memories_are_listed_newest_first_as_json_lines(pmm: Pmm, biscuit: str) -> None:
    listed = pmm("memory", "list", "--mind", biscuit, "--json").splitlines()

    assert len(listed) == len(TRANSCRIPT)
    assert {json.loads(line)["source_kind"] for line in listed} == {"message_imported"}


def test_a_list_that_goes_on_says_so_and_what_shows_the_rest(pmm: Pmm, biscuit: str) -> None:
    whole = str(len(TRANSCRIPT))

    assert "--limit 0 lists all" in pmm("memory", "list", "--mind", biscuit, "--limit", "2")
    assert "more" not in pmm("memory", "list", "--mind", biscuit, "--limit", whole)
    assert len(pmm("memory", "list", "--mind", biscuit, "--limit", "2", "--json").splitlines()) == 2
    assert len(pmm("memory", "list", "--mind", biscuit, "--limit", "0", "--json").splitlines()) == int(whole)


def test_a_search_goes_on_where_the_one_before_says(pmm: Pmm, biscuit: str) -> None:
    search = ("memory", "search", "cat", "--mind", biscuit, "-k", "1")
    first, whole = pmm(*search), pmm("memory", "search", "cat", "--mind", biscuit, "-k", "1000", "--json")
    token = first.split("the same with --page-token ")[1].strip()

    second = json.loads(pmm(*search, "--page-token", token, "--json"))["results"]
    expected = json.loads(whole)["results"]
    assert expected[0]["memory"]["text"] in first
    assert [one["memory"] for one in second] == [expected[1]["memory"]]
    assert "more" not in pmm("memory", "search", "cat", "--mind", biscuit, "-k", "1000")


def test_promises_and_reflections_that_go_on_say_so(pmm: Pmm) -> None:
    pmm("mind", "create", "promising")
    for text in ("call Ana", "water the plants"):
        pmm("commitments", "open", text, "--mind", "promising")
    for style in ("succinct", "checklist"):
        pmm("reflect", "--mind", "promising", "--style", style)

    for command in ("commitments", "reflections"):
        assert "--limit 0 lists all" in pmm(command, "--mind", "promising", "--limit", "1")
        assert "more" not in pmm(command, "--mind", "promising", "--limit", "0")
        assert len(json.loads(pmm(command, "--mind", "promising", "--limit", "1", "--json"))) == 1


def test_the_ledger_reads_filters_and_verifies(pmm: Pmm, biscuit: str) -> None:
    every = [json.loads(line) for line in pmm("ledger", "read", "--mind", biscuit, "--json").splitlines()]
    imported = pmm("ledger", "read", "--mind", biscuit, "--kind", "message_imported", "--json").splitlines()
    last = pmm("ledger", "tail", "--mind", biscuit, "-n", "1", "--no-follow", "--json")
    verified = json.loads(pmm("ledger", "verify", "--mind", biscuit, "--json"))

    assert [event["seq"] for event in every] == list(range(1, len(every) + 1))
    assert len(imported) == len(TRANSCRIPT)
    assert json.loads(last)["seq"] == len(every)
    assert (verified["verified"], verified["seq"], verified["hash"]) == (True, len(every), every[-1]["hash"])
    assert "verified" in pmm("ledger", "verify", "--mind", biscuit)


def test_an_event_of_an_application_is_appended_once_under_its_key(pmm: Pmm, biscuit: str) -> None:
    body = json.dumps({"custom": {"name": "mood", "data": {"value": 7}}})
    arguments = ["ledger", "append", body, "--mind", biscuit, "--idempotency-key", "mood-1", "--json"]

    first, second = json.loads(pmm(*arguments)), json.loads(pmm(*arguments))

    assert first["events"][0]["seq"] == second["events"][0]["seq"]
    read = json.loads(pmm("ledger", "read", "--mind", biscuit, "--kind", "custom.mood", "--json"))
    assert read["body"]["custom"]["data"] == {"value": 7}


def test_a_line_of_json_goes_on_behind_a_separator_of_unicode(pmm: Pmm, biscuit: str) -> None:
    text = "one\u2028two\x85three"
    said = json.dumps({"text": text}, ensure_ascii=False)
    body = json.dumps({"custom": {"name": "note", "data": {"said": text}}}, ensure_ascii=False)

    added = pmm("memory", "add", "--from-file", "-", "--mind", biscuit, "--json", stdin=f"{said}\n")
    pmm("ledger", "append", "-", "--mind", biscuit, stdin=f"\n{body}\n")
    wrong = pmm("ledger", "append", "-", "--mind", biscuit, stdin=f"{body}\n{{\n", code=exits.USAGE)

    memory_id = json.loads(added)["memory_ids"][0]
    kept = json.loads(pmm("memory", "history", memory_id, "--mind", biscuit, "--json"))
    last = json.loads(pmm("ledger", "read", "--mind", biscuit, "--kind", "custom.note", "--json"))
    assert kept["versions"][0]["text"] == text
    assert last["body"]["custom"]["data"]["said"] == text
    assert "line 2 of standard input" in wrong


def test_a_lost_race_names_the_head(pmm: Pmm, biscuit: str) -> None:
    body = json.dumps({"custom": {"name": "mood"}})

    message = pmm("ledger", "append", body, "--mind", biscuit, "--expected-seq", "1", code=exits.FAILED)

    assert message.startswith("pmm: ")


def test_minds_are_made_once_listed_and_shown(pmm: Pmm) -> None:
    made = json.loads(
        pmm("mind", "create", "zoe", "--title", "Zoë", "--time-zone", "Europe/Lisbon", "--json")
    )
    assert (made["mind_id"], made["name"]) == ("zoe", "Zoë")
    assert made["settings"]["time_zone"] == "Europe/Lisbon"

    message = pmm("mind", "create", "zoe", code=exits.FAILED)
    assert "zoe" in message
    pmm("mind", "create", "zoe", "--exist-ok")

    assert "zoe" in [mind["mind_id"] for mind in json.loads(pmm("mind", "list", "--json"))]
    assert json.loads(pmm("mind", "show", "zoe", "--json"))["seq"] == made["seq"]
    assert "Europe" in pmm("mind", "show", "zoe", "--json")
    assert "zoe" in pmm("mind", "show", "zoe")


@pytest.mark.parametrize(
    "arguments",
    [
        ["mind", "show", "nobody"],
        ["mind", "export", "nobody"],
        ["ledger", "read", "--mind", "nobody"],
        ["ledger", "tail", "--mind", "nobody", "--no-follow"],
        ["ledger", "verify", "--mind", "nobody"],
        ["ledger", "append", '{"custom": {"name": "x"}}', "--mind", "nobody"],
        ["memory", "search", "x", "--mind", "nobody"],
        ["memory", "list", "--mind", "nobody"],
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_nothing_but_chat_and_import_makes_a_mind(pmm: Pmm, arguments: list[str]) -> None:
    message = pmm(*arguments, code=exits.FAILED)

    assert "There is no mind 'nobody'" in message
    assert "nobody" not in [mind["mind_id"] for mind in json.loads(pmm("mind", "list", "--json"))]


def test_an_export_is_restored_under_its_name_in_another_store(
    pmm: Pmm, biscuit: str, tmp_path: Path
) -> None:
    out = tmp_path / "biscuit.jsonl"
    pmm("mind", "export", biscuit, "-o", str(out))
    head = json.loads(pmm("ledger", "verify", "--mind", biscuit, "--json"))

    assert pmm("mind", "export", biscuit).encode() == out.read_bytes()
    assert pmm("mind", "export", biscuit, "-o", "-").encode() == out.read_bytes()
    taken = pmm("mind", "restore", str(out), "--mind", biscuit, code=exits.FAILED)
    assert biscuit in taken

    with Stack(tmp_path / "other") as other:
        arguments = ["mind", "restore", str(out), "--mind", biscuit, "--json", "--target", other.target]
        restored = json.loads(CliRunner().invoke(app, arguments, catch_exceptions=False).stdout)
    assert (restored["head_seq"], restored["hash"]) == (head["seq"], head["hash"])


def test_status_and_doctor_find_everything_in_order(stack: Stack, pmm: Pmm) -> None:
    status = json.loads(pmm("status", "--json"))
    endpoints = {service["name"]: service["target"] for service in status["services"]}

    assert {service["status"] for service in status["services"]} == {"SERVING"}
    assert endpoints == {
        "orchestrator": stack.target, "ledger": stack.ledger, "memory": stack.memory, "inference": stack.inference,
    }  # fmt: skip
    assert [model["backend"] for model in status["models"] if model["default"]] == ["recall"]
    checks = json.loads(pmm("doctor", "--json"))
    assert [check for check in checks if check["state"] == "failed"] == []


def test_a_chat_goes_on_with_a_session_that_is_named(pmm: Pmm) -> None:
    first = json.loads(pmm("chat", "--mind", "talk", "-m", "my cat is called Biscuit", "--json"))
    second = json.loads(
        pmm(
            "chat",
            "--mind",
            "talk",
            "-m",
            "what is my cat called?",
            "--session",
            first["session_id"],
            "--json",
        )
    )
    third = json.loads(pmm("chat", "--mind", "talk", "-m", "hello", "--json"))

    assert first["seq"] > first["user_seq"] > 0
    assert second["session_id"] == first["session_id"] != third["session_id"]
    assert pmm("chat", "--mind", "talk", "-m", "hi", "--session", "no-such-session", code=exits.FAILED)


def test_a_chat_goes_on_with_the_last_session_that_is_open(pmm: Pmm) -> None:
    def session(*arguments: str) -> str:
        done = pmm("chat", "--mind", "follow", "-m", "my cat is called Biscuit", "--json", *arguments)
        return json.loads(done)["session_id"]

    first = session("--continue")
    second = session()
    pmm("chat", "--mind", "follow", "--session", first, "-m", "a word more")

    assert session("-c") == first != second
    pmm("session", "end", first, "--mind", "follow")
    assert session("-c") == second
    assert pmm("chat", "--mind", "follow", "-c", "--session", second, "-m", "hi", code=exits.USAGE)
    ended = pmm("chat", "--mind", "follow", "--session", first, "-m", "hi", code=exits.FAILED)
    assert "has ended" in ended
    assert "--continue" in ended


def test_what_was_only_imported_is_no_session_to_go_on_with(pmm: Pmm, transcript: Path) -> None:
    pmm("mind", "import", str(transcript), "--mind", "read")

    said = json.loads(pmm("chat", "--mind", "read", "-c", "-m", "good morning", "--json"))

    assert said["session_id"] not in ("", "later", "default")
    assert len(json.loads(pmm("session", "--mind", "read", "--json"))) == 3


def test_going_on_keeps_what_was_said_of_privacy(pmm: Pmm) -> None:
    pmm("chat", "--mind", "quiet", "-m", "my cat is called Biscuit", "--privacy", "paused")

    assert json.loads(pmm("chat", "--mind", "quiet", "-c", "-m", "so it is", "--json"))["privacy"] == "paused"
    changed = pmm("chat", "--mind", "quiet", "-c", "-m", "so it is", "--privacy", "normal", "--json")
    assert json.loads(changed)["privacy"] == "normal"


def test_every_line_is_a_turn_and_why_names_the_sources(pmm: Pmm) -> None:
    said = "my cat is called Biscuit\nwhat a day\nwhat is my cat called?\n/why\n/memories cat\n/sessions\n"

    out = pmm("chat", "--mind", "piped", stdin=said)

    assert "Answer #" in out
    assert out.count("my cat is called Biscuit") >= 2


def test_an_empty_message_is_refused_with_its_option(pmm: Pmm) -> None:
    assert "--message: must not be empty" in pmm("chat", "--mind", "talk", "-m", "", code=exits.FAILED)


@pytest.mark.slow
def test_an_interrupted_import_is_finished_by_the_same_command(
    stack: Stack, pmm: Pmm, tmp_path: Path
) -> None:
    count = 20_000
    path = tmp_path / "long.jsonl"
    path.write_text("\n".join(json.dumps({"text": f"line {n}", "speaker": "Ana"}) for n in range(count)))
    command = [
        sys.executable,
        "-m",
        "pmm_client.cli",
        "mind",
        "import",
        str(path),
        "--mind",
        "long",
        "--json",
    ]

    async def interrupt() -> int:
        async def has_begun(client: pmm_client.Client) -> bool:
            try:
                return (await client.mind("long").head()).seq > 1
            except pmm_client.UnknownMind:
                return False

        async with pmm_client.connect(stack.target, ledger=stack.ledger) as client:
            # Connected before it begins: it takes a few seconds only.
            assert not await has_begun(client)
            process = subprocess.Popen(
                [*command, "--target", stack.target],
                stdout=subprocess.DEVNULL,
                # Where the tests run in a shell's background, it is ignored, and by what they start too.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )
            while not await has_begun(client):
                await asyncio.sleep(0.005)
            process.send_signal(signal.SIGINT)
        return await asyncio.to_thread(process.wait, 30)

    assert asyncio.run(interrupt()) == exits.INTERRUPTED
    done = json.loads(pmm("mind", "import", str(path), "--mind", "long", "--json"))

    assert done["appended"] + done["existed"] == count
    assert done["existed"] > 0


def test_memories_are_managed_from_the_terminal(pmm: Pmm, tmp_path: Path) -> None:
    pmm("mind", "create", "kept", "--exist-ok")
    on = ("--mind", "kept")
    added = json.loads(
        pmm(
            "memory",
            "add",
            "Ana lives in Lisbon",
            "the boat is blue",
            *on,
            "--tag",
            "home",
            "--entity",
            "Ana",
            "--json",
        )
    )
    ana, boat = added["memory_ids"]
    again = pmm("memory", "add", "ana lives in LISBON", *on)
    assert again.startswith(ana)

    lines = tmp_path / "facts.jsonl"
    lines.write_text("\n".join(json.dumps({"text": f"shelf {number} holds jam"}) for number in range(150)))
    formed = json.loads(pmm("memory", "add", "--from-file", str(lines), *on, "--json"))
    assert len(set(formed["memory_ids"])) == 150

    assert "1 memory revised" in pmm(
        "memory", "revise", boat, "the boat is green now", *on, "--why", "repainted"
    )
    assert "1 memory rated" in pmm("memory", "rate", boat, *on, "--rating", "-0.5")
    assert "2 memories taken back" in pmm(
        "memory", "retract", *formed["memory_ids"][:2], *on, "--why", "eaten"
    )
    seq = json.loads(pmm("memory", "add", "Ana lives in Porto", *on, "--json"))["seq"]

    found = json.loads(
        pmm("memory", "search", "which colour is the boat", *on, "--min-seq", str(seq), "--json")
    )
    assert found["results"][0]["memory"]["text"] == "the boat is green now"
    table = pmm("memory", "search", "boat", *on, "--type", "fact", "--explain")
    assert "semantic" in table
    assert boat in table
    versions = json.loads(pmm("memory", "history", boat, *on, "--json"))["versions"]
    assert [version["text"] for version in versions][-1] == "the boat is green now"
    assert "valid_to" in json.loads(pmm("memory", "history", ana, *on, "--json"))["versions"][-1]
    assert "taken back" in pmm("memory", "history", formed["memory_ids"][0], *on)
    listed = [json.loads(line) for line in pmm("memory", "list", *on, "--tag", "home", "--json").splitlines()]
    assert {memory["memory_id"] for memory in listed} == {ana, boat}
    assert "151 in 1 mind," in pmm("memory", "stats", *on)
    assert "entries removed" in pmm("memory", "clear-cache", "results")


def test_of_a_long_history_the_newest_is_shown_and_the_rest_counted(pmm: Pmm, stack: Stack) -> None:
    pmm("mind", "create", "revised", "--exist-ok")
    on = ("--mind", "revised")
    [kettle] = json.loads(pmm("memory", "add", "the kettle is on", *on, "--json"))["memory_ids"]
    with pmm_client.sync.connect(stack.memory) as client:
        mind = client.mind("revised")
        for hundred in range(11):
            revisions = [MemoryRevised(memory_id=kettle, text=f"{hundred} {n}") for n in range(100)]
            seq = mind.revise_memories(revisions)
        mind.wait_for_index(seq)

    told = json.loads(pmm("memory", "history", kettle, *on, "--json"))
    assert (len(told["versions"]), told["left_out"]) == (1_000, 101)
    assert pmm("memory", "history", kettle, *on).startswith("101 older versions left out")


def test_what_is_wrong_with_a_memory_is_said(pmm: Pmm, tmp_path: Path) -> None:
    pmm("mind", "create", "kept", "--exist-ok")
    on = ("--mind", "kept")
    assert "no memory 'nobody'" in pmm("memory", "retract", "nobody", *on, code=exits.FAILED)
    assert "--ttl '3 years'" in pmm("memory", "add", "tea", *on, "--ttl", "3 years", code=exits.USAGE)
    assert "none of" in pmm("memory", "add", "tea", *on, "--type", "opinion", code=exits.USAGE)
    assert "longer than anything lasts" in pmm(
        "memory", "add", "tea", *on, "--ttl", "9" * 12 + "w", code=exits.USAGE
    )
    assert "--entity: " in pmm("memory", "add", "tea", *on, "--entity", "  ", code=exits.FAILED)
    assert "at least one TEXT" in pmm("memory", "add", *on, code=exits.USAGE)
    lines = tmp_path / "facts.jsonl"
    lines.write_text('{"text": "tea"}\n{"texd": "tea"}\n')
    assert "line 2" in pmm("memory", "add", "--from-file", str(lines), *on, code=exits.USAGE)
    fading = json.loads(pmm("memory", "add", "the kettle is on", *on, "--ttl", "30d", "--json"))[
        "memory_ids"
    ][0]
    assert "expires_at" in json.loads(pmm("memory", "history", fading, *on, "--json"))["versions"][0]
