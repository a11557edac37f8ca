"""docs/contracts.md is true: every example runs against the real thing, and its errors table is complete."""

from __future__ import annotations

import base64
import importlib
import json
import pkgutil
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import descriptor_pool, json_format, message_factory
from google.protobuf.message import Message
from google.rpc import error_details_pb2

import services
from services.runtime import errors
from services.runtime.status import STATUS
from tests.support.contracts import ROOT, documented_reasons

PAGE = (ROOT / "docs" / "contracts.md").read_text()
BUF = str(Path(sys.executable).parent / "buf")
DOCUMENTED_TARGET = "127.0.0.1:50050"
ANY = "…"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Example:
    """A command and what the page says that it answers."""

    command: str
    kind: str
    """The language of the answer's block: "json" for messages, "text" for a listing or an error."""
    answer: str

    @property
    def words(self) -> list[str]:
        """The command without what changes nothing here: line breaks, ``-plaintext``, ``-max-time N``."""
        words = shlex.split(self.command.replace("\\\n", " "))
        if "-max-time" in words:
            at = words.index("-max-time")
            del words[at : at + 2]
        return [word for word in words if word != "-plaintext"]

    @property
    def request(self) -> str:
        """The JSON of ``-d``; an empty object without."""
        return self.words[self.words.index("-d") + 1] if "-d" in self.words else "{}"

    @property
    def method(self) -> str:
        """``package.Service/Method``"""
        return self.words[-1]

    @property
    def is_listing(self) -> bool:
        return "list" in self.words

    def documents(self) -> list[Any]:
        """The answer's JSON documents."""
        return json_documents(self.answer)[0]


def json_documents(text: str) -> tuple[list[Any], str]:
    """As many JSON documents as the text begins with, and what is left of it."""
    found: list[Any] = []
    decoder = json.JSONDecoder()
    rest = text.lstrip()
    while rest:
        try:
            document, end = decoder.raw_decode(rest)
        except json.JSONDecodeError:
            break
        found.append(document)
        rest = rest[end:].lstrip()
    return found, rest


def examples() -> list[Example]:
    blocks = BLOCK.findall(PAGE)
    return [
        Example(body, *following)
        for (language, body), following in zip(blocks, [*blocks[1:], ("", "")], strict=True)
        if language == "sh"
    ]


def agrees(expected: Any, found: Any) -> bool:
    """Whether what was found has everything that was expected; ``…`` stands for anything."""
    if expected == ANY:
        return True
    if isinstance(expected, dict):
        return isinstance(found, dict) and all(
            key in found and agrees(value, found[key]) for key, value in expected.items()
        )
    if isinstance(expected, list):
        return (
            isinstance(found, list)
            and len(found) >= len(expected)
            and all(agrees(one, other) for one, other in zip(expected, found, strict=False))
        )
    if isinstance(expected, str) and ANY in expected:
        pattern = ".*".join(map(re.escape, expected.split(ANY)))
        return isinstance(found, str) and re.fullmatch(pattern, found, re.DOTALL) is not None
    return expected == found


def agree_in_order(expected: list[Any], found: list[Any]) -> bool:
    """Whether each expected document is among those found, in this order."""
    remaining = iter(found)
    return all(any(agrees(document, candidate) for candidate in remaining) for document in expected)


EVERY_EXAMPLE = pytest.mark.parametrize("example", examples(), ids=lambda example: example.words[-1])


@EVERY_EXAMPLE
def test_every_example_is_a_call_that_the_contracts_have(example: Example) -> None:
    assert example.words[0] == "grpcurl"
    assert DOCUMENTED_TARGET in example.words
    if example.is_listing or example.method.startswith("grpc."):
        return
    service, _, method = example.method.partition("/")
    described = descriptor_pool.Default().FindServiceByName(service).FindMethodByName(method)

    assert described is not None
    json_format.Parse(example.request, message_factory.GetMessageClass(described.input_type)())
    if example.kind == "json":
        answer = message_factory.GetMessageClass(described.output_type)
        for document in example.documents():
            assert unknown_fields(document, answer()) == []


def unknown_fields(document: Any, message: Message) -> list[str]:
    """Names in a JSON answer that the message does not have; deeper than a Struct nothing is looked at."""
    fields = {field.json_name: field for field in message.DESCRIPTOR.fields}
    if message.DESCRIPTOR.full_name.startswith("google.protobuf.") or not isinstance(document, dict):
        return []
    found = [name for name in document if name not in fields]
    for name, value in document.items():
        field = fields.get(name)
        if field is None or field.message_type is None:
            continue
        inner = message_factory.GetMessageClass(field.message_type)()
        for one in value if isinstance(value, list) else [value]:
            found += unknown_fields(one, inner)
    return found


