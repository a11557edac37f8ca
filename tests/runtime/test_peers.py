"""How a service reaches another: typed answers, errors that pass on, one trace, its own token."""

from __future__ import annotations

from contextlib import asynccontextmanager

import grpc
import pytest

from pmm.ledger.v1 import ledger_pb2 as pb
from pmm_client.errors import PmmError
from services.runtime import errors, telemetry
from services.runtime.auth import Tokens
from services.runtime.caller import Caller, current_caller
from services.runtime.peers import Peers
from services.runtime.process import _remote_peers
from services.runtime.sections import PeerSettings
from services.runtime.settings import SettingsError
from tests.runtime.fake import FakeLedger, running
from tests.runtime.test_error_table import details_of
from tests.runtime.test_pipeline import HEAD, failure

NAMES = ("orchestrator", "ledger", "memory", "inference")


@asynccontextmanager
async def peers_of(fake, **more):
    peers = Peers(dict.fromkeys(NAMES, f"127.0.0.1:{fake.server.port}"), **more)
    try:
        yield peers
    finally:
        await peers.close()


async def test_a_peer_answers_and_is_in_the_callers_trace():
    seen = []

    async def get_head(request, context):
        seen.append(telemetry.current_trace_id())
        return pb.GetHeadResponse(seq=3)

    async with running(FakeLedger(GetHead=get_head)) as fake, peers_of(fake) as peers:
        with telemetry.stage("turn"):
            ledger = await peers.ledger()
            assert (await ledger.get_head(HEAD)).seq == 3
            assert seen == [telemetry.current_trace_id()]


async def test_services_at_one_address_share_a_channel():
    async with running() as fake, peers_of(fake) as peers:
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
async def test_a_peers_refusal_passes_on_unchanged(raised):
    async def refuse(request, context):
        raise raised

    async with running(FakeLedger(GetHead=refuse)) as ledger, peers_of(ledger) as peers:

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


async def test_a_service_calls_its_peers_with_its_own_token():
    owners = []

    async def who(request, context):
        owners.append(current_caller().owner)
        return pb.GetHeadResponse()

    tokens = Tokens({})
    tokens.add("the-orchestrators-token", Caller("orchestrator", ("*",), frozenset({"ledger.read"})))
    async with (
        running(FakeLedger(GetHead=who), tokens) as fake,
        peers_of(fake, token="the-orchestrators-token") as peers,
    ):
        await (await peers.ledger()).get_head(HEAD)

    assert owners == ["orchestrator"]


def test_a_token_is_never_sent_to_another_machine_in_plaintext(tmp_path):
    file = tmp_path / "token"
    file.write_text("the-orchestrators-token\n")

    _remote_peers(PeerSettings(token_file=file))
    with pytest.raises(SettingsError, match=r"peers\.ledger .* peers\.tls_ca"):
        _remote_peers(PeerSettings(token_file=file, ledger="ledger:50051"))
