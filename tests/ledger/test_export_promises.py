"""Exports verify by themselves, and restore to the same chain or not at all."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

import pmm_client
from pmm.mind.v1 import events_pb2 as mind
from services.ledger.encoding import Header, header_hash, payload_digest
from tests.support.ledger import RunningLedger, custom, running_ledger, said


@pytest.fixture
async def other(tmp_path: Path) -> AsyncIterator[RunningLedger]:
    async with running_ledger(tmp_path / "other") as running:
        yield running


@pytest.fixture
async def lines(ledger: RunningLedger) -> list[bytes]:
    events = [said(f"message {i}", causation_seq=1, session_id="s1") for i in range(40)]
    await ledger.create("ada", *events, custom("note"))
    return await ledger.export("ada")


async def test_an_export_is_a_line_an_event_that_verifies_without_our_code(
    ledger: RunningLedger, lines: list[bytes]
) -> None:
    assert len(lines) == (await ledger.head("ada")).seq
    previous = "00" * 32
    for number, line in enumerate(lines, 1):
        event = json.loads(line)
        assert (event["seq"], event["prev_hash"]) == (number, previous)
        salted = base64.b64decode(event["salt"]) + base64.b64decode(event["payload"])
        assert hashlib.sha256(salted).hexdigest() == event["payload_digest"]
        assert event["hash"] == hashlib.sha256(b"pmm.event.v1\x00" + hashed(event)).hexdigest()
        previous = event["hash"]


def hashed(event: dict[str, Any]) -> bytes:
    """As docs/ledger-format.md says it, written again."""

    def number(value: int | None) -> bytes:
        return b"" if value is None else value.to_bytes(8, "big")

    fields = [
        event["mind_id"].encode(),
        number(event["seq"]),
        event["kind"].encode(),
        number(event["recorded_at_ns"]),
        event["session_id"].encode(),
        event["actor"].encode(),
        number(event["causation_seq"]),
        event["trace_id"].encode(),
        number(int(event["remember"])),
        bytes.fromhex(event["payload_digest"]),
        bytes.fromhex(event["prev_hash"]),
    ]
    return b"".join(len(field).to_bytes(8, "big") + field for field in fields)


async def test_a_restored_mind_is_the_same_chain_and_goes_on(
    ledger: RunningLedger, other: RunningLedger, lines: list[bytes]
) -> None:
    restored = await other.restore("ada", b"".join(lines))

    head = await ledger.head("ada")
    assert (restored.head_seq, restored.hash) == (head.seq, head.hash)
    assert (await other.verdict("ada")).verified.hash == head.hash
    assert await other.export("ada") == lines
    assert (await other.append("ada", said("and on"))).head_seq == head.seq + 1
    assert (await other.verdict("ada")).verified.seq == head.seq + 1
    raw = await other.read("ada", raw=True, to_seq=head.seq)
    assert raw == await ledger.read("ada", raw=True)


@pytest.mark.parametrize(
    "field",
    [
        *("seq", "kind", "recorded_at_ns", "session_id", "actor", "causation_seq", "trace_id", "remember"),
        *("payload_digest", "prev_hash", "hash", "payload", "salt"),
    ],
)
async def test_a_changed_line_is_named_and_nothing_is_written(
    other: RunningLedger, lines: list[bytes], field: str
) -> None:
    changed = {
        "kind": "turn_failed",
        "session_id": "s2",
        "actor": "you",
        "causation_seq": 2,
        "trace_id": "ab" * 16,
        "remember": False,
        "recorded_at_ns": json.loads(lines[9])["recorded_at_ns"] + 1,
    }
    event = json.loads(lines[9])
    event[field] = changed.get(field, json.loads(lines[10])[field])
    lines[9] = json.dumps(event).encode() + b"\n"

    with pytest.raises(pmm_client.InvalidArgument) as refused:
        await other.restore("ada", b"".join(lines))

    assert refused.value.reason == "BROKEN_EXPORT"
    assert refused.value.metadata["line"] == "10"
    assert await other.minds() == []


@pytest.mark.parametrize(
    ("name", "wrong"),
    {
        "missing line": lambda lines: lines[:5] + lines[6:],
        "doubled line": lambda lines: lines[:5] + lines[4:],
        "no beginning": lambda lines: lines[1:],
        "no event": lambda lines: [b"{}\n"],
        "no JSON": lambda lines: [b"\xff\xfe\n"],
        "a surrogate": lambda lines: [b'{"mind_id":"\\ud800"}\n'],
        "nothing": lambda lines: [],
        "a line beyond all": lambda lines: [lines[0].replace(b'"actor":', b" " * 3_000_000 + b'"actor":')],
        "a number beyond all": lambda lines: [lines[0].replace(b'"seq":1', b'"seq":' + b"9" * 40)],
        "a clock beyond all": lambda lines: [
            lines[0].replace(b'"recorded_at_ns":', b'"recorded_at_ns":9999')
        ],
        "a text for a number": lambda lines: [lines[0].replace(b'"seq":1', b'"seq":"1"')],
        "a name too long": lambda lines: [lines[0].replace(b'"actor":"', b'"actor":"' + b"a" * 500)],
    }.items(),
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_is_no_export_is_refused_and_the_ledger_goes_on(
    other: RunningLedger, lines: list[bytes], name: str, wrong: Callable[[list[bytes]], list[bytes]]
) -> None:
    with pytest.raises(pmm_client.InvalidArgument):
        await other.restore("ada", b"".join(wrong(lines)))

    assert await other.minds() == []
    await other.create("bob")


async def test_a_taken_name_and_another_name_are_refused(
    ledger: RunningLedger, other: RunningLedger, lines: list[bytes]
) -> None:
    with pytest.raises(pmm_client.MindExists):
        await ledger.restore("ada", b"".join(lines))
    with pytest.raises(pmm_client.InvalidArgument):
        await other.restore("bob", b"".join(lines))
    with pytest.raises(pmm_client.InvalidArgument):
        await other.restore("", b"".join(lines))


def chain(bodies: list[mind.Body], erased: set[int]) -> bytes:
    """An export with right hashes, of which some payloads are gone."""
    lines: list[bytes] = []
    previous = bytes(32)
    for seq, body in enumerate(bodies, 1):
        payload, salt = body.SerializeToString(), bytes([seq]) * 32
        kind = body.WhichOneof("kind") or ""
        digest = payload_digest(salt, payload)
        header = Header("ada", seq, kind, 1_000 + seq, "", "user", None, "", True, digest, previous)
        fields: dict[str, Any] = {
            name: getattr(header, name)
            for name in (
                "mind_id",
                "seq",
                "kind",
                "session_id",
                "actor",
                "causation_seq",
                "trace_id",
                "remember",
            )
        }
        fields |= {"recorded_at_ns": header.recorded_ns, "payload_digest": digest.hex()}
        fields |= {"prev_hash": previous.hex(), "hash": header_hash(header).hex()}
        if seq in erased:
            fields["redacted"] = True
        else:
            fields["payload"] = base64.b64encode(payload).decode()
            fields["salt"] = base64.b64encode(salt).decode()
        lines.append(json.dumps(fields).encode() + b"\n")
        previous = header_hash(header)
    return b"".join(lines)


BODIES = [
    mind.Body(mind_created=mind.MindCreated()),
    mind.Body(user_message=mind.UserMessage(text="secret")),
    mind.Body(event_redacted=mind.EventRedacted(seqs=[2])),
]


async def test_an_erased_payload_stays_erased_and_the_chain_verifies(other: RunningLedger) -> None:
    await other.restore("ada", chain(BODIES, erased={2}))

    verified = (await other.verdict("ada")).verified
    assert (verified.seq, verified.redacted) == (3, 1)
    assert (await other.get("ada", 2)).redacted
    assert b'"redacted":true' in (await other.export("ada"))[1]


async def test_a_payload_that_is_gone_without_an_erasure_is_refused(other: RunningLedger) -> None:
    with pytest.raises(pmm_client.InvalidArgument) as refused:
        await other.restore("ada", chain(BODIES, erased={1, 2}))

    assert refused.value.metadata["line"] == "1"
    assert await other.minds() == []


async def test_an_erased_payload_gets_no_key_that_a_crash_left_behind(tmp_path: Path) -> None:
    async with running_ledger(tmp_path) as ledger:
        await ledger.create("bob")
    # An append that is cut off after its keys and before its commit leaves them in the slots that come next.
    with (tmp_path / "keys" / "events-00000000.keys").open("r+b") as segment:
        segment.seek(32)
        segment.write(b"\x07" * 32 * len(BODIES))

    async with running_ledger(tmp_path) as ledger:
        await ledger.restore("ada", chain(BODIES, erased={2}))

        verified = (await ledger.verdict("ada")).verified
        assert (verified.seq, verified.redacted) == (3, 1)
