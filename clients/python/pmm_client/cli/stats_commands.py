"""``pmm stats``: how long turns and their stages take, and what needs looking at."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

import typer
from google.protobuf.duration_pb2 import Duration
from rich.table import Table
from rich.text import Text

from pmm.orchestrator.v1.orchestrator_pb2 import GetPerformanceResponse
from pmm_client.cli import exits, output
from pmm_client.cli.connection import CliError, Connection
from pmm_client.cli.options import Json, calls_server
from pmm_client.cli.statistics import told

_BEFORE = ("times before", "p50 before", "p95 before")
_FIGURES = {"avg ms": "avg", "min": "min", "max": "max", "p50": "p50", "p95": "p95", "p99": "p99"}
_COMPARED = {"avg ms": "avg", "p50": "p50", "p95": "p95"}
"""By column: the figure of a stage."""
WHOLE_MS = 100
"""From here on a tenth says nothing."""
_UNITS = {"m": "minutes", "h": "hours"}
_LONGEST = timedelta(hours=12)


def register(app: typer.Typer) -> None:
    """Add ``stats``."""
    calls_server(app, "stats")(stats)


async def stats(
    connection: Connection,
    last: Annotated[
        str,
        typer.Option(
            metavar="DURATION",
            help="Only the last so long, and the time before: 10m, 1h. At most 12h; each up to a minute longer.",
        ),
    ] = "",
    as_json: Json = False,
) -> None:
    """Show how long turns and their stages take, cache hit rates, tokens by model, and what needs looking at.

    Example: pmm stats --last 1h
    """
    async with connection.open() as client:
        answer = await client.performance(_period(last) if last else None)
    if as_json:
        output.json_line(answer)
        return
    if span := _span(answer):
        output.line(span)
    for alert in answer.alerts:
        output.console().print(Text(output.one_line(f"! {alert}"), style="bold red"))
    if not answer.stages:
        output.line("Nothing happened in that time." if last else "Nothing has happened yet.")
        return
    for made in (_stages(answer), _caches(answer), _models(answer), _slow_turns(answer)):
        if made.row_count:
            output.console().print(made)


def _span(answer: GetPerformanceResponse) -> str:
    """What all of it is of; empty where an earlier release does not say."""
    period, before = told(answer.period), told(answer.previous_period)
    return f"The last {period}" + (f", beside the {before} before." if before else ".") if period else ""


def _stages(answer: GetPerformanceResponse) -> Table:
    before = any(one.previous_count for one in answer.stages)
    # A terminal is narrow: beside the time before there is room for the figures that are compared.
    named = _COMPARED if before and output.console().width < output.WIDE else _FIGURES
    columns = ("times", *named, *(_BEFORE if before else ()))
    made = output.table("stage", *columns, right=columns)
    made.columns[0].no_wrap = True
    for one in answer.stages:
        figures = [_ms(getattr(one, field)) for field in named.values()]
        earlier = [f"{one.previous_count:,}", _ms(one.previous_p50), _ms(one.previous_p95)]
        if not one.previous_count:
            earlier = [""] * len(_BEFORE)
        output.row(made, one.stage, f"{one.count:,}", *figures, *(earlier if before else ()))
    return made


def _caches(answer: GetPerformanceResponse) -> Table:
    made = output.table("cache", "found", "")
    for cache, rate in sorted(answer.cache_hit_rates.items()):
        output.row(made, cache, f"{rate:.0%}", output.bar(rate))
    return made


def _models(answer: GetPerformanceResponse) -> Table:
    columns = ("calls", "avg ms", "tokens in", "tokens out")
    made = output.table("model", *columns, right=columns)
    for one in answer.models:
        tokens = f"{one.input_tokens:,}", f"{one.output_tokens:,}"
        output.row(made, one.model, f"{one.calls:,}", _ms(one.avg), *tokens)
    return made


def _slow_turns(answer: GetPerformanceResponse) -> Table:
    made = output.table("slow turn", "seq", "seconds", "ended", "session", right=("seconds",))
    for one in answer.slow_turns:
        seconds = f"{one.duration.ToMicroseconds() / 1e6:.1f}"
        output.row(made, one.mind_id, str(one.seq), seconds, output.date(one.ended_at), one.session_id)
    return made


def _ms(duration: Duration) -> str:
    milliseconds = duration.ToMicroseconds() / 1000
    return f"{milliseconds:,.1f}" if milliseconds < WHOLE_MS else f"{milliseconds:,.0f}"


def _period(text: str) -> timedelta:
    match = re.fullmatch(r"(\d+)([mh])", text)
    if not match:
        raise CliError(f"{text!r} is no duration: say for example 10m or 1h", exits.USAGE)
    try:
        period = timedelta(**{_UNITS[match[2]]: int(match[1])})
    except OverflowError:
        period = timedelta.max
    if not timedelta() < period <= _LONGEST:
        raise CliError(f"{text!r} is not between 1m and 12h", exits.USAGE)
    return period
