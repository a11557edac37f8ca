"""Tokens, scopes, minds and TLS: who gets in, and what each may reach."""

from __future__ import annotations

import hashlib
import os

import grpc
import pytest
from google.protobuf import descriptor_pool
from grpc_channelz.v1 import channelz_pb2, channelz_pb2_grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from pmm.inference.v1 import inference_pb2
from pmm.ledger.v1 import ledger_pb2 as pb
from pmm.memory.v1 import memory_pb2
from pmm.orchestrator.v1 import orchestrator_pb2
from services.runtime.auth import Tokens
from services.runtime.caller import LOCAL, current_caller
from services.runtime.scopes import ACCESS
from services.runtime.sections import ServerSettings
from services.runtime.server import serve
from services.runtime.settings import SettingsError
from tests.runtime.certificates import authority
from tests.runtime.fake import FakeLedger, running
from tests.runtime.test_error_table import details_of
from tests.runtime.test_pipeline import failure

ANA = "ana-token-0123456789"
OPERATOR = "operator-token-0123456789"
TOKENS = f"""
[[token]]
owner = "ana"
token = "{ANA}"
minds = ["ana", "ana-*"]
scopes = ["ledger.read"]

[[token]]
owner = "operator"
token_sha256 = "{hashlib.sha256(OPERATOR.encode()).hexdigest()}"
minds = ["*"]
scopes = ["*"]
"""


@pytest.fixture
def tokens(tmp_path):
    file = tmp_path / "tokens.toml"
    file.write_text(TOKENS)
    return Tokens.read(file)


def bearer(token: str):
    return (("authorization", f"Bearer {token}"),)


async def head(fake, mind: str, token: str | None):
    request = pb.GetHeadRequest(mind_id=mind)
    return await fake.stub.GetHead(request, metadata=bearer(token) if token else None)


async def refusal(awaitable) -> tuple[grpc.StatusCode, str]:
    error = await failure(awaitable)
    return error.code(), details_of(error)["ErrorInfo"].reason


async def test_a_call_without_a_known_token_is_unauthenticated(tokens):
    async with running(tokens=tokens) as fake:
        unauthenticated = grpc.StatusCode.UNAUTHENTICATED
        assert await refusal(head(fake, "ana", None)) == (unauthenticated, "TOKEN_MISSING")
        assert await refusal(head(fake, "ana", "not-a-known-token")) == (unauthenticated, "TOKEN_UNKNOWN")
        basic = fake.stub.GetHead(pb.GetHeadRequest(), metadata=(("authorization", "Basic abc"),))
        assert await refusal(basic) == (unauthenticated, "TOKEN_MISSING")


async def test_a_token_given_as_text_or_as_its_digest_lets_its_owner_in(tokens):
    owners = []

    async def who(request, context):
        owners.append(current_caller().owner)
        return pb.GetHeadResponse()

    async with running(FakeLedger(GetHead=who), tokens) as fake:
        await head(fake, "ana", ANA)
        await head(fake, "bob", OPERATOR)

    assert owners == ["ana", "operator"]


async def test_a_mind_that_the_token_does_not_cover_is_denied_whether_it_exists_or_not(tokens):
    entered = []

    async def get_head(request, context):
        entered.append(request.mind_id)
        return pb.GetHeadResponse()

    async with running(FakeLedger(GetHead=get_head), tokens) as fake:
        for mind in ("ana", "ana-work"):
            await head(fake, mind, ANA)
        for mind in ("bob", "anna", "ANA", ""):
            denied = await refusal(head(fake, mind, ANA))
            assert denied == (grpc.StatusCode.PERMISSION_DENIED, "MIND_NOT_ALLOWED")

    assert entered == ["ana", "ana-work"]


async def test_following_all_minds_takes_the_glob_of_all(tokens):
    async def subscribe(request, context):
        yield pb.SubscribeResponse()

    async with running(FakeLedger(Subscribe=subscribe), tokens) as fake:
        everything = pb.SubscribeRequest()
        denied = await refusal(fake.stub.Subscribe(everything, metadata=bearer(ANA)).read())
        assert denied == (grpc.StatusCode.PERMISSION_DENIED, "MIND_NOT_ALLOWED")
        assert await fake.stub.Subscribe(everything, metadata=bearer(OPERATOR)).read() is not grpc.aio.EOF


