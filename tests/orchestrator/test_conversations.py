"""Conversations over months, with what came of jobs, homes and friends: what is asked is answered without a model.

An answer is right where it has all that it must and nothing of what it must not.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from tests.orchestrator.talking import converse, followed, settled_head
from tests.support.serving import Served

SET = Path(__file__).resolve().parents[1] / "data" / "conversations.jsonl"
TURNS = [json.loads(line) for line in SET.read_text("utf-8").splitlines()]
WRONG_AT_MOST = 7
"""Of all questions."""


async def _wrong(served: Served, of: str) -> AsyncIterator[str]:
    """The questions of somebody's conversations, one a day, to which something else is answered, each with that."""
    await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id=of))
    seqs: dict[str, int] = {}
    sessions: dict[str, str] = {}
    for row in (row for row in TURNS if row["of"] == of):
        day, text = row["day"], row.get("say") or row.get("ask")
        if text is None:
            request = pb.ForgetRequest(mind_id=of, seq=seqs[row["forget"]])
            assert [step async for step in served.orchestrator.forget(request, timeout=60)][-1].done
            continue
        turn = await converse(served, text, of, session_id=sessions.get(day, ""), query_time=_noon(day))
        assert turn.started
        assert turn.completed
        sessions[day], seqs[text] = turn.started.session_id, turn.started.user_seq
        await followed(served, of)
        if "ask" in row and not _is_right(turn.text, row):
            yield f"{text} {turn.text}"


def _is_right(answer: str, row: dict[str, Any]) -> bool:
    low = answer.lower()
    return all(one.lower() in low for one in row["told"]) and not any(
        one.lower() in low for one in row["not_told"]
    )


def _noon(day: str) -> Timestamp:
    at = Timestamp()
    at.FromDatetime(datetime.fromisoformat(day).replace(hour=12, tzinfo=UTC))
    return at


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_what_was_said_over_months_is_answered_as_it_is_now(served: Served) -> None:
    asked = sum("ask" in row for row in TURNS)
    wrong = [one for of in dict.fromkeys(row["of"] for row in TURNS) async for one in _wrong(served, of)]

    assert asked >= 80
    assert len(wrong) <= WRONG_AT_MOST, "\n".join(wrong)


async def test_who_was_quoted_is_named(served: Served) -> None:
    await converse(served, "Ben: I live in Rome.")
    await settled_head(served)

    turn = await converse(served, "where does Ben live?")

    assert 'You quoted Ben: "Ben: I live in Rome."' in turn.text


async def test_how_to_connect_a_model_is_said_in_the_first_answer_of_a_mind(served: Served) -> None:
    first, again = [(await converse(served, text)).text for text in ("I like tea.", "I like jam.")]

    assert first.startswith(f"{again}\n\n")


async def test_of_many_promises_those_that_are_not_named_are_counted(served: Served) -> None:
    texts = [f"water the plants on shelf {number}" for number in range(40)]
    opened = [mind.CommitmentOpened(commitment_id=text, text=text) for text in texts]
    events = [ledger.NewEvent(body=mind.Body(commitment_opened=one)) for one in opened]
    await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=events))

    turn = await converse(served, "What is open?")

    named = sum(f'"{text}"' in turn.text for text in texts)
    assert named > 0
    assert f"and {40 - named} more." in turn.text
    assert turn.completed
    assert not turn.completed.warnings, "what it cites was in its prompt"
