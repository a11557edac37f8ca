"""What memory holds of one mind, written and read without a server."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pmm.mind.v1 import events_pb2 as mind
from services.memory.device import choose
from services.memory.embedder import WordLlamaEmbedder
from services.memory.embeddings import Embeddings
from services.memory.minds import LoadedMinds
from services.memory.rows import Row
from services.memory.settings import MemorySettings
from services.memory.spaces import Spaces
from services.memory.store import Store
from services.memory.writer import Writer

EMBEDDER = WordLlamaEmbedder()


@dataclass
class Memory:
    """Rows and vectors in a folder, and what writes them."""

    store: Store
    spaces: Spaces
    writer: Writer

    @classmethod
    @contextmanager
    def open(cls, folder: Path) -> Generator[Memory]:
        chosen = MemorySettings.model_validate({})
        store, embeddings = Store(folder / "store"), Embeddings(folder / "embeddings", 100, 0)
        spaces = Spaces(store, chosen.embedder_settings(), lambda _: EMBEDDER)
        minds = LoadedMinds(store, folder / "minds", spaces, choose("cpu"), chosen)
        yield cls(store, spaces, Writer(store, minds, spaces, embeddings))
        embeddings.close()
        store.close()

    def process(self, events: list[mind.Event]) -> None:
        self.writer.process(events, "store", events[-1].seq)

    def fold(self, events: list[mind.Event]) -> None:
        """As ``Refolding`` does, with what the ledger has, three events a page."""
        for first in range(0, len(events), 3):
            with self.store.read() as stored:
                held = stored.mind("ada")
            if held and held.beside:
                self.writer.fold("ada", held.beside.number, events[first : first + 3])

    def is_to_be_folded(self) -> bool:
        """Whether what is held is not yet what the ledger says."""
        with self.store.read() as stored:
            held = stored.mind("ada")
        assert held is not None
        assert (held.beside is not None) == (self.writer.folding == {"ada"})
        return held.beside is not None

    def held(self) -> tuple[int, list[Row], list[list[float]]]:
        """How many memories hold, every version, and their vectors."""
        with self.store.read() as stored:
            held = stored.mind("ada")
            assert held is not None
            found = [(ordinal, stored.whole(held, row)) for ordinal, row in stored.rows_from(held, 0)]
            vectors = [
                stored.vectors(self.spaces.searched, held, ordinal, ordinal + 1)[0].tolist()
                for ordinal, _ in found
            ]
        return held.held, [row for _, row in found], vectors
