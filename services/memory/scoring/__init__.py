"""The arithmetic of a search: which rows are judged, and what their words, vectors and nature add to their scores.

``compiled.pyx`` is what runs wherever PMM was installed beside a C compiler. ``plain.py`` says the same in numpy, for
twice the processor time of a search, and is what the other is tested against.

Rows are ordinals of one mind; NONE (-1) stands for no row. Keyword scores are BM25 in which a turn is heard together
with the turns around it. What a turn says is often clear only from its neighbours, so their words count as its own in
part: term frequencies and lengths are those of the turn, half of those of the turn before and a third of those of the
turn after, and BM25 (Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009) is computed over these
sums.

Scores of keyword and semantic live on scales of their own, and are z-scored over the pool of candidates before they
are added. A memory also counts for the best of its session: where one turn answers, the others around it are near the
answer. ``make bench-recall`` measures what comes of it; the weights were fitted on two conversations and tried on the
third, in turn, and then rounded.
"""

from __future__ import annotations

from services.memory.scoring.plain import K1 as K1
from services.memory.scoring.plain import B as B

try:
    from services.memory.scoring import compiled as chosen

    is_compiled = True
except ImportError:
    from services.memory.scoring import plain as chosen

    is_compiled = False

surroundings = chosen.surroundings
session_groups = chosen.session_groups
keyword = chosen.keyword
semantic = chosen.semantic
prior = chosen.prior
