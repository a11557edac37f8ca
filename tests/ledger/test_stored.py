"""Stored records become the same hashes and messages whether that is compiled or not, and those of the contract."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmm.ledger.v1 import ledger_pb2 as pb
from pmm.mind.v1.events_pb2 import Body, Event, RawPayload
from pmm_client import event_hash
from pmm_client.proofs import chained_fields
from services.ledger import encoding
from services.ledger.encoding import Header, Record
from services.ledger.stored import plain

try:
    from services.ledger.stored import compiled
except ImportError:
    compiled = None

forms = pytest.mark.parametrize(
    "form",
    [
        plain,
        pytest.param(
            compiled,
            marks=pytest.mark.skipif(
                compiled is None,
                reason="NOT TESTED: not compiled; have a C compiler and Python's headers, and `make clean setup`",
            ),
        ),
    ],
    ids=["plain", "compiled"],
)
BEGIN = event_hash.DOMAIN + event_hash.field("ada")
BODY = Body()
BODY.user_message.text = "The tiny bicycle is in Matera"
SALT = bytes(range(32))
hashes = st.binary(min_size=32, max_size=32)
names = st.text(st.characters(codec="utf-8"), max_size=40)
u64 = st.integers(0, 2**64 - 1)


@st.composite
def records(draw: st.DrawFn) -> Record:
    """Any that can be stored, the longest and the emptiest names included."""
    header = Header(
        "ada",
        draw(st.integers(1, 2**64 - 1)),
        draw(names),
        draw(st.integers(-(2**63), 2**63 - 1)),
        draw(names),
        draw(names | st.just("a" * 255)),
        draw(st.none() | u64),
        draw(names),
        draw(st.booleans()),
        draw(hashes),
        draw(hashes),
    )
    return Record(header, draw(hashes), draw(u64), draw(st.binary(max_size=20)))


def told(event: Event, sealed: bytes) -> Record:
    """The record that an event tells of, all but its payload."""
    return Record(Header(*chained_fields(event)), event.hash, event.position, sealed)


@forms
@given(record=records())
def test_a_record_hashes_as_its_header_does(form, record: Record) -> None:
    hashed, sealed = form.hashed_header(BEGIN, record.header.seq, encoding.encode_record(record))

    assert hashlib.sha256(hashed).digest() == encoding.header_hash(record.header)
    assert sealed == record.sealed


@forms
@pytest.mark.parametrize("raw", [False, True])
@given(record=records())
def test_a_reader_gets_the_record_as_the_contract_says(form, raw: bool, record: Record) -> None:
    data, salted = encoding.encode_record(record), SALT + BODY.SerializeToString()

    field = form.event_field(b"ada", record.header.seq, data, salted, raw=raw)

    one, other = pb.ReadResponse.FromString(field + field).events
    assert one == other == pb.GetEventResponse.FromString(field).event
    assert told(one, record.sealed) == record
    assert 0 <= one.recorded_at.nanos < 1_000_000_000
    assert not one.redacted
    assert (one.HasField("raw"), one.HasField("body")) == (raw, not raw)
    assert one.raw == (RawPayload(payload=BODY.SerializeToString(), salt=SALT) if raw else RawPayload())
    assert one.body == (Body() if raw else BODY)


@forms
@pytest.mark.parametrize("raw", [False, True])
@given(record=records())
def test_what_was_erased_is_said_to_be(form, raw: bool, record: Record) -> None:
    field = form.event_field(b"ada", record.header.seq, encoding.encode_record(record), None, raw=raw)

    event = pb.GetEventResponse.FromString(field).event
    assert told(event, record.sealed) == record
    assert event.redacted
    assert not event.HasField("body")
    assert not event.HasField("raw")


@forms
@given(data=st.binary(max_size=300))
def test_what_is_no_record_is_refused_by_all_alike(form, data: bytes) -> None:
    try:
        expected = plain.hashed_header(BEGIN, 7, data)
    except ValueError as refused:
        with pytest.raises(ValueError, match=str(refused)):
            form.hashed_header(BEGIN, 7, data)
        with pytest.raises(ValueError, match=str(refused)):
            form.event_field(b"ada", 7, data, None, raw=False)
    else:
        assert form.hashed_header(BEGIN, 7, data) == expected


@forms
@given(record=records(), at=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_a_changed_bit_of_a_header_changes_what_is_hashed_or_is_refused(
    form, record: Record, at: int, bit: int
) -> None:
    data = encoding.encode_record(record)
    covered = [
        *range(encoding.RECORDED, encoding.HASH),
        *range(encoding.LENGTHS, len(data) - len(record.sealed)),
    ]
    place = covered[at % len(covered)]
    changed = data[:place] + bytes([data[place] ^ 1 << bit]) + data[place + 1 :]
    before, _ = form.hashed_header(BEGIN, record.header.seq, data)

    try:
        after, _ = form.hashed_header(BEGIN, record.header.seq, changed)
    except ValueError:
        return
    assert after != before