async def test_a_listing_without_a_mind_is_the_services_to_filter(tokens):
    reachable = []

    async def list_minds(request, context):
        reachable.extend(mind for mind in ("ana", "bob") if current_caller().may_reach(mind))
        return pb.ListMindsResponse()

    async with running(FakeLedger(ListMinds=list_minds), tokens) as fake:
        await fake.stub.ListMinds(pb.ListMindsRequest(), metadata=bearer(ANA))

    assert reachable == ["ana"]


async def test_only_the_first_part_of_a_stream_of_requests_has_to_name_its_mind(tokens):
    async def restore(requests, context):
        return pb.RestoreResponse(head_seq=len([r async for r in requests]))

    async def parts(*minds):
        for mind in minds:
            yield pb.RestoreRequest(mind_id=mind)

    tokens.add("ana-with-everything", type(LOCAL)("ana", ("ana",), frozenset({"ledger.admin"})))
    async with running(FakeLedger(Restore=restore), tokens) as fake:
        metadata = bearer("ana-with-everything")
        assert (await fake.stub.Restore(parts("ana", "", ""), metadata=metadata)).head_seq == 3
        for minds in (("",), ("ana", "bob")):
            denied = await refusal(fake.stub.Restore(parts(*minds), metadata=metadata))
            assert denied == (grpc.StatusCode.PERMISSION_DENIED, "MIND_NOT_ALLOWED")


async def test_a_scope_that_the_token_lacks_is_named(tokens):
    async with running(tokens=tokens) as fake:
        error = await failure(fake.stub.Append(pb.AppendRequest(mind_id="ana"), metadata=bearer(ANA)))

    assert error.code() is grpc.StatusCode.PERMISSION_DENIED
    assert dict(details_of(error)["ErrorInfo"].metadata) == {"scope": "ledger.write"}


async def test_probes_need_no_token_and_channelz_needs_its_scope(tokens):
    async with running(tokens=tokens) as fake:
        health = health_pb2_grpc.HealthStub(fake.channel)
        assert (await health.Check(health_pb2.HealthCheckRequest())).status == 1
        channelz = channelz_pb2_grpc.ChannelzStub(fake.channel)
        request = channelz_pb2.GetServersRequest()
        denied = await refusal(channelz.GetServers(request, metadata=bearer(ANA)))
        assert denied == (grpc.StatusCode.PERMISSION_DENIED, "SCOPE_MISSING")
        assert (await channelz.GetServers(request, metadata=bearer(OPERATOR))).server


def test_every_rpc_of_the_contracts_has_its_scope_and_no_scope_is_left_over():
    in_contracts = {
        f"/{service.full_name}/{method.name}"
        for module in (pb, memory_pb2, inference_pb2, orchestrator_pb2)
        for service in module.DESCRIPTOR.services_by_name.values()
        for method in service.methods
    }
    assert {method for method in ACCESS if method.startswith("/pmm.")} == in_contracts
    assert all(ACCESS[method].scope for method in in_contracts)
    pool = descriptor_pool.Default()
    for method in ACCESS:
        service, _, name = method.lstrip("/").partition("/")
        if (
            service != "grpc.reflection.v1.ServerReflection"
        ):  # the same messages as v1alpha; no descriptor of its own
            assert name in pool.FindServiceByName(service).methods_by_name


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "token: Field required"),
        ("[[token]]\nowner = 'a'\nminds = []\nscopes = []", "needs either token or token_sha256"),
        ("[[token]]\nowner = 'a'\ntoken = 'secret'\nminds = []\nscopes = []", "at least 16 characters"),
        ("[[token]]\nowner = 'a'\nnope = 1\ntoken = 'secretsecretsecret'\nminds = []\nscopes = []", "nope"),
        ("this is not TOML", "not valid TOML"),
        (None, "No such file"),
    ],
)
def test_a_tokens_file_that_cannot_be_used_is_refused_without_showing_a_token(tmp_path, content, problem):
    file = tmp_path / "tokens.toml"
    if content is not None:
        file.write_text(content)

    with pytest.raises(SettingsError, match=problem) as caught:
        Tokens.read(file)

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])
async def test_listening_beyond_loopback_without_tls_and_tokens_is_refused_with_what_to_do(host):
    with pytest.raises(SettingsError) as caught:
        async with serve([FakeLedger()], ServerSettings(host=host, port=0)):
            pass

    assert "server.tokens_file" in str(caught.value)
    assert "server.tls_cert" in str(caught.value)


