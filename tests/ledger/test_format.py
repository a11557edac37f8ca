"""docs/ledger-format.md is right: its vectors hold, by the ledger's code and by nothing but the standard library."""

from __future__ import annotations

import hashlib
import json
import re
import struct
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from pmm_client import merkle
from services.ledger import encoding
from services.ledger.encoding import Header, Record
from services.ledger.stored import StoredRecords
from services.ledger.tables import TABLES

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "ledger-format.md").read_text()
VECTORS: dict[str, Any] = json.loads(
    next(block for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL) if "chain_of_three" in block)
)
ZERO = "00" * 32


def header_of(fields: dict[str, Any]) -> Header:
    return Header(
        fields["mind_id"],
        fields["seq"],
        fields["kind"],
        fields["recorded_at_ns"],
        fields["session_id"],
        fields["actor"],
        fields["causation_seq"],
        fields["trace_id"],
        fields["remember"],
        bytes.fromhex(fields["payload_digest"]),
        bytes.fromhex(fields["prev_hash"]),
    )


def hashed_as_the_page_says(header: Header) -> bytes:
    causation = b"" if header.causation_seq is None else header.causation_seq.to_bytes(8, "big")
    fields = [
        header.mind_id.encode(),
        header.seq.to_bytes(8, "big"),
        header.kind.encode(),
        header.recorded_ns.to_bytes(8, "big", signed=True),
        header.session_id.encode(),
        header.actor.encode(),
        causation,
        header.trace_id.encode(),
        int(header.remember).to_bytes(8, "big"),
        header.payload_digest,
        header.prev_hash,
    ]
    joined = b"".join(len(field).to_bytes(8, "big") + field for field in fields)
    return hashlib.sha256(b"pmm.event.v1\x00" + joined).digest()


def sha256(*parts: bytes) -> str:
    return hashlib.sha256(b"".join(parts)).hexdigest()


@pytest.mark.parametrize("name", ["header_with_all_fields", "header_with_absent_fields"])
def test_a_header_hashes_as_the_page_says(name: str) -> None:
    header = header_of(VECTORS[name])

    assert encoding.header_hash(header).hex() == VECTORS[name]["hash"]
    assert hashed_as_the_page_says(header).hex() == VECTORS[name]["hash"]


def test_a_payload_digest_is_as_the_page_says() -> None:
    vector = VECTORS["payload_digest"]
    salt, payload = bytes.fromhex(vector["salt"]), bytes.fromhex(vector["payload"])

    assert encoding.payload_digest(salt, payload).hex() == vector["digest"]
    assert sha256(salt, payload) == vector["digest"]


def test_a_chain_and_its_tree_are_as_the_page_says() -> None:
    vector = VECTORS["chain_of_three"]
    hashes = [bytes.fromhex(its_hash) for its_hash in vector["hashes"]]

    for seq, (clock, prev) in enumerate(
        zip(vector["recorded_at_ns"], [ZERO, *vector["hashes"]], strict=False), 1
    ):
        header = header_of(vector["header"] | {"seq": seq, "recorded_at_ns": clock, "prev_hash": prev})
        assert encoding.header_hash(header) == hashed_as_the_page_says(header) == hashes[seq - 1]

    leaves = [merkle.leaf_hash(its_hash) for its_hash in hashes]
    node = merkle.node_hash(leaves[0], leaves[1])
    assert leaves[0].hex() == vector["first_leaf"] == sha256(b"\x00", hashes[0])
    assert node.hex() == vector["first_node"] == sha256(b"\x01", leaves[0], leaves[1])
    assert merkle.node_hash(node, leaves[2]).hex() == vector["root"]


def test_a_payload_is_sealed_as_the_page_says() -> None:
    vector = VECTORS["sealed"]
    key, salt, payload = (bytes.fromhex(vector[name]) for name in ("key", "salt", "payload"))
    place = vector["mind_id"].encode() + b"\x00" + vector["seq"].to_bytes(8, "big")

    sealed = encoding.seal(key, vector["mind_id"], vector["seq"], salt, payload)

    assert sealed.hex() == vector["sealed"]
    assert AESGCM(key).decrypt(bytes(12), sealed, place) == salt + payload
    assert encoding.unseal(key, vector["mind_id"], vector["seq"], sealed) == (salt, payload)


