# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Looking words up, compiled. The same as ``plain.py``; loops run without the interpreter's lock."""

import numpy as np

from libc.math cimport log
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memset

from services.memory.postings.places cimport place_of

cdef extern from *:
    void __builtin_prefetch(const void*) nogil  # of GCC and Clang

cdef enum:
    MAX_WORDS = 64  # analysis.MAX_QUERY_WORDS
    WINDOW = 8192  # rows
    COUNTS = 4  # a word that a row holds less often than this
    LENGTHS = 128  # and a row of fewer words have their share worked out once for all
    LOOKED_UP = 8  # times what it takes to go on to the next posting
    NOWHERE = -1

cdef double ROUNDED_UP = 1.00001
"""What is worked out in single precision may come out higher."""


cdef inline int64_t _start(const int64_t[::1] ends, Py_ssize_t place) noexcept nogil:
    return ends[place - 1] if place else 0


cdef inline int64_t _from(const int32_t* rows, int64_t low, int64_t high, int64_t row) noexcept nogil:
    """The first of some ascending rows, which stand from ``low`` to ``high`` (exclusive), that is not below one."""
    cdef int64_t middle
    while low < high:
        middle = (low + high) // 2
        if rows[middle] < row:
            low = middle + 1
        else:
            high = middle
    return low


def weigh(parts, const uint32_t[::1] wanted, int64_t size, int64_t all_rows):
    """What each of some words (``wanted``, ascending) weighs in postings of parts of the rows, as float64, and how many
    rows below ``size`` hold them, each counted for each of its words.
    """
    weighed = np.zeros(wanted.shape[0])
    cdef double[::1] weights = weighed
    cdef const uint32_t[::1] codes
    cdef const int64_t[::1] ends
    cdef const int32_t[::1] rows
    cdef Py_ssize_t word, place
    cdef int64_t start, held, holders = 0
    for part in parts:
        codes, ends, rows = part.codes, part.ends, part.rows
        for word in range(wanted.shape[0]):
            place = place_of(codes, wanted[word])
            if place >= 0:
                start = _start(ends, place)
                held = _below(&rows[0], start, ends[place], size) - start
                weights[word] += held
                holders += held
    for word in range(wanted.shape[0]):
        weights[word] = log((all_rows + 1) / (weights[word] + 0.5))
    return weighed, holders


cdef inline int64_t _below(const int32_t* rows, int64_t low, int64_t high, int64_t size) noexcept nogil:
    """The same where all are likely to be below ``size``."""
    return high if low < high and rows[high - 1] < size else _from(rows, low, high, size)


cdef inline int64_t _on_to(const int32_t* rows, int64_t low, int64_t high, int64_t row) noexcept nogil:
    """The same where it is likely to be near ``low``."""
    cdef int64_t step = 1
    while low + step < high and rows[low + step] < row:
        low += step
        step *= 2
    return _from(rows, low, min(low + step, high), row)


cdef inline bint _is_below(float score, int64_t row, float other, int64_t other_row) noexcept nogil:
    return score < other or (score == other and row < other_row)


cdef struct Best:
    # The highest scores so far, a heap whose lowest is first.
    float* scores
    int64_t* rows
    Py_ssize_t held
    Py_ssize_t limit


cdef void _sift_down(Best* best) noexcept nogil:
    """Put the first of the heap where it belongs."""
    cdef Py_ssize_t place = 0, child
    cdef float score = best.scores[0]
    cdef int64_t row = best.rows[0]
    while True:
        child = 2 * place + 1
        if child >= best.held:
            break
        if child + 1 < best.held and _is_below(
            best.scores[child + 1], best.rows[child + 1], best.scores[child], best.rows[child]
        ):
            child += 1
        if not _is_below(best.scores[child], best.rows[child], score, row):
            break
        best.scores[place] = best.scores[child]
        best.rows[place] = best.rows[child]
        place = child
    best.scores[place] = score
    best.rows[place] = row


