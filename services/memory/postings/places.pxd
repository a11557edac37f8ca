"""Where values stand among ascending ones."""

from libc.stdint cimport uint32_t


cdef inline Py_ssize_t first_of(const uint32_t[::1] values, uint32_t value) noexcept nogil:
    """The place of the first of ascending values that is not below one."""
    cdef Py_ssize_t low = 0, high = values.shape[0], middle
    while low < high:
        middle = (low + high) // 2
        if values[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low


cdef inline Py_ssize_t place_of(const uint32_t[::1] codes, uint32_t code) noexcept nogil:
    """Where a code stands among ascending ones, or -1."""
    cdef Py_ssize_t low = first_of(codes, code)
    return low if low < codes.shape[0] and codes[low] == code else -1
