"""All services killed at any moment while workers derive: nothing is missing, nothing doubled, nothing otherwise."""

from __future__ import annotations

import asyncio
import random
import re
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from google.protobuf.json_format import MessageToDict

import pmm_client
from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.mind.v1 import events_pb2 as mind
from tests.support.recorded_model import MODEL, RecordedModel, fact, name
from tests.support.stack import Stack

PATIENCE_S = 60
DERIVED = (
    "identity_adopted", "identity_proposed", "user_identified", "commitment_opened", "evidence_recorded",
    "commitment_closed", "directive_adopted", "memory_recorded",
)  # fmt: skip
NOON = 1_780_000_000
CHUNK = 8


def said(number: int) -> str:
    """Something for every worker, again and again; what is kept was promised two messages before."""
    match number % 8:
        case 0:
            return f"Remind me to call person{number} tomorrow. My name is Ana."
        case 1:
            return f"From now on, mention topic{number} first."
        case 2:
            return f"I called person{number - 2}, it went well."
        case 3:
            return f"Your name is Nova{number}."
        case 4:
            return f"Don't let me forget to buy thing{number} in two days."
        case 5:
            return f"I live in Town{number} with my sister Mia{number}."
        case 6:
            return f"I bought thing{number - 2}."
        case _:
            return f"Always write about place{number}."


def read(text: str, before: int) -> dict[str, Any]:
    """What the model finds in a message; in those of the fickle mind something else each time that it is asked."""
    number = next(iter(re.findall(r"\d+", text)), "")
    if text.startswith("I keep"):
        return _changing(number, before)
    match int(number or 0) % 8:
        case 0:
            promised = f"call person{number} tomorrow"
            return {
                "promises": [{"what": promised, "due": "tomorrow"}],
                "names": [name("user", "Ana", "My name is Ana")],
            }
        case 1:
            return {"instructions": [f"mention topic{number} first"]}
        case 3:
            return {"names": [name("assistant", f"Nova{number}", f"Your name is Nova{number}")]}
        case 4:
            return {"promises": [{"what": f"buy thing{number} in two days", "due": "in two days"}]}
        case 5:
            lives = fact(
                "fact", "user", f"Town{number}", f"The user lives in Town{number}.", f"I live in Town{number}"
            )
            mia = f"Mia{number}"
            sister = fact("relationship", mia, "sister", f"{mia} is the user's sister.", f"my sister {mia}")
            return {"facts": [lives, sister]}
        case 7:
            return {"instructions": [f"Always write about place{number}"]}
        case _:
            return {}


def told(number: int) -> str:
    """A message of the fickle mind."""
    return f"I keep bees{number} and hens{number}. Nova{number} is what I call you."


def _changing(number: str, before: int) -> dict[str, Any]:
    kept = [
        fact(
            "fact",
            "user",
            f"{what}{number}",
            f"The user keeps {what}{number}.",
            f"I keep bees{number} and hens{number}",
        )
        for what in ("bees", "hens")
    ]
    sure = 0.9 if before % 2 else 0.7
    named = name("assistant", f"Nova{number}", f"Nova{number} is what I call you", sure)
    return {"facts": kept[: 1 + before % 2], "names": [named]}


async def append(
    client: pmm_client.Client, mind_id: str, numbers: range, say: Callable[[int], str] = said
) -> None:
    """The messages of one chunk: all or none, and once, however often it is called."""
    events = [ledger.NewEvent(session_id="s", body=mind.Body(session_started=mind.SessionStarted()))]
    events = events if numbers.start == 0 else []
    for number in numbers:
        message = mind.UserMessage(text=say(number))
        message.occurred_at.seconds = NOON + number
        events.append(ledger.NewEvent(session_id="s", actor="user", body=mind.Body(user_message=message)))
    for position, event in enumerate(events):
        event.idempotency_key = f"{numbers.start}:{position}"
    await client.ledger.append(ledger.AppendRequest(mind_id=mind_id, events=events), timeout=PATIENCE_S)


