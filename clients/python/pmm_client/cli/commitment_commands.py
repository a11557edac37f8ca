"""``pmm commitments``: what a mind has promised."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from pmm.mind.v1.events_pb2 import PRIORITY_HIGH, PRIORITY_LOW, PRIORITY_NORMAL, CommitmentOutcome, Priority
from pmm.orchestrator.v1.orchestrator_pb2 import Commitment, CommitmentStatus
from pmm_client.cli import completion, exits, output
from pmm_client.cli.completion import DEFAULT_MIND
from pmm_client.cli.connection import CliError, Connection
from pmm_client.cli.listing import Limit, first, say_more
from pmm_client.cli.options import (
    LOCAL,
    AsOf,
    Json,
    MindOrMine,
    Why,
    calls_server,
    moment,
    read_due,
    read_seq,
    time_option,
)
from pmm_client.errors import FailedPrecondition
from pmm_client.jsonable import to_json
from pmm_client.names import short_name

Id = Annotated[
    str,
    typer.Argument(
        metavar="ID",
        help="As `pmm commitments` shows it.",
        show_default=False,
        autocompletion=completion.commitments,
    ),
]
Due = Annotated[
    datetime | None,
    time_option("--due", read=read_due, help=f"When it is due; {LOCAL}. A day alone: its end."),
]
PRIORITIES = completion.words("low", "normal", "high")
Urgency = Annotated[str, typer.Option("--priority", help="low, normal or high.", autocompletion=PRIORITIES)]
_ENDED = (CommitmentStatus.COMMITMENT_STATUS_CLOSED, CommitmentStatus.COMMITMENT_STATUS_EXPIRED)
_STYLES: dict[str | int, str] = {
    "overdue": "bold red",
    "snoozed": "dim",
    "done": "green",
    "expired": "yellow",
    "dropped": "dim",
    PRIORITY_HIGH: "bold",
    PRIORITY_LOW: "dim",
}
_NOTHING_OPEN = (
    "Nothing is open. `pmm commitments open` promises something; --status closed shows what was done."
)
_SHOW_IT = (
    "it is done only with an event that shows it and came after the promise: name it with --evidence SEQ "
    "(`pmm ledger read` shows them), or give the promise up with --dropped"
)
Project = Annotated[
    str | None, typer.Option(help="The project that it belongs to.", autocompletion=completion.projects)
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    calls_server(app, "list")(list_commitments)
    calls_server(app, "open")(open_commitment)
    calls_server(app, "close")(close)
    calls_server(app, "snooze")(snooze)
    calls_server(app, "revise")(revise)
    calls_server(app, "thread")(thread)


async def list_commitments(
    connection: Connection,
    mind: MindOrMine = DEFAULT_MIND,
    status: Annotated[
        str,
        typer.Option(
            help="Only these: open, snoozed, overdue; or closed, expired, the latest end first.",
            autocompletion=completion.words("open", "snoozed", "overdue", "closed", "expired"),
        ),
    ] = "",
    project: Annotated[
        str, typer.Option(help="Only of this project.", autocompletion=completion.projects)
    ] = "",
    limit: Limit = 100,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """List what a mind has promised and not yet done, the most urgent first; or what it has done.

    Example: pmm commitments list --mind ada --status closed
    """
    wanted = _enum(CommitmentStatus, "COMMITMENT_STATUS", status) if status else 0
    async with connection.open() as client:
        listed = client.mind(mind).commitments(status=wanted, project=project, as_of_seq=as_of)  # type: ignore[arg-type]
        found, has_more = await first(limit, listed)
    if as_json:
        output.json_line([to_json(one) for one in found])
    elif not found:
        of = f" of the project {project!r}" if project else ""
        output.line(f"Nothing{of} is {status or 'open'}." if status or of else _NOTHING_OPEN)
    else:
        output.console().print(_table(found))
        say_more(has_more)


def _table(found: list[Commitment]) -> Table:
    has_ended = found[0].status in _ENDED
    noted = [
        *(["priority"] if any(one.priority != PRIORITY_NORMAL for one in found) else []),
        *(["project"] if any(one.project for one in found) else []),
    ]
    # In a narrow terminal the words need the room: what is noted stands below them.
    is_narrow = output.console().width < output.WIDE
    optional, gap = [", ".join(noted)] if noted and not is_narrow else [], "\n" if is_narrow else " "
    made = output.table("id", "status", "ended" if has_ended else "due", "", *optional, "what")
    for one in found:
        is_put_off = one.status == CommitmentStatus.COMMITMENT_STATUS_SNOOZED
        when = one.closed_at if has_ended else one.snoozed_until if is_put_off else one.due_at
        status = _outcome(one) if has_ended else short_name(CommitmentStatus, one.status).lower()
        output.row(
            made,
            one.commitment_id,
            Text(status, style=_STYLES.get(status, "")),
            Text(f"until{gap}{output.date(when)}" if is_put_off else output.date(when)),
            output.away(when),
            *([_notes(one)] if optional else []),
            _words(one, with_notes=is_narrow),
        )
    return made


def _words(one: Commitment, *, with_notes: bool) -> Text:
    words = Text(output.one_line(one.text) or "(erased)")
    notes = _notes(one)
    return Text.assemble(words, "\n(", notes, ")") if with_notes and notes else words


def _notes(one: Commitment) -> Text:
    """Its priority where that is not the normal one, and its project."""
    noted = Text()
    if one.priority != PRIORITY_NORMAL:
        noted.append(short_name(Priority, one.priority).lower(), style=_STYLES.get(one.priority, ""))
    project = output.one_line(one.project)
    return noted.append(f", {project}" if noted and project else project)


def _outcome(one: Commitment) -> str:
    if one.status == CommitmentStatus.COMMITMENT_STATUS_EXPIRED:
        return "expired"
    return short_name(CommitmentOutcome, one.outcome).lower()


async def open_commitment(
    connection: Connection,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What is promised.", show_default=False)],
    mind: MindOrMine = DEFAULT_MIND,
    due: Due = None,
    priority: Urgency = "normal",
    project: Project = None,
    as_json: Json = False,
) -> None:
    """Promise something by hand. The same words while they are open are the open commitment.

    Example: pmm commitments open "call Ana" --mind ada --due 2026-12-24T18:00
    """
    urgency = _enum(Priority, "PRIORITY", priority)
    async with connection.open() as client:
        made = await client.mind(mind).open_commitment(
            text,
            due=moment(due),
            priority=urgency,  # type: ignore[arg-type]
            project=project or "",
        )
    _show(made, as_json, "is open")


async def close(
    connection: Connection,
    commitment_id: Id,
    mind: MindOrMine = DEFAULT_MIND,
    evidence: Annotated[
        list[int] | None,
        typer.Option(
            "--evidence", parser=read_seq, metavar="SEQ", help="An event that shows it; may be repeated."
        ),
    ] = None,
    dropped: Annotated[bool, typer.Option("--dropped", help="It was given up, not done.")] = False,
    why: Why = "",
    as_json: Json = False,
) -> None:
    """Close a commitment: as done, with the events that show it, or as dropped.

    Example: pmm commitments close c-0a1b2c3d4e5f --mind ada --evidence 42
    """
    async with connection.open() as client:
        try:
            made = await client.mind(mind).close_commitment(
                commitment_id, dropped=dropped, evidence_seqs=evidence or [], why=why
            )
        except FailedPrecondition as error:
            if error.reason != "EVIDENCE_MISSING":
                raise
            raise CliError(_SHOW_IT) from None
    _show(made, as_json, "was dropped" if dropped else "is done")


async def snooze(
    connection: Connection,
    commitment_id: Id,
    until: Annotated[datetime, time_option("--until", help=f"Until when; {LOCAL}.", show_default=False)],
    mind: MindOrMine = DEFAULT_MIND,
    as_json: Json = False,
) -> None:
    """Put a commitment off.

    Example: pmm commitments snooze c-0a1b2c3d4e5f --mind ada --until 2026-12-27
    """
    async with connection.open() as client:
        made = await client.mind(mind).snooze_commitment(commitment_id, moment(until))
    _show(made, as_json, f"is put off until {output.date(made.snoozed_until)}")


async def revise(
    connection: Connection,
    commitment_id: Id,
    mind: MindOrMine = DEFAULT_MIND,
    text: Annotated[str, typer.Option(help="The new words.")] = "",
    due: Due = None,
    priority: Annotated[str, typer.Option(help="low, normal or high.", autocompletion=PRIORITIES)] = "",
    project: Project = None,
    as_json: Json = False,
) -> None:
    """Change a commitment's words, due time, priority or project.

    Example: pmm commitments revise c-0a1b2c3d4e5f --mind ada --priority high
    """
    if not (text or due or priority or project is not None):
        raise CliError("say what to change: --text, --due, --priority or --project", exits.USAGE)
    urgency = _enum(Priority, "PRIORITY", priority) if priority else 0
    async with connection.open() as client:
        made = await client.mind(mind).revise_commitment(
            commitment_id,
            text=text,
            due=moment(due),
            priority=urgency,  # type: ignore[arg-type]
            project=project,
        )
    _show(made, as_json, "is changed")


async def thread(
    connection: Connection,
    commitment_id: Id,
    mind: MindOrMine = DEFAULT_MIND,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Tell the story of a commitment: the promise, the evidence, the end, and the messages behind them.

    Example: pmm commitments thread c-0a1b2c3d4e5f --mind ada
    """
    async with connection.open() as client:
        events = await client.mind(mind).commitment_thread(commitment_id, as_of_seq=as_of)
    if as_json:
        output.json_line([to_json(event) for event in events])
        return
    made = output.table("seq", "when", "what", "by", "text")
    for event in events:
        text = output.event_text(event, leave_out=["commitment_id"])
        output.row(made, str(event.seq), output.event_date(event), event.kind, event.actor, text)
    output.console().print(made)


def _show(commitment: Commitment, as_json: bool, what: str) -> None:
    if as_json:
        output.json_line(commitment)
    else:
        output.line(f"{commitment.commitment_id} {what}: {commitment.text}")


def _enum(enum: type[Priority] | type[CommitmentStatus], prefix: str, name: str) -> int:
    try:
        return enum.Value(f"{prefix}_{name.upper()}")  # type: ignore[arg-type]
    except ValueError:
        known = [key.removeprefix(f"{prefix}_").lower() for key, value in enum.items() if value]
        option = prefix.rpartition("_")[2].lower()
        raise CliError(f"--{option} {name!r} is none of {', '.join(known)}", exits.USAGE) from None
