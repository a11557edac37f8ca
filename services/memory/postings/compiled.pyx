# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Looking words up, compiled. The same as ``plain.py``; loops run without the interpreter's lock."""

import numpy as np

from libc.math cimport log
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memset

from services.memory.postings.bits cimport BLOCKS, WINDOW, intersect, is_set, set_bit, slots_of
from services.memory.postings.places cimport place_of

cdef enum:
    MAX_WORDS = 64  # analysis.MAX_QUERY_WORDS
    COUNTS = 4  # a word that a row holds less often than this
    LENGTHS = 128  # and a row of fewer words have their share worked out once for all
    MOST_COUNTED = 4  # words of a row
    CHOSEN_COST = 2  # postings gone through in the time that one word of a chosen row takes
    MOST_UNTRIED = 16  # windows whose rows are all taken, after one where choosing was in vain

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


cdef void _take(Best* best, float score, int64_t row) noexcept nogil:
    """Take a row that belongs among the best."""
    if best.held < best.limit:
        best.scores[best.held] = score
        best.rows[best.held] = row
        best.held += 1
        _sift_up(best)
    else:
        best.scores[0] = score
        best.rows[0] = row
        _sift_down(best)


cdef inline void _offer(Best* best, float score, int64_t row, const uint8_t* allowed) noexcept nogil:
    """Take an allowed row among the best where it belongs there."""
    if best.held == best.limit and _is_below(score, row, best.scores[0], best.rows[0]):
        return
    if allowed == NULL or allowed[row]:
        # Most rows are none of the best: what these take must not slow the loops that offer all.
        _take(best, score, row)


cdef struct Lists:
    # The postings of all words in one part.
    const int32_t* rows
    const uint16_t* counts
    const uint16_t* lengths
    const uint16_t* row_lengths
    double base
    double unit
    float[COUNTS][LENGTHS] shares


cdef struct Word:
    # A word of the query: its postings, where they go on, and where they end.
    int64_t start
    int64_t at
    int64_t stop
    float height
    double bound  # no row has a higher score for it
    bint is_here  # a row of the window holds it
    bint is_required  # without it no row of the window comes among the best
    # Of a word that many rows hold, NULL of others: a bit a row for those that hold it, and for those that do so more
    # than once; and how many postings stand before each window.
    const uint64_t* bits
    const uint64_t* more
    const int32_t* ranks


cdef struct Room:
    # What belongs to one window of rows stays in the processor's cache.
    float[WINDOW] sums  # zeros, before and after
    uint64_t[BLOCKS] own  # a bit a row for those that hold a word that has no bits in the part
    uint64_t[MOST_COUNTED][BLOCKS] holding  # for those that hold one word or more, two or more...
    uint64_t[BLOCKS] chosen
    int32_t[WINDOW + 1] slots


cdef inline float _share(int64_t frequency, int64_t length, double base, double unit) noexcept nogil:
    """How much of a word's height goes to a row of so many words that holds it so often."""
    return <float>(frequency / (frequency + base + unit * length))


cdef inline float _share_of(const Lists* lists, int64_t frequency, int64_t length) noexcept nogil:
    if frequency < COUNTS and length < LENGTHS:
        return lists.shares[frequency][length]
    return _share(frequency, length, lists.base, lists.unit)


cdef inline bint _stands_before(const Lists* lists, const Word* word, int64_t end) noexcept nogil:
    return word.at < word.stop and lists.rows[word.at] < end


cdef void _enter(const Lists* lists, Word* words, Py_ssize_t count, int64_t begin, int64_t window) noexcept nogil:
    """Have all words go on with a window."""
    cdef Py_ssize_t number
    cdef Word* word
    for number in range(count):
        word = &words[number]
        if word.bits == NULL:
            word.is_here = _stands_before(lists, word, begin + WINDOW)
        else:
            word.at = min(word.start + word.ranks[window], word.stop)
            word.is_here = word.at < min(word.start + word.ranks[window + 1], word.stop)


cdef Py_ssize_t _least(Word* words, const int32_t* by_bound, Py_ssize_t count, const Best* best) noexcept nogil:
    """How many words a row of a window must hold to come among the best; finds those without which none does."""
    cdef Py_ssize_t place, least = 0
    cdef double together = 0.0, lowest = best.scores[0] if best.held == best.limit else 0.0
    cdef Word* word
    for place in range(count):
        word = &words[by_bound[place]]
        if word.is_here:
            least += together < lowest
            together += word.bound
    for place in range(count):
        words[place].is_required = words[place].is_here and together - words[place].bound < lowest
    return least


