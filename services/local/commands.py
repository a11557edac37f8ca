"""The commands that this distribution adds to ``pmm``: ``up``, ``down`` and ``config``."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from services.runtime.exits import USAGE
from services.runtime.options import Config, Data

Assignments = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="SECTION.FIELD=VALUE", help="Any setting of `pmm config`; may be repeated."
    ),
]


def up(
    data: Data = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on. Default: 127.0.0.1.")] = None,
    port: Annotated[
        int | None, typer.Option(help="TCP port, the first of four with --split; 0 takes a free one.")
    ] = None,
    split: Annotated[
        bool, typer.Option("--split", help="Four processes on four ports, as in production.")
    ] = False,
    detach: Annotated[bool, typer.Option("--detach", help="Return once all services answer.")] = False,
    backend: Annotated[
        str | None, typer.Option(help="Inference backend: recall, openai, ollama or vllm.")
    ] = None,
    config: Config = None,
    assignments: Assignments = None,
) -> None:
    """Start the four services on this machine.

    Example: pmm up --data ./minds --port 50050 --detach
    """
    from services.local.up import Options, start

    flags = _flags(
        assignments, data={"dir": data}, server={"host": host, "port": port}, inference={"backend": backend}
    )
    raise typer.Exit(start(Options(flags, config, split, detach)))


def down(data: Data = None, config: Config = None) -> None:
    """Stop the services that run with a data folder.

    Example: pmm down --data ./minds
    """
    from services.local.up import data_folder, stop
    from services.runtime.settings import SettingsError

    try:
        folder = data_folder(_flags(None, data={"dir": data}), config)
    except SettingsError as error:
        raise _refusal(str(error)) from None
    raise typer.Exit(stop(folder))


def config(
    as_json: Annotated[bool, typer.Option("--json", help="A JSON list instead of text for people.")] = False,
    data: Data = None,
    config: Config = None,
    assignments: Assignments = None,
) -> None:
    """List every setting with its value, unit, default and where the value comes from.

    Example: PMM_SERVER__PORT=50060 pmm config --json
    """
    from services.local.listing import listing, printed
    from services.runtime.exits import StartupError
    from services.runtime.settings import SettingsError

    try:
        found = listing(_flags(assignments, as_json=as_json, data={"dir": data}), config)
    except (SettingsError, StartupError) as error:
        raise _refusal(str(error), as_json=as_json) from None
    if as_json:
        typer.echo(json.dumps([setting.to_json() for setting in found], ensure_ascii=False))
    else:
        typer.echo(printed(found))


def _flags(
    assignments: list[str] | None, *, as_json: bool = False, **sections: dict[str, Any]
) -> dict[str, dict[str, Any]]:
    from services.local.up import assemble
    from services.runtime.main import assignments as parse
    from services.runtime.main import merge
    from services.runtime.settings import SettingsError

    try:
        return merge(parse(assignments or []), assemble(**sections))
    except SettingsError as error:
        raise _refusal(str(error), as_json=as_json) from None


def _refusal(message: str, *, as_json: bool = False) -> typer.Exit:
    # Not above: the command line loads this module as its own.
    from pmm_client.cli.wording import fail

    return typer.Exit(fail(message, USAGE, as_json=as_json))
