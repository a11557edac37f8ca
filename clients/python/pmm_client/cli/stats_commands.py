"""``pmm stats``: how long turns and their stages take, and what needs looking at."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

import typer
from google.protobuf.duration_pb2 import Duration

from pmm_client.cli import exits, output
from pmm_client.cli.connection import CliError, Connection
from pmm_client.cli.options import Json, calls_server

_UNITS = {"m": "minutes", "h": "hours"}


def register(app: typer.Typer) -> None:
    """Add ``stats``."""
    calls_server(app, "stats")(stats)


async def stats(
    connection: Connection,
    last: Annotated[
        str,
        typer.Option(
            metavar="DURATION", help="Only the last so long, beside the time before: 10m, 1h. At most 12h."
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
    for alert in answer.alerts:
        output.line(f"! {alert}")
    if not answer.stages:
        output.line("Nothing has happened yet.")
        return
    made = output.table("stage", "times", "avg ms", "min", "max", "p50", "p95", "p99", "p50 before")
    for one in answer.stages:
        figures = (one.avg, one.min, one.max, one.p50, one.p95, one.p99)
        before = _ms(one.previous_p50) if one.HasField("previous_p50") else ""
        output.row(made, one.stage, f"{one.count:,}", *map(_ms, figures), before)
    output.console().print(made)
    for cache, rate in sorted(answer.cache_hit_rates.items()):
        output.line(f"cache {cache}: {rate:.0%} found")
    for model, tokens in sorted(answer.tokens_by_model.items()):
        output.line(f"model {model}: {tokens:,} tokens")


def _ms(duration: Duration) -> str:
    return f"{duration.ToMicroseconds() / 1000:,.1f}"


def _period(text: str) -> timedelta:
    match = re.fullmatch(r"(\d+)([mh])", text)
    if not match:
        raise CliError(f"{text!r} is no duration: say for example 10m or 1h", exits.USAGE)
    return timedelta(**{_UNITS[match[2]]: int(match[1])})
