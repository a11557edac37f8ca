# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Inner products, compiled. The same as ``plain.py``. Loops run without the interpreter's lock."""

import numpy as np

from libc.math cimport NAN
from libc.stdint cimport int64_t, uint16_t, uint32_t

cdef extern from *:
    void __builtin_prefetch(const void*) nogil  # of GCC and Clang

cdef float HALF_TO_SINGLE = 2.0 ** 112
"""What is between the exponents of a number in half and in single precision."""

cdef union Single:
    uint32_t bits
    float number

ctypedef fused Component:
    float
    uint16_t  # in half precision

cdef enum:
    LANES = 16
    AHEAD = 4
    CACHE_LINE = 64


def products(const Component[:, ::1] vectors, const int64_t[::1] rows, const float[::1] query):
    """The inner products of some rows' vectors with a query's, as float32; NaN for a vector of zeros."""
    cdef Py_ssize_t count = rows.shape[0], place, line
    cdef Py_ssize_t lines = <Py_ssize_t>(query.shape[0] * sizeof(Component)) // CACHE_LINE
    held = np.empty(count, np.float32)
    cdef float[::1] found = held
    with nogil:
        for place in range(count):
            # The rows lie far apart: waiting for one after another would take most of the time.
            if place + AHEAD < count:
                for line in range(lines):
                    __builtin_prefetch(<const char*>&vectors[rows[place + AHEAD], 0] + line * CACHE_LINE)
            found[place] = _product(&vectors[rows[place], 0], &query[0], query.shape[0])
    return held


cdef inline float _product(const Component* vector, const float* query, Py_ssize_t length) noexcept nogil:
    # Sums side by side, so that a compiler that keeps to the order of additions can use vector instructions.
    cdef float[LANES] sums
    cdef float total = 0.0
    cdef Py_ssize_t block, lane, place
    for lane in range(LANES):
        sums[lane] = 0.0
    for block in range(length // LANES):
        for lane in range(LANES):
            sums[lane] += _single(vector[block * LANES + lane]) * query[block * LANES + lane]
    for place in range(length - length % LANES, length):
        total += _single(vector[place]) * query[place]
    for lane in range(LANES):
        total += sums[lane]
    return NAN if total == 0.0 and _is_zero(vector, length) else total


cdef inline bint _is_zero(const Component* vector, Py_ssize_t length) noexcept nogil:
    cdef Py_ssize_t place
    for place in range(length):
        if _single(vector[place]) != 0.0:
            return False
    return True


cdef inline float _single(Component component) noexcept nogil:
    """IEEE 754; half precision without infinities, of which unit vectors have none."""
    cdef Single read
    if Component is float:
        return component
    else:
        read.bits = (<uint32_t>component & 0x7FFF) << 13
        read.number *= HALF_TO_SINGLE
        read.bits |= (<uint32_t>component & 0x8000) << 16
        return read.number
