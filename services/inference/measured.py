"""A model call's span and metrics, as OpenTelemetry's conventions for generative AI name them. No text goes into them.

Source: OpenTelemetry semantic conventions, "Generative AI", spans and metrics. What they have no name for begins with
``pmm.inference``.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from opentelemetry.trace import Span, SpanKind, Status, StatusCode

from services.inference.generation import Completed, Delta, Part, Started
from services.runtime import telemetry

OPERATION_DURATION = telemetry.Distribution(
    "gen_ai.client.operation.duration",
    "s",
    (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92),
)
FIRST_TOKEN = telemetry.Distribution(
    "gen_ai.server.time_to_first_token",
    "s",
    (0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0),
)
PER_OUTPUT_TOKEN = telemetry.Distribution(
    "gen_ai.server.time_per_output_token",
    "s",
    (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5),
)
"""The conventions begin at 0.01; small models are faster."""
TOKEN_USAGE = telemetry.Distribution(
    telemetry.TOKEN_USAGE, "{token}", tuple(4.0**power for power in range(14))
)
QUEUE_DURATION = telemetry.Distribution(
    "pmm.inference.queue.duration",
    "s",
    (0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0),
)


MAX_MODELS = 100
"""Names that callers chose and a server accepted, in this process: each is a series of every metric."""
OTHER = "other"
_accepted: set[str] = set()


def _accept(model: str) -> None:
    if len(_accepted) < MAX_MODELS:
        _accepted.add(model)


def _label(model: str, configured: str) -> str:
    """A caller's name for a model may be anything, and is told only where it is known to be one."""
    return model if model == configured or model in _accepted else OTHER


async def measured(
    parts: AsyncGenerator[Part], *, model: str, configured: str, backend: str, is_remembered: bool
) -> AsyncGenerator[Part]:
    """The same parts, under a span. ``configured`` is the model of whoever names none."""
    model = model or configured
    attributes: dict[str, telemetry.Attribute] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": backend,
        "gen_ai.request.model": _label(model, configured),
    }
    began, first_at = time.perf_counter(), 0.0
    # Not made current: that must not be done across a yield.
    name = f"chat {attributes['gen_ai.request.model']}"
    span = telemetry.tracer().start_span(name, kind=SpanKind.CLIENT, attributes=attributes)
    try:
        async with aclosing(parts):
            async for part in parts:
                match part:
                    case Started():
                        if is_remembered:
                            _accept(model)
                            _accept(part.model)
                        attributes |= {
                            "gen_ai.request.model": _label(model, configured),
                            "gen_ai.response.model": _label(part.model, configured),
                            "gen_ai.provider.name": part.backend,
                        }
                        span.update_name(f"chat {attributes['gen_ai.request.model']}")
                        span.set_attributes(attributes)
                    case Delta() if not first_at:
                        first_at = time.perf_counter()
                        FIRST_TOKEN.record(first_at - began, **attributes)
                    case Completed():
                        _note_end(span, part, attributes, time.perf_counter() - (first_at or began))
                    case _:
                        pass
                yield part
    except (asyncio.CancelledError, GeneratorExit):
        attributes["error.type"] = "cancelled"
        raise
    except BaseException as error:
        # Its name only: the text of an error may quote what somebody wrote.
        attributes["error.type"] = getattr(error, "reason", type(error).__name__)
        span.set_status(Status(StatusCode.ERROR))
        raise
    finally:
        span.set_attributes(attributes)
        span.end()
        OPERATION_DURATION.record(time.perf_counter() - began, **attributes)


def _note_end(
    span: Span, done: Completed, attributes: dict[str, telemetry.Attribute], seconds_after_first: float
) -> None:
    span.set_attribute("gen_ai.usage.input_tokens", done.prompt_tokens)
    span.set_attribute("gen_ai.usage.output_tokens", done.completion_tokens)
    span.set_attribute("gen_ai.usage.cache_read.input_tokens", done.cached_tokens)
    span.set_attribute("gen_ai.response.finish_reasons", [done.finish_reason])
    TOKEN_USAGE.record(done.prompt_tokens, **attributes, **{"gen_ai.token.type": "input"})
    TOKEN_USAGE.record(done.completion_tokens, **attributes, **{"gen_ai.token.type": "output"})
    telemetry.count("pmm.inference.prefix_cache.queries", done.prompt_tokens, **attributes)
    telemetry.count("pmm.inference.prefix_cache.hits", done.cached_tokens, **attributes)
    if done.completion_tokens > 1:
        PER_OUTPUT_TOKEN.record(seconds_after_first / (done.completion_tokens - 1), **attributes)


def observe_load(running: Callable[[], int], waiting: Callable[[], int]) -> None:
    """Gauges of the calls that run and wait."""
    telemetry.observe(
        "pmm.inference.requests",
        lambda: [(running(), {"state": "running"}), (waiting(), {"state": "waiting"})],
    )