cdef inline bint _can_choose(const Word* words, Py_ssize_t count, Py_ssize_t least) noexcept nogil:
    """Whether not every row that holds a word may come among the best."""
    cdef Py_ssize_t number, here = 0, required = 0
    for number in range(count):
        here += words[number].is_here
        required += words[number].is_required
    return here > 1 and (least > 1 or required > 0)


cdef void _take_all(
    const Lists* lists, Word* words, Py_ssize_t count, int64_t begin, const uint8_t* allowed, Room* room, Best* best
) noexcept nogil:
    """Offer every row of a window that holds one of the words."""
    cdef Py_ssize_t number, place, touched = 0
    cdef int64_t at, stop, slot, frequency, length, end = begin + WINDOW
    # As far as a compiler knows, what is written here may change what ``lists`` points to.
    cdef const int32_t* rows = lists.rows
    cdef const uint16_t* counts = lists.counts
    cdef const uint16_t* lengths = lists.lengths
    cdef const float* shares = &lists.shares[0][0]
    cdef float* sums = &room.sums[0]
    cdef int32_t* slots = &room.slots[0]
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


cdef bint _take_chosen(
    const Lists* lists,
    Word* words,
    Py_ssize_t count,
    Py_ssize_t least,
    int64_t begin,
    int64_t window,
    int64_t size,
    const uint8_t* allowed,
    Room* room,
    Best* best,
) noexcept nogil:
    """Offer the rows of a window that hold so many words, and all required ones; False where taking all is as quick."""
    cdef Py_ssize_t number, place, held
    cdef int64_t slot, postings = 0
    cdef const uint64_t* bits
    memset(&room.holding, 0, sizeof(room.holding))
    memset(&room.chosen, 0xFF, sizeof(room.chosen))
    for number in range(count):
        bits = words[number].bits
        if bits != NULL:
            bits += window * BLOCKS
            postings += words[number].ranks[window + 1] - words[number].ranks[window]
        else:
            postings += _mark(lists, &words[number], begin, room)
            bits = &room.own[0]
        _count_in(room, bits)
        if words[number].is_required:
            intersect(&room.chosen[0], bits)
    intersect(&room.chosen[0], &room.holding[max(1, min(least, MOST_COUNTED)) - 1][0])
    held = slots_of(&room.chosen[0], min(size - begin, WINDOW), &room.slots[0])
    if CHOSEN_COST * held * count > postings:
        return False
    for number in range(count):
        if words[number].bits != NULL:
            _add_by_bits(lists, &words[number], begin, window, held, room)
        else:
            _add_by_postings(lists, &words[number], begin, room)
    for place in range(held):
        slot = room.slots[place]
        _offer(best, room.sums[slot], begin + slot, allowed)
        room.sums[slot] = 0.0
    return True


cdef int64_t _mark(const Lists* lists, const Word* word, int64_t begin, Room* room) noexcept nogil:
    """Find the rows of a window that hold a word without bits; returns how many they are."""
    cdef int64_t at = word.at, slot
    memset(&room.own, 0, sizeof(room.own))
    while at < word.stop and lists.rows[at] < begin + WINDOW:
        slot = lists.rows[at] - begin
        set_bit(&room.own[0], slot)
        at += 1
    return at - word.at


cdef void _count_in(Room* room, const uint64_t* bits) noexcept nogil:
    """Note of all rows of a window which of them hold one more word."""
    cdef Py_ssize_t block
    for block in range(BLOCKS):
        room.holding[3][block] |= room.holding[2][block] & bits[block]
        room.holding[2][block] |= room.holding[1][block] & bits[block]
        room.holding[1][block] |= room.holding[0][block] & bits[block]
        room.holding[0][block] |= bits[block]


cdef void _add_by_bits(
    const Lists* lists, const Word* word, int64_t begin, int64_t window, Py_ssize_t held, Room* room
) noexcept nogil:
    """Add a word's share to the sums of the chosen rows of a window that hold it."""
    cdef const uint64_t* bits = word.bits + window * BLOCKS
    cdef const uint64_t* more = word.more + window * BLOCKS
    cdef Py_ssize_t place
    cdef int64_t slot, frequency, at = word.at, last = word.start + word.ranks[window + 1]
    for place in range(held):
        slot = room.slots[place]
        if not is_set(bits, slot):
            continue
        frequency = 1
        if is_set(more, slot):
            at = _on_to(lists.rows, at, last, begin + slot)
            frequency = lists.counts[at]
        room.sums[slot] += word.height * _share_of(
            lists, frequency, lists.row_lengths[window * WINDOW + slot]
        )


