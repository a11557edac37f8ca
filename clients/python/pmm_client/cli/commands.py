"""What may be typed in a chat beside messages: ``/why``, ``/memories`` and the others."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import cast, get_args

from pmm.memory.v1.memory_pb2 import Memory
from pmm.orchestrator.v1.orchestrator_pb2 import Session
from pmm_client.cli import output
from pmm_client.cli.conversation import Conversation
from pmm_client.cli.options import time_zone
from pmm_client.errors import NotFound, UnknownMind
from pmm_client.names import Privacy

SHOWN = 15
"""Rows of a list in a chat; the commands of ``pmm`` show all."""


class Leave(Exception):
    """The person wants to go."""


@dataclass(frozen=True)
class Command:
    """One of them."""

    usage: str
    help: str
    run: Callable[[Conversation, str], Awaitable[None]]


async def run_command(conversation: Conversation, text: str) -> bool:
    """Do what ``text`` commands; False if it is a message and no command. Raises Leave."""
    if not text.startswith("/"):
        return False
    name, _, argument = text[1:].partition(" ")
    command = COMMANDS.get(name)
    if command is None:
        near = get_close_matches(name, COMMANDS, n=1)
        hint = f" Did you mean /{near[0]}?" if near else ""
        output.line(f"There is no /{name}.{hint} /help lists what there is.")
    else:
        await command.run(conversation, argument.strip())
    return True


async def _help(conversation: Conversation, argument: str) -> None:
    del conversation, argument
    width = max(len(command.usage) for command in COMMANDS.values())
    for command in COMMANDS.values():
        output.line(f"  {command.usage:{width}}  {command.help}")
    output.line("  Ctrl-C stops an answer; Ctrl-D leaves.")


async def _memories(conversation: Conversation, query: str) -> None:
    if conversation.privacy == "incognito":
        output.line("Incognito: the mind's memories are neither read nor shown. /privacy normal goes back.")
        return
    try:
        if query:
            found = await conversation.mind.search(query, k=SHOWN, time_zone=time_zone())
            rows = [(result.memory, result.score) for result in found.results]
        else:
            rows = [(memory, None) async for memory in _latest(conversation)]
    except UnknownMind:
        rows = []
    if rows:
        output.console().print(output.memories_table(rows))
    else:
        output.line("Nothing is remembered yet." if not query else "Nothing that fits is remembered.")


async def _latest(conversation: Conversation) -> AsyncGenerator[Memory]:
    shown = 0
    async for memory in conversation.mind.memories(page_size=SHOWN):
        yield memory
        shown += 1
        if shown == SHOWN:
            return


async def _why(conversation: Conversation, argument: str) -> None:
    del argument
    if conversation.privacy == "incognito":
        output.line("Incognito: nothing was read from the mind, and nothing is kept to explain.")
        return
    if conversation.last is None and not conversation.session:
        output.line("There is no answer to explain yet.")
        return
    seq = conversation.last.seq if conversation.last else 0
    try:
        explained = await conversation.mind.explain(seq, session=conversation.session if not seq else "")
    except NotFound:
        output.line("There is no answer to explain yet.")
        return
    answer = explained.answer
    if answer.kind == "turn_failed":
        output.line(f"#{answer.seq}: {output.no_answer(answer)}")
        return
    told = "(erased)" if answer.redacted else f"{output.made_by(answer)}:"
    output.line(f"Answer #{answer.seq} {told}")
    output.why(explained)


async def _privacy(conversation: Conversation, argument: str) -> None:
    if argument:
        if argument not in get_args(Privacy):
            output.line("Use /privacy normal, /privacy paused or /privacy incognito.")
            return
        await conversation.set_privacy(cast(Privacy, argument))
    output.line(f"Privacy: {conversation.privacy} ({_PRIVACY_MEANS[conversation.privacy]})")


_PRIVACY_MEANS: dict[Privacy, str] = {
    "normal": "messages are kept and remembered",
    "paused": "messages are kept, but no memories are formed of them",
    "incognito": "nothing is read from the mind, and nothing is kept",
}


async def _sessions(conversation: Conversation, argument: str) -> None:
    del argument
    found: list[Session] = []
    try:
        async for session in conversation.mind.sessions():
            found.append(session)
            if len(found) == SHOWN:
                break
    except UnknownMind:
        pass
    if found:
        output.console().print(output.sessions_table(found, this=conversation.session))
    else:
        output.line("There are no sessions yet.")


async def _quit(conversation: Conversation, argument: str) -> None:
    del conversation, argument
    raise Leave


COMMANDS = {
    "help": Command("/help", "what there is", _help),
    "memories": Command("/memories [query]", "what is remembered, or what fits a query", _memories),
    "why": Command("/why", "which memories and events made the last answer", _why),
    "privacy": Command("/privacy [mode]", "normal, paused or incognito, from the next message on", _privacy),
    "sessions": Command("/sessions", "the conversations of this mind", _sessions),
    "quit": Command("/quit", "leave", _quit),
}
