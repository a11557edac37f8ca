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

from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from tests.orchestrator.talking import converse, followed
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
