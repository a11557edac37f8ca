"""Every status that a service sends is an exception with a type and what its details say."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest

import pmm_client
from pmm.ledger.v1.ledger_pb2 import GetHeadRequest, GetHeadResponse
from pmm_client import Message, failed_calls
from pmm_client import errors as client_errors
from pmm_client.retries import retried
from services.runtime import errors
from tests.client.scripted import always, scripted
from tests.support.contracts import ROOT, documented_reasons


class WrongExpectedSeq(errors.Aborted):
    reason = "WRONG_EXPECTED_SEQ"


async def failure_of(error: Exception) -> pmm_client.PmmError:
    async with scripted(GetHead=always(error)) as (target, _), pmm_client.connect(target) as client:
        with pytest.raises(pmm_client.PmmError) as raised:
            await client.ledger.get_head(GetHeadRequest(mind_id="ada"))
        return raised.value


def test_every_reason_that_the_contracts_name_has_its_exception() -> None:
    assert documented_reasons() - failed_calls.BY_REASON.keys() == set()


def test_the_exception_of_a_reason_is_of_the_code_that_the_contracts_give_it() -> None:
    text = " ".join(path.read_text() for path in (ROOT / "protos").rglob("*.proto"))
    flowing = re.sub(r"\n\s*//\s?", " ", text)
    documented = set(re.findall(r"\b([A-Z]+(?:_[A-Z]+)*) with reason ([A-Z][A-Z_]+)", flowing))
    assert documented

    wrong = {
        (code, reason) for code, reason in documented if failed_calls.BY_REASON[reason].code.name != code
    }

    assert wrong == set()


def test_every_status_code_but_ok_has_an_exception() -> None:
    unused = {grpc.StatusCode.OK, grpc.StatusCode.UNKNOWN, grpc.StatusCode.OUT_OF_RANGE}

    assert set(failed_calls.BY_CODE) == set(grpc.StatusCode) - unused


def test_the_tree_in_the_docstring_names_every_exception() -> None:
    drawn = set(re.findall(r"(?:──|^    )\s?(\w+)", client_errors.__doc__ or "", re.MULTILINE))
    defined = {
        name
        for name, kind in vars(client_errors).items()
        if isinstance(kind, type) and issubclass(kind, pmm_client.PmmError)
    }

    assert drawn == defined
    assert defined <= set(pmm_client.__all__)


async def test_a_lost_race_names_the_real_head() -> None:
    error = await failure_of(WrongExpectedSeq("the head is elsewhere", head_seq="12"))

    assert isinstance(error, pmm_client.WrongExpectedSeq)
    assert (error.head_seq, error.code, error.message) == (
        12,
        grpc.StatusCode.ABORTED,
        "the head is elsewhere",
    )


async def test_a_wrong_request_names_every_broken_field() -> None:
    broken = [errors.Violation("mind_id", "is empty"), errors.Violation("limit", "is negative")]

    error = await failure_of(errors.InvalidArgument(broken))

    assert isinstance(error, pmm_client.InvalidArgument)
    assert [(v.field, v.description) for v in error.violations] == [
        ("mind_id", "is empty"),
        ("limit", "is negative"),
    ]


async def test_a_limit_says_how_long_to_wait() -> None:
    error = await failure_of(errors.ResourceExhausted("too much", retry_after=1.5))

    assert isinstance(error, pmm_client.RateLimited)
    assert error.retry_after == 1.5


async def test_an_unknown_reason_falls_back_on_its_code() -> None:
    class Odd(errors.FailedPrecondition):
        reason = "NEVER_HEARD_OF"

    error = await failure_of(Odd("odd"))

    assert type(error) is pmm_client.FailedPrecondition
    assert error.reason == "NEVER_HEARD_OF"


async def test_a_call_that_a_server_drops_as_it_stops_may_be_tried_again() -> None:
    async def drop(request: object, context: Any) -> GetHeadResponse:
        context.set_code(grpc.StatusCode.CANCELLED)
        return GetHeadResponse()

    async with scripted(GetHead=drop) as (target, _), pmm_client.connect(target) as client:
        with pytest.raises(pmm_client.Unavailable) as raised:
            await client.ledger.get_head(GetHeadRequest(mind_id="ada"))

    assert raised.value.code is grpc.StatusCode.UNAVAILABLE
    assert type(await failure_of(errors.Cancelled("taken back"))) is pmm_client.Cancelled


async def test_an_address_where_nothing_answers_is_named() -> None:
    async with pmm_client.connect("127.0.0.1:1") as client:
        with pytest.raises(pmm_client.NotReachable, match=re.escape("127.0.0.1:1")):
            await client.ledger.get_head(GetHeadRequest(mind_id="ada"))


async def test_a_call_that_takes_too_long_is_given_up() -> None:
    import asyncio

    async def slow(request: object, context: object) -> GetHeadResponse:
        await asyncio.Event().wait()
        return GetHeadResponse()

    async with scripted(GetHead=slow) as (target, _), pmm_client.connect(target) as client:
        with pytest.raises(pmm_client.DeadlineExceeded):
            await client.ledger.get_head(GetHeadRequest(mind_id="ada"), timeout=0.05)


Call = Callable[[pmm_client.Client], Awaitable[Any]]


def _texts_of(kind: type) -> list[tuple[str, str]]:
    """Each public method with each of its parameters that takes a text."""
    return [
        (name, parameter.name)
        for name, method in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_") and name != "restore"  # which takes a stream of bytes
        for parameter in inspect.signature(method).parameters.values()
        if re.match(r"(str|Sequence\[.*\bstr\b.*\])(?! \| None\b)", str(parameter.annotation))
        and parameter.name != "privacy"
    ]


def _plausible(annotation: str) -> Any:
    if "Sequence" in annotation:
        return []
    plausible = {"int": 1, "Privacy": "normal", "datetime": datetime(2030, 1, 1, tzinfo=UTC)}
    return plausible.get(annotation, "x")


async def _called(of: Any, name: str, half: str) -> None:
    """Call it with a text that is half a character for one parameter, and something plausible for the others."""
    method = getattr(of, name)
    given: dict[str, Any] = {
        parameter.name: _plausible(str(parameter.annotation))
        for parameter in inspect.signature(method).parameters.values()
        if parameter.default is parameter.empty and parameter.name != half
    }
    annotation = str(inspect.signature(method).parameters[half].annotation)
    result = method(**given, **{half: ["a\ud800"] if annotation.startswith("Sequence") else "a\ud800"})
    if inspect.isasyncgen(result):
        await anext(result)
    else:
        await result


@pytest.mark.parametrize(
    ("name", "half"), [pytest.param(*pair, id=".".join(pair)) for pair in _texts_of(pmm_client.Mind)]
)
async def test_half_a_character_is_a_wrong_argument_of_every_call_on_a_mind(name: str, half: str) -> None:
    async with pmm_client.connect() as client:
        with pytest.raises(pmm_client.InvalidArgument) as raised:
            await _called(client.mind("ada"), name, half)

    (violation,) = raised.value.violations
    assert raised.value.reason == "INVALID_ARGUMENT"
    assert violation.field not in ("", "the request")
    assert violation.field in raised.value.message


NAMED: dict[str, Call] = {
    "mind_id": lambda client: client.mind("a\ud800").show(),
    "text": lambda client: client.mind("ada").chat("a\ud800"),
    "title": lambda client: client.mind("ada").start_session(title="a\ud800"),
    "value": lambda client: client.mind("ada").set_policy("imports.facts", "\udfff"),
    "edge_types[1]": lambda client: client.mind("ada").neighbors("n", types=["replies_to", "\ud800"]),
    "messages[1].speaker": lambda client: client.mind("ada").import_messages(
        [Message("Hello."), Message("Hi.", speaker="\ud800")]
    ),
    "worker": lambda client: client.dead_letters("\ud800"),
}


@pytest.mark.parametrize("field", NAMED)
async def test_the_field_with_half_a_character_is_named(field: str) -> None:
    async with pmm_client.connect() as client:
        with pytest.raises(pmm_client.InvalidArgument) as raised:
            await NAMED[field](client)

    assert [violation.field for violation in raised.value.violations] == [field]


async def test_what_no_repetition_can_mend_is_not_repeated() -> None:
    failures: list[pmm_client.Unavailable] = [
        pmm_client.ClosedAtOnce("it may be stopping"),
        pmm_client.NotReachable("it stopped"),
        pmm_client.ProtocolMismatch("it speaks no TLS"),
        pmm_client.NotReachable("nobody gets here"),
    ]

    async def call() -> None:
        raise failures.pop(0)

    with pytest.raises(pmm_client.ProtocolMismatch, match="speaks no TLS"):
        await retried(call)
    assert len(failures) == 1