cdef void _add_by_postings(const Lists* lists, const Word* word, int64_t begin, Room* room) noexcept nogil:
    """The same of a word without bits."""
    cdef int64_t at = word.at, slot
    while at < word.stop and lists.rows[at] < begin + WINDOW:
        slot = lists.rows[at] - begin
        if is_set(&room.chosen[0], slot):
            room.sums[slot] += word.height * _share_of(lists, lists.counts[at], lists.lengths[at])
        at += 1


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

    Rows that hold fewer words than one of the best must, or lack one that all of these must have, are passed over, found
    by the bits of words that many rows hold. MaxScore of Turtle and Flood, "Query evaluation" (1995), which leaves words
    out, is its other half.
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
    cdef Room* room = <Room*>calloc(1, sizeof(Room))
    if room == NULL:
        raise MemoryError
    top.scores, top.rows, top.held, top.limit = &found_scores[0], &found_rows[0], 0, limit
    lists.base, lists.unit = base, unit
    for frequency in range(COUNTS):
        for length in range(LENGTHS):
            lists.shares[frequency][length] = _share(frequency, length, base, unit)
    try:
        for part in parts:
            _take_part(part, wanted, heights, size, mask, room, &lists, &top)
    finally:
        free(room)
    return found[: top.held], scored[: top.held]


cdef _take_part(
    part,
    const uint32_t[::1] wanted,
    const double[::1] heights,
    int64_t size,
    const uint8_t* mask,
    Room* room,
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
    cdef const uint16_t[::1] row_lengths = part.row_lengths
    cdef const int32_t[::1] numbers = part.numbers
    cdef const uint64_t[:, ::1] bits = part.bits
    cdef const uint64_t[:, ::1] more = part.more
    cdef const int32_t[:, ::1] ranks = part.ranks
    cdef Py_ssize_t count = wanted.shape[0], number, place
    cdef int64_t first = part.first, last = min(size, part.last)
    cdef Word[MAX_WORDS] words
    cdef int32_t[MAX_WORDS] by_bound
    cdef Word* word
    if not rows.shape[0]:
        return
    with nogil:
        lists.rows, lists.counts, lists.lengths = &rows[0], &counts[0], &lengths[0]
        lists.row_lengths = &row_lengths[0] if row_lengths.shape[0] else NULL
        for number in range(count):
            word = &words[number]
            place = place_of(codes, wanted[number])
            word.height = <float>heights[number]
            word.start = word.at = word.stop = 0
            word.bound = 0.0
            word.bits = word.more = NULL
            word.ranks = NULL
            if place >= 0:
                word.start = word.at = _start(ends, place)
                word.stop = _below(lists.rows, word.at, ends[place], size)
                word.bound = (
                    ROUNDED_UP * heights[number] / (1 + lists.base / most[place] + lists.unit * shortest[place])
                )
                if numbers[place] >= 0:
                    word.bits, word.more = &bits[numbers[place], 0], &more[numbers[place], 0]
                    word.ranks = &ranks[numbers[place], 0]
            _insert(by_bound, number, words)
        _take_windows(lists, words, by_bound, count, first, last, mask, room, top)


cdef void _take_windows(
    const Lists* lists,
    Word* words,
    const int32_t* by_bound,
    Py_ssize_t count,
    int64_t first,
    int64_t last,
    const uint8_t* mask,
    Room* room,
    Best* top,
) noexcept nogil:
    """Offer the rows from ``first`` to ``last`` (exclusive), window by window."""
    cdef int64_t window, begin, untried = 0, in_vain = 0
    cdef Py_ssize_t least
    for window in range((last - first + WINDOW - 1) // WINDOW):
        begin = first + window * WINDOW
        _enter(lists, words, count, begin, window)
        least = _least(words, by_bound, count, top)
        if untried:
            untried -= 1
        elif _can_choose(words, count, least):
            if _take_chosen(lists, words, count, least, begin, window, last, mask, room, top):
                _leave(lists, words, count, begin + WINDOW)
                in_vain = 0
                continue
            untried = in_vain = min(2 * in_vain + 1, MOST_UNTRIED)
        _take_all(lists, words, count, begin, mask, room, top)


cdef void _insert(int32_t* by_bound, Py_ssize_t number, const Word* words) noexcept nogil:
    """Put one more word where it belongs among those before it, the highest bound first."""
    cdef Py_ssize_t place = number
    while place and words[by_bound[place - 1]].bound < words[number].bound:
        by_bound[place] = by_bound[place - 1]
        place -= 1
    by_bound[place] = <int32_t>number


cdef void _leave(const Lists* lists, Word* words, Py_ssize_t count, int64_t end) noexcept nogil:
    """Have the words without bits stand behind a window; the others know where the next one begins."""
    cdef Py_ssize_t number
    for number in range(count):
        while words[number].bits == NULL and _stands_before(lists, &words[number], end):
            words[number].at += 1
