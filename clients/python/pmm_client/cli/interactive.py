"""The chat in a terminal: answers as they are made; Ctrl-C stops the answer and not the program."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any

from prompt_toolkit import PromptSession
from prompt_toolkit.application import run_in_terminal
from prompt_toolkit.completion import WordCompleter
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.shortcuts import CompleteStyle

from pmm_client.cli import failures, output
from pmm_client.cli.commands import COMMANDS, Leave, run_command
from pmm_client.cli.connection import Connection
from pmm_client.cli.conversation import Conversation
from pmm_client.cli.options import complain
from pmm_client.cli.reminders import Reminders
from pmm_client.errors import PmmError


class _History(InMemoryHistory):
    """Lines of this run, for the arrow keys. Never on disk, where no erasure would find them."""

    def __init__(self, conversation: Conversation) -> None:
        super().__init__()
        self._conversation = conversation

    def append_string(self, string: str) -> None:
        """Keep a line, unless it is incognito."""
        if self._conversation.privacy != "incognito":
            super().append_string(string)


async def interactive(connection: Connection, conversation: Conversation) -> None:
    """Talk until Ctrl-D or /quit."""
    mind = conversation.mind.mind_id
    where = f"session {conversation.session}" if conversation.session else "a new session"
    output.line(f"Talking with {mind} in {where}, {conversation.privacy}. /help lists what else there is.")
    commands = WordCompleter([f"/{name}" for name in COMMANDS], sentence=True)
    prompt = PromptSession[str](
        history=_History(conversation),
        completer=commands,
        # Like a shell: the tab key completes, and no room is held free for a menu.
        complete_while_typing=False,
        complete_style=CompleteStyle.READLINE_LIKE,
        reserve_space_for_menu=0,
    )
    waiting: list[str] = []

    def tell(reminder: str) -> None:
        """Above the line that is being typed; not into an answer, and not to whoever wants nothing to be read."""
        if conversation.privacy == "incognito":
            return
        if prompt.app.is_running:
            run_in_terminal(lambda: output.line(reminder))
        else:
            waiting.append(reminder)

    reminding = asyncio.create_task(Reminders(conversation.mind, tell).run())
    try:
        await _talk(connection, conversation, prompt, waiting)
    finally:
        reminding.cancel()


async def _talk(
    connection: Connection, conversation: Conversation, prompt: PromptSession[str], waiting: list[str]
) -> None:
    while True:
        while waiting:
            output.line(waiting.pop(0))
        try:
            text = (await prompt.prompt_async(_label(conversation))).strip()
            if text:
                await _do(connection, conversation, text)
        except KeyboardInterrupt:
            output.line("Ctrl-D or /quit leaves.")
        except (EOFError, Leave):
            return


def _label(conversation: Conversation) -> str:
    return "you> " if conversation.privacy == "normal" else f"you ({conversation.privacy})> "


async def _do(connection: Connection, conversation: Conversation, text: str) -> None:
    try:
        if not await _until_ctrl_c(_turn(conversation, text)):
            output.line(" [stopped]")
    except PmmError as error:
        complain(failures.explain(error, connection, {"mind": conversation.mind.mind_id}))


async def _turn(conversation: Conversation, text: str) -> None:
    if await run_command(conversation, text):
        return
    output.write(f"{conversation.mind.mind_id}> ")
    try:
        reply = await conversation.say(text, output.write)
    except PmmError:
        output.write("\n")
        raise
    output.write("\n")
    for warning in reply.warnings:
        complain(f"{warning.message} ({warning.code})")


async def _until_ctrl_c(work: Coroutine[Any, Any, None]) -> bool:
    """Do it; False if Ctrl-C cut it short."""
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        if not task.cancelled():
            raise
        return False
    finally:
        loop.remove_signal_handler(signal.SIGINT)
    return True
