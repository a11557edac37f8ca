"""Windows of rows with a bit for each, in numbers of 64."""

from libc.stdint cimport int32_t, int64_t, uint64_t

cdef extern from *:
    int __builtin_ctzll(unsigned long long) nogil  # of GCC and Clang

cdef enum:
    WINDOW = 8192  # rows; arrays.WINDOW
    BLOCK = 64  # rows
    BLOCKS = 128  # of a window


cdef inline bint is_set(const uint64_t* bits, int64_t slot) noexcept nogil:
    return (bits[slot // BLOCK] >> (slot % BLOCK)) & 1


cdef inline void set_bit(uint64_t* bits, int64_t slot) noexcept nogil:
    bits[slot // BLOCK] |= <uint64_t>1 << (slot % BLOCK)


cdef inline void intersect(uint64_t* chosen, const uint64_t* bits) noexcept nogil:
    """Leave of a window's bits those that are set in others too."""
    cdef Py_ssize_t block
    for block in range(BLOCKS):
        chosen[block] &= bits[block]


cdef inline Py_ssize_t slots_of(const uint64_t* bits, int64_t stop, int32_t* slots) noexcept nogil:
    """Which slots before one have their bit set, ascending; returns how many."""
    cdef Py_ssize_t block, held = 0
    cdef uint64_t left
    for block in range(BLOCKS):
        left = bits[block]
        while left:
            slots[held] = <int32_t>(block * BLOCK + __builtin_ctzll(left))
            if slots[held] >= stop:
                return held
            held += 1
            left &= left - 1
    return held
