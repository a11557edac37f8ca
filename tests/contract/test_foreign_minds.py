"""One mind never sees another's: every RPC with a token for one mind, against one that exists and one that does not."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.ledger.v1 import ledger_pb2_grpc as ledger_rpc
from pmm.memory.v1 import memory_pb2 as memory
from pmm.memory.v1 import memory_pb2_grpc as memory_rpc
from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from pmm.orchestrator.v1 import orchestrator_pb2_grpc as rpc
from services.orchestrator.store import DeadLetter, Store
from services.runtime.auth import mind_fields
from tests.support.contracts import Rpc, empty, maximal, nonsense, rpcs
from tests.support.stack import Stack

pytestmark = pytest.mark.slow
OWN, FOREIGN, NOBODY = "ana", "ana-ben", "ana-nil"
"""The foreign names begin with the own one: no search by a prefix may reach into them."""
SECRET = "quokka"
ADMIN_TOKEN, ANA_TOKEN = "admin-token-of-the-test", "ana-token-of-the-test"
TOKENS = f"""
[[token]]
owner = "admin"
token = "{ADMIN_TOKEN}"
minds = ["*"]
scopes = ["*"]
[[token]]
owner = "ana"
token = "{ANA_TOKEN}"
minds = ["{OWN}"]
scopes = ["*"]
"""
LETTER = DeadLetter(FOREIGN, "commitments", 4242, "RuntimeError", 3, 1, 0)
PLAIN: dict[str, Any] = {
    "text": "hello there", "query": "hello", "name": "Ada", "actor": "user", "rating": 0.5, "seq": 1, "k": 3,
    "privacy_mode": 1, "outcome": 2, "type": 2, "speaker": "Ana", "key": "description",
}  # fmt: skip
"""What a request must hold before its ids are looked at, by the name of the field."""

Answer = tuple[str, str, str]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("foreign")
    tokens, own = folder / "tokens.toml", folder / "token"
    tokens.write_text(TOKENS)
    own.write_text(ADMIN_TOKEN)
    env = {"PMM_SERVER__TOKENS_FILE": str(tokens), "PMM_PEERS__TOKEN_FILE": str(own)}
    with Stack(folder / "data", env=env) as running:
        tell_a_life(running)
        running.stop()
        with contextlib.closing(Store(folder / "data" / "orchestrator")) as store:
            store.put_dead_letter(LETTER)
        running.start()
        yield running


def bearer(token: str) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {token}"),)


def tell_a_life(stack: Stack) -> None:
    """The own mind, and a foreign one that has one of everything."""
    admin: Any = {"metadata": bearer(ADMIN_TOKEN), "timeout": 30}
    with grpc.insecure_channel(stack.target) as channel:
        stub = rpc.OrchestratorServiceStub(channel)
        stub.CreateMind(pb.CreateMindRequest(mind_id=OWN), **admin)
        stub.CreateMind(pb.CreateMindRequest(mind_id=FOREIGN), **admin)
        stub.StartSession(pb.StartSessionRequest(mind_id=FOREIGN, session_id="s-ben", title=SECRET), **admin)
        said = f"From now on, always answer in French. My {SECRET} Ana moved to Porto."
        said_in = pb.ConverseRequest(
            mind_id=FOREIGN, session_id="s-ben", idempotency_key="key-ben", text=said
        )
        list(stub.Converse(said_in, **admin))
        list(stub.Converse(pb.ConverseRequest(mind_id=OWN, text="hello there"), **admin))
        stub.OpenCommitment(pb.OpenCommitmentRequest(mind_id=FOREIGN, text=f"feed the {SECRET}"), **admin)
        following = ledger.SubscribeRequest(mind_id=FOREIGN, kinds=["directive_adopted"])
        events = ledger_rpc.LedgerServiceStub(channel).Subscribe(following, **admin)
        next(message for message in events if message.page.events)
        events.cancel()
        recorded = memory.RecordMemoriesRequest(mind_id=FOREIGN, idempotency_key="of-ben")
        recorded.memories.add(memory_id="m-ben", text=f"the {SECRET} lives in Porto", type=2, source_seqs=[3])
        recorded.memories.add(
            memory_id="new-ben", text=f"the {SECRET} is called Ana", type=2, source_seqs=[3]
        )
        memory_rpc.MemoryServiceStub(channel).RecordMemories(recorded, **admin)


@pytest.fixture(scope="module")
def foreign_ids(stack: Stack) -> dict[str, str]:
    """An id of the foreign mind for each field that may hold one."""
    admin: Any = {"metadata": bearer(ADMIN_TOKEN), "timeout": 30}
    with grpc.insecure_channel(stack.target) as channel:
        stub = rpc.OrchestratorServiceStub(channel)
        [commitment] = stub.ListCommitments(pb.ListCommitmentsRequest(mind_id=FOREIGN), **admin).commitments
        [directive] = stub.ListDirectives(pb.ListDirectivesRequest(mind_id=FOREIGN), **admin).directives
        [letter] = stub.ListDeadLetters(pb.ListDeadLettersRequest(mind_id=FOREIGN), **admin).dead_letters
        node = f"commitment:{commitment.commitment_id}"
        stub.GetNeighbors(pb.GetNeighborsRequest(mind_id=FOREIGN, node_id=node), **admin)
    ids = {
        "session_id": "s-ben",
        "session_ids": "s-ben",
        "commitment_id": commitment.commitment_id,
        "directive_id": directive.directive_id,
        "dead_letter_id": letter.dead_letter_id,
        "memory_id": "m-ben",
        "memory_ids": "m-ben",
        "node_id": node,
        "from_node_id": node,
        "to_node_id": node,
    }
    use_keys(stack, ids)
    return ids


@pytest.fixture(scope="module")
def head_before(stack: Stack, foreign_ids: dict[str, str]) -> int:
    """Where the foreign mind stood before anybody asked for what is its own."""
    return foreign_head(stack)


def foreign_head(stack: Stack) -> int:
    with grpc.insecure_channel(stack.target) as channel:
        request = ledger.GetHeadRequest(mind_id=FOREIGN)
        return (
            ledger_rpc.LedgerServiceStub(channel)
            .GetHead(request, metadata=bearer(ADMIN_TOKEN), timeout=10)
            .seq
        )


def use_keys(stack: Stack, ids: dict[str, str]) -> None:
    """Let the foreign mind use each call's idempotency key once."""
    with grpc.insecure_channel(stack.target) as channel:
        for one in rpcs():
            request = with_ids(one, ids | key_of(one, "ben"))
            if request is not None and "idempotency_key" in one.request.DESCRIPTOR.fields_by_name:
                request.mind_id = FOREIGN  # type: ignore[attr-defined]
                answer(channel, one, request, ADMIN_TOKEN)


