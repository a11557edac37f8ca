"""The story that PMM exists for: told once, asked after everything else has changed."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from tests.e2e.conftest import Pmm
from tests.support.stack import Stack

TOLD = "my sister Ana moved to Porto in May"
CITATION = re.compile(r"\[#\d+, \d{1,2} \w{3}")


def locomo(name: str) -> Path:
    here = Path(__file__).resolve().parents[2]
    folder = Path(os.environ.get("PMM_LOCOMO_DIR", here.parent / "shared" / "data" / "locomo-dev"))
    for path in (folder / "locomo10" / name, folder / name):
        if path.exists():
            return path
    pytest.skip(
        f"LoCoMo is not there: set PMM_LOCOMO_DIR to a folder that holds {name} (see CONTRIBUTING.md)"
    )


def test_what_was_told_is_quoted_two_sessions_and_a_killed_process_later(stack: Stack, pmm: Pmm) -> None:
    first = pmm("chat", "--mind", "me", "-m", TOLD)
    stack.kill()
    stack.restart()
    pmm("chat", "--mind", "me", "-m", "what a fine morning")

    answer = pmm("chat", "--mind", "me", "-m", "where does my sister live?")

    assert TOLD in answer
    assert CITATION.search(answer)
    assert "PMM_INFERENCE__BACKEND" in first
    assert "verified" in pmm("ledger", "verify", "--mind", "me").lower()


def test_an_imported_conversation_answers_with_the_right_turn_cited(pmm: Pmm) -> None:
    conversation = locomo("26.json")
    pmm("mind", "import", str(conversation), "--mind", "caroline")

    answer = pmm("chat", "--mind", "caroline", "-m", "What did Caroline research?")

    cited = [int(seq) for seq in re.findall(r"\[#(\d+), ", answer)]
    read = ("ledger", "read", "--mind", "caroline", "--limit", "1", "--json")
    assert any("adoption agencies" in pmm(*read, "--from", str(seq)) for seq in cited)


def test_importing_twice_is_the_same_as_once(pmm: Pmm, tmp_path: Path) -> None:
    transcript = tmp_path / "transcript.jsonl"
    lines = [
        {
            "speaker": "Ana",
            "text": f"line {i % 7}",
            "occurred_at": "2026-05-03T10:00:00Z",
            "session": str(i // 10),
        }
        for i in range(45)
    ]
    transcript.write_text("\n".join(json.dumps(line) for line in lines))
    pmm("mind", "import", str(transcript), "--mind", "ana")
    head = json.loads(pmm("mind", "show", "ana", "--json"))["seq"]

    pmm("mind", "import", str(transcript), "--mind", "ana")

    assert json.loads(pmm("mind", "show", "ana", "--json"))["seq"] == head


def test_incognito_leaves_no_trace_in_any_file(stack: Stack, pmm: Pmm) -> None:
    marker = "zanzibar-quokka-paradox"
    pmm("chat", "--mind", "discreet", "-m", TOLD)
    pmm("chat", "--mind", "discreet", "--privacy", "incognito", "-m", f"the secret word is {marker}")
    stack.stop()

    holding = [
        path for path in stack.data.rglob("*") if path.is_file() and marker.encode() in path.read_bytes()
    ]

    stack.start()
    assert holding == []


def test_a_paused_session_forms_no_memory(pmm: Pmm) -> None:
    pmm("chat", "--mind", "paused", "--privacy", "paused", "-m", TOLD)

    answer = pmm("chat", "--mind", "paused", "-m", "where does my sister live?")

    assert "Porto" not in answer


def test_an_unknown_mind_is_not_made_by_reading(pmm: Pmm) -> None:
    message = pmm("mind", "show", "nobody", code=1)

    assert "nobody" in message
    assert "nobody" not in pmm("mind", "list", "--json")
