# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Looking words up, compiled. The same as ``plain.py``; loops run without the interpreter's lock."""

import numpy as np

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t
from libc.stdlib cimport calloc, free, malloc

from services.memory.postings.places cimport place_of

cdef enum:
    MAX_WORDS = 64  # analysis.MAX_QUERY_WORDS
    WINDOW = 8192  # rows
    COUNTS = 4  # a word that a row holds less often than this
    LENGTHS = 128  # and a row of fewer words have their share worked out once for all


cdef inline int64_t _start(const int64_t[::1] ends, Py_ssize_t place) noexcept nogil:
    return ends[place - 1] if place else 0


cdef inline int64_t _from(const int32_t[::1] rows, int64_t low, int64_t high, int64_t row) noexcept nogil:
    """The first of some ascending rows, which stand from ``low`` to ``high`` (exclusive), that is not below one."""
    cdef int64_t middle
    while low < high:
        middle = (low + high) // 2
        if rows[middle] < row:
            low = middle + 1
        else:
            high = middle
    return low


def holders(postings, const uint32_t[::1] wanted, int64_t size):
    """How many rows below ``size`` hold each of some words (``wanted``, ascending), as int64."""
    cdef const uint32_t[::1] codes = postings.codes
    cdef const int64_t[::1] ends = postings.ends
    cdef const int32_t[::1] rows = postings.rows
    held = np.zeros(wanted.shape[0], np.int64)
    cdef int64_t[::1] counted = held
    cdef Py_ssize_t word, place
    cdef int64_t start
    with nogil:
        for word in range(wanted.shape[0]):
            place = place_of(codes, wanted[word])
            if place >= 0:
                start = _start(ends, place)
                counted[word] = _from(rows, start, ends[place], size) - start
    return held


cdef inline bint _is_below(float score, int64_t row, float other, int64_t other_row) noexcept nogil:
    return score < other or (score == other and row < other_row)


cdef void _sift_down(float* scores, int64_t* rows, Py_ssize_t count) noexcept nogil:
    """Put the first of a heap whose lowest is to be first where it belongs."""
    cdef Py_ssize_t place = 0, child
    cdef float score = scores[0]
    cdef int64_t row = rows[0]
    while True:
        child = 2 * place + 1
        if child >= count:
            break
        if child + 1 < count and _is_below(scores[child + 1], rows[child + 1], scores[child], rows[child]):
            child += 1
        if not _is_below(scores[child], rows[child], score, row):
            break
        scores[place] = scores[child]
        rows[place] = rows[child]
        place = child
    scores[place] = score
    rows[place] = row


cdef void _sift_up(float* scores, int64_t* rows, Py_ssize_t place) noexcept nogil:
    """The same with the last of a heap."""
    cdef Py_ssize_t parent
    cdef float score = scores[place]
    cdef int64_t row = rows[place]
    while place:
        parent = (place - 1) // 2
        if not _is_below(score, row, scores[parent], rows[parent]):
            break
        scores[place] = scores[parent]
        rows[place] = rows[parent]
        place = parent
    scores[place] = score
    rows[place] = row


cdef inline float _share(int64_t frequency, int64_t length, double base, double unit) noexcept nogil:
    """How much of a word's height goes to a row of so many words that holds it so often."""
    return <float>(frequency / (frequency + base + unit * length))


def best(
    postings,
    const uint32_t[::1] wanted,
    const double[::1] heights,
    double base,
    double unit,
    int64_t size,
    allowed,
    Py_ssize_t limit,
):
    """The rows below ``size`` with the highest scores for some words, and these scores, in no order.

    Of each word (``wanted``, ascending) that a row of ``n`` words holds ``f`` times, its score has
    ``height * f / (f + base + unit * n)``. Only the allowed rows are taken, all where that is None, at most
    ``limit``, and of equal scores the newest.
    """
    cdef const uint32_t[::1] codes = postings.codes
    cdef const int64_t[::1] ends = postings.ends
    cdef const int32_t[::1] rows = postings.rows
    cdef const uint16_t[::1] counts = postings.counts
    cdef const uint16_t[::1] lengths = postings.lengths
    cdef const uint8_t[::1] seen = None if allowed is None else allowed.view(np.uint8)
    cdef Py_ssize_t words = wanted.shape[0], word, place, touched, held = 0
    cdef int64_t[MAX_WORDS] starts, stops
    cdef float[COUNTS][LENGTHS] shares
    cdef int64_t begin, end, slot, row, at, frequency, length
    cdef float height, share, score
    assert words <= MAX_WORDS
    found = np.empty(limit, np.int64)
    scored = np.empty(limit, np.float32)
    cdef int64_t[::1] found_rows = found
    cdef float[::1] found_scores = scored
    # The sums of one window of rows at a time stay in the processor's cache.
    cdef float* sums = <float*>calloc(WINDOW, sizeof(float))
    cdef int32_t* slots = <int32_t*>malloc((WINDOW + 1) * sizeof(int32_t))
    if sums == NULL or slots == NULL:
        free(sums)
        free(slots)
        raise MemoryError
    with nogil:
        for frequency in range(COUNTS):
            for length in range(LENGTHS):
                shares[frequency][length] = _share(frequency, length, base, unit)
        for word in range(words):
            place = place_of(codes, wanted[word])
            starts[word] = _start(ends, place) if place >= 0 else 0
            stops[word] = _from(rows, starts[word], ends[place], size) if place >= 0 else 0
        while limit:
            begin = size
            for word in range(words):
                if starts[word] < stops[word] and rows[starts[word]] < begin:
                    begin = rows[starts[word]]
            if begin == size:
                break
            end = begin + WINDOW
            touched = 0
            for word in range(words):
                height = <float>heights[word]
                at = starts[word]
                while at < stops[word] and rows[at] < end:
                    slot = rows[at] - begin
                    slots[touched] = <int32_t>slot
                    score = sums[slot]
                    touched += score == 0.0
                    frequency = counts[at]
                    length = lengths[at]
                    if frequency < COUNTS and length < LENGTHS:
                        share = shares[frequency][length]
                    else:
                        share = _share(frequency, length, base, unit)
                    sums[slot] = score + height * share
                    at += 1
                starts[word] = at
            for place in range(touched):
                slot = slots[place]
                score = sums[slot]
                sums[slot] = 0.0
                row = begin + slot
                if held == limit and _is_below(score, row, found_scores[0], found_rows[0]):
                    continue
                if seen is not None and not seen[row]:
                    continue
                if held < limit:
                    found_scores[held] = score
                    found_rows[held] = row
                    _sift_up(&found_scores[0], &found_rows[0], held)
                    held += 1
                else:
                    found_scores[0] = score
                    found_rows[0] = row
                    _sift_down(&found_scores[0], &found_rows[0], held)
    free(sums)
    free(slots)
    return found[:held], scored[:held]
