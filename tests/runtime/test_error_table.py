"""What a client gets for each exception that a servicer raises."""

from __future__ import annotations

import asyncio

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from pmm.ledger.v1 import ledger_pb2 as pb
from services.runtime import errors
from services.runtime.status import NOT_IMPLEMENTED, STATUS
from tests.runtime.fake import FakeLedger, running


def details_of(error: grpc.aio.AioRpcError) -> dict[str, object]:
    found = {}
    for any_ in rpc_status.from_call(_Call(error)).details:
        for kind in (error_details_pb2.ErrorInfo, error_details_pb2.BadRequest, error_details_pb2.RetryInfo):
            if any_.Is(kind.DESCRIPTOR):
                found[kind.DESCRIPTOR.name] = kind()
                any_.Unpack(found[kind.DESCRIPTOR.name])
    return found


class _Call:
    def __init__(self, error: grpc.aio.AioRpcError) -> None:
        self.trailing_metadata = lambda: tuple(error.trailing_metadata())
        self.code = error.code
        self.details = error.details


async def refusal(raised: BaseException, **settings) -> grpc.aio.AioRpcError:
    async def fail(request, context):
        raise raised

    async with running(FakeLedger(GetHead=fail), **settings) as fake:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await fake.stub.GetHead(pb.GetHeadRequest(mind_id="ada"))
    return caught.value


FAMILIES = [family for family in STATUS if family is not errors.InvalidArgument]


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.__name__)
async def test_each_family_has_its_code_and_says_its_reason_and_metadata(family):
    class Specific(family):
        reason = "SPECIFIC"

    error = await refusal(Specific("what happened and what to do", mind_id="ada"))

    assert error.code() is STATUS[family]
    assert error.details() == "what happened and what to do"
    info = details_of(error)["ErrorInfo"]
    assert (info.reason, info.domain, dict(info.metadata)) == ("SPECIFIC", "pmm", {"mind_id": "ada"})


def test_every_family_of_errors_is_in_the_table():
    defined = {
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.DomainError)
    }
    assert defined - {errors.DomainError, errors.RetryableError} == set(STATUS)


async def test_broken_fields_are_listed_with_their_descriptions():
    error = await refusal(
        errors.InvalidArgument([errors.Violation("a", "one"), errors.Violation("b[2]", "two")])
    )

    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert error.details() == "a: one; b[2]: two"
    listed = details_of(error)["BadRequest"].field_violations
    assert [(v.field, v.description) for v in listed] == [("a", "one"), ("b[2]", "two")]


async def test_a_retryable_error_says_when_to_come_back():
    error = await refusal(errors.ResourceExhausted("the disk is full", retry_after=2.5))

    delay = details_of(error)["RetryInfo"].retry_delay
    assert delay.ToTimedelta().total_seconds() == 2.5


async def test_an_unforeseen_error_shows_a_trace_id_and_nothing_of_itself(caplog):
    error = await refusal(ValueError("my sister Ana moved to Porto"))

    assert error.code() is grpc.StatusCode.INTERNAL
    info = details_of(error)["ErrorInfo"]
    assert error.details() == f"internal error, trace id {info.metadata['trace_id']}"
    assert len(info.metadata["trace_id"]) == 32
    assert "ValueError" in caplog.text
    assert info.metadata["trace_id"] in caplog.text
    assert "Porto" not in caplog.text + str(error.trailing_metadata())


async def test_an_error_within_a_task_group_is_told_like_one_outside():
    async def fail(request, context):
        async with asyncio.TaskGroup() as group:
            group.create_task(_raise(errors.DataLoss("event 2 is damaged")))

    async with running(FakeLedger(GetHead=fail)) as fake:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await fake.stub.GetHead(pb.GetHeadRequest(mind_id="ada"))

    assert caught.value.code() is grpc.StatusCode.DATA_LOSS
    told = await refusal(
        ExceptionGroup("", [ValueError("bug"), ExceptionGroup("", [errors.NotFound("no mind")])])
    )
    assert told.code() is grpc.StatusCode.NOT_FOUND


async def _raise(error):
    raise error


async def test_what_is_not_implemented_yet_says_so():
    error = await refusal(NotImplementedError("erasure comes with a later release"))

    assert error.code() is grpc.StatusCode.UNIMPLEMENTED
    assert error.details() == "erasure comes with a later release"


async def test_a_method_that_a_servicer_leaves_out_is_unimplemented_in_plain_words():
    async with running() as fake:
        with pytest.raises(grpc.aio.AioRpcError) as unary:
            await fake.stub.GetCheckpoint(pb.GetCheckpointRequest(mind_id="ada"))
        with pytest.raises(grpc.aio.AioRpcError) as stream:
            await fake.stub.Export(pb.ExportRequest(mind_id="ada")).read()

    for caught in (unary, stream):
        assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
        assert caught.value.details() == NOT_IMPLEMENTED


async def test_an_error_of_a_peer_passes_on_with_its_details():
    async def no_such_mind(request, context):
        raise errors.NotFound("there is no mind ada", mind_id="ada")

    async with running(FakeLedger(GetHead=no_such_mind)) as peer:

        async def ask_peer(request, context):
            return await peer.stub.GetHead(request)

        async with running(FakeLedger(GetHead=ask_peer)) as fake:
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await fake.stub.GetHead(pb.GetHeadRequest(mind_id="ada"))

    assert caught.value.code() is grpc.StatusCode.NOT_FOUND
    assert details_of(caught.value)["ErrorInfo"].metadata["mind_id"] == "ada"


async def test_an_error_after_the_first_message_still_has_its_status():
    async def some_then_fail(request, context):
        yield pb.SubscribeResponse()
        raise errors.DataLoss("event 2 is damaged", seq="2")

    async with running(FakeLedger(Subscribe=some_then_fail)) as fake:
        call = fake.stub.Subscribe(pb.SubscribeRequest(mind_id="ada"))
        received = [await call.read()]
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call.read()

    assert len(received) == 1
    assert caught.value.code() is grpc.StatusCode.DATA_LOSS
    assert details_of(caught.value)["ErrorInfo"].metadata["seq"] == "2"


def test_so_many_violations_as_fit_into_an_answer_are_told() -> None:
    violations = [errors.Violation(f"memories[{number}].text", "must not be empty") for number in range(500)]
    told = errors.InvalidArgument(violations)

    assert len(told.violations) == errors.MAX_VIOLATIONS + 1
    assert told.violations[-1].description == "and 480 more like these"
    assert len(told.message) < 2_000
