"""The embedder that comes with memory: a long text costs what it is long, and makes no other one cost more."""

from __future__ import annotations

import random
import tracemalloc

import numpy as np
import pytest

from services.memory import embedder
from services.memory.embedder import WordLlamaEmbedder

WORDS = (
    "the",
    "cat",
    " sleeps",
    "on ",
    "\n",
    "é",
    "漢字",
    "🙂",
    "<s>",
    "x" * 40,
    "1,000",
    "\t",
    "it's",
    "end.",
)


def a_text(characters: int) -> str:
    drawn = random.Random(characters)
    return " ".join(drawn.choices(WORDS, k=characters // 4))[:characters]


@pytest.mark.parametrize("characters", [0, 100, 8_192, 60_000])
def test_a_text_that_is_read_in_pieces_has_the_vector_of_the_whole(
    characters: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = a_text(characters)
    in_pieces = WordLlamaEmbedder().embed([text])
    monkeypatch.setattr(embedder, "_PIECE_CHARACTERS", characters + 1)

    # A sum of thousands is rounded as often.
    assert np.allclose(in_pieces, WordLlamaEmbedder().embed([text]), atol=1e-4)


def test_each_text_of_many_has_the_vector_that_it_has_alone() -> None:
    texts = [a_text(length) for length in (20, 30_000, 0, 300, 9_000)] * 60
    together = WordLlamaEmbedder().embed(texts)

    alone = [WordLlamaEmbedder().embed([text])[0] for text in texts[:5]]
    assert np.array_equal(together, np.stack(alone * 60))
    assert not together[2].any()
    assert np.allclose(np.linalg.norm(together[[0, 1, 3, 4]], axis=1), 1.0)


def test_short_texts_beside_a_long_one_take_no_more_memory_than_alone() -> None:
    texts, loaded = ["the cat sleeps"] * 63, WordLlamaEmbedder()
    tracemalloc.start()
    try:
        loaded.embed([*texts, a_text(20_000)])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    # As long as the long one, the short ones alone would be 300 MB of vectors.
    assert peak < 32 * 2**20
