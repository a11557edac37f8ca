"""A real conversation (LoCoMo, not part of the project): turns are found, junk does not pile up, caches know them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import grpc
import pytest

from benchmarks.locomo_client import Client
from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.ledger.v1 import ledger_pb2_grpc
from pmm.memory.v1 import memory_pb2 as pb
from pmm.memory.v1 import memory_pb2_grpc
from pmm.mind.v1 import events_pb2 as mind
from tests.support.stack import Stack

pytestmark = pytest.mark.locomo


def conversation() -> Path:
    here = Path(__file__).resolve().parents[2]
    folder = Path(os.environ.get("PMM_LOCOMO_DIR", here.parent / "shared" / "data" / "locomo-dev"))
    if not folder.is_dir():
        pytest.skip(f"NOT TESTED: LoCoMo is not in {folder}: set PMM_LOCOMO_DIR (see CONTRIBUTING.md)")
    return folder / "locomo10" / "26.json"


def turns(raw: dict[str, Any]) -> list[dict[str, str]]:
    """Its turns as the harness gives them."""
    body = raw.get("conversation", raw)
    numbers = sorted(int(match[1]) for key in body if (match := re.fullmatch(r"session_(\d+)", key)))
    return [
        {
            "id": turn["dia_id"],
            "text": turn["text"],
            "speaker": turn["speaker"],
            "timestamp": f"2023-01-{number:02d}T10:00:00",
        }
        for number in numbers
        for turn in body[f"session_{number}"]
    ]


def test_the_turns_that_answer_are_found(tmp_path: Path) -> None:
    """Recall at 10 over the questions, with made-up dates; BM25 alone gets about 0.6. See ``make bench-recall``."""
    raw = json.loads(conversation().read_text())
    docs = turns(raw)
    known = {doc["id"] for doc in docs}
    with Stack(tmp_path / "data") as stack:
        client = Client(stack.target)
        client.index(docs)
        recalls: list[float] = []
        for question in raw["qa"]:
            gold = known & set(question.get("evidence") or [])
            if gold:
                recalls.append(len(gold & set(client.query(question["question"], 10))) / len(gold))
        client.close()

    assert sum(recalls) / len(recalls) >= 0.78


def held(channel: grpc.Channel, head: int) -> int:
    stub = memory_pb2_grpc.MemoryServiceStub(channel)
    stub.ListMemories(pb.ListMemoriesRequest(mind_id="caroline", page_size=1, min_seq=head), timeout=60)
    return stub.Stats(pb.StatsRequest(mind_id="caroline"), timeout=10).memories


def test_a_conversation_that_is_imported_twice_is_remembered_once(tmp_path: Path) -> None:
    """By the command, whose keys keep the ledger from it, and past it, where memory itself sees that it is the same."""
    path = conversation()
    messages = turns(json.loads(path.read_text()))
    with Stack(tmp_path / "data") as stack, grpc.insecure_channel(stack.target) as channel:
        events = ledger_pb2_grpc.LedgerServiceStub(channel)

        def head() -> int:
            return events.GetHead(ledger.GetHeadRequest(mind_id="caroline"), timeout=10).seq

        counts: list[int] = []
        for _ in range(2):
            command = [
                sys.executable,
                "-m",
                "pmm_client.cli",
                "mind",
                "import",
                str(path),
                "--mind",
                "caroline",
            ]
            subprocess.run([*command, "--target", stack.target], check=True, capture_output=True)
            counts.append(held(channel, head()))
        again = list(
            events.Read(
                ledger.ReadRequest(mind_id="caroline", filter=ledger.EventFilter(kinds=["message_imported"]))
            )
        )
        copies = [
            ledger.NewEvent(session_id=event.session_id, actor="import", body=event.body)
            for page in again
            for event in page.events
        ]
        events.Append(ledger.AppendRequest(mind_id="caroline", events=copies), timeout=30)
        counts.append(held(channel, head()))

    assert counts == [len(messages)] * 3


def test_the_cache_knows_a_session_after_a_restart(tmp_path: Path) -> None:
    """Each turn searches for what is said and stores it, as chatting does; after a restart the session comes again."""
    said = [turn["text"] for turn in turns(json.loads(conversation().read_text()))][:60]

    def run(channel: grpc.Channel, *, new: bool) -> None:
        events, memory = (
            ledger_pb2_grpc.LedgerServiceStub(channel),
            memory_pb2_grpc.MemoryServiceStub(channel),
        )
        created = ledger.NewEvent(body=mind.Body(mind_created=mind.MindCreated(name="caroline")))
        for place, text in enumerate(said):
            event = ledger.NewEvent(session_id="s", body=mind.Body(user_message=mind.UserMessage(text=text)))
            batch = [created, event] if new and not place else [event]
            events.Append(ledger.AppendRequest(mind_id="caroline", events=batch), timeout=10)
            memory.Search(pb.SearchRequest(mind_id="caroline", query=text), timeout=10)

    with Stack(tmp_path / "data") as stack:
        with grpc.insecure_channel(stack.target) as channel:
            run(channel, new=True)
        stack.restart()
        with grpc.insecure_channel(stack.target) as channel:
            run(channel, new=False)
            stats = memory_pb2_grpc.MemoryServiceStub(channel).Stats(pb.StatsRequest(), timeout=10)
    caches = {cache.name: cache for cache in stats.caches if cache.name in {"embeddings", "queries"}}
    hits = sum(cache.hits for cache in caches.values())

    assert hits / (hits + sum(cache.misses for cache in caches.values())) >= 0.8
