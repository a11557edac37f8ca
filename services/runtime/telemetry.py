"""Traces, metrics and logs of a process. Names of stages and counters are given where they are measured.

::

    with stage("search") as span:
        span.set_attribute("pmm.search.hits", len(hits))
    count("pmm.ledger.events.appended", len(events))

No text of a message belongs into an attribute, whatever the setting: ask ``records_text()`` first.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from types import TracebackType

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.metrics import CallbackOptions, Counter, Histogram, Meter, NoOpMeter, Observation
from opentelemetry.sdk.metrics import ExemplarFilter, MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.metrics.view import View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased, TraceIdRatioBased
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer
from opentelemetry.util.types import Attributes

from services.runtime.measurements import Measurements
from services.runtime.sections import TelemetrySettings

SCOPE = "pmm"
"""Instrumentation scope of every span and metric of ours."""

STAGE_DURATION = "pmm.stage.duration"
"""Histogram, ms, with the attribute ``stage``."""

DURATION_BUCKETS_MS = (0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000)
"""Bounds in milliseconds: from one LMDB read to a slow model's answer."""

TOKEN_USAGE = "gen_ai.client.token.usage"
MODEL_DURATION = "gen_ai.client.operation.duration"
CACHE_COUNTS = ("pmm.memory.cache.hits", "pmm.memory.cache.misses")
PREFIX_CACHE = ("pmm.inference.prefix_cache.hits", "pmm.inference.prefix_cache.queries")
TURN_DURATION = "pmm.turn.duration"
"""Histogram, s. Its exemplars say which turns were slow: mind, session and seq, and no word of them."""
SLOW_TURN_SECONDS = 5.0
TURN_BUCKETS_S = (0.25, 0.5, 1, 2.5, SLOW_TURN_SECONDS, 6, 8, 10, 12, 15, 20, 30, 45, 60, 90, 120, 180, 300)
"""Narrow where turns are slow: a bucket keeps one exemplar between two readings."""
REPORTED = frozenset(
    {STAGE_DURATION, TOKEN_USAGE, MODEL_DURATION, *CACHE_COUNTS, *PREFIX_CACHE, TURN_DURATION}
)
"""Recorded also where nothing is exported: reports of performance are read from them."""

LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"

Attribute = str | bool | int | float
Attached = tuple[Token[Context], Token[bool]]
"""Of a context that was made current, and of its being so."""
_is_traced: ContextVar[bool] = ContextVar("pmm_is_traced", default=False)
"""Whether this code runs in a span, which OpenTelemetry takes ten calls to say."""


class SlowTurns(ExemplarFilter):
    """Takes an exemplar of a turn that was slow and is not incognito, and of nothing else."""

    def should_sample(
        self, value: int | float, time_unix_nano: int, attributes: Attributes, context: Context
    ) -> bool:
        """Only what names a turn has its seq."""
        return bool(attributes) and "seq" in attributes and value >= SLOW_TURN_SECONDS


_NAMELESS_TURNS = View(instrument_name=TURN_DURATION, attribute_keys=set())
"""One series for all turns: whose they are is for exemplars only."""


def _unexported() -> TracerProvider:
    # Nothing is recorded, but every trace has an id: errors and events name it.
    return TracerProvider(sampler=ALWAYS_OFF, shutdown_on_exit=False)


@dataclass
class Telemetry:
    """The providers of a process, and the instruments made from them."""

    settings: TelemetrySettings = field(default_factory=TelemetrySettings.model_construct)
    traces: TracerProvider = field(default_factory=_unexported)
    metrics: MeterProvider | None = None
    reader: InMemoryMetricReader | None = None
    """For what this process says of itself."""
    exports_metrics: bool = False
    _measurements: Measurements = field(default_factory=Measurements)
    _histograms: dict[str, Histogram] = field(default_factory=lambda: {})
    _counters: dict[str, Counter] = field(default_factory=lambda: {})

    def __post_init__(self) -> None:
        self.tracer: Tracer = self.traces.get_tracer(SCOPE)
        self.meter: Meter = self.metrics.get_meter(SCOPE) if self.metrics else NoOpMeter(SCOPE)
        # Called whenever metrics are read, before they are: what was measured until then is among them.
        self.meter.create_observable_gauge("pmm.measurements", [self._handed_over])

    def _handed_over(self, _options: CallbackOptions) -> Iterable[Observation]:
        self._measurements.hand_over()
        return ()

    def records(self, name: str) -> bool:
        """Whether anybody reads this metric."""
        return self.metrics is not None and (self.exports_metrics or name in REPORTED)

    def record(
        self, name: str, unit: str, bounds: Sequence[float], value: float, attributes: dict[str, Attribute]
    ) -> None:
        """Add a value to the histogram of this name; unit and bounds count at the first call."""
        if not self.records(name):
            return
        histogram = self._histograms.get(name)
        if histogram is None:
            histogram = self._histograms[name] = self.meter.create_histogram(
                name, unit=unit, explicit_bucket_boundaries_advisory=bounds
            )
        self._measurements.add(histogram.record, value, attributes)

    def count(self, name: str, amount: int, attributes: dict[str, Attribute]) -> None:
        """Add to the counter of this name."""
        if not self.records(name):
            return
        counter = self._counters.get(name)
        if counter is None:
            counter = self._counters[name] = self.meter.create_counter(name)
        self._measurements.add(counter.add, amount, attributes)

    def shutdown(self) -> None:
        """Export what is left and stop. Blocks until the exporters are done, a few seconds at most."""
        self.traces.shutdown()
        if self.metrics:
            self.metrics.shutdown()


