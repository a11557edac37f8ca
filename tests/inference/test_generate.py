"""The service over gRPC with the embedded backend: the shape of a stream, what is refused, load and lists."""

from __future__ import annotations

import asyncio
import math
import sys
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from pmm.inference.v1 import inference_pb2 as pb
from pmm.mind.v1 import events_pb2 as mind
from services.inference.admission import Admission
from services.inference.backends.vllm import VllmBackend
from services.inference.errors import BackendBusy
from services.inference.settings import InferenceSettings
from services.runtime.exits import USAGE, StartupError
from tests.inference.asking import ask, inference, read
from tests.runtime.test_error_table import details_of
from tests.support.process import ServiceProcess

TOLD = pb.ContextMemory(
    seq=2,
    text="my sister Ana moved to Porto in May",
    speaker="user",
    occurred_at=Timestamp(seconds=1_777_800_000),
    score=2,
)
NOW = Timestamp(seconds=1_779_000_000)


async def test_recall_streams_and_says_what_it_used(tmp_path: Path) -> None:
    async with inference(tmp_path) as stub:
        answer = await read(stub.Generate(ask(memories=[TOLD], query_time=NOW)))

    assert answer.text == 'You told me: "my sister Ana moved to Porto in May" [#2, 3 May].'
    assert (answer.parts[0], answer.parts[-1], {*answer.parts[1:-1]}) == ("started", "completed", {"delta"})
    assert (answer.started.model, answer.started.backend) == ("recall", "recall")
    assert answer.completed.finish_reason == mind.FINISH_REASON_STOP
    assert answer.completed.usage_estimated
    assert answer.completed.usage.completion_tokens > 0
    assert answer.completed.first_token.ToNanoseconds() > 0


@pytest.mark.parametrize(
    ("time_zone", "day"), [("Pacific/Honolulu", "2 May"), ("Nowhere/At_All", "3 May"), ("", "3 May")]
)
async def test_recall_tells_days_in_the_time_zone_of_the_conversation(
    tmp_path: Path, time_zone: str, day: str
) -> None:
    async with inference(tmp_path) as stub:
        answer = await read(stub.Generate(ask(memories=[TOLD], query_time=NOW, time_zone=time_zone)))

    assert f"[#2, {day}]" in answer.text


async def test_the_same_question_gets_the_same_answer(tmp_path: Path) -> None:
    request = ask(memories=[TOLD], query_time=NOW, first_turn=True)
    async with inference(tmp_path) as stub:
        answers = await asyncio.gather(*(read(stub.Generate(request)) for _ in range(8)))

    assert len({answer.text for answer in answers}) == 1
    assert "PMM_INFERENCE__BACKEND=openai" in answers[0].text


@pytest.mark.parametrize(
    ("field", "more"),
    [
        ("json_schema", {"json_schema": {"type": "object"}}),
        ("adapter", {"adapter": "pirate"}),
        ("sampling.logprobs", {"sampling": pb.Sampling(logprobs=0)}),
    ],
)
async def test_what_the_backend_cannot_do_is_refused_by_name(
    tmp_path: Path, field: str, more: dict[str, Any]
) -> None:
    async with inference(tmp_path) as stub:
        answer = await read(stub.Generate(ask(**more)))

    assert answer.error.code() is grpc.StatusCode.UNIMPLEMENTED
    info = details_of(answer.error)["ErrorInfo"]
    assert (info.reason, info.metadata["field"]) == ("NOT_SUPPORTED", field)


