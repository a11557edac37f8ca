"""Probes that speak neither TLS nor tokens get an answer, and nothing but health."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import grpc
import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from pmm.ledger.v1 import ledger_pb2, ledger_pb2_grpc
from services.runtime.auth import Tokens
from services.runtime.exits import StartupError
from tests.runtime.fake import FakeLedger, running
from tests.support.ports import free_port
from tools.kubernetes_secrets import certificate

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


@pytest.fixture
def tls(tmp_path: Path) -> dict[str, str]:
    for name, text in certificate("pmm", days=1).items():
        (tmp_path / name).write_text(text)
    return {"tls_cert": str(tmp_path / "tls.crt"), "tls_key": str(tmp_path / "tls.key")}


@pytest.fixture
def port() -> int:
    return free_port()


async def status(channel: grpc.aio.Channel, service: str) -> int:
    request = health_pb2.HealthCheckRequest(service=service)
    return (await health_pb2_grpc.HealthStub(channel).Check(request, wait_for_ready=True, timeout=10)).status


async def test_answers_health_without_tls_or_token_and_no_other_call(tls: dict[str, str], port: int) -> None:
    async with (
        running(tokens=Tokens({}), health_port=port, **tls),
        grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel,
    ):
        assert await status(channel, "") == SERVING
        assert await status(channel, "pmm.ledger.v1.LedgerService") == SERVING
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await ledger_pb2_grpc.LedgerServiceStub(channel).GetHead(ledger_pb2.GetHeadRequest(mind_id="m"))
        assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_says_not_serving_from_the_drain_until_the_services_have_stopped(port: int) -> None:
    service = FakeLedger()
    seen: list[int] = []

    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:

        async def stop() -> None:
            seen.append(await status(channel, "pmm.ledger.v1.LedgerService"))

        service.stop = stop  # type: ignore[method-assign]
        async with running(service, health_port=port):
            seen.append(await status(channel, "pmm.ledger.v1.LedgerService"))

    assert seen == [SERVING, NOT_SERVING]


async def test_a_health_port_in_use_says_which_setting_to_change(port: int) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        with pytest.raises(StartupError, match=r"server\.health_port"):
            async with asyncio.timeout(10), running(health_port=port):
                pass