_current = Telemetry()


def setup(settings: TelemetrySettings, service_name: str) -> Telemetry:
    """Make the settings those of this process. The caller shuts the result down at the end."""
    global _current  # noqa: PLW0603  one set of providers a process, like the logging module
    from services.runtime import exporters

    resource = Resource.create({"service.name": service_name})
    sampler = (
        ALWAYS_OFF if settings.exporter == "none" else ParentBased(TraceIdRatioBased(settings.sample_ratio))
    )
    traces = TracerProvider(sampler=sampler, resource=resource, shutdown_on_exit=False)
    for processor in exporters.span_processors(settings):
        traces.add_span_processor(processor)
    readers = exporters.metric_readers(settings)
    reader = InMemoryMetricReader()
    metrics = MeterProvider(
        [*readers, reader],
        resource,
        shutdown_on_exit=False,
        exemplar_filter=SlowTurns(),
        views=[_NAMELESS_TURNS],
    )
    _current = Telemetry(settings, traces, metrics, reader, bool(readers))
    return _current


def current() -> Telemetry:
    """The telemetry of this process."""
    return _current


def is_exported() -> bool:
    """Whether spans go anywhere."""
    return _current.settings.exporter != "none"


def tracer() -> Tracer:
    """For spans of one's own. Prefer ``stage``, which measures as well."""
    return _current.tracer


def records_text() -> bool:
    """Whether the operator allows message text in spans and logs."""
    return _current.settings.record_message_text


def count(name: str, amount: int = 1, **attributes: Attribute) -> None:
    """Add to a counter."""
    _current.count(name, amount, attributes)


def observe(name: str, read: Callable[[], Iterable[tuple[float, dict[str, Attribute]]]]) -> None:
    """A gauge whose values, each with its attributes, are read whenever metrics are exported, in any thread."""

    def observations(_options: CallbackOptions) -> Iterable[Observation]:
        return [Observation(value, attributes) for value, attributes in read()]

    if _current.records(name):
        _current.meter.create_observable_gauge(name, [observations])


@dataclass(frozen=True, slots=True)
class Distribution:
    """A histogram whose name, unit and bounds are prescribed: OpenTelemetry's conventions count in seconds."""

    name: str
    unit: str
    bounds: tuple[float, ...]

    def record(self, value: float, **attributes: Attribute) -> None:
        """Add a value."""
        _current.record(self.name, self.unit, self.bounds, value, attributes)


def record_ms(name: str, milliseconds: float, **attributes: Attribute) -> None:
    """Record a duration in a histogram."""
    _current.record(name, "ms", DURATION_BUCKETS_MS, milliseconds, attributes)


def current_trace_id() -> str:
    """The trace that this code runs in: 32 lower-case hex digits, or empty outside of one."""
    context = trace.get_current_span().get_span_context()
    return format(context.trace_id, "032x") if context.is_valid else ""


class stage:
    """A part of the work: ``with stage("search"):``

    A child span that is current within the block, and a value in ``pmm.stage.duration``.
    """

    __slots__ = ("_attributes", "_kind", "_name", "_span", "_started", "_token")

    _token: Attached | None
    """None where spans go nowhere, and the one around carries the trace's id."""

    def __init__(self, name: str, *, kind: SpanKind = SpanKind.INTERNAL, **attributes: Attribute) -> None:
        self._name = name
        self._kind = kind
        self._attributes = attributes

    def __enter__(self) -> Span:
        self._started = time.perf_counter()
        if not is_exported() and _is_traced.get():
            self._token = None
            return trace.INVALID_SPAN
        self._span = tracer().start_span(self._name, kind=self._kind, attributes=self._attributes)
        self._token = attach(trace.set_span_in_context(self._span))
        return self._span

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        record_ms(STAGE_DURATION, (time.perf_counter() - self._started) * 1000, stage=self._name)
        if self._token is None:
            return
        detach(self._token)
        if kind is asyncio.CancelledError:
            self._span.set_status(Status(StatusCode.ERROR, "CANCELLED"))
        elif kind is not None and kind is not GeneratorExit:
            # The type only: an exception's text may quote what somebody wrote.
            self._span.set_attribute("error.type", kind.__name__)
            self._span.set_status(Status(StatusCode.ERROR))
        self._span.end()


def attach(context: Context) -> Attached:
    """Make a context with a span current. Pair with ``detach`` in the same task."""
    return otel_context.attach(context), _is_traced.set(True)


def detach(attached: Attached) -> None:
    """Undo ``attach``; does nothing in another task, where the context never was current.

    A generator that is dropped half-way may be closed from elsewhere. OpenTelemetry's own ``detach`` logs an
    error then.
    """
    context, is_traced = attached
    try:
        context.var.reset(context)
        is_traced.var.reset(is_traced)
    except ValueError:
        return


def setup_logging(level: str) -> None:
    """Log to standard error, one line a record."""
    logging.basicConfig(level=level.upper(), format=LOG_FORMAT, force=True)
    if level.upper() == "INFO":
        # A line for each call of a model would be most of the log.
        logging.getLogger("httpx2").setLevel(logging.WARNING)
