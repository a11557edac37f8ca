"""What the real engine does behind our stream. One engine serves all tests: it takes twelve seconds to start."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from google.protobuf.json_format import ParseDict
from google.protobuf.struct_pb2 import Struct

from pmm.inference.v1 import inference_pb2 as pb
from pmm.mind.v1 import events_pb2 as mind
from pmm_client import errors
from pmm_client.channel import open_channel
from pmm_client.raw import InferenceClient
from services.runtime import exits
from tests.support.process import ServiceProcess
from tests.support.serving import Served, serving
from tests.support.vllm_server import vllm_server
from tests.vllm.conftest import ARGUMENTS, CONTEXT

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "enum": ["Porto", "Lyon"]},
        "age": {"type": "integer", "enum": [3, 4]},
    },
    "required": ["city", "age"],
    "additionalProperties": False,
}
CANCEL_SECONDS = 20.0
GROWTH_BYTES = 100 * 2**20
"""What a thousand calls may leave to caches and the allocator."""


def request(text: str = "where is the cat?", **more: Any) -> pb.GenerateRequest:
    sampling = pb.Sampling(**({"max_tokens": 12, "seed": 7} | more.pop("sampling", {})))
    messages = [pb.Message(role=pb.ROLE_USER, text=text)]
    return pb.GenerateRequest(messages=messages, sampling=sampling, **more)


async def answer(
    served: Served, asked: pb.GenerateRequest
) -> tuple[str, list[pb.TextDelta], pb.GenerationCompleted]:
    parts = [part async for part in served.inference.generate(asked)]
    assert [part.WhichOneof("part") for part in (parts[0], parts[-1])] == ["started", "completed"]
    deltas = [part.delta for part in parts[1:-1]]
    return "".join(delta.text for delta in deltas), deltas, parts[-1].completed


def running() -> float:
    """The engine's own gauge of the requests that it works on."""
    from prometheus_client import REGISTRY

    return REGISTRY.get_sample_value("vllm:num_requests_running", _labels("vllm:num_requests_running")) or 0.0


def _labels(name: str) -> dict[str, str]:
    from prometheus_client import REGISTRY

    return next(
        sample.labels for metric in REGISTRY.collect() for sample in metric.samples if sample.name == name
    )


async def test_everything_that_one_engine_does(served: Served) -> None:
    await _it_streams_and_counts(served)
    await _it_repeats_itself_with_a_seed(served)
    await _it_stops_where_it_is_told(served)
    await _it_gives_log_probabilities(served)
    await _it_keeps_to_a_json_schema(served)
    await _it_finds_a_prefix_again(served)
    await _it_refuses_what_is_too_long(served)
    await _it_speaks_as_its_adapter(served)
    await _a_deadline_leaves_the_engine(served)
    await _a_client_that_does_not_read_holds_up_nothing(served)
    await _it_refuses_an_adapter_and_a_model_that_are_not_there(served)
    await _sixty_four_calls_at_once_all_end(served)
    await _a_cancelled_call_leaves_the_engine(served)
    await _a_thousand_cancelled_calls_leave_nothing(served)


async def _it_streams_and_counts(served: Served) -> None:
    text, deltas, done = await answer(served, request())

    assert text
    assert sum(delta.tokens for delta in deltas) <= done.usage.completion_tokens <= 12
    assert done.usage.prompt_tokens > 5
    assert not done.usage_estimated
    assert done.finish_reason in {mind.FINISH_REASON_LENGTH, mind.FINISH_REASON_STOP}
    messages = [pb.Message(role=pb.ROLE_USER, text="where is the cat?")]
    counted = await served.inference.count_tokens(pb.CountTokensRequest(messages=messages))
    assert (counted.tokens, counted.exact) == (done.usage.prompt_tokens, True)
    (model,) = (await served.inference.list_models(pb.ListModelsRequest())).models
    assert (model.up, model.backend, model.context_length) == (True, "vllm", CONTEXT)


async def _it_repeats_itself_with_a_seed(served: Served) -> None:
    first, again = [await answer(served, request(sampling={"temperature": 1.0})) for _ in range(2)]
    other = await answer(served, request(sampling={"temperature": 1.0, "seed": 8}))

    assert first[0] == again[0] != other[0]


async def _it_stops_where_it_is_told(served: Served) -> None:
    whole, _, _ = await answer(served, request(sampling={"temperature": 0.0}))
    stop = whole[3]
    text, _, done = await answer(served, request(sampling={"temperature": 0.0, "stop": [stop]}))

    assert text == whole[: whole.index(stop)]
    assert done.finish_reason == mind.FINISH_REASON_STOP


