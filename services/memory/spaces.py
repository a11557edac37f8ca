"""Which embedder's vectors are searched, and which are being made: a change of embedder never mixes them.

Each embedder has a *space* of the store for its vectors. The searched one serves until the next one is complete; then
they change places in one transaction, and the old vectors go. The vectors of a mind may also lag behind its rows in
the searched space, while the embedder is away: they are made up for here, too.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from services.memory.embedder import Embedder, EmbedderAway, Vectors, open_embedder
from services.memory.embeddings import Embeddings
from services.memory.records import Mind, Space
from services.memory.settings import EmbedderSettings
from services.memory.store import Store

_REMOVED_AT_ONCE = 20_000
_log = logging.getLogger("pmm.memory")


@dataclass(frozen=True, slots=True)
class Slice:
    """Vectors of some rows of one mind, made and not yet stored."""

    space: Space
    mind_id: str
    number: int
    """Of the mind, when they were made."""
    first: int
    vectors: Vectors
    failed: dict[int, tuple[int, str]]
    """By place in the slice: the seq of the row that has no vector, and why."""


class Spaces:
    """The spaces of one store. Changed in the writer thread alone."""

    def __init__(
        self,
        store: Store,
        settings: EmbedderSettings,
        open_with: Callable[[EmbedderSettings], Embedder] = open_embedder,
    ) -> None:
        """Raises ImportError, ValueError; EmbedderAway where there is nothing yet to search meanwhile."""
        self._store = store
        self._settings = settings
        self._open_with = open_with
        self.embedder: Embedder | None = None
        """Of the searched space; None while it cannot be had: the dense search then finds nothing."""
        self.next_embedder: Embedder | None = None
        """Of the space that is being filled."""
        wanted = self._try_open(settings)
        with store.read() as stored:
            known, number = stored.spaces(), stored.searched_space()
        searched = {name: space for name, space in known.items() if space.number == number}
        if not searched:
            if wanted is None:
                raise EmbedderAway("the embedder cannot be reached, and there are no vectors yet to search")
            searched = {wanted.id: self._add(wanted, search=True)}
        self.current: tuple[str, Space] = next(iter(searched.items()))
        """The embedder's id and the space that are searched; exchanged at once."""
        self._assign(wanted)

    @property
    def searched_id(self) -> str:
        """The id of the embedder whose vectors are searched."""
        return self.current[0]

    @property
    def searched(self) -> Space:
        """The space that is searched."""
        return self.current[1]

    def embedder_ids(self) -> list[str]:
        """Of every space."""
        with self._store.read() as stored:
            return list(stored.spaces())

    def reopen(self) -> None:
        """Try again to open what could not be opened."""
        if self.embedder is None or not self._is_wanted():
            self._assign(self._try_open(self._settings))

    def _is_wanted(self) -> bool:
        return self.next_embedder is not None or self.searched.settings == self._settings.lasting()

    def _assign(self, wanted: Embedder | None) -> None:
        if wanted is not None and wanted.id == self.searched_id:
            self.embedder = wanted
            return
        if wanted is not None:
            self.next_embedder = wanted
        if self.embedder is None and self.searched.settings != self._settings.lasting():
            self.embedder = self._try_open(self._settings.of(self.searched.settings))

    def _try_open(self, settings: EmbedderSettings) -> Embedder | None:
        try:
            return self._open_with(settings)
        except EmbedderAway as error:
            _log.warning("%s; memory finds by words until it can", error)
        except (ImportError, ValueError) as error:
            if settings.lasting() == self._settings.lasting():
                raise
            _log.warning("the former embedder cannot be opened (%s); memory finds by words meanwhile", error)
        return None

    def _add(self, embedder: Embedder, *, search: bool) -> Space:
        with self._store.write() as batch:
            space = batch.spaces().get(embedder.id) or batch.add_space(
                embedder.id, embedder.dimensions, self._settings.lasting()
            )
            if search:
                batch.search_space(space.number)
        return space

    def next_space(self) -> Space | None:
        """The space that is being filled, made if it is not there."""
        return None if self.next_embedder is None else self._add(self.next_embedder, search=False)

    def lagging(self, space: Space) -> list[str]:
        """Minds of which rows have no vector in the space."""
        with self._store.read() as stored:
            return [
                mind_id
                for mind_id, mind in stored.all_minds()
                if not mind.deleted and stored.embedded(space.number, mind) < mind.next_ordinal
            ]

    def progress(self) -> float:
        """How much of the next space is filled, from 0 to 1; 1 where there is none."""
        if self.next_embedder is None:
            return 1.0
        with self._store.read() as stored:
            space = stored.spaces().get(self.next_embedder.id)
            minds = [mind for _, mind in stored.all_minds()]
            done = sum(stored.embedded(space.number, mind) for mind in minds) if space else 0
        total = sum(mind.next_ordinal for mind in minds)
        return done / total if total else 1.0

    def make(
        self, embedder: Embedder, space: Space, mind_id: str, count: int, embeddings: Embeddings
    ) -> Slice | None:
        """The next vectors of a mind; None where none is missing. Raises EmbedderAway. In the writer thread only
        through ``keep``: this takes as long as the embedder does.
        """
        with self._store.read() as stored:
            mind = stored.mind(mind_id)
            if mind is None:
                return None
            first = stored.embedded(space.number, mind)
            last = min(mind.next_ordinal, first + count)
            rows = [stored.row(mind, ordinal) for ordinal in range(first, last)]
        if not rows:
            return None
        present = [(place, row) for place, row in enumerate(rows) if row is not None]
        made, failed = embeddings.make(embedder, [row.text for _, row in present])
        vectors = np.zeros((len(rows), space.dimensions), np.float32)
        if present:
            vectors[[place for place, _ in present]] = made
        reasons = {present[place][0]: (present[place][1].version_seq, why) for place, why in failed.items()}
        return Slice(space, mind_id, mind.number, first, vectors, reasons)

    def keep(self, made: Slice) -> None:
        """In the writer thread: store a slice, unless the mind has changed beneath it."""
        with self._store.write() as batch:
            mind: Mind = batch.open_mind(made.mind_id)
            if mind.number != made.number or mind.deleted:
                return
            if batch.embedded(made.space.number, mind) != made.first:
                return
            batch.put_vectors(made.space.number, mind, made.first, made.vectors)
            for seq, why in made.failed.values():
                batch.skip(mind, seq, why)

    def switch(self) -> bool:
        """In the writer thread: search the next space from now on, if no vector is missing in it."""
        space = self.next_space()
        if space is None or self.next_embedder is None or self.lagging(space):
            return False
        with self._store.write() as batch:
            batch.search_space(space.number)
        self.current = (self.next_embedder.id, space)
        self.embedder, self.next_embedder = self.next_embedder, None
        return True

    def remove_old(self) -> bool:
        """In the writer thread: remove some of the vectors that nobody will search; whether there may be more."""
        keep = {self.searched_id, self.next_embedder.id if self.next_embedder else self.searched_id}
        old = [embedder_id for embedder_id in self.embedder_ids() if embedder_id not in keep]
        if not old or not self._is_wanted():
            return False
        with self._store.write() as batch:
            batch.remove_space(old[0], _REMOVED_AT_ONCE)
        return True
