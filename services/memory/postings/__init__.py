"""Which rows hold which words: inverted indexes over ranges of rows, which are joined as they grow.

Kept as flat arrays, so that a search goes through them without the interpreter's lock and a file holds them as they
are. Chapter 5.2 of Büttcher, Clarke and Cormack, "Information Retrieval" (2010) calls it a frequency index.

``compiled.pyx`` is what looks words up wherever PMM was installed beside a C compiler; ``plain.py`` says the same in
numpy, and is what the other is tested against.
"""

from __future__ import annotations

from services.memory.postings.arrays import Postings as Postings
from services.memory.postings.arrays import none as none
from services.memory.postings.arrays import of_rows as of_rows
from services.memory.postings.arrays import restored as restored

try:
    from services.memory.postings import compiled as chosen

    is_compiled = True
except ImportError:
    from services.memory.postings import plain as chosen

    is_compiled = False

weigh = chosen.weigh
best = chosen.best
