"""What finds room in a prompt: nothing that is long keeps out all else, and what stands there may be cited."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from services.orchestrator import citations, prompt
from services.orchestrator.snapshot import Snapshot
from services.orchestrator.terms import Recalled
from tests.orchestrator.talking import converse
from tests.support.openai_server import OpenAIServer
from tests.support.serving import Served

HOME = "I live in Porto."
PASTED = " ".join(f"Chapter {n}: people in Lisbon live well, they live long." for n in range(300))
KEY = "The key to where I live lies under the fern."
WITH_KEY = f"{PASTED} {KEY} {PASTED}"
TOKENS = 6_000
"""Of a prompt, unless a setting says otherwise."""


async def test_a_long_memory_leaves_room_for_others_and_is_quoted_in_part(served: Served) -> None:
    home = await converse(served, HOME)
    long = await converse(served, WITH_KEY)
    turn = await converse(served, "Where do I live, and where lies the key?")

    assert home.started
    assert long.started
    assert turn.started
    recalled = {seq for one in turn.started.receipt.memories for seq in one.source_seqs}
    assert recalled >= {home.started.user_seq, long.started.user_seq}
    assert KEY in turn.text
    assert f"[#{long.started.user_seq}, " in turn.text
    assert len(turn.text) < 2_500


async def test_the_model_is_shown_of_a_long_memory_what_is_asked_for(
    modelled: Served, model_server: OpenAIServer
) -> None:
    await converse(modelled, HOME)
    long = await converse(modelled, WITH_KEY)
    assert long.started
    model_server.says = f"Under the fern [#{long.started.user_seq}, 3 May]."
    turn = await converse(modelled, "Under what lies the key to where I live?", model="said")

    shown = model_server.requests[-1]["messages"]
    assert KEY in shown[0]["content"]
    assert HOME in shown[0]["content"]
    assert sum(len(message["content"]) for message in shown) <= 1.1 * TOKENS * prompt.CHARACTERS_PER_TOKEN
    assert turn.completed
    assert not turn.completed.warnings
    assert [one.cited for one in turn.completed.receipt.memories if long.started.user_seq in one.source_seqs]


async def test_a_long_message_stays_in_the_prompt_of_the_next_one_beside_those_before_it(
    modelled: Served, model_server: OpenAIServer
) -> None:
    first = await converse(modelled, "Let us talk of books.")
    assert first.started
    session_id = first.started.session_id
    await converse(modelled, WITH_KEY, session_id=session_id)
    await converse(modelled, "Under what lies the key?", session_id=session_id)

    _, *recent, _ = [message["content"] for message in model_server.requests[-1]["messages"]]
    assert recent[0] == "Let us talk of books."
    assert KEY in recent[2]
    assert len(recent[2]) < len(WITH_KEY) / 2


@pytest.mark.parametrize("message", ["Where do I live?", f"Where do I live? {PASTED}"], ids=["short", "long"])
async def test_memories_and_recent_turns_find_room_beside_any_persona(
    modelled: Served, model_server: OpenAIServer, message: str
) -> None:
    persona = "You are kind. " * 2_300
    await modelled.orchestrator.create_mind(
        pb.CreateMindRequest(mind_id="mia", settings=mind.MindSettings(persona_prompt=persona))
    )
    await converse(modelled, HOME, "mia")
    first = await converse(modelled, "Let us talk of towns.", "mia")
    assert first.started
    turn = await converse(modelled, message, "mia", session_id=first.started.session_id)

    assert turn.started
    assert turn.started.receipt.memories
    assert len(turn.started.receipt.recent_seqs) == 2
    system, *_, last = [one["content"] for one in model_server.requests[-1]["messages"]]
    assert persona.strip() in system
    assert HOME in system
    assert last == message


@pytest.mark.parametrize("tokens", [500, 1_000, 2_000, TOKENS])
def test_whatever_a_prompt_names_may_be_cited(tokens: int) -> None:
    memories = [
        Recalled(
            f"e{n}", f"I work at number {n}. " * 2 * n, "user", 1, 1, (n,), 1.0, superseded_by=f"e{n + 1}"
        )
        for n in range(1, 60)
    ]
    built = prompt.build(Snapshot(), memories, [], "Where do I work?", datetime.now(UTC), tokens)
    _, remembered = built.messages[0].text.split("Memories, best first:")
    named = citations.cited_seqs(remembered)

    assert 0 < len(built.memories) < len(memories)
    assert "(changed since: [#2])" in remembered
    assert citations.warnings(named, built.memories, built.recent_seqs, head_seq=100) == []
