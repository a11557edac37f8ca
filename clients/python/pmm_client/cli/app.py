"""All commands in one application. ``up``, ``down`` and ``config`` come with the server distribution."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Annotated, Any

import typer

from pmm_client.cli import (
    audit_commands,
    chat,
    commitment_commands,
    doctor,
    exits,
    files,
    graph_commands,
    ledger_commands,
    memory_commands,
    mind_commands,
    moving_commands,
    self_commands,
    session_commands,
    stats_commands,
    status,
    worker_commands,
)
from pmm_client.cli.bash_words import join_words
from pmm_client.cli.guessing import Commands, guided
from pmm_client.cli.options import complain, output_ended

LEDGER_COMMANDS = {
    "fsck": "Check a stopped ledger as a whole, and rescue what verifies.",
    "restore-backup": "Put a backup in the place of a stopped ledger.",
    "rotate-key": "Begin a new key for checkpoints.",
    "new-master-key": "Make a master key, under which the keys of all payloads are wrapped.",
}
"""What the server distribution adds to ``pmm ledger``, under the entry point group ``pmm.ledger_commands``."""

SERVER_COMMANDS = {
    "up": "Start the four services on this machine.",
    "down": "Stop the services that run with a data folder.",
    "config": "List every setting with its value, unit, default and where the value comes from.",
}
"""What the server distribution adds, under the entry point group ``pmm.commands``."""

app = typer.Typer(
    name="pmm",
    help="PMM, the Persistent Mind Model: a mind that lasts, for any language model.\n\n"
    "Begin with `pmm up --detach`, then `pmm chat`. `pmm COMMAND --help` has an example of each command.",
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _print_version(is_asked: bool) -> None:
    if is_asked:
        status.show_version()
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_print_version, help="As `pmm version`."),
    ] = False,
) -> None:
    del version


def main() -> None:
    """Run ``pmm`` with the arguments of this process."""
    if not _open_streams():
        complain("standard output is closed: print to a file, a pipe or /dev/null")
        sys.exit(exits.FAILED)
    if any(argument != argument.encode(errors="replace").decode() for argument in sys.argv):
        complain("an argument is not UTF-8: write it in UTF-8, or put it into a file")
        sys.exit(exits.USAGE)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that has no letter for something still shows the rest.
            stream.reconfigure(errors="replace")
    join_words(os.environ)
    try:
        app()
    except SystemExit as ended:
        # Where nobody reads on in a help text, rich and typer end with 1.
        if isinstance(ended.__context__, BrokenPipeError):
            sys.exit(exits.OK)
        raise
    except KeyboardInterrupt:
        # Typer answers it only from where a command has begun.
        sys.exit(exits.INTERRUPTED)
    except OSError as error:
        sys.exit(output_ended(error))


def _open_streams() -> bool:
    """Whether standard output is open; in the place of another one that is not comes /dev/null.

    The next file or connection would take its place, and get what is printed.
    """
    closed = [name for name in ("stdin", "stdout", "stderr") if getattr(sys, name) is None]
    for name in closed:
        setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w"))  # noqa: SIM115 (for good)
    return "stdout" not in closed


def _add_server_commands(to: typer.Typer, group: str, commands: dict[str, str], prefix: str = "") -> None:
    installed = {point.name: point for point in entry_points(group=group)}
    for name, summary in commands.items():
        known = name in installed
        command = installed[name].load() if known else _not_installed(f"{prefix}{name}", summary)
        if known:
            to.command(name, cls=guided())(command)
        else:
            to.command(name, context_settings={"ignore_unknown_options": True})(command)


def _not_installed(name: str, summary: str) -> Callable[..., Any]:
    def command(arguments: Annotated[list[str] | None, typer.Argument(hidden=True)] = None) -> None:
        del arguments
        typer.echo(
            f"pmm: `pmm {name}` needs the services, and only the client is installed here: pip install "
            "'persistent-mind[all]'. To use services that run elsewhere, pass --target HOST:PORT.",
            err=True,
        )
        raise typer.Exit(exits.FAILED)

    command.__doc__ = f"{summary} (Needs the services: pip install 'persistent-mind[all]'.)"
    return command


def _group(name: str, summary: str, default: str = "") -> typer.Typer:
    """A group of commands; ``default`` is meant where none is named."""
    told = f"{summary} Without a command: {default}." if default else summary
    cls = type("_Group", (Commands,), {"default": default})
    group = typer.Typer(help=told, no_args_is_help=not default, cls=cls)
    app.add_typer(group, name=name)
    return group


def _assemble() -> None:
    chat.register(app)
    _add_server_commands(app, "pmm.commands", SERVER_COMMANDS)
    status.register(app)
    doctor.register(app)
    minds = _group("mind", "Make, list and show minds; import, export, restore, copy and compare them.")
    mind_commands.register(minds)
    graph_commands.register(minds)
    files.register(minds)
    moving_commands.register(minds)
    audit_commands.register_mind(minds)
    ledger = _group("ledger", "Read, verify, prove, back up and erase: the events of minds.")
    ledger_commands.register(ledger)
    audit_commands.register(ledger)
    _add_server_commands(ledger, "pmm.ledger_commands", LEDGER_COMMANDS, "ledger ")
    commitment_commands.register(
        _group("commitments", "List, open, close, put off and change promises.", "list")
    )
    self_commands.register_identity(_group("identity", "Show, give and take a mind's name.", "show"))
    self_commands.register_directives(_group("directives", "List and end standing instructions.", "list"))
    self_commands.register(app)
    stats_commands.register(app)
    session_commands.register(_group("session", "Begin, list, show, rename and end conversations.", "list"))
    worker_commands.register(_group("workers", "See how the workers do, and replay what they left.", "list"))
    memory_commands.register(_group("memory", "Search, list and manage what a mind remembers."))


_assemble()
