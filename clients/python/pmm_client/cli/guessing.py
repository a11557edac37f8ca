"""What is said where a command is given arguments that it does not take, or sought in another group than its own."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from pmm_client.cli import exits
from pmm_client.cli.wording import complain

_EXAMPLE = "Example: "


def guided(instead: str = "") -> type[TyperCommand]:
    """A command that says what to type where it is given arguments that it does not take.

    ``instead``: what that is, with ``{words}`` for them; empty: what its example shows.
    """
    return type("_Guided", (_Guided,), {"instead": instead})


class _Guided(TyperCommand):
    instead = ""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not ctx.resilient_parsing:
            # Before it is looked for what is missing: it may stand where it is not taken.
            given, left, _ = self.make_parser(ctx).parse_args(list(args))
            if left and not given.get("help"):
                complain(self._hint(shlex.quote(" ".join(left)), is_named="mind" in given))
                raise typer.Exit(exits.USAGE)
        return super().parse_args(ctx, args)

    def _hint(self, words: str, *, is_named: bool) -> str:
        if self.instead:
            return self.instead.format(words=words)
        takes_mind = any("--mind" in one.opts for one in self.params) and not is_named
        hint = "; a mind is named with --mind" if takes_mind else ""
        lines = (line.strip() for line in (self.help or "").splitlines())
        shown = next((line for line in lines if line.startswith(_EXAMPLE)), "")
        return f"{words} is too much{hint}. {shown}".rstrip()


class Commands(TyperGroup):
    """A group one of whose commands may be meant where none is named."""

    default = ""

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
                ctx.fail(f"No such command {args[0]!r}: try {' or '.join(elsewhere)}.")
            default = self.get_command(ctx, self.default)
            if default and any("--mind" in one.opts for one in default.params):
                shown = f"{ctx.command_path} {self.default} --mind {shlex.quote(args[0])}"
                complain(f"no such command {args[0]!r}; a mind is named with --mind: {shown}")
                raise typer.Exit(exits.USAGE)
        return super().resolve_command(ctx, args)


def _named(group: Any, name: str, path: str) -> Iterator[str]:
    """The paths of the commands of a name in a group, and in those in it."""
    for known, sub in getattr(group, "commands", {}).items():
        if known == name:
            yield f"{path} {known}"
        yield from _named(sub, name, f"{path} {known}")
