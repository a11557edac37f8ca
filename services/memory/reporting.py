"""How memory does: what it holds, how far it has come, and how its caches do."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from services.memory.answering import Answering
from services.memory.embeddings import CacheCounts, Embeddings
from services.memory.follower import Follower
from services.memory.inverted_file import Device
from services.memory.minds import LoadedMinds
from services.memory.spaces import Spaces
from services.memory.store import Store
from services.runtime import telemetry

MAX_SKIPPED = 100
_FIGURES = ("hits", "misses", "evictions")


@dataclass(frozen=True, slots=True)
class CacheReport:
    """How one cache does."""

    name: str
    entries: int
    bytes: int
    counts: CacheCounts
    lifetime_hits: int
    lifetime_misses: int


@dataclass(frozen=True, slots=True)
class Held:
    """How much is remembered, of one mind or of all."""

    memories: int
    minds: int
    skipped_count: int
    skipped: list[tuple[str, int, str]]
    """Mind, seq and reason; the first ``MAX_SKIPPED``."""


@dataclass(frozen=True, slots=True)
class MindIndexReport:
    """How one mind is searched."""

    seq: int
    """Processed up to here."""
    kind: str
    """Of its vector index; empty where it is not loaded."""
    compared: int
    """How many of its memories are compared one by one."""


@dataclass(frozen=True, slots=True)
class Report:
    """Everything of it."""

    held: Held
    mind: MindIndexReport
    """All 0 and empty where all minds are asked for."""
    position: int
    """Processed up to this position of the ledger's store."""
    is_rebuilding: bool
    progress: float
    """Of catching up, from 0 to 1."""
    embedder: str
    dimensions: int
    next_embedder: str
    """Empty where there is none."""
    next_progress: float
    caches: list[CacheReport]
    disk_bytes: int
    device: str
    loaded_minds: int


class Reporting:
    """Reads the figures where they arise. Thread-safe."""

    def __init__(
        self,
        store: Store,
        minds: LoadedMinds,
        spaces: Spaces,
        embeddings: Embeddings,
        answering: Answering,
        follower: Follower,
        device: Device,
    ) -> None:
        self._store = store
        self._minds = minds
        self._spaces = spaces
        self._embeddings = embeddings
        self._answering = answering
        self._follower = follower
        self._device = device

    def observe(self) -> None:
        """Have the caches' figures among the metrics."""
        for figure in _FIGURES:
            telemetry.observe(f"pmm.memory.cache.{figure}", partial(self._cache_figures, figure))

    def report(self, mind_id: str, *, is_rebuilding: bool) -> Report:
        """Of one mind, or of all where ``mind_id`` is empty. Blocks: the disk is read."""
        following = self._spaces.next_embedder
        return Report(
            held=self._held(mind_id),
            mind=self._mind(mind_id),
            position=self._follower.position,
            is_rebuilding=is_rebuilding,
            progress=self._follower.progress,
            embedder=self._spaces.searched_id,
            dimensions=self._spaces.searched.dimensions,
            next_embedder=following.id if following else "",
            next_progress=self._spaces.progress() if following else 0.0,
            caches=self._caches(),
            disk_bytes=self._disk_bytes(),
            device=self._device.name,
            loaded_minds=self._minds.count(),
        )

    def _held(self, mind_id: str) -> Held:
        with self._store.read() as stored:
            minds = {mind_id: stored.mind(mind_id)} if mind_id else dict(stored.all_minds())
            known = {name: mind for name, mind in minds.items() if mind is not None}
            names = {mind.number: name for name, mind in known.items()}
            skipped = stored.skipped(names, MAX_SKIPPED)
        return Held(
            sum(mind.held for mind in known.values()),
            sum(mind.held > 0 for mind in known.values()),
            sum(mind.skipped for mind in known.values()),
            [(names[number], seq, reason) for number, seq, reason in skipped],
        )

    def _mind(self, mind_id: str) -> MindIndexReport:
        index = self._minds.loaded(mind_id)
        compared = len(index) - index.layout.start if index else 0
        return MindIndexReport(self._follower.reached.get(mind_id, 0), index.kind if index else "", compared)

    def _disk_bytes(self) -> int:
        return self._store.disk_bytes() + self._embeddings.stored.size()[1] + self._minds.disk_bytes()

    def _caches(self) -> list[CacheReport]:
        stored, queries = self._embeddings.stored, self._embeddings.queries
        entries = {
            "embeddings": stored.size(),
            "queries": queries.size(),
            "results": (len(self._answering.results), 0),
            "understanding": (len(self._answering.understood), 0),
        }
        lifetime = {"embeddings": stored.lifetime()}
        return [
            CacheReport(name, *entries[name], counts, *lifetime.get(name, (counts.hits, counts.misses)))
            for name, counts in self._cache_counts().items()
        ]

    def _cache_counts(self) -> dict[str, CacheCounts]:
        return {
            "embeddings": self._embeddings.stored.counts,
            "queries": self._embeddings.queries.counts,
            "results": self._answering.results.counts,
            "understanding": self._answering.understood.counts,
        }

    def _cache_figures(self, figure: str) -> list[tuple[float, dict[str, telemetry.Attribute]]]:
        return [(getattr(counts, figure), {"cache": name}) for name, counts in self._cache_counts().items()]
