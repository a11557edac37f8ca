"""How a service reaches another: typed answers, errors that pass on, one trace, its own token."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, aclosing, asynccontextmanager

import grpc
import pytest

from pmm.ledger.v1 import ledger_pb2 as pb
from pmm.mind.v1 import events_pb2 as mind
from pmm_client.errors import PmmError
from services.runtime import deadline, errors, telemetry
from services.runtime.auth import Tokens
from services.runtime.caller import Caller, current_caller, set_caller
from services.runtime.peers import Peers
from services.runtime.process import _remote_peers
from services.runtime.sections import PeerSettings
from services.runtime.settings import SettingsError
from tests.runtime.fake import FakeLedger, exporting, running, struck
from tests.runtime.test_error_table import details_of
from tests.runtime.test_pipeline import HEAD, failure, hanging
from tests.support.otlp_collector import OtlpCollector

SUBSCRIBE = pb.SubscribeRequest(mind_id="ada")
NAMES = ("orchestrator", "ledger", "memory", "inference")


@asynccontextmanager
async def peers_of(fake, where="loopback", **more):
    targets = dict.fromkeys(NAMES, f"127.0.0.1:{fake.server.port}") if where == "loopback" else {}
    peers = Peers(targets, inside=None if targets else fake.inside, **more)
    try:
        yield peers
    finally:
        await peers.close()


@asynccontextmanager
async def raises(reason):
    with pytest.raises(PmmError) as caught:
        yield caught
    assert caught.value.reason == reason or caught.value.code.name == reason


def endless(closed):
    async def subscribe(request, context):
        try:
            while True:
                yield pb.SubscribeResponse()
                await asyncio.sleep(0.001)
        finally:
            closed.set()

    return subscribe


@pytest.fixture(params=["loopback", "inside"])
def where(request):
    """How the peer is reached: what follows holds either way."""
    return request.param


async def test_a_peer_answers_and_is_in_the_callers_trace(where):
    seen = []

    async def get_head(request, context):
        seen.append(telemetry.current_trace_id())
        return pb.GetHeadResponse(seq=3)

    async with running(FakeLedger(GetHead=get_head)) as fake, peers_of(fake, where) as peers:
        with telemetry.stage("turn"):
            ledger = await peers.ledger()
            assert (await ledger.get_head(HEAD)).seq == 3
            assert seen == [telemetry.current_trace_id()]


async def test_services_at_one_address_share_a_channel(where):
    async with running() as fake, peers_of(fake, where) as peers:
        assert len({id(peers.channel(name)) for name in NAMES}) == 1


@pytest.mark.parametrize(
    "raised",
    [
        errors.NotFound("there is no mind ada", mind_id="ada"),
        errors.InvalidArgument([errors.Violation("events[1].actor", "must not be empty")]),
        errors.ResourceExhausted("the disk is full", retry_after=1.5),
    ],
    ids=lambda e: e.reason,
)
async def test_a_peers_refusal_passes_on_unchanged(raised, where):
    async def refuse(request, context):
        raise raised

    async with running(FakeLedger(GetHead=refuse)) as ledger, peers_of(ledger, where) as peers:

        async def ask(request, context):
            return await (await peers.ledger()).get_head(request)

        async with running(FakeLedger(GetHead=ask)) as fake:
            direct = await failure(ledger.stub.GetHead(HEAD))
            through = await failure(fake.stub.GetHead(HEAD))

    assert through.code() is direct.code()
    assert through.details() == direct.details()
    assert details_of(through) == details_of(direct)


async def test_a_peer_that_is_away_is_unavailable():
    async with running() as fake:
        port = fake.server.port
    peers = Peers(dict.fromkeys(NAMES, f"127.0.0.1:{port}"))
    with pytest.raises(PmmError) as caught:
        await (await peers.ledger()).get_head(HEAD, timeout=0.3)
    await peers.close()

    assert caught.value.code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)


async def test_a_service_calls_its_peers_with_its_own_token(where):
    owners = []

    async def who(request, context):
        owners.append(current_caller().owner)
        return pb.GetHeadResponse()

    tokens = Tokens({})
    tokens.add("the-orchestrators-token", Caller("orchestrator", ("*",), frozenset({"ledger.read"})))
    async with (
        running(FakeLedger(GetHead=who), tokens) as fake,
        peers_of(fake, where, token="the-orchestrators-token") as peers,
    ):
        await (await peers.ledger()).get_head(HEAD)

    assert owners == ["orchestrator"]


async def test_a_token_is_asked_of_a_peer_too(where):
    async with (
        running(tokens=Tokens({})) as fake,
        peers_of(fake, where) as peers,
        raises("TOKEN_MISSING"),
    ):
        await (await peers.ledger()).get_head(HEAD)


async def test_a_peer_checks_what_it_is_sent(where):
    async with running() as fake, peers_of(fake, where) as peers, raises("INVALID_ARGUMENT") as caught:
        await (await peers.ledger()).get_event(pb.GetEventRequest(mind_id="no spaces", seq=0))

    assert [violation.field for violation in caught.value.violations] == ["mind_id", "seq"]


async def test_what_a_peer_is_sent_and_what_it_answers_are_copies(where):
    got, answered = [], pb.GetHeadResponse(seq=3)

    async def get_head(request, context):
        request.mind_id = "bob"
        got.append(request)
        return answered

    async with running(FakeLedger(GetHead=get_head)) as fake, peers_of(fake, where) as peers:
        sent = pb.GetHeadRequest(mind_id="ada")
        response = await (await peers.ledger()).get_head(sent)
        response.seq = 4

    assert (sent.mind_id, got[0].mind_id, answered.seq) == ("ada", "bob", 3)


async def test_nothing_but_the_trace_reaches_a_peer_from_around_the_call(where):
    seen = []

    async def get_head(request, context):
        seen.append((current_caller().owner, deadline.remaining()))
        return pb.GetHeadResponse()

    async with running(FakeLedger(GetHead=get_head)) as fake, peers_of(fake, where) as peers:
        set_caller(Caller("ana", ("ana",), frozenset()))
        async with deadline.at_most(1000):
            await (await peers.ledger()).get_head(HEAD, timeout=5)
            assert current_caller().owner == "ana"

    ((owner, remaining),) = seen
    assert owner == "local"
    # That of the call, which gRPC rounds up on the wire, and not what is left around it.
    assert 0 < remaining < 10


async def test_a_deadline_ends_the_call_and_the_peers_work(where):
    entered, cancelled = asyncio.Event(), asyncio.Event()
    service = FakeLedger(GetHead=hanging(entered, cancelled))
    async with running(service) as fake, peers_of(fake, where) as peers:

        async def ask(seconds):
            async with raises("DEADLINE_EXCEEDED"):
                await (await peers.ledger()).get_head(HEAD, timeout=seconds)

        await struck(ask, entered)
        await cancelled.wait()


async def test_a_deadline_ends_a_stream_too(where):
    closed = asyncio.Event()
    async with running(FakeLedger(Subscribe=endless(closed))) as fake, peers_of(fake, where) as peers:

        async def read(seconds):
            async with raises("DEADLINE_EXCEEDED"):
                async for _ in (await peers.ledger()).subscribe(SUBSCRIBE, timeout=seconds):
                    pass

        await struck(read, closed)


async def test_a_caller_that_is_cancelled_cancels_the_peers_work(where):
    entered, cancelled = asyncio.Event(), asyncio.Event()
    service = FakeLedger(GetHead=hanging(entered, cancelled))
    async with running(service) as fake, peers_of(fake, where) as peers:
        asking = asyncio.create_task((await peers.ledger()).get_head(HEAD))
        await entered.wait()
        asking.cancel()
        await cancelled.wait()


async def test_leaving_a_stream_closes_it_at_the_peer(where):
    closed = asyncio.Event()
    async with running(FakeLedger(Subscribe=endless(closed))) as fake, peers_of(fake, where) as peers:
        async with aclosing((await peers.ledger()).subscribe(SUBSCRIBE)) as messages:
            async for _ in messages:
                break
        await closed.wait()


async def test_a_stream_arrives_in_order_and_whole_and_then_says_how_it_ended(where):
    async def subscribe(request, context):
        for position in range(100):
            yield pb.SubscribeResponse(page=pb.EventPage(position=position))
        raise errors.DataLoss("the chain is broken")

    got = []
    async with (
        running(FakeLedger(Subscribe=subscribe)) as fake,
        peers_of(fake, where) as peers,
        raises("DATA_LOSS"),
    ):
        async for message in (await peers.ledger()).subscribe(SUBSCRIBE):
            got.append(message.page.position)

    assert got == list(range(100))


async def test_a_peer_does_not_run_ahead_of_a_slow_reader(where):
    written = []

    async def subscribe(request, context):
        while True:
            written.append(len(written))
            yield pb.SubscribeResponse(page=pb.EventPage(events=[mind.Event(hash=bytes(1_000_000))]))

    async with (
        running(FakeLedger(Subscribe=subscribe)) as fake,
        peers_of(fake, where) as peers,
        aclosing((await peers.ledger()).subscribe(SUBSCRIBE)) as messages,
    ):
        await anext(messages)
        before = -1
        while before < len(written):
            before = len(written)
            await asyncio.sleep(0.05)

    # What gRPC and the sockets hold by themselves.
    assert len(written) < 40


async def test_requests_may_stream_and_what_they_raise_comes_back(where):
    async def restore(requests, context):
        return pb.RestoreResponse(head_seq=sum([len(request.lines) async for request in requests]))

    async def parts(count, error=None):
        for _ in range(count):
            yield pb.RestoreRequest(mind_id="ada", lines=b"1234")
        if error:
            raise error

    async with running(FakeLedger(Restore=restore)) as fake, peers_of(fake, where) as peers:
        ledger = await peers.ledger()
        assert (await ledger.restore(parts(50))).head_seq == 200
        with pytest.raises(OSError, match="unreadable"):
            await ledger.restore(parts(3, OSError("unreadable")))


async def test_a_message_over_the_limit_is_refused(where):
    async with (
        running(max_message_bytes=2_000) as fake,
        peers_of(fake, where) as peers,
        raises("RESOURCE_EXHAUSTED"),
    ):
        await (await peers.ledger()).get_head(pb.GetHeadRequest(mind_id="a" * 3_000))


async def test_the_end_of_the_server_ends_calls_that_still_run(where):
    entered, cancelled = asyncio.Event(), asyncio.Event()
    service = FakeLedger(GetHead=hanging(entered, cancelled))
    async with running(service, drain_seconds=0.05) as fake, peers_of(fake, where) as peers:
        asking = asyncio.create_task((await peers.ledger()).get_head(HEAD))
        await entered.wait()
        await fake.server.stop()
        await cancelled.wait()
        with pytest.raises(PmmError):
            await asking


async def test_a_call_to_a_peer_is_one_trace_with_its_true_codes(where):
    async def refuse(request, context):
        raise errors.NotFound("no")

    with OtlpCollector() as collector:
        async with (
            exporting(collector.endpoint),
            running(FakeLedger(GetHead=refuse, Subscribe=endless(asyncio.Event()))) as fake,
            peers_of(fake, where) as peers,
        ):
            ledger = await peers.ledger()
            with telemetry.stage("turn"):
                async with raises("NOT_FOUND"):
                    await ledger.get_head(HEAD)
                async with aclosing(ledger.subscribe(SUBSCRIBE)) as messages:
                    async for _ in messages:
                        break
        spans = {(span.name.rpartition("/")[2], span.kind): span for span in collector.spans}

    (turn,) = collector.named("turn")
    for method, code in (("GetHead", 5), ("Subscribe", 1)):
        server, client = spans[method, 2], spans[method, 3]
        assert (server.parent_id, client.parent_id) == (client.span_id, turn.span_id)
        assert server.attributes["rpc.grpc.status_code"] == client.attributes["rpc.grpc.status_code"] == code


async def test_a_process_may_hold_more_streams_of_its_own_than_a_client():
    async with (
        running(FakeLedger(Subscribe=endless(asyncio.Event())), max_streams_per_peer=1) as fake,
        peers_of(fake, "inside") as peers,
        AsyncExitStack() as stack,
    ):
        for _ in range(3):
            messages = (await peers.ledger()).subscribe(SUBSCRIBE)
            await stack.enter_async_context(aclosing(messages))
            assert await anext(messages) is not None


def test_a_token_is_never_sent_to_another_machine_in_plaintext(tmp_path):
    file = tmp_path / "token"
    file.write_text("the-orchestrators-token\n")

    _remote_peers(PeerSettings(token_file=file))
    with pytest.raises(SettingsError, match=r"peers\.ledger .* peers\.tls_ca"):
        _remote_peers(PeerSettings(token_file=file, ledger="ledger:50051"))