@pytest.mark.parametrize(("mind_id", "seq"), [("ada", 3), ("bob", 2)])
def test_a_sealed_payload_opens_in_its_own_place_only(mind_id: str, seq: int) -> None:
    vector = VECTORS["sealed"]

    with pytest.raises(ValueError, match="cannot be opened"):
        encoding.unseal(bytes.fromhex(vector["key"]), mind_id, seq, bytes.fromhex(vector["sealed"]))


def test_the_page_names_every_table() -> None:
    tables = PAGE.split("**Tables**")[1]

    assert re.findall(r"^\| `(\w+)` \| ", tables, re.MULTILINE) == list(TABLES)


ids = st.text("abcXYZ019._-", max_size=128)
digests = st.binary(min_size=32, max_size=32)
numbers = st.integers(0, 2**63 - 1)
headers = st.builds(
    Header,
    mind_id=ids.filter(bool),
    seq=numbers,
    kind=ids,
    recorded_ns=numbers,
    session_id=ids,
    actor=ids,
    causation_seq=st.none() | st.integers(1, 2**63 - 1),
    trace_id=st.just("") | st.text("0123456789abcdef", min_size=32, max_size=32),
    remember=st.booleans(),
    payload_digest=digests,
    prev_hash=digests,
)


@given(headers)
def test_any_header_hashes_as_the_page_says(header: Header) -> None:
    assert encoding.header_hash(header) == hashed_as_the_page_says(header)


@given(headers, headers)
def test_two_headers_that_differ_hash_differently(one: Header, other: Header) -> None:
    assert (encoding.header_hash(one) == encoding.header_hash(other)) == (one == other)


@given(headers, digests, numbers, st.binary(max_size=300))
def test_a_record_comes_back_as_it_was_stored(
    header: Header, its_hash: bytes, position: int, sealed: bytes
) -> None:
    record = Record(header, its_hash, position, sealed)

    data = encoding.encode_record(record)

    assert encoding.decode_record(header.mind_id, header.seq, data) == record
    assert encoding.position_of(data) == position
    assert encoding.recorded_ns_of(data) == header.recorded_ns
    assert encoding.hash_of(data) == its_hash
    assert data[:24] == struct.pack(">QqQ", position, header.recorded_ns, header.causation_seq or 0)


@given(st.binary(max_size=400))
def test_what_is_no_record_is_a_value_error_and_nothing_else(data: bytes) -> None:
    with suppress(ValueError):
        encoding.decode_record("ada", 1, data)


@given(
    st.from_regex(r"[a-z_.]{1,40}", fullmatch=True),
    st.from_regex(r"[A-Za-z0-9._-]{0,40}", fullmatch=True),
    st.from_regex(r"([0-9a-f]{32})?", fullmatch=True),
    st.integers(0, 2**63 - 1),
    st.none() | st.integers(1, 2**63 - 1),
    st.booleans(),
)
def test_a_stored_record_hashes_as_its_header_does(
    kind: str, name: str, trace: str, clock: int, causation: int | None, remember: bool
) -> None:
    header = Header("ada", 7, kind, clock, name, name[::-1], causation, trace, remember, b"d" * 32, b"p" * 32)
    data = encoding.encode_record(Record(header, b"h" * 32, 9, b"sealed"))
    records = StoredRecords("ada")
    for _ in range(2):
        its_hash, sealed = records.chain_hash(7, data)
        assert (its_hash, sealed) == (encoding.header_hash(header), b"sealed")
    assert encoding.position_of(data) == 9
    assert (encoding.prev_hash_of(data), encoding.payload_digest_of(data)) == (b"p" * 32, b"d" * 32)
    assert encoding.hash_of(data) == b"h" * 32


@pytest.mark.parametrize("flags", [4, 0x80])
def test_flags_that_nobody_sets_are_no_record(flags: int) -> None:
    header = Header("ada", 7, "note", 1, "", "", None, "", True, b"d" * 32, b"p" * 32)
    data = bytearray(encoding.encode_record(Record(header, b"h" * 32, 9, b"")))
    data[24] |= flags
    with pytest.raises(ValueError, match="flags"):
        StoredRecords("ada").chain_hash(7, bytes(data))
    data[24] = 1
    data[16:24] = encoding.U64.pack(5)
    with pytest.raises(ValueError, match="flags"):
        StoredRecords("ada").chain_hash(7, bytes(data))
