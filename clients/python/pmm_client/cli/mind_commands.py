"""``pmm mind``: make, list and show minds; take history in; export and restore."""

from __future__ import annotations

import json
import os
from typing import Annotated

import typer
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Value

from pmm.mind.v1.events_pb2 import MindSettings, Stage
from pmm.orchestrator.v1.orchestrator_pb2 import Mind, Policy
from pmm_client.cli import completion, exits, output, statistics
from pmm_client.cli.changes import Change
from pmm_client.cli.completion import DEFAULT_MIND
from pmm_client.cli.connection import CliError, Connection
from pmm_client.cli.options import (
    AsOf,
    Json,
    MindOrMine,
    Why,
    calls_server,
    read_seq,
    read_seq_or_0,
    time_zone,
)
from pmm_client.cli.reading import while_read
from pmm_client.client import Client
from pmm_client.errors import UnknownMind
from pmm_client.jsonable import to_json
from pmm_client.mind import Mind as Watched
from pmm_client.names import short_name

Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help="The mind's id: A-Z a-z 0-9 . _ -",
        show_default=False,
        autocompletion=completion.minds,
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    calls_server(app, "create", instead="a name for people to read goes with --title {words}")(create)
    calls_server(app, "list")(list_minds)
    calls_server(app, "default")(default)
    calls_server(app, "show", may_be_named=True)(show)
    calls_server(app, "at")(at)
    calls_server(app, "diff")(diff)
    calls_server(app, "watch", may_be_named=True)(watch)
    calls_server(app, "policy", may_be_named=True)(policy)


async def create(
    connection: Connection,
    name: Name,
    title: Annotated[str, typer.Option(help="A name for people to read.")] = "",
    description: Annotated[str, typer.Option(help="What it is for.")] = "",
    persona: Annotated[str, typer.Option(help="Instructions that stand first in every prompt.")] = "",
    zone: Annotated[
        str, typer.Option("--time-zone", help='In which words like "Friday" are read; this machine\'s.')
    ] = "",
    language: Annotated[str, typer.Option(help="BCP 47 tag of the language that it speaks; en.")] = "",
    exist_ok: Annotated[bool, typer.Option("--exist-ok", help="Do not mind if it is there.")] = False,
    as_json: Json = False,
) -> None:
    """Make a mind.

    Example: pmm mind create ada --time-zone Europe/Lisbon
    """
    settings = MindSettings(
        description=description, persona_prompt=persona, time_zone=zone or time_zone(), language=language
    )
    async with connection.open() as client:
        mind = await client.mind(name).create(name=title, settings=settings, exist_ok=exist_ok)
    if as_json:
        output.json_line(mind)
    else:
        output.line(f"{mind.mind_id} is there. Talk to it with: pmm chat --mind {mind.mind_id}")


async def list_minds(
    connection: Connection,
    prefix: Annotated[
        str, typer.Option(help="Only names that begin so.", autocompletion=completion.minds)
    ] = "",
    owner: Annotated[str, typer.Option(help="Only those of this owner.")] = "",
    as_json: Json = False,
) -> None:
    """List the minds that you may see.

    Example: pmm mind list --json
    """
    async with connection.open() as client:
        minds = [mind async for mind in client.minds(prefix, owner=owner)]
    if as_json:
        output.json_line([to_json(mind) for mind in minds])
        return
    if not minds:
        output.line("There are no minds yet. `pmm chat --mind NAME` makes one.")
        return
    made = output.table("mind", "events", "began", "last event", "owner", "")
    for mind in minds:
        began, last = output.date(mind.created_at), output.date(mind.last_event_at)
        is_default = "your default" if mind.is_default else ""
        output.row(made, mind.mind_id, f"{mind.head_seq:,}", began, last, mind.owner, is_default)
    output.console().print(made)


async def default(
    connection: Connection,
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="Make this one the default; else say which it is.",
            autocompletion=completion.minds,
        ),
    ] = "",
    as_json: Json = False,
) -> None:
    """Say which mind is meant where you name none, or choose another one.

    Without a choice it is the first that was made for you. PMM_MIND and --mind go before it.

    Example: pmm mind default ada
    """
    async with connection.open() as client:
        if name:
            await client.mind(name).make_default()
        meant = (await client.default_mind()).mind_id
    if as_json:
        output.json_line({"mind_id": meant})
    else:
        output.line(f"{meant} is your default mind: what names no mind means it.")


