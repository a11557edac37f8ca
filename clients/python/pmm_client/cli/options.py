"""What every command that calls a server has in common: its connection options, and how it ends."""

from __future__ import annotations

import asyncio
import functools
import inspect
import os
import sys
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Annotated, Any, overload
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from pmm_client.cli import completion, exits, failures
from pmm_client.cli.completion import DEFAULT_MIND
from pmm_client.cli.connection import CliError, Connection, connection_from
from pmm_client.cli.guessing import guided
from pmm_client.cli.wording import Typed, complain, fail, typed
from pmm_client.client import DEFAULT_TARGET
from pmm_client.errors import PmmError

_PANEL = "Connection"


def mind_option(text: str) -> Any:
    """An option that names a mind."""
    return typer.Option(
        "--mind",
        envvar="PMM_MIND",
        metavar="NAME",
        help=text,
        show_default="your default mind",
        autocompletion=completion.minds,
    )


MAX_SEQ = 2**63 - 1


def read_seq(text: str | int, low: int = 1) -> int:
    """The number of an event as it is typed. Raises BadParameter."""
    try:
        seq = int(text)
    except ValueError:
        seq = -1
    if not low <= seq <= MAX_SEQ:
        raise typer.BadParameter(f"{text!r} is no number of an event: say one from {low} to {MAX_SEQ}")
    return seq


def read_seq_or_0(text: str | int) -> int:
    """The same, where 0 is none."""
    return read_seq(text, 0)


AsOf = Annotated[int | None, typer.Option(parser=read_seq, metavar="SEQ", help="As it was at this event.")]
MindOption = Annotated[
    str,
    typer.Option(
        "--mind", metavar="NAME", help="The mind.", show_default=False, autocompletion=completion.minds
    ),
]
MindOrMine = Annotated[str, mind_option("The mind.")]
"""For commands that read or that a person can take back: without it, the mind that ``pmm chat`` talks to."""
Why = Annotated[str, typer.Option(help="Why, for the record.")]
Once = Annotated[
    str, typer.Option("--idempotency-key", metavar="KEY", help="Do it once, however often this is run.")
]
LOCAL = "this machine's time, or with an offset: 2026-12-24T18:00Z"
"""How a time is written; for help texts."""


def _where(name: str) -> Any:
    return typer.Option(
        f"--{name}-target",
        envvar=f"PMM_{name.upper()}_TARGET",
        metavar="HOST:PORT",
        rich_help_panel=_PANEL,
        help=f"Where the {name} service is, if not at the target; found by itself under `pmm up --split`.",
    )


Target = Annotated[
    str,
    typer.Option(envvar="PMM_TARGET", metavar="HOST:PORT", rich_help_panel=_PANEL, help="Where PMM is."),
]
TokenFile = Annotated[
    Path | None,
    typer.Option(
        envvar="PMM_TOKEN_FILE",
        metavar="FILE",
        rich_help_panel=_PANEL,
        help="File that holds the bearer token.",
    ),
]
TlsCa = Annotated[
    Path | None,
    typer.Option(
        envvar="PMM_TLS_CA",
        metavar="FILE",
        rich_help_panel=_PANEL,
        help="PEM file of the CA that signed the server's certificate; turns TLS on.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="JSON for scripts instead of text for people.")]

_OPTIONS: dict[str, tuple[Any, Any]] = {
    "target": (Target, DEFAULT_TARGET),
    "token_file": (TokenFile, None),
    "tls_ca": (TlsCa, None),
    "ledger_target": (Annotated[str | None, _where("ledger")], None),
    "memory_target": (Annotated[str | None, _where("memory")], None),
    "inference_target": (Annotated[str | None, _where("inference")], None),
}

Command = Callable[..., Coroutine[Any, Any, None]]


def is_typed(ctx: typer.Context, parameter: str) -> bool:
    """Whether it stands on the command line, and does not come from the environment or a default."""
    source = ctx.get_parameter_source(parameter)
    return source is not None and source.name == "COMMANDLINE"


_NAMED = inspect.Parameter(
    "named",
    inspect.Parameter.KEYWORD_ONLY,
    default="",
    annotation=Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="The mind, in the place of --mind.",
            show_default=False,
            autocompletion=completion.first_words,
        ),
    ],
)


