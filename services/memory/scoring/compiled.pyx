# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The arithmetic of a search, compiled: what numpy does in two hundred small calls, while all other threads wait.

The same as ``plain.py``, which says what each function is for. Loops run without the interpreter's lock.
"""

import numpy as np

from libc.math cimport fabs, isnan, log1p, sqrt
from libc.stdint cimport int8_t, int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc, qsort

from services.memory.postings.places cimport place_of

cdef double K1 = 1.2
cdef double B = 0.75
cdef double BEFORE_SHARE = 0.5
cdef double AFTER_SHARE = 0.3
cdef double CONTEXT = 1.0 + BEFORE_SHARE + AFTER_SHARE

cdef double KEYWORD_OWN = 0.6
cdef double KEYWORD_EARLIER = 0.2
cdef double KEYWORD_SESSION = 0.6
cdef double SEMANTIC_OWN = 0.3
cdef double SEMANTIC_NEIGHBOUR = 0.1
cdef double SEMANTIC_SESSION = 0.2
cdef double IS_QUESTION = -0.6
cdef double ANSWERS_QUESTION = 0.6
cdef double LENGTH = 0.6
cdef double IMPORTANCE = 0.5
cdef double RATING = 1.0
cdef double NO_LONGER_TRUE = -1.0

cdef double SAME = 1e-12
"""What is left by rounding where all scores are the same, relative to them."""

cdef enum:
    QUESTION_FORM = 1  # analysis.IS_QUESTION
    MAX_WORDS = 64  # analysis.MAX_QUERY_WORDS
    SIX_BITS = 63


cdef int _ascending(const void* left, const void* right) noexcept nogil:
    cdef int64_t a = (<const int64_t*>left)[0]
    cdef int64_t b = (<const int64_t*>right)[0]
    return (a > b) - (a < b)


cdef Py_ssize_t _distinct(int64_t* values, Py_ssize_t count) noexcept nogil:
    """Sort in place, each value once and NONE not at all; returns how many are left."""
    cdef Py_ssize_t place, kept = 0
    qsort(values, count, sizeof(int64_t), _ascending)
    for place in range(count):
        if values[place] != -1 and (kept == 0 or values[kept - 1] != values[place]):
            values[kept] = values[place]
            kept += 1
    return kept


cdef inline int64_t _visible(int64_t row, int64_t size, const uint8_t[::1] allowed) noexcept nogil:
    if row < 0 or row >= size or (allowed is not None and not allowed[row]):
        return -1
    return row


cdef inline int64_t _next_to(
    const int32_t[::1] links, int64_t row, int64_t size, const uint8_t[::1] allowed
) noexcept nogil:
    return -1 if row < 0 else _visible(links[row], size, allowed)


def surroundings(
    const int64_t[::1] found,
    const int32_t[::1] previous,
    const int32_t[::1] following,
    int64_t size,
    allowed,
):
    """The pool: what was found and the turns next to it, ascending; and for each its turn before, after, two before.

    Only rows below ``size`` are seen, and of these the allowed, all where that is None. Returns five int64 arrays:
    the pool, three of its length with NONE where there is no such turn, and ascending what stands in the first three.
    """
    cdef Py_ssize_t count = found.shape[0], place, kept
    cdef const uint8_t[::1] seen = None if allowed is None else allowed.view(np.uint8)
    held = np.empty(3 * count, np.int64)
    cdef int64_t[::1] pool = held
    with nogil:
        for place in range(count):
            pool[3 * place] = found[place]
            pool[3 * place + 1] = _next_to(previous, found[place], size, seen)
            pool[3 * place + 2] = _next_to(following, found[place], size, seen)
        kept = _distinct(&pool[0], 3 * count) if count else 0
    beside = np.empty((3, kept), np.int64)
    around = np.empty(3 * kept, np.int64)
    cdef int64_t[:, ::1] next_to = beside
    cdef int64_t[::1] heard = around
    cdef Py_ssize_t length = 0
    with nogil:
        for place in range(kept):
            next_to[0, place] = _next_to(previous, pool[place], size, seen)
            next_to[1, place] = _next_to(following, pool[place], size, seen)
            next_to[2, place] = _next_to(previous, next_to[0, place], size, seen)
            heard[3 * place] = pool[place]
            heard[3 * place + 1] = next_to[0, place]
            heard[3 * place + 2] = next_to[1, place]
        if kept:
            length = _distinct(&heard[0], 3 * kept)
    return held[:kept], beside[0], beside[1], beside[2], around[:length]


cdef inline double _length(const int64_t[::1] ends, int64_t row) noexcept nogil:
    return 0.0 if row < 0 else ends[row] - (ends[row - 1] if row else 0)


cdef inline void _count(
    const uint32_t[::1] terms,
    const int64_t[::1] ends,
    int64_t row,
    const uint32_t[::1] codes,
    uint64_t ending,
    double share,
    double* frequencies,
) noexcept nogil:
    """Add to the frequency of each code so much for each time that the row holds it.

    ``ending`` has a bit for each value of the last six bits that a code ends with: most words are none of these.
    """
    cdef Py_ssize_t place
    cdef int64_t at
    if row < 0:
        return
    for at in range(ends[row - 1] if row else 0, ends[row]):
        if not (ending >> (terms[at] & SIX_BITS)) & 1:
            continue
        place = place_of(codes, terms[at])
        if place >= 0:
            frequencies[place] += share


cdef inline double _bm25(
    const double* frequencies, double length, double mean, const double[::1] weights
) noexcept nogil:
    cdef double score = 0.0
    cdef double relative = K1 * (1 - B + B * length / max(mean, 1e-9))
    cdef Py_ssize_t place
    for place in range(weights.shape[0]):
        if frequencies[place] > 0:
            score += weights[place] * frequencies[place] * (K1 + 1) / (frequencies[place] + relative)
    return score


def keyword(
    const int64_t[::1] pool,
    const int64_t[::1] before,
    const int64_t[::1] after,
    const int64_t[::1] two_before,
    const int64_t[::1] groups,
    const uint32_t[::1] terms,
    const int64_t[::1] ends,
    const uint32_t[::1] codes,
    const double[::1] weights,
    double mean_length,
    double[::1] raw,
    double[::1] added,
):
    """Fill in BM25 of each of the pool together with its neighbours, and what it adds to the score.

    ``groups`` has a number for the session of each, from 0.
    """
    cdef Py_ssize_t count = pool.shape[0], place, word
    cdef double[MAX_WORDS] frequencies
    cdef double length
    cdef uint64_t ending = 0
    assert codes.shape[0] <= MAX_WORDS
    cdef double* earlier = <double*>malloc((3 * count + 1) * sizeof(double))
    if earlier == NULL:
        raise MemoryError
    cdef double* best = earlier + count
    cdef double* tops = best + count
    with nogil:
        for word in range(codes.shape[0]):
            ending |= <uint64_t>1 << (codes[word] & SIX_BITS)
        for place in range(count):
            for word in range(codes.shape[0]):
                frequencies[word] = 0.0
            _count(terms, ends, pool[place], codes, ending, 1.0, frequencies)
            _count(terms, ends, before[place], codes, ending, BEFORE_SHARE, frequencies)
            _count(terms, ends, after[place], codes, ending, AFTER_SHARE, frequencies)
            length = (
                _length(ends, pool[place])
                + BEFORE_SHARE * _length(ends, before[place])
                + AFTER_SHARE * _length(ends, after[place])
            )
            raw[place] = _bm25(frequencies, length, mean_length * CONTEXT, weights)
            for word in range(codes.shape[0]):
                frequencies[word] = 0.0
            _count(terms, ends, two_before[place], codes, ending, 1.0, frequencies)
            earlier[place] = _bm25(frequencies, _length(ends, two_before[place]), mean_length, weights)
            added[place] = 0.0
        if count:
            _best_of(groups, &raw[0], tops, best)
            _add_z_scored(&raw[0], count, KEYWORD_OWN, added)
        _add_z_scored(earlier, count, KEYWORD_EARLIER, added)
        _add_z_scored(best, count, KEYWORD_SESSION, added)
    free(earlier)


def semantic(
    const int64_t[::1] pool,
    const int64_t[::1] before,
    const int64_t[::1] after,
    const int64_t[::1] groups,
    const int64_t[::1] heard,
    const float[::1] products,
    double[::1] raw,
    double[::1] added,
):
    """Fill in the nearness of each of the pool to the query, and what it adds to the score.

    ``heard``, ascending, are the rows whose ``products`` with the query's vector are given: the pool and its
    neighbours. What has no vector yet (NaN), or never will, is neither near nor far.
    """
    cdef Py_ssize_t count = pool.shape[0], all_heard = heard.shape[0], place, known = 0
    cdef double total = 0.0, middle
    cdef double* values = <double*>malloc((all_heard + 5 * count + 1) * sizeof(double))
    if values == NULL:
        raise MemoryError
    cdef double* own = values + all_heard
    cdef double* earlier = own + count
    cdef double* later = earlier + count
    cdef double* best = later + count
    cdef double* tops = best + count
    with nogil:
        for place in range(all_heard):
            if not isnan(products[place]):
                total += products[place]
                known += 1
        middle = total / known if known else 0.0
        for place in range(all_heard):
            values[place] = middle if isnan(products[place]) else products[place]
        for place in range(count):
            own[place] = _at(heard, values, pool[place])
            earlier[place] = _at(heard, values, before[place])
            later[place] = _at(heard, values, after[place])
            raw[place] = products[_where(heard, pool[place])]
            if isnan(raw[place]):
                raw[place] = 0.0
            added[place] = 0.0
        _best_of(groups, own, tops, best)
        _add_z_scored(own, count, SEMANTIC_OWN, added)
        _add_z_scored(earlier, count, SEMANTIC_NEIGHBOUR, added)
        _add_z_scored(later, count, SEMANTIC_NEIGHBOUR, added)
        _add_z_scored(best, count, SEMANTIC_SESSION, added)
    free(values)


def prior(
    const int64_t[::1] pool,
    const int64_t[::1] before,
    const int8_t[::1] form,
    const int32_t[::1] length,
    const double[::1] importance,
    const float[::1] rating,
    const int64_t[::1] valid_to,
    int64_t now_ns,
    double[::1] added,
):
    """Fill in what speaks for a memory whatever is asked: that it states rather than asks, at length, and was judged
    well.
    """
    cdef Py_ssize_t place
    cdef int64_t row, ends
    cdef double score
    with nogil:
        for place in range(pool.shape[0]):
            row = pool[place]
            score = LENGTH * log1p(length[row]) + IMPORTANCE * importance[row] + RATING * rating[row]
            if form[row] & QUESTION_FORM:
                score += IS_QUESTION
            if before[place] >= 0 and form[before[place]] & QUESTION_FORM:
                score += ANSWERS_QUESTION
            ends = valid_to[row]
            if ends != 0 and ends <= now_ns:
                score += NO_LONGER_TRUE
            added[place] = score


def session_groups(const int64_t[::1] pool, const int32_t[::1] session, int64_t nowhere):
    """A number for the session of each of the pool, from 0, as int64; a memory outside of all sessions (of the code
    ``nowhere``) is one of its own.
    """
    cdef Py_ssize_t count = pool.shape[0], place, slot, room = 16, groups = 0
    while room < 2 * count:
        room *= 2
    held = np.empty(count, np.int64)
    cdef int64_t[::1] numbers = held
    cdef int64_t* slots = <int64_t*>malloc(room * sizeof(int64_t))
    if slots == NULL:
        raise MemoryError
    with nogil:
        for slot in range(room):
            slots[slot] = -1
        for place in range(count):
            if session[pool[place]] == nowhere:
                numbers[place] = groups
                groups += 1
                continue
            slot = <Py_ssize_t>((<uint32_t>session[pool[place]]) * <uint32_t>0x9E3779B1) % room
            while slots[slot] >= 0 and session[pool[slots[slot]]] != session[pool[place]]:
                slot = (slot + 1) % room
            if slots[slot] < 0:
                slots[slot] = place
                numbers[place] = groups
                groups += 1
            else:
                numbers[place] = numbers[slots[slot]]
    free(slots)
    return held


cdef inline Py_ssize_t _where(const int64_t[::1] heard, int64_t row) noexcept nogil:
    """The place of a row that is among ascending ones."""
    cdef Py_ssize_t low = 0, high = heard.shape[0] - 1, middle
    while low < high:
        middle = (low + high) // 2
        if heard[middle] < row:
            low = middle + 1
        else:
            high = middle
    return low


cdef inline double _at(const int64_t[::1] heard, const double* values, int64_t row) noexcept nogil:
    return 0.0 if row < 0 else values[_where(heard, row)]


cdef void _best_of(
    const int64_t[::1] groups, const double* scores, double* tops, double* best
) noexcept nogil:
    """For each the best score of its group; ``tops`` has room for one a group."""
    cdef Py_ssize_t place
    for place in range(groups.shape[0]):
        tops[place] = -1e308
    for place in range(groups.shape[0]):
        if scores[place] > tops[groups[place]]:
            tops[groups[place]] = scores[place]
    for place in range(groups.shape[0]):
        best[place] = tops[groups[place]]


cdef void _add_z_scored(const double* scores, Py_ssize_t count, double weight, double[::1] added) noexcept nogil:
    """Add the scores, brought to mean 0 and deviation 1, times a weight; nothing where all are the same."""
    cdef double mean = 0.0, square = 0.0, deviation
    cdef Py_ssize_t place
    if not count:
        return
    for place in range(count):
        mean += scores[place]
    mean /= count
    for place in range(count):
        square += (scores[place] - mean) * (scores[place] - mean)
    deviation = sqrt(square / count)
    if deviation <= SAME * fabs(mean):
        return
    for place in range(count):
        added[place] += weight * (scores[place] - mean) / deviation
