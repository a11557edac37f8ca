"""The contracts as Python: each RPC is there, with its messages, a deadline and the token."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

import pmm_client
from pmm.ledger.v1.ledger_pb2 import (
    GetHeadRequest,
    GetHeadResponse,
    ReadRequest,
    ReadResponse,
    RestoreRequest,
    RestoreResponse,
)
from pmm.mind.v1.events_pb2 import Event
from pmm_client import channel, raw
from services.runtime import errors
from services.runtime.scopes import ACCESS
from tests.client.scripted import always, first, scripted
from tests.support.contracts import Rpc, rpcs

CLIENTS = {client.service: client for client in raw.RawClient.__subclasses__()}


@pytest.mark.parametrize("rpc", rpcs(), ids=lambda rpc: rpc.path.split(".", 3)[-1])
def test_every_rpc_is_a_method_with_the_messages_of_its_contract(rpc: Rpc) -> None:
    service, method = rpc.path.strip("/").split("/")
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", method).lower()

    found = vars(CLIENTS[service])[name]

    kinds = {(False, False): raw.unary, (False, True): raw.stream, (True, False): raw.upload}
    assert type(found) is kinds[rpc.client_streaming, rpc.server_streaming]
    assert found.method == method
    assert found.request.DESCRIPTOR is rpc.method.input_type
    assert found.response.DESCRIPTOR is rpc.method.output_type


def test_no_method_is_without_an_rpc() -> None:
    methods = {
        f"/{client.service}/{member.method}"
        for client in CLIENTS.values()
        for member in vars(client).values()
        if isinstance(member, raw.unary | raw.stream | raw.upload)
    }

    assert methods == {rpc.path for rpc in rpcs()}


def test_what_the_channel_repeats_are_the_calls_that_read_and_those_that_write_nothing_twice() -> None:
    repeated = {f"/{service}/{method}" for service in channel.RETRIED for method in channel.RETRIED[service]}
    reading = {
        path for path, access in ACCESS.items() if (access.scope or "").endswith(".read") and "/pmm." in path
    }
    others = repeated - reading

    assert reading - repeated == set()
    assert {path.rsplit("/", 1)[-1] for path in others} == {
        "ImportMessages", "CountTokens", "ListModels", "GetLoad", "GetPerformance", "ListWorkers",
        "ListDeadLetters", "SetDefaultMind", "RenameSession", "EndSession", "OpenCommitment", "AdoptName", "ClearName",
    }  # fmt: skip


async def test_every_unary_call_has_a_deadline() -> None:
    server = scripted(GetHead=always(GetHeadResponse()))
    async with server as (target, script), pmm_client.connect(target) as client:
        await client.ledger.get_head(GetHeadRequest(mind_id="ada"))

    assert script.time_left[0] == pytest.approx(raw.DEFAULT_TIMEOUT_S, abs=5)


async def test_a_reading_call_is_repeated_when_the_server_is_away_for_a_moment() -> None:
    away = first(errors.Unavailable("restarting"), GetHeadResponse(seq=3), times=2)
    async with scripted(GetHead=away) as (target, script), pmm_client.connect(target) as client:
        head = await client.ledger.get_head(GetHeadRequest(mind_id="ada"))

    assert (head.seq, len(script.seen)) == (3, 3)


async def test_leaving_a_stream_cancels_the_call() -> None:
    cancelled = asyncio.Event()

    async def endless(request: Any, context: Any) -> AsyncIterator[ReadResponse]:
        context.add_done_callback(lambda _: cancelled.set())
        while True:
            yield ReadResponse(events=[Event(seq=1)])

    async with scripted(Read=endless) as (target, _), pmm_client.connect(target) as client:
        pages = client.ledger.read(ReadRequest(mind_id="ada"))
        assert (await anext(pages)).events[0].seq == 1
        await pages.aclose()

        await asyncio.wait_for(cancelled.wait(), 5)


async def test_an_upload_that_fails_on_our_side_raises_what_failed() -> None:
    async def swallow(requests: Any, context: Any) -> RestoreResponse:
        async for _ in requests:
            pass
        return RestoreResponse()

    async def torn() -> AsyncIterator[RestoreRequest]:
        yield RestoreRequest(mind_id="ada")
        raise OSError("the disk went away")

    async with scripted(Restore=swallow) as (target, _), pmm_client.connect(target) as client:
        with pytest.raises(OSError, match="the disk went away"):
            await client.ledger.restore(torn())


async def parts(lines: bytes) -> AsyncIterator[RestoreRequest]:
    for _ in range(200):
        yield RestoreRequest(mind_id="ada", lines=lines)


async def test_an_upload_whose_time_is_up_while_it_sends_says_so() -> None:
    async def swallow(requests: Any, context: Any) -> RestoreResponse:
        async for _ in requests:
            pass
        await asyncio.Event().wait()
        return RestoreResponse()

    async with scripted(Restore=swallow) as (target, _), pmm_client.connect(target) as client:
        for number in range(60):
            with pytest.raises(pmm_client.DeadlineExceeded):
                await client.ledger.restore(parts(bytes(65_536)), timeout=0.001 * (1 + number % 20))


async def test_an_upload_that_is_refused_while_it_sends_is_no_fault_and_no_cancellation() -> None:
    async def refuse(requests: Any, context: Any) -> RestoreResponse:
        raise errors.AlreadyExists("taken")

    async with scripted(Restore=refuse) as (target, _), pmm_client.connect(target) as client:
        for _ in range(60):
            with pytest.raises((pmm_client.AlreadyExists, pmm_client.Unavailable)):
                await client.ledger.restore(parts(bytes(1_000_000)))


async def test_an_upload_that_its_caller_cancels_is_cancelled() -> None:
    begun = asyncio.Event()

    async def swallow(requests: Any, context: Any) -> RestoreResponse:
        begun.set()
        await asyncio.Event().wait()
        return RestoreResponse()

    async with scripted(Restore=swallow) as (target, _), pmm_client.connect(target) as client:
        upload = asyncio.ensure_future(client.ledger.restore(parts(bytes(1_000_000))))
        await begun.wait()
        upload.cancel()
        with pytest.raises(asyncio.CancelledError):
            await upload


async def test_the_token_goes_with_unary_calls_and_with_streams() -> None:
    async def nothing(request: Any, context: Any) -> AsyncIterator[ReadResponse]:
        for _ in ():
            yield ReadResponse()

    server = scripted(GetHead=always(GetHeadResponse()), Read=nothing)
    async with server as (target, script), pmm_client.connect(target, token="s3cret") as client:
        await client.ledger.get_head(GetHeadRequest(mind_id="ada"))
        async for _ in client.ledger.read(ReadRequest(mind_id="ada")):
            pass

    assert [metadata["authorization"] for metadata in script.metadata] == ["Bearer s3cret"] * 2


@pytest.mark.parametrize("target", ["minds.example.org:50050", "192.0.2.7:50050"])
def test_a_token_is_never_sent_in_the_clear_beyond_this_machine(target: str) -> None:
    with pytest.raises(ValueError, match="without TLS"):
        pmm_client.open_channel(target, token="s3cret")


@pytest.mark.parametrize("target", ["127.0.0.1:1", "localhost:1", "[::1]:1", "unix:/run/pmm.sock"])
def test_these_addresses_stay_on_this_machine(target: str) -> None:
    assert channel.is_loopback(target)


async def test_a_proxy_in_the_environment_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("grpc_proxy", "http://127.0.0.1:1")
    server = scripted(GetHead=always(GetHeadResponse(seq=1)))
    async with server as (target, _), pmm_client.connect(target) as client:
        assert (await client.ledger.get_head(GetHeadRequest(mind_id="ada"))).seq == 1
