"""``pmm workers``: how far the workers are, with a mind or with all, and what they left."""

from __future__ import annotations

from typing import Annotated

import typer

from pmm.orchestrator.v1.orchestrator_pb2 import DeadLetter
from pmm_client.cli import completion, exits, output
from pmm_client.cli.connection import CliError, Connection
from pmm_client.cli.options import Json, calls_server
from pmm_client.client import Client
from pmm_client.errors import FailedPrecondition, NotFound
from pmm_client.jsonable import to_json

AnyMind = Annotated[
    str,
    typer.Option(
        "--mind",
        metavar="NAME",
        help="The mind; without one, all of them.",
        show_default=False,
        autocompletion=completion.minds,
    ),
]
OnlyWorker = Annotated[str, typer.Option(help="Only of this worker.", autocompletion=completion.workers)]


def register(app: typer.Typer) -> None:
    """Add ``list``, ``dead-letters`` and ``replay``."""
    calls_server(app, "list")(list_workers)
    calls_server(app, "dead-letters")(dead_letters)
    calls_server(app, "replay")(replay)


async def list_workers(connection: Connection, of: AnyMind = "", as_json: Json = False) -> None:
    """Show how far each worker is, and how well it did since the start.

    Example: pmm workers list --mind ada
    """
    async with connection.open() as client:
        found = await (client.mind(of).workers() if of else client.workers())
    if as_json:
        output.json_line([to_json(one) for one in found])
        return
    # Room for what there always is: a terminal is narrow.
    failed = any(one.retries or one.dead_letters for one in found)
    made = output.table(
        "worker", "seq" if of else "position", "behind by", "done", "derived", "success", "last success",
        *(["retries", "dead letters"] if failed else []),
    )  # fmt: skip
    for one in found:
        output.row(
            made,
            one.name,
            f"{one.seq:,}",
            f"{one.lag:,}",
            f"{one.processed:,}",
            f"{one.derived:,}",
            f"{one.success_rate:.1%}" if one.processed or one.failures else "",
            output.date(one.last_success_at),
            *([f"{one.retries:,}", f"{one.dead_letters:,}"] if failed else []),
        )
    output.console().print(made)
    if any(one.dead_letters for one in found):
        where = f" --mind {of}" if of else ""
        output.line(f"What was left is listed by: pmm workers dead-letters{where}")


async def dead_letters(
    connection: Connection, of: AnyMind = "", worker: OnlyWorker = "", as_json: Json = False
) -> None:
    """List the events that a worker could not deal with, of one mind or of all, the oldest first.

    Example: pmm workers dead-letters --mind ada
    """
    async with connection.open() as client:
        found = await _left(client, of, worker)
    if as_json:
        output.json_line([to_json(one) for one in found])
        return
    if not found:
        output.line("There are none.")
        return
    made = output.table("mind", "id", "seq", "why", "attempts", "last", "tried again")
    for one in found:
        last = output.date(one.last_attempt_at)
        again = output.date(one.next_attempt_at) or "when you replay it"
        output.row(
            made, one.mind_id, one.dead_letter_id, str(one.seq), one.reason, str(one.attempts), last, again
        )
    output.console().print(made)


async def replay(
    connection: Connection,
    dead_letter_id: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            show_default=False,
            help="As `dead-letters` shows it.",
            autocompletion=completion.dead_letters,
        ),
    ] = "",
    of: AnyMind = "",
    every: Annotated[
        bool, typer.Option("--all", help="All of them: of one mind, or of all minds where none is named.")
    ] = False,
    worker: OnlyWorker = "",
    as_json: Json = False,
) -> None:
    """Have a worker try again what it left. Ends with 1 where something still fails.

    Example: pmm workers replay commitments:42 --mind ada
    """
    if every == bool(dead_letter_id):
        raise CliError("name one dead letter and its --mind, or say --all", exits.USAGE)
    if dead_letter_id and not of:
        raise CliError("whose? --mind NAME, as `pmm workers dead-letters` shows it", exits.USAGE)
    async with connection.open() as client:
        if every:
            await _replay_all(client, of, worker, as_json)
            return
        seqs = await client.mind(of).replay_dead_letter(dead_letter_id)
    if as_json:
        output.json_line({"derived_seqs": seqs})
    else:
        output.line(f"done: {len(seqs)} events derived" + (f", #{seqs[0]} first" if seqs else ""))


async def _replay_all(client: Client, mind: str, worker: str, as_json: bool) -> None:
    """Each letter that is there now, once."""
    done, derived, failed = 0, 0, list[DeadLetter]()
    letters = await _left(client, mind, worker)
    with output.progress(quiet=as_json) as bar:
        task = bar.add_task("replaying", total=len(letters))
        for letter in letters:
            try:
                seqs = await client.mind(letter.mind_id).replay_dead_letter(letter.dead_letter_id)
                done, derived = done + 1, derived + len(seqs)
            except NotFound:
                # The worker was faster: it tries again by itself what waits for another service.
                done += 1
            except FailedPrecondition:
                failed.append(letter)
            bar.advance(task)
    if as_json:
        ids = [{"mind_id": one.mind_id, "dead_letter_id": one.dead_letter_id} for one in failed]
        output.json_line({"replayed": done, "derived": derived, "still_failing": ids})
    else:
        output.line(
            f"{done:,} done, {output.counted(derived, 'event')} derived, {len(failed):,} still failing"
        )
    if failed:
        raise CliError("mend what `pmm workers dead-letters` names, then replay again", exits.FAILED)


async def _left(client: Client, mind: str, worker: str) -> list[DeadLetter]:
    return await (client.mind(mind).dead_letters(worker) if mind else client.dead_letters(worker))