cdef void _sift_up(Best* best) noexcept nogil:
    """The same with the last of the heap."""
    cdef Py_ssize_t place = best.held - 1, parent
    cdef float score = best.scores[place]
    cdef int64_t row = best.rows[place]
    while place:
        parent = (place - 1) // 2
        if not _is_below(score, row, best.scores[parent], best.rows[parent]):
            break
        best.scores[place] = best.scores[parent]
        best.rows[place] = best.rows[parent]
        place = parent
    best.scores[place] = score
    best.rows[place] = row


cdef inline void _offer(Best* best, float score, int64_t row, const uint8_t* allowed) noexcept nogil:
    """Take an allowed row among the best where it belongs there."""
    if best.held == best.limit and _is_below(score, row, best.scores[0], best.rows[0]):
        return
    if allowed != NULL and not allowed[row]:
        return
    if best.held < best.limit:
        best.scores[best.held] = score
        best.rows[best.held] = row
        best.held += 1
        _sift_up(best)
    else:
        best.scores[0] = score
        best.rows[0] = row
        _sift_down(best)


cdef struct Lists:
    # The postings of all words.
    const int32_t* rows
    const uint16_t* counts
    const uint16_t* lengths
    double base
    double unit
    float[COUNTS][LENGTHS] shares


cdef struct Word:
    # A word of the query: where its postings go on, and where they end.
    int64_t at
    int64_t stop
    float height
    double bound  # no row has a higher score for it
    bint is_required  # without it no row of the window comes among the best


cdef inline float _share(int64_t frequency, int64_t length, double base, double unit) noexcept nogil:
    """How much of a word's height goes to a row of so many words that holds it so often."""
    return <float>(frequency / (frequency + base + unit * length))


cdef inline float _share_at(const Lists* lists, int64_t at) noexcept nogil:
    """The share of the row at a place."""
    cdef int64_t frequency = lists.counts[at], length = lists.lengths[at]
    if frequency < COUNTS and length < LENGTHS:
        return lists.shares[frequency][length]
    return _share(frequency, length, lists.base, lists.unit)


cdef int64_t _first_row(const Lists* lists, const Word* words, Py_ssize_t count, int64_t size) noexcept nogil:
    """The next row that holds a word; ``size`` where there is none."""
    cdef Py_ssize_t number
    cdef int64_t first = size
    for number in range(count):
        if words[number].at < words[number].stop and lists.rows[words[number].at] < first:
            first = lists.rows[words[number].at]
    return first


cdef Py_ssize_t _require(
    const Lists* lists, Word* words, Py_ssize_t count, int64_t end, const Best* best
) noexcept nogil:
    """Find the words without which no row before ``end`` comes among the best; returns how many they are.

    None where it is as quick to take all rows with any of the words.
    """
    cdef Py_ssize_t number, required = 0
    cdef int64_t postings = 0, fewest = 0
    cdef double together = 0.0
    cdef Word* word
    if best.held < best.limit:
        return 0
    for number in range(count):
        word = &words[number]
        word.is_required = word.at < word.stop and lists.rows[word.at] < end
        if word.is_required:
            together += word.bound
            postings += word.stop - word.at
    for number in range(count):
        word = &words[number]
        word.is_required = word.is_required and together - word.bound < best.scores[0]
        if word.is_required:
            fewest = word.stop - word.at
            required += 1
    return 0 if required == 1 and LOOKED_UP * count * fewest > postings else required


cdef void _take_all(
    const Lists* lists,
    Word* words,
    Py_ssize_t count,
    int64_t begin,
    const uint8_t* allowed,
    float* sums,
    int32_t* slots,
    Best* best,
) noexcept nogil:
    """Offer every row of a window that holds one of the words. ``sums`` are zeros, before and after."""
    cdef Py_ssize_t number, place, touched = 0
    cdef int64_t at, stop, slot, frequency, length, end = begin + WINDOW
    # As far as a compiler knows, what is written here may change what ``lists`` points to.
    cdef const int32_t* rows = lists.rows
    cdef const uint16_t* counts = lists.counts
    cdef const uint16_t* lengths = lists.lengths
    cdef const float* shares = &lists.shares[0][0]
    cdef float score, height, share
    for number in range(count):
        at, stop, height = words[number].at, words[number].stop, words[number].height
        while at < stop and rows[at] < end:
            slot = rows[at] - begin
            slots[touched] = <int32_t>slot
            score = sums[slot]
            touched += score == 0.0
            frequency, length = counts[at], lengths[at]
            if frequency < COUNTS and length < LENGTHS:
                share = shares[frequency * LENGTHS + length]
            else:
                share = _share(frequency, length, lists.base, lists.unit)
            sums[slot] = score + height * share
            at += 1
        words[number].at = at
    for place in range(touched):
        slot = slots[place]
        score = sums[slot]
        sums[slot] = 0.0
        _offer(best, score, begin + slot, allowed)


