"""What happens around every call: checks, decoding, deadlines, limits, starting and stopping."""

from __future__ import annotations

import asyncio

import grpc
import pytest
from google.protobuf import descriptor_pool
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2

from pmm.ledger.v1 import ledger_pb2 as pb
from pmm.ledger.v1 import ledger_pb2_grpc as rpc
from services.runtime import deadline
from services.runtime.caller import current_caller
from services.runtime.sections import ServerSettings
from services.runtime.server import serve
from tests.runtime.fake import FakeLedger, running, struck
from tests.runtime.test_error_table import details_of
from tests.support.ports import free_port

HEAD = pb.GetHeadRequest(mind_id="ada")


async def failure(awaitable) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await awaitable
    return caught.value


def hanging(entered: asyncio.Event, cancelled: asyncio.Event):
    async def hang(request, context):
        entered.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    return hang


async def test_every_broken_field_is_named_at_once_and_the_servicer_is_not_entered():
    entered = []

    async def get_event(request, context):
        entered.append(request)

    async with running(FakeLedger(GetEvent=get_event)) as fake:
        error = await failure(fake.stub.GetEvent(pb.GetEventRequest(mind_id="no spaces", seq=0)))

    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert [v.field for v in details_of(error)["BadRequest"].field_violations] == ["mind_id", "seq"]
    assert entered == []


@pytest.mark.parametrize(
    "raw", [b"\x0a\x02\xff\xfe", b"\x0a\xff\xff\xff\xff\x0f", b"\x07garbage"], ids=["utf-8", "length", "tag"]
)
async def test_bytes_that_are_no_such_message_are_the_callers_fault(raw):
    async with running() as fake:
        call = fake.channel.unary_unary("/pmm.ledger.v1.LedgerService/GetHead")
        error = await failure(call(raw))

    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert details_of(error)["ErrorInfo"].reason == "UNDECODABLE"


async def test_undecodable_bytes_on_a_stream_are_the_callers_fault_too():
    async def subscribe(request, context):
        yield pb.SubscribeResponse()

    async def restore(requests, context):
        return pb.RestoreResponse(head_seq=len([r async for r in requests]))

    async def parts():
        yield pb.RestoreRequest(mind_id="ada").SerializeToString()
        yield b"\x0a\x02\xff\xfe"

    async with running(FakeLedger(Subscribe=subscribe, Restore=restore)) as fake:
        streaming = fake.channel.unary_stream("/pmm.ledger.v1.LedgerService/Subscribe")
        assert (
            await failure(streaming(b"\x0a\x02\xff\xfe").read())
        ).code() is grpc.StatusCode.INVALID_ARGUMENT
        sending = fake.channel.stream_unary("/pmm.ledger.v1.LedgerService/Restore")
        assert (await failure(sending(parts()))).code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_an_unknown_method_is_unimplemented():
    async with running() as fake:
        call = fake.channel.unary_unary("/pmm.ledger.v1.LedgerService/Nothing")
        assert (await failure(call(b""))).code() is grpc.StatusCode.UNIMPLEMENTED


async def test_a_call_without_a_deadline_gets_one_and_its_work_is_cancelled():
    entered, cancelled = asyncio.Event(), asyncio.Event()
    service = FakeLedger(GetHead=hanging(entered, cancelled))
    async with running(service, default_deadline_seconds=0.05) as fake:
        error = await failure(fake.stub.GetHead(HEAD))
        await cancelled.wait()

    assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert details_of(error)["ErrorInfo"].reason == "DEADLINE_EXCEEDED"


async def test_no_deadline_may_be_longer_than_the_servers():
    entered, cancelled = asyncio.Event(), asyncio.Event()
    service = FakeLedger(GetHead=hanging(entered, cancelled))
    async with running(service, max_deadline_seconds=0.05) as fake:
        error = await failure(fake.stub.GetHead(HEAD, timeout=3600))

    assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED


async def test_the_clients_deadline_cancels_the_work_and_is_visible_to_it():
    entered, cancelled, seen = asyncio.Event(), asyncio.Event(), []
    hang = hanging(entered, cancelled)

    async def note(request, context):
        seen.append(deadline.remaining())
        await hang(request, context)

    given = []
    async with running(FakeLedger(GetHead=note)) as fake:

        async def ask(seconds):
            given.append(seconds)
            return await failure(fake.stub.GetHead(HEAD, timeout=seconds))

        error = await struck(ask, entered)
        await cancelled.wait()

    assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert 0 < seen[0] < 1.1 * given[-1]


