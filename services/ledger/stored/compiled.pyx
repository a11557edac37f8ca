# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Stored records, compiled: the same as ``plain.py``, which says what each function is for."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport int64_t, uint8_t, uint64_t
from libc.string cimport memcpy

from services.ledger import encoding

cdef enum:
    # Where the fields of a stored record begin; test_stored.py holds them to those of encoding.py.
    RECORDED = 8
    CAUSATION = 16
    FLAGS = 24
    DIGEST = 25
    PREV = 57
    HASH = 89
    LENGTHS = 121
    RECORD_BYTES = 125
    HASH_BYTES = 32
    SALT_BYTES = 32
    REMEMBER = 1
    HAS_CAUSATION = 2
    LENGTH_BYTES = 8

cdef enum:
    # Tags of pmm.mind.v1.Event: number * 8 + wire type.
    EVENT = 0x0A
    MIND_ID = 0x0A
    SEQ = 0x10
    KIND = 0x1A
    RECORDED_AT = 0x22
    SECONDS = 0x08
    NANOS = 0x10
    SESSION_ID = 0x2A
    ACTOR = 0x32
    CAUSATION_SEQ = 0x38
    TRACE_ID = 0x42
    IS_REMEMBERED = 0x48
    PAYLOAD_DIGEST = 0x52
    PREV_HASH = 0x5A
    ITS_HASH = 0x62
    POSITION = 0x68
    REDACTED = 0x70
    BODY = 0x7A
    RAW_LOW = 0x82
    RAW_HIGH = 0x01
    RAW_PAYLOAD = 0x0A
    RAW_SALT = 0x12

cdef int64_t NANOSECONDS = 1_000_000_000


cdef struct Record:
    const uint8_t* data
    Py_ssize_t kind, session, actor, trace
    Py_ssize_t end
    uint8_t flags


cdef Record _record(bytes data) except *:
    cdef Record found
    cdef const uint8_t* at = <const uint8_t*> PyBytes_AS_STRING(data)
    if PyBytes_GET_SIZE(data) < RECORD_BYTES:
        raise ValueError(encoding.CUT_SHORT)
    found.data = at
    found.kind, found.session = at[LENGTHS], at[LENGTHS + 1]
    found.actor, found.trace = at[LENGTHS + 2], at[LENGTHS + 3]
    found.end = RECORD_BYTES + found.kind + found.session + found.actor + found.trace
    found.flags = at[FLAGS]
    if found.end > PyBytes_GET_SIZE(data):
        raise ValueError(encoding.CUT_SHORT)
    if found.flags > (REMEMBER | HAS_CAUSATION) or (
        not found.flags & HAS_CAUSATION and _integer(at + CAUSATION) != 0
    ):
        raise ValueError(encoding.BAD_FLAGS)
    return found


cdef inline uint64_t _integer(const uint8_t* at) noexcept nogil:
    cdef uint64_t value = 0
    cdef int place
    for place in range(8):
        value = value << 8 | at[place]
    return value


cdef inline uint8_t* _copied(uint8_t* out, const uint8_t* source, Py_ssize_t count) noexcept nogil:
    memcpy(out, source, count)
    return out + count


cdef inline uint8_t* _length(uint8_t* out, uint64_t value) noexcept nogil:
    """8 bytes, big-endian."""
    cdef int place
    for place in range(8):
        out[place] = <uint8_t> (value >> (56 - 8 * place))
    return out + 8


cdef inline uint8_t* _hashed(uint8_t* out, const uint8_t* source, Py_ssize_t count) noexcept nogil:
    return _copied(_length(out, count), source, count)


def hashed_header(bytes begin not None, uint64_t seq, bytes data not None):
    cdef Record record = _record(data)
    cdef const uint8_t* names = record.data + RECORD_BYTES
    cdef bint has_causation = (record.flags & HAS_CAUSATION) != 0
    cdef Py_ssize_t names_bytes = record.end - RECORD_BYTES
    cdef Py_ssize_t size = (
        PyBytes_GET_SIZE(begin) + 10 * LENGTH_BYTES + LENGTH_BYTES * has_causation
        + names_bytes + 3 * LENGTH_BYTES + 2 * HASH_BYTES
    )
    cdef bytes hashed = PyBytes_FromStringAndSize(NULL, size)
    cdef uint8_t* out = <uint8_t*> PyBytes_AS_STRING(hashed)
    out = _copied(out, <const uint8_t*> PyBytes_AS_STRING(begin), PyBytes_GET_SIZE(begin))
    out = _length(_length(out, LENGTH_BYTES), seq)
    out = _hashed(out, names, record.kind)
    names += record.kind
    out = _hashed(out, record.data + RECORDED, CAUSATION - RECORDED)
    out = _hashed(out, names, record.session)
    names += record.session
    out = _hashed(out, names, record.actor)
    names += record.actor
    if has_causation:
        out = _hashed(out, record.data + CAUSATION, FLAGS - CAUSATION)
    else:
        out = _length(out, 0)
    out = _hashed(out, names, record.trace)
    out = _length(_length(out, LENGTH_BYTES), record.flags & REMEMBER)
    out = _hashed(out, record.data + DIGEST, HASH_BYTES)
    out = _hashed(out, record.data + PREV, HASH_BYTES)
    assert out == <uint8_t*> PyBytes_AS_STRING(hashed) + size
    return hashed, data[record.end:]


