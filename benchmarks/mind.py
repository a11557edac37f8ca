"""What a turn costs beyond its model call, over minds of growing length, in one process and in four.

The overhead of a turn is the time to its first token through ``Converse``, in a conversation that goes on, less the
time to the first token of the same inference call made directly: the same message and memories, in turn with it.
``recall`` answers, so that the model's own time is as small as it gets and what is left is ours. Both calls come after
the same pause, and so meet connections and caches that are as cold.

Minds take turns as well: what else the machine does meets all of them. The services are started anew once the minds are
filled and what was written is on disk: filling is no part of it.
"""

from __future__ import annotations

import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import grpc

from benchmarks.fill import PEOPLE, PLACES, THINGS, fill
from benchmarks.memory import settled
from benchmarks.rows import Row, row
from pmm.inference.v1 import inference_pb2, inference_pb2_grpc
from pmm.memory.v1 import memory_pb2, memory_pb2_grpc
from pmm.orchestrator.v1 import orchestrator_pb2, orchestrator_pb2_grpc
from tests.support.stack import Stack

SIZES = {"0": 1, "10k": 10_000, "100k": 100_000}
LARGE = 100_000
"""From here on a mind has an index that is built beside it."""
TURNS = 60
WARM_UP = 5
PAUSE_S = 0.05
"""Between two turns: people pause for longer, and what follows a turn is not part of it."""
INDEX_TIMEOUT = 1_800.0
WHOLE = {"PMM_ORCHESTRATOR__SEARCH_BUDGET_MS": "5000"}
"""No search is left out of a turn, however busy the machine is."""
SESSION = "talk"


def run() -> list[Row]:
    """Rows ``mind.turn_overhead.<size>.ms_p50`` for one process, and ``mind.split.…`` for four."""
    return measured(SIZES)


def measured(sizes: Mapping[str, int]) -> list[Row]:
    """The same for minds of so many events; the growth is that from the first to the last."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        with Stack(data, env=WHOLE) as stack:
            _fill(stack, sizes)
        os.sync()
        with Stack(data, env=WHOLE) as stack:
            rows += _overheads(stack, "mind", sizes)
        with Stack(data, env=WHOLE, split=True) as stack:
            rows += _overheads(stack, "mind.split", sizes)
    return rows


def _fill(stack: Stack, sizes: Mapping[str, int]) -> None:
    with grpc.insecure_channel(stack.ledger) as ledger, grpc.insecure_channel(stack.memory) as memory:
        recall = memory_pb2_grpc.MemoryServiceStub(memory)
        for size, events in sizes.items():
            print(f"filling a mind with {events:,} events, and waiting for its index", file=sys.stderr)
            head = fill(ledger, f"n{size}", events)
            recall.ListMemories(
                memory_pb2.ListMemoriesRequest(mind_id=f"n{size}", page_size=1, min_seq=head),
                timeout=INDEX_TIMEOUT,
            )
            recall.Search(
                memory_pb2.SearchRequest(mind_id=f"n{size}", query="who", k=1), timeout=INDEX_TIMEOUT
            )
            if events >= LARGE:
                settled(recall, f"n{size}")


def _overheads(stack: Stack, prefix: str, sizes: Mapping[str, int]) -> list[Row]:
    with (
        grpc.insecure_channel(stack.memory) as memory,
        grpc.insecure_channel(stack.inference) as inference,
        grpc.insecure_channel(stack.target) as orchestrator,
    ):
        turns = Turns(orchestrator, memory, inference)
        for size in sizes:
            turns.open(f"n{size}", f"{SESSION}-{prefix}")
        overheads: dict[str, list[float]] = {size: [] for size in sizes}
        for number in range(WARM_UP + TURNS):
            for size in sizes:
                overhead = turns.overhead(f"n{size}", f"{SESSION}-{prefix}", number)
                if number >= WARM_UP:
                    overheads[size].append(overhead)
    rows = [row(f"{prefix}.turn_overhead.{size}.ms_p50", values, "ms") for size, values in overheads.items()]
    first, *_, last = overheads.values()
    growth = statistics.median(last) / statistics.median(first)
    return [*rows, Row(f"{prefix}.turn_overhead.growth_ratio", growth, "ratio", TURNS, 0.0)]


class Turns:
    """Turns through the orchestrator beside the same call to inference."""

    def __init__(self, orchestrator: grpc.Channel, memory: grpc.Channel, inference: grpc.Channel) -> None:
        self._orchestrator = orchestrator_pb2_grpc.OrchestratorServiceStub(orchestrator)
        self._memory = memory_pb2_grpc.MemoryServiceStub(memory)
        self._inference = inference_pb2_grpc.InferenceServiceStub(inference)
        self._rng = random.Random(11)

    def open(self, mind_id: str, session_id: str) -> None:
        """Have the mind and its index in memory, and a conversation to go on with."""
        self._memory.Search(
            memory_pb2.SearchRequest(mind_id=mind_id, query="who", k=1), timeout=INDEX_TIMEOUT
        )
        self._orchestrator.StartSession(
            orchestrator_pb2.StartSessionRequest(mind_id=mind_id, session_id=session_id),
            timeout=INDEX_TIMEOUT,
        )

    def overhead(self, mind_id: str, session_id: str, number: int) -> float:
        """Milliseconds to the first token through the orchestrator, less those of the direct call."""
        question = (
            f"What did {self._rng.choice(PEOPLE)} do with the {self._rng.choice(THINGS)} "
            f"in {self._rng.choice(PLACES)}? ({number})"
        )
        time.sleep(PAUSE_S)
        turn = orchestrator_pb2.ConverseRequest(mind_id=mind_id, session_id=session_id, text=question)
        through = _first_token_ms(lambda: self._orchestrator.Converse(turn, timeout=30))
        same = self._same_call(mind_id, question)
        time.sleep(PAUSE_S)
        direct = _first_token_ms(lambda: self._inference.Generate(same, timeout=30))
        return through - direct

    def _same_call(self, mind_id: str, question: str) -> inference_pb2.GenerateRequest:
        found = self._memory.Search(
            memory_pb2.SearchRequest(mind_id=mind_id, query=question, k=10), timeout=30
        )
        memories = [
            inference_pb2.ContextMemory(
                seq=result.memory.source_seqs[0],
                memory_id=result.memory.memory_id,
                text=result.memory.text,
                speaker=result.memory.speaker,
                occurred_at=result.memory.occurred_at,
                score=result.score,
                type=result.memory.type,
            )
            for result in found.results
        ]
        message = inference_pb2.Message(role=inference_pb2.ROLE_USER, text=question)
        return inference_pb2.GenerateRequest(messages=[message], memories=memories)


def _first_token_ms(
    call: Callable[
        [], Iterable[orchestrator_pb2.ConverseResponse] | Iterable[inference_pb2.GenerateResponse]
    ],
) -> float:
    began = time.perf_counter()
    first: float | None = None
    for response in call():
        if first is None and response.WhichOneof("part") == "delta":
            first = time.perf_counter()
    if first is None:
        raise RuntimeError("the stream ended without a token")
    return (first - began) * 1000
