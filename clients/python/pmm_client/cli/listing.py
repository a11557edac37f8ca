"""Long lists: as much of them as was asked for, and that there is more."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, TypeVar

import typer

from pmm_client.cli import output

T = TypeVar("T")
Limit = Annotated[int, typer.Option(min=0, help="Stop after so many; 0: no limit.")]


async def up_to(limit: int, listed: AsyncGenerator[T]) -> AsyncGenerator[T]:
    """The first so many; all for 0."""
    left = limit
    async with aclosing(listed):
        async for one in listed:
            yield one
            left -= 1
            if not left:
                return


async def first(limit: int, listed: AsyncGenerator[T]) -> tuple[list[T], bool]:
    """The first so many, all for 0, and whether there are more."""
    found = [one async for one in up_to(limit + 1 if limit else 0, listed)]
    return (found[:limit], len(found) > limit) if limit else (found, False)


def say_more(has_more: bool, how: str = "--limit 0 lists all") -> None:
    """Say below a list that it goes on, and what shows the rest."""
    if has_more:
        output.line(f"… and more: {how}")
