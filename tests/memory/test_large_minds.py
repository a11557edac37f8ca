"""Minds that are not small: the same answers from the bulk as without it, and from its folder, whatever befalls it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.fill import PEOPLE, PLACES, THINGS, VERBS, bodies
from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.memory.v1 import memory_pb2 as pb
from pmm.mind.v1 import events_pb2
from tests.support.drafts import created, said
from tests.support.files import files_with
from tests.support.serving import Served, serving

pytestmark = pytest.mark.slow

COUNT = 900
FLAT = {"memory": {"settle_ms": 0}}
BULK = {"memory": {"settle_ms": 0, "flat_limit": 150}}
QUERIES = [
    f"Has {person} {verb} the {thing} in {place}?"
    for person, verb, thing, place in zip(PEOPLE, VERBS, THINGS, PLACES, strict=False)
]
GROWN_SECONDS = 20.0


async def fill(served: Served, first: int, last: int) -> int:
    events = list(bodies(last))[first:last]
    head = 0
    if not first:
        events.insert(0, created())
    for start in range(0, len(events), 300):
        request = ledger.AppendRequest(mind_id="ada", events=events[start : start + 300])
        head = (await served.ledger.append(request)).head_seq
    return head


async def answers(served: Served, head: int, **more: object) -> list[list[str]]:
    found: list[list[str]] = []
    for query in QUERIES:
        request = pb.SearchRequest(mind_id="ada", query=query, min_seq=head, exact=True, **more)  # type: ignore[arg-type]
        results = (await served.memory.search(request, timeout=60)).results
        found.append([result.memory.memory_id for result in results])
    return found


async def kind(served: Served) -> str:
    return (await served.memory.stats(pb.StatsRequest(mind_id="ada"))).index_kind


async def grown(served: Served) -> None:
    async with asyncio.timeout(GROWN_SECONDS):
        while await kind(served) != "ivf":
            await asyncio.sleep(0.05)


async def test_the_bulk_answers_as_exact_search_does(tmp_path: Path) -> None:
    (tmp_path / "flat").mkdir()
    (tmp_path / "bulk").mkdir()
    async with serving(tmp_path / "flat", "ledger", "memory", settings=FLAT) as served:
        exact = await answers(served, await fill(served, 0, COUNT))
        past = await answers(served, 0, as_of_seq=400)
        assert await kind(served) == "flat"
    async with serving(tmp_path / "bulk", "ledger", "memory", settings=BULK) as served:
        head = await fill(served, 0, COUNT)
        await answers(served, head)
        await grown(served)

        assert await answers(served, head) == exact
        assert await answers(served, 0, as_of_seq=400) == past
        few = pb.MemoryFilter(session_ids=["s3"])
        request = pb.SearchRequest(mind_id="ada", query=QUERIES[0], filter=few, k=50)
        found = (await served.memory.search(request)).results
        assert len(found) == 20
        assert {result.memory.session_id for result in found} == {"s3"}


@pytest.mark.parametrize(
    "query", ["???", "日本語", "the of and", "word " * 200, " ".join(map(str, range(90)))]
)
async def test_a_large_mind_answers_what_has_no_word_or_very_many(tmp_path: Path, query: str) -> None:
    async with serving(tmp_path, "ledger", "memory", settings=BULK) as served:
        head = await fill(served, 0, COUNT)
        await answers(served, head)
        await grown(served)
        for as_of_seq in (None, 200):
            request = pb.SearchRequest(mind_id="ada", query=query, min_seq=head, k=5, as_of_seq=as_of_seq)
            assert len((await served.memory.search(request)).results) == 5


async def test_a_large_mind_finds_what_holds_and_as_of_before_what_held(tmp_path: Path) -> None:
    async with serving(tmp_path, "ledger", "memory", settings=BULK) as served:
        head = await fill(served, 0, COUNT)
        await answers(served, head)
        await grown(served)
        asked = pb.SearchRequest(mind_id="ada", query=QUERIES[0], min_seq=head, k=3)
        gone, *others = [found.memory.memory_id for found in (await served.memory.search(asked)).results]

        retraction = events_pb2.MemoryRetracted(memory_id=gone, why="it was said in jest")
        retracted = await served.memory.retract_memories(
            pb.RetractMemoriesRequest(mind_id="ada", retractions=[retraction])
        )

        asked.min_seq = retracted.seq
        assert [found.memory.memory_id for found in (await served.memory.search(asked)).results][:2] == others
        asked.as_of_seq = head
        assert (await served.memory.search(asked)).results[0].memory.memory_id == gone


async def test_a_mind_grows_while_it_is_searched(tmp_path: Path) -> None:
    async with serving(tmp_path, "ledger", "memory", settings=BULK) as served:
        head = await fill(served, 0, 300)
        for last in range(300, COUNT, 100):
            await answers(served, head)
            head = await fill(served, last, last + 100)
            await asyncio.sleep(0.3)
            text = f"the quagga number {last}"
            head = (
                await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=[said(text)]))
            ).head_seq
            request = pb.SearchRequest(mind_id="ada", query=text, min_seq=head, k=1)
            assert (await served.memory.search(request)).results[0].memory.text == text
        await grown(served)


async def test_a_start_takes_the_folder_and_makes_up_what_came_after_it(tmp_path: Path) -> None:
    async with serving(tmp_path, "ledger", "memory", settings=BULK) as served:
        head = await fill(served, 0, COUNT)
        await answers(served, head)
        await grown(served)
        before = await answers(served, head)
    assert list((tmp_path / "memory" / "minds").rglob("place.json"))

    async with serving(tmp_path, "ledger", "memory", settings=BULK) as served:
        assert await answers(served, head) == before
        assert await kind(served) == "ivf"
        head = await fill(served, COUNT, COUNT + 50)
        request = pb.SearchRequest(mind_id="ada", query=f"item {COUNT + 49}", k=3, min_seq=head)
        found = (await served.memory.search(request)).results
        assert any(result.memory.text.endswith(f"item {COUNT + 49}") for result in found)


async def test_a_large_mind_is_built_anew_though_nobody_asks_for_it(tmp_path: Path) -> None:
    folder = tmp_path / "memory" / "minds"
    async with serving(tmp_path, "ledger", "memory", settings=BULK) as served:
        await answers(served, await fill(served, 0, COUNT))
        await grown(served)
    shutil.rmtree(folder)

    async with serving(tmp_path, "ledger", "memory", settings=BULK), asyncio.timeout(GROWN_SECONDS):
        while not list(folder.rglob("place.json")):
            await asyncio.sleep(0.05)


def overwrite(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 0xFF
    file.write_bytes(bytes(data))


def of(pattern: str, harm: Callable[[Path], None]) -> Callable[[Path], None]:
    return lambda folder: harm(next(folder.rglob(pattern)))


@pytest.mark.parametrize(
    "harm",
    [
        pytest.param(of("vectors.faiss", overwrite), id="vectors-flipped"),
        pytest.param(of("vectors.faiss", lambda file: file.write_bytes(b"")), id="vectors-empty"),
        pytest.param(of("lists.faiss", overwrite), id="lists-flipped"),
        pytest.param(of("words.npy", Path.unlink), id="words-gone"),
        pytest.param(of("names.msgpack", overwrite), id="names-flipped"),
        pytest.param(of("place.json", overwrite), id="place-flipped"),
        pytest.param(of("postings/rows.npy", overwrite), id="postings-flipped"),
        pytest.param(of("postings/ends.npy", lambda file: file.write_bytes(b"")), id="postings-empty"),
        pytest.param(of("postings", shutil.rmtree), id="postings-gone"),
        pytest.param(shutil.rmtree, id="all-gone"),
    ],
)
async def test_what_is_damaged_or_missing_is_built_anew(tmp_path: Path, harm: Callable[[Path], None]) -> None:
    async with serving(tmp_path, "ledger", "memory", settings=BULK) as served:
        head = await fill(served, 0, 500)
        await answers(served, head)
        await grown(served)
        before = await answers(served, head)
    harm(tmp_path / "memory" / "minds")

    async with serving(tmp_path, "ledger", "memory", settings=BULK) as served:
        assert await answers(served, head) == before
        assert (await served.memory.stats(pb.StatsRequest(mind_id="ada"))).memories == 500


async def test_what_is_erased_goes_from_the_bulk_and_its_folder(tmp_path: Path) -> None:
    marker = "quinquereme of Nineveh"
    async with serving(tmp_path, "ledger", "memory", settings=BULK) as served:
        await fill(served, 0, 200)
        told = await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=[said(marker)]))
        request = pb.SearchRequest(mind_id="ada", query=marker, k=5, min_seq=told.head_seq)
        head = await fill(served, 200, COUNT)
        await answers(served, head)
        await grown(served)
        assert (await served.memory.search(request)).results[0].memory.text == marker
        done = await served.ledger.redact(ledger.RedactRequest(mind_id="ada", seqs=[told.head_seq]))
        request.min_seq = done.seq

        assert marker not in [result.memory.text for result in (await served.memory.search(request)).results]
        assert files_with(tmp_path / "memory", marker.encode()) == []
        async with asyncio.timeout(GROWN_SECONDS):
            while not list((tmp_path / "memory" / "minds").rglob("place.json")):
                await asyncio.sleep(0.05)
        assert marker not in [result.memory.text for result in (await served.memory.search(request)).results]
        assert len((await answers(served, done.seq))[0]) == 10
    assert files_with(tmp_path / "memory", b"quinquerem") == []


async def test_no_more_minds_stay_loaded_than_there_is_room_for(tmp_path: Path) -> None:
    room = {"memory": {"settle_ms": 0, "loaded_memories": 50}}
    async with serving(tmp_path, "ledger", "memory", settings=room) as served:
        for number in range(12):
            events = [created(), *(said(f"note {count} of mind {number}") for count in range(10))]
            head = (
                await served.ledger.append(ledger.AppendRequest(mind_id=f"m{number}", events=events))
            ).head_seq
            request = pb.SearchRequest(mind_id=f"m{number}", query="note 3", k=1, min_seq=head)
            found = (await served.memory.search(request)).results
            assert found[0].memory.text == f"note 3 of mind {number}"
        assert (await served.memory.stats(pb.StatsRequest())).loaded_minds <= 5
        request = pb.SearchRequest(mind_id="m0", query="note 3", k=1)
        assert (await served.memory.search(request)).results[0].memory.text == "note 3 of mind 0"
