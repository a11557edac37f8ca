"""What a mind draws from what was said, by a model that answers from a recording and by rules, through all services."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.struct_pb2 import Value
from google.protobuf.timestamp_pb2 import Timestamp

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.memory.v1 import memory_pb2 as memory
from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from pmm_client import errors
from services.orchestrator.extraction import extractor
from tests.orchestrator.conftest import ROOMY, SERVICES
from tests.orchestrator.talking import converse, events, settled_head, wait_for
from tests.support.recorded_model import MODEL, RecordedModel, fact, name
from tests.support.serving import Served, serving

READERS = {"commitments", "directives", "extraction", "identity"}
SAID = (
    "Hi, I'm Ana. Your name is Nova. I moved to Porto in May. From now on, answer in verse. "
    "Remind me to call Eva by Friday. Lisbon has been home to Ben since March."
)
BY_RULES = ["The user is called Ana.", "The user moved to Porto in May."]
"""Memories that need no model."""
FOUND: dict[str, Any] = {
    "names": [name("assistant", "Nova", "Your name is Nova"), name("user", "Ana", "I'm Ana")],
    "promises": [{"what": "call Eva by Friday", "due": "by Friday"}],
    "instructions": ["answer in verse"],
    "facts": [
        fact(
            "event",
            "user",
            "Porto",
            "The user moved to Porto in May.",
            "I moved to Porto in May",
            "in May",
            0.8,
        ),
        fact(
            "fact",
            "Ben",
            "home to Ben",
            "Lisbon has been home to Ben.",
            "Lisbon has been home to Ben since March",
            "since March",
            0.8,
        ),
        fact("fact", "user", "Lisbon", "The user lives in Lisbon.", "I live in Lisbon"),
    ],
}
"""The first of its facts rules find, too; the last was never said."""
GERMAN = (
    "Ich wohne in Porto. Erinnere mich bitte daran, Eva anzurufen. Antworte von jetzt an immer in Versen."
)
"""What no rule reads."""
FOUND_IN_GERMAN: dict[str, Any] = {
    "promises": [{"what": "Eva anzurufen", "due": ""}],
    "instructions": ["Antworte von jetzt an immer in Versen"],
}


def configured(model: RecordedModel, **orchestrator: Any) -> dict[str, dict[str, Any]]:
    backend = {"backend": "openai", "openai_base_url": model.base_url, "model": MODEL, "json_attempts": 2}
    return {**ROOMY, "orchestrator": ROOMY["orchestrator"] | orchestrator, "inference": backend}


@pytest.fixture
def model() -> Iterator[RecordedModel]:
    with RecordedModel() as server:
        server.found[SAID] = FOUND
        yield server


@pytest.fixture
async def thinking(tmp_path: Path, model: RecordedModel) -> AsyncIterator[Served]:
    async with serving(tmp_path, *SERVICES, settings=configured(model)) as running:
        await running.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        yield running


async def caught_up(served: Served, mind_id: str = "ada") -> None:
    """Return once the workers that read messages have read them all."""
    last = max(e.seq for e in await events(served, mind_id, kinds=["user_message", "assistant_message"]))
    async with asyncio.timeout(20):
        while True:
            listed = await served.orchestrator.list_workers(pb.ListWorkersRequest(mind_id=mind_id))
            if all(one.seq >= last for one in listed.workers if one.name in READERS):
                return
            await asyncio.sleep(0.02)


async def derived(served: Served, mind_id: str = "ada") -> dict[str, list[mind.Event]]:
    """By kind: what the workers made of what was said."""
    await caught_up(served, mind_id)
    by_kind: dict[str, list[mind.Event]] = {}
    for event in await events(served, mind_id):
        if event.actor in READERS:
            by_kind.setdefault(event.kind, []).append(event)
    return by_kind


async def test_every_worker_derives_from_one_call_of_the_model(
    thinking: Served, model: RecordedModel
) -> None:
    turn = await converse(thinking, SAID)
    made = await derived(thinking)

    assert turn.started
    assert {event.causation_seq for of_kind in made.values() for event in of_kind} == {turn.started.user_seq}
    assert made["identity_adopted"][0].body.identity_adopted.name == "Nova"
    assert made["user_identified"][0].body.user_identified.name == "Ana"
    assert made["commitment_opened"][0].body.commitment_opened.HasField("due_at")
    assert made["directive_adopted"][0].body.directive_adopted.text == "answer in verse"
    assert model.read_messages.count(SAID) == 1


async def test_a_model_adds_the_memory_that_rules_miss_and_nothing_that_was_not_said(
    thinking: Served,
) -> None:
    turn = await converse(thinking, SAID)
    made = [event.body.memory_recorded for event in (await derived(thinking))["memory_recorded"]]
    at = await settled_head(thinking)
    listed = await thinking.memory.list_memories(
        memory.ListMemoriesRequest(
            mind_id="ada",
            min_seq=at,
            filter=memory.MemoryFilter(types=[mind.MEMORY_TYPE_EVENT, mind.MEMORY_TYPE_FACT]),
        )
    )

    assert turn.started
    assert [(one.text, one.model) for one in made] == [
        *((text, "") for text in BY_RULES),
        ("Lisbon has been home to Ben.", MODEL),
    ]
    formed = made[-1]
    assert list(formed.source_seqs) == [turn.started.user_seq]
    assert list(formed.entities) == ["Ben", "Lisbon"]
    assert (formed.importance, formed.type) == (0.8, mind.MEMORY_TYPE_FACT)
    assert formed.valid_from.ToDatetime().month == 3
    assert {one.text for one in listed.memories} == {one.text for one in made}


async def test_a_memory_holds_from_a_day_of_the_minds_time_zone(thinking: Served) -> None:
    await thinking.orchestrator.set_policy(
        pb.SetPolicyRequest(mind_id="ada", key="time_zone", value=Value(string_value="Pacific/Auckland"))
    )
    morning = Timestamp()
    morning.FromJsonString("2026-11-26T22:20:00Z")

    await converse(thinking, "I moved to Auckland yesterday.", query_time=morning)
    moved, _lives = (await derived(thinking))["memory_recorded"]

    assert moved.body.memory_recorded.valid_from.ToJsonString() == "2026-11-25T11:00:00Z"


async def test_what_a_model_makes_up_opens_nothing_in_a_language_that_rules_read(
    thinking: Served, model: RecordedModel
) -> None:
    chat = "My sister Eva said she would call on Friday. Nova is what Ana calls her cat, always."
    model.found[chat] = {
        "names": [
            name("user", "Ana", "Nova is what Ana calls her cat"),
            name("assistant", "Nova", "Nova is"),
        ],
        "promises": [{"what": "call on Friday", "due": "on Friday"}],
        "instructions": ["Nova is what Ana calls her cat"],
    }
    await converse(thinking, chat)

    assert set(await derived(thinking)) <= {"identity_proposed", "memory_recorded"}


async def test_what_is_said_in_so_many_words_waits_for_no_model(
    thinking: Served, model: RecordedModel
) -> None:
    model.holding.clear()
    await converse(thinking, SAID)
    for kind in ("identity_adopted", "user_identified", "commitment_opened", "directive_adopted"):
        await wait_for(thinking, kind)
    read = list(model.read_messages)
    model.holding.set()

    assert read.count(SAID) <= 1
    assert (await derived(thinking))["memory_recorded"][-1].body.memory_recorded.model == MODEL


async def test_a_suggested_name_is_proposed_and_changes_nothing(
    thinking: Served, model: RecordedModel
) -> None:
    hint = "Nova would be a fine name for somebody like you."
    model.found[hint] = {"names": [name("assistant", "Nova", "Nova would be a fine name", 0.8)]}
    await converse(thinking, hint)
    proposed = await wait_for(thinking, "identity_proposed")
    asked = pb.GetIdentityHistoryRequest(mind_id="ada")
    state = (await thinking.orchestrator.get_mind(pb.GetMindRequest(mind_id="ada"))).mind.identity
    history = (await thinking.orchestrator.get_identity_history(asked)).changes

    assert (state.name, state.proposed_name, state.proposed_seq) == ("", "Nova", proposed.seq)
    assert [(change.kind, change.name, change.confidence) for change in history] == [
        ("identity_proposed", "Nova", 0.8)
    ]

    await thinking.orchestrator.adopt_name(pb.AdoptNameRequest(mind_id="ada", name="Nova"))
    state = (await thinking.orchestrator.get_mind(pb.GetMindRequest(mind_id="ada"))).mind.identity
    assert (state.name, state.proposed_name) == ("Nova", "")


async def test_what_is_no_json_is_asked_for_again_and_then_rules_read_alone(
    thinking: Served, model: RecordedModel
) -> None:
    model.found[SAID] = "I would rather chat."
    await converse(thinking, SAID)
    made = await derived(thinking)
    letters = await thinking.orchestrator.list_dead_letters(pb.ListDeadLettersRequest(mind_id="ada"))

    assert model.read_messages.count(SAID) == 2
    assert [event.body.memory_recorded.text for event in made["memory_recorded"]] == BY_RULES
    assert not letters.dead_letters


async def test_where_rules_cannot_read_what_is_no_json_is_left_and_replayed_when_mended(
    thinking: Served, model: RecordedModel
) -> None:
    model.found[GERMAN] = "I would rather chat."
    await converse(thinking, GERMAN)
    assert not await derived(thinking)
    asked = pb.ListDeadLettersRequest(mind_id="ada")
    letters = (await thinking.orchestrator.list_dead_letters(asked)).dead_letters
    assert {(one.worker, one.reason) for one in letters} == {(worker, "INVALID_JSON") for worker in READERS}
    assert model.read_messages.count(GERMAN) % 2 == 0

    model.found[GERMAN] = FOUND_IN_GERMAN
    for letter in letters:
        replay = pb.ReplayDeadLetterRequest(mind_id="ada", dead_letter_id=letter.dead_letter_id)
        await thinking.orchestrator.replay_dead_letter(replay)

    assert not (await thinking.orchestrator.list_dead_letters(asked)).dead_letters
    made = await derived(thinking)
    assert made["commitment_opened"][0].body.commitment_opened.text == "Eva anzurufen"
    assert made["directive_adopted"][0].body.directive_adopted.text == FOUND_IN_GERMAN["instructions"][0]


async def test_the_promises_of_an_answer_are_read_and_no_facts(
    thinking: Served, model: RecordedModel
) -> None:
    english, german = (
        "I live in the cloud. I'll look it up tomorrow.",
        "Ich lebe in der Wolke. Morgen schaue ich das für dich nach.",
    )
    model.replies |= {"Hello there": english, "Good day": german}
    model.found[english] = {"promises": [{"what": "live in the cloud", "due": ""}]}
    model.found[german] = {"promises": [{"what": "Morgen schaue ich das für dich nach", "due": "Morgen"}]}
    await converse(thinking, "Hello there")
    await converse(thinking, "Good day")
    made = await derived(thinking)

    assert list(made) == ["commitment_opened"]
    assert [event.body.commitment_opened.text for event in made["commitment_opened"]] == [
        "look it up tomorrow",
        "Morgen schaue ich das für dich nach",
    ]
    assert (english in model.read_messages, german in model.read_messages) == (False, True)


async def test_a_mind_that_begins_with_its_own_name_promises_and_another_does_not(
    thinking: Served, model: RecordedModel
) -> None:
    model.replies |= {"Hello": "Ada: I'll look it up tomorrow.", "And Ben?": "Ben: I'll be there at five."}
    await converse(thinking, "Your name is Ada. My name is Tom.")
    assert {"identity_adopted", "user_identified"} <= set(await derived(thinking))
    for said in (
        "Hello", "And Ben?", "Ben: remind me to call", "Ada: remind me to buy milk", "Tom: remind me to rest at 6",
    ):  # fmt: skip
        await converse(thinking, said)

    made = (await derived(thinking))["commitment_opened"]
    assert [event.body.commitment_opened.text for event in made] == [
        "look it up tomorrow",
        "buy milk",
        "rest at 6",
    ]


async def test_what_somebody_else_says_in_a_message_is_no_fact_to_a_model(
    thinking: Served, model: RecordedModel
) -> None:
    await converse(thinking, "My name is Tom.")
    await caught_up(thinking)
    for who, town in (("Ben", "Lisbon"), ("Tom", "Porto")):
        said = f"{who}: Home is {town} to me these days."
        model.found[said] = {
            "facts": [fact("fact", "user", town, f"Home is {town}.", f"Home is {town} to me")]
        }
        await converse(thinking, said)

    made = (await derived(thinking))["memory_recorded"]
    assert [event.body.memory_recorded.text for event in made] == [
        "The user is called Tom.",
        "Home is Porto.",
    ]


async def test_imported_messages_form_nothing_but_themselves(thinking: Served, model: RecordedModel) -> None:
    imported = pb.ImportedMessage(text=SAID, speaker="Ana")
    await thinking.orchestrator.import_messages(pb.ImportMessagesRequest(mind_id="ada", messages=[imported]))
    await converse(thinking, "Good morning")

    assert not await derived(thinking)
    assert SAID not in model.read_messages


async def test_what_is_erased_while_the_model_reads_it_leaves_nothing(
    thinking: Served, model: RecordedModel
) -> None:
    model.holding.clear()
    turn = await converse(thinking, SAID)
    assert turn.started
    async with asyncio.timeout(20):
        while SAID not in model.read_messages:
            await asyncio.sleep(0.01)
    erased = ledger.RedactRequest(mind_id="ada", seqs=[turn.started.user_seq], why="asked for")
    await thinking.ledger.redact(erased)
    model.holding.set()

    assert "memory_recorded" not in await derived(thinking)


async def test_what_was_derived_before_a_crash_is_not_derived_again_whatever_the_model_says_now(
    tmp_path: Path, model: RecordedModel
) -> None:
    """The positions were not saved, and the model changed its mind: other bodies, other kinds, more of them."""
    before = [
        (
            "extraction",
            mind.Body(memory_recorded=mind.MemoryRecorded(memory_id="m-3-0", text="Before the crash.")),
        ),
        ("identity", mind.Body(identity_proposed=mind.IdentityProposed(name="Iris", confidence=0.8))),
    ]
    async with serving(tmp_path, "ledger") as running:
        begun = [mind.Body(mind_created=mind.MindCreated()), mind.Body(session_started=mind.SessionStarted())]
        said = mind.Body(user_message=mind.UserMessage(text=SAID))
        new = [ledger.NewEvent(session_id="s", body=body) for body in (*begun, said)]
        new += [
            ledger.NewEvent(
                session_id="s",
                actor=actor,
                causation_seq=3,
                body=body,
                idempotency_key=f"{actor}:3:{body.WhichOneof('kind')}:0",
            )
            for actor, body in before
        ]
        await running.ledger.append(ledger.AppendRequest(mind_id="ada", events=new))
    async with serving(tmp_path, *SERVICES, settings=configured(model)) as running:
        await converse(running, "Good morning")
        made = await derived(running)
        left = await running.orchestrator.list_dead_letters(pb.ListDeadLettersRequest(mind_id="ada"))

    assert [event.body.memory_recorded.text for event in made["memory_recorded"]] == ["Before the crash."]
    assert [event.body.identity_proposed.name for event in made["identity_proposed"]] == ["Iris"]
    assert "identity_adopted" not in made
    assert set(made) >= {"commitment_opened", "directive_adopted"}
    assert not left.dead_letters


async def test_rules_read_where_the_model_may_not(tmp_path: Path, model: RecordedModel) -> None:
    chosen = configured(model, extracts_with_model=False)
    async with serving(tmp_path, *SERVICES, settings=chosen) as running:
        await running.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        await converse(running, SAID)
        made = await derived(running)

    assert not model.read_messages
    assert [(e.body.memory_recorded.text, e.body.memory_recorded.model) for e in made["memory_recorded"]] == [
        (text, "") for text in BY_RULES
    ]


async def test_rules_read_where_there_is_no_model(served: Served) -> None:
    await converse(served, SAID)
    made = await derived(served)

    assert set(made) >= {"identity_adopted", "commitment_opened", "directive_adopted", "memory_recorded"}
    assert not any(event.body.memory_recorded.model for event in made["memory_recorded"])


async def test_a_long_message_is_read_by_rules(thinking: Served, model: RecordedModel) -> None:
    long = f"I moved to Porto in May. {'So it goes on. ' * 1_000}"
    await converse(thinking, long)
    (formed,) = (await derived(thinking))["memory_recorded"]

    assert not formed.body.memory_recorded.model
    assert long not in model.read_messages


async def test_a_newer_fact_ends_the_older_one(served: Served) -> None:
    await converse(served, "I live in Lisbon.")
    await caught_up(served)
    await converse(served, "I live in Porto now, I moved to Porto in May.")
    await converse(served, "I live in Porto.")
    await caught_up(served)
    at = await settled_head(served)
    listed = await served.memory.list_memories(
        memory.ListMemoriesRequest(
            mind_id="ada", min_seq=at, filter=memory.MemoryFilter(types=[mind.MEMORY_TYPE_FACT])
        )
    )

    assert {one.text: one.HasField("valid_to") for one in listed.memories} == {
        "The user lives in Lisbon.": True,
        "The user lives in Porto.": False,
    }


@pytest.mark.parametrize(
    ("before", "after", "ended", "holds"),
    [
        (
            "I live in Wellington.",
            "I moved to Auckland yesterday",
            "The user lives in Wellington.",
            "The user lives in Auckland.",
        ),
        (
            "I work at Spark.",
            "I started at Xero last week",
            "The user works at Spark.",
            "The user works at Xero.",
        ),
        ("I live in Bonn.", "I live in Ulm now", "The user lives in Bonn.", "The user lives in Ulm."),
        ("I'm single.", "I'm married now", "The user is single.", "The user is married."),
    ],
)
async def test_what_changed_of_late_ends_what_was_so(
    served: Served, before: str, after: str, ended: str, holds: str
) -> None:
    await converse(served, before)
    await caught_up(served)
    await converse(served, after)
    await caught_up(served)
    at = await settled_head(served)
    listed = await served.memory.list_memories(
        memory.ListMemoriesRequest(
            mind_id="ada", min_seq=at, filter=memory.MemoryFilter(types=[mind.MEMORY_TYPE_FACT])
        )
    )

    assert {one.text: one.HasField("valid_to") for one in listed.memories} == {ended: True, holds: False}


async def test_what_is_over_holds_no_more_until_it_begins_again(served: Served) -> None:
    async def holds() -> list[str]:
        await caught_up(served)
        asked = memory.ListMemoriesRequest(
            mind_id="ada",
            min_seq=await settled_head(served),
            filter=memory.MemoryFilter(
                types=[mind.MEMORY_TYPE_FACT, mind.MEMORY_TYPE_PREFERENCE, mind.MEMORY_TYPE_RELATIONSHIP]
            ),
        )
        listed = await served.memory.list_memories(asked)
        return sorted(one.text for one in listed.memories if not one.HasField("valid_to"))

    await converse(served, "I smoke and I live in Leeds. My boss is Ana.")
    at_first = await holds()
    for said in ("What if I quit smoking?", "Ben: I quit smoking.", "My sister quit smoking."):
        await converse(served, said)
    still = await holds()
    await converse(served, "I quit smoking. Ben is my boss now.")
    after = await holds()
    await converse(served, "I started smoking again.")

    assert at_first == still == ["Ana is the user's boss.", "The user lives in Leeds.", "The user smokes."]
    assert after == ["Ben is the user's new boss.", "The user lives in Leeds."]
    assert await holds() == [*after, "The user smokes."]


async def test_a_key_that_another_event_took_leaves_a_letter(served: Served) -> None:
    spoiled = ledger.NewEvent(
        body=mind.Body(custom=mind.Custom(name="spoiler")), idempotency_key="extraction:4:memory_recorded:0"
    )
    await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=[spoiled]))
    await converse(served, "I live in Porto.")
    made = await derived(served)
    asked = pb.ListDeadLettersRequest(mind_id="ada", worker="extraction")
    (letter,) = (await served.orchestrator.list_dead_letters(asked)).dead_letters

    assert "memory_recorded" not in made
    assert letter.reason == "IDEMPOTENCY_KEY_REUSED"
    with pytest.raises(errors.PmmError):
        await served.orchestrator.replay_dead_letter(
            pb.ReplayDeadLetterRequest(mind_id="ada", dead_letter_id=letter.dead_letter_id)
        )


async def test_where_there_is_no_model_nobody_asks_in_what_language_a_message_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That takes a second of the processor the first time, in the middle of somebody's turn."""

    def told(text: str) -> bool:
        raise ValueError(f"asked for {text}")

    monkeypatch.setattr(extractor, "is_english", told)
    async with serving(tmp_path, *SERVICES, settings=ROOMY) as running:
        await running.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        await converse(running, SAID)
        await settled_head(running)
        kinds = {event.kind for event in await events(running)}
        left = (await running.orchestrator.list_dead_letters(pb.ListDeadLettersRequest())).dead_letters

    assert {"identity_adopted", "commitment_opened", "directive_adopted", "memory_recorded"} <= kinds
    assert not left