def _take_name(ctx: typer.Context, arguments: dict[str, Any], known: dict[str, str]) -> None:
    """The first argument is the mind; where --mind is typed, it is the next one that the command has."""
    over = arguments.pop("named")
    if not is_typed(ctx, "mind"):
        if over:
            arguments["mind"], known["mind"] = over, known["named"]
        return
    for one in ctx.command.params:
        if one.param_type_name == "argument" and one.name in arguments:
            over, arguments[one.name] = arguments[one.name], over
    if over and over != arguments["mind"]:
        raise typer.BadParameter(
            f"beside --mind {arguments['mind']} {over!r} is one argument too many", ctx=ctx
        )


def calls_server(
    app: typer.Typer, name: str, *, may_be_named: bool = False, instead: str = ""
) -> Callable[[Command], Command]:
    """Register ``async def command(connection, …)``, with connection options and words for errors.

    ``may_be_named``: its ``mind`` may also be the first argument. ``instead``: what to type where it is given arguments
    that it does not take, with ``{words}`` for them; empty: what its example shows.
    """

    def register(function: Command) -> Command:
        parameters = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
        context = inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
        named = [_NAMED] if may_be_named else []
        connecting = [
            inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
            for key, (kind, default) in _OPTIONS.items()
        ]

        @functools.wraps(function)
        def run(ctx: typer.Context, **arguments: Any) -> None:
            options = {key: arguments.pop(key) for key in _OPTIONS}
            known = typed(ctx)
            if named:
                _take_name(ctx, arguments, known)
            raise typer.Exit(_run(function, options, arguments, known))

        own = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in parameters]
        run.__signature__ = inspect.Signature([context, *named, *own, *connecting])  # type: ignore[attr-defined]
        run.__annotations__ = {}
        app.command(name, cls=guided(instead))(run)
        return function

    return register


def time_zone() -> str:
    """The time zone of this machine by its IANA name, for a mind that is made here; empty where it has none."""
    name = os.environ.get("TZ", "").removeprefix(":") or os.path.realpath("/etc/localtime")
    name = name.partition("zoneinfo/")[2] or name
    try:
        return ZoneInfo(name).key
    # What TZ says may be a rule instead of a name, or a file.
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ""


def read_time(text: str) -> datetime:
    """A time as it is typed; a day alone is its beginning. Raises BadParameter with what would do."""
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is no time: say 2026-12-24, 2026-12-24T18:00 or 2026-12-24T18:00Z"
        ) from None


def read_due(text: str) -> datetime:
    """The same of a day by which something is due: it ends at 23:59, as in what a mind is told."""
    typed = read_time(text)
    is_day = ":" not in text and typed.time() == time.min
    return datetime.combine(typed, time(23, 59, 59)) if is_day else typed


def time_option(*names: str, help: str, read: Callable[[str], datetime] = read_time, **more: Any) -> Any:
    """An option that is a time."""
    return typer.Option(*names, parser=read, metavar="TIME", help=help, **more)


@overload
def moment(typed: datetime) -> datetime: ...
@overload
def moment(typed: None) -> None: ...
def moment(typed: datetime | None) -> datetime | None:
    """A time of the command line: in the time zone of this machine, as times are shown, unless it has an offset.

    Raises CliError where it lies before or after all that can be counted.
    """
    try:
        return typed.astimezone(UTC) if typed else None
    except (OverflowError, ValueError):
        raise CliError(f"{typed} is no time that can be counted", exits.USAGE) from None


def output_ended(error: OSError) -> int:
    """The exit code where standard output takes no more, which is told unless its reader has seen enough.

    What commands do with files they explain themselves.
    """
    # Python would complain once more at exit.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if isinstance(error, BrokenPipeError):
        return exits.OK
    complain(f"{error.filename or 'standard output'}: {error.strerror}")
    return exits.FAILED


async def _call(function: Command, connection: Connection, arguments: dict[str, Any]) -> None:
    if arguments.get("mind") == DEFAULT_MIND:
        arguments["mind"] = await connection.default_mind()
    await function(connection, **arguments)


def _run(function: Command, options: dict[str, Any], arguments: dict[str, Any], known: Typed) -> int:
    as_json = bool(arguments.get("as_json"))
    try:
        connection = connection_from(options)
    except CliError as error:
        return fail(str(error), error.code, as_json=as_json)
    try:
        asyncio.run(_call(function, connection, arguments))
        sys.stdout.flush()
    except CliError as error:
        return fail(str(error), error.code, as_json=as_json)
    except PmmError as error:
        told = failures.explain(error, connection, arguments, known)
        return fail(told, failures.exit_code(error), as_json=as_json, **failures.details(error))
    except KeyboardInterrupt:
        return exits.INTERRUPTED
    except OSError as error:
        return output_ended(error)
    return exits.OK
