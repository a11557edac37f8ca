"""Options that say which memories are meant."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import typer

from pmm.memory.v1.memory_pb2 import MemoryFilter
from pmm.mind.v1.events_pb2 import MemoryType
from pmm_client.cli import completion, exits
from pmm_client.cli.connection import CliError
from pmm_client.cli.options import LOCAL, moment, time_option
from pmm_client.messages import timestamp

Types = Annotated[
    list[str] | None,
    typer.Option(
        "--type",
        help="Only these: episode, fact, preference, event, relationship, other.",
        autocompletion=completion.words("episode", "fact", "preference", "event", "relationship", "other"),
    ),
]
Speakers = Annotated[
    list[str] | None,
    typer.Option(
        "--speaker", help="Only what they said; may be repeated.", autocompletion=completion.speakers
    ),
]
Sessions = Annotated[
    list[str] | None,
    typer.Option(
        "--session", help="Only from this session; may be repeated.", autocompletion=completion.sessions
    ),
]
Entities = Annotated[
    list[str] | None,
    typer.Option("--entity", help="Only about one of these.", autocompletion=completion.entities),
]
Tags = Annotated[
    list[str] | None,
    typer.Option("--tag", help="Only what bears all of these.", autocompletion=completion.tags),
]
From = Annotated[datetime | None, time_option("--from", help=f"Only what occurred at or after; {LOCAL}.")]
To = Annotated[datetime | None, time_option("--to", help="Only what occurred before.")]
Important = Annotated[float, typer.Option("--important", min=0, max=1, help="Only what is so important.")]


def memory_filter(
    types: list[str] | None,
    speakers: list[str] | None,
    sessions: list[str] | None,
    entities: list[str] | None,
    tags: list[str] | None,
    since: datetime | None,
    until: datetime | None,
    important: float,
) -> MemoryFilter:
    """What the options admit. Raises CliError."""
    return MemoryFilter(
        types=memory_types(types or ()),
        speakers=speakers or (),
        session_ids=sessions or (),
        entities=entities or (),
        tags=tags or (),
        occurred_from=timestamp(moment(since)),
        occurred_to=timestamp(moment(until)),
        min_importance=important,
    )


def memory_types(names: Sequence[str]) -> list[MemoryType.ValueType]:
    """Kinds of memories by their names. Raises CliError."""
    known = {name.removeprefix("MEMORY_TYPE_").lower(): value for name, value in MemoryType.items() if value}
    for name in names:
        if name.lower() not in known:
            raise CliError(f"--type {name!r} is none of {', '.join(known)}", exits.USAGE)
    return [known[name.lower()] for name in names]
