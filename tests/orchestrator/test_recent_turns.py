"""What was said lately stands in the prompt, though it is not read anew for each turn."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.memory.v1 import memory_pb2 as memory
from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from services.orchestrator.appended import Appended
from services.orchestrator.lately import Lately
from services.orchestrator.terms import Said
from tests.orchestrator.conftest import ROOMY, SERVICES
from tests.orchestrator.talking import converse, events, settled_head
from tests.support.serving import Served, serving

MESSAGES, CHARACTERS = 4, 40
SPOKEN = ("user_message", "assistant_message")


def message(seq: int, session_id: str, text: str) -> mind.Event:
    body = mind.Body(user_message=mind.UserMessage(text=text))
    return mind.Event(seq=seq, session_id=session_id, kind="user_message", body=body)


def lasting(said: list[Said]) -> list[Said]:
    """The last messages, and of these no more than there is room for: the one that does not fit is shown to be cut."""
    kept: list[Said] = []
    for one in reversed(said[-MESSAGES:]):
        kept.insert(0, one)
        if sum(len(each.text) for each in kept) > CHARACTERS:
            break
    return kept


@given(
    some.lists(
        some.one_of(
            some.tuples(some.just("say"), some.sampled_from("ab"), some.text("x", max_size=30)),
            some.tuples(
                some.sampled_from(["erase", "open", "close"]), some.sampled_from("ab"), some.just("")
            ),
        ),
        max_size=40,
    )
)
def test_what_is_kept_is_what_would_be_read(steps: list[tuple[str, str, str]]) -> None:
    lately = Lately(MESSAGES, CHARACTERS)
    ledger_says: dict[str, list[Said]] = {"a": [], "b": []}
    opened: dict[str, tuple[object, list[Said], int]] = {}
    for seq, (step, session_id, text) in enumerate(steps, 1):
        match step:
            case "say":
                lately.note(message(seq, session_id, text))
                ledger_says[session_id].append(Said("user", text, seq))
            case "erase":
                lately.note(mind.Event(seq=seq, kind="event_redacted"))
                ledger_says = {name: said[:-1] for name, said in ledger_says.items()}
            case "open":
                lately.note(mind.Event(seq=seq, kind="tick_recorded"))
                opened[session_id] = (lately.reading(session_id), list(ledger_says[session_id]), seq)
            case _:
                lately.note(mind.Event(seq=seq, kind="tick_recorded"))
                if session_id in opened:
                    reading, said, upto = opened.pop(session_id)
                    lately.read(reading, said, upto)  # pyright: ignore[reportArgumentType]
        for name, said in ledger_says.items():
            kept = lately.upto(name, seq)
            if kept is not None:
                expected = lasting(said)
                assert kept[-len(expected) :] == expected if expected else not kept
            before = lately.upto(name, seq - 1)
            if before is not None:
                expected = [one for one in lasting(said) if one.seq < seq]
                assert before[len(before) - len(expected) :] == expected


def test_few_conversations_are_kept_and_those_asked_for_last() -> None:
    lately = Lately(MESSAGES, CHARACTERS)
    for number in range(10):
        lately.begin(f"s{number}")
        lately.upto("s0", 0)

    kept = [number for number in range(10) if lately.upto(f"s{number}", 0) is not None]
    assert kept == [0, 7, 8, 9]


def test_what_was_said_before_a_message_that_is_longer_than_the_prompt_is_kept_beside_it() -> None:
    lately = Lately(MESSAGES, CHARACTERS)
    lately.begin("a")
    for seq, text in enumerate(("before", "x" * 10 * CHARACTERS), 1):
        lately.note(message(seq, "a", text))

    assert [said.seq for said in lately.upto("a", 2) or ()] == [1, 2]


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_prompt_holds_the_last_messages_whoever_wrote_them_and_none_that_was_erased(
    tmp_path: Path, seed: int
) -> None:
    rng = random.Random(seed)
    settings = {**ROOMY, "orchestrator": {**ROOMY.get("orchestrator", {}), "recent_turns": MESSAGES}}
    async with serving(tmp_path, *SERVICES, settings=settings) as served:
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        for session_id in "ab":
            start = pb.StartSessionRequest(mind_id="ada", session_id=session_id)
            await served.orchestrator.start_session(start)
        for number in range(40):
            match rng.choice(["turn", "turn", "turn", "other writer", "erasure"]):
                case "turn":
                    await turn_shows_what_was_said(served, rng.choice("ab"), f"message {number}")
                case "other writer":
                    said = mind.Body(user_message=mind.UserMessage(text=f"said elsewhere {number}"))
                    event = ledger.NewEvent(session_id=rng.choice("ab"), actor="user", body=said)
                    await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=[event]))
                case _:
                    spoken = await events(served, kinds=SPOKEN)
                    if spoken:
                        seqs = [rng.choice(spoken[-6:]).seq]
                        await served.ledger.redact(ledger.RedactRequest(mind_id="ada", seqs=seqs, why="test"))


async def test_conversations_that_go_on_at_once_in_one_mind_are_kept_apart(served: Served) -> None:
    async def talk(name: str) -> list[list[int]]:
        session = await served.orchestrator.start_session(
            pb.StartSessionRequest(mind_id="ada", session_id=name)
        )
        return [
            await turn_shows_what_was_said(served, session.session.session_id, f"{name} says {number}")
            for number in range(3)
        ]

    shown = await asyncio.gather(*(talk(f"s{number}") for number in range(8)))

    assert [[len(seqs) for seqs in turns] for turns in shown] == [[0, 2, 4]] * 8


async def test_what_another_writer_kept_right_before_a_message_is_in_its_prompt(served: Served) -> None:
    first = await converse(served, "hello")
    assert first.started
    assert first.completed
    session_id = first.started.session_id
    elsewhere = mind.Body(user_message=mind.UserMessage(text="said elsewhere"))
    event = ledger.NewEvent(session_id=session_id, actor="user", body=elsewhere, remember=False)
    kept = await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=[event]))

    turn = await converse(served, "and here", session_id=session_id)

    assert turn.started
    shown = [first.started.user_seq, first.completed.assistant_seq, kept.head_seq]
    assert turn.started.receipt.recent_seqs == shown
    assert turn.started.receipt.head_seq == turn.started.user_seq - 1


async def test_memories_are_looked_up_once_a_turn_where_nobody_else_appends(served: Served) -> None:
    for asked in range(1, 4):
        await settled_head(served)
        await converse(served, f"hello {asked}")
        stats = await served.memory.stats(memory.StatsRequest())
        results = next(cache for cache in stats.caches if cache.name == "results")
        assert results.hits + results.misses == asked


def test_only_what_this_process_appended_since_is_no_news() -> None:
    appended = Appended()
    for seq in (4, 5, 8):
        appended.add(mind.Event(seq=seq))

    assert appended.all_since(0, 4, 5)
    assert appended.all_since(3, 9, 8), "nothing lies between"
    assert not appended.all_since(1, 4, 5), "one was there before"
    assert not appended.all_since(0, 4, 8), "others wrote 6 and 7"


def test_what_was_appended_is_given_out_in_the_order_of_the_ledger() -> None:
    appended = Appended()
    for seq in (6, 4, 5, 8):
        appended.add(mind.Event(seq=seq))

    assert [event.seq if (event := appended.after(seq)) else 0 for seq in (3, 4, 5, 6, 7)] == [4, 5, 6, 0, 8]


async def turn_shows_what_was_said(served: Served, session_id: str, text: str) -> list[int]:
    turn = await converse(served, text, session_id=session_id)
    assert turn.started
    receipt = turn.started.receipt
    spoken = [
        event
        for event in await events(served, kinds=SPOKEN)
        if event.session_id == session_id and event.seq <= receipt.head_seq
    ]
    there = [event.seq for event in spoken if not event.redacted]
    shown = list(receipt.recent_seqs)
    assert shown == there[len(there) - len(shown) :]
    # What was erased leaves a gap that nothing older need fill.
    erased = sum(event.redacted for event in spoken[-MESSAGES - 2 :])
    assert min(len(there), MESSAGES - erased) <= len(shown) <= MESSAGES
    return shown