def test_every_example_shows_its_answer() -> None:
    assert [example.command for example in examples() if example.kind not in ("json", "text")] == []


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    from tests.support.stack import Stack

    with Stack(tmp_path_factory.mktemp("docs-examples")) as running:
        yield running.target


def test_every_example_answers_as_the_page_says(target: str) -> None:
    """One after the other, as a reader pastes them: later ones stand on what earlier ones wrote."""
    failures = [problem for example in examples() if (problem := disagreement(example, target))]

    assert failures == []


def disagreement(example: Example, target: str) -> str:
    """How the answer differs from the page; empty when it does not."""
    found, error = run(example, target)
    shown = f"{example.command}answered {json.dumps(found, ensure_ascii=False)}\n{error}"
    if example.is_listing:
        return "" if set(example.answer.split()) <= set(found) else shown
    if example.kind == "json":
        return "" if not error and agree_in_order(example.documents(), found) else shown
    return "" if agrees_with_error(example.answer, error) else shown


def run(example: Example, target: str) -> tuple[list[Any], str]:
    """What ``buf curl`` answers where the page has ``grpcurl``: messages (or lines) and error text."""
    common = [BUF, "curl", "--protocol", "grpc", "--http2-prior-knowledge"]
    if example.is_listing:
        *_, last = example.words
        what = "--list-services" if last == "list" else "--list-methods"
        listed = subprocess.run(
            [*common, what, f"http://{target}"], capture_output=True, text=True, timeout=30, check=True
        )
        # buf separates a method from its service by a slash, and lists those of every service.
        names = [line.replace("/", ".") for line in listed.stdout.split()]
        return names, ""
    command = [*common, "--data", example.request, f"http://{target}/{example.method}"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        expected = example.documents() if example.kind == "json" else []
        found: list[Any] = []
        text = ""
        for line in process.stdout:
            more, text = json_documents(text + line)
            found += more
            if expected and agree_in_order(expected, found):
                process.terminate()  # the stream may go on for ever
                return found, ""
        return found, process.stderr.read()


def agrees_with_error(shown: str, error: str) -> bool:
    """Whether buf's error is the one that the page shows in grpcurl's way."""
    found = json.loads(error)
    code = re.search(r"Code: (\w+)", shown)
    assert code is not None
    details = [decoded(detail) for detail in found["details"]]
    expected = [
        json.loads(part) for part in re.findall(r"^\s+\d\) (\{.*?\})$", shown, re.MULTILINE | re.DOTALL)
    ]
    return found["code"] == snake(code[1]) and agree_in_order(expected, details)


def decoded(detail: dict[str, str]) -> dict[str, Any]:
    name = detail["type"].rpartition(".")[2]
    raw = base64.b64decode(detail["value"] + "=" * (-len(detail["value"]) % 4))
    message = getattr(error_details_pb2, name).FromString(raw)
    return {"@type": f"type.googleapis.com/{detail['type']}", **json_format.MessageToDict(message)}


def snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def table() -> dict[str, str]:
    """Reason to status, from the errors table."""
    return dict(re.findall(r"^\| `([A-Z_]+)` \| ([A-Z_]+) \|", PAGE, re.MULTILINE))


def raised() -> dict[str, grpc.StatusCode]:
    """Every reason that a service of ours has an exception for, and its status."""
    for module in pkgutil.walk_packages(services.__path__, "services."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found: dict[str, grpc.StatusCode] = {}
    todo = list(STATUS)
    while todo:
        kind = todo.pop()
        todo += kind.__subclasses__()
        if kind.__module__ != errors.__name__ and kind.__module__.startswith("services."):
            family = next(parent for parent in kind.__mro__ if parent in STATUS)
            found[kind.reason] = STATUS[family]
    return found


def test_the_errors_table_has_every_reason_that_a_contract_names() -> None:
    assert documented_reasons() - table().keys() == set()


def test_the_errors_table_has_every_reason_that_a_service_raises_with_its_status() -> None:
    stated = table()

    assert {reason: code.name for reason, code in raised().items()} == {
        reason: stated.get(reason, "missing") for reason in raised()
    }
