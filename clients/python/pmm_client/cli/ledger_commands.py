"""``pmm ledger``: the events themselves."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Sequence
from typing import Annotated, Any

import typer
from google.protobuf import json_format

from pmm.ledger.v1.ledger_pb2 import NewEvent
from pmm.mind.v1.events_pb2 import Body, Event
from pmm_client.cli import completion, exits, output
from pmm_client.cli.completion import DEFAULT_MIND
from pmm_client.cli.connection import CliError, Connection
from pmm_client.cli.listing import Limit
from pmm_client.cli.options import Json, MindOption, MindOrMine, calls_server, complain, read_seq_or_0
from pmm_client.cli.reading import while_read
from pmm_client.cli.standard_input import read_all
from pmm_client.errors import BrokenChain
from pmm_client.jsonable import to_json

Kinds = Annotated[
    list[str] | None,
    typer.Option(
        "--kind",
        help="Only this kind of event; may be repeated. custom.* is any.",
        autocompletion=completion.words(*Body.DESCRIPTOR.fields_by_name),
    ),
]


def register(app: typer.Typer) -> None:
    """Add ``read``, ``tail``, ``verify`` and ``append``."""
    calls_server(app, "read")(read)
    calls_server(app, "tail")(tail)
    calls_server(app, "verify")(verify)
    calls_server(app, "append")(append)


async def read(
    connection: Connection,
    mind: MindOrMine = DEFAULT_MIND,
    from_seq: Annotated[
        int, typer.Option("--from", parser=read_seq_or_0, metavar="SEQ", help="The first event.")
    ] = 0,
    to_seq: Annotated[
        int, typer.Option("--to", parser=read_seq_or_0, metavar="SEQ", help="The last event, inclusive.")
    ] = 0,
    limit: Limit = 0,
    reverse: Annotated[bool, typer.Option("--reverse", help="From the last to the first.")] = False,
    kind: Kinds = None,
    session: Annotated[
        list[str] | None,
        typer.Option(help="Only this session; may be repeated.", autocompletion=completion.sessions),
    ] = None,
    as_json: Json = False,
) -> None:
    """Print the events of a mind; with --json one object a line.

    Example: pmm ledger read --mind ada --from 100 --kind user_message --json
    """
    async with connection.open("ledger") as client:
        events = client.mind(mind).events(
            from_seq=from_seq,
            to_seq=to_seq,
            limit=limit,
            reverse=reverse,
            kinds=kind or (),
            sessions=session or (),
        )
        if not await _print(events, as_json):
            head = (await client.mind(mind).head()).seq
            complain(f"no event of {mind!r} fits{_unknown(kind or ())}; its last one is #{head}")


async def tail(
    connection: Connection,
    mind: MindOrMine = DEFAULT_MIND,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many of the latest events.")] = 10,
    follow: Annotated[bool, typer.Option("--follow/--no-follow", "-f", help="Go on as events come.")] = True,
    kind: Kinds = None,
    as_json: Json = False,
) -> None:
    """Print the latest events of a mind, and then those to come until Ctrl-C.

    Example: pmm ledger tail --mind ada -n 20
    """
    async with connection.open("ledger") as client:
        found = client.mind(mind)
        head = (await found.head()).seq
        latest: list[Event] = []
        if lines:
            latest = [
                event
                async for event in found.events(from_seq=head, reverse=True, limit=lines, kinds=kind or ())
            ]
        for event in reversed(latest):
            _print_one(event, as_json)
        if follow:
            await while_read(_print(found.follow(after_seq=head, kinds=kind or ()), as_json))


async def _print(events: AsyncGenerator[Event], as_json: bool) -> int:
    """How many there were."""
    printed = 0
    async for event in events:
        _print_one(event, as_json)
        printed += 1
    return printed


def _unknown(kinds: Sequence[str]) -> str:
    """Which of them are none, as far as this version knows."""
    unknown = [kind for kind in kinds if kind not in Body.DESCRIPTOR.fields_by_name and "." not in kind]
    return f" (this version knows no kind {', '.join(unknown)})" if unknown else ""


def _print_one(event: Event, as_json: bool) -> None:
    if as_json:
        output.json_line(event)
    else:
        output.line(output.event_line(event))


async def verify(
    connection: Connection,
    mind: MindOrMine = DEFAULT_MIND,
    as_json: Json = False,
) -> None:
    """Re-read a mind from disk and check every hash; exits with 4 where one is wrong.

    Example: pmm ledger verify --mind ada
    """
    async with connection.open("ledger") as client:
        with output.progress(quiet=as_json) as bar:
            task = bar.add_task("verifying", total=None)
            try:
                head = await client.mind(mind).verify(
                    on_progress=lambda done, total: bar.update(task, completed=done, total=total)
                )
            except BrokenChain as broken:
                if as_json:
                    found = {"seq": broken.seq, "kind": broken.reason, "message": broken.message}
                    output.json_line({"mind_id": mind, "verified": False, "broken": found})
                raise
    if as_json:
        output.json_line({"mind_id": mind, "verified": True, **to_json(head)})
    else:
        erased = f", {head.redacted:,} of them erased" if head.redacted else ""
        output.line(f"{mind}: verified, {output.counted(head.seq, 'event')}{erased}; head {head.hash.hex()}")


async def append(
    connection: Connection,
    body: Annotated[
        str,
        typer.Argument(metavar="BODY", help='{"custom": {"name": …, "data": …}} or any kind; - reads lines.'),
    ],
    mind: MindOption,
    actor: Annotated[str, typer.Option(help="Who causes it.")] = "user",
    session: Annotated[
        str, typer.Option(help="The conversation that it belongs to.", autocompletion=completion.sessions)
    ] = "",
    expected_seq: Annotated[
        int | None,
        typer.Option(parser=read_seq_or_0, metavar="SEQ", help="Only if the head is exactly here."),
    ] = None,
    idempotency_key: Annotated[str, typer.Option(help="Append once, however often this is run.")] = "",
    as_json: Json = False,
) -> None:
    """Append events to a mind, all or none; a body is JSON with the name of its kind.

    Example: pmm ledger append --mind ada '{"custom": {"name": "mood"}}'
    """
    events = [NewEvent(session_id=session, actor=actor, body=each) for each in _bodies(body)]
    async with connection.open("ledger") as client:
        answer = await client.mind(mind).append(
            events, expected_seq=expected_seq, idempotency_key=idempotency_key
        )
    if as_json:
        output.json_line(answer)
        return
    for event in answer.events:
        output.line(f"#{event.seq}{'  (was there already)' if event.existed else ''}  {event.hash.hex()}")


def _bodies(given: str) -> list[Body]:
    if given != "-":
        return [_body(given, "this")]
    # Bytes: of a text, U+2028 would end a line too, which JSON may hold.
    lines = enumerate(read_all().splitlines(), 1)
    return [_body(line, f"line {number} of standard input") for number, line in lines if line.strip()]


def _body(text: str | bytes, which: str) -> Body:
    try:
        parsed: Any = json.loads(text)
        if not isinstance(parsed, dict):
            raise ValueError("it must be an object with the name of its kind")
        return json_format.ParseDict(parsed, Body())
    except (ValueError, json_format.ParseError) as error:
        raise CliError(f"{which} is no event body: {_first(str(error).splitlines())}", exits.USAGE) from None


def _first(lines: Sequence[str]) -> str:
    return lines[0] if lines else ""
