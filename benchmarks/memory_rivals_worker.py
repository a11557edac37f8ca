"""One rival in an environment of its own: reads a job as JSON, prints what it measured. See ``memory_rivals.py``."""

# pyright: basic, reportMissingImports=false

from __future__ import annotations

import importlib.util
import json
import logging
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

DIMENSIONS = 256
AT_ONCE = 1_000
Add = Callable[[Sequence[str]], None]
Ask = Callable[[str], Any]


class Embedder:
    """WordLlama, as PMM uses it."""

    def __init__(self) -> None:
        from wordllama import WordLlama

        spec = importlib.util.find_spec("wordllama")
        assert spec, "the worker's environment has it"
        assert spec.submodule_search_locations, "it is a package"
        folder = Path(spec.submodule_search_locations[0])
        self._model = WordLlama.load(cache_dir=folder, disable_download=True)

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors."""
        return np.asarray(self._model.embed(list(texts), norm=True), np.float32)


def chromadb(folder: str, embed: Embedder) -> tuple[Add, Ask]:
    """A persistent client with its HNSW index."""
    import chromadb

    client = chromadb.PersistentClient(folder, chromadb.Settings(anonymized_telemetry=False))
    collection = client.create_collection("bench", metadata={"hnsw:space": "cosine"}, embedding_function=None)

    def add(texts: Sequence[str]) -> None:
        first = collection.count()
        ids = [str(first + place) for place in range(len(texts))]
        collection.add(ids=ids, documents=list(texts), embeddings=embed(texts))

    return add, lambda question: collection.query(query_embeddings=embed([question]), n_results=10)


def qdrant(folder: str, embed: Embedder) -> tuple[Add, Ask]:
    """A local client, which searches by brute force in NumPy."""
    from qdrant_client import QdrantClient, models

    client = QdrantClient(path=folder)
    space = models.VectorParams(size=DIMENSIONS, distance=models.Distance.COSINE)
    client.create_collection("bench", vectors_config=space)
    count = 0

    def add(texts: Sequence[str]) -> None:
        nonlocal count
        points = [
            models.PointStruct(id=count + place, vector=vector.tolist(), payload={"text": text})
            for place, (text, vector) in enumerate(zip(texts, embed(texts), strict=True))
        ]
        client.upsert("bench", points)
        count += len(points)

    return add, lambda question: client.query_points("bench", embed([question])[0].tolist(), limit=10)


def mem0(folder: str, embed: Embedder) -> tuple[Add, Ask]:
    """``Memory`` with ``infer=False``, its default local qdrant, and the same embedder in place of its own."""
    os.environ |= {"MEM0_TELEMETRY": "False", "MEM0_DIR": folder, "OPENAI_API_KEY": "unused"}
    from mem0 import Memory

    store = {"provider": "qdrant", "config": {"path": f"{folder}/qdrant", "embedding_model_dims": DIMENSIONS}}
    memory = Memory.from_config({"vector_store": store, "history_db_path": f"{folder}/history.db"})

    class Model:
        config = memory.embedding_model.config

        def embed(self, text: str, *_: Any) -> list[float]:
            return embed([text])[0].tolist()

        def embed_batch(self, texts: Sequence[str], *_: Any) -> list[list[float]]:
            return embed(texts).tolist()

    memory.embedding_model = Model()

    def add(texts: Sequence[str]) -> None:
        for text in texts:
            memory.add([{"role": "user", "content": text}], user_id="bench", infer=False)

    def ask(question: str) -> Any:
        try:
            return memory.search(question, filters={"user_id": "bench"}, top_k=10)
        except TypeError:
            return memory.search(question, user_id="bench", limit=10)

    return add, ask


def main() -> None:
    """Read the job from stdin, print the figures on the last line."""
    logging.disable(logging.WARNING)
    job = json.load(sys.stdin)
    add, ask = globals()[job["rival"]](job["folder"], Embedder())
    texts, questions = job["texts"], job["questions"]
    began = time.perf_counter()
    for first in range(0, len(texts), AT_ONCE):
        add(texts[first : first + AT_ONCE])
    added = len(texts) / (time.perf_counter() - began)
    ask("warm up")
    took: list[float] = []
    for question in questions:
        began = time.perf_counter()
        ask(question)
        took.append((time.perf_counter() - began) * 1000)
    print(json.dumps({"added_per_s": added, "search_ms": took}))


if __name__ == "__main__":
    main()
