#!/usr/bin/env python3
"""Checks an export of a mind offline, by docs/ledger-format.md alone: none of the service's code is used.

    python tools/verify_export.py ada.jsonl
    python tools/verify_export.py ada.jsonl.gz --json
    python tools/verify_export.py ada.pmm                      # the events of a full export
    pmm mind export --mind ada | python tools/verify_export.py -
    python tools/verify_export.py ada.jsonl --checkpoint ada.checkpoint --key 'pmm/ada+7964d68d+AYlC…'

Python's standard library is all it needs; checking a checkpoint's signature takes the package `cryptography` as well.
Exits with 0 where everything holds, 1 where something does not (the first bad seq is named), 2 where it cannot be read.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import gzip
import hashlib
import json
import re
import sys
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import IO, Any, cast

MAX_LINE_BYTES = 2 * 1024 * 1024
MAX_INTEGER = 2**63 - 1
PROGRESS_EVENTS = 20_000
EVENTS = "events.jsonl"
BROKEN_ARCHIVE = (zipfile.BadZipFile, NotImplementedError, RuntimeError)
"""What zipfile raises of an archive that was changed: for a member that seems encrypted a bare RuntimeError."""
BIRTHS = ("mind_created", "mind_imported")
TOMBSTONE = "mind_deleted"
CUSTOM_FIELD, REDACTED_FIELD, NAME_FIELD, SEQS_FIELD = 100, 81, 1, 1
KINDS = {
    1: "mind_created", 2: "policy_changed", 3: "mind_imported", 4: "mind_deleted", 10: "session_started",
    11: "privacy_mode_changed", 12: "session_ended", 13: "session_renamed", 20: "message_imported",
    21: "user_message", 22: "assistant_message", 23: "turn_failed", 24: "summary_recorded", 30: "memory_recorded",
    31: "memory_revised", 32: "memory_retracted", 33: "memory_rated", 40: "identity_proposed",
    41: "identity_adopted", 42: "identity_cleared", 43: "user_identified", 44: "trait_adjusted",
    50: "commitment_opened", 51: "evidence_recorded", 52: "commitment_closed", 53: "commitment_snoozed",
    54: "commitment_revised", 55: "commitment_reminded", 56: "commitment_expired", 60: "reflection_recorded",
    61: "directive_adopted", 62: "directive_retired", 63: "meta_reflection_recorded", 70: "tick_recorded",
    71: "stage_changed", 72: "invariant_violated", 73: "conversation_analyzed", 80: "personal_data_found",
    81: "event_redacted", 100: "custom",
}  # fmt: skip
"""The fields of pmm.mind.v1.Body by number."""
_NAME = re.compile(r"[A-Za-z0-9._-]{1,128}")
_HASH = re.compile(r"[0-9a-f]{64}")
_TRACE = re.compile(r"([0-9a-f]{32})?")
_ALWAYS = (
    "mind_id", "seq", "kind", "recorded_at_ns", "session_id", "actor", "causation_seq", "trace_id", "remember",
    "payload_digest", "prev_hash", "hash",
)  # fmt: skip


class Wrong(Exception):
    """What does not hold, and where: the line of the file, and the seq as far as it is known (else 0)."""

    def __init__(self, line: int, seq: int, why: str) -> None:
        super().__init__(why)
        self.line, self.seq, self.why = line, seq, why


class UnreadableKey(Exception):
    """What was given as a verifier key is none: wrong use, which says nothing of the export."""


@dataclass
class Result:
    """What the export came to."""

    mind_id: str = ""
    events: int = 0
    redacted: int = 0
    head_seq: int = 0
    head_hash: str = ""
    root: str = ""
    deleted: bool = False
    checkpoint: str = ""


class Tree:
    """RFC 9162, section 2.1.1: the root of leaves that come one by one, and that of the first ``wanted``."""

    def __init__(self, wanted: int = 0) -> None:
        self.size, self.wanted, self.wanted_root = 0, wanted, b""
        self._stack: list[bytes] = []

    def add(self, event_hash: bytes) -> None:
        node, rest = hashlib.sha256(b"\x00" + event_hash).digest(), self.size
        while rest & 1:
            node, rest = hashlib.sha256(b"\x01" + self._stack.pop() + node).digest(), rest >> 1
        self._stack.append(node)
        self.size += 1
        if self.size == self.wanted:
            self.wanted_root = self.root()

    def root(self) -> bytes:
        node = self._stack[-1]
        for left in reversed(self._stack[:-1]):
            node = hashlib.sha256(b"\x01" + left + node).digest()
        return node


@dataclass
class Auditor:
    """Takes an export line by line. What it keeps does not grow, but for the seqs of what was erased."""

    tree: Tree = field(default_factory=Tree)
    result: Result = field(default_factory=Result)
    _prev_hash: str = "0" * 64
    _recorded: int = 0
    _erased: dict[int, int] = field(default_factory=dict[int, int])
    """Seq → line, of those that no event_redacted has named yet."""
    _named: set[int] = field(default_factory=set[int])

    def take(self, number: int, line: bytes) -> None:
        """Check the next line. Raises Wrong, which names the seq that should stand there."""
        try:
            event = parse(line)
            if why := self._against_the_one_before(event):
                raise ValueError(why)
            if header_hash(event).hex() != event["hash"]:
                raise ValueError("its hash is not the hash of its fields")
            self._take_payload(number, event)
        except ValueError as error:
            raise Wrong(number, self.result.head_seq + 1, str(error)) from None
        self._prev_hash, self._recorded = event["hash"], event["recorded_at_ns"]
        self.tree.add(bytes.fromhex(event["hash"]))
        result = self.result
        result.mind_id, result.events, result.head_seq = event["mind_id"], result.events + 1, event["seq"]
        result.head_hash = event["hash"]

    def _against_the_one_before(self, event: dict[str, Any]) -> str:
        result, seq = self.result, event["seq"]
        if result.deleted:
            return "an event follows the one that deleted the mind"
        if not result.events and event["kind"] == TOMBSTONE and seq > 1:
            result.deleted = True
            return ""
        checks = (
            (seq == result.head_seq + 1, f"its seq should be {result.head_seq + 1}"),
            (not result.events or event["mind_id"] == result.mind_id, "it belongs to another mind"),
            (event["prev_hash"] == self._prev_hash, "its prev_hash is not the hash of the event before"),
            (event["recorded_at_ns"] >= self._recorded, "it was recorded before the event before it"),
            (
                (event["kind"] in BIRTHS) == (seq == 1),
                "a mind begins with mind_created or mind_imported, only there",
            ),
            (
                event["causation_seq"] is None or event["causation_seq"] < seq,
                "its cause does not lie below it",
            ),
        )
        return next((why for holds, why in checks if not holds), "")

    def _take_payload(self, number: int, event: dict[str, Any]) -> None:
        seq = event["seq"]
        if event.get("redacted"):
            self.result.redacted += 1
            if seq not in self._named:
                self._erased[seq] = number
            return
        payload, salt = event["payload"], event["salt"]
        if hashlib.sha256(salt + payload).hexdigest() != event["payload_digest"]:
            raise ValueError("its payload does not match payload_digest")
        kind, seqs = body_of(payload)
        if kind != event["kind"]:
            raise ValueError(
                f"its kind is {event['kind']}, and its payload is {kind or 'none that is known'}"
            )
        for erased in seqs:
            self._named.add(erased)
            self._erased.pop(erased, None)

    def finish(self) -> Result:
        """What it came to, once every line was taken. Raises Wrong."""
        if not self.result.events:
            raise Wrong(1, 0, "the export holds no event")
        if self._erased:
            seq = min(self._erased)
            raise Wrong(self._erased[seq], seq, "its payload is gone, and no event_redacted says so")
        self.result.root = "" if self.result.deleted else self.tree.root().hex()
        return self.result


def parse(line: bytes) -> dict[str, Any]:
    """An event from its line, payload and salt as bytes. Raises ValueError."""
    if not line.endswith(b"\n"):
        raise ValueError("the line is cut short, or too long")
    try:
        event = json.loads(line.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(event, dict):
        raise ValueError("it is not an object")
    found = cast("dict[str, Any]", event)
    _check_fields(found)
    return found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a field stands twice")
    return found


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _check_fields(event: dict[str, Any]) -> None:
    rest = {"redacted"} if "redacted" in event else {"payload", "salt"}
    if set(event) != {*_ALWAYS, *rest}:
        odd = sorted(set(event) ^ {*_ALWAYS, *rest})
        raise ValueError(f"fields are missing or unknown: {', '.join(odd)}")
    for name, low in (("seq", 1), ("recorded_at_ns", 0), ("causation_seq", 1)):
        value = event[name]
        if name == "causation_seq" and value is None:
            continue
        if type(value) is not int or not low <= value <= MAX_INTEGER:
            raise ValueError(f"{name} is no integer from {low} on")
    forms = {
        "mind_id": _NAME, "kind": _NAME, "session_id": _NAME, "actor": _NAME, "trace_id": _TRACE,
        "payload_digest": _HASH, "prev_hash": _HASH, "hash": _HASH,
    }  # fmt: skip
    for name, form in forms.items():
        value = event[name]
        is_empty = value == "" and name in ("session_id", "actor")
        if not isinstance(value, str) or not (is_empty or form.fullmatch(value)):
            raise ValueError(f"{name} is not of its form")
    if type(event["remember"]) is not bool or event.get("redacted", True) is not True:
        raise ValueError("remember is true or false, redacted is true")
    for name in {"payload", "salt"} & set(event):
        event[name] = _bytes(name, event[name])
    if len(event.get("salt", bytes(32))) != 32:
        raise ValueError("salt is not 32 bytes")


def _bytes(name: str, text: Any) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (ValueError, TypeError, binascii.Error):
        raise ValueError(f"{name} is no base64") from None
    if base64.b64encode(data).decode() != text:
        raise ValueError(f"{name} is not base64 as it is written")
    return data


def header_hash(event: dict[str, Any]) -> bytes:
    """SHA-256 over the domain and the fields, each as its 8-byte big-endian length and its bytes."""
    cause = event["causation_seq"]
    values = (
        event["mind_id"].encode(),
        _integer(event["seq"]),
        event["kind"].encode(),
        event["recorded_at_ns"].to_bytes(8, "big", signed=True),
        event["session_id"].encode(),
        event["actor"].encode(),
        b"" if cause is None else _integer(cause),
        event["trace_id"].encode(),
        _integer(int(event["remember"])),
        bytes.fromhex(event["payload_digest"]),
        bytes.fromhex(event["prev_hash"]),
    )
    return hashlib.sha256(
        b"pmm.event.v1\x00" + b"".join(_integer(len(each)) + each for each in values)
    ).digest()


def _integer(value: int) -> bytes:
    return value.to_bytes(8, "big")


def body_of(payload: bytes) -> tuple[str, list[int]]:
    """The kind of a serialized pmm.mind.v1.Body, and the seqs of an event_redacted. Raises ValueError."""
    fields = [(number, value) for number, value in wire(payload) if number in KINDS]
    if not fields:
        return "", []
    if len(fields) > 1:
        # Protobuf's merging of repeated fields is no business of an auditor: the server never writes them.
        raise ValueError("its payload has more than one kind")
    number, value = fields[0]
    if not isinstance(value, bytes):
        raise ValueError("its field is no message")
    if number == CUSTOM_FIELD:
        names = [text for inner, text in wire(value) if inner == NAME_FIELD and isinstance(text, bytes)]
        return f"custom.{names[-1].decode() if names else ''}", []
    return KINDS[number], list(_seqs(value)) if number == REDACTED_FIELD else []


def _seqs(redacted: bytes) -> Iterator[int]:
    for number, value in wire(redacted):
        if number == SEQS_FIELD and isinstance(value, int):
            yield value
        elif number == SEQS_FIELD and isinstance(value, bytes):
            at = 0
            while at < len(value):
                seq, at = _varint(value, at)
                yield seq


def wire(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Field numbers and values of a message in protobuf's wire format. Raises ValueError."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        number, form = key >> 3, key & 7
        if form == 0:
            value, at = _varint(message, at)
            yield number, value
            continue
        length = {1: 8, 5: 4}.get(form, -1)
        if form == 2:
            length, at = _varint(message, at)
        if length < 0 or at + length > len(message):
            raise ValueError("it is cut short")
        yield number, message[at : at + length]
        at += length


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < 70:
        byte = data[at]
        value, shift, at = value | (byte & 0x7F) << shift, shift + 7, at + 1
        if byte < 0x80:
            return value, at
    raise ValueError("a number is cut short")


@dataclass(frozen=True)
class Checkpoint:
    """A signed note (C2SP tlog-checkpoint)."""

    note: str
    origin: str
    size: int
    root: bytes


def read_checkpoint(note: str) -> Checkpoint:
    """Raises Wrong where it is none."""
    lines = note.partition("\n\n")[0].split("\n")
    if len(lines) < 3 or "\n\n" not in note or not re.fullmatch(r"0|[1-9][0-9]*", lines[1]):
        raise Wrong(0, 0, "the checkpoint is none: origin, size and root should stand in it")
    try:
        root = _bytes("root", lines[2])
    except ValueError as error:
        raise Wrong(0, 0, f"the checkpoint: {error}") from None
    return Checkpoint(note, lines[0], int(lines[1]), root)


def read_key(key: str) -> tuple[str, str, bytes]:
    """Name, key id and typed public key of a verifier key. Raises UnreadableKey."""
    parts = key.split("+", 2)
    try:
        public = _bytes("key", parts[-1])
    except ValueError as error:
        raise UnreadableKey(f"{key}: {error}") from None
    if len(parts) != 3 or len(public) != 33 or public[0] != 1:
        raise UnreadableKey(f"{key} is no verifier key of Ed25519: name+id+base64")
    return parts[0], parts[1], public


def check_signature(checkpoint: Checkpoint, keys: Iterable[str]) -> bool:
    """Whether one of the verifier keys has signed it. Raises Wrong where one has signed something else."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    text, _, signatures = checkpoint.note.partition("\n\n")
    for key in keys:
        name, key_id, public = read_key(key)
        digest = hashlib.sha256(name.encode() + b"\n" + public).digest()[:4]
        if digest.hex() != key_id or name != checkpoint.origin:
            raise Wrong(0, 0, f"{key} is no key of {checkpoint.origin}")
        for line in signatures.splitlines():
            if not line.startswith(f"— {name} "):
                continue
            try:
                data = _bytes("signature", line.removeprefix(f"— {name} "))
            except ValueError as error:
                raise Wrong(0, 0, f"the checkpoint: {error}") from None
            if data[:4] == digest:
                try:
                    Ed25519PublicKey.from_public_bytes(public[1:]).verify(data[4:], f"{text}\n".encode())
                except InvalidSignature:
                    raise Wrong(0, 0, f"the signature of {name} is not one of this checkpoint") from None
                return True
    return False


