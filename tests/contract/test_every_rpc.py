"""What every RPC promises, walked over the descriptors: documented codes only, whatever comes in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import grpc
import pytest
from google.protobuf.message import Message

from pmm.ledger.v1 import ledger_pb2
from tests.support.contracts import ROOT, Rpc, empty, maximal, nonsense, rpcs, undecodable
from tests.support.stack import Stack

SECTIONS = ("Guarantees:", "Limits:", "Errors:", "Next:")
EVERY_RPC = pytest.mark.parametrize("rpc", rpcs(), ids=lambda rpc: rpc.path.split(".", 3)[-1])


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("every-rpc")) as running:
        yield running


@pytest.fixture
def channel(stack: Stack) -> Iterator[grpc.Channel]:
    # Not grpc.aio's, which loses the status of a call that ends while its requests are sent.
    with grpc.insecure_channel(stack.target) as open_channel:
        yield open_channel


def unimplemented() -> set[str]:
    """``Service/Method`` of every RPC that docs/status.md says is not there yet."""
    text = (ROOT / "docs" / "status.md").read_text()
    return set(re.findall(r"^- `(\w+Service/\w+)`", text, re.MULTILINE))


def outcome(channel: grpc.Channel, rpc: Rpc, request: bytes, timeout: float) -> grpc.StatusCode:
    """The status that the call ends in; OK once a stream has begun to answer."""
    kind = f"{'stream' if rpc.client_streaming else 'unary'}_{'stream' if rpc.server_streaming else 'unary'}"
    multi = getattr(channel, kind)(rpc.path)
    try:
        answer = multi(iter([request]) if rpc.client_streaming else request, timeout=timeout)
        if rpc.server_streaming:
            next(answer, None)
            answer.cancel()
    except grpc.RpcError as error:
        return cast("grpc.Call", error).code()
    return grpc.StatusCode.OK


def allowed(rpc: Rpc) -> set[str]:
    codes = {"OK", *rpc.documented_codes} - {"UNIMPLEMENTED"}
    if rpc.path.rsplit(".", 1)[-1] in unimplemented():
        return {*codes, "UNIMPLEMENTED"}
    return codes | ({"UNIMPLEMENTED"} if "NOT_SUPPORTED" in rpc.comment else set())


@EVERY_RPC
def test_every_comment_states_guarantees_limits_errors_and_what_comes_next(rpc: Rpc) -> None:
    assert [section for section in SECTIONS if section not in rpc.comment] == []


@EVERY_RPC
@pytest.mark.parametrize("make", [empty, maximal, nonsense], ids=lambda make: make.__name__)
def test_every_request_ends_in_a_documented_code(
    channel: grpc.Channel, rpc: Rpc, make: Callable[[Rpc], Message]
) -> None:
    code = outcome(channel, rpc, make(rpc).SerializeToString(), timeout=10)

    assert code.name in allowed(rpc)


@EVERY_RPC
def test_bytes_that_are_no_message_are_an_invalid_argument(channel: grpc.Channel, rpc: Rpc) -> None:
    for request in undecodable(rpc):
        assert outcome(channel, rpc, request, timeout=10) in {
            grpc.StatusCode.INVALID_ARGUMENT,
            *([grpc.StatusCode.UNIMPLEMENTED] if rpc.path.rsplit(".", 1)[-1] in unimplemented() else []),
        }


@EVERY_RPC
def test_a_deadline_of_a_millisecond_ends_cleanly(channel: grpc.Channel, rpc: Rpc) -> None:
    code = outcome(channel, rpc, empty(rpc).SerializeToString(), timeout=0.001)

    assert code.name in {"DEADLINE_EXCEEDED", *allowed(rpc)}


@EVERY_RPC
def test_an_unknown_mind_is_not_made_by_asking(channel: grpc.Channel, rpc: Rpc) -> None:
    fields = rpc.request.DESCRIPTOR.fields_by_name
    if "mind_id" not in fields or rpc.method.name == "CreateMind":
        pytest.skip("names no mind, or is meant to make one")
    request = rpc.request(mind_id="nobody")

    code = outcome(channel, rpc, request.SerializeToString(), timeout=10)

    assert code.name in {"NOT_FOUND", "INVALID_ARGUMENT", "UNIMPLEMENTED", "OK"} & allowed(rpc)
    listing = channel.unary_unary(
        "/pmm.ledger.v1.LedgerService/ListMinds",
        request_serializer=ledger_pb2.ListMindsRequest.SerializeToString,
        response_deserializer=ledger_pb2.ListMindsResponse.FromString,
    )
    minds = listing(ledger_pb2.ListMindsRequest(prefix="nobody"), timeout=10)
    assert list(minds.minds) == []


def test_what_the_status_page_lists_is_just_what_answers_unimplemented(
    channel: grpc.Channel,
) -> None:
    answers = {
        rpc.path.rsplit(".", 1)[-1]: outcome(channel, rpc, valid_enough(rpc), timeout=10) for rpc in rpcs()
    }

    refused = {name for name, code in answers.items() if code is grpc.StatusCode.UNIMPLEMENTED}

    assert refused == unimplemented()


def valid_enough(rpc: Rpc) -> bytes:
    """A request that no check refuses for what it lacks, as far as its descriptor tells."""
    return empty(rpc).SerializeToString()


def test_the_log_of_all_this_holds_no_traceback(stack: Stack) -> None:
    logs = [Path(path).read_text() for path in stack.logs()]

    assert [log for log in logs if "Traceback" in log] == []
