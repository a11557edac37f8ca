"""Guard, prompt, citations and rules: pure functions, held to tables."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from immutables import Map
from msgspec.structs import replace

from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator import citations, prompt
from services.orchestrator.autonomy import analysis, reflecting
from services.orchestrator.extraction import evidence, names, promises
from services.orchestrator.extraction.instructions import directives
from services.orchestrator.guard import guard
from services.orchestrator.projections.commitments import Commitment, Commitments
from services.orchestrator.projections.directives import DIRECTIVES, LATEST
from services.orchestrator.projections.profile import Profile
from services.orchestrator.snapshot import Snapshot
from services.orchestrator.terms import Recalled, Said

NOW = datetime(2026, 5, 6, 12, 0, tzinfo=UTC)  # a Wednesday
DATA = Path(__file__).resolve().parents[1] / "data"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("write to ana@example.org", ["email"]),
        ("card 4111 1111 1111 1111", ["payment_card"]),
        ("card 4111 1111 1111 1112", []),
        ("IBAN DE89 3704 0044 0532 0130 00 please", ["iban"]),
        ("IBAN DE89 3704 0044 0532 0130 02 please", []),
        ("call +351 912 345 678", ["phone"]),
        ("the year 2026 and 100 000 people", []),
    ],
)
def test_personal_data_is_found_by_its_checksum(text: str, found: list[str]) -> None:
    assert [finding.name for finding in guard(text, {}).findings] == found


def test_the_policy_decides_what_is_done() -> None:
    text = "mail ana@example.org or bob@example.org"

    assert guard(text, {"personal_data.email": "mask"}).text == "mail [email] or [email]"
    assert guard(text, {"personal_data.email": "refuse"}).refused == ["email"]
    assert [f.name for f in guard(text, {"personal_data.email": "warn"}).noted] == ["email"]
    assert guard(text, {}).text == text


def recalled(seq: int, text: str) -> Recalled:
    when = int(datetime(2025, 5, 3, tzinfo=UTC).timestamp()) * 10**9
    return Recalled(f"e{seq}", text, "Ana", when, 1, (seq,), 1.0)


def test_a_prompt_keeps_to_its_budget_and_its_order() -> None:
    memories = [recalled(i, "m" * 400) for i in range(1, 30)]
    recent = [Said("user", f"{i} " + "r" * 400, i) for i in range(100, 130)]

    built = prompt.build(Snapshot(), memories, recent, "the question", NOW, tokens=1_500)

    assert sum(len(said.text) for said in built.messages) < 1_500 * 4 * 1.1
    assert built.messages[0].role == "system"
    assert built.messages[-1] == Said("user", "the question")
    assert built.recent_seqs == tuple(range(130 - len(built.recent_seqs), 130))
    assert [m.memory_id for m in built.memories] == [f"e{i}" for i in range(1, len(built.memories) + 1)]
    assert 0 < len(built.memories) < 29


def test_a_prompt_says_by_what_a_memory_has_changed_since() -> None:
    then = replace(recalled(3, "Ana lives in Porto."), superseded_by="e7")
    memories = [recalled(7, "Ana moved to Oslo."), then, replace(then, superseded_by="e9")]

    built = prompt.build(Snapshot(), memories, [], "the question", NOW, tokens=1_500)
    *_, newer, older, other = built.messages[0].text.splitlines()

    assert newer.endswith("Ana: Ana moved to Oslo.")
    assert older.endswith("Ana: Ana lives in Porto. (changed since: [#7])")
    assert other.endswith("Ana: Ana lives in Porto. (changed since)")


@pytest.mark.parametrize(
    ("time_zone", "due", "day"),
    [
        ("America/New_York", datetime(2026, 5, 9, 3, 59, tzinfo=UTC), "08 May 2026"),
        ("Asia/Tokyo", datetime(2026, 5, 6, 23, 0, tzinfo=UTC), "07 May 2026"),
        ("", datetime(2026, 5, 6, 23, 0, tzinfo=UTC), "06 May 2026"),
    ],
)
def test_a_mind_is_told_the_day_of_its_promise_in_its_own_time_zone(
    time_zone: str, due: datetime, day: str
) -> None:
    due_ns = int(due.timestamp()) * 10**9
    promised = Commitment("c-1", "send the report", opened_seq=2, opened_ns=1, due_ns=due_ns)
    commitments = Commitments(by_id=Map({promised.id: promised}), ids=(promised.id,))
    state = Snapshot(profile=Profile(time_zone=time_zone), commitments=commitments)

    built = prompt.build(state, [], [], "hello", NOW, tokens=1_500)
    told, _ = reflecting.known_of(state)

    assert f"- send the report (due {day})" in built.messages[0].text
    assert f"You have promised: send the report, due {day}." in told


def test_a_mind_is_told_now_and_when_it_heard_something_in_its_own_time_zone() -> None:
    state = Snapshot(profile=Profile(time_zone="Asia/Tokyo"))
    evening = int(datetime(2025, 5, 3, 20, tzinfo=UTC).timestamp()) * 10**9
    heard = Recalled("e7", "hi", "Ana", evening, 1, (7,), 1.0)
    now = datetime(2025, 12, 31, 23, 0, tzinfo=UTC)

    built = prompt.build(state, [heard], [], "hello", now, tokens=1_500)

    assert "It is Thursday, 01 January 2026, 08:00 Asia/Tokyo." in built.messages[0].text
    assert "[#7, 4 May 2025] Ana: hi" in built.messages[0].text


@pytest.mark.parametrize("words", [3, 60, 400])
def test_what_a_mind_knows_of_itself_keeps_to_its_room_and_is_never_left_out(words: int) -> None:
    state = Snapshot()
    for seq in range(1, 13):
        text = f"thing {seq} " + "word " * words
        opened = mind.CommitmentOpened(commitment_id=f"c-{seq}", text=text)
        thought = mind.ReflectionRecorded(text=text)
        for body in (mind.Body(commitment_opened=opened), mind.Body(reflection_recorded=thought)):
            kind = body.WhichOneof("kind") or ""
            state = state.apply(mind.Event(seq=state.seq + 1, kind=kind, remember=True, body=body))
    built = prompt.build(state, [], [], "the question", NOW, tokens=6_000)
    promised = built.messages[0].text.split("You have promised:\n")[1]
    commitments, reflections = promised.split("\nYou thought of yourself lately:\n")
    reflections = reflections.split("\n\n")[0]

    assert 0 < len(commitments.replace("\n", "")) <= prompt.MAX_COMMITMENTS_CHARACTERS
    assert 0 < len(reflections.replace("\n", "")) <= prompt.MAX_REFLECTIONS_CHARACTERS
    assert "thing 1 " in commitments
    assert "thing 12 " in reflections
    assert len(built.state_seqs) == len(commitments.splitlines()) + len(reflections.splitlines())


def test_a_memory_is_cited_with_its_day_and_another_year() -> None:
    assert prompt.citation(recalled(12, "x"), NOW) == "[#12, 3 May 2025]"
    assert prompt.citation(recalled(12, "x"), NOW.replace(year=2025)) == "[#12, 3 May]"


def test_a_citation_must_have_been_in_the_prompt() -> None:
    text = "It was [#12, 3 May] and [#7], not [#1], [#0], [#100, 1 Jan] or [#101, 2 Feb]; #3 is no citation."

    assert citations.cited_seqs(text) == [12, 7, 1, 0, 100, 101]
    assert citations.check([12, 7, 1, 0, 100, 101], [recalled(12, "x")], [7], head_seq=100) == [
        ("CITATION_NOT_IN_PROMPT", 1),
        ("UNKNOWN_CITATION", 0),
        ("CITATION_NOT_IN_PROMPT", 100),
        ("UNKNOWN_CITATION", 101),
    ]


@pytest.mark.parametrize(
    ("text", "seqs"),
    [
        ("[#12, #999]", [12, 999]),
        ("[#12; #999] and [#9,#12]", [12, 999, 9]),
        ("[#12, 3 May; #13, 4 May 2025]", [12, 13]),
        ("[#12 and #13]", [12, 13]),
        ("[see #12] (#13) #14 [#x, #15] [#16th]", []),
        ("a cut one [#1", []),
        ("[#007]", [7]),
    ],
)
def test_every_number_in_a_bracket_is_a_citation(text: str, seqs: list[int]) -> None:
    assert citations.cited_seqs(text) == seqs


@pytest.mark.parametrize("digits", [19, 20, 21, 10_000])
def test_a_citation_longer_than_any_seq_is_one_of_nothing(digits: int) -> None:
    cited = citations.cited_seqs(f"so it was [#{'9' * digits}]")
    (warning,) = citations.warnings(cited, [], [], head_seq=100)

    assert (warning.code, list(warning.seqs)) == ("UNKNOWN_CITATION", [])
    assert len(warning.message) < 100


def labelled(name: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in (DATA / name).read_text().splitlines()]


def test_only_explicit_words_name_anybody() -> None:
    wrong = [
        (row["text"], names.mind_name(row["text"]), names.user_name(row["text"]))
        for row in labelled("naming.jsonl")
        if (names.mind_name(row["text"]), names.user_name(row["text"])) != (row["mind"], row["user"])
    ]

    assert wrong == []


def test_instructions_are_told_from_how_things_are() -> None:
    rows = labelled("directives.jsonl")
    right = sum(bool(row["directive"]) and directives(row["text"]) == [row["directive"]] for row in rows)
    found = sum(len(directives(row["text"])) for row in rows)
    expected = sum(bool(row["directive"]) for row in rows)

    assert (right / found, right / expected) >= (0.95, 0.9)


def test_evidence_is_that_somebody_says_it_was_done() -> None:
    rows = labelled("evidence.jsonl")
    wrong = [
        row
        for row in rows
        if (evidence.score(row["text"], row["promise"]) >= evidence.MIN_SCORE) != row["done"]
    ]

    assert wrong == []


def test_promises_and_their_due_times() -> None:
    rows = labelled("promises.jsonl")
    right = found = expected = 0
    due_right = due_expected = 0
    for row in rows:
        made = promises.promises(row["text"], NOW, reminders_only=row["speaker"] == "user")
        texts = {promise.text.lower() for promise in made}
        right += bool(row["promise"]) and row["promise"].lower() in texts
        found += len(made)
        expected += bool(row["promise"])
        if row["due"]:
            due_expected += 1
            due_right += any(promise.due and promise.due.isoformat()[:16] == row["due"] for promise in made)
    precision, recall = right / found, right / expected
    f1 = 2 * precision * recall / (precision + recall)

    assert f1 >= 0.9, f"precision {precision:.2f}, recall {recall:.2f}"
    assert due_right / due_expected >= 0.9


def test_an_open_question_is_told_whole() -> None:
    said = [
        Said("user", "I have a cold. When does Dr. Silva come? And what of it?"),
        Said("assistant", "I don't know."),
        Said("user", "Is it raining?"),
        Said("assistant", "No, the sun shines."),
    ]

    found = analysis.analyze(said).open_questions

    assert found == ("When does Dr. Silva come?", "And what of it?")


@settings(max_examples=300)
@given(st.lists(st.sampled_from("abcdef"), max_size=20))
def test_of_instructions_the_latest_come_first_then_those_given_most_often_and_the_last_is_the_first_to_go(
    given_in_order: list[str],
) -> None:
    state = DIRECTIVES.initial
    for seq, its_id in enumerate(given_in_order, start=1):
        adopted = mind.DirectiveAdopted(directive_id=its_id, text=its_id)
        event = mind.Event(seq=seq, kind="directive_adopted", body=mind.Body(directive_adopted=adopted))
        state, _ = DIRECTIVES.apply(state, event)

    latest = list(dict.fromkeys(reversed(given_in_order)))
    often = sorted(latest[LATEST:], key=lambda its_id: (-given_in_order.count(its_id), latest.index(its_id)))
    assert [one.id for one in state.by_weight()] == [*latest[:LATEST], *often]
    if often:
        assert state.least().id == often[-1]