def check_checkpoint(checkpoint: Checkpoint, auditor: Auditor, keys: list[str]) -> str:
    """What to say of the checkpoint. Raises Wrong."""
    result, tree = auditor.result, auditor.tree
    if checkpoint.origin.rpartition("/")[2] != result.mind_id:
        raise Wrong(0, 0, f"the checkpoint is one of {checkpoint.origin}")
    if result.deleted:
        # A tombstone hangs on events that are gone, so no tree of theirs can be computed: not a rollback.
        raise Wrong(
            0, result.head_seq, "the mind was deleted: no checkpoint can be held against what is left"
        )
    if checkpoint.size > tree.size:
        raise Wrong(
            0, tree.size, f"the checkpoint has {checkpoint.size} events, the export ends before: a rollback"
        )
    if checkpoint.size == 0 or tree.wanted_root != checkpoint.root:
        raise Wrong(
            0, checkpoint.size, "the export is not what the checkpoint commits to: a fork, or a forgery"
        )
    if keys and not check_signature(checkpoint, keys):
        raise Wrong(0, 0, "none of the keys has signed the checkpoint")
    signed = "signed by a key that you gave" if keys else "its signature was not checked: no --key"
    return f"holds at {checkpoint.size:,} events, {signed}"


def audit(lines: Iterable[bytes], wanted: int, on_progress: Any = None) -> Auditor:
    """Check a whole export. Raises Wrong at the first bad line."""
    auditor = Auditor(Tree(wanted))
    for number, line in enumerate(lines, 1):
        auditor.take(number, line)
        if on_progress and number % PROGRESS_EVENTS == 0:
            on_progress(number)
    auditor.finish()
    return auditor


