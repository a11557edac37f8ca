"""What the tab key offers: names of minds, and ids of what is in them, as the services that a command calls tell."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any, TypeVar

import typer

from pmm.memory.v1.memory_pb2 import Memory
from pmm_client.cli.bash_words import BEFORE
from pmm_client.cli.connection import SERVICES, CliError, connection_from
from pmm_client.client import DEFAULT_TARGET, Client
from pmm_client.errors import PmmError
from pmm_client.mind import Mind

SECONDS = 2.0
"""Whoever presses the tab key does not wait longer."""
DEFAULT_MIND = ""
"""Where none is named: the default mind of whoever calls."""
OFFERED = 100
SHORT = 60
LOOKED_THROUGH = 500
"""Memories in which names and tags are looked for."""
GRAPH_DEPTH, GRAPH_NODES = 12, 1_000
"""As far as a server looks around a node."""
Asked = TypeVar("Asked", Client, Mind)
One = TypeVar("One")
Offer = tuple[str, str]
"""What is put in, and what it is."""


def words(*known: str) -> Callable[[str], list[str]]:
    """Offers some of a few words."""

    def offered(incomplete: str) -> list[str]:
        return [word for word in known if word.startswith(incomplete)]

    return offered


def minds(ctx: typer.Context, incomplete: str) -> list[Offer]:
    """Names of minds."""

    return _offered(
        ctx,
        incomplete,
        lambda client: ((one.mind_id, f"{one.head_seq:,} events") async for one in client.minds(incomplete)),
    )


def first_words(ctx: typer.Context, incomplete: str) -> list[Offer]:
    """What may stand first where a mind may be named first: its name, and where a key comes next, a key."""
    takes_key = any(one.name == "key" for one in ctx.command.params)
    return [*minds(ctx, incomplete), *(policies(ctx, incomplete) if takes_key else ())]


def commitments(ctx: typer.Context, incomplete: str) -> list[Offer]:
    """Ids of commitments that are open."""

    return _of_mind(
        ctx, incomplete, lambda mind: ((one.commitment_id, one.text) async for one in mind.commitments())
    )


def sessions(ctx: typer.Context, incomplete: str) -> list[Offer]:
    """Ids of conversations, the latest first."""
    return _of_mind(ctx, incomplete, _conversations)


async def _conversations(mind: Mind, *, ended: bool = True) -> AsyncIterator[Offer]:
    async for one in mind.sessions():
        messages = one.user_messages + one.assistant_messages + one.imported_messages
        if ended or not one.HasField("ended_at"):
            yield one.session_id, one.title or f"{messages} messages"


def open_sessions(ctx: typer.Context, incomplete: str) -> list[Offer]:
    """Ids of conversations that go on, the latest first."""
    return _of_mind(ctx, incomplete, lambda mind: _conversations(mind, ended=False))


def directives(ctx: typer.Context, incomplete: str) -> list[Offer]:
    """Ids of instructions that hold."""

    return _of_mind(
        ctx, incomplete, _each(lambda mind: mind.directives(), lambda one: (one.directive_id, one.text))
    )


def policies(ctx: typer.Context, incomplete: str) -> list[Offer]:
    """Keys of policies."""

    return _of_mind(ctx, incomplete, _each(lambda mind: mind.policies(), lambda one: (one.key, one.meaning)))


def dead_letters(ctx: typer.Context, incomplete: str) -> list[Offer]:
    """Ids of dead letters."""

    return _of_mind(
        ctx, incomplete, _each(lambda mind: mind.dead_letters(), lambda one: (one.dead_letter_id, one.reason))
    )


def projects(ctx: typer.Context, incomplete: str) -> list[Offer]:
    """Projects to which what is promised belongs."""

    return _of_mind(
        ctx, incomplete, lambda mind: ((one.project, one.text) async for one in mind.commitments())
    )


def workers(ctx: typer.Context, incomplete: str) -> list[Offer]:
    """Names of workers."""

    return _offered(ctx, incomplete, _each(lambda client: client.workers(), lambda one: (one.name, "")))


def nodes(ctx: typer.Context, incomplete: str) -> list[Offer]:
    """Nodes of the graph, those nearest to the last message first."""

    async def offers(mind: Mind) -> AsyncIterator[Offer]:
        for one in (await mind.subgraph(depth=GRAPH_DEPTH, limit=GRAPH_NODES)).nodes:
            yield one.node_id, one.label

    return _of_mind(ctx, incomplete, offers)


def memories(ctx: typer.Context, incomplete: str) -> list[Offer]:
    """Ids of memories, the newest first."""
    return _of_memories(ctx, incomplete, lambda one: [one.memory_id])


def speakers(ctx: typer.Context, incomplete: str) -> list[Offer]:
    """Who said what is remembered."""
    return _of_memories(ctx, incomplete, lambda one: [one.speaker])


def entities(ctx: typer.Context, incomplete: str) -> list[Offer]:
    """Whom and what memories are about."""
    return _of_memories(ctx, incomplete, lambda one: one.entities)


def tags(ctx: typer.Context, incomplete: str) -> list[Offer]:
    """What memories bear to be filtered by."""
    return _of_memories(ctx, incomplete, lambda one: one.tags)


def _each(
    ask: Callable[[Asked], Awaitable[Iterable[One]]], offer: Callable[[One], Offer]
) -> Callable[[Asked], AsyncIterator[Offer]]:
    async def offers(asked: Asked) -> AsyncIterator[Offer]:
        for one in await ask(asked):
            yield offer(one)

    return offers


def _of_memories(
    ctx: typer.Context, incomplete: str, values: Callable[[Memory], Iterable[str]]
) -> list[Offer]:
    async def offers(mind: Mind) -> AsyncIterator[Offer]:
        left = LOOKED_THROUGH
        async for one in mind.memories(page_size=LOOKED_THROUGH):
            for value in values(one):
                yield value, one.text
            left -= 1
            if not left:
                return

    return _of_mind(ctx, incomplete, offers, "memory")


def _of_mind(
    ctx: typer.Context, incomplete: str, offers: Callable[[Mind], AsyncIterator[Offer]], *needed: str
) -> list[Offer]:
    given = (ctx.params.get(parameter) for parameter in ("named", "mind", "of"))
    name = next((one for one in given if one), "")

    async def of_mind(client: Client) -> AsyncIterator[Offer]:
        async for offer in offers(client.mind(name) if name else await client.default_mind()):
            yield offer

    return _offered(ctx, incomplete, of_mind, *needed)


def _offered(
    ctx: typer.Context, incomplete: str, offers: Callable[[Client], AsyncIterator[Offer]], *needed: str
) -> list[Offer]:
    """Those that begin so; nothing where nobody answers, for a shell has no place for an error."""
    try:
        return asyncio.run(asyncio.wait_for(_asked(ctx.params, incomplete, offers, needed), SECONDS))
    except (PmmError, CliError, TimeoutError):
        return []


async def _asked(
    options: dict[str, Any],
    incomplete: str,
    offers: Callable[[Client], AsyncIterator[Offer]],
    needed: Iterable[str],
) -> list[Offer]:
    places = {f"{name}_target": options.get(f"{name}_target") for name in SERVICES}
    said = {"target": options.get("target") or DEFAULT_TARGET, **places}
    for name in ("token_file", "tls_ca"):
        said[name] = options.get(name)
    before = os.environ.get(BEFORE, "")
    found: dict[str, str] = {}
    async with connection_from(said).open(*needed) as client:
        async for value, what in offers(client):
            if value and value.startswith(before + incomplete):
                found.setdefault(value.removeprefix(before), " ".join(what.split())[:SHORT])
            if len(found) == OFFERED:
                break
    return list(found.items())
