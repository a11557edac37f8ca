"""An OTLP collector within the test's process: a real gRPC server that keeps what it is sent."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import grpc
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as metrics
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2_grpc as metrics_rpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as traces
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc as traces_rpc


@dataclass(frozen=True)
class CollectedSpan:
    """One exported span, in plain values."""

    name: str
    kind: int
    """1 internal, 2 server, 3 client."""
    trace_id: str
    span_id: str
    parent_id: str
    """Empty for a root."""
    attributes: dict[str, Any]
    status: int
    """0 unset, 1 OK, 2 error."""
    status_message: str
    service: str
    """``service.name`` of the process."""
    raw: bytes = field(repr=False)
    """The span as it was sent, to search for what must not be in it."""


class OtlpCollector(traces_rpc.TraceServiceServicer):
    """``with OtlpCollector() as collector:`` export to ``collector.endpoint``, then ``collector.wait_for``.

    Wait for what must come; never sleep. Spans arrive in the order in which they ended.
    """

    def __init__(self) -> None:
        self._arrived = threading.Condition()
        self._spans: list[CollectedSpan] = []
        self._metrics: dict[str, list[Any]] = {}
        self._server = grpc.server(ThreadPoolExecutor(2))
        traces_rpc.add_TraceServiceServicer_to_server(self, self._server)
        metrics_rpc.add_MetricsServiceServicer_to_server(_Metrics(self), self._server)
        self.port = self._server.add_insecure_port("127.0.0.1:0")
        self.endpoint = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> OtlpCollector:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop(None).wait()

    def Export(self, request: Any, context: grpc.ServicerContext) -> Any:
        with self._arrived:
            for resource in request.resource_spans:
                service = _attributes(resource.resource.attributes).get("service.name", "")
                for scope in resource.scope_spans:
                    self._spans.extend(_span(span, service) for span in scope.spans)
            self._arrived.notify_all()
        return traces.ExportTraceServiceResponse()

    def keep_metrics(self, request: Any) -> None:
        with self._arrived:
            for resource in request.resource_metrics:
                for scope in resource.scope_metrics:
                    for metric in scope.metrics:
                        self._metrics.setdefault(metric.name, []).append(metric)
            self._arrived.notify_all()

    @property
    def spans(self) -> list[CollectedSpan]:
        """Every span so far."""
        with self._arrived:
            return list(self._spans)

    @property
    def metrics(self) -> dict[str, list[Any]]:
        """Every metric so far, by name, as OTLP messages."""
        with self._arrived:
            return dict(self._metrics)

    def named(self, name: str) -> list[CollectedSpan]:
        """The spans of this name so far."""
        return [span for span in self.spans if span.name == name]

    def wait_for(self, *names: str, timeout: float = 10) -> list[CollectedSpan]:
        """All spans, once there is one of each name. Blocks: from a coroutine call it in a thread."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: {s.name for s in self._spans} >= set(names), timeout):
                missing = set(names) - {s.name for s in self._spans}
                raise AssertionError(f"no span {sorted(missing)} within {timeout} s; there are {self._spans}")
            return list(self._spans)

    def wait_for_metric(self, name: str, timeout: float = 10) -> list[Any]:
        """The metric's exports so far, once there is one."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: name in self._metrics, timeout):
                raise AssertionError(
                    f"no metric {name} within {timeout} s; there are {sorted(self._metrics)}"
                )
            return list(self._metrics[name])


class _Metrics(metrics_rpc.MetricsServiceServicer):
    """Both services name their method Export, so each needs an object of its own."""

    def __init__(self, collector: OtlpCollector) -> None:
        self._collector = collector

    def Export(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._collector.keep_metrics(request)
        return metrics.ExportMetricsServiceResponse()


def _span(span: Any, service: str) -> CollectedSpan:
    return CollectedSpan(
        name=span.name,
        kind=span.kind,
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_id=span.parent_span_id.hex(),
        attributes=_attributes(span.attributes),
        status=span.status.code,
        status_message=span.status.message,
        service=service,
        raw=span.SerializeToString(),
    )


def _attributes(pairs: Any) -> dict[str, Any]:
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in pairs}
