"""A cross-encoder that reads query and memory together: slower than all that comes before it, and better."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.memory.embedder import package_folder


class Reranker:
    """One cross-encoder of sentence-transformers."""

    def __init__(self, model: str, device: str) -> None:
        """Raises ImportError where sentence-transformers is missing, ValueError where the model is."""
        try:
            from sentence_transformers import CrossEncoder  # pyright: ignore[reportMissingImports]
        except ImportError:
            raise ImportError(
                "memory.reranker needs sentence-transformers: pip install 'persistent-mind[sentence-transformers]'"
            ) from None
        where = str(package_folder(model) or model)
        try:
            self._model: Any = CrossEncoder(
                where, device=None if device == "auto" else device, local_files_only=True
            )
        except OSError as error:
            raise ValueError(f"memory.reranker {model!r} cannot be loaded: {error}") from None

    def scores(self, query: str, texts: Sequence[str]) -> NDArray[np.float64]:
        """How well each text answers the query; comparable within one call."""
        pairs = [(query, text) for text in texts]
        return np.asarray(self._model.predict(pairs, show_progress_bar=False), np.float64).reshape(-1)
