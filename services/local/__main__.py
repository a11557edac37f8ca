"""``python -m services.local up``: the commands without the rest of ``pmm``."""

from __future__ import annotations

import typer

from services.local import commands

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
for command in (commands.up, commands.down, commands.config):
    app.command()(command)

if __name__ == "__main__":
    app()
