"""From texts to unit vectors."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
"""One row a text, each of length 1."""


class Embedder(Protocol):
    """Makes vectors that can be compared with each other, and with no other embedder's."""

    @property
    def id(self) -> str:
        """Names model and size: what distinguishes its vectors from others."""
        ...

    @property
    def dimensions(self) -> int:
        """Numbers in each vector."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One unit vector a text, in order; a text without a known word gets the zero vector."""
        ...


class WordLlamaEmbedder:
    """WordLlama's static embeddings: the weights come in its wheel, about 30 µs a text, no download."""

    id = "wordllama/l2_supercat_256"
    dimensions = 256

    def __init__(self) -> None:
        from wordllama import WordLlama

        spec = importlib.util.find_spec("wordllama")
        if spec is None or not spec.submodule_search_locations:
            raise ImportError("wordllama is not installed: pip install 'persistent-mind[memory]'")
        # Its loader looks for the bundled tokenizer in the cache folder only, and would download it.
        folder = Path(spec.submodule_search_locations[0])
        self._model: Any = WordLlama.load(cache_dir=folder, disable_download=True)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See ``Embedder``."""
        if not texts:
            return np.zeros((0, self.dimensions), np.float32)
        raw = np.asarray(self._model.embed(list(texts), norm=False), np.float32)
        lengths = np.linalg.norm(raw, axis=1, keepdims=True)
        return np.ascontiguousarray(np.divide(raw, lengths, out=np.zeros_like(raw), where=lengths > 0))
