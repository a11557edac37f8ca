"""Any calls in any order, from several clients, with kill -9 among them: each ends as documented, and what is told at
the end is what the ledger says.
"""

from __future__ import annotations

import json
import random
import shutil
import time
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import message_factory
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from tests.support.contracts import Rpc, rpcs
from tests.support.recorded_model import MODEL
from tests.support.stack import Stack
from tests.support.walk import MINDS, UNERASED, Walk
from tests.support.whimsical_model import WhimsicalModel

CLIENTS = 3
CALLS = 100
"""Of each client between two kills."""
ROUNDS_A_KILL = 4
CALL_S = 20.0
FOLLOWED_S = 0.2
"""How long a stream that does not end is followed."""
ENDLESS = frozenset({"Subscribe", "WatchMind"})
QUIET_S = 4.0
PATIENCE_S = 120.0
TOLD = (
    "GetMind", "ListCommitments", "ListDirectives", "ListReflections", "GetTraits", "GetMetrics", "GetStage",
    "GetIdentityHistory", "ListSessions", "GetAnalytics", "ListPolicies", "GetSubgraph", "ListMemories",
    "ListDeadLetters",
)  # fmt: skip
Told = dict[str, dict[str, list[Any]]]
"""Of each mind the answer of each RPC, in pages."""


@pytest.fixture
def by_model(chance: random.Random) -> Iterator[dict[str, str]]:
    """Settings with which a model answers that may say anything."""
    with WhimsicalModel(chance) as model:
        yield {
            "PMM_INFERENCE__BACKEND": "openai",
            "PMM_INFERENCE__OPENAI_BASE_URL": model.base_url,
            "PMM_INFERENCE__MODEL": MODEL,
        }


def test_any_calls_in_any_order_end_as_documented_and_leave_what_the_ledger_says(
    tmp_path: Path, rounds: int, chance: random.Random
) -> None:
    walk_and_build_anew(tmp_path / "data", rounds, chance, {})


def test_the_same_where_a_model_says_anything(
    tmp_path: Path, rounds: int, chance: random.Random, by_model: dict[str, str]
) -> None:
    walk_and_build_anew(tmp_path / "data", rounds, chance, by_model)


