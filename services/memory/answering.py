"""One search of one mind: what was found before, or is ranked now, as far as it may be shown."""

from __future__ import annotations

import hashlib
import time
from datetime import datetime

from services.memory import search
from services.memory.distinct import distinct
from services.memory.errors import IndexRebuilding, ListingChanged
from services.memory.filters import EVERYTHING
from services.memory.index import MindIndex
from services.memory.ranked import Ranked, Shares
from services.memory.ranking import Ranking
from services.memory.reader import Reader
from services.memory.records import Mind
from services.memory.requests import Hit, Request, Sought
from services.memory.rows import Row
from services.memory.settings import MemorySettings
from services.memory.spaces import Spaces
from services.memory.store import Store
from services.memory.superseded import Successors
from services.memory.timed_cache import TimedCache
from services.runtime.times import zone

_NEAREST = 100
"""Places that tell what of a message a query is about: as many as every first page has, so that pages fit together."""
_Asked = tuple[Sought, int, str, bool]
"""What was asked, of which version of the index, in whose vectors, and whether to be explained."""


class Answering:
    """Runs in the search threads; thread-safe."""

    def __init__(self, store: Store, spaces: Spaces, ranking: Ranking, settings: MemorySettings) -> None:
        self._store = store
        self._spaces = spaces
        self._ranking = ranking
        self.results = TimedCache[_Asked, tuple[int, Ranked]](
            settings.result_cache_entries, settings.result_cache_seconds
        )
        """How many were wanted, and what was found: fewer are all that there are."""
        self.understood = TimedCache[tuple[bytes, str, str], search.Understood](
            settings.understanding_cache_entries, settings.understanding_cache_seconds
        )
        """What queries were understood to mean, which is of no mind."""

    def hits(self, request: Request, index: MindIndex | None) -> tuple[list[Hit], int, int, bool]:
        """What a search shows, where more follow (0: nowhere), how often something was erased of the mind, and whether
        it had been found before.

        ``index`` None where the mind has none. Raises MindDeleted, IndexRebuilding, ListingChanged.
        """
        if index is None:
            with self._store.read() as stored:
                stored.living(request.mind_id)
            return [], 0, 0, False
        now_ns = request.now_ns or time.time_ns()
        wanted = request.offset + request.places + 1
        key = (request.sought, index.version, self._spaces.searched_id, request.explain)
        known = self.results.get(key, lambda kept: len(kept[1]) >= wanted or len(kept[1]) < kept[0])
        found = known[1] if known else self._found(request, index, now_ns)
        if not known:
            self.results.put(key, (wanted, found))
        with self._store.read() as stored:
            mind = _searched(stored, request, index)
            if request.erasures not in (None, mind.erasures):
                raise ListingChanged(
                    f"something was erased of mind {request.mind_id!r}: search again from the first page",
                    mind_id=request.mind_id,
                )

            def row_at(place: int) -> Row | None:
                row = stored.row(mind, int(found.ordinals[place]))
                # What has expired or was erased since the answer was made must not be shown.
                return None if row is None or 0 < row.expires_ns <= now_ns else stored.whole(mind, row)

            size = search.visible(index, request.as_of_seq)
            seq = mind.seq if request.as_of_seq is None else request.as_of_seq
            places = {ordinal: place for place, ordinal in enumerate(found.ordinals[:_NEAREST].tolist())}
            successors = Successors(stored, mind, size, seq, places, now_ns, request.query)
            is_sought = index.fact_types and request.distinct and request.filter == EVERYTHING
            messages = index.messages(found.ordinals) if request.distinct else {}
            last = min(request.offset + request.places, len(found))
            shown, next_offset = distinct(
                row_at,
                request.offset,
                last,
                request.k,
                request.places,
                messages,
                successors.of if is_sought else _nothing,
            )
        hits = [
            Hit(
                row,
                float(found.scores[place]),
                _strategies(found.shares, place) if found.shares else {},
                _id_of(successors.found.get(row.memory_id)),
            )
            for place, row in shown
        ]
        return hits, next_offset if next_offset < len(found) else 0, mind.erasures, known is not None

    def _found(self, request: Request, index: MindIndex, now_ns: int) -> Ranked:
        understood = self._understand(request.query, now_ns, request.time_zone)
        return self._ranking.rank(index, request, understood, now_ns)

    def _understand(self, query: str, now_ns: int, time_zone: str) -> search.Understood:
        now = datetime.fromtimestamp(now_ns / 1e9, zone(time_zone))
        # What a time expression means changes with the day, and with where it is that day.
        key = (hashlib.sha256(query.encode()).digest(), now.date().isoformat(), time_zone)
        known = self.understood.get(key)
        if known is None:
            known = search.understand(query, now)
            self.understood.put(key, known)
        return known


def _searched(stored: Reader, request: Request, index: MindIndex) -> Mind:
    """The mind that the index is of. Raises MindDeleted, IndexRebuilding."""
    mind = stored.living(request.mind_id)
    if mind is None or mind.number != index.mind.number:
        raise IndexRebuilding("something was erased while the mind was searched: try again")
    return mind


def _nothing(_row: Row) -> None:
    """What holds still, or was not asked for."""


def _id_of(row: Row | None) -> str:
    return row.memory_id if row else ""


def _strategies(shares: Shares, place: int) -> dict[str, tuple[float, float]]:
    of_place = zip(shares.strategies, shares.raw[:, place], shares.added[:, place], strict=True)
    return {name: (float(raw), float(added)) for name, raw, added in of_place}
