"""After an erasure memory is what it would be, had it been built from the ledger without what was erased."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.memory.v1 import memory_pb2 as pb
from pmm.mind.v1 import events_pb2 as mind
from tests.memory.folding import Memory
from tests.support.drafts import created, said
from tests.support.files import files_with
from tests.support.ports import free_port
from tests.support.serving import Served, serving

DAY = datetime(2026, 5, 3, 10, tzinfo=UTC)
TEXTS = (
    "Ana lives in Porto",
    "ana lives in Porto!",
    "Ana lives in Lyon",
    "Ana moved to Oslo",
    "Ana likes tea",
    "Ana does not like tea",
    "Ana no longer lives in Porto",
    "Ana left Lyon",
    "Tom is Ana's partner",
    "Ana broke up",
    "the harbour",
)
TYPES = (mind.MEMORY_TYPE_FACT, mind.MEMORY_TYPE_PREFERENCE, mind.MEMORY_TYPE_EVENT)

seqs = st.integers(2, 14)
ids = st.integers(2, 14).map("m{}".format)


@st.composite
def bodies(draw: st.DrawFn, seq: int) -> mind.Body:
    kind = draw(
        st.sampled_from(
            ["recorded", "recorded", "recorded", "revised", "rated", "retracted", "imported", "said"]
        )
    )
    text = draw(st.sampled_from(TEXTS))
    if kind == "said":
        return mind.Body(user_message=mind.UserMessage(text=text))
    if kind == "recorded":
        memory_id = draw(st.one_of(st.just(f"m{seq}"), ids))
        recorded = mind.MemoryRecorded(memory_id=memory_id, text=text, type=draw(st.sampled_from(TYPES)))
        if draw(st.booleans()):
            recorded.valid_from.FromDatetime(DAY + timedelta(days=draw(st.integers(-3, 3))))
        if draw(st.integers(0, 4)) == 4:
            recorded.valid_to.FromDatetime(DAY + timedelta(days=draw(st.integers(-3, 3))))
        recorded.contradicts.extend(draw(st.lists(ids, max_size=1)))
        recorded.source_seqs.extend(draw(st.lists(seqs, max_size=1)))
        return mind.Body(memory_recorded=recorded)
    if kind == "imported":
        imported = mind.MessageImported(text=text, speaker="Ana", external_id="1")
        imported.occurred_at.FromDatetime(DAY)
        return mind.Body(message_imported=imported)
    memory_id = draw(ids)
    if kind == "revised":
        importance = draw(st.sampled_from([None, 0.5]))
        revised = mind.MemoryRevised(memory_id=memory_id, text=draw(st.sampled_from(["", text])))
        if importance is not None:
            revised.importance = importance
        revised.source_seqs.extend(draw(st.lists(seqs, max_size=1)))
        return mind.Body(memory_revised=revised)
    if kind == "rated":
        return mind.Body(
            memory_rated=mind.MemoryRated(memory_id=memory_id, rating=draw(st.sampled_from([-1, 1])))
        )
    return mind.Body(memory_retracted=mind.MemoryRetracted(memory_id=memory_id))


def event(seq: int, body: mind.Body) -> mind.Event:
    made = mind.Event(mind_id="ada", seq=seq, kind=body.WhichOneof("kind") or "", body=body, remember=True)
    made.recorded_at.FromDatetime(DAY + timedelta(seconds=seq))
    return made


@st.composite
def histories(draw: st.DrawFn) -> list[mind.Event]:
    """Events of a mind, erasures of some of them among them."""
    events = [event(1, created().body)]
    for seq in range(2, draw(st.integers(4, 14))):
        erased = (
            draw(st.lists(st.integers(2, seq), min_size=1, max_size=3))
            if draw(st.integers(0, 3)) == 3
            else []
        )
        if erased:
            events.append(event(seq, mind.Body(event_redacted=mind.EventRedacted(seqs=erased))))
        else:
            events.append(event(seq, draw(bodies(seq))))
    return events


def without_payload(events: list[mind.Event], upto: int) -> list[mind.Event]:
    """What the ledger has of the first events once the first ``upto`` are appended: header and no body where erased."""
    gone = {seq for one in events[:upto] for seq in one.body.event_redacted.seqs}
    left: list[mind.Event] = []
    for one in events[:upto]:
        kept = mind.Event()
        kept.CopyFrom(one)
        if one.seq in gone and one.kind != "event_redacted":
            kept.ClearField("body")
            kept.redacted = True
        left.append(kept)
    return left


@settings(max_examples=250)
@given(histories(), st.integers(1, 4), st.sampled_from([0, 3, 14]))
def test_what_is_held_after_erasures_is_what_the_ledger_without_them_gives(
    events: list[mind.Event], at_once: int, folded: int
) -> None:
    """So many events are processed at once, and so many are folded again after each time."""
    with (
        TemporaryDirectory() as one,
        TemporaryDirectory() as other,
        Memory.open(Path(one)) as memory,
        Memory.open(Path(other)) as built_anew,
    ):
        for first in range(0, len(events), at_once):
            memory.process(events[first : first + at_once])
            memory.fold(without_payload(events, min(first + at_once, len(events)))[:folded])
        memory.fold(without_payload(events, len(events)))
        built_anew.process(without_payload(events, len(events)))

        assert memory.held() == built_anew.held()
        assert not memory.is_to_be_folded()


def recorded(memory_id: str, text: str, *source_seqs: int) -> mind.Body:
    fact = mind.MemoryRecorded(
        memory_id=memory_id, text=text, type=mind.MEMORY_TYPE_FACT, source_seqs=source_seqs
    )
    return mind.Body(memory_recorded=fact)


def redacted(*seqs: int) -> mind.Body:
    return mind.Body(event_redacted=mind.EventRedacted(seqs=seqs))


def test_a_memory_that_was_refused_for_its_id_is_formed_where_the_other_is_erased(tmp_path: Path) -> None:
    events = [
        event(1, created().body),
        event(2, recorded("a", "Ana lives in Porto")),
        event(3, recorded("a", "Ana likes tea")),
        event(4, redacted(2)),
    ]
    with Memory.open(tmp_path) as memory:
        for appended in events:
            memory.process([appended])
        memory.fold(without_payload(events, 4))

        assert [row.text for row in memory.held()[1]] == ["Ana likes tea"]
        assert not memory.is_to_be_folded()


def test_nothing_is_folded_again_where_the_erased_was_only_what_a_memory_came_from(tmp_path: Path) -> None:
    events = [
        event(1, created().body),
        event(2, mind.Body(user_message=mind.UserMessage(text="I moved."))),
        event(3, recorded("a", "Ana lives in Porto")),
        event(4, recorded("b", "Ana lives in Lyon", 2)),
        event(5, recorded("c", "Ana lives in Oslo")),
        event(6, redacted(2)),
    ]
    with Memory.open(tmp_path) as memory:
        memory.process(events)

        assert not memory.is_to_be_folded()


def test_a_folding_that_a_crash_interrupted_goes_on(tmp_path: Path) -> None:
    revised = mind.MemoryRevised(memory_id="m2", text="Ana lives in Lyon")
    events = [
        event(1, created().body),
        event(2, mind.Body(memory_recorded=mind.MemoryRecorded(memory_id="m2", text="Ana lives in Porto"))),
        event(3, mind.Body(memory_revised=revised)),
        event(4, mind.Body(event_redacted=mind.EventRedacted(seqs=[3]))),
        event(5, mind.Body(memory_recorded=mind.MemoryRecorded(memory_id="m5", text="the harbour"))),
    ]
    with Memory.open(tmp_path) as memory:
        memory.process(events[:4])
        memory.writer.fold("ada", 1, without_payload(events, 4)[:2])

    with Memory.open(tmp_path) as memory:
        memory.process(events[4:])
        assert memory.writer.folding == {"ada"}
        assert [row.text for row in memory.held()[1]] == ["the harbour"]
        memory.fold(without_payload(events, 5))

        assert [row.text for row in memory.held()[1]] == ["Ana lives in Porto", "the harbour"]
        assert memory.writer.folding == set()


async def interrupt_a_folding(folder: Path, folded: int) -> None:
    """A mind without whose last revision another memory holds, of which so many events were folded again."""
    appended = [
        created(),
        *(ledger.NewEvent(body=recorded(f"m{seq}", f"shelf {seq} holds jam")) for seq in range(2, 7)),
        ledger.NewEvent(body=mind.Body(memory_revised=mind.MemoryRevised(memory_id="m2", text="empty"))),
    ]
    async with serving(folder, "ledger", "memory") as served:
        await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=appended))
        await served.memory.list_memories(pb.ListMemoriesRequest(mind_id="ada", min_seq=7), timeout=10)
    async with serving(folder, "ledger") as served:
        await served.ledger.redact(ledger.RedactRequest(mind_id="ada", seqs=[7]))
        messages = served.ledger.subscribe(ledger.SubscribeRequest())
        store_id = (await anext(messages)).started.store_id
        page = (await anext(messages)).page
        await messages.aclose()
    with Memory.open(folder / "memory") as memory:
        memory.writer.process(page.events, store_id, page.position)
        memory.writer.fold("ada", 1, page.events[:folded])


async def jam(served: Served) -> list[str]:
    listed = await served.memory.list_memories(pb.ListMemoriesRequest(mind_id="ada"), timeout=10)
    return [one.text.removesuffix(" holds jam") for one in listed.memories]


@pytest.mark.parametrize("folded", [0, 1, 5])
async def test_a_start_goes_on_with_a_folding_right_behind_the_last_event_that_was_folded(
    tmp_path: Path, folded: int
) -> None:
    await interrupt_a_folding(tmp_path, folded)
    async with serving(tmp_path, "ledger", "memory") as served:
        async with asyncio.timeout(20):
            while (await served.memory.stats(pb.StatsRequest())).rebuilding:
                await asyncio.sleep(0.05)
        assert await jam(served) == ["shelf 6", "shelf 5", "shelf 4", "shelf 3", "shelf 2"]


async def test_a_folding_waits_for_a_ledger_that_is_away_and_what_is_held_is_served(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await interrupt_a_folding(tmp_path, 1)
    away = {"ledger": f"127.0.0.1:{free_port()}"}
    async with serving(tmp_path, "memory", elsewhere=away) as served:
        async with asyncio.timeout(20):
            while not any("could not be folded again" in each.getMessage() for each in caplog.records):
                await asyncio.sleep(0.05)
        assert await jam(served) == ["shelf 6", "shelf 5", "shelf 4", "shelf 3"]
        assert (await served.memory.stats(pb.StatsRequest())).rebuilding


def test_a_page_that_was_read_before_an_erasure_is_not_folded(tmp_path: Path) -> None:
    rated = mind.MemoryRated(memory_id="m2", rating=1)
    events = [
        event(1, created().body),
        event(2, mind.Body(memory_recorded=mind.MemoryRecorded(memory_id="m2", text="Ana lives in Porto"))),
        event(3, mind.Body(memory_rated=rated)),
        event(4, mind.Body(event_redacted=mind.EventRedacted(seqs=[3]))),
        event(5, mind.Body(event_redacted=mind.EventRedacted(seqs=[2]))),
    ]
    with Memory.open(tmp_path) as memory:
        memory.process(events[:4])
        with memory.store.read() as stored:
            held = stored.mind("ada")
        assert held is not None
        assert held.beside is not None
        memory.process(events[4:])
        memory.writer.fold("ada", held.beside.number, without_payload(events, 4))
        assert memory.held() == (0, [], [])
        memory.fold(without_payload(events, 5))

        assert memory.held() == (0, [], [])


def test_what_is_erased_while_a_mind_is_folded_again_is_in_no_file(tmp_path: Path) -> None:
    marker = "quinquereme of Nineveh"
    revised = mind.MemoryRevised(memory_id="m2", text="Ana lives in Lyon")
    events = [
        event(1, created().body),
        event(2, mind.Body(memory_recorded=mind.MemoryRecorded(memory_id="m2", text=marker))),
        event(3, mind.Body(memory_revised=revised)),
        event(4, mind.Body(event_redacted=mind.EventRedacted(seqs=[3]))),
        event(5, mind.Body(event_redacted=mind.EventRedacted(seqs=[2]))),
    ]
    with Memory.open(tmp_path) as memory:
        memory.process(events[:4])
        memory.writer.fold("ada", 1, without_payload(events, 4)[:2])
        assert files_with(tmp_path, marker)
        memory.process(events[4:])

        assert files_with(tmp_path, marker) == []
        assert memory.writer.folding == {"ada"}
        memory.fold(without_payload(events, 5))
        assert memory.held() == (0, [], [])
    assert files_with(tmp_path, marker) == []


async def test_without_a_revision_the_version_before_it_is_found_again(served: Served) -> None:
    def body(**kind: Any) -> ledger.NewEvent:
        return ledger.NewEvent(body=mind.Body(**kind))

    async def texts() -> list[str]:
        found = await served.memory.search(pb.SearchRequest(mind_id="ada", query="Ana"), timeout=10)
        return [result.memory.text for result in found.results]

    fact = mind.MemoryRecorded(memory_id="a", text="Ana lives in Porto", type=mind.MEMORY_TYPE_FACT)
    events = [
        created(),
        body(memory_recorded=fact),
        body(memory_revised=mind.MemoryRevised(memory_id="a", text="Ana lives in Lyon")),
        body(memory_rated=mind.MemoryRated(memory_id="a", rating=1)),
    ]
    await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=events))
    await served.memory.list_memories(pb.ListMemoriesRequest(mind_id="ada", min_seq=4), timeout=10)
    assert await texts() == ["Ana lives in Lyon"]
    erased = await served.ledger.redact(ledger.RedactRequest(mind_id="ada", seqs=[3]))
    await served.memory.list_memories(pb.ListMemoriesRequest(mind_id="ada", min_seq=erased.seq), timeout=10)
    assert "Ana lives in Lyon" not in await texts()
    async with asyncio.timeout(20):
        while (await served.memory.stats(pb.StatsRequest())).rebuilding:
            await asyncio.sleep(0.05)

    assert await texts() == ["Ana lives in Porto"]
    history = await served.memory.get_memory_history(pb.GetMemoryHistoryRequest(mind_id="ada", memory_id="a"))
    assert [(one.text, one.rating) for one in history.versions] == [
        ("Ana lives in Porto", 0),
        ("Ana lives in Porto", 1),
    ]


async def test_a_revision_that_goes_with_what_it_came_from_leaves_the_version_before_it(
    served: Served,
) -> None:
    events = [
        mind.Body(memory_recorded=mind.MemoryRecorded(memory_id="a", text="Ana lives in Porto")),
        mind.Body(
            memory_revised=mind.MemoryRevised(memory_id="a", text="Ana lives in Lyon", source_seqs=[2])
        ),
    ]
    appended = [created(), said("She moved."), *(ledger.NewEvent(body=body) for body in events)]
    await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=appended))
    await served.memory.list_memories(pb.ListMemoriesRequest(mind_id="ada", min_seq=4), timeout=10)
    erased = await served.ledger.redact(ledger.RedactRequest(mind_id="ada", seqs=[2, 4]))

    request = pb.ListMemoriesRequest(mind_id="ada", min_seq=erased.seq)
    async with asyncio.timeout(20):
        while not (listed := (await served.memory.list_memories(request, timeout=10)).memories):
            await asyncio.sleep(0.05)
    assert [(one.text, one.version) for one in listed] == [("Ana lives in Porto", 1)]


async def test_what_memory_holds_is_told_while_a_mind_is_folded_again(served: Served) -> None:
    def body(**kind: Any) -> ledger.NewEvent:
        return ledger.NewEvent(body=mind.Body(**kind))

    events = [
        created(),
        body(memory_recorded=mind.MemoryRecorded(memory_id="empty")),
        body(memory_recorded=mind.MemoryRecorded(memory_id="a", text="Ana lives in Porto")),
        body(memory_revised=mind.MemoryRevised(memory_id="a", text="Ana lives in Lyon")),
        *(body(user_message=mind.UserMessage(text=f"shelf {number} holds jam")) for number in range(900)),
    ]
    await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=events))
    head = len(events)
    await served.memory.list_memories(pb.ListMemoriesRequest(mind_id="ada", min_seq=head), timeout=20)
    erased = await served.ledger.redact(ledger.RedactRequest(mind_id="ada", seqs=[4]))
    await served.memory.list_memories(pb.ListMemoriesRequest(mind_id="ada", min_seq=erased.seq), timeout=20)

    async with asyncio.timeout(20):
        while (told := await served.memory.stats(pb.StatsRequest())).rebuilding:
            assert [event.seq for event in told.skipped] == [2]
    assert [event.seq for event in told.skipped] == [2]


async def test_what_was_skipped_and_is_erased_is_counted_no_more(served: Served) -> None:
    empty = ledger.NewEvent(body=mind.Body(memory_recorded=mind.MemoryRecorded(memory_id="empty")))
    await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=[created(), empty, empty]))
    await served.memory.list_memories(pb.ListMemoriesRequest(mind_id="ada", min_seq=3), timeout=10)

    erased = await served.ledger.redact(ledger.RedactRequest(mind_id="ada", seqs=[2]))
    await served.memory.list_memories(pb.ListMemoriesRequest(mind_id="ada", min_seq=erased.seq), timeout=10)
    assert (await served.memory.stats(pb.StatsRequest())).skipped_count == 1

    await served.ledger.delete_mind(ledger.DeleteMindRequest(mind_id="ada", confirm_mind_id="ada"))
    async with asyncio.timeout(20):
        while (await served.memory.stats(pb.StatsRequest())).skipped_count:
            await asyncio.sleep(0.05)
