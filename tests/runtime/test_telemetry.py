"""Traces and metrics as a collector gets them: one tree a call, the true codes, no message text."""

from __future__ import annotations

import asyncio

import grpc
import pytest

from pmm.ledger.v1 import ledger_pb2 as pb
from services.runtime import errors, telemetry
from services.runtime.telemetry import stage
from services.runtime.tracing import client_interceptors
from tests.runtime.fake import FakeLedger, exporting, running, struck
from tests.runtime.test_pipeline import HEAD, failure, hanging
from tests.support.otlp_collector import OtlpCollector

GET_HEAD = "pmm.ledger.v1.LedgerService/GetHead"
SUBSCRIBE = "pmm.ledger.v1.LedgerService/Subscribe"


@pytest.fixture
def collector():
    with OtlpCollector() as running_collector:
        yield running_collector


def by_kind(collector, name):
    return {span.kind: span for span in collector.named(name)}


async def test_a_call_is_one_trace_of_client_server_and_stage(collector):
    async def get_head(request, context):
        with stage("lookup") as span:
            span.set_attribute("pmm.found", True)
        return pb.GetHeadResponse()

    async with (
        exporting(collector.endpoint),
        running(FakeLedger(GetHead=get_head), interceptors=client_interceptors()) as fake,
    ):
        with telemetry.stage("turn"):
            await fake.stub.GetHead(HEAD)

    spans = by_kind(collector, GET_HEAD)
    (turn,), (lookup,) = collector.named("turn"), collector.named("lookup")
    assert len({span.trace_id for span in collector.spans}) == 1
    assert [turn.parent_id, spans[3].parent_id, spans[2].parent_id, lookup.parent_id] == [
        "",
        turn.span_id,
        spans[3].span_id,
        spans[2].span_id,
    ]
    assert spans[2].attributes == {
        "rpc.system": "grpc",
        "rpc.service": "pmm.ledger.v1.LedgerService",
        "rpc.method": "GetHead",
        "rpc.grpc.status_code": 0,
    }


async def test_a_stream_is_one_span_around_all_of_its_stages(collector):
    async def subscribe(request, context):
        for _ in range(3):
            with stage("page"):
                page = pb.SubscribeResponse()
            yield page

    async with (
        exporting(collector.endpoint),
        running(FakeLedger(Subscribe=subscribe), interceptors=client_interceptors()) as fake,
    ):
        assert len([m async for m in fake.stub.Subscribe(pb.SubscribeRequest(mind_id="ada"))]) == 3
        await asyncio.to_thread(collector.wait_for, SUBSCRIBE)

    spans = by_kind(collector, SUBSCRIBE)
    assert spans[2].parent_id == spans[3].span_id
    assert {span.parent_id for span in collector.named("page")} == {spans[2].span_id}


@pytest.mark.parametrize(
    ("raised", "code", "is_error"),
    [(errors.NotFound("no"), 5, False), (errors.DataLoss("no"), 15, True), (ValueError("no"), 13, True)],
    ids=["caller's", "ours", "unforeseen"],
)
async def test_a_failed_call_ends_with_its_code(collector, raised, code, is_error):
    async def fail(request, context):
        raise raised

    async with (
        exporting(collector.endpoint),
        running(FakeLedger(GetHead=fail), interceptors=client_interceptors()) as fake,
    ):
        await failure(fake.stub.GetHead(HEAD))

    spans = by_kind(collector, GET_HEAD)
    assert spans[2].attributes["rpc.grpc.status_code"] == spans[3].attributes["rpc.grpc.status_code"] == code
    assert (spans[2].status == 2) == is_error
    assert spans[3].status == 2


async def test_an_aborted_call_ends_with_the_code_of_its_abort(collector):
    async def abort(request, context):
        await context.abort(grpc.StatusCode.OUT_OF_RANGE, "no")

    async with exporting(collector.endpoint), running(FakeLedger(GetHead=abort)) as fake:
        await failure(fake.stub.GetHead(HEAD))

    assert by_kind(collector, GET_HEAD)[2].attributes["rpc.grpc.status_code"] == 11


