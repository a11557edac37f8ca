"""The words of a large mind in tantivy, on disk: it proposes candidates, ``keyword.py`` scores them."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import tantivy

from services.memory import analysis
from services.memory.vectors import Ordinals

_tantivy: Any = tantivy
_TOKENIZER = "pmm_en"
_FIELD = "text"
_HEAP_BYTES = 32 * 2**20


class TextDamaged(Exception):
    """tantivy cannot read its files: they are to be built anew."""


@contextmanager
def _damage_told() -> Generator[None]:
    try:
        yield
    # What tantivy raises for every fault of its files.
    except ValueError as error:
        raise TextDamaged(str(error)) from None


class TextIndex:
    """One writer; readers anywhere. Opens what is in the folder, or makes it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        builder = _tantivy.SchemaBuilder()
        builder.add_unsigned_field("ordinal", stored=False, indexed=True, fast=True)
        builder.add_text_field(_FIELD, tokenizer_name=_TOKENIZER, stored=False, index_option="freq")
        self._schema = builder.build()
        self._index = _tantivy.Index(self._schema, path=str(folder))
        self._index.register_tokenizer(_TOKENIZER, analysis.analyzer())
        self._searcher = self._index.searcher()

    def __len__(self) -> int:
        return self._searcher.num_docs

    def add(self, texts: Iterable[tuple[int, str]]) -> None:
        """Add texts under their ordinals, on disk and to be found when this returns."""
        writer = self._index.writer(heap_size=_HEAP_BYTES, num_threads=1)
        for ordinal, text in texts:
            document = _tantivy.Document()
            document.add_unsigned("ordinal", ordinal)
            document.add_text(_FIELD, text)
            writer.add_document(document)
        self._finish(writer)

    def cut(self, size: int) -> None:
        """Remove what an interrupted ``add`` left from the ordinal ``size`` on."""
        writer = self._index.writer(heap_size=_HEAP_BYTES, num_threads=1)
        beyond = _tantivy.Query.range_query(self._schema, "ordinal", _tantivy.FieldType.Unsigned, size, 2**62)
        writer.delete_documents_by_query(beyond)
        self._finish(writer)

    def _finish(self, writer: Any) -> None:
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()
        self._searcher = self._index.searcher()

    def best(self, stems: Sequence[str], limit: int) -> Ordinals:
        """The best by tantivy's BM25, best first."""
        if not stems:
            return np.zeros(0, np.int64)
        searcher = self._searcher
        query = _tantivy.Query.boolean_query([(_tantivy.Occur.Should, self._term(stem)) for stem in stems])
        with _damage_told():
            hits = searcher.search(query, limit, count=False).hits
            return np.array(searcher.fast_field_values("ordinal", [place for _, place in hits]), np.int64)

    def holders(self, stem: str, before: int | None) -> int:
        """How many texts hold a stem, of those with a lower ordinal than ``before``."""
        if before is None:
            with _damage_told():
                return self._searcher.doc_freq(_FIELD, stem)
        earlier = _tantivy.Query.range_query(
            self._schema, "ordinal", _tantivy.FieldType.Unsigned, 0, before, include_upper=False
        )
        both = _tantivy.Query.boolean_query(
            [(_tantivy.Occur.Must, self._term(stem)), (_tantivy.Occur.Must, earlier)]
        )
        with _damage_told():
            return self._searcher.search(both, 1, count=True).count

    def _term(self, stem: str) -> Any:
        return _tantivy.Query.term_query(self._schema, _FIELD, stem, index_option="freq")