async def _it_gives_log_probabilities(served: Served) -> None:
    _, deltas, _ = await answer(served, request(sampling={"logprobs": 3}))
    tokens = [token for delta in deltas for token in delta.logprobs]

    assert tokens
    assert all(token.logprob <= 0 and len(token.top) == 3 for token in tokens)
    assert all(token.top[0].logprob >= token.top[-1].logprob for token in tokens)


async def _it_keeps_to_a_json_schema(served: Served) -> None:
    for seed in range(3):
        asked = request(json_schema=ParseDict(SCHEMA, Struct()), sampling={"max_tokens": 200, "seed": seed})
        text, _, _ = await answer(served, asked)
        value = json.loads(text)

        assert value["city"] in {"Porto", "Lyon"}
        assert value["age"] in {3, 4}
    with pytest.raises(errors.PmmError) as caught:
        await answer(served, request(json_schema=ParseDict(SCHEMA, Struct()), sampling={"max_tokens": 2}))
    assert caught.value.reason == "INVALID_JSON"


async def _it_finds_a_prefix_again(served: Served) -> None:
    long = "Ana plants two fig trees in Porto. " * 20
    _, _, cold = await answer(served, request(long + "Where?"))
    _, _, warm = await answer(served, request(long + "When?"))

    assert cold.usage.cached_tokens == 0
    assert warm.usage.cached_tokens > 0.5 * warm.usage.prompt_tokens


async def _it_refuses_what_is_too_long(served: Served) -> None:
    with pytest.raises(errors.ContextTooLong):
        await answer(served, request("zebra " * CONTEXT))


async def _it_speaks_as_its_adapter(served: Served) -> None:
    greedy: dict[str, Any] = {"sampling": {"temperature": 0.0}}
    plain, _, _ = await answer(served, request(**greedy))
    pirate, _, _ = await answer(served, request(adapter="pirate", **greedy))
    again, _, _ = await answer(served, request(adapter="pirate", **greedy))

    assert pirate == again != plain


async def _a_deadline_leaves_the_engine(served: Served) -> None:
    async def late(seed: int) -> bool:
        try:
            async for _ in served.inference.generate(
                request(sampling={"max_tokens": 400, "seed": seed}), timeout=0.1
            ):
                pass
        except errors.DeadlineExceeded:
            return True
        return False

    # Some end by themselves before.
    assert any(await asyncio.gather(*(late(seed) for seed in range(16))))
    await _until_the_engine_rests(served)


async def _a_client_that_does_not_read_holds_up_nothing(served: Served) -> None:
    streams = [served.inference.generate(request(sampling={"max_tokens": 400, "seed": n})) for n in range(8)]
    first = [await anext(stream) for stream in streams]
    assert {part.WhichOneof("part") for part in first} == {"started"}
    await _until_the_engine_rests(served)

    for stream in streams:
        assert [part.WhichOneof("part") async for part in stream][-1] == "completed"


async def _it_refuses_an_adapter_and_a_model_that_are_not_there(served: Served) -> None:
    with pytest.raises(errors.InvalidArgument) as caught:
        await answer(served, request(adapter="parrot"))
    assert caught.value.violations[0].field == "adapter"
    with pytest.raises(errors.UnknownModel):
        await answer(served, request(model="another"))


async def _sixty_four_calls_at_once_all_end(served: Served) -> None:
    asked = [request(f"number {number}", sampling={"max_tokens": 16, "seed": number}) for number in range(64)]
    answers = await asyncio.gather(*(answer(served, one) for one in asked))

    assert all(done.usage.completion_tokens for _, _, done in answers)


async def _a_cancelled_call_leaves_the_engine(served: Served) -> None:
    asked = request(sampling={"max_tokens": 400, "stop": []})
    stream = served.inference.generate(asked)
    async for part in stream:
        if part.WhichOneof("part") == "delta":
            break
    await _close(stream)
    await _until_the_engine_rests(served)


async def _until_the_engine_rests(served: Served) -> None:
    until = time.monotonic() + CANCEL_SECONDS
    while (await served.inference.get_load(pb.GetLoadRequest())).running or running():
        assert time.monotonic() < until, "the engine still works on it"
        # The engine's gauge moves when it does something.
        await answer(served, request(sampling={"max_tokens": 1}))