async def test_a_cancelled_call_and_a_cancelled_stream_end_as_cancelled(collector, caplog):
    entered, cancelled = asyncio.Event(), asyncio.Event()

    async def subscribe(request, context):
        with stage("following"):
            yield pb.SubscribeResponse()
            await asyncio.Event().wait()

    service = FakeLedger(GetHead=hanging(entered, cancelled), Subscribe=subscribe)
    async with (
        exporting(collector.endpoint),
        running(service, interceptors=client_interceptors()) as fake,
    ):
        call = fake.stub.GetHead(HEAD)
        task = asyncio.ensure_future(_cancelled(call))
        await entered.wait()
        call.cancel()
        await task
        stream = fake.stub.Subscribe(pb.SubscribeRequest(mind_id="ada"))
        async for _ in stream:
            stream.cancel()
            break
        await cancelled.wait()
        await asyncio.to_thread(collector.wait_for, "following", SUBSCRIBE)

    for name in (GET_HEAD, SUBSCRIBE):
        spans = by_kind(collector, name)
        assert {kind: span.attributes["rpc.grpc.status_code"] for kind, span in spans.items()} == {2: 1, 3: 1}
    assert "detach" not in caplog.text


async def _cancelled(call):
    with pytest.raises(asyncio.CancelledError):
        await call


async def test_a_call_past_its_deadline_ends_with_that_code(collector):
    entered, cancelled = asyncio.Event(), asyncio.Event()
    async with (
        exporting(collector.endpoint),
        running(FakeLedger(GetHead=hanging(entered, cancelled))) as fake,
    ):
        await struck(lambda seconds: failure(fake.stub.GetHead(HEAD, timeout=seconds)), entered)
        await cancelled.wait()

    assert by_kind(collector, GET_HEAD)[2].attributes["rpc.grpc.status_code"] == 4


async def test_no_text_of_an_error_or_of_a_request_is_exported(collector):
    async def fail(request, context):
        with stage("lookup"):
            raise ValueError(f"cannot find {request.mind_id}")

    async with (
        exporting(collector.endpoint),
        running(FakeLedger(GetHead=fail), interceptors=client_interceptors()) as fake,
    ):
        await failure(fake.stub.GetHead(pb.GetHeadRequest(mind_id="my-sister-Ana")))

    assert collector.named("lookup")[0].attributes["error.type"] == "ValueError"
    assert not any(b"sister" in span.raw for span in collector.spans)


async def test_metrics_hold_the_time_of_calls_and_stages_and_what_was_counted(collector):
    async def get_head(request, context):
        with stage("lookup"):
            telemetry.count("pmm.test.lookups", 2, kind="warm")
        return pb.GetHeadResponse()

    async with exporting(collector.endpoint), running(FakeLedger(GetHead=get_head)) as fake:
        telemetry.observe("pmm.test.cache", lambda: [(7, {"cache": "warm"})])
        await fake.stub.GetHead(HEAD)

    metrics = collector.metrics
    (point,) = metrics["pmm.test.cache"][-1].gauge.data_points
    assert (point.as_int, point.attributes[0].value.string_value) == (7, "warm")
    (point,) = metrics["pmm.stage.duration"][-1].histogram.data_points
    assert point.count == 1
    assert metrics["pmm.stage.duration"][-1].unit == "ms"
    (point,) = metrics["rpc.server.duration"][-1].histogram.data_points
    assert {a.key for a in point.attributes} >= {"rpc.method", "rpc.grpc.status_code"}
    (point,) = metrics["pmm.test.lookups"][-1].sum.data_points
    assert point.as_int == 2


async def test_without_an_exporter_a_trace_still_has_its_id_everywhere():
    ids = []

    async def get_head(request, context):
        ids.append(telemetry.current_trace_id())
        return pb.GetHeadResponse()

    async with running(FakeLedger(GetHead=get_head), interceptors=client_interceptors()) as fake:
        with stage("turn"):
            ids.append(telemetry.current_trace_id())
            await fake.stub.GetHead(HEAD)

    assert len(ids[0]) == 32
    assert ids[0] == ids[1]


async def test_without_an_exporter_a_stage_within_another_is_of_its_trace_and_the_next_one_of_a_new():
    ids = []
    for _ in range(2):
        with stage("outer"):
            ids.append(telemetry.current_trace_id())
            with stage("inner"):
                ids.append(telemetry.current_trace_id())

    first, within_first, second, within_second = ids
    assert first == within_first != second == within_second
    assert all(len(one) == 32 for one in ids)
    assert telemetry.current_trace_id() == ""
