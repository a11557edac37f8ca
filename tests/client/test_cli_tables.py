"""What people read fits a terminal of 80 columns, and says where each thing came from."""

from __future__ import annotations

import json

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from rich.console import Console

from pmm.memory.v1 import memory_pb2 as memory
from pmm.mind.v1.events_pb2 import (
    PRIORITY_HIGH,
    PRIORITY_NORMAL,
    TRAIT_OPENNESS,
    AssistantMessage,
    Body,
    CommitmentOpened,
    Event,
    RecalledMemory,
    Receipt,
    UserMessage,
)
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from pmm_client.cli import output
from tests.client.scripted import always
from tests.client.test_cli_words import pmm


def said(seq: int, text: str) -> Event:
    return Event(seq=seq, actor="user", kind="user_message", body=Body(user_message=UserMessage(text=text)))


async def test_an_answer_is_explained_by_what_fits_what_was_said_and_what_held() -> None:
    opened = Body(commitment_opened=CommitmentOpened(commitment_id="c-1", text="call Ana"))
    answer = Body(assistant_message=AssistantMessage(text="In Porto.", receipt=Receipt(head_seq=6)))
    explained = pb.ExplainResponse(
        question=said(7, "Where does she live?"),
        answer=Event(seq=8, kind="assistant_message", body=answer),
        memories=[
            pb.ExplainedMemory(
                memory=RecalledMemory(score=2.5, cited=True), sources=[said(2, "Ana moved to Porto")]
            )
        ],
        recent=[said(5, "Do you remember Ana?")],
        state=[Event(seq=4, actor="commitments", kind="commitment_opened", body=opened)],
    )

    lines = (await pmm("explain", "--mind", "ada", Explain=always(explained))).stdout.splitlines()
    words = [" ".join(line.split()) for line in lines]

    fitting, before, held = (next(n for n, line in enumerate(words) if line.startswith(title)) for title in (
        "what fits it", "what was said just before", "what held"))  # fmt: skip
    assert "2 user 2.500 yes Ana moved to Porto" in words[fitting:before]
    assert "5 user Do you remember Ana?" in words[before:held]
    assert "4 commitment opened call Ana" in words[held:]


async def test_every_line_of_a_reflection_is_indented() -> None:
    thought = pb.Reflection(seq=9, text="- one\n- two", trigger="request")

    result = await pmm(
        "reflections",
        "--mind",
        "ada",
        ListReflections=always(pb.ListReflectionsResponse(reflections=[thought])),
    )

    assert result.stdout.splitlines()[1:] == ["  - one", "  - two"]


async def test_what_moved_a_trait_is_named() -> None:
    moved = pb.TraitChange(seq=9, trait=TRAIT_OPENNESS, delta=0.03, why="novelty", evidence_seqs=[4, 6])

    result = await pmm("traits", "--mind", "ada", GetTraits=always(pb.GetTraitsResponse(changes=[moved])))

    assert "novelty #4 #6" in result.stdout


async def test_stages_beside_those_of_the_time_before_fit_a_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(output, "console", lambda: Console(width=80))
    slow = Duration(seconds=11, nanos=16_100_000)
    figures = dict.fromkeys(("avg", "min", "max", "p50", "p95", "p99", "previous_p50", "previous_p95"), slow)
    stage = pb.StagePerformance(stage="worker.late_answers", count=7, previous_count=5, **figures)

    result = await pmm(
        "stats", "--last", "1h", GetPerformance=always(pb.GetPerformanceResponse(stages=[stage]))
    )

    (row,) = [line for line in result.stdout.splitlines() if line.startswith("worker.late_answers")]
    assert row.split() == ["worker.late_answers", "7", *3 * ["11,016"], "5", *2 * ["11,016"]]


async def test_a_time_in_which_nothing_happened_is_not_said_to_be_all() -> None:
    nothing = always(pb.GetPerformanceResponse())

    assert (
        await pmm("stats", "--last", "1h", GetPerformance=nothing)
    ).stdout == "Nothing happened in that time.\n"
    assert (await pmm("stats", GetPerformance=nothing)).stdout == "Nothing has happened yet.\n"


PROMISED = pb.ListCommitmentsResponse(
    commitments=[
        pb.Commitment(
            commitment_id="c-0123456789ab",
            text="renew the passport at the consulate in Lisbon",
            status=pb.COMMITMENT_STATUS_OPEN,
            priority=PRIORITY_HIGH,
            project="travel",
            due_at=Timestamp(seconds=4_102_484_400),
        ),
        pb.Commitment(
            commitment_id="c-ba9876543210",
            text="call the notary",
            priority=PRIORITY_NORMAL,
            status=pb.COMMITMENT_STATUS_SNOOZED,
            snoozed_until=Timestamp(seconds=4_102_484_400),
        ),
    ]
)


