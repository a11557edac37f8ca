"""What an answer says of commitments agrees with the ledger, or it is answered with a warning."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from services.orchestrator import claims
from services.orchestrator.claims import Known
from tests.orchestrator.conftest import ROOMY, SERVICES
from tests.orchestrator.talking import converse, events, wait_for
from tests.support.openai_server import OpenAIServer
from tests.support.serving import Served, serving

NOW = datetime(2026, 5, 6, 12, 0, tzinfo=UTC)  # a Wednesday
ROWS: list[dict[str, Any]] = [
    json.loads(line)
    for line in (Path(__file__).resolve().parents[1] / "data/commitment_claims.jsonl")
    .read_text()
    .splitlines()
]


def ledger_of(row: dict[str, Any]) -> list[Known]:
    """What is open, and what is done; of what expired or was dropped nobody says whether it was done."""
    return [
        Known(
            one["text"],
            number,
            one["status"],
            datetime.fromisoformat(f"{one['due']}T23:59:59+00:00") if "due" in one else None,
        )
        for number, one in enumerate(row["ledger"], start=1)
        if one["status"] in (claims.DONE, claims.OPEN)
    ]


@pytest.mark.parametrize("row", ROWS, ids=[f"{row['answer']} {row['ledger']}"[:90] for row in ROWS])
def test_what_an_answer_claims_is_held_against_the_ledger(row: dict[str, Any]) -> None:
    said = [row["said"]] if row["said"] else []
    found = claims.check(row["answer"], ledger_of(row), said, NOW)
    assert bool(found) == row["wrong"], found
    assert not found or claims.may_claim(row["answer"])


@pytest.mark.parametrize(
    "line", ["- [x] call person {}", "- call the bank {}: due Friday", "You called Ana {}."]
)
def test_a_long_list_is_checked_in_about_the_time_that_reading_it_takes(line: str) -> None:
    known = [Known(f"call number {number}", number, claims.OPEN, NOW) for number in range(1, 200)]
    answer = "\n".join(line.format(number) for number in range(15_000))

    begun = time.process_time()
    found = claims.check(f"{answer}\n- [x] call number 7", known, ["hello"], NOW)

    assert [wrong.opened_seq for wrong in found] == [7]
    # A hundred times as long where each line is compared with each of them.
    assert time.process_time() - begun < 10


# --- Through the turn.


@pytest.fixture
def model_server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as server:
        yield server


@pytest.fixture
async def modelled(tmp_path: Path, model_server: OpenAIServer) -> AsyncIterator[Served]:
    backend = {"backend": "openai", "openai_base_url": model_server.base_url, "model": "said"}
    chosen = {
        **ROOMY,
        "orchestrator": {**ROOMY["orchestrator"], "extracts_with_model": False},
        "inference": backend,
    }
    async with serving(tmp_path, *SERVICES, settings=chosen) as running:
        await running.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        yield running


async def open_one(served: Served) -> pb.Commitment:
    request = pb.OpenCommitmentRequest(mind_id="ada", text="call Ana")
    return (await served.orchestrator.open_commitment(request)).commitment


async def test_an_answer_that_says_done_what_is_open_is_warned_of_and_is_no_evidence(
    modelled: Served, model_server: OpenAIServer
) -> None:
    commitment = await open_one(modelled)
    model_server.says = "I have already called Ana, so nothing is left to do."
    turn = await converse(modelled, "What is left to do?")
    # A worker reads in order: once the second message is dealt with, so is the answer before it.
    await converse(modelled, "Remind me to feed the cat")
    await wait_until_open(modelled, "feed the cat")

    assert turn.completed
    (warning,) = turn.completed.warnings
    (stored,) = [event for event in await events(modelled) if event.seq == turn.completed.assistant_seq]
    assert (warning.code, list(warning.seqs)) == ("WRONG_COMMITMENT_STATUS", [commitment.opened_seq])
    assert "call Ana" in warning.message
    assert list(stored.body.assistant_message.warnings) == [warning]
    assert not await events(modelled, kinds=["commitment_closed", "evidence_recorded"])


async def test_an_answer_that_cites_without_end_is_kept_with_the_first_warnings(
    modelled: Served, model_server: OpenAIServer
) -> None:
    model_server.says = "".join(f"[#{number}] " for number in range(1_000, 41_000))
    turn = await converse(modelled, "What is left to do?")

    assert turn.completed
    assert [list(one.seqs) for one in turn.completed.warnings] == [[seq] for seq in range(1_000, 1_020)]


async def test_what_the_person_has_just_said_is_no_wrong_claim(
    modelled: Served, model_server: OpenAIServer
) -> None:
    await open_one(modelled)
    model_server.says = "Lovely, you called Ana. “Call Ana” is done, then."
    turn = await converse(modelled, "I called Ana this morning.")

    assert turn.completed
    assert not turn.completed.warnings


async def test_an_answer_that_says_open_what_is_done_is_warned_of(
    modelled: Served, model_server: OpenAIServer
) -> None:
    commitment = await open_one(modelled)
    await converse(modelled, "I have just called Ana.")
    await wait_for(modelled, "commitment_closed")
    model_server.says = "You still need to call Ana."
    turn = await converse(modelled, "What is left to do?")

    assert turn.completed
    assert [(one.code, list(one.seqs)) for one in turn.completed.warnings] == [
        ("WRONG_COMMITMENT_STATUS", [commitment.opened_seq])
    ]


async def wait_until_open(served: Served, text: str) -> None:
    request = ledger.SubscribeRequest(mind_id="ada", kinds=["commitment_opened"])
    async for message in served.ledger.subscribe(request, timeout=20):
        if any(event.body.commitment_opened.text == text for event in message.page.events):
            return
    raise AssertionError("a subscription does not end")
