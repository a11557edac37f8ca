"""The chat in a terminal, driven through a pseudo-terminal as a person would."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pexpect
import pytest

from pmm.memory.v1 import memory_pb2 as memory
from pmm.mind.v1.events_pb2 import (
    PRIVACY_MODE_INCOGNITO,
    PRIVACY_MODE_NORMAL,
    PRIVACY_MODE_PAUSED,
    AssistantMessage,
    Body,
    Event,
    RecalledMemory,
    Receipt,
    UserMessage,
)
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from tests.client.scripted import always, scripted
from tests.client.test_reply import delta

TIMEOUT_S = 20


class Script:
    """A mind that answers "hello" at once, and anything else without end."""

    def __init__(self) -> None:
        self.asked: list[pb.ConverseRequest] = []
        self.stopped = asyncio.Event()
        self.is_due = asyncio.Event()

    async def converse(self, request: Any, context: Any) -> AsyncIterator[pb.ConverseResponse]:
        self.asked.append(request)
        session = request.session_id or f"s{len(self.asked)}"
        yield pb.ConverseResponse(
            started=pb.TurnStarted(session_id=session, user_seq=1, privacy_mode=request.privacy_mode)
        )
        if request.text == "hello":
            yield delta("Good ")
            yield delta("morning")
            yield pb.ConverseResponse(completed=pb.TurnCompleted(assistant_seq=2, text="Good morning"))
            return
        context.add_done_callback(lambda _: self.stopped.set())
        while True:
            yield delta("and ")
            await asyncio.sleep(0.01)

    async def explain(self, request: Any, context: Any) -> pb.ExplainResponse:
        said = AssistantMessage(text="Good morning", model="a-model", receipt=Receipt(head_seq=1))
        source = Event(
            seq=7, actor="user", body=Body(user_message=UserMessage(text="I like mornings [really]"))
        )
        explained = pb.ExplainedMemory(memory=RecalledMemory(score=0.5, cited=True), sources=[source])
        answer = Event(seq=request.seq, body=Body(assistant_message=said))
        return pb.ExplainResponse(answer=answer, memories=[explained])

    async def watch(self, request: Any, context: Any) -> AsyncIterator[pb.WatchMindResponse]:
        """One reminder from before, then one that comes while somebody talks."""
        tea, ana = (
            pb.Commitment(commitment_id=its_id, text=text)
            for its_id, text in (("c-1", "make tea"), ("c-2", "call [Ana]"))
        )
        tea.reminded_at.seconds = 1_780_000_000
        yield pb.WatchMindResponse(mind=pb.Mind(mind_id="ada", open_commitments=[tea, ana]))
        await self.is_due.wait()
        ana.reminded_at.seconds = 1_780_000_060
        ana.due_at.seconds = 1_780_000_120
        yield pb.WatchMindResponse(mind=pb.Mind(mind_id="ada", open_commitments=[tea, ana]))
        await asyncio.Event().wait()

    async def sessions(self, request: Any, context: Any) -> pb.ListSessionsResponse:
        """One that has ended, and one that goes on."""
        over, paused = (
            pb.Session(session_id=its_id, privacy_mode=PRIVACY_MODE_PAUSED) for its_id in ("over", "quiet")
        )
        over.ended_at.seconds = 1_780_000_000
        return pb.ListSessionsResponse(sessions=[over, paused])

    async def set_privacy(self, request: Any, context: Any) -> pb.SetPrivacyModeResponse:
        incognito = request.privacy_mode == PRIVACY_MODE_INCOGNITO
        session = pb.Session(session_id="hidden" if incognito else request.session_id)
        return pb.SetPrivacyModeResponse(session=session)


@pytest.fixture
async def script() -> Script:
    return Script()


@pytest.fixture
def options() -> list[str]:
    """What is typed behind the name of the mind."""
    return []


@pytest.fixture
async def chat(script: Script, tmp_path: Path, options: list[str]) -> AsyncIterator[pexpect.spawn]:
    found = memory.SearchResponse(
        results=[
            memory.ScoredMemory(memory=memory.Memory(text="I like mornings", source_seqs=[7]), score=0.9)
        ]
    )
    server = scripted(
        Converse=script.converse,
        Explain=script.explain,
        SetPrivacyMode=script.set_privacy,
        WatchMind=script.watch,
        ListSessions=script.sessions,
        Search=always(found),
    )
    env = {
        **os.environ,
        "HOME": str(tmp_path),
        "TERM": "xterm",
        "PROMPT_TOOLKIT_NO_CPR": "1",
        "COLUMNS": "120",
    }
    async with server as (target, _):
        child = pexpect.spawn(
            sys.executable,
            ["-m", "pmm_client.cli", "chat", "--mind", "ada", *options, "--target", target],
            env=env,
            encoding="utf-8",
            timeout=TIMEOUT_S,
            dimensions=(40, 120),
        )
        try:
            await see(child, "Good morning" if "-m" in options else "Talking with ada")
            yield child
        finally:
            child.close(force=True)


async def see(child: pexpect.spawn, words: str) -> None:
    """Wait for the words on the screen, without holding up the server in this loop."""
    await asyncio.to_thread(child.expect_exact, words)


async def prompted(child: pexpect.spawn) -> None:
    await asyncio.to_thread(child.expect, r"you[^>]*>")


async def type_(child: pexpect.spawn, line: str) -> None:
    await prompted(child)
    child.send(line)
    await see(child, line)
    child.send("\r")


async def ended(child: pexpect.spawn) -> int | None:
    await asyncio.to_thread(child.expect, pexpect.EOF)
    child.close()
    return child.exitstatus


async def test_a_message_is_answered_and_ctrl_d_leaves(chat: pexpect.spawn) -> None:
    await type_(chat, "hello")
    await see(chat, "ada> Good morning")

    await prompted(chat)
    chat.sendeof()

    assert await ended(chat) == 0


@pytest.mark.parametrize("options", [["--continue"], ["-c"]])
async def test_a_chat_goes_on_where_the_last_one_stopped(chat: pexpect.spawn, script: Script) -> None:
    await see(chat, "you (paused)>")
    chat.send("hello\r")
    await see(chat, "Good morning")
    await type_(chat, "/quit")
    await see(chat, "To go on: pmm chat --mind ada --continue")

    assert await ended(chat) == 0
    assert [request.session_id for request in script.asked] == ["quiet"]


@pytest.mark.parametrize("options", [["-m", "hello"]])
async def test_a_single_message_says_how_to_go_on(chat: pexpect.spawn) -> None:
    await see(chat, "To go on: pmm chat --mind ada --continue")

    assert await ended(chat) == 0


async def test_ctrl_c_stops_the_answer_and_not_the_program(chat: pexpect.spawn, script: Script) -> None:
    await type_(chat, "tell me everything")
    await see(chat, "and and and")

    chat.sendintr()

    await see(chat, "[stopped]")
    await asyncio.wait_for(script.stopped.wait(), TIMEOUT_S)
    await type_(chat, "hello")
    await see(chat, "ada> Good morning")


async def test_ctrl_c_at_the_prompt_says_how_to_leave(chat: pexpect.spawn) -> None:
    await prompted(chat)
    chat.sendintr()
    await see(chat, "Ctrl-D or /quit leaves.")

    await type_(chat, "/quit")

    assert await ended(chat) == 0


async def test_why_shows_what_the_answer_was_made_from(chat: pexpect.spawn) -> None:
    await type_(chat, "hello")
    await see(chat, "ada> Good morning")

    await type_(chat, "/why")

    await see(chat, "Answer #2 by a-model")
    await see(chat, "0.500")
    await see(chat, "yes")
    await see(chat, "I like mornings [really]")


async def test_memories_are_searched_from_the_chat(chat: pexpect.spawn) -> None:
    await type_(chat, "/memories mornings?")

    await see(chat, "I like mornings")


async def test_help_lists_every_command_and_what_is_none_is_told(chat: pexpect.spawn) -> None:
    await type_(chat, "/help")
    for command in ("/help", "/memories [query]", "/why", "/privacy [mode]", "/sessions", "/quit"):
        await see(chat, command)

    await type_(chat, "/nonsense")
    await see(chat, "There is no /nonsense")
    await type_(chat, "/memoris")
    await see(chat, "Did you mean /memories?")


async def test_incognito_is_a_session_of_its_own_and_the_one_before_waits(
    chat: pexpect.spawn, script: Script
) -> None:
    await type_(chat, "hello")
    await see(chat, "Good morning")
    await type_(chat, "/privacy incognito")
    await see(chat, "Privacy: incognito")
    await type_(chat, "hello")
    await see(chat, "Good morning")
    await type_(chat, "/why")
    await see(chat, "nothing is kept to explain")
    await type_(chat, "/privacy normal")
    await see(chat, "Privacy: normal")
    await type_(chat, "hello")
    await see(chat, "Good morning")

    sessions = [(request.session_id, request.privacy_mode) for request in script.asked]
    assert sessions == [
        ("", PRIVACY_MODE_NORMAL),
        ("hidden", PRIVACY_MODE_INCOGNITO),
        ("s1", PRIVACY_MODE_NORMAL),
    ]


async def test_nothing_that_is_typed_reaches_the_disk(chat: pexpect.spawn, tmp_path: Path) -> None:
    await type_(chat, "hello")
    await see(chat, "Good morning")
    await prompted(chat)
    chat.sendeof()
    await ended(chat)

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


async def test_a_reminder_is_told_when_it_comes_and_only_once(chat: pexpect.spawn, script: Script) -> None:
    await see(chat, "Reminder: make tea")
    await prompted(chat)
    script.is_due.set()
    await see(chat, "Reminder: call [Ana] (due 20")
    await type_(chat, "hello")
    await see(chat, "Good morning")
    await prompted(chat)
    since = chat.before
    chat.send("/quit\r")

    assert await ended(chat) == 0
    assert "Reminder" not in since + chat.before
