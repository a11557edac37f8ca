"""The contracts as data: every RPC with its comment, and requests made for it by its descriptor."""

from __future__ import annotations

import functools
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import grpc_tools.protoc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor
from google.protobuf.message import Message

import pmm.inference.v1.inference_pb2
import pmm.ledger.v1.ledger_pb2
import pmm.memory.v1.memory_pb2
import pmm.orchestrator.v1.orchestrator_pb2  # noqa: F401  (fills the descriptor pool)

ROOT = Path(__file__).resolve().parents[2]
SERVICES = (
    "pmm.ledger.v1.LedgerService",
    "pmm.memory.v1.MemoryService",
    "pmm.inference.v1.InferenceService",
    "pmm.orchestrator.v1.OrchestratorService",
)
_CODES = re.compile(r"\b(" + "|".join(code.name for code in grpc.StatusCode) + r")\b")
_REASONS = re.compile(r"reasons? ([A-Z][A-Z_]+)(?:(?:,| or) ([A-Z][A-Z_]+))?")


@dataclass(frozen=True)
class Rpc:
    """One RPC as its contract states it."""

    path: str
    """``/pmm.ledger.v1.LedgerService/Append``"""
    method: MethodDescriptor
    comment: str
    file_comment: str

    @property
    def documented_codes(self) -> frozenset[str]:
        """Names of the status codes that the contract's file and this RPC's comment speak of."""
        return frozenset(_CODES.findall(self.file_comment + self.comment))

    @property
    def client_streaming(self) -> bool:
        return bool(self.method.client_streaming)

    @property
    def server_streaming(self) -> bool:
        return bool(self.method.server_streaming)

    @property
    def request(self) -> type[Message]:
        return message_factory.GetMessageClass(self.method.input_type)


@functools.cache
def rpcs() -> tuple[Rpc, ...]:
    """Every RPC of every service, in the order of the files."""
    comments, file_comments = _comments()
    pool = descriptor_pool.Default()
    return tuple(
        Rpc(f"/{name}/{method.name}", method, comments[f"{name}.{method.name}"], file_comments[name])
        for name in SERVICES
        for method in pool.FindServiceByName(name).methods
    )


def documented_reasons() -> frozenset[str]:
    """Every ErrorInfo reason that a contract names."""
    text = "\n".join(path.read_text() for path in (ROOT / "protos").rglob("*.proto"))
    flowing = re.sub(r"\n\s*//\s?", " ", text)
    return frozenset(reason for pair in _REASONS.findall(flowing) for reason in pair if reason)


def _comments() -> tuple[dict[str, str], dict[str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "set"
        files = [str(path) for path in (ROOT / "protos").rglob("*.proto")]
        well_known = Path(grpc_tools.__file__).parent / "_proto"
        arguments = ["protoc", f"-I{ROOT / 'protos'}", f"-I{well_known}", "--include_source_info"]
        assert grpc_tools.protoc.main([*arguments, f"--descriptor_set_out={out}", *files]) == 0
        files_set = descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes())
    comments: dict[str, str] = {}
    file_comments: dict[str, str] = {}
    for file in files_set.file:
        located = {tuple(place.path): place for place in file.source_code_info.location}
        syntax = located[(12,)]
        head = "".join([*syntax.leading_detached_comments, syntax.leading_comments])
        for s, service in enumerate(file.service):
            file_comments[f"{file.package}.{service.name}"] = head
            for m, method in enumerate(service.method):
                place = located[(6, s, 2, m)]
                comments[f"{file.package}.{service.name}.{method.name}"] = place.leading_comments
    return comments, file_comments


def empty(rpc: Rpc) -> Message:
    return rpc.request()


def maximal(rpc: Rpc) -> Message:
    """Every field set to the most that its type holds (texts to 64 KiB, lists to three)."""
    message = rpc.request()
    _fill(message, _MAXIMAL, depth=0)
    return message


def nonsense(rpc: Rpc) -> Message:
    """Every field set to what its type allows and its meaning does not."""
    message = rpc.request()
    _fill(message, _NONSENSE, depth=0)
    return message


def undecodable(rpc: Rpc) -> Iterator[bytes]:
    """Bytes that are no message at all, and texts that are not UTF-8."""
    yield b"\xff" * 64
    for field in rpc.request.DESCRIPTOR.fields:
        if field.type == FieldDescriptor.TYPE_STRING:
            yield bytes([field.number << 3 | 2]) + b"\x02\xc3\x28" if field.number < 16 else b"\xff"
            return


_F = FieldDescriptor
_MAXIMAL = {
    _F.CPPTYPE_INT32: 2**31 - 1,
    _F.CPPTYPE_INT64: 2**63 - 1,
    _F.CPPTYPE_UINT32: 2**32 - 1,
    _F.CPPTYPE_UINT64: 2**64 - 1,
    _F.CPPTYPE_DOUBLE: 1.7e308,
    _F.CPPTYPE_FLOAT: 3.4e38,
    _F.CPPTYPE_BOOL: True,
    _F.CPPTYPE_ENUM: 1,
    _F.CPPTYPE_STRING: "x" * 65_536,
}
_NONSENSE = {
    _F.CPPTYPE_INT32: -1,
    _F.CPPTYPE_INT64: -1,
    _F.CPPTYPE_UINT32: 2**32 - 1,
    _F.CPPTYPE_UINT64: 2**63,
    _F.CPPTYPE_DOUBLE: float("nan"),
    _F.CPPTYPE_FLOAT: float("-inf"),
    _F.CPPTYPE_BOOL: True,
    _F.CPPTYPE_ENUM: 999,
    _F.CPPTYPE_STRING: "../\x00 \u202e'; --",
}


def _fill(message: Message, values: dict[int, object], depth: int) -> None:
    for field in message.DESCRIPTOR.fields:
        if field.containing_oneof and field.containing_oneof.fields[-1] is not field:
            continue
        if field.cpp_type == _F.CPPTYPE_MESSAGE:
            if depth < 4 and not (field.message_type.GetOptions().map_entry):
                target = getattr(message, field.name)
                for child in [target.add() for _ in range(3)] if field.is_repeated else [target]:
                    child.SetInParent()
                    _fill(child, values, depth + 1)
            continue
        value = values[field.cpp_type]
        if field.type == _F.TYPE_BYTES:
            value = b"\xff" * 64
        if field.is_repeated:
            getattr(message, field.name).extend([value] * 3)
        else:
            setattr(message, field.name, value)