def walk_and_build_anew(data: Path, rounds: int, chance: random.Random, env: dict[str, str]) -> None:
    walkers = [Walker(Walk(random.Random(chance.random()))) for _ in range(CLIENTS)]
    with Stack(data, env={**env, "PMM_ORCHESTRATOR__TICK_SECONDS": "0.5"}) as stack:
        create_minds(stack)
        for _ in range(max(1, rounds // ROUNDS_A_KILL)):
            with ThreadPoolExecutor(CLIENTS) as clients:
                walks = [clients.submit(walker.walk, stack.target, CALLS) for walker in walkers]
                time.sleep(chance.uniform(1.0, 4.0))
                stack.kill()
                stack.start()
                for walk in walks:
                    walk.result()
        # What an application appended as a message nobody answers: its turn ends when its mind is opened anew.
        stack.restart()
        told = settled(stack)
    assert [fault for walker in walkers for fault in walker.faults] == []
    assert [text for path in stack.logs() if "internal error" in (text := path.read_text())] == []

    again = built_anew(data, env)
    derived = {mind_id for mind_id in MINDS if head(again, mind_id) > head(told, mind_id)}
    assert differences(told, again, set(MINDS) - derived) == []
    # What is read again is read by the names and promises that an erasure left, and may say more by these, once.
    assert UNERASED not in derived, differences(told, again, {UNERASED})
    if derived:
        assert differences(again, built_anew(data, env), set(MINDS)) == []


def built_anew(data: Path, env: dict[str, str]) -> Told:
    """What is told once all but the ledger is deleted and built from it."""
    for service in ("memory", "orchestrator"):
        shutil.rmtree(data / service)
    with Stack(data, env=env) as stack:
        return settled(stack)


def head(told: Told, mind_id: str) -> int:
    """The seq of a mind's last event."""
    [answer] = told[mind_id]["GetMind"]
    return int(answer["mind"]["seq"])


def differences(before: Told, after: Told, mind_ids: AbstractSet[str]) -> list[Any]:
    """What is told otherwise of some minds: mind, RPC, before and after."""
    return [
        (mind_id, name, before[mind_id][name], after[mind_id][name])
        for mind_id in sorted(mind_ids)
        for name in TOLD
        if before[mind_id][name] != after[mind_id][name]
    ]


class Walker:
    """A client that calls what its walk tells it to, and notes what ends otherwise than documented."""

    def __init__(self, walk: Walk) -> None:
        self._walk = walk
        self.faults: list[str] = []

    def walk(self, target: str, calls: int) -> None:
        """So many calls, one after the other. While the services are away, it waits for them."""
        with grpc.insecure_channel(target) as channel:
            for _ in range(calls):
                rpc, request = self._walk.step()
                try:
                    for answer in answered(channel, rpc, request):
                        self._walk.hear(answer)
                except grpc.RpcError as error:
                    self._judge(rpc, request, error)

    def _judge(self, rpc: Rpc, request: Message, error: Any) -> None:
        code = error.code()
        if code is grpc.StatusCode.UNAVAILABLE:
            time.sleep(0.1)
        is_followed = rpc.method.name in ENDLESS and code is grpc.StatusCode.DEADLINE_EXCEEDED
        is_documented = code.name in rpc.documented_codes - {"INTERNAL", "UNKNOWN", "DATA_LOSS"}
        names_fields = code is not grpc.StatusCode.INVALID_ARGUMENT or broken_fields(error)
        if not (is_followed or (is_documented and names_fields)):
            self.faults.append(f"{rpc.path}: {code.name} {error.details()} for {str(request)[:1_000]}")


def answered(channel: grpc.Channel, rpc: Rpc, request: Message) -> Iterator[Message]:
    """What a call answers. Raises grpc.RpcError."""
    kind = f"{'stream' if rpc.client_streaming else 'unary'}_{'stream' if rpc.server_streaming else 'unary'}"
    call = getattr(channel, kind)(
        rpc.path,
        request_serializer=rpc.request.SerializeToString,
        response_deserializer=message_factory.GetMessageClass(rpc.method.output_type).FromString,
    )
    timeout = FOLLOWED_S if rpc.method.name in ENDLESS else CALL_S
    answer = call(iter([request]) if rpc.client_streaming else request, timeout=timeout)
    yield from answer if rpc.server_streaming else [answer]


def broken_fields(error: Any) -> list[str]:
    """The fields that an INVALID_ARGUMENT names."""
    status = rpc_status.from_call(error)
    found = error_details_pb2.BadRequest()
    return [
        violation.field
        for detail in (status.details if status else ())
        if detail.Unpack(found)
        for violation in found.field_violations
    ]


def create_minds(stack: Stack) -> None:
    create = of_orchestrator("CreateMind")
    with grpc.insecure_channel(stack.target) as channel:
        for mind_id in MINDS:
            list(answered(channel, create, create.request(mind_id=mind_id)))


def of_orchestrator(name: str) -> Rpc:
    return next(rpc for rpc in rpcs() if rpc.path.endswith(f"/{name}") and "inference" not in rpc.path)


def settled(stack: Stack) -> Told:
    """What is told of all minds, once nothing has changed for a while and workers have left nothing undone."""
    until = time.monotonic() + PATIENCE_S
    told, since = told_of_minds(stack), time.monotonic()
    while time.monotonic() - since < QUIET_S:
        assert time.monotonic() < until, {m: a["ListDeadLetters"] for m, a in told.items()}
        time.sleep(QUIET_S / 4)
        now = told_of_minds(stack)
        # What a model failed at is tried again.
        if now != told or any(answers["ListDeadLetters"] != [{}] for answers in now.values()):
            told, since = now, time.monotonic()
    return told


def told_of_minds(stack: Stack) -> Told:
    with grpc.insecure_channel(stack.target) as channel:
        return {mind_id: {name: pages(channel, name, mind_id) for name in TOLD} for mind_id in MINDS}


def pages(channel: grpc.Channel, name: str, mind_id: str) -> list[Any]:
    """All pages of an answer, or the status that it ends in."""
    rpc = of_orchestrator(name)
    request: Any = rpc.request(mind_id=mind_id)
    if "include_retired" in rpc.request.DESCRIPTOR.fields_by_name:
        request.include_retired = True
    found: list[Any] = []
    try:
        while True:
            [answer] = answered(channel, rpc, request)
            told = MessageToDict(answer)
            token = told.pop("nextPageToken", "")
            # What is overdue becomes so while it is looked at.
            found.append(json.loads(json.dumps(told).replace("_STATUS_OVERDUE", "_STATUS_OPEN")))
            if not token:
                return found
            request.page_token = token
    except grpc.RpcError as error:
        return [str(error.code())]  # type: ignore[attr-defined]
