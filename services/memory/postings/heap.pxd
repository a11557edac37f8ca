"""The best of many rows: a heap of scores, of which the lowest is first."""

from libc.stdint cimport int64_t, uint8_t


cdef inline bint _is_below(float score, int64_t row, float other, int64_t other_row) noexcept nogil:
    return score < other or (score == other and row < other_row)


cdef struct Best:
    # The highest scores so far, a heap whose lowest is first.
    float* scores
    int64_t* rows
    Py_ssize_t held
    Py_ssize_t limit


cdef inline void _sift_down(Best* best) noexcept nogil:
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


cdef inline void _sift_up(Best* best) noexcept nogil:
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


cdef inline void offer(Best* best, float score, int64_t row, const uint8_t* allowed) noexcept nogil:
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