def key_of(one: Rpc, whose: str) -> dict[str, str]:
    """What each call has for itself: a key, and an id of a memory that is to be made."""
    made = {"memory_id": f"new-{whose}"} if one.method.name == "RecordMemories" else {}
    return {"idempotency_key": f"key-{whose}-{one.method.name}", **made}


@pytest.fixture
def channel(stack: Stack) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(stack.target) as open_channel:
        yield open_channel


def answer(channel: grpc.Channel, one: Rpc, request: Message, token: str = ANA_TOKEN) -> tuple[Answer, bytes]:
    """Code, reason and words of a refusal, or the first answer."""
    kind = f"{'stream' if one.client_streaming else 'unary'}_{'stream' if one.server_streaming else 'unary'}"
    multi = getattr(channel, kind)(one.path)
    data = request.SerializeToString()
    sent = iter([data]) if one.client_streaming else data
    try:
        called = multi(sent, timeout=10, metadata=bearer(token))
        if not one.server_streaming:
            return ("OK", "", ""), called
        first = next(iter(called), b"")
        called.cancel()
    except grpc.RpcError as error:
        return refusal(error), b""
    return ("OK", "", ""), first


def refusal(error: Any) -> Answer:
    details = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin", b"")
    info = error_details_pb2.ErrorInfo()
    for packed in status_pb2.Status.FromString(details).details:
        packed.Unpack(info)
    return error.code().name, info.reason, f"{error.details()} {sorted(info.metadata.items())}"


