"""From telemetry settings to OpenTelemetry exporters. Imported only where something is exported."""

from __future__ import annotations

from opentelemetry.sdk.metrics.export import (
    ConsoleMetricExporter,
    MetricReader,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.trace import SpanProcessor
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SimpleSpanProcessor

from services.runtime.ports import must_be_free
from services.runtime.sections import TelemetrySettings

EXPORT_DELAY_MS = 1000
"""Longest time that a finished span waits for company before it is sent."""


EXPORT_TIMEOUT_SECONDS = 2
"""For one export with its retries. Also what a stopping process waits for a collector that is away, twice."""


def span_processors(settings: TelemetrySettings) -> list[SpanProcessor]:
    """Where spans go."""
    match settings.exporter:
        case "otlp":
            from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

            exporter = OTLPSpanExporter(
                endpoint=settings.endpoint,
                insecure=_is_plaintext(settings.endpoint),
                timeout=EXPORT_TIMEOUT_SECONDS,
            )
            return [BatchSpanProcessor(exporter, schedule_delay_millis=EXPORT_DELAY_MS)]
        case "console":
            return [SimpleSpanProcessor(ConsoleSpanExporter())]
        case "none":
            return []


def metric_readers(settings: TelemetrySettings) -> list[MetricReader]:
    """Where metrics go; Prometheus comes beside whatever the exporter is."""
    readers: list[MetricReader] = []
    interval_ms = settings.metrics_interval_seconds * 1000
    if settings.exporter == "otlp":
        from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter

        exporter = OTLPMetricExporter(
            endpoint=settings.endpoint,
            insecure=_is_plaintext(settings.endpoint),
            timeout=EXPORT_TIMEOUT_SECONDS,
        )
        readers.append(PeriodicExportingMetricReader(exporter, export_interval_millis=interval_ms))
    elif settings.exporter == "console":
        readers.append(
            PeriodicExportingMetricReader(ConsoleMetricExporter(), export_interval_millis=interval_ms)
        )
    if settings.prometheus_port:
        readers.append(_prometheus(settings))
    return readers


def _prometheus(settings: TelemetrySettings) -> MetricReader:
    from opentelemetry.exporter.prometheus import PrometheusMetricReader
    from prometheus_client import start_http_server

    must_be_free(settings.prometheus_host, settings.prometheus_port, "--set telemetry.prometheus_port")
    start_http_server(settings.prometheus_port, settings.prometheus_host)
    return PrometheusMetricReader()


def _is_plaintext(endpoint: str) -> bool:
    return not endpoint.startswith("https://")