cdef void _take_required(
    const Lists* lists,
    Word* words,
    Py_ssize_t count,
    Py_ssize_t required,
    int64_t begin,
    const uint8_t* allowed,
    uint8_t* marks,
    float* sums,
    int32_t* slots,
    int32_t* places,
    Best* best,
) noexcept nogil:
    """Offer the rows of a window that hold all required words. ``marks`` and ``sums`` are zeros, before and after."""
    cdef Py_ssize_t number, found, held, anyone = 0
    cdef int64_t at, end = begin + WINDOW
    cdef int64_t[MAX_WORDS] first
    cdef const int32_t* rows = lists.rows
    for number in range(count):
        first[number] = words[number].at
        words[number].at = _on_to(rows, first[number], words[number].stop, end)
        if words[number].is_required:
            for at in range(first[number], words[number].at):
                marks[rows[at] - begin] += 1
            anyone = number
    held = _places_of_marked(rows, first[anyone], words[anyone].at, begin, marks, required, places)
    for found in range(held):
        slots[found] = <int32_t>(rows[first[anyone] + places[found]] - begin)
    for number in range(count if held else 0):
        if words[number].is_required:
            _places_of_marked(rows, first[number], words[number].at, begin, marks, required, places)
        else:
            _places_of(rows, first[number], words[number].at, begin, slots, held, places)
        # They lie far apart: waiting for one after another would take most of the time.
        for found in range(held):
            __builtin_prefetch(&lists.counts[first[number] + places[found]])
            __builtin_prefetch(&lists.lengths[first[number] + places[found]])
        for found in range(held):
            if places[found] != NOWHERE:
                sums[found] += words[number].height * _share_at(lists, first[number] + places[found])
    for found in range(held):
        _offer(best, sums[found], begin + slots[found], allowed)
        sums[found] = 0.0
    memset(marks, 0, WINDOW)


cdef inline Py_ssize_t _places_of_marked(
    const int32_t* rows,
    int64_t first,
    int64_t stop,
    int64_t begin,
    const uint8_t* marks,
    Py_ssize_t required,
    int32_t* places,
) noexcept nogil:
    """Find where the rows with all marks stand in the postings of a word that they all hold; returns how many."""
    cdef int64_t at
    cdef Py_ssize_t held = 0
    for at in range(first, stop):
        places[held] = <int32_t>(at - first)
        held += marks[rows[at] - begin] == required
    return held


cdef inline void _places_of(
    const int32_t* rows,
    int64_t first,
    int64_t stop,
    int64_t begin,
    const int32_t* slots,
    Py_ssize_t held,
    int32_t* places,
) noexcept nogil:
    """Find where some rows stand in the postings of a word; ``NOWHERE`` for those that do not hold it."""
    cdef Py_ssize_t found
    cdef int64_t at = first
    for found in range(held):
        at = _on_to(rows, at, stop, begin + slots[found])
        places[found] = <int32_t>(at - first) if at < stop and rows[at] == begin + slots[found] else NOWHERE


