"""The words of one mind in tantivy: BM25 with English stemming."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import numpy as np
import tantivy

from services.memory.vectors import Ordinals, Scores

_tantivy: Any = tantivy
_HEAP_BYTES = 16 * 2**20
"""tantivy's least is 15 MB a writer thread."""
MAX_QUERY_WORDS = 64
"""A longer query is cut: what it is about stands in its first words."""

_WORD = re.compile(r"[^\W_]+")
_POSSESSIVE = re.compile(r"['\u2019]s\b")

STOP_WORDS = frozenset(
    (
        "a about am an and any are as at be been being but by can could did do does for from had has have he "
        "her him his how i if in into is it its just me my no not of on or our she should so some than that "
        "the their them then there these they this those to us was we were what when where which who whom "
        "why will with would you your"
    ).split()
)
"""English words that say nothing about what is asked."""


def query_words(text: str) -> list[str]:
    """The words of a query that say something, lower-case; all of them where none does."""
    words = list(dict.fromkeys(_WORD.findall(_POSSESSIVE.sub("", text.lower()))))
    return ([word for word in words if word not in STOP_WORDS] or words)[:MAX_QUERY_WORDS]


class TextIndex:
    """In memory, made from the rows when the mind is loaded. One writer thread; readers anywhere."""

    def __init__(self) -> None:
        builder = _tantivy.SchemaBuilder()
        builder.add_unsigned_field("ordinal", stored=True, indexed=True, fast=True)
        builder.add_text_field("text", tokenizer_name="en_stem", stored=False)
        self._index = _tantivy.Index(builder.build())
        self._writer: Any = None

    def add(self, texts: Iterable[tuple[int, str]]) -> None:
        """Add texts under their ordinals; found after ``commit``."""
        writer = self._open_writer()
        for ordinal, text in texts:
            document = _tantivy.Document()
            document.add_unsigned("ordinal", ordinal)
            document.add_text("text", text)
            writer.add_document(document)

    def remove(self, ordinals: Iterable[int]) -> None:
        """Remove texts; gone after ``commit``."""
        writer = self._open_writer()
        for ordinal in ordinals:
            writer.delete_documents("ordinal", ordinal)

    def commit(self) -> None:
        """Make what was added and removed visible to searches."""
        self._open_writer().commit()
        self._index.reload()

    def search(self, words: list[str], limit: int) -> tuple[Ordinals, Scores]:
        """The best by BM25, best first."""
        searcher = self._index.searcher()
        if not words or not searcher.num_docs:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        query = self._index.parse_query(" ".join(words), ["text"])
        hits = searcher.search(query, limit, count=False).hits
        ordinals = [searcher.doc(address)["ordinal"][0] for _, address in hits]
        return np.array(ordinals, np.int64), np.array([score for score, _ in hits], np.float32)

    def _open_writer(self) -> Any:
        if self._writer is None:
            self._writer = self._index.writer(heap_size=_HEAP_BYTES, num_threads=1)
        return self._writer