@pytest.mark.parametrize(
    ("request_", "fields"),
    [
        (pb.GenerateRequest(), ["messages"]),
        (pb.GenerateRequest(messages=[pb.Message(text="hi")]), ["messages[0].role"]),
        (ask(text="é" * (2 * 1024 * 1024 + 1)), ["messages"]),
        (
            ask(sampling=pb.Sampling(temperature=-1, top_p=0, top_k=0, max_tokens=0, presence_penalty=3)),
            [
                f"sampling.{name}"
                for name in ("max_tokens", "presence_penalty", "temperature", "top_k", "top_p")
            ],
        ),
        (ask(json_schema={"minimum": math.nan}), ["json_schema"]),
    ],
    ids=["nothing", "no role", "too long", "sampling", "schema"],
)
async def test_every_broken_field_is_named(
    tmp_path: Path, request_: pb.GenerateRequest, fields: list[str]
) -> None:
    async with inference(tmp_path) as stub:
        answer = await read(stub.Generate(request_))

    assert answer.error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert sorted(v.field for v in details_of(answer.error)["BadRequest"].field_violations) == fields


async def test_another_model_is_unknown(tmp_path: Path) -> None:
    async with inference(tmp_path) as stub:
        answer = await read(stub.Generate(ask("llama")))
        with pytest.raises(grpc.aio.AioRpcError) as counting:
            await stub.CountTokens(pb.CountTokensRequest(messages=ask().messages, model="llama"))

    assert answer.error.code() is counting.value.code() is grpc.StatusCode.NOT_FOUND
    assert details_of(answer.error)["ErrorInfo"].reason == "UNKNOWN_MODEL"


async def test_tokens_are_estimated_and_said_to_be(tmp_path: Path) -> None:
    async with inference(tmp_path) as stub:
        short, long = [
            await stub.CountTokens(pb.CountTokensRequest(messages=ask(text=text).messages))
            for text in ("hello", "hello " * 1000)
        ]

    assert 0 < short.tokens < 10
    assert 1000 < long.tokens < 2000
    assert not short.exact


async def test_recall_is_listed_as_up_and_nothing_runs(tmp_path: Path) -> None:
    async with inference(tmp_path) as stub:
        (model,) = (await stub.ListModels(pb.ListModelsRequest())).models
        load = await stub.GetLoad(pb.GetLoadRequest())

    assert (model.name, model.backend, model.up, model.default) == ("recall", "recall", True, True)
    assert (load.running, load.waiting) == (0, 0)


async def test_a_turn_is_given_in_order_and_refused_beyond_the_bound() -> None:
    admission = Admission(max_running=1, max_waiting=1)
    order: list[str] = []

    async def second() -> None:
        async with admission.turn() as waited:
            order.append("second")
            assert waited > 0

    async with admission.turn():
        waiting = asyncio.create_task(second())
        while not admission.waiting:
            await asyncio.sleep(0)
        with pytest.raises(BackendBusy) as refused:
            async with admission.turn():
                pass
        order.append("first")
    await waiting

    assert order == ["first", "second"]
    assert refused.value.retry_after
    assert (admission.running, admission.waiting) == (0, 0)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (("inference.backend=openai", "inference.openai_api_key_file=/nowhere/key"), "openai_api_key_file"),
        (("inference.backend=openai", "inference.openai_ca_file=/nowhere/ca.pem"), "openai_ca_file"),
        (("inference.backend=openai", "inference.openai_base_url=localhost:11434"), "openai_base_url"),
    ],
    ids=["no key file", "no CA file", "no url"],
)
def test_a_setting_that_cannot_work_ends_the_start_with_what_to_do(
    tmp_path: Path, settings: tuple[str, ...], says: str
) -> None:
    service = ServiceProcess("inference", tmp_path / "data", settings=settings)
    with pytest.raises(RuntimeError, match=says) as told:
        service.start()

    assert service.wait() == USAGE
    assert "Traceback" not in str(told.value)


def test_where_vllm_is_not_installed_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vllm", None)
    with pytest.raises(StartupError, match="make setup-vllm-cpu") as told:
        VllmBackend(InferenceSettings(backend="vllm", model="m"))

    assert told.value.code == USAGE


def test_the_key_is_never_shown() -> None:
    settings = InferenceSettings.model_validate({"openai_api_key": "sk-secret"})

    assert "sk-secret" not in repr(settings) + settings.model_dump_json()
