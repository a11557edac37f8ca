"""How statistics look in the terminal."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from typer.testing import CliRunner

from pmm.orchestrator.v1.orchestrator_pb2 import AnalysisPoint, DayCount, GetAnalyticsResponse, Statistics
from pmm_client.cli import exits, statistics
from pmm_client.cli.app import app
from tests.support.stack import Stack


def test_a_sparkline_is_as_high_as_its_values() -> None:
    assert statistics.sparkline([0, 1, 2, 4, 8, 7]) == "▁▂▃▅█▇"
    assert statistics.sparkline([-1, 0, 1], -1, 1) == "▁▅█"
    assert statistics.sparkline([0, 0]) == "▁▁"
    assert statistics.sparkline([]) == ""


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, ""),
        (0.25, "250 ms"),
        (1.5, "1.5 s"),
        (60, "1 min 0 s"),
        (3_725, "1 h 2 min"),
        (200_000, "2 d 7 h"),
    ],
)
def test_a_duration_has_its_two_largest_units(seconds: float, words: str) -> None:
    assert statistics.told(Duration(seconds=int(seconds), nanos=int(seconds % 1 * 1e9))) == words


def days(*counts: tuple[str, int]) -> GetAnalyticsResponse:
    made = [DayCount(day=day, messages=messages, sessions=1) for day, messages in counts]
    return GetAnalyticsResponse(statistics=Statistics(days=made))


def test_days_on_which_nothing_happened_are_there_and_long_times_go_by_the_week() -> None:
    short = dict(statistics.of_mind(days(("2026-05-01", 4), ("2026-05-04", 2))))
    assert short["by the day"] == "█▁▁▅  6 messages since 2026-05-01"
    assert short[""] == "█▁▁█  2 sessions begun"
    long = dict(statistics.of_mind(days(("2026-01-01", 4), ("2026-01-07", 4), ("2026-12-31", 2))))
    assert long["by the week"].startswith("█▁")
    assert long["by the week"].endswith("▃  10 messages since 2026-01-01")


def test_memories_are_counted_in_good_english() -> None:
    counted = GetAnalyticsResponse(statistics=Statistics(memories={"fact": 3, "event": 1, "other": 2}))

    assert dict(statistics.of_mind(counted))["memories"] == "3 facts, 2 other, 1 event"


def test_models_for_which_there_is_no_room_are_counted() -> None:
    counted = GetAnalyticsResponse(statistics=Statistics(models_left_out=3))

    for told in (statistics.of_mind(counted), statistics.of_session(counted)):
        assert dict(told)["3 other models"] == "for which there is no room here"


def test_what_there_is_nothing_to_say_of_is_left_out() -> None:
    point = AnalysisPoint(sentiment=0.5)
    assert dict(statistics.of_session(GetAnalyticsResponse(course=[point])))["mood"] == ""
    two = GetAnalyticsResponse(course=[AnalysisPoint(sentiment=-1), AnalysisPoint(sentiment=1)])
    assert dict(statistics.of_session(two))["mood"] == "▁█  -1.00 to +1.00"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("statistics") / "data") as running:
        yield running


def pmm(stack: Stack, *arguments: str) -> Any:
    done = CliRunner().invoke(app, [*arguments, "--target", stack.target], catch_exceptions=False)
    assert done.exit_code == 0, done.stderr
    return done.stdout


def test_a_conversation_is_begun_shown_paused_and_ended_from_the_terminal(stack: Stack) -> None:
    pmm(stack, "mind", "create", "ada")
    begun = json.loads(pmm(stack, "session", "start", "Holidays", "--json"))["session_id"]
    pmm(stack, "chat", "--session", begun, "-m", "I like green tea")

    shown = pmm(stack, "session", "show", begun)
    whole = json.loads(pmm(stack, "session", "show", begun, "--json"))
    told = whole["statistics"]
    assert "Holidays" in shown
    assert (whole["session"]["title"], whole["session"]["privacy_mode"]) == ("Holidays", "NORMAL")
    assert "user said" in shown
    assert "1 message, 4 words" in shown
    assert [one["speaker"] for one in told["speakers"]] == ["assistant", "user"]
    assert "paused" in pmm(stack, "session", "privacy", begun, "paused")
    assert "go on in" in pmm(stack, "session", "privacy", begun, "incognito")
    pmm(stack, "session", "end", begun)

    shown = pmm(stack, "mind", "show", "ada")
    told = json.loads(pmm(stack, "mind", "show", "ada", "--json"))
    assert "most at" in shown
    assert "by the day" in shown
    assert told["mind_id"] == "ada"
    assert sum(told["analytics"]["statistics"]["hours"]) == 1
    assert told["analytics"]["statistics"]["models"][0]["answers"] == 1


def test_why_a_conversation_was_not_looked_at_is_said(stack: Stack, tmp_path: Path) -> None:
    (tmp_path / "said.jsonl").write_text(
        '{"text": "How can I help?", "speaker": "assistant", "session": "history"}\n'
        '{"text": "I like green tea", "speaker": "user", "session": "history"}\n'
    )
    pmm(stack, "mind", "import", str(tmp_path / "said.jsonl"), "--mind", "ben")
    for privacy in ("paused", "incognito", "normal"):
        pmm(stack, "session", "start", "--id", privacy, "--privacy", privacy, "--mind", "ben")
    told = {"history": "What is imported is not looked at", "paused": "nobody has said anything"}
    for session in ("paused", "normal"):
        assert "nobody has said anything" in pmm(stack, "session", "show", session, "--mind", "ben")
        pmm(
            stack, "chat", "--session", session, "--mind", "ben", "-m", "The lighthouse keeper loves marzipan"
        )
    told |= {
        "paused": "is not to be remembered",
        "incognito": "nothing of it is kept",
        "normal": "Not looked at yet",
    }
    for session, words in told.items():
        assert words in pmm(stack, "session", "show", session, "--mind", "ben")
    pmm(stack, "session", "end", "normal", "--mind", "ben")
    seq = json.loads(pmm(stack, "session", "list", "--mind", "ben", "--json"))[0]["first_seq"] + 1
    pmm(stack, "mind", "forget", str(seq), "--yes", "--mind", "ben")
    assert "is forgotten" in pmm(stack, "session", "show", "normal", "--mind", "ben")

    shown = pmm(stack, "session", "show", "history", "--mind", "ben")
    assert "0 said to it" in shown
    assert "2 imported" in shown
    assert "1 message, 4 words, 1 of them imported" in shown


def test_messages_that_are_forgotten_are_told_beside_those_whose_words_are_counted(stack: Stack) -> None:
    pmm(stack, "mind", "create", "carla")
    pmm(stack, "session", "start", "--id", "talk", "--mind", "carla")
    for text in ("The lighthouse keeper loves marzipan", "My sister plays the cello"):
        pmm(stack, "chat", "--mind", "carla", "--session", "talk", "-m", text)
    whole = pmm(stack, "session", "show", "talk", "--mind", "carla")
    seq = json.loads(pmm(stack, "session", "list", "--mind", "carla", "--json"))[0]["first_seq"] + 1
    pmm(stack, "mind", "forget", str(seq), "--yes", "--mind", "carla")
    shown = pmm(stack, "session", "show", "talk", "--mind", "carla")

    assert "2 said to it, 2 answered\n" in re.sub(" +\n", "\n", whole)
    gone = re.search(r"2 said to it, 2 answered; (\d) of them forgotten or not to be remembered", shown)
    counted = re.findall(r"(?:user|assistant) said +(\d) message", shown)
    assert gone is not None
    assert int(gone[1]) + sum(map(int, counted)) == 4


def test_stats_say_how_long_a_time_they_are_of(stack: Stack) -> None:
    told = json.loads(pmm(stack, "stats", "--last", "12h", "--json"))
    shown = pmm(stack, "stats", "--last", "12h")

    # It has not run for so long.
    assert re.match(r"The last \S+ \S+( \S+ \S+)?\.\n", shown), shown
    assert 0 < told["period"] < 12 * 3_600


def test_stats_of_a_longer_time_than_there_is_are_refused_in_the_words_that_were_typed(stack: Stack) -> None:
    refused = CliRunner().invoke(app, ["stats", "--last", "13h", "--target", stack.target])

    assert refused.exit_code == exits.USAGE
    assert refused.stderr == "pmm: '13h' is not between 1m and 12h\n"
