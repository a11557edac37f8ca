"""The minds that are loaded for searching: loaded on demand, kept current, grown, saved, unloaded when idle."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

import numpy as np

from services.memory import bulk, postings
from services.memory.bulk import Bulk, Place
from services.memory.errors import IndexRebuilding
from services.memory.index import Layout, MindIndex
from services.memory.inverted_file import OUTGROWN, Device, InvertedFile, sample_size
from services.memory.keyed_locks import KeyedLocks
from services.memory.reader import Reader
from services.memory.records import Mind
from services.memory.rows import Row
from services.memory.settings import MemorySettings
from services.memory.spaces import Spaces
from services.memory.store import Store
from services.memory.vectors import FlatVectors

_ROWS_AT_ONCE = 10_000
_TAIL_BESIDE_BULK = 8
"""A tail beside a bulk is so many times shorter than a mind that has no bulk may be."""
_SAVED_AGAIN_AT = 1.2
"""A folder is written anew when the bulk has grown by so much."""
_log = logging.getLogger("pmm.memory")


class LoadedMinds:
    """``MindIndex`` by mind. Changed by the writer thread, read from any."""

    def __init__(
        self, store: Store, folder: Path, spaces: Spaces, device: Device, settings: MemorySettings
    ) -> None:
        self._store = store
        self._folder = folder
        self._spaces = spaces
        self._device = device
        self._settings = settings
        self._loaded: dict[str, MindIndex] = {}
        self._folders = KeyedLocks()
        """By mind's number: one thread at a time works in its folder."""
        self._erasing: set[int] = set()
        """Numbers of minds whose folder must be left at once, as it holds what is erased."""
        self.stopping = threading.Event()
        """Set when what takes long should be given up."""

    def get(self, mind_id: str) -> MindIndex | None:
        """The index if it is loaded, noting that it is used."""
        index = self._loaded.get(mind_id)
        if index is not None:
            index.last_used = time.monotonic()
        return index

    def loaded(self, mind_id: str) -> MindIndex | None:
        """The index if it is loaded."""
        return self._loaded.get(mind_id)

    def read(self, mind_id: str) -> MindIndex | None:
        """Build an index from what is stored. Hand the result to ``publish`` in the writer thread."""
        embedder_id, space = self._spaces.current
        with self._store.read() as stored:
            mind = stored.mind(mind_id)
        if mind is None or mind.deleted:
            return None
        index = MindIndex(space, embedder_id, mind)
        with self._folders.of(mind.number):
            self._read(index, mind)
        return index

    def _read(self, index: MindIndex, mind: Mind) -> None:
        if mind.next_ordinal > self._settings.flat_limit:
            self._restore(index, mind)
        if not index.layout.bulk and mind.next_ordinal > 2 * self._settings.flat_limit:
            self._begin_bulk(index, mind)
        index.erasures = mind.erasures
        while len(index) < mind.next_ordinal:
            self._go_on(mind)
            with self._store.read() as stored:
                last = min(mind.next_ordinal, len(index) + _ROWS_AT_ONCE)
                self._extend(index, stored, mind, last)
            if len(index) - index.layout.start > 2 * self._settings.flat_limit:
                index.rearrange(self.grown(index, mind, mind.next_ordinal))
        with self._store.read() as stored:
            for ordinal, seq in stored.endings(mind, index.endings):
                if ordinal < len(index):
                    index.end(ordinal, seq)
        index.endings = mind.endings

    def _go_on(self, mind: Mind) -> None:
        """Called now and then by what takes long. Raises IndexRebuilding where it is to be given up."""
        if self.stopping.is_set():
            raise IndexRebuilding("memory is about to stop: try again when it is back")
        if mind.number in self._erasing:
            raise IndexRebuilding("something of the mind was erased while it was being loaded: try again")

    def _restore(self, index: MindIndex, mind: Mind) -> None:
        saved = bulk.load(self._folder_of(mind), index.embedder_id, self._device)
        if saved is not None and saved.place.erasures == mind.erasures:
            index.restore(saved.bulk, saved.place.size, saved.columns, saved.names)
            index.endings = saved.place.endings

    def _begin_bulk(self, index: MindIndex, mind: Mind) -> None:
        """Train for all the rows that will come, rather than again and again as they do."""
        rows = mind.next_ordinal
        places = np.sort(np.random.default_rng(0).permutation(rows)[: sample_size(rows)])
        with self._store.read() as stored:
            parts = [stored.vectors(index.space, mind, place, place + 1) for place in places.tolist()]
        vectors = InvertedFile.train(index.dimensions, np.concatenate(parts), rows, self._device)
        bulk_of_none = Bulk(vectors, postings.none(0))
        index.rearrange(Layout(bulk_of_none, 0, FlatVectors(index.dimensions)))

    def _extend(self, index: MindIndex, stored: Reader, mind: Mind, last: int) -> None:
        first = len(index)
        if last <= first:
            return
        rows: list[Row | None] = [None] * (last - first)
        for ordinal, row in stored.rows_from(mind, first):
            if ordinal >= last:
                break
            rows[ordinal - first] = row
        index.add(rows, stored.vectors(index.space, mind, first, last))

    def publish(self, mind_id: str, index: MindIndex) -> MindIndex | None:
        """In the writer thread: bring a freshly read index up to date, and let searches have it."""
        known = self._loaded.get(mind_id)
        if known is not None:
            return known
        with self._store.read() as stored:
            mind = stored.mind(mind_id)
            if mind is None or mind.deleted:
                return None
            current = _is_of(index, mind) and self._spaces.searched_id == index.embedder_id
            if current:
                self._extend(index, stored, mind, mind.next_ordinal)
                for ordinal, seq in stored.endings(mind, index.endings):
                    index.end(ordinal, seq)
                index.endings = mind.endings
        if not current:
            # Rows were erased while it was being read. No more can go now: this is the thread that erases.
            again = self.read(mind_id)
            if again is None:
                return None
            index = again
        index.last_used = time.monotonic()
        self._loaded[mind_id] = index
        self._make_room(mind_id)
        return index

    def _make_room(self, kept: str) -> None:
        total = sum(len(index) for index in self._loaded.values())
        for mind_id, index in sorted(self._loaded.items(), key=lambda item: item[1].last_used):
            if total <= self._settings.loaded_memories:
                return
            if mind_id != kept:
                total -= len(index)
                self.drop(mind_id)

    def outgrown(self) -> list[str]:
        """Minds of which so many rows are searched one by one that they should move into the bulk."""
        return [
            mind_id
            for mind_id, index in list(self._loaded.items())
            if not index.is_stale and len(index) - index.layout.start > self._most_compared(index)
        ]

    def _most_compared(self, index: MindIndex) -> int:
        # Beside a bulk, a long tail costs a search more than moving it costs.
        limit = self._settings.flat_limit
        return limit if index.layout.bulk is None else max(1, limit // _TAIL_BESIDE_BULK)

    def grown_now(self, mind_id: str, index: MindIndex) -> Layout | None:
        """``grown`` for a loaded mind; None where it is gone or to be built anew."""
        with self._store.read() as stored:
            mind = stored.mind(mind_id)
        if mind is None or mind.deleted or index.is_stale or mind.number != index.mind.number:
            return None
        with self._folders.of(mind.number):
            if self._loaded.get(mind_id) is not index:
                return None
            return self.grown(index, mind, mind.next_ordinal)

    def grown(self, index: MindIndex, mind: Mind, rows: int) -> Layout:
        """The rows that are there now moved into the bulk; outside of the writer thread, one at a time a mind.

        ``rows`` is how many are expected: the inverted file is made for so many. Hand the result to ``rearrange``.
        """
        layout, upto = index.layout, len(index)
        moving = layout.tail.all()[: upto - layout.start]
        old = layout.bulk
        words = (old.words if old else postings.none(0)).joined(index.words(layout.start, upto))
        # An interrupted move leaves vectors behind that would stand under other rows' ordinals.
        is_clean = old is not None and len(old.vectors) == layout.start
        if old is None or not is_clean or upto > OUTGROWN * old.vectors.trained_for:
            vectors = self._trained(index, layout, upto, max(upto, min(rows, OUTGROWN * upto)))
            self._copy(mind, old.vectors if old else None, layout.start, vectors)
        else:
            vectors = old.vectors
        for first in range(0, len(moving), _ROWS_AT_ONCE):
            self._go_on(mind)
            vectors.add(moving[first : first + _ROWS_AT_ONCE])
        return Layout(Bulk(vectors, words), upto, FlatVectors(index.dimensions))

    def _trained(self, index: MindIndex, layout: Layout, upto: int, rows: int) -> InvertedFile:
        count = min(upto, sample_size(rows))
        sample = np.sort(np.random.default_rng(0).permutation(upto)[:count])
        return InvertedFile.train(index.dimensions, index.vectors_of(layout, sample), rows, self._device)

    def _copy(self, mind: Mind, old: InvertedFile | None, size: int, new: InvertedFile) -> None:
        for first in range(0, size if old else 0, _ROWS_AT_ONCE):
            assert old is not None, "there are rows only of an old one"
            self._go_on(mind)
            new.add(old.take(np.arange(first, min(size, first + _ROWS_AT_ONCE))))

    def rearrange(self, mind_id: str, index: MindIndex, layout: Layout) -> bool:
        """In the writer thread: let searches find the moved rows in the bulk; False if the index is not in use."""
        if self._loaded.get(mind_id) is not index:
            return False
        late = index.layout.tail.all()[layout.start - index.layout.start :]
        if len(late):
            layout.tail.add(late)
        index.rearrange(layout)
        return True

    def should_save(self, index: MindIndex) -> bool:
        """Whether the folder is so far behind that a start would take long."""
        return index.layout.start >= max(1, index.saved_size * _SAVED_AGAIN_AT)

    def unsaved(self) -> list[tuple[str, MindIndex]]:
        """Loaded minds whose folder is missing or far behind."""
        loaded = list(self._loaded.items())
        return [
            (mind_id, index) for mind_id, index in loaded if index.layout.bulk and self.should_save(index)
        ]

    def save(self, mind_id: str, index: MindIndex) -> bool:
        """Write the bulk's folder, in any thread, while no rows move; False where that fails, and costs time later."""
        with self._store.read() as stored:
            mind = stored.mind(mind_id)
        if mind is None:
            return True
        try:
            with self._folders.of(mind.number):
                self._save(mind_id, index)
        # FAISS reports a full disk as RuntimeError.
        except (OSError, RuntimeError) as error:
            _log.warning("the index of mind %s was not saved, and will be built anew: %s", mind_id, error)
            return False
        return True

    def _save(self, mind_id: str, index: MindIndex) -> None:
        layout, endings, size = index.layout, index.endings, index.layout.start
        # Read here, where the folder is ours: what was erased before must not come into it again.
        with self._store.read() as stored:
            mind = stored.mind(mind_id)
        if layout.bulk is None or mind is None or index.is_stale or not _is_of(index, mind):
            return
        if index.saved_size == size or len(layout.bulk.vectors) != size:
            return
        trained_for = layout.bulk.vectors.trained_for
        place = Place(bulk.FORMAT, index.embedder_id, size, endings, mind.erasures, trained_for, {})
        columns, names = index.saved_columns(size), index.saved_names(size)
        bulk.save(self._folder_of(mind), place, layout.bulk, columns, names)
        index.saved_size = size

    def save_all(self) -> None:
        """Before the end: what is loaded, so that the next start is quick."""
        for mind_id, index in list(self._loaded.items()):
            self.save(mind_id, index)

    def erased(self, mind_id: str, mind: Mind, ordinals: list[int]) -> None:
        """In the writer thread: rows of the mind are gone. What was saved goes; what is loaded goes too, or, where it
        takes long to build, hides them until ``replace``.
        """
        self._remove_folder(mind)
        index = self._loaded.get(mind_id)
        if index is None or index.layout.bulk is None or mind.deleted:
            self.drop(mind_id)
            return
        index.hide([ordinal for ordinal in ordinals if ordinal < len(index)])
        index.is_stale = True

    def folded_again(self, mind_id: str, before: Mind) -> None:
        """In the writer thread: a mind has other rows, under another number than before."""
        self.drop(mind_id)
        self._remove_folder(before)

    def _remove_folder(self, mind: Mind) -> None:
        """Whoever works in it gives up."""
        self._erasing.add(mind.number)
        with self._folders.of(mind.number):
            bulk.remove(self._folder_of(mind))
        self._erasing.discard(mind.number)

    def stale(self) -> list[str]:
        """Minds whose loaded index hides erased rows, and is to be built anew."""
        return [mind_id for mind_id, index in list(self._loaded.items()) if index.is_stale]

    def replace(self, mind_id: str, index: MindIndex) -> None:
        """In the writer thread: an index that was built anew takes the place of the loaded one."""
        self.drop(mind_id)
        self.publish(mind_id, index)

    def unbuilt(self) -> list[str]:
        """Large minds that nobody has loaded, and whose folder lacks so much that the first search would wait long."""
        embedder_id, _ = self._spaces.current
        with self._store.read() as stored:
            large = {
                mind_id: mind
                for mind_id, mind in stored.all_minds()
                if mind.next_ordinal > 2 * self._settings.flat_limit and not mind.deleted
            }
        return [
            mind_id
            for mind_id, mind in large.items()
            if mind_id not in self._loaded
            and mind.next_ordinal - bulk.saved_size(self._folder_of(mind), embedder_id)
            > 2 * self._settings.flat_limit
        ]

    def remove_saved(self) -> None:
        """Every folder goes: nobody knows which of them hold what was erased."""
        bulk.remove(self._folder)

    def drop(self, mind_id: str) -> None:
        """Forget a loaded index; the next search loads it anew."""
        self._loaded.pop(mind_id, None)

    def drop_if(self, mind_id: str, index: MindIndex) -> None:
        """In the writer thread: forget this very index, if nobody has used it since."""
        if self._loaded.get(mind_id) is index and self._is_idle(index):
            self.drop(mind_id)

    def clear(self) -> None:
        """Forget all of them."""
        self._loaded.clear()

    def idle(self) -> list[tuple[str, MindIndex]]:
        """Those that nobody has used for a while."""
        return [(mind_id, index) for mind_id, index in list(self._loaded.items()) if self._is_idle(index)]

    def _is_idle(self, index: MindIndex) -> bool:
        return index.last_used < time.monotonic() - self._settings.idle_unload_seconds

    def count(self) -> int:
        """How many are loaded."""
        return len(self._loaded)

    def disk_bytes(self) -> int:
        """Bytes of the folders."""
        return sum(file.stat().st_size for file in self._folder.rglob("*") if file.is_file())

    def _folder_of(self, mind: Mind) -> Path:
        return self._folder / str(mind.number)


def _is_of(index: MindIndex, mind: Mind) -> bool:
    """Whether an index has the mind's present rows, and none that was erased."""
    return (index.mind.number, index.erasures) == (mind.number, mind.erasures)