async def show(
    connection: Connection,
    mind: MindOrMine = DEFAULT_MIND,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Show who a mind is and what it has promised, now or as it was.

    Example: pmm mind show --mind ada --as-of 120
    """
    await _show(connection, mind, as_of, as_json)


async def at(
    connection: Connection,
    seq: Annotated[
        int, typer.Argument(parser=read_seq, metavar="SEQ", help="The event.", show_default=False)
    ],
    mind: MindOrMine = DEFAULT_MIND,
    as_json: Json = False,
) -> None:
    """Show a mind as it was at an event.

    Example: pmm mind at 120 --mind ada
    """
    await _show(connection, mind, seq, as_json)


async def diff(
    connection: Connection,
    from_seq: Annotated[
        int, typer.Argument(parser=read_seq_or_0, metavar="A", help="The earlier event.", show_default=False)
    ],
    to_seq: Annotated[
        int, typer.Argument(parser=read_seq_or_0, metavar="B", help="The later one; the last.")
    ] = 0,
    mind: MindOrMine = DEFAULT_MIND,
    as_json: Json = False,
) -> None:
    """Say what changed in a mind between two events, and by which.

    Example: pmm mind diff 100 120 --mind ada
    """
    if 0 < to_seq < from_seq:
        raise CliError(f"name the earlier event first: pmm mind diff {to_seq} {from_seq}", exits.USAGE)
    async with connection.open() as client:
        answer = await client.mind(mind).diff(from_seq, to_seq)
    changes = [Change(change) for change in answer.changes]
    if as_json:
        output.json_line({"changes": [change.to_json() for change in changes], "to_seq": answer.to_seq})
        return
    if not changes:
        output.line(f"Nothing changed between #{from_seq} and #{answer.to_seq}.")
        return
    made = output.table("what", "before", "after", "by")
    # A new seq beside a new name says nothing more.
    telling = [change for change in changes if not change.is_told_by_its_events]
    for change in telling or changes:
        output.row(made, *change.cells())
    output.console().print(made)


async def watch(connection: Connection, mind: MindOrMine = DEFAULT_MIND, as_json: Json = False) -> None:
    """Follow a mind: one line for each change, until Ctrl-C.

    Example: pmm mind watch --mind ada --json
    """
    async with connection.open() as client:
        await while_read(_watch(client.mind(mind), as_json))


async def _watch(mind: Watched, as_json: bool) -> None:
    async for state in mind.watch():
        if as_json:
            output.json_line(state)
            continue
        seen = state.mind
        scores = f"IAS {seen.metrics.ias:.2f} GAS {seen.metrics.gas:.2f}"
        output.line(
            f"#{seen.seq}  {short_name(Stage, seen.stage)} {scores}  {len(seen.open_commitments)} open  "
            f"{', '.join(state.kinds)}"
        )


async def policy(
    connection: Connection,
    key: Annotated[
        str,
        typer.Argument(metavar="KEY", help="One of them; all of them.", autocompletion=completion.policies),
    ] = "",
    value: Annotated[
        str,
        typer.Argument(metavar="VALUE", help="What is to hold from the next turn on.", show_default=False),
    ] = "",
    reset: Annotated[
        bool, typer.Option("--reset", help="Set it to what holds where nothing is set.")
    ] = False,
    mind: MindOrMine = DEFAULT_MIND,
    why: Why = "",
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """List the policies of a mind with what they mean, or set one.

    Example: pmm mind policy personal_data.email mask --mind ada
    """
    async with connection.open() as client:
        try:
            known = await _policies(client, mind, as_of)
        except UnknownMind:
            # Without a name it is the key that stands first.
            mine = os.environ.get("PMM_MIND") or await connection.default_mind()
            if value or mind == mine or mind not in (known := await _policies(client, mine, as_of)):
                raise
            mind, key, value = mine, mind, key
        if key and key not in known:
            raise CliError(f"there is no policy {key!r}; there are {', '.join(known)}", exits.USAGE)
        if value or reset:
            if not key or (value and reset):
                raise CliError("name one policy, and its value or --reset", exits.USAGE)
            wanted = _plain(known[key].default_value) if reset else _read(value)
            seq = await client.mind(mind).set_policy(key, wanted, why=why)
            if as_json:
                output.json_line({"seq": seq, "key": key, "value": wanted})
            else:
                output.line(
                    f"{key} is {json.dumps(wanted, ensure_ascii=False)} from the next turn on (#{seq})"
                )
            return
    shown = [known[key]] if key else list(known.values())
    if as_json:
        output.json_line([to_json(one) for one in shown])
        return
    made = output.table("policy", "value", "", "meaning")
    for one in shown:
        mark = "set" if one.is_set else "default"
        meaning = f"{one.meaning} One of {', '.join(one.allowed)}." if one.allowed else one.meaning
        output.row(made, one.key, _told(one.value) or "–", mark, meaning)
    output.console().print(made)


async def _policies(client: Client, mind: str, as_of: int | None) -> dict[str, Policy]:
    return {one.key: one for one in await client.mind(mind).policies(as_of_seq=as_of)}


def _plain(value: Value) -> str | float | bool:
    """A text, a number, or true or false."""
    kind = value.WhichOneof("kind")
    return getattr(value, kind) if kind else ""


def _read(value: str) -> str | float | bool:
    """True, false and numbers as such, and whatever else as text."""
    try:
        read: object = json.loads(value)
    except ValueError:
        return value
    return read if isinstance(read, bool | int | float) else value


def _told(value: Value) -> str:
    """A JSON value in few words."""
    told: object = MessageToDict(value)
    if isinstance(told, float):
        return f"{told:g}" if told.is_integer() else f"{told:.3f}"
    if value.HasField("struct_value") and "text" in value.struct_value:
        told = value.struct_value["text"]
    return output.shortened(told if isinstance(told, str) else json.dumps(told, ensure_ascii=False))


async def _show(connection: Connection, name: str, as_of: int | None, as_json: bool) -> None:
    async with connection.open() as client:
        mind = await client.mind(name).show(as_of_seq=as_of)
        found = await client.mind(name).analytics(as_of_seq=as_of)
    if as_json:
        output.json_line(to_json(mind) | {"analytics": to_json(found)})
        return
    output.facts([*_facts(mind), *statistics.of_mind(found)])
    for wrong in mind.violated_invariants:
        where = f" (events {', '.join(f'#{seq}' for seq in wrong.seqs)})" if wrong.seqs else ""
        output.line(f"  wrong: {wrong.code}: {wrong.message}{where}  #{wrong.seq}")
    for directive in mind.directives:
        output.line(f"  from now on: {directive.text}  #{directive.adopted_seq}")
    for commitment in mind.open_commitments:
        due = f" (due {output.date(commitment.due_at)})" if commitment.HasField("due_at") else ""
        output.line(f"  [ ] {commitment.text}{due}  #{commitment.opened_seq}")


def _stage(mind: Mind) -> str:
    return f"{short_name(Stage, mind.stage)}, IAS {mind.metrics.ias:.2f}, GAS {mind.metrics.gas:.2f}"


def _facts(mind: Mind) -> list[tuple[str, str]]:
    counts, identity = mind.counts, mind.identity
    return [
        ("mind", mind.mind_id + (f" ({mind.name})" if mind.name not in ("", mind.mind_id) else "")),
        ("as of event", f"#{mind.seq:,}  {mind.hash.hex()[:16]}…"),
        ("owner", mind.owner),
        ("about", mind.settings.description),
        ("time zone", mind.settings.time_zone or "UTC"),
        ("began", output.date(mind.created_at)),
        ("last event", output.date(mind.last_event_at)),
        ("goes by", f"{identity.name} (#{identity.adopted_seq})" if identity.name else ""),
        ("knows you as", f"{identity.user_name} (#{identity.user_seq})" if identity.user_name else ""),
        ("stage", _stage(mind)),
        ("sessions", f"{counts.sessions:,}"),
        ("messages", f"{counts.user_messages:,} said to it, {counts.assistant_messages:,} answered"),
        ("imported", output.counted(counts.imported_messages, "message") if counts.imported_messages else ""),
        ("commitments", f"{len(mind.open_commitments)} open, {counts.closed_commitments:,} closed"),
    ]