async def test_a_deadline_of_a_millisecond_is_only_ever_exceeded():
    async with running() as fake:
        outcomes = await asyncio.gather(
            *(fake.stub.GetHead(HEAD, timeout=0.001) for _ in range(50)), return_exceptions=True
        )
        codes = {outcome.code() for outcome in outcomes if isinstance(outcome, grpc.aio.AioRpcError)}
        assert codes <= {grpc.StatusCode.DEADLINE_EXCEEDED}
        assert (await fake.stub.GetHead(HEAD)).seq == 7


async def test_a_stream_outlives_the_deadline_of_unary_calls():
    go_on = asyncio.Event()

    async def subscribe(request, context):
        yield pb.SubscribeResponse()
        await go_on.wait()
        yield pb.SubscribeResponse()

    entered, cancelled = asyncio.Event(), asyncio.Event()
    service = FakeLedger(Subscribe=subscribe, GetHead=hanging(entered, cancelled))
    async with running(service, default_deadline_seconds=0.05) as fake:
        call = fake.stub.Subscribe(pb.SubscribeRequest(mind_id="ada"))
        await call.read()
        await failure(fake.stub.GetHead(HEAD))  # by its end the stream is older than the deadline
        go_on.set()
        assert await call.read() is not grpc.aio.EOF
        assert await call.read() is grpc.aio.EOF


async def test_a_client_that_goes_away_cancels_the_work_and_closes_its_generator():
    closed = asyncio.Event()

    async def subscribe(request, context):
        try:
            yield pb.SubscribeResponse()
            await asyncio.Event().wait()
        finally:
            closed.set()

    async with running(FakeLedger(Subscribe=subscribe)) as fake:
        call = fake.stub.Subscribe(pb.SubscribeRequest(mind_id="ada"))
        await call.read()
        call.cancel()
        await closed.wait()


async def test_calls_over_the_limit_are_refused_with_a_time_to_come_back():
    entered, cancelled = asyncio.Event(), asyncio.Event()
    async with running(FakeLedger(GetHead=hanging(entered, cancelled)), max_concurrent_rpcs=1) as fake:
        first = fake.stub.GetHead(HEAD)
        task = asyncio.ensure_future(_outcome(first))
        await entered.wait()
        error = await failure(fake.stub.GetHead(HEAD))
        first.cancel()
        await task
        await cancelled.wait()
        fake.service.servicer.behaviours["GetHead"] = _seven
        assert (await fake.stub.GetHead(HEAD)).seq == 7

    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    details = details_of(error)
    assert details["ErrorInfo"].reason == "TOO_MANY_CALLS"
    assert details["RetryInfo"].retry_delay.ToTimedelta().total_seconds() > 0


async def _seven(request, context):
    return pb.GetHeadResponse(seq=7)


async def _outcome(call):
    try:
        return await call
    except asyncio.CancelledError:
        return None


async def test_one_client_holds_only_so_many_streams_of_a_method_and_may_still_call():
    async def subscribe(request, context):
        yield pb.SubscribeResponse()
        await asyncio.Event().wait()

    async def read(request, context):
        yield pb.ReadResponse(head_seq=3)

    async with running(FakeLedger(Subscribe=subscribe, Read=read), max_streams_per_peer=2) as fake:
        calls = [fake.stub.Subscribe(pb.SubscribeRequest(mind_id="ada")) for _ in range(2)]
        for call in calls:
            await call.read()
        error = await failure(fake.stub.Subscribe(pb.SubscribeRequest(mind_id="ada")).read())
        assert (await fake.stub.GetHead(HEAD)).seq == 7
        assert (await fake.stub.Read(pb.ReadRequest(mind_id="ada")).read()).head_seq == 3

    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert details_of(error)["ErrorInfo"].reason == "TOO_MANY_STREAMS"
    assert "Subscribe" in error.details()


