"""The arrays of an inverted index over a range of rows: how they are made, joined, kept and brought back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

ARRAYS: dict[str, Any] = {
    "codes": np.uint32,
    "ends": np.int64,
    "rows": np.int32,
    "counts": np.uint16,
    "lengths": np.uint16,
}
WINDOW = 8_192
"""Rows that are looked at together."""
_MANY_ROWS = 2 * WINDOW
"""In parts of fewer rows no word has bits."""
_BITS = 64
"""In one number."""
_DENSE = 64
"""A word that one row in so many holds has bits: they take no more than its postings do."""
_GREATEST = np.iinfo(np.uint16).max


@dataclass(frozen=True, slots=True)
class Postings:
    """A posting is a row that holds a word; they are sorted by word, and for each word by row."""

    first: int
    """Rows from here on."""
    last: int
    """And before here."""
    codes: NDArray[np.uint32]
    """The words, ascending, each once."""
    ends: NDArray[np.int64]
    """Where each word's postings end in the next three."""
    rows: NDArray[np.int32]
    counts: NDArray[np.uint16]
    """How often the row holds the word; 65,535 for more."""
    lengths: NDArray[np.uint16]
    """How many words the row has; 65,535 for more."""
    most: NDArray[np.uint16]
    """Of each word how often a row holds it at most."""
    shortest: NDArray[np.float32]
    """And how few words a row has for each time that it holds it."""
    numbers: NDArray[np.int32]
    """Of each word where it stands in the next three, if many rows hold it; -1 for others."""
    bits: NDArray[np.uint64]
    """A bit a row, from ``first`` on, for those that hold the word, up to the end of the last window."""
    more: NDArray[np.uint64]
    """The same for those that hold it more than once."""
    ranks: NDArray[np.int32]
    """How many of the word's postings stand before each window, and before the end."""
    row_lengths: NDArray[np.uint16]
    """How many words each row has, 65,535 for more; nothing where no word has bits."""

    def __len__(self) -> int:
        return len(self.rows)

    def joined(self, following: Postings) -> Postings:
        """These and those of the rows that follow."""
        mine, others = self._words(), following._words()
        places = np.searchsorted(mine, others, side="right")
        return _sorted(
            self.first,
            following.last,
            np.insert(mine, places, others),
            np.insert(self.rows, places, following.rows),
            np.insert(self.counts, places, following.counts),
            np.insert(self.lengths, places, following.lengths),
        )

    def _words(self) -> NDArray[np.uint32]:
        """The word of each posting."""
        return np.repeat(self.codes, np.diff(self.ends, prepend=0))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What ``restored`` makes the same of again."""
        return {name: getattr(self, name) for name in ARRAYS}


def none(row: int) -> Postings:
    """Of no rows, up to one."""
    return restored(row, row, {name: np.zeros(0, kind) for name, kind in ARRAYS.items()})


def restored(first: int, last: int, arrays: dict[str, NDArray[Any]]) -> Postings:
    """From what ``arrays`` gave."""
    ends, counts = arrays["ends"], arrays["counts"]
    most, shortest = counts, np.divide(arrays["lengths"], counts, dtype=np.float32)
    if len(ends):
        starts = np.concatenate([[0], ends[:-1]])
        most, shortest = np.maximum.reduceat(most, starts), np.minimum.reduceat(shortest, starts)
    held = {name: arrays[name] for name in ARRAYS}
    return Postings(first, last, **held, most=most, shortest=shortest, **_dense(first, last, held))


def _dense(first: int, last: int, arrays: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """What is known besides of the words that many rows hold."""
    ends, places = arrays["ends"], arrays["rows"] - np.int32(first)
    postings = np.diff(ends, prepend=0)
    is_dense = (postings * _DENSE >= last - first) & (last - first >= _MANY_ROWS)
    dense = np.flatnonzero(is_dense)
    windows = -(-(last - first) // WINDOW) if len(dense) else 0
    bits, more = np.zeros((2, len(dense), windows * WINDOW // _BITS), np.uint64)
    ranks = np.zeros((len(dense), windows + 1), np.int32)
    for number, word in enumerate(dense):
        span = slice(int(ends[word] - postings[word]), int(ends[word]))
        bits[number] = _bits(places[span], windows * WINDOW)
        more[number] = _bits(places[span][arrays["counts"][span] > 1], windows * WINDOW)
        ranks[number] = np.searchsorted(places[span], np.arange(windows + 1) * WINDOW)
    row_lengths = np.zeros(windows * WINDOW, np.uint16)
    if len(dense):
        row_lengths[places] = arrays["lengths"]
    numbers = np.where(is_dense, np.cumsum(is_dense) - 1, -1).astype(np.int32)
    return {"numbers": numbers, "bits": bits, "more": more, "ranks": ranks, "row_lengths": row_lengths}


def _bits(places: NDArray[np.int32], size: int) -> NDArray[np.uint64]:
    """Those at some places set, of as many."""
    is_set = np.zeros(size, bool)
    is_set[places] = True
    return np.packbits(is_set, bitorder="little").view("<u8")


def of_rows(first: int, words: NDArray[np.uint32], lengths: NDArray[np.int64]) -> Postings:
    """Of the rows from ``first`` on, which have so many words each: ``words`` are those of all, row by row."""
    last = first + len(lengths)
    rows = np.repeat(np.arange(first, last, dtype=np.int32), lengths)
    order = np.argsort(words, kind="stable")
    words, rows = words[order], rows[order]
    starts = np.flatnonzero(_changes(words) | _changes(rows))
    words, rows = words[starts], rows[starts]
    counts = np.diff(starts, append=len(order))
    return _sorted(first, last, words, rows, _short(counts), _short(lengths)[rows - first])


def _short(values: NDArray[np.int64]) -> NDArray[np.uint16]:
    return np.minimum(values, _GREATEST).astype(np.uint16)


def _changes(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Where something else stands than before it."""
    return np.concatenate([np.ones(min(1, len(values)), bool), values[1:] != values[:-1]])


def _sorted(
    first: int,
    last: int,
    words: NDArray[np.uint32],
    rows: NDArray[np.int32],
    counts: NDArray[np.uint16],
    lengths: NDArray[np.uint16],
) -> Postings:
    """Of postings in their order."""
    starts = np.flatnonzero(_changes(words))
    ends = np.append(starts[1:], len(words))[: len(starts)]
    arrays = {"codes": words[starts], "ends": ends, "rows": rows, "counts": counts, "lengths": lengths}
    return restored(first, last, arrays)