def lines_of(file: IO[bytes]) -> Iterator[bytes]:
    """Lines of a file, none so long that it would not fit into memory."""
    while line := file.readline(MAX_LINE_BYTES):
        yield line


def main() -> int:
    """The command; the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "file", help="an export, plain, compressed with gzip (.gz) or full (.pmm); - is standard input"
    )
    parser.add_argument("--mind", help="the mind that it should be of")
    parser.add_argument("--expect-head", metavar="HASH", help="the head that it should have, hex")
    parser.add_argument("--checkpoint", metavar="FILE", help="a checkpoint that it should hold")
    parser.add_argument(
        "--key", action="append", default=[], metavar="VKEY", help="a trusted verifier key; may be repeated"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args()
    if given.key and not given.checkpoint:
        parser.error("--key needs --checkpoint")
    try:
        for key in given.key:
            read_key(key)
        checkpoint = None
        if given.checkpoint:
            with open(given.checkpoint, encoding="utf-8") as file:
                checkpoint = read_checkpoint(file.read())
        result = _audit_file(given, checkpoint)
    except Wrong as wrong:
        return _say_wrong(wrong, as_json=given.json)
    except ImportError:
        print("to check a signature: pip install cryptography", file=sys.stderr)
        return 2
    except UnreadableKey as error:
        print(error, file=sys.stderr)
        return 2
    except (OSError, EOFError, UnicodeDecodeError, zlib.error, *BROKEN_ARCHIVE) as error:
        print(f"{given.file}: {error}", file=sys.stderr)
        return 2
    _say_right(result, as_json=given.json)
    return 0


def _audit_file(given: argparse.Namespace, checkpoint: Checkpoint | None) -> Result:
    def progress(number: int) -> None:
        print(f"\r{number:,} events", end="", file=sys.stderr, flush=True)

    with _opened(given.file) as source:
        size = checkpoint.size if checkpoint else 0
        auditor = audit(lines_of(source), size, progress if sys.stderr.isatty() and not given.json else None)
    result = auditor.result
    if given.mind and given.mind != result.mind_id:
        raise Wrong(1, 1, f"it is an export of {result.mind_id}")
    if given.expect_head and given.expect_head != result.head_hash:
        raise Wrong(result.events, result.head_seq, f"its head is {result.head_hash}")
    if checkpoint:
        result.checkpoint = check_checkpoint(checkpoint, auditor, given.key)
    return result


def _opened(path: str) -> IO[bytes]:
    if path == "-":
        return sys.stdin.buffer
    if zipfile.is_zipfile(path):
        archive = zipfile.ZipFile(path)
        if EVENTS not in archive.namelist():
            raise OSError(f"a zip archive without {EVENTS} is no export of a mind")
        return archive.open(EVENTS)
    return cast("IO[bytes]", gzip.open(path, "rb")) if path.endswith(".gz") else open(path, "rb")


def _say_wrong(wrong: Wrong, *, as_json: bool) -> int:
    if as_json:
        print(json.dumps({"verified": False, "line": wrong.line, "seq": wrong.seq, "why": wrong.why}))
    else:
        where = f"event {wrong.seq} (line {wrong.line}): " if wrong.line else ""
        print(f"NOT VERIFIED: {where}{wrong.why}")
    return 1


def _say_right(result: Result, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"verified": True, **vars(result)}))
        return
    print(f"verified: {result.mind_id}, {result.events:,} events, {result.redacted:,} of them erased")
    print(f"head      #{result.head_seq:,} {result.head_hash}")
    if result.deleted:
        print("deleted   only the event that says so is left; what it is chained to cannot be checked")
    else:
        print(f"root      {result.root}")
    if result.checkpoint:
        print(f"checkpoint {result.checkpoint}")


if __name__ == "__main__":
    sys.exit(main())
