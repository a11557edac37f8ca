"""What a person sees of a mind, sets in it, and is offered by the tab key: the command against real services."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.struct_pb2 import Value
from typer.testing import CliRunner

from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from pmm_client.cli import exits
from pmm_client.cli.app import app
from pmm_client.cli.changes import Change
from tests.support.stack import Stack

Pmm = Callable[..., str]
PATIENCE_S = 20


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("minds") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def pmm(stack: Stack) -> Pmm:
    """Run a command and return what it printed: standard output, or with another code than 0 standard error."""

    def run(*arguments: str, code: int = 0) -> str:
        done = CliRunner().invoke(app, [*arguments, "--target", stack.target], catch_exceptions=False)
        assert done.exit_code == code, done.stderr
        return done.stdout if code == 0 else done.stderr

    return run


@pytest.fixture(scope="module", autouse=True)
def talked(pmm: Pmm) -> None:
    """The mind that is meant where none is named, with a name, an instruction, and promises of which one is kept."""
    pmm("chat", "-m", "Your name is Nova. From now on, answer in one sentence.")
    pmm("commitments", "open", "water the plants", "--project", "home")
    made = json.loads(pmm("commitments", "open", "call Ana", "--due", "2026-01-01T10:00:00", "--json"))
    kept = json.loads(pmm("commitments", "open", "buy bread", "--json"))
    said = json.loads(pmm("chat", "-m", "The bread is here.", "--json"))
    pmm("commitments", "close", kept["commitment_id"], "--evidence", str(said["user_seq"]))
    assert made["due_at"]
    until(lambda: json.loads(pmm("directives", "--json")))
    until(lambda: json.loads(pmm("identity", "--json"))["identity"]["name"])


def until(look: Callable[[], Any]) -> Any:
    end = time.monotonic() + PATIENCE_S
    while not (seen := look()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return seen


@pytest.mark.parametrize(
    ("group", "command"),
    [
        ("commitments", "list"),
        ("identity", "show"),
        ("directives", "list"),
        ("session", "list"),
        ("workers", "list"),
    ],
)
def test_a_group_without_a_command_shows_what_there_is(pmm: Pmm, group: str, command: str) -> None:
    shown, spelled = json.loads(pmm(group, "--json")), json.loads(pmm(group, command, "--json"))

    assert shown
    # A worker may have moved on between the two.
    assert group == "workers" or shown == spelled
    assert f"Without a command: {command}" in CliRunner().invoke(app, [group, "--help"]).stdout


def test_what_was_kept_is_listed_beside_what_is_open(pmm: Pmm) -> None:
    still = json.loads(pmm("commitments", "--json"))
    overdue = json.loads(pmm("commitments", "--status", "overdue", "--json"))
    at_home = json.loads(pmm("commitments", "--project", "home", "--json"))
    closed = json.loads(pmm("commitments", "--status", "closed", "--json"))
    before = json.loads(
        pmm("commitments", "--status", "closed", "--as-of", str(closed[0]["closed_seq"] - 1), "--json")
    )

    assert {one["text"] for one in still} == {"call Ana", "water the plants"}
    assert [one["text"] for one in overdue] == ["call Ana"]
    assert [one["text"] for one in at_home] == ["water the plants"]
    assert [(one["text"], one["status"], one["outcome"]) for one in closed] == [
        ("buy bread", "CLOSED", "DONE")
    ]
    assert before == []
    screen = pmm("commitments", "--status", "closed")
    assert "done" in screen
    assert "buy bread" in screen


def test_what_there_is_none_of_is_said_for_what_was_asked(pmm: Pmm) -> None:
    assert pmm("commitments", "--project", "garden") == "Nothing of the project 'garden' is open.\n"
    assert pmm("commitments", "--status", "expired") == "Nothing is expired.\n"
    assert pmm("memory", "list", "--from", "2126-01-01") == "Nothing that fits is remembered.\n"


def test_what_to_close_a_promise_with_is_said(pmm: Pmm) -> None:
    (plants,) = json.loads(pmm("commitments", "--project", "home", "--json"))

    refused = pmm("commitments", "close", plants["commitment_id"], code=exits.FAILED)

    assert "--evidence SEQ" in refused
    assert "--dropped" in refused


def test_what_changed_is_told_in_words(pmm: Pmm) -> None:
    (plants,) = json.loads(pmm("commitments", "--project", "home", "--json"))

    shown = pmm("mind", "diff", "1")

    assert "counts user messages" in shown
    assert f"open commitments {plants['commitment_id']}" in shown
    assert "name the earlier event first: pmm mind diff 2 5" in pmm(
        "mind", "diff", "5", "2", code=exits.USAGE
    )


def test_what_changed_is_json_with_the_names_and_values_of_all_other_commands(pmm: Pmm) -> None:
    (plants,) = json.loads(pmm("commitments", "--project", "home", "--json"))
    changes = json.loads(pmm("mind", "diff", "0", "--json"))["changes"]
    after = {change["path"]: change["after"] for change in changes}

    assert after[f"open_commitments.{plants['commitment_id']}"] == plants
    assert after["traits.OPENNESS"] == {"trait": "OPENNESS", "value": 0.5}
    assert (
        after["counts.user_messages"]
        == json.loads(pmm("mind", "show", "me", "--json"))["counts"]["user_messages"]
    )
    assert not [path for path in after if any(letter.isupper() for letter in path.partition(".")[0])]


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (
            "policies.personal_data.email",
            ("policies.personal_data.email", "mask", "policies personal data.email"),
        ),
        ("createdAt.of", ("created_at.of", "mask", "created at of")),
        ("ofALaterRelease.one.two", ("ofALaterRelease.one.two", "mask", "ofALaterRelease one two")),
    ],
)
def test_a_change_that_this_version_does_not_know_is_told_as_it_came(
    path: str, shown: tuple[str, str, str]
) -> None:
    change = Change(pb.FieldChange(path=path, after=Value(string_value="mask"), seqs=[3]))

    told = change.to_json()
    assert (told["path"], told["after"], change.cells()[0]) == shown


def test_what_is_put_off_and_what_was_changed_is_told(pmm: Pmm) -> None:
    (plants,) = json.loads(pmm("commitments", "--project", "home", "--json"))
    its_id = plants["commitment_id"]
    pmm("commitments", "snooze", its_id, "--until", "2126-01-01")
    pmm("commitments", "revise", its_id, "--priority", "high")

    assert "until 2126-01-01" in pmm("commitments", "--status", "snoozed")
    story = pmm("commitments", "thread", its_id)
    assert "HIGH" in story
    assert "commitment id" not in story


def test_what_cannot_be_put_off_or_is_not_there_is_told_with_what_to_do(pmm: Pmm) -> None:
    (plants,) = json.loads(pmm("commitments", "--project", "home", "--json"))
    past = pmm("commitments", "snooze", plants["commitment_id"], "--until", "2020-01-01", code=exits.FAILED)
    unknown = pmm("session", "show", "s-nowhere", code=exits.FAILED)

    assert "--until: must lie in the future" in past
    assert "pmm session list --mind" in unknown


def test_why_a_name_was_given_by_hand_stands_in_its_history(pmm: Pmm) -> None:
    pmm("mind", "create", "bea")
    pmm("identity", "adopt", "Bea", "--why", "voted by the team", "--mind", "bea")
    pmm("identity", "clear", "--why", "the trial is over", "--mind", "bea")

    shown = pmm("identity", "--mind", "bea")
    assert "voted by the team" in shown
    assert "the trial is over" in shown


def test_a_mind_is_shown_as_it_was_and_compared_with_what_it_became(pmm: Pmm) -> None:
    identity = json.loads(pmm("identity", "--json"))
    adopted = identity["identity"]["adopted_seq"]
    was = json.loads(pmm("mind", "at", str(adopted - 1), "--json"))
    changes = json.loads(pmm("mind", "diff", str(adopted - 1), str(adopted), "--json"))["changes"]
    history = json.loads(pmm("identity", "--as-of", str(adopted - 1), "--json"))

    assert was["identity"] is None or not was["identity"]["name"]
    assert {"path": "identity.name", "before": None, "after": "Nova", "seqs": [adopted]} in changes
    assert history["history"] == []
    assert "Nova" in pmm("mind", "diff", "1")


def test_what_hangs_together_is_shown_and_drawn_for_the_mind_that_is_meant(pmm: Pmm, tmp_path: Path) -> None:
    (kept,) = json.loads(pmm("commitments", "list", "--status", "closed", "--json"))
    node, picture = f"commitment:{kept['commitment_id']}", tmp_path / "graph.svg"
    around = json.loads(pmm("mind", "graph", node, "--depth", "1", "--json"))
    (evidence,) = (edge["from_node_id"] for edge in around["edges"] if edge["type"] == "closes")
    pmm("mind", "graph", node, "--mind", "me", "--svg", str(picture))

    assert evidence in pmm("mind", "neighbors", node, "--type", "closes")
    assert pmm("mind", "path", node, evidence).splitlines()[0].startswith(node)
    assert "<svg" in picture.read_text()
    assert "entity:nowhere" in pmm("mind", "neighbors", "entity:nowhere", code=exits.FAILED)


def test_every_policy_is_listed_with_its_meaning_and_set_and_reset(pmm: Pmm) -> None:
    listed = {one["key"]: one for one in json.loads(pmm("mind", "policy", "me", "--json"))}
    pmm("mind", "policy", "me", "traits.frozen", "true", "--why", "a test")
    pmm("mind", "policy", "me", "time_zone", "Europe/Lisbon")
    frozen = json.loads(pmm("mind", "policy", "me", "traits.frozen", "--json"))
    set_at = json.loads(pmm("mind", "policy", "me", "traits.frozen", "--reset", "--json"))["seq"]
    reset, zone = (
        json.loads(pmm("mind", "policy", "me", key, "--json"))[0] for key in ("traits.frozen", "time_zone")
    )
    earlier = json.loads(pmm("mind", "policy", "me", "traits.frozen", "--as-of", str(set_at - 1), "--json"))

    assert all(one["meaning"] for one in listed.values())
    assert listed["personal_data.email"]["allowed"] == ["allow", "warn", "mask", "refuse"]
    assert (frozen[0]["value"], frozen[0]["is_set"]) == (True, True)
    assert (reset["value"], zone["value"]) == (False, "Europe/Lisbon")
    assert earlier == frozen
    assert "personal_data.email" in pmm("mind", "policy", "me", "nonsense", code=exits.USAGE)
    assert "VALUE" in pmm("mind", "policy", "me", "traits.cap", "7", code=exits.FAILED)


@pytest.mark.parametrize("command", ["show", "export", "policy"])
def test_a_mind_may_be_named_first_or_by_option_or_be_the_default(pmm: Pmm, command: str) -> None:
    by_option = pmm("mind", command, "--mind", "me")

    assert by_option
    assert pmm("mind", command, "me") == pmm("mind", command) == by_option


def test_a_policy_is_set_however_the_mind_is_named(pmm: Pmm) -> None:
    key = "personal_data.phone"
    for line in (["me", key, "warn"], [key, "mask", "--mind", "me"], [key, "refuse"]):
        pmm("mind", "policy", *line)
        (now,) = json.loads(pmm("mind", "policy", key, "--json"))
        assert now["value"] in line
    assert "no mind 'nobody'" in pmm("mind", "policy", "nobody", key, code=exits.FAILED)
    assert "one argument too many" in pmm(
        "mind", "policy", "me", key, "warn", "--mind", "me", code=exits.USAGE
    )


def test_what_a_policy_refuses_is_told_with_the_message_and_how_to_let_it_in(
    pmm: Pmm, tmp_path: Path
) -> None:
    pmm("mind", "create", "guarded")
    pmm("mind", "policy", "personal_data.email", "refuse", "--mind", "guarded")
    (tmp_path / "t.jsonl").write_text('{"text": "fine"}\n{"text": "I am at ana@example.org"}\n')

    said = pmm("chat", "--mind", "guarded", "-m", "I am ana@example.org", code=exits.FAILED)
    read = pmm("mind", "import", str(tmp_path / "t.jsonl"), "--mind", "guarded", code=exits.FAILED)

    assert said.startswith("pmm: The policy of 'guarded' refuses messages with email: ")
    assert "pmm mind policy personal_data.email mask --mind guarded" in said
    assert "message 2 is refused, and with it those that were sent with it: 'I am at ana@example.org'" in read
    assert said in read


def test_a_range_without_events_is_said_beside_the_output(pmm: Pmm, stack: Stack) -> None:
    arguments = ["ledger", "read", "--from", "9", "--to", "8", "--target", stack.target]
    done = CliRunner().invoke(app, arguments)

    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr.startswith("pmm: no event of 'me' fits; its last one is #")
    typo = CliRunner().invoke(app, [*arguments, "--kind", "user_mesage", "--json"])
    assert (typo.exit_code, typo.stdout) == (0, "")
    assert "no kind user_mesage" in typo.stderr


def test_the_tab_key_offers_minds_and_what_is_in_them(stack: Stack, pmm: Pmm) -> None:
    (ana, *_) = json.loads(pmm("commitments", "--status", "overdue", "--json"))
    (session, *_) = json.loads(pmm("session", "--json"))

    assert offered(stack, "pmm traits --mind m") == ["me"]
    assert offered(stack, "pmm mind show m") == ["me"]
    assert ana["commitment_id"] in offered(stack, "pmm commitments close c-")
    assert offered(stack, f"pmm session show {session['session_id'][:6]}") == [session["session_id"]]
    for line in (
        "pmm mind policy me traits.",
        "pmm mind policy traits.",
        "pmm mind policy --mind me traits.",
    ):
        assert offered(stack, line) == ["traits.cap", "traits.frozen"]
    assert offered(stack, "pmm mind show m", target="127.0.0.1:1") == []
    assert offered(stack, "pmm commitments --status o") == ["open", "overdue"]
    assert offered(stack, "pmm mind graph --type re") == ["replies_to", "reflects_on", "recalled_in"]
    assert offered(stack, "pmm ledger read --kind user_") == ["user_message", "user_identified"]


def offered(stack: Stack, line: str, target: str = "") -> list[str]:
    """As a shell asks for it."""
    asked = {
        "_PMM_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(line.split()) - 1),
        "PMM_TARGET": target or stack.target,
    }
    return CliRunner().invoke(app, [], env=asked, prog_name="pmm").stdout.split()


def test_dead_letters_are_replayed_together_or_by_name(pmm: Pmm) -> None:
    assert json.loads(pmm("workers", "dead-letters", "--json")) == []
    done = json.loads(pmm("workers", "replay", "--all", "--json"))

    assert done == {"replayed": 0, "derived": 0, "still_failing": []}
    pmm("workers", "replay", code=exits.USAGE)
    pmm("workers", "replay", "commitments:1", code=exits.USAGE)
    pmm("workers", "replay", "commitments:1", "--mind", "me", code=exits.FAILED)
