"""``pmm mind import``: history from a file."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from pmm.memory.v1.memory_pb2 import StatsRequest
from pmm.mind.v1.events_pb2 import MindSettings
from pmm_client.archive import begins_archive
from pmm_client.cli import exits, output
from pmm_client.cli.connection import CliError, Connection
from pmm_client.cli.options import Json, MindOption, calls_server, complain, time_zone
from pmm_client.cli.standard_input import read_all
from pmm_client.client import Client
from pmm_client.errors import DeadlineExceeded, PersonalDataRefused
from pmm_client.messages import Imported
from pmm_client.mind import Mind
from pmm_client.transcripts import Transcript, parse

FACTS = "imports.facts"
"""The policy by which facts are drawn from what is imported."""
SHOWN_PROBLEMS = 20
INDEX_POLL_S = 0.2
INDEX_PATIENCE_S = 60.0
"""How long memory may take without getting on by a single event."""


def register(app: typer.Typer) -> None:
    """Add ``import``."""
    calls_server(app, "import")(import_file)


async def import_file(
    connection: Connection,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="JSON Lines or LoCoMo JSON; - is standard input.")
    ],
    mind: MindOption,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Return before memory has indexed what was imported.")
    ] = False,
    facts: Annotated[
        bool,
        typer.Option(
            "--facts",
            help="Draw facts from what is imported from now on, as from what people say (policy imports.facts).",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Take a transcript into a mind, which is made if it is not there. Twice is the same as once.

    Example: pmm mind import transcript.jsonl --mind ada --facts

    A line is {"speaker": "Ana", "text": "…", "occurred_at": "2026-05-03T10:00:00Z", "session": "1"};
    only text must be there. After Ctrl-C or an error the same command goes on where it stopped.
    """
    content = _read(file)
    if begins_archive(content):
        raise CliError(
            f"{file} is an export of a mind, and no transcript: pmm mind restore {file}", exits.USAGE
        )
    transcript = parse(content)
    _refuse_problems(transcript, file)
    async with connection.open("memory") as client:
        await client.mind(mind).create(settings=MindSettings(time_zone=time_zone()), exist_ok=True)
        if facts:
            await _ask_for_facts(client.mind(mind))
        with output.progress(quiet=as_json) as bar:
            done = await _import(client.mind(mind), transcript, bar)
            if not no_wait and done.head_seq:
                await _wait_for_index(client, client.mind(mind), done.head_seq, bar)
    if as_json:
        output.json_line({"mind_id": mind, **_counts(done), "indexed": not no_wait})
    else:
        output.line(
            f"{output.counted(done.appended, 'message')} imported, {done.existed:,} were there already; "
            f"{mind} is at event #{done.head_seq:,}."
        )


def _counts(done: Imported) -> dict[str, int]:
    return {"appended": done.appended, "existed": done.existed, "head_seq": done.head_seq}


def _refuse_problems(transcript: Transcript, file: str) -> None:
    if transcript.problems:
        shown = [f"  {problem}" for problem in transcript.problems[:SHOWN_PROBLEMS]]
        more = len(transcript.problems) - len(shown)
        rest = [f"  … and {more:,} more"] if more else []
        raise CliError("\n".join([f"{file}: nothing was imported:", *shown, *rest]))
    if not transcript.messages:
        raise CliError(f"{file} holds no messages")
    if transcript.unknown_fields:
        complain(f"{file}: left out what no message has: {', '.join(sorted(transcript.unknown_fields))}")


async def _ask_for_facts(mind: Mind) -> None:
    if not any(one.key == FACTS and one.value.bool_value for one in await mind.policies()):
        await mind.set_policy(FACTS, True, why="pmm mind import --facts")


async def _import(mind: Mind, transcript: Transcript, bar: Progress) -> Imported:
    task = bar.add_task("importing", total=len(transcript.messages))
    try:
        return await mind.import_messages(
            transcript.messages, on_progress=lambda done: bar.update(task, completed=done.total)
        )
    except PersonalDataRefused as error:
        # The server counts from the first message of the request, and a file may take several.
        place = re.search(r"\[(\d+)\]", error.metadata.get("field", ""))
        number = int(bar.tasks[task].completed) + int(place[1] if place else 0)
        refused = output.shortened(transcript.messages[number].text)
        complain(f"message {number + 1:,} is refused, and with it those that were sent with it: {refused!r}")
        raise


async def _wait_for_index(client: Client, mind: Mind, head_seq: int, bar: Progress) -> None:
    """Wait for as long as memory gets on."""
    task = bar.add_task("remembering", total=head_seq)
    reached = -1
    while True:
        waiting = asyncio.ensure_future(mind.wait_for_index(head_seq, timeout=INDEX_PATIENCE_S))
        try:
            while not (await asyncio.wait({waiting}, timeout=INDEX_POLL_S))[0]:
                stats = await client.memory.stats(StatsRequest(mind_id=mind.mind_id))
                bar.update(task, completed=stats.index_seq)
            return await waiting
        except DeadlineExceeded:
            before, reached = reached, int(bar.tasks[task].completed)
            if reached <= before:
                raise
        finally:
            waiting.cancel()


def _read(file: str) -> bytes:
    if file == "-":
        return read_all()
    try:
        return Path(file).expanduser().read_bytes()
    except OSError as error:
        raise CliError(f"{file}: {error.strerror}", exits.USAGE) from None