ABOUT_A_MIND = pytest.mark.parametrize(
    "one",
    [one for one in rpcs() if mind_fields(one.request.DESCRIPTOR)],
    ids=lambda one: one.path.split(".", 3)[-1],
)


@ABOUT_A_MIND
@pytest.mark.parametrize("make", [empty, maximal, nonsense], ids=lambda make: make.__name__)
def test_a_foreign_mind_is_refused_as_one_that_is_not_there(
    channel: grpc.Channel, one: Rpc, make: Callable[[Rpc], Message]
) -> None:
    answers: list[Answer] = []
    for name in (FOREIGN, NOBODY):
        request = make(one)
        for field in mind_fields(one.request.DESCRIPTOR):
            if one.request.DESCRIPTOR.fields_by_name[field].is_repeated:
                request.ClearField(field)
                getattr(request, field).append(name)
            else:
                setattr(request, field, name)
        (code, reason, words), _ = answer(channel, one, request)
        answers.append((code, reason, words.replace(name, "MIND")))

    assert answers[0] == answers[1]
    # What is larger than a call may be is not even read.
    assert answers[0][:2] in {("PERMISSION_DENIED", "MIND_NOT_ALLOWED"), ("RESOURCE_EXHAUSTED", "")}


def fill(message: Message, ids: dict[str, str], depth: int = 0) -> bool:
    """Set ids where there is a place for one, and beside them what a request needs; whether there was a place."""
    found = False
    if isinstance(message, mind.Body):
        message.user_message.text = "hello there"
        return True
    for field in message.DESCRIPTOR.fields:
        value = ids.get(field.name, PLAIN.get(field.name))
        if field.type == FieldDescriptor.TYPE_MESSAGE:
            found |= depth < 3 and _fill_part(message, field, ids, depth)
        elif value is not None and field.name in ids and field.type == FieldDescriptor.TYPE_STRING:
            found = True
            if field.is_repeated:
                getattr(message, field.name).append(value)
            else:
                setattr(message, field.name, value)
        elif value is not None and not field.is_repeated:
            with contextlib.suppress(TypeError):
                setattr(message, field.name, value)
    return found


def _fill_part(message: Message, field: FieldDescriptor, ids: dict[str, str], depth: int) -> bool:
    if field.name == "until":
        message.until.FromJsonString("2030-01-01T00:00:00Z")  # type: ignore[attr-defined]
    if field.name == "value":
        message.value.string_value = "hello there"  # type: ignore[attr-defined]
    if field.message_type.full_name.startswith("google."):
        return False
    part = getattr(message, field.name).add() if field.is_repeated else getattr(message, field.name)
    if fill(part, ids, depth + 1):
        return True
    if field.is_repeated:
        del getattr(message, field.name)[-1]
    else:
        message.ClearField(field.name)
    return False


def with_ids(one: Rpc, ids: dict[str, str]) -> Message | None:
    request = one.request()
    if "mind_id" not in one.request.DESCRIPTOR.fields_by_name or not fill(request, ids):
        return None
    request.mind_id = OWN  # type: ignore[attr-defined]
    if isinstance(request, ledger.RedactRequest):
        # What is said with an erasure has no key of its own.
        for event in request.events:
            event.ClearField("idempotency_key")
    return request


UNKNOWN = {
    "session_id": "s-nil", "session_ids": "s-nil", "commitment_id": "c-nil",
    "directive_id": "d-nil", "dead_letter_id": "commitments:4243", "memory_id": "m-nil", "memory_ids": "m-nil",
    "node_id": "commitment:nil", "from_node_id": "commitment:nil", "to_node_id": "commitment:nil",
}  # fmt: skip
TAKING_IDS = pytest.mark.parametrize(
    "one",
    [one for one in rpcs() if with_ids(one, UNKNOWN | key_of(one, "nil")) is not None],
    ids=lambda one: one.path.split(".", 3)[-1],
)