async def test_plaintext_beyond_loopback_is_a_setting_and_tokens_are_needed_all_the_same(tokens, tmp_path):
    open_wide = ServerSettings(host="0.0.0.0", port=0, allow_plaintext=True)
    with pytest.raises(SettingsError, match="tokens_file"):
        async with serve([FakeLedger()], open_wide):
            pass
    settings = open_wide.model_copy(update={"tokens_file": tmp_path / "tokens.toml"})
    async with serve([FakeLedger()], settings, tokens=tokens) as server:
        assert server.port


async def test_tls_serves_those_who_trust_the_ca_and_nobody_in_plaintext(tmp_path):
    ca = authority()
    cert, key = ca.write(tmp_path, "server")
    trusting = grpc.ssl_channel_credentials(ca.pem)
    async with running(credentials=trusting, tls_cert=cert, tls_key=key) as fake:
        assert (await head(fake, "ana", None)).seq == 7
        async with grpc.aio.insecure_channel(f"127.0.0.1:{fake.server.port}") as plain:
            probe = health_pb2_grpc.HealthStub(plain).Check(health_pb2.HealthCheckRequest())
            assert (await failure(probe)).code() is grpc.StatusCode.UNAVAILABLE


async def test_with_a_client_ca_only_its_certificates_get_in(tmp_path):
    ca, clients = authority(), authority("clients")
    cert, key = ca.write(tmp_path, "server")
    (tmp_path / "clients.pem").write_bytes(clients.pem)
    settings = {"tls_cert": cert, "tls_key": key, "tls_client_ca": tmp_path / "clients.pem"}
    known_cert, known_key = clients.issue("ana")
    stranger_cert, stranger_key = authority("others").issue("eve")

    known = grpc.ssl_channel_credentials(ca.pem, known_key, known_cert)
    async with running(credentials=known, **settings) as fake:
        assert (await head(fake, "ana", None)).seq == 7
    for stranger in (
        grpc.ssl_channel_credentials(ca.pem, stranger_key, stranger_cert),
        grpc.ssl_channel_credentials(ca.pem),
    ):
        async with running(credentials=stranger, **settings) as fake:
            assert (await failure(head(fake, "ana", None))).code() is grpc.StatusCode.UNAVAILABLE


async def test_a_renewed_certificate_is_served_without_a_restart(tmp_path):
    old, new = authority("old"), authority("new")
    cert, key = old.write(tmp_path, "server")
    async with running(credentials=grpc.ssl_channel_credentials(old.pem), tls_cert=cert, tls_key=key) as fake:
        assert (await head(fake, "ana", None)).seq == 7
        before = cert.stat().st_mtime
        new.write(tmp_path, "server")
        os.utime(cert, (before + 5, before + 5))
        async with grpc.aio.secure_channel(
            f"127.0.0.1:{fake.server.port}", grpc.ssl_channel_credentials(new.pem)
        ) as channel:
            probe = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())
            assert (await probe).status == health_pb2.HealthCheckResponse.SERVING


def files_missing(folder, ca):
    return {"tls_cert": folder / "no.crt", "tls_key": folder / "no.key"}


def files_unpaired(folder, ca):
    return {"tls_cert": ca.write(folder, "one")[0], "tls_key": ca.write(folder, "two")[1]}


def key_missing(folder, ca):
    return {"tls_cert": ca.write(folder, "one")[0]}


def client_ca_alone(folder, ca):
    return {"tls_client_ca": folder / "ca.pem"}


@pytest.mark.parametrize("wrong", [files_missing, files_unpaired, key_missing, client_ca_alone])
async def test_tls_files_that_do_not_fit_are_refused_at_the_start(tmp_path, wrong):
    with pytest.raises(SettingsError, match=r"tls_|TLS"):
        async with serve([FakeLedger()], ServerSettings(port=0, **wrong(tmp_path, authority()))):
            pass