async def derived(client: pmm_client.Client, mind_id: str) -> list[tuple[int, str, str]]:
    """Everything that workers derived: the number of the message that it follows from, its kind and its body."""
    number_of: dict[int, int] = {}
    found: list[tuple[int, str, str]] = []
    async for event in client.mind(mind_id).events(kinds=["user_message", *DERIVED]):
        if event.kind == "user_message":
            number_of[event.seq] = len(number_of)
        else:
            body = _numbered(MessageToDict(getattr(event.body, event.kind)), number_of)
            found.append((number_of[event.causation_seq], event.kind, str(sorted(body.items()))))
    return sorted(found)


def _numbered(body: dict[str, Any], number_of: dict[int, int]) -> dict[str, Any]:
    """With seqs as numbers of messages: other events may lie between."""
    for field in ("sourceSeq", "sourceSeqs", "evidenceSeqs", "seqs"):
        if field in body:
            seqs = body[field] if isinstance(body[field], list) else [body[field]]
            body[field] = [number_of[int(seq)] for seq in seqs]
    if "memoryId" in body:
        _, seq, ordinal = body["memoryId"].split("-")
        body["memoryId"] = f"m-{number_of[int(seq)]}-{ordinal}"
    return body


async def caught_up(client: pmm_client.Client, mind_id: str) -> None:
    """Return once every worker has seen the last message; how much is left depends on the rounds."""
    last = max([event.seq async for event in client.mind(mind_id).events(kinds=["user_message"])])
    reached = [0]
    while min(reached) < last:
        before = reached
        async with asyncio.timeout(PATIENCE_S):
            while reached == before:
                await asyncio.sleep(0.02)
                reached = [worker.seq for worker in await client.mind(mind_id).workers()]


async def test_kill_9_at_any_moment_of_the_workers(
    tmp_path: Path, rounds: int, chance: random.Random
) -> None:
    chunks = [range(start, start + CHUNK) for start in range(0, rounds * CHUNK, CHUNK)]
    with RecordedModel(read) as model, Stack(tmp_path / "data", env=_env(model)) as stack:
        async with pmm_client.connect(stack.target) as client:
            for mind_id in ("calm", "rough", "fickle"):
                await client.mind(mind_id).create()
            for chunk in chunks:
                await append(client, "calm", chunk)
            await caught_up(client, "calm")
            expected = await derived(client, "calm")
        for chunk in chunks:
            async with pmm_client.connect(stack.target) as client:
                writing = [
                    asyncio.create_task(append(client, "rough", chunk)),
                    asyncio.create_task(append(client, "fickle", chunk, told)),
                ]
                await asyncio.sleep(chance.choice([0, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4]))
                stack.kill()
                await asyncio.gather(*writing, return_exceptions=True)
            stack.restart()
            async with pmm_client.connect(stack.target) as client:
                await append(client, "rough", chunk)
                await append(client, "fickle", chunk, told)
        async with pmm_client.connect(stack.target) as client:
            await caught_up(client, "rough")
            await caught_up(client, "fickle")
            found, changing = await derived(client, "rough"), await derived(client, "fickle")
            left = [await client.mind(mind_id).dead_letters() for mind_id in ("rough", "fickle")]

    assert len(expected) > 5 * rounds
    assert found == expected
    assert left == [[], []]
    _was_derived_once_for_each(chunks[-1].stop, changing)


def _env(model: RecordedModel) -> dict[str, str]:
    return {
        "PMM_INFERENCE__BACKEND": "openai",
        "PMM_INFERENCE__OPENAI_BASE_URL": model.base_url,
        "PMM_INFERENCE__MODEL": MODEL,
    }


def _was_derived_once_for_each(messages: int, changing: list[tuple[int, str, str]]) -> None:
    """Of each message one answer of the model, whole, whichever it was."""
    kinds: defaultdict[int, list[str]] = defaultdict(list)
    for number, kind, _body in changing:
        kinds[number].append(kind)
    assert sorted(kinds) == list(range(messages))
    for of_message in kinds.values():
        named = [kind for kind in of_message if kind != "memory_recorded"]
        assert named in (["identity_adopted"], ["identity_proposed"])
        assert len(of_message) - 1 in (1, 2)
    bodies = [body for _number, kind, body in changing if kind == "memory_recorded"]
    assert len(set(bodies)) == len(bodies)
