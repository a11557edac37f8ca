"""What is said of a wrong command line: what is wrong with it, and what to type instead."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from difflib import get_close_matches
from shutil import get_terminal_size
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from pmm_client.cli import exits
from pmm_client.cli.wording import fail

_EXAMPLE = "Example: "
BOXES_FROM = 70
"""Columns of a terminal."""
# What all wrong command lines have in common is no public name of typer.
_UsageError: Any = typer.BadParameter.__base__


class _Answered(typer.BadParameter):
    """A wrong command line, with words that say themselves what to type."""

    def format_message(self) -> str:
        return self.message


def guided(instead: str = "") -> type[TyperCommand]:
    """A command that says what to type where it is given arguments that it does not take.

    ``instead``: what that is, with ``{words}`` for them; empty: what its example shows.
    """
    return type("_Guided", (_Guided,), {"instead": instead})


class _Helped:
    """What holds for the help of commands and of groups."""

    rich_markup_mode: Any

    def get_params(self, ctx: Any) -> list[Any]:
        """The parameters; a flag takes no value, and of a list each is one."""
        found: list[Any] = super().get_params(ctx)  # type: ignore[misc]
        for one in found:
            if one.metavar is None and getattr(one, "is_flag", False):
                one.metavar = ""
            elif one.metavar is None and getattr(one, "multiple", False):
                one.metavar = one.opts[0].lstrip("-").upper()
        return found

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write it; where a box has no room for the names of options, without boxes."""
        columns, mode = get_terminal_size().columns, self.rich_markup_mode
        if columns < BOXES_FROM:
            self.rich_markup_mode, formatter.width = None, columns
        try:
            super().format_help(ctx, formatter)  # type: ignore[misc]
        finally:
            self.rich_markup_mode = mode


class _Guided(_Helped, TyperCommand):
    instead = ""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        try:
            if not ctx.resilient_parsing:
                # Before it is looked for what is missing: it may stand where it is not taken.
                given, left, _ = self.make_parser(ctx).parse_args(list(args))
                if left and not given.get("help"):
                    raise self._too_much(shlex.quote(" ".join(left)), is_named="mind" in given)
            return super().parse_args(ctx, args)
        except _UsageError as error:
            # The parser itself does not know whose options it reads.
            error.ctx = error.ctx or ctx
            raise

    def _too_much(self, words: str, *, is_named: bool) -> Exception:
        if self.instead:
            return _Answered(self.instead.format(words=words))
        takes_mind = any("--mind" in one.opts for one in self.params) and not is_named
        return _UsageError(f"{words} is too much{'; a mind is named with --mind' if takes_mind else ''}")


class Commands(_Helped, TyperGroup):
    """A group one of whose commands may be meant where none is named."""

    default = ""

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run it. A wrong command line is answered in a line, without the usage."""
        try:
            code = super().main(*args, **{**extra, "standalone_mode": False})
        except _UsageError as error:
            # Where no command is named, the help is all there is to say.
            told, as_json = _told(error), "--json" in (extra.get("args") or sys.argv)
            code = fail(told, exits.USAGE, as_json=as_json) if told else exits.USAGE
        sys.exit(code)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """``pmm session --json`` is ``pmm session list --json``."""
        if self.default and (not args or (args[0].startswith("-") and args[0] not in ctx.help_option_names)):
            args = [self.default, *args]
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Says where a command is that stands in another group."""
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            elsewhere = list(_named(ctx.find_root().command, args[0], "pmm"))
            if elsewhere:
                raise _Answered(f"there is no {ctx.command_path} {args[0]}: try {' or '.join(elsewhere)}")
            default = self.get_command(ctx, self.default)
            is_misspelt = get_close_matches(args[0], self.commands)
            if default and not is_misspelt and any("--mind" in one.opts for one in default.params):
                shown = f"{ctx.command_path} {self.default} --mind {shlex.quote(args[0])}"
                raise _Answered(f"no such command {args[0]!r}; a mind is named with --mind: {shown}")
        return super().resolve_command(ctx, args)


def _named(group: Any, name: str, path: str) -> Iterator[str]:
    """The paths of the commands of a name in a group, and in those in it."""
    for known, sub in getattr(group, "commands", {}).items():
        if known == name:
            yield f"{path} {known}"
        yield from _named(sub, name, f"{path} {known}")


def _told(error: Any) -> str:
    """What is wrong, where to look, and an example of what is right."""
    message = error.format_message().rstrip(".")
    if not message or isinstance(error, _Answered) or error.ctx is None:
        return message
    lines = (line.strip() for line in (error.ctx.command.help or "").splitlines())
    example = next((line for line in lines if line.startswith(_EXAMPLE)), "")
    end = "" if message.endswith("?") else "."
    return f"{message}{end} See {error.ctx.command_path} --help. {example}".rstrip()
