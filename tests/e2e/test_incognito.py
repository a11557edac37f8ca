"""Incognito leaves no trace: what was said is searched for in every file, log, span, metric and index.

A phrase said in the open is searched for in the same way, so that the search is known to find what is there.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.ledger.v1 import ledger_pb2_grpc as ledger_rpc
from pmm.memory.v1 import memory_pb2 as memory
from pmm.memory.v1 import memory_pb2_grpc as memory_rpc
from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from pmm.orchestrator.v1 import orchestrator_pb2_grpc as rpc
from tests.support.openai_server import OpenAIServer
from tests.support.otlp_collector import OtlpCollector
from tests.support.stack import Stack

pytestmark = pytest.mark.slow
OPEN, HIDDEN = "pangolinparade", "zanzibarquokka"
ANSWER = "sister lives in Porto"
"""What the model server answers."""
CARD = "4111 1111 1111 1111"
INCOGNITO = mind.PRIVACY_MODE_INCOGNITO


class Client:
    """Talks to a stack in few words."""

    def __init__(self, channel: grpc.Channel) -> None:
        self.minds = rpc.OrchestratorServiceStub(channel)
        self.ledger = ledger_rpc.LedgerServiceStub(channel)
        self.memory = memory_rpc.MemoryServiceStub(channel)

    def say(self, text: str, **more: Any) -> list[pb.ConverseResponse]:
        request = pb.ConverseRequest(mind_id="me", text=text, **more)
        return list(self.minds.Converse(request, timeout=30))

    def policy(self, key: str, value: str) -> None:
        request = pb.SetPolicyRequest(mind_id="me", key=key)
        request.value.string_value = value
        self.minds.SetPolicy(request, timeout=10)

    def events(self) -> list[mind.Event]:
        pages = self.ledger.Read(ledger.ReadRequest(mind_id="me"), timeout=10)
        return [event for page in pages for event in page.events]

    def wait_for_commitment(self, text: str) -> None:
        """Return once the workers have gone past a message that makes one."""
        request = ledger.SubscribeRequest(mind_id="me", kinds=["commitment_opened"])
        call = self.ledger.Subscribe(request, timeout=30)
        next(message for message in call if text in str(message))
        call.cancel()

    def indexes(self, word: str) -> dict[str, str]:
        """Everything that the services tell of the mind, by where it comes from."""
        head = self.ledger.GetHead(ledger.GetHeadRequest(mind_id="me"), timeout=10).seq
        listed = memory.ListMemoriesRequest(mind_id="me", min_seq=head)
        searched = memory.SearchRequest(mind_id="me", query=word, k=50, min_seq=head)
        around = pb.GetSubgraphRequest(mind_id="me", depth=12, limit=1_000)
        return {
            "ledger": str(self.events()),
            "memory": str(self.memory.ListMemories(listed, timeout=10)),
            "search": str(self.memory.Search(searched, timeout=10)),
            "graph": str(self.minds.GetSubgraph(around, timeout=10)),
            "mind": str(self.minds.GetMind(pb.GetMindRequest(mind_id="me"), timeout=10)),
            "sessions": str(self.minds.ListSessions(pb.ListSessionsRequest(mind_id="me"), timeout=10)),
            "analytics": str(self.minds.GetAnalytics(pb.GetAnalyticsRequest(mind_id="me"), timeout=10)),
            "performance": str(self.minds.GetPerformance(pb.GetPerformanceRequest(), timeout=10)),
        }


@contextlib.contextmanager
def running(tmp_path: Path, collector: OtlpCollector, **env: str) -> Iterator[tuple[Stack, Client]]:
    """A stack that logs and exports all that it can."""
    told = {
        "PMM_TELEMETRY__EXPORTER": "otlp",
        "PMM_TELEMETRY__ENDPOINT": collector.endpoint,
        "PMM_TELEMETRY__METRICS_INTERVAL_SECONDS": "1",
        "PMM_TELEMETRY__RECORD_MESSAGE_TEXT": "true",
        "PMM_SERVER__LOG_LEVEL": "debug",
        "PMM_ORCHESTRATOR__TICK_SECONDS": "1",
        **env,
    }
    with (
        Stack(tmp_path / "data", env=told) as stack,
        grpc.insecure_channel(stack.target) as channel,
    ):
        client = Client(channel)
        client.minds.CreateMind(pb.CreateMindRequest(mind_id="me"), timeout=10)
        yield stack, client


def indexed(client: Client, word: str) -> set[str]:
    return {place for place, said in client.indexes(word).items() if word in said}


def written(stack: Stack, collector: OtlpCollector, word: str) -> list[str]:
    """Files, logs, spans and metrics that hold a word, once everything has stopped."""
    data = word.encode()
    files = [path for path in (*stack.data.rglob("*"), *stack.logs()) if path.is_file()]
    return [
        *(str(path) for path in files if data in path.read_bytes()),
        *(span.name for span in collector.spans if data in span.raw),
        *(name for name, points in collector.metrics.items() if word in str(points)),
    ]


def hide(client: Client, word: str, **more: Any) -> None:
    """An incognito turn of its own, a conversation of several, and one in which personal data is masked."""
    client.say(f"the {word} is mine, remind me to feed it by Friday", privacy_mode=INCOGNITO, **more)
    client.say(f"my {word} knows {CARD}", privacy_mode=INCOGNITO, idempotency_key=f"k-{word}", **more)
    started = client.minds.StartSession(
        pb.StartSessionRequest(mind_id="me", session_id=f"s-{word}", privacy_mode=INCOGNITO), timeout=10
    )
    for text in (f"from now on, call me {word}", f"your name is {word}", f"what did I say of my {word}?"):
        client.say(text, session_id=started.session.session_id, **more)
    client.minds.GetSession(
        pb.GetSessionRequest(mind_id="me", session_id=started.session.session_id), timeout=10
    )
    client.minds.EndSession(
        pb.EndSessionRequest(mind_id="me", session_id=started.session.session_id), timeout=10
    )


def test_what_is_said_incognito_reaches_no_file_log_span_metric_or_index(tmp_path: Path) -> None:
    with OtlpCollector() as collector:
        with running(tmp_path, collector) as (stack, client):
            client.say(f"my {OPEN} moved to Porto, remind me to feed it by Friday")
            hide(client, HIDDEN)
            client.policy("personal_data.iban", "refuse")
            with pytest.raises(grpc.RpcError) as refused:
                client.say(f"{HIDDEN} has DE89 3704 0044 0532 0130 00", privacy_mode=INCOGNITO)
            assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
            client.say("remind me to water the plants")
            client.wait_for_commitment("water the plants")

            assert indexed(client, OPEN) >= {"ledger", "memory", "search", "graph"}
            assert indexed(client, HIDDEN) == set()
            assert CARD not in str(client.indexes("card"))
            collector.wait_for_metric("pmm.turns.incognito")

        assert written(stack, collector, OPEN) != []
        assert written(stack, collector, HIDDEN) == []
        assert written(stack, collector, CARD) == []
        assert written(stack, collector, f"s-{HIDDEN}") == []


def test_a_model_server_its_failures_and_a_caller_that_leaves_put_nothing_anywhere(tmp_path: Path) -> None:
    with OtlpCollector() as collector, OpenAIServer() as model:
        chosen = {
            "PMM_INFERENCE__BACKEND": "openai",
            "PMM_INFERENCE__OPENAI_BASE_URL": model.base_url,
            "PMM_INFERENCE__MODEL": "ok",
        }
        with running(tmp_path, collector, **chosen) as (stack, client):
            hide(client, HIDDEN)
            assert HIDDEN in str(model.requests)
            assert CARD not in str(model.requests)
            for failing in ("500", "echo", "context", "cut", "malformed", "error-mid"):
                parts = client.say(f"{HIDDEN} again", privacy_mode=INCOGNITO, model=failing)
                assert parts[-1].WhichOneof("part") == "failed"
            for slow in ("slow-mid", "endless"):
                request = pb.ConverseRequest(mind_id="me", text=HIDDEN, privacy_mode=INCOGNITO, model=slow)
                call = client.minds.Converse(request, timeout=30)
                next(part for part in call if part.WhichOneof("part") == "delta")
                call.cancel()
            model.wait_until(open_streams=0)
            late = pb.ConverseRequest(mind_id="me", text=HIDDEN, privacy_mode=INCOGNITO, model="slow-first")
            # The caller or the mind is first to notice.
            with contextlib.suppress(grpc.RpcError):
                part = list(client.minds.Converse(late, timeout=0.5))[-1]
                assert part.failed.reason == mind.TURN_FAILURE_REASON_DEADLINE
            client.say(f"the {OPEN} is told", model="json")

            assert indexed(client, OPEN) >= {"ledger", "memory", "search"}
            assert indexed(client, HIDDEN) == set()
            assert indexed(client, ANSWER) == set()
            collector.wait_for_metric("pmm.turns.incognito")

        for word in (HIDDEN, ANSWER, CARD):
            assert written(stack, collector, word) == []
