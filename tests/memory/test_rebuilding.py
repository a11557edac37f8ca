"""Memory is a projection: it comes back equal from the ledger, whatever happens to its folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import grpc
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.fill import PEOPLE, THINGS, fill
from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.memory.v1 import memory_pb2 as pb
from pmm.memory.v1 import memory_pb2_grpc
from pmm_client.errors import BeyondHead, DataLoss
from services.memory.vectors import COARSE_FROM, FlatVectors
from tests.support.drafts import created, said
from tests.support.ledger import change_stored
from tests.support.serving import Served, serving
from tests.support.stack import Stack

QUERIES = [f"what about {person} and the {thing}" for person, thing in zip(PEOPLE, THINGS, strict=False)]


async def answers(served: Served, head: int) -> list[list[tuple[str, float]]]:
    found: list[list[tuple[str, float]]] = []
    for query in QUERIES:
        request = pb.SearchRequest(mind_id="ada", query=query, min_seq=head, exact=True)
        results = (await served.memory.search(request, timeout=30)).results
        found.append([(result.memory.memory_id, round(result.score, 4)) for result in results])
    return found


async def filled(served: Served) -> int:
    events = [said(f"{PEOPLE[i % 13]} mended the {THINGS[i % 10]}, for the {i}th time") for i in range(200)]
    head = 0
    await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=[created()]))
    for first in range(0, 200, 7):
        request = ledger.AppendRequest(mind_id="ada", events=events[first : first + 7])
        head = (await served.ledger.append(request)).head_seq
    return head


async def test_a_deleted_folder_comes_back_equal(tmp_path: Path) -> None:
    async with serving(tmp_path, "ledger", "memory") as served:
        head = await filled(served)
        before = await answers(served, head)
    shutil.rmtree(tmp_path / "memory")

    async with serving(tmp_path, "ledger", "memory") as served:
        assert await answers(served, head) == before


async def test_an_incremental_index_equals_a_loaded_one(tmp_path: Path) -> None:
    async with serving(tmp_path, "ledger", "memory") as served:
        await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=[created()]))
        await served.memory.search(pb.SearchRequest(mind_id="ada", query="loads it now", min_seq=1))
        events = [
            said(f"{PEOPLE[i % 13]} mended the {THINGS[i % 10]}, for the {i}th time") for i in range(60)
        ]
        for event in events:
            await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=[event]))
        incremental = await answers(served, 61)

    async with serving(tmp_path, "ledger", "memory") as served:
        assert await answers(served, 61) == incremental


async def test_the_embedding_cache_outlives_a_restart(tmp_path: Path) -> None:
    async def embeddings(served: Served) -> pb.CacheStats:
        stats = await served.memory.stats(pb.StatsRequest())
        return next(cache for cache in stats.caches if cache.name == "embeddings")

    async with serving(tmp_path, "ledger", "memory") as served:
        await answers(served, await filled(served))
        assert (await embeddings(served)).misses == 200
    async with serving(tmp_path, "ledger", "memory") as served:
        again = ledger.AppendRequest(
            mind_id="ada", events=[said(f"{PEOPLE[0]} mended the {THINGS[0]}, for the 0th time")]
        )
        head = (await served.ledger.append(again)).head_seq
        await answers(served, head)
        cache = await embeddings(served)

        assert (cache.hits, cache.misses) == (1, 0)


async def test_another_ledger_makes_memory_begin_anew(tmp_path: Path) -> None:
    async with serving(tmp_path, "ledger", "memory") as served:
        await answers(served, await filled(served))
    shutil.rmtree(tmp_path / "ledger")

    async with serving(tmp_path, "ledger", "memory") as served:
        events = [created(), said("a new life")]
        await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=events))
        found = await served.memory.search(
            pb.SearchRequest(mind_id="ada", query="life", min_seq=2), timeout=10
        )

        assert [result.memory.text for result in found.results] == ["a new life"]


@pytest.mark.slow
def test_a_killed_process_loses_and_doubles_no_memory(tmp_path: Path) -> None:
    with Stack(tmp_path / "data") as stack:
        with grpc.insecure_channel(stack.target) as channel:
            head = fill(channel, "ada", 3_000)
        stack.kill()
        stack.restart()
        with grpc.insecure_channel(stack.target) as channel:
            memory = memory_pb2_grpc.MemoryServiceStub(channel)
            memory.ListMemories(pb.ListMemoriesRequest(mind_id="ada", page_size=1, min_seq=head), timeout=60)
            assert memory.Stats(pb.StatsRequest(mind_id="ada"), timeout=10).memories == 2_999


@settings(max_examples=40)
@given(st.integers(1, 400), st.integers(0, 2**32 - 1), st.integers(1, 30), st.booleans())
def test_faiss_agrees_with_brute_force(count: int, seed: int, limit: int, filtered: bool) -> None:
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(count, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    query = vectors[rng.integers(count)]
    allowed = rng.random(count) < 0.5 if filtered else None
    index = FlatVectors(16)
    for part in np.array_split(vectors, 3):
        index.add(part)

    ordinals, scores = index.search(query, limit, allowed)

    products = vectors @ query
    if allowed is not None:
        products = np.where(allowed, products, -np.inf)
    best = np.sort(products[np.isfinite(products)])[::-1][:limit]
    assert np.allclose(scores, best, atol=1e-5)
    assert len(set(ordinals.tolist())) == len(ordinals)


@pytest.mark.parametrize("dimensions", [16, 256])
@pytest.mark.parametrize("filtered", [False, True])
def test_many_vectors_are_found_as_if_all_had_been_compared(dimensions: int, filtered: bool) -> None:
    rng = np.random.default_rng(5)
    count = COARSE_FROM + 2_000
    centres = rng.normal(size=(60, dimensions))
    vectors = centres[rng.integers(60, size=count)] + 0.7 * rng.normal(size=(count, dimensions))
    # One number holds nearly all of some: more than 8 bits span.
    vectors[::50] = np.eye(dimensions)[rng.integers(dimensions, size=len(vectors[::50]))]
    vectors[::50] += 0.01 * rng.normal(size=(len(vectors[::50]), dimensions))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    vectors[7] = 0
    allowed = rng.random(count) < 0.5 if filtered else None
    index = FlatVectors(dimensions)
    for part in np.array_split(vectors, 7):
        index.add(part)
    shares: list[float] = []

    for query in [*vectors[rng.integers(count, size=60)], *vectors[:500:50], vectors[7]]:
        all_compared, their_scores = index.search(query, 50, allowed, exact=True)
        found, scores = index.search(query, 50, allowed)

        products = vectors @ query
        assert np.allclose(scores, products[found], atol=1e-5)
        assert (np.diff(scores) <= 0).all()
        assert allowed is None or allowed[found].all()
        # Of those that are as near as each other any will do.
        shares.append(float((scores >= their_scores[-1] - 1e-6).mean()))
        assert np.allclose(
            their_scores, np.sort(products[allowed] if filtered else products)[::-1][:50], atol=1e-5
        )
        assert len(found) == len(all_compared) == 50

    assert np.mean(shares) > 0.999


async def test_what_lies_before_a_damaged_event_is_found_and_who_waits_for_more_is_told_which_it_is(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path, "ledger") as served:
        events = [created(), *(said(f"the {thing} leaks") for thing in THINGS)]
        head = (await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=events))).head_seq
    change_stored(tmp_path / "ledger", "events", head - 1, lambda data: data[:10])

    async with serving(tmp_path, "ledger", "memory") as served:
        found = await served.memory.search(
            pb.SearchRequest(mind_id="ada", query=f"what about the {THINGS[0]}", min_seq=head - 1), timeout=30
        )
        for _ in range(2):
            with pytest.raises(DataLoss) as lost:
                await served.memory.list_memories(
                    pb.ListMemoriesRequest(mind_id="ada", min_seq=head), timeout=30
                )
        with pytest.raises(BeyondHead):
            await served.memory.list_memories(
                pb.ListMemoriesRequest(mind_id="ada", min_seq=head + 1), timeout=30
            )

    assert THINGS[0] in found.results[0].memory.text
    assert (lost.value.reason, lost.value.metadata["seq"]) == ("BROKEN_EVENT", str(head))
