"""Where one backend cannot begin to answer, the next one does, and one that is down is spared for a while."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pmm.inference.v1 import inference_pb2 as pb
from pmm_client import errors
from services.inference.backends import fallback
from tests.support.openai_server import WORDS, OpenAIServer
from tests.support.serving import Served, serving

BREAKER_SECONDS = 300


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


def settings(server: OpenAIServer, model: str, **more: Any) -> dict[str, dict[str, Any]]:
    chosen = {"backend": "openai", "fallback": ["recall"], "openai_base_url": server.base_url, "model": model}
    return {"inference": {**chosen, "max_retries": 0, "breaker_seconds": BREAKER_SECONDS, **more}}


def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Puts the clock of the circuit breakers ahead by so many seconds: a busy machine takes its time."""
    ahead = 0.0

    def put(seconds: float) -> None:
        nonlocal ahead
        ahead += seconds

    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + ahead)
    monkeypatch.setattr(fallback, "time", clock)
    return put


async def answer(served: Served, model: str = "") -> tuple[str, str]:
    """The backend that answered, and its text."""
    messages = [pb.Message(role=pb.ROLE_USER, text="where is the cat?")]
    parts = [
        part async for part in served.inference.generate(pb.GenerateRequest(messages=messages, model=model))
    ]
    assert parts[-1].WhichOneof("part") == "completed"
    return parts[0].started.backend, "".join(part.delta.text for part in parts)


async def test_the_first_that_can_answer_does(tmp_path: Path, server: OpenAIServer) -> None:
    async with serving(tmp_path, "inference", settings=settings(server, "ok")) as served:
        assert await answer(served) == ("openai", "".join(WORDS))
        listed = (await served.inference.list_models(pb.ListModelsRequest())).models
        assert {(model.backend, model.up) for model in listed} == {("openai", True), ("recall", True)}


@pytest.mark.parametrize("model", ["500", "429", "401", "404", "cut-first", "malformed-first"])
async def test_the_next_one_answers_for_one_that_cannot_begin(
    tmp_path: Path, server: OpenAIServer, model: str
) -> None:
    async with serving(tmp_path, "inference", settings=settings(server, model)) as served:
        backend, text = await answer(served)

        assert backend == "recall"
        assert text


async def test_nothing_is_tried_again_after_the_first_word(tmp_path: Path, server: OpenAIServer) -> None:
    async with serving(tmp_path, "inference", settings=settings(server, "cut")) as served:
        with pytest.raises(errors.Unavailable):
            await answer(served)
    assert len(server.requests) == 1


async def test_one_that_is_down_is_spared_and_tried_again_later(
    tmp_path: Path, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = later(monkeypatch)
    chosen = settings(server, "500", breaker_failures=3)
    async with serving(tmp_path, "inference", settings=chosen) as served:
        for _ in range(8):
            assert (await answer(served))[0] == "recall"
        assert len(server.requests) == 3
        ahead(BREAKER_SECONDS)
        assert (await answer(served))[0] == "recall"
        assert len(server.requests) == 4


async def test_what_is_wrong_with_the_call_is_wrong_everywhere(tmp_path: Path, server: OpenAIServer) -> None:
    async with serving(tmp_path, "inference", settings=settings(server, "context")) as served:
        with pytest.raises(errors.ContextTooLong):
            await answer(served)


async def test_ollama_is_asked_as_any_other_server(tmp_path: Path, server: OpenAIServer) -> None:
    chosen = settings(server, "ok", backend="ollama", fallback=[], ollama_base_url=server.base_url)
    async with serving(tmp_path, "inference", settings=chosen) as served:
        assert await answer(served) == ("ollama", "".join(WORDS))


async def test_ollama_stands_in_with_an_address_and_a_model_of_its_own(
    tmp_path: Path, server: OpenAIServer
) -> None:
    own = {"fallback": ["ollama"], "ollama_base_url": server.base_url, "ollama_model": "long"}
    with OpenAIServer() as failing:
        async with serving(tmp_path, "inference", settings=settings(failing, "500", **own)) as served:
            assert await answer(served) == ("ollama", "".join(WORDS))
    assert [asked["model"] for asked in failing.requests + server.requests] == ["500", "long"]


async def test_only_one_call_tries_what_was_down(
    tmp_path: Path, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = later(monkeypatch)
    chosen = settings(server, "500", breaker_failures=1)
    async with serving(tmp_path, "inference", settings=chosen) as served:
        await answer(served)
        ahead(BREAKER_SECONDS)
        await asyncio.gather(*(answer(served) for _ in range(8)))
    assert len(server.requests) == 2


async def test_what_none_can_do_alone_is_refused(tmp_path: Path, server: OpenAIServer) -> None:
    sampling = pb.Sampling(top_k=3)
    asked = pb.GenerateRequest(messages=[pb.Message(role=pb.ROLE_USER, text="hi")], sampling=sampling)
    asked.json_schema.update({"type": "object"})
    async with serving(tmp_path, "inference", settings=settings(server, "ok")) as served:
        with pytest.raises(errors.PmmError, match="together"):
            _ = [part async for part in served.inference.generate(asked)]