async def test_a_message_over_the_limit_is_refused():
    async with running(max_message_bytes=1024) as fake:
        error = await failure(fake.stub.GetHead(pb.GetHeadRequest(mind_id="a" * 2000)))

    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_a_service_that_starts_says_so_in_calls_and_in_its_health():
    service = FakeLedger()
    service.may_start.clear()
    port, release = free_port(), asyncio.Event()

    async def server():
        async with serve([service], ServerSettings(port=port)):
            await release.wait()

    running_server = asyncio.create_task(server())
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        health = health_pb2_grpc.HealthStub(channel)
        request = health_pb2.HealthCheckRequest(service=service.full_name)
        before = await health.Check(request, wait_for_ready=True)
        error = await failure(rpc.LedgerServiceStub(channel).GetHead(HEAD))
        service.may_start.set()
        async for answer in health.Watch(request):
            if answer.status == health_pb2.HealthCheckResponse.SERVING:
                break
        release.set()
        await running_server

    assert before.status == health_pb2.HealthCheckResponse.NOT_SERVING
    assert error.code() is grpc.StatusCode.UNAVAILABLE
    assert details_of(error)["ErrorInfo"].reason == "STARTING"


async def test_a_drain_lets_running_calls_end_and_refuses_new_ones():
    entered, go_on = asyncio.Event(), asyncio.Event()

    async def slow(request, context):
        entered.set()
        await go_on.wait()
        return pb.GetHeadResponse(seq=1)

    async with running(FakeLedger(GetHead=slow)) as fake:
        slow_call = asyncio.ensure_future(_outcome(fake.stub.GetHead(HEAD)))
        await entered.wait()
        drained = asyncio.create_task(fake.server.drain())
        health = health_pb2_grpc.HealthStub(fake.channel)
        async for answer in health.Watch(health_pb2.HealthCheckRequest(service=FakeLedger.full_name)):
            if answer.status == health_pb2.HealthCheckResponse.NOT_SERVING:
                break
        error = await failure(fake.stub.GetHead(HEAD))
        go_on.set()
        assert (await slow_call).seq == 1
        await drained

    assert error.code() is grpc.StatusCode.UNAVAILABLE
    assert details_of(error)["ErrorInfo"].reason == "STOPPING"
    assert fake.service.life == ["start", "drain", "stop"]


async def test_a_drain_ends_in_its_time_even_if_a_call_does_not():
    entered, cancelled = asyncio.Event(), asyncio.Event()
    async with running(FakeLedger(GetHead=hanging(entered, cancelled)), drain_seconds=0.05) as fake:
        call = asyncio.ensure_future(failure(fake.stub.GetHead(HEAD)))
        await entered.wait()
        await fake.server.stop()
        assert (await call).code() in (grpc.StatusCode.CANCELLED, grpc.StatusCode.UNAVAILABLE)
        await cancelled.wait()


async def test_health_is_told_per_service_and_for_all():
    async with running() as fake:
        health = health_pb2_grpc.HealthStub(fake.channel)
        for name in ("", FakeLedger.full_name):
            answer = await health.Check(health_pb2.HealthCheckRequest(service=name))
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
        error = await failure(health.Check(health_pb2.HealthCheckRequest(service="pmm.none.v1.None")))
        assert error.code() is grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
async def test_reflection_lists_the_services_and_their_files(version):
    async with running() as fake:
        call = fake.channel.stream_stream(
            f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
            reflection_pb2.ServerReflectionRequest.SerializeToString,
            reflection_pb2.ServerReflectionResponse.FromString,
        )()
        await call.write(reflection_pb2.ServerReflectionRequest(list_services=""))
        services = (await call.read()).list_services_response.service
        await call.write(reflection_pb2.ServerReflectionRequest(file_containing_symbol=FakeLedger.full_name))
        files = (await call.read()).file_descriptor_response.file_descriptor_proto
        await call.done_writing()

    assert {FakeLedger.full_name, "grpc.health.v1.Health", "grpc.channelz.v1.Channelz"} <= {
        service.name for service in services
    }
    name = descriptor_pool.Default().FindFileContainingSymbol(FakeLedger.full_name).name
    assert any(name.encode() in file for file in files)


async def test_channelz_sees_the_server():
    from grpc_channelz.v1 import channelz_pb2, channelz_pb2_grpc

    async with running() as fake:
        servers = await channelz_pb2_grpc.ChannelzStub(fake.channel).GetServers(
            channelz_pb2.GetServersRequest()
        )
        assert servers.server


async def test_without_tokens_the_caller_is_local_and_may_do_everything():
    callers = []

    async def who(request, context):
        callers.append(current_caller())
        return pb.GetHeadResponse()

    async with running(FakeLedger(GetHead=who)) as fake:
        await fake.stub.GetHead(HEAD)

    assert callers[0].owner == "local"
    assert callers[0].may_reach_all()
    assert callers[0].may("ledger.admin")