@TAKING_IDS
def test_what_belongs_to_another_mind_is_to_the_own_one_as_what_is_nowhere(
    channel: grpc.Channel, one: Rpc, foreign_ids: dict[str, str], head_before: int
) -> None:
    answers: list[Answer] = []
    for ids in (foreign_ids | key_of(one, "ben"), UNKNOWN | key_of(one, "nil")):
        request = with_ids(one, ids)
        assert request is not None
        (code, reason, words), first = answer(channel, one, request)
        for value in sorted(ids.values(), key=len, reverse=True):
            words = words.replace(value, "ID")
        answers.append((code, reason, words))
        assert SECRET.encode() not in first

    assert answers[0] == answers[1]
    assert answers[0][0] != "INVALID_ARGUMENT", answers[0]


def test_a_listing_names_no_other_mind_and_neither_do_its_pages(channel: grpc.Channel) -> None:
    ana: Any = {"metadata": bearer(ANA_TOKEN), "timeout": 10}
    for prefix in ("", OWN, FOREIGN):
        seen = rpc.OrchestratorServiceStub(channel).ListMinds(
            pb.ListMindsRequest(prefix=prefix, page_size=1), **ana
        )
        kept = ledger_rpc.LedgerServiceStub(channel).ListMinds(
            ledger.ListMindsRequest(prefix=prefix, page_size=1), **ana
        )
        own = [] if prefix == FOREIGN else [OWN]
        assert ([found.mind_id for found in seen.minds], seen.next_page_token) == (own, "")
        assert ([found.mind_id for found in kept.minds], kept.next_page_token) == (own, "")

    of_admin = rpc.OrchestratorServiceStub(channel).ListMinds(
        pb.ListMindsRequest(owner="admin", page_size=1), **ana
    )
    assert ([found.mind_id for found in of_admin.minds], of_admin.next_page_token) == ([OWN], "")


def test_what_is_reported_of_the_whole_process_names_no_mind(channel: grpc.Channel) -> None:
    report = rpc.OrchestratorServiceStub(channel).GetPerformance(
        pb.GetPerformanceRequest(), metadata=bearer(ANA_TOKEN), timeout=10
    )

    assert FOREIGN not in str(report)


def test_caches_of_all_minds_are_emptied_by_none_that_has_some(channel: grpc.Channel) -> None:
    stub = memory_rpc.MemoryServiceStub(channel)
    with pytest.raises(grpc.RpcError) as refused:
        stub.ClearCache(memory.ClearCacheRequest(), metadata=bearer(ANA_TOKEN), timeout=10)

    assert refusal(refused.value)[:2] == ("PERMISSION_DENIED", "MIND_NOT_ALLOWED")
    stub.ClearCache(memory.ClearCacheRequest(mind_id=OWN), metadata=bearer(ANA_TOKEN), timeout=10)
    stub.ClearCache(memory.ClearCacheRequest(), metadata=bearer(ADMIN_TOKEN), timeout=10)


def test_no_cache_tells_whether_others_asked_the_same(channel: grpc.Channel) -> None:
    stub = memory_rpc.MemoryServiceStub(channel)
    request = memory.EmbedRequest(texts=[f"does the {SECRET} bite"])
    stub.Embed(request, metadata=bearer(ADMIN_TOKEN), timeout=10)

    assert not stub.Embed(request, metadata=bearer(ANA_TOKEN), timeout=10).embeddings[0].cached


def test_nothing_of_all_this_was_written_to_the_other_mind(stack: Stack, head_before: int) -> None:
    with grpc.insecure_channel(stack.target) as channel:
        request = ledger.ReadRequest(mind_id=FOREIGN, from_seq=head_before + 1)
        pages = list(
            ledger_rpc.LedgerServiceStub(channel).Read(request, metadata=bearer(ADMIN_TOKEN), timeout=10)
        )

    # Its own workers may still have been at what it was told.
    assert [event.kind for page in pages for event in page.events if not event.causation_seq] == []
    assert all(Path(log).read_text().count("Traceback") == 0 for log in stack.logs())