@pytest.mark.parametrize("width", [80, 120])
async def test_promises_with_all_that_is_noted_keep_each_date_in_a_line(
    monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setattr(output, "console", lambda: Console(width=width))

    result = await pmm("commitments", "--mind", "ada", ListCommitments=always(PROMISED))

    lines = [line.rstrip() for line in result.stdout.splitlines()]
    assert max(map(len, lines)) <= width
    assert result.stdout.count(output.date(Timestamp(seconds=4_102_484_400))) == 2
    assert all(word in result.stdout for word in ("high", "travel", "until", "consulate", "notary"))
    # The words have a third of the terminal.
    assert sum("renew the passport" in line for line in lines) == 1


async def test_a_promise_without_notes_has_no_room_kept_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "console", lambda: Console(width=120))
    plain = pb.Commitment(
        commitment_id="c-1", text="call Ana", status=pb.COMMITMENT_STATUS_OPEN, priority=PRIORITY_NORMAL
    )

    result = await pmm(
        "commitments",
        "--mind",
        "ada",
        ListCommitments=always(pb.ListCommitmentsResponse(commitments=[plain])),
    )

    assert "priority" not in result.stdout
    assert "()" not in result.stdout


async def test_sessions_that_have_ended_are_told_from_those_that_go_on() -> None:
    over = pb.Session(session_id="over", ended_at=Timestamp(seconds=1))
    listed = pb.ListSessionsResponse(sessions=[over, pb.Session(session_id="on", user_messages=2)])

    result = await pmm("session", "--mind", "ada", ListSessions=always(listed))

    ended, open_ = (line.split() for line in result.stdout.splitlines()[1:])
    assert "ended" in ended
    assert "open" in open_


async def test_what_is_copied_stays_in_a_line_of_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "console", lambda: Console(width=60))
    listed = pb.ListSessionsResponse(sessions=[pb.Session(session_id="s-0123456789ab", title="Moving house")])
    policies = pb.ListPoliciesResponse(
        policies=[
            pb.Policy(
                key="personal_data.payment_card",
                meaning="What is done with a message that holds: payment card. One of allow, warn.",
            )
        ]
    )

    sessions = await pmm("session", "--mind", "ada", ListSessions=always(listed))
    policy = await pmm("mind", "policy", "--mind", "ada", ListPolicies=always(policies))

    assert "s-0123456789ab " in sessions.stdout
    assert "personal_data.payment_card " in policy.stdout


@pytest.mark.parametrize("width", [40, 50, 60, 79])
async def test_no_word_breaks_in_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setattr(output, "console", lambda: Console(width=width))
    words = "Alexandra's grandmother congratulated everybody extraordinarily enthusiastically"
    one = memory.Memory(memory_id="m-0123456789abcdef", speaker="Alexandra", text=words)
    one.occurred_at.seconds = 1_700_000_000
    listed = always(memory.ListMemoriesResponse(memories=[one]))

    result = await pmm("memory", "list", "--mind", "ada", ListMemories=listed)

    assert {"id", "m-0123456789abcdef", "date", "speaker", "Alexandra", *words.split()} <= set(
        result.stdout.split()
    )
    assert output.date(one.occurred_at) in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= width


async def test_a_long_text_takes_no_room_from_what_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    one = memory.Memory(
        memory_id="m-0123456789abcdef", speaker="user", text="Ana has lived in Porto since May."
    )
    one.occurred_at.seconds = 1_700_000_000
    listed = always(memory.ListMemoriesResponse(memories=[one]))

    for width in range(51, 80):
        monkeypatch.setattr(output, "console", lambda width=width: Console(width=width))
        result = await pmm("memory", "list", "--mind", "ada", ListMemories=listed)

        assert {"speaker", "user", *one.text.split()} <= set(result.stdout.split()), width
        assert max(map(len, result.stdout.splitlines())) <= width


@pytest.mark.parametrize("is_over", [False, True])
async def test_a_conversation_is_said_to_be_looked_at_again_only_if_it_goes_on(is_over: bool) -> None:
    session = pb.Session(session_id="s-1", ended_at=Timestamp(seconds=1) if is_over else None)
    found = pb.GetAnalyticsResponse(analysis=pb.ANALYSIS_STATE_ERASED)

    result = await pmm(
        "session", "show", "s-1", "--mind", "ada",
        GetAnalytics=always(found), GetSession=always(pb.GetSessionResponse(session=session)),
    )  # fmt: skip

    assert "is forgotten" in result.stdout
    assert ("is looked at again after five messages more" in result.stdout) is not is_over


HOSTILE = "red \x1b[31m, bell \a, \x9b5m and a line\r\nend"


def test_what_somebody_said_steers_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    made = output.table("text")
    output.row(made, HOSTILE)
    output.console().print(made)
    output.line(HOSTILE)

    table, spoken, end = capsys.readouterr().out.splitlines()[1:]
    assert table.rstrip() == "red ␛[31m, bell ␇, \ufffd5m and a line end"
    assert [spoken, end] == ["red ␛[31m, bell ␇, \ufffd5m and a line", "end"]


@pytest.mark.parametrize("width", [80, 120])
async def test_what_somebody_promised_steers_no_terminal(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setattr(output, "console", lambda: Console(width=width))
    hostile = pb.Commitment(
        commitment_id="c-1", text=HOSTILE, project=HOSTILE, status=pb.COMMITMENT_STATUS_OPEN
    )

    result = await pmm(
        "commitments",
        "--mind",
        "ada",
        ListCommitments=always(pb.ListCommitmentsResponse(commitments=[hostile])),
    )

    assert "\x1b" not in result.stdout
    assert result.stdout.count("␛") == result.stdout.count("␇") == 2


def test_scripts_get_it_as_it_was_said(capsys: pytest.CaptureFixture[str]) -> None:
    output.json_line({"text": HOSTILE})

    assert json.loads(capsys.readouterr().out) == {"text": HOSTILE}