def best(
    parts,
    const uint32_t[::1] wanted,
    const double[::1] heights,
    double base,
    double unit,
    int64_t size,
    allowed,
    Py_ssize_t limit,
):
    """The rows below ``size`` with the highest scores for some words, and these scores, in no order.

    ``parts`` are postings of parts of the rows. Of each word (``wanted``, ascending) that a row of ``n`` words holds
    ``f`` times, its score has ``height * f / (f + base + unit * n)``. Only the allowed rows are taken, all where that
    is None, at most ``limit``, and of equal scores the newest. Heights and limit are positive.

    Rows without a word that all of the best must have are passed over: MaxScore of Turtle and Flood, "Query evaluation"
    (1995), which leaves words out, is its other half.
    """
    cdef const uint8_t[::1] seen = None if allowed is None else allowed.view(np.uint8)
    cdef const uint8_t* mask = NULL if seen is None or not size else &seen[0]
    cdef Py_ssize_t count = wanted.shape[0], number
    cdef int64_t frequency, length
    cdef Lists lists
    cdef Best top
    assert count <= MAX_WORDS and limit > 0
    for number in range(count):
        # A sum of 0 is that of a row that holds none of the words.
        assert heights[number] > 0
    found = np.empty(limit, np.int64)
    scored = np.empty(limit, np.float32)
    cdef int64_t[::1] found_rows = found
    cdef float[::1] found_scores = scored
    # What belongs to one window of rows stays in the processor's cache.
    cdef float* sums = <float*>calloc(WINDOW, sizeof(float))
    cdef int32_t* slots = <int32_t*>malloc((WINDOW + 1) * sizeof(int32_t))
    cdef int32_t* places = <int32_t*>malloc((WINDOW + 1) * sizeof(int32_t))
    cdef uint8_t* marks = <uint8_t*>calloc(WINDOW, 1)
    if sums == NULL or slots == NULL or places == NULL or marks == NULL:
        free(sums)
        free(slots)
        free(places)
        free(marks)
        raise MemoryError
    top.scores, top.rows, top.held, top.limit = &found_scores[0], &found_rows[0], 0, limit
    lists.base, lists.unit = base, unit
    for frequency in range(COUNTS):
        for length in range(LENGTHS):
            lists.shares[frequency][length] = _share(frequency, length, base, unit)
    try:
        for part in parts:
            _take_part(part, wanted, heights, size, mask, marks, sums, slots, places, &lists, &top)
    finally:
        free(sums)
        free(slots)
        free(places)
        free(marks)
    return found[: top.held], scored[: top.held]


cdef _take_part(
    part,
    const uint32_t[::1] wanted,
    const double[::1] heights,
    int64_t size,
    const uint8_t* mask,
    uint8_t* marks,
    float* sums,
    int32_t* slots,
    int32_t* places,
    Lists* lists,
    Best* top,
):
    """Offer the rows of one part."""
    cdef const uint32_t[::1] codes = part.codes
    cdef const int64_t[::1] ends = part.ends
    cdef const int32_t[::1] rows = part.rows
    cdef const uint16_t[::1] counts = part.counts
    cdef const uint16_t[::1] lengths = part.lengths
    cdef const uint16_t[::1] most = part.most
    cdef const float[::1] shortest = part.shortest
    cdef Py_ssize_t count = wanted.shape[0], number, place, required
    cdef int64_t begin
    cdef Word[MAX_WORDS] words
    cdef Word* word
    if not rows.shape[0]:
        return
    with nogil:
        lists.rows, lists.counts, lists.lengths = &rows[0], &counts[0], &lengths[0]
        for number in range(count):
            word = &words[number]
            place = place_of(codes, wanted[number])
            word.height = <float>heights[number]
            word.at = word.stop = 0
            word.bound = 0.0
            if place >= 0:
                word.at = _start(ends, place)
                word.stop = _below(lists.rows, word.at, ends[place], size)
                word.bound = (
                    ROUNDED_UP * heights[number] / (1 + lists.base / most[place] + lists.unit * shortest[place])
                )
        while True:
            begin = _first_row(lists, words, count, size)
            if begin == size:
                break
            required = _require(lists, words, count, begin + WINDOW, top)
            if required:
                _take_required(lists, words, count, required, begin, mask, marks, sums, slots, places, top)
            else:
                _take_all(lists, words, count, begin, mask, sums, slots, top)
