"""One search in one mind, from the request to as many ranked memories as are asked for."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import replace
from functools import partial

import numpy as np

from services.memory import analysis, derive, search
from services.memory.embedder import EmbedderAway, TextRefused, Vectors
from services.memory.embeddings import Embeddings
from services.memory.index import MindIndex
from services.memory.ranked import Ranked
from services.memory.records import Mind
from services.memory.requests import Request
from services.memory.reranker import Reranker
from services.memory.scoring.plain import z_scored
from services.memory.search import Understood, View
from services.memory.settings import MemorySettings
from services.memory.spaces import Spaces
from services.memory.store import Store

_DEEPER = 10
"""Where the memories of one pool are not enough, the next pool is so many times as large."""
_CERTAIN_WORDS = 3
"""A query of so many words that says a memory word for word means that memory."""


class Ranking:
    """Runs in the search threads; thread-safe.

    The store is read in passing: an embedder or a reranker may take long, and its file could not be exchanged then.
    """

    def __init__(
        self,
        store: Store,
        embeddings: Embeddings,
        spaces: Spaces,
        reranker: Reranker | None,
        settings: MemorySettings,
        beside: Executor,
    ) -> None:
        self._store = store
        self._embeddings = embeddings
        self._spaces = spaces
        self._reranker = reranker
        self._settings = settings
        self._beside = beside

    def rank(
        self,
        index: MindIndex,
        request: Request,
        understood: Understood,
        now_ns: int,
    ) -> Ranked:
        """At least as many as are asked for, where there are so many: best first.

        The first places do not depend on how many are asked for, so that pages fit together.
        """
        view = search.view(index, request.filter, request.as_of_seq, now_ns)
        query = search.prepare(view, understood, now_ns)
        wanted = request.offset + request.places + 1
        certain = self._certain(index.mind, view, request.query)
        embed = self._embed_nothing if certain is not None else partial(self._embed, index)
        candidates = self._settings.candidates
        probes = None if request.exact else self._settings.probes
        found = self._found(view, query, embed, candidates, probes, request.explain)
        if self._reranker and len(found):
            found = self._reranked(index.mind, request.query, found, self._reranker)
        reachable = len(view)
        while len(found) < min(wanted, reachable) and candidates < reachable:
            candidates *= _DEEPER
            found = found.followed_by(self._found(view, query, embed, candidates, None, request.explain))
        return found if certain is None else _first(found, certain)

    def _found(
        self,
        view: View,
        query: search.Query,
        embed: search.Embed,
        candidates: int,
        probes: int | None,
        explain: bool,
    ) -> Ranked:
        return search.search(
            view, query, embed, candidates=candidates, probes=probes, explain=explain, beside=self._beside
        )

    def _embed(self, index: MindIndex, text: str) -> Vectors | None:
        embedder = self._spaces.embedder
        # While the embedder changes, an index of the former one may still be searched: by its words.
        if embedder is None or embedder.id != index.embedder_id:
            return None
        try:
            return self._embeddings.query(embedder, text, index.mind.key)[0]
        except (EmbedderAway, TextRefused):
            return None

    @staticmethod
    def _embed_nothing(_text: str) -> None:
        return None

    def _certain(self, mind: Mind, view: View, text: str) -> int | None:
        """The memory that the query says word for word, if there is one: the dense search need not run then."""
        if not view.index.fact_types or len(analysis.same_words(text).split()) < _CERTAIN_WORDS:
            return None
        with self._store.read() as stored:
            for kind in view.index.fact_types:
                same = stored.last_saying(mind, derive.fact_sameness(kind, text), view.size)
                if same is not None and (view.allowed is None or view.allowed[same]):
                    return same
        return None

    def _reranked(self, mind: Mind, text: str, found: Ranked, reranker: Reranker) -> Ranked:
        head = found.take(slice(0, self._settings.rerank_candidates))
        with self._store.read() as stored:
            rows = [stored.row(mind, int(ordinal)) for ordinal in head.ordinals]
        scores = reranker.scores(text, [row.text if row else "" for row in rows])
        added = z_scored(scores)
        # Those that were judged stay before those that were not.
        lift = max(0.0, found.scores[0] - float((head.scores + added).min()))
        judged = replace(
            head,
            scores=head.scores + added + lift,
            shares=head.shares and head.shares.beside("reranker", scores, added),
        )
        return judged.take(np.argsort(-judged.scores, kind="stable")).followed_by(found)


def _first(found: Ranked, ordinal: int) -> Ranked:
    return found.take(np.argsort(found.ordinals != ordinal, kind="stable"))