async def _a_thousand_cancelled_calls_leave_nothing(served: Served) -> None:
    chance = random.Random(3)
    before, tasks = psutil.Process().memory_info().rss, len(asyncio.all_tasks())

    async def one() -> None:
        stream = served.inference.generate(request(sampling={"max_tokens": 400}))
        try:
            async with asyncio.timeout(chance.uniform(0.001, 0.3)):
                async for _ in stream:
                    pass
        except TimeoutError:
            await _close(stream)

    for _ in range(20):
        await asyncio.gather(*(one() for _ in range(50)))
    await _a_cancelled_call_leaves_the_engine(served)

    assert len(asyncio.all_tasks()) <= tasks + 2
    assert psutil.Process().memory_info().rss - before < GROWTH_BYTES


async def _close(stream: AsyncIterator[Any]) -> None:
    close = getattr(stream, "aclose", None)
    if close:
        await close()


def test_a_model_that_is_nowhere_ends_the_start(tmp_path: Path) -> None:
    pytest.importorskip("vllm", reason="NOT TESTED: no vllm; make test-vllm")
    settings = ("inference.backend=vllm", "inference.model=m")
    service = ServiceProcess("inference", tmp_path / "data", settings=settings)
    with pytest.raises(RuntimeError, match="vllm cannot serve 'm'") as told:
        service.start()

    assert service.wait() == exits.USAGE
    assert "Traceback" not in str(told.value)


def kill_the_engine(of: int) -> None:
    for child in psutil.Process(of).children(recursive=True):
        if "EngineCore" in child.name() or "EngineCore" in " ".join(child.cmdline()):
            child.kill()


async def test_an_engine_that_is_killed_fails_its_calls_and_ends_the_service(
    endless_llama: str, tmp_path: Path
) -> None:
    environment = {
        "PMM_INFERENCE__BACKEND": "vllm",
        "PMM_INFERENCE__MODEL": endless_llama,
        "PMM_INFERENCE__VLLM_ARGUMENTS": json.dumps(ARGUMENTS),
    }
    with ServiceProcess("inference", tmp_path / "data", environment=environment) as process:
        async with open_channel(process.target) as channel:
            client = InferenceClient(channel)
            begun = asyncio.Semaphore(0)

            async def one(number: int) -> errors.PmmError | None:
                asked = request(sampling={"max_tokens": 450, "seed": number})
                try:
                    async for part in client.generate(asked):
                        if part.WhichOneof("part") == "delta":
                            begun.release()
                except errors.PmmError as error:
                    return error
                return None

            calls = [asyncio.create_task(one(number)) for number in range(32)]
            for _ in range(32):
                await begun.acquire()
            kill_the_engine(process.pid)
            ended = await asyncio.gather(*calls)
        code = await asyncio.to_thread(process.wait)

    assert all(isinstance(error, errors.Unavailable) for error in ended), ended
    assert code == exits.FAILED


@pytest.mark.parametrize("api", ["chat_completions", "responses"])
async def test_vllms_own_server_is_a_backend_too(tiny_llama: str, tmp_path: Path, api: str) -> None:
    with vllm_server(tiny_llama, tmp_path / "log") as url:
        chosen = {"backend": "openai", "openai_base_url": url, "openai_api": api, "model": "tiny"}
        async with serving(tmp_path, "inference", settings={"inference": chosen}) as served:
            asked = pb.GenerateRequest(messages=[pb.Message(role=pb.ROLE_USER, text="where is the cat?")])
            asked.sampling.max_tokens = 16
            text, _, done = await answer(served, asked)
            (model,) = (await served.inference.list_models(pb.ListModelsRequest())).models

    assert text
    assert (done.usage.completion_tokens, done.finish_reason) == (16, mind.FINISH_REASON_LENGTH)
    assert done.usage.prompt_tokens > 5
    assert (model.name, model.up) == ("tiny", True)


async def test_a_fallback_answers_with_the_model_that_is_named_for_it(
    tmp_path: Path, tiny_llama: str
) -> None:
    nobody = {"backend": "openai", "model": "elsewhere", "openai_base_url": "http://127.0.0.1:9/v1"}
    own = {"fallback": ["vllm"], "vllm_model": tiny_llama, "vllm_arguments": ARGUMENTS}
    async with serving(tmp_path, "inference", settings={"inference": nobody | own}) as served:
        parts = [part async for part in served.inference.generate(request())]

    assert (parts[0].started.backend, parts[0].started.model) == ("vllm", tiny_llama)
    assert parts[-1].WhichOneof("part") == "completed"