cdef inline Py_ssize_t _varint_bytes(uint64_t value) noexcept nogil:
    cdef Py_ssize_t count = 1
    while value >= 0x80:
        value >>= 7
        count += 1
    return count


cdef inline uint8_t* _varint(uint8_t* out, uint64_t value) noexcept nogil:
    while value >= 0x80:
        out[0] = <uint8_t> (value | 0x80)
        value >>= 7
        out += 1
    out[0] = <uint8_t> value
    return out + 1


cdef inline Py_ssize_t _number_bytes(uint64_t value) noexcept nogil:
    """Of a field of one tag byte; what is 0 is left out, as proto3 does."""
    return 1 + _varint_bytes(value) if value else 0


cdef inline uint8_t* _number(uint8_t* out, uint8_t tag, uint64_t value) noexcept nogil:
    if not value:
        return out
    out[0] = tag
    return _varint(out + 1, value)


cdef inline Py_ssize_t _text_bytes(Py_ssize_t count) noexcept nogil:
    return 1 + _varint_bytes(count) + count if count else 0


cdef inline uint8_t* _text(uint8_t* out, uint8_t tag, const uint8_t* source, Py_ssize_t count) noexcept nogil:
    if not count:
        return out
    out[0] = tag
    return _copied(_varint(out + 1, count), source, count)


def event_field(bytes mind not None, uint64_t seq, bytes data not None, bytes salted, *, bint raw):
    cdef Record record = _record(data)
    cdef const uint8_t* names = record.data + RECORD_BYTES
    cdef bint has_causation = (record.flags & HAS_CAUSATION) != 0
    cdef uint64_t causation = _integer(record.data + CAUSATION)
    cdef uint64_t position = _integer(record.data)
    cdef int64_t recorded = <int64_t> _integer(record.data + RECORDED)
    cdef int64_t seconds = recorded // NANOSECONDS
    cdef int64_t nanos = recorded - seconds * NANOSECONDS
    if nanos < 0:
        seconds, nanos = seconds - 1, nanos + NANOSECONDS
    cdef const uint8_t* salt = NULL
    cdef Py_ssize_t payload = 0
    if salted is not None:
        salt = <const uint8_t*> PyBytes_AS_STRING(salted)
        payload = PyBytes_GET_SIZE(salted) - SALT_BYTES
        if payload < 0:
            raise ValueError(encoding.CUT_SHORT)

    cdef Py_ssize_t clock_bytes = _number_bytes(<uint64_t> seconds) + _number_bytes(nanos)
    cdef Py_ssize_t raw_bytes = _text_bytes(payload) + _text_bytes(SALT_BYTES)
    cdef Py_ssize_t inside = (
        _text_bytes(PyBytes_GET_SIZE(mind)) + _number_bytes(seq)
        + 1 + _varint_bytes(clock_bytes) + clock_bytes
        + _text_bytes(record.kind) + _text_bytes(record.session)
        + _text_bytes(record.actor) + _text_bytes(record.trace)
        + (1 + _varint_bytes(causation) if has_causation else 0)
        + _number_bytes(record.flags & REMEMBER)
        + 3 * _text_bytes(HASH_BYTES) + _number_bytes(position)
    )
    if salted is None:
        inside += _number_bytes(1)
    elif raw:
        inside += 2 + _varint_bytes(raw_bytes) + raw_bytes
    else:
        inside += 1 + _varint_bytes(payload) + payload
    cdef Py_ssize_t size = 1 + _varint_bytes(inside) + inside
    cdef bytes field = PyBytes_FromStringAndSize(NULL, size)
    cdef uint8_t* out = <uint8_t*> PyBytes_AS_STRING(field)

    out[0] = EVENT
    out = _varint(out + 1, inside)
    out = _text(out, MIND_ID, <const uint8_t*> PyBytes_AS_STRING(mind), PyBytes_GET_SIZE(mind))
    out = _number(out, SEQ, seq)
    out = _text(out, KIND, names, record.kind)
    names += record.kind
    out[0] = RECORDED_AT
    out = _varint(out + 1, clock_bytes)
    out = _number(_number(out, SECONDS, <uint64_t> seconds), NANOS, nanos)
    out = _text(out, SESSION_ID, names, record.session)
    names += record.session
    out = _text(out, ACTOR, names, record.actor)
    names += record.actor
    if has_causation:
        out[0] = CAUSATION_SEQ
        out = _varint(out + 1, causation)
    out = _text(out, TRACE_ID, names, record.trace)
    out = _number(out, IS_REMEMBERED, record.flags & REMEMBER)
    out = _text(out, PAYLOAD_DIGEST, record.data + DIGEST, HASH_BYTES)
    out = _text(out, PREV_HASH, record.data + PREV, HASH_BYTES)
    out = _text(out, ITS_HASH, record.data + HASH, HASH_BYTES)
    out = _number(out, POSITION, position)
    if salted is None:
        out = _number(out, REDACTED, 1)
    elif raw:
        out[0], out[1] = RAW_LOW, RAW_HIGH
        out = _varint(out + 2, raw_bytes)
        out = _text(out, RAW_PAYLOAD, salt + SALT_BYTES, payload)
        out = _text(out, RAW_SALT, salt, SALT_BYTES)
    else:
        out[0] = BODY
        out = _copied(_varint(out + 1, payload), salt + SALT_BYTES, payload)
    assert out == <uint8_t*> PyBytes_AS_STRING(field) + size
    return field
