"""One trace a turn over all four services, with true codes, and no word of what was said."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import grpc
import pytest

from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from pmm.orchestrator.v1 import orchestrator_pb2_grpc as rpc
from tests.support.openai_server import OpenAIServer
from tests.support.otlp_collector import CollectedSpan, OtlpCollector
from tests.support.stack import Stack

pytestmark = pytest.mark.slow

CONVERSE = "pmm.orchestrator.v1.OrchestratorService/Converse"
TREE = {
    ("", CONVERSE),
    (CONVERSE, "turn.guard"),
    (CONVERSE, "turn.append"),
    ("turn.append", "pmm.ledger.v1.LedgerService/Append"),
    (CONVERSE, "turn.search"),
    ("turn.search", "pmm.memory.v1.MemoryService/Search"),
    ("pmm.memory.v1.MemoryService/Search", "memory.search"),
    (CONVERSE, "turn.prompt"),
    (CONVERSE, "turn.model"),
    ("turn.model", "pmm.inference.v1.InferenceService/Generate"),
    (CONVERSE, "turn.finish"),
    ("turn.finish", "pmm.ledger.v1.LedgerService/Append"),
}
"""(parent, span) of every turn, as docs/telemetry.md draws it."""
STAGES = {"turn.guard", "turn.append", "turn.search", "turn.prompt", "turn.model", "turn.finish"}
SERVER = 2
MARKER = "zanzibarquokka"


def exporting(collector: OtlpCollector, **more: str) -> dict[str, str]:
    return {
        "PMM_TELEMETRY__EXPORTER": "otlp",
        "PMM_TELEMETRY__ENDPOINT": collector.endpoint,
        "PMM_TELEMETRY__METRICS_INTERVAL_SECONDS": "1",
        **more,
    }


def edges(spans: list[CollectedSpan], trace_id: str) -> Counter[tuple[str, str]]:
    names = {span.span_id: span.name for span in spans}
    return Counter((names.get(s.parent_id, ""), s.name) for s in spans if s.trace_id == trace_id)


def turn(stub: rpc.OrchestratorServiceStub, text: str, **more: str) -> list[pb.ConverseResponse]:
    return list(stub.Converse(pb.ConverseRequest(mind_id="ada", text=text, **more), timeout=30))


@pytest.mark.parametrize(
    "split", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["one-process", "four-processes"]
)
def test_a_turn_is_one_trace_over_all_four_services(tmp_path: Path, split: bool) -> None:
    with OtlpCollector() as collector:
        with (
            Stack(tmp_path / "data", split=split, env=exporting(collector)) as stack,
            grpc.insecure_channel(stack.target) as channel,
        ):
            stub = rpc.OrchestratorServiceStub(channel)
            stub.CreateMind(pb.CreateMindRequest(mind_id="ada"), timeout=10)
            turn(stub, f"my {MARKER} moved to Porto")
            turn(stub, f"where is my {MARKER}?")
        spans = collector.spans

        roots = [span for span in spans if span.name == CONVERSE and span.kind == SERVER]
        assert len({root.trace_id for root in roots}) == 2
        for root in roots:
            assert set(edges(spans, root.trace_id)) >= TREE
            calls = [s for s in spans if s.trace_id == root.trace_id and s.name.startswith("chat ")]
            assert calls[0].attributes["gen_ai.operation.name"] == "chat"
            assert calls[0].attributes["gen_ai.request.model"] == "recall"
            assert int(str(calls[0].attributes["gen_ai.usage.input_tokens"])) > 0
        services = {span.service for span in spans if span.trace_id == roots[0].trace_id}
        assert len(services) == (4 if split else 1)
        stages = {
            attribute.value.string_value
            for metric in collector.metrics["pmm.stage.duration"]
            for point in metric.histogram.data_points
            for attribute in point.attributes
        }
        assert stages >= STAGES
        assert [span.name for span in spans if MARKER.encode() in span.raw] == []
        assert all(MARKER not in str(metric) for found in collector.metrics.values() for metric in found)
        assert all(MARKER not in log.read_text() for log in stack.logs())


def test_failed_and_cancelled_calls_keep_their_true_codes(tmp_path: Path) -> None:
    with OtlpCollector() as collector, OpenAIServer() as model:
        chosen = {
            "PMM_INFERENCE__BACKEND": "openai",
            "PMM_INFERENCE__OPENAI_BASE_URL": model.base_url,
            "PMM_INFERENCE__MODEL": "ok",
        }
        with (
            Stack(tmp_path / "data", env=exporting(collector, **chosen)) as stack,
            grpc.insecure_channel(stack.target) as channel,
        ):
            stub = rpc.OrchestratorServiceStub(channel)
            stub.CreateMind(pb.CreateMindRequest(mind_id="ada"), timeout=10)
            turn(stub, "hello", model="cut")
            stream = stub.Converse(
                pb.ConverseRequest(mind_id="ada", text="hello", model="endless"), timeout=30
            )
            next(part for part in stream if part.HasField("delta"))
            stream.cancel()
            model.wait_until(open_streams=0, disconnects=1)
            with pytest.raises(grpc.RpcError):
                stub.GetMind(pb.GetMindRequest(mind_id="nobody"), timeout=10)
        codes = Counter(
            (span.name.rsplit("/", 1)[-1], int(str(span.attributes["rpc.grpc.status_code"])))
            for span in collector.spans
            if span.kind == SERVER
        )

    assert codes["Generate", grpc.StatusCode.UNAVAILABLE.value[0]] == 1
    assert codes["Generate", grpc.StatusCode.CANCELLED.value[0]] == 1
    assert codes["Converse", grpc.StatusCode.OK.value[0]] == 1
    assert codes["Converse", grpc.StatusCode.CANCELLED.value[0]] == 1
    assert codes["GetMind", grpc.StatusCode.NOT_FOUND.value[0]] == 1


def test_incognito_leaves_no_word_in_any_span(tmp_path: Path) -> None:
    with OtlpCollector() as collector:
        with (
            Stack(tmp_path / "data", env=exporting(collector)) as stack,
            grpc.insecure_channel(stack.target) as channel,
        ):
            stub = rpc.OrchestratorServiceStub(channel)
            stub.CreateMind(pb.CreateMindRequest(mind_id="ada"), timeout=10)
            request = pb.ConverseRequest(mind_id="ada", text=f"the {MARKER} sleeps", privacy_mode=3)  # type: ignore[arg-type]
            list(stub.Converse(request, timeout=30))
        collector.wait_for(CONVERSE)

        assert [span.name for span in collector.spans if MARKER.encode() in span.raw] == []
        assert all(MARKER not in log.read_text() for log in stack.logs())
