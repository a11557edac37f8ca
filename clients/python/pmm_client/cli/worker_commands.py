"""``pmm workers``: how far the workers are with a mind, and what they left."""

from __future__ import annotations

from typing import Annotated

import typer

from pmm_client.cli import output
from pmm_client.cli.connection import Connection
from pmm_client.cli.options import Json, MindOption, calls_server
from pmm_client.jsonable import to_json


def register(app: typer.Typer) -> None:
    """Add ``list``, ``dead-letters`` and ``replay``."""
    calls_server(app, "list")(list_workers)
    calls_server(app, "dead-letters")(dead_letters)
    calls_server(app, "replay")(replay)


async def list_workers(connection: Connection, mind: MindOption, as_json: Json = False) -> None:
    """Show how far each worker is with a mind.

    Example: pmm workers list --mind ada
    """
    async with connection.open() as client:
        found = await client.mind(mind).workers()
    if as_json:
        output.json_line([to_json(one) for one in found])
        return
    made = output.table("worker", "seq", "behind by", "derived", "failures")
    for one in found:
        output.row(made, one.name, str(one.seq), str(one.lag), str(one.derived), str(one.failures))
    output.console().print(made)


async def dead_letters(
    connection: Connection,
    mind: MindOption,
    worker: Annotated[str, typer.Option(help="Only of this worker.")] = "",
    as_json: Json = False,
) -> None:
    """List the events that a worker could not deal with, the oldest first.

    Example: pmm workers dead-letters --mind ada
    """
    async with connection.open() as client:
        found = await client.mind(mind).dead_letters(worker)
    if as_json:
        output.json_line([to_json(one) for one in found])
        return
    if not found:
        output.line("There are none.")
        return
    made = output.table("id", "seq", "why", "attempts", "last")
    for one in found:
        last = output.date(one.last_attempt_at)
        output.row(made, one.dead_letter_id, str(one.seq), one.reason, str(one.attempts), last)
    output.console().print(made)


async def replay(
    connection: Connection,
    dead_letter_id: Annotated[
        str, typer.Argument(metavar="ID", show_default=False, help="As `dead-letters` shows it.")
    ],
    mind: MindOption,
    as_json: Json = False,
) -> None:
    """Have a worker try again what it left.

    Example: pmm workers replay commitments:42 --mind ada
    """
    async with connection.open() as client:
        seqs = await client.mind(mind).replay_dead_letter(dead_letter_id)
    if as_json:
        output.json_line({"derived_seqs": seqs})
    else:
        output.line(f"done: {len(seqs)} events derived" + (f", #{seqs[0]} first" if seqs else ""))
