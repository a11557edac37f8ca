"""The openai backend against a real HTTP server that misbehaves, asked through the real service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import grpc
import pytest

from pmm.inference.v1 import inference_pb2 as pb
from pmm.mind.v1 import events_pb2 as mind
from services.inference.generation import Part, Started
from services.inference.measured import measured
from tests.inference.asking import Answer, ask, inference, read
from tests.runtime.certificates import authority
from tests.runtime.fake import exporting
from tests.runtime.test_error_table import details_of
from tests.support.openai_server import RETRY_AFTER_SECONDS, WORDS, OpenAIServer
from tests.support.otlp_collector import OtlpCollector
from tests.support.ports import free_port

TEXT = "".join(WORDS)
BEFORE_THE_FAULT = "".join(WORDS[:2])
QUICK: dict[str, Any] = {"retry_seconds": 0.01, "max_retries": 1}
CITY = {"type": "object", "properties": {"city": {"type": "string", "minLength": 2}}, "required": ["city"]}


@pytest.fixture(autouse=True, params=["chat_completions", "responses"])
def api(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Everything holds for both of OpenAI's APIs."""
    monkeypatch.setitem(QUICK, "openai_api", request.param)
    return request.param


def openai(folder: Path, server: OpenAIServer, **settings: Any) -> Any:
    """The service with this model server."""
    return inference(folder, backend="openai", openai_base_url=server.base_url, **(QUICK | settings))


def reason(answer: Answer) -> tuple[str, str]:
    assert answer.error is not None, answer
    return answer.error.code().name, details_of(answer.error)["ErrorInfo"].reason


async def asked(folder: Path, server: OpenAIServer, model: str, **settings: Any) -> tuple[Answer, int]:
    """The answer, and how many requests the model server got for it."""
    before = len(server.requests)
    async with openai(folder, server, **settings) as stub:
        answer = await read(stub.Generate(ask(model)))
        load = await stub.GetLoad(pb.GetLoadRequest())
    assert (load.running, load.waiting) == (0, 0)
    return answer, len(server.requests) - before


async def test_an_answer_streams_with_its_model_and_usage(tmp_path: Path, model_server: OpenAIServer) -> None:
    answer, requests = await asked(tmp_path, model_server, "ok")

    assert answer.text == TEXT
    assert (answer.parts[0], answer.parts[-1], {*answer.parts[1:-1]}) == ("started", "completed", {"delta"})
    assert (answer.started.model, answer.started.backend) == ("porto-7b", "openai")
    assert answer.completed.finish_reason == mind.FINISH_REASON_STOP
    usage = answer.completed.usage
    assert (usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens) == (21, 5, 16)
    assert not answer.completed.usage_estimated
    assert requests == 1


async def test_the_request_says_what_was_asked_for(
    tmp_path: Path, model_server: OpenAIServer, api: str
) -> None:
    is_chat = api == "chat_completions"
    more: dict[str, Any] = {"stop": ["END"], "seed": 3} if is_chat else {}
    sampling = pb.Sampling(temperature=0.5, max_tokens=7, **more)
    async with openai(tmp_path, model_server, openai_api_key="sk-secret", model="ok") as stub:
        await read(stub.Generate(ask(sampling=sampling)))

    sent = model_server.requests[-1]
    messages = [{"role": "user", "content": "Where does my sister live?"}]
    expected: dict[str, Any] = {"model": "ok", "stream": True, "temperature": 0.5} | more
    if is_chat:
        expected |= {"messages": messages, "max_tokens": 7, "stream_options": {"include_usage": True}}
    else:
        expected |= {"input": messages, "max_output_tokens": 7, "store": False}
    assert sent == expected
    assert model_server.keys[-1] == "Bearer sk-secret"


async def test_the_key_comes_from_a_file_and_is_not_needed(
    tmp_path: Path, model_server: OpenAIServer
) -> None:
    (tmp_path / "key").write_text("sk-from-file\n")
    await asked(tmp_path, model_server, "ok", openai_api_key_file=tmp_path / "key")
    await asked(tmp_path, model_server, "ok")

    assert model_server.keys[-2:] == ["Bearer sk-from-file", "Bearer none"]


@pytest.mark.parametrize(
    ("model", "expected", "requests"),
    [
        ("500", ("UNAVAILABLE", "BACKEND_FAILED"), 2),
        ("400", ("UNAVAILABLE", "BACKEND_FAILED"), 1),
        ("401", ("UNAUTHENTICATED", "BACKEND_CREDENTIALS"), 1),
        ("404", ("NOT_FOUND", "UNKNOWN_MODEL"), 1),
        ("context", ("INVALID_ARGUMENT", "CONTEXT_TOO_LONG"), 1),
        ("malformed-first", ("UNAVAILABLE", "BACKEND_FAILED"), 2),
        ("cut-first", ("UNAVAILABLE", "BACKEND_CUT"), 2),
    ],
)
async def test_a_fault_before_the_first_token_has_its_reason_and_what_may_pass_is_tried_again(
    tmp_path: Path, model_server: OpenAIServer, model: str, expected: tuple[str, str], requests: int
) -> None:
    answer, made = await asked(tmp_path, model_server, model)

    assert reason(answer) == expected
    assert answer.parts == []
    assert made == requests


@pytest.mark.parametrize(
    ("model", "expected", "text", "settings"),
    [
        ("cut", "BACKEND_CUT", BEFORE_THE_FAULT, {}),
        ("unfinished", "BACKEND_CUT", TEXT, {}),
        ("slow-mid", "BACKEND_CUT", BEFORE_THE_FAULT, {"read_timeout_seconds": 2}),
        ("malformed", "BACKEND_FAILED", BEFORE_THE_FAULT, {}),
        ("misshapen", "BACKEND_FAILED", BEFORE_THE_FAULT, {}),
        ("error-mid", "BACKEND_FAILED", BEFORE_THE_FAULT, {}),
    ],
)
async def test_a_fault_in_the_middle_ends_the_answer_and_is_never_tried_again(
    tmp_path: Path,
    model_server: OpenAIServer,
    model: str,
    expected: str,
    text: str,
    settings: dict[str, float],
) -> None:
    answer, made = await asked(tmp_path, model_server, model, **settings)

    assert reason(answer) == ("UNAVAILABLE", expected)
    assert answer.text == text
    assert answer.parts.count("started") == 1
    assert answer.completed is None
    assert made == 1


@pytest.mark.parametrize("fault", ["500", "busy", "malformed-first", "cut-first"])
async def test_what_passes_is_not_seen(tmp_path: Path, model_server: OpenAIServer, fault: str) -> None:
    model_server.requests.clear()
    answer, made = await asked(tmp_path, model_server, f"{fault}-then-ok")

    assert (answer.error, answer.text, made) == (None, TEXT, 2)
    assert answer.parts.count("started") == 1


async def test_a_first_token_that_does_not_come_is_not_waited_for(
    tmp_path: Path, model_server: OpenAIServer
) -> None:
    answer, _ = await asked(
        tmp_path, model_server, "slow-first", first_token_timeout_seconds=0.3, max_retries=0
    )

    assert reason(answer) == ("UNAVAILABLE", "BACKEND_REFUSED")
    model_server.wait_until(open_streams=0)


async def test_a_busy_server_is_waited_for_as_long_as_the_call_has_and_then_the_caller_is_told_how_long(
    tmp_path: Path, model_server: OpenAIServer
) -> None:
    before = len(model_server.requests)
    async with openai(tmp_path, model_server) as stub:
        answer = await read(stub.Generate(ask("429"), timeout=RETRY_AFTER_SECONDS / 2))

    assert reason(answer) == ("RESOURCE_EXHAUSTED", "BACKEND_BUSY")
    delay = details_of(answer.error)["RetryInfo"].retry_delay
    assert delay.ToTimedelta().total_seconds() == RETRY_AFTER_SECONDS
    assert len(model_server.requests) - before == 1


async def test_a_server_that_is_not_there_is_named_as_the_cause(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}/v1"
    async with inference(tmp_path, backend="openai", openai_base_url=url, **QUICK) as stub:
        named = await read(stub.Generate(ask("ok")))
        default = await read(stub.Generate(ask()))
        (model,) = (await stub.ListModels(pb.ListModelsRequest())).models

    assert reason(named) == reason(default) == ("UNAVAILABLE", "BACKEND_REFUSED")
    assert not model.up
    assert url in model.detail


async def test_a_certificate_that_is_not_trusted_is_named_as_the_cause_and_one_of_ones_own_can_be(
    tmp_path: Path,
) -> None:
    ca = authority()
    (tmp_path / "ca.pem").write_bytes(ca.pem)
    with OpenAIServer(tls=ca.write(tmp_path, "server")) as server:
        async with openai(tmp_path, server) as stub:
            refused = await read(stub.Generate(ask("ok")))
            (listed,) = (await stub.ListModels(pb.ListModelsRequest())).models
        async with openai(tmp_path, server, openai_ca_file=tmp_path / "ca.pem") as stub:
            trusted = await read(stub.Generate(ask("ok")))

    assert reason(refused) == ("UNAVAILABLE", "BACKEND_REFUSED")
    for told in (refused.error.details(), listed.detail):
        assert "unable to get local issuer certificate" in told
        assert "openai_ca_file" in told
    assert (trusted.error, trusted.text) == (None, TEXT)


async def test_calls_of_a_mind_take_turns_with_those_of_others(
    tmp_path: Path, model_server: OpenAIServer
) -> None:
    model_server.requests.clear()
    async with openai(tmp_path, model_server, max_running=1) as stub:
        first = stub.Generate(ask("endless"))
        await first.read()
        waiting: list[asyncio.Task[Any]] = []
        for text in ("a1", "a2", "a3", "b1"):
            call = stub.Generate(ask("ok", text, fairness_key=text[0]))
            waiting.append(asyncio.create_task(read(call)))
            while (await stub.GetLoad(pb.GetLoadRequest())).waiting < len(waiting):
                await asyncio.sleep(0.01)
        first.cancel()
        await asyncio.gather(*waiting)

    sent = [body.get("messages", body.get("input"))[0]["content"] for body in model_server.requests]
    assert sent[1:] == ["a1", "b1", "a2", "a3"]


async def test_usage_is_estimated_where_the_server_sends_none(
    tmp_path: Path, model_server: OpenAIServer
) -> None:
    answer, _ = await asked(tmp_path, model_server, "no-usage")

    assert answer.completed.usage_estimated
    assert answer.completed.usage.completion_tokens > 0


async def test_an_answer_that_was_too_long_says_so(tmp_path: Path, model_server: OpenAIServer) -> None:
    answer, _ = await asked(tmp_path, model_server, "long")

    assert answer.completed.finish_reason == mind.FINISH_REASON_LENGTH


async def test_cancelling_closes_the_request_upstream_and_frees_the_place(
    tmp_path: Path, model_server: OpenAIServer
) -> None:
    gone = model_server.disconnects
    async with openai(tmp_path, model_server, max_running=1) as stub:
        for ended, model in enumerate(("endless", "slow-first", "slow-mid"), 1):
            call = stub.Generate(ask(model))
            if model != "slow-first":
                while (await call.read()).delta.text == "":
                    pass
            else:
                await asyncio.to_thread(model_server.wait_until, open_streams=1)
            call.cancel()
            await asyncio.to_thread(model_server.wait_until, open_streams=0, disconnects=gone + ended)
        after = await read(stub.Generate(ask("ok")))

    assert after.text == TEXT


async def test_a_deadline_closes_the_request_upstream(tmp_path: Path, model_server: OpenAIServer) -> None:
    gone = model_server.disconnects
    async with openai(tmp_path, model_server) as stub:
        # The first call may spend its time on what is loaded at first use.
        for seconds in (0.5, 2, 8, 32):
            answer = await read(stub.Generate(ask("endless"), timeout=seconds))
            assert answer.error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
            if answer.text:
                break

    assert answer.text
    model_server.wait_until(open_streams=0, disconnects=gone + 1)


async def test_32_answers_stream_at_once(tmp_path: Path, model_server: OpenAIServer) -> None:
    async with openai(tmp_path, model_server) as stub:
        answers = await asyncio.gather(*(read(stub.Generate(ask("ok"))) for _ in range(32)))

    assert [(answer.error, answer.text) for answer in answers] == [(None, TEXT)] * 32


async def test_calls_beyond_the_bound_are_told_to_come_back(
    tmp_path: Path, model_server: OpenAIServer
) -> None:
    async with openai(tmp_path, model_server, max_running=1, max_waiting=1) as stub:
        calls = [stub.Generate(ask("endless")) for _ in range(3)]
        refused = [asyncio.create_task(read(call)) for call in calls]
        done, _ = await asyncio.wait(refused, return_when=asyncio.FIRST_COMPLETED)
        load = await stub.GetLoad(pb.GetLoadRequest())
        for call in calls:
            call.cancel()
        await asyncio.gather(*refused, return_exceptions=True)

    (answer,) = (task.result() for task in done)
    assert reason(answer) == ("RESOURCE_EXHAUSTED", "BACKEND_BUSY")
    assert "RetryInfo" in details_of(answer.error)
    assert (load.running, load.waiting) == (1, 1)


async def test_json_keeps_to_its_schema_or_the_call_fails(
    tmp_path: Path, model_server: OpenAIServer, api: str
) -> None:
    model_server.requests.clear()
    async with openai(tmp_path, model_server) as stub:
        right = await read(stub.Generate(ask("json", json_schema=CITY)))
        wrong = await read(stub.Generate(ask("not-json", json_schema=CITY)))
        prose = await read(stub.Generate(ask("ok", json_schema=CITY)))

    assert (right.error, right.text) == (None, '{"city": "Porto"}')
    assert reason(wrong) == reason(prose) == ("FAILED_PRECONDITION", "INVALID_JSON")
    assert [asked["model"] for asked in model_server.requests].count("not-json") == 3
    assert (wrong.text, prose.text) == ("", "")
    sent, named = model_server.requests[-1], {"name": "answer", "schema": CITY, "strict": True}
    if api == "chat_completions":
        assert sent["response_format"] == {"type": "json_schema", "json_schema": named}
    else:
        assert sent["text"] == {"format": {"type": "json_schema", **named}}


async def test_an_answer_that_is_no_json_is_asked_for_again(
    tmp_path: Path, model_server: OpenAIServer
) -> None:
    model_server.requests.clear()
    async with openai(tmp_path, model_server) as stub:
        right = await read(stub.Generate(ask("not-json-then-json", json_schema=CITY)))

    assert (right.error, right.text) == (None, '{"city": "Porto"}')
    assert [asked["model"] for asked in model_server.requests].count("not-json-then-json") == 2


@pytest.mark.parametrize("schema", [{"type": "nonsense"}, {"$ref": "http://127.0.0.1:9/schema"}], ids=str)
async def test_a_schema_that_cannot_be_used_is_the_callers_fault(
    tmp_path: Path, model_server: OpenAIServer, schema: dict[str, str]
) -> None:
    async with openai(tmp_path, model_server) as stub:
        answer = await read(stub.Generate(ask("json", json_schema=schema)))

    assert reason(answer)[0] == "INVALID_ARGUMENT"


@pytest.mark.parametrize("field", ["adapter", "sampling.top_k", "sampling.logprobs"])
async def test_what_the_api_has_no_place_for_is_refused_by_name(
    tmp_path: Path, model_server: OpenAIServer, field: str
) -> None:
    more: dict[str, Any] = (
        {"sampling": {field.rsplit(".", maxsplit=1)[-1]: 1}} if "." in field else {field: "pirate"}
    )
    async with openai(tmp_path, model_server) as stub:
        answer = await read(stub.Generate(ask("ok", **more)))

    assert reason(answer) == ("UNIMPLEMENTED", "NOT_SUPPORTED")


async def test_what_only_chat_completions_has_is_not_left_out_in_silence(
    tmp_path: Path, model_server: OpenAIServer, api: str
) -> None:
    async with openai(tmp_path, model_server) as stub:
        answer = await read(stub.Generate(ask("ok", sampling=pb.Sampling(seed=3))))

    assert (answer.error is None) == (api == "chat_completions")


async def test_the_servers_models_are_listed_the_set_one_first(
    tmp_path: Path, model_server: OpenAIServer
) -> None:
    async with openai(tmp_path, model_server, model="long") as stub:
        there = (await stub.ListModels(pb.ListModelsRequest())).models
    async with openai(tmp_path, model_server, model="gone") as stub:
        missing = (await stub.ListModels(pb.ListModelsRequest())).models[0]

    assert (there[0].name, there[0].up, there[0].default) == ("long", True, True)
    assert len(there) > 5
    assert all(model.up and not model.default for model in there[1:])
    assert (missing.name, missing.up, missing.default) == ("gone", False, True)
    assert "does not have it" in missing.detail


@pytest.mark.parametrize("models", [500, 401, [], {"data": "nonsense"}, {"data": [7]}], ids=str)
async def test_a_server_that_cannot_list_its_models_is_listed_as_down(tmp_path: Path, models: Any) -> None:
    with OpenAIServer() as server:
        server.models = models
        async with openai(tmp_path, server, model="ok") as stub:
            (model,) = (await stub.ListModels(pb.ListModelsRequest())).models

    assert (model.name, model.up) == ("ok", False)
    assert model.detail


async def test_the_servers_first_model_answers_where_none_is_set(
    tmp_path: Path, model_server: OpenAIServer
) -> None:
    answer, _ = await asked(tmp_path, model_server, "")

    assert answer.text == TEXT
    assert model_server.requests[-1]["model"] == "ok"


async def test_the_span_of_a_call_follows_the_conventions_and_holds_no_text(
    tmp_path: Path, model_server: OpenAIServer
) -> None:
    with OtlpCollector() as collector:
        async with exporting(collector.endpoint), openai(tmp_path, model_server) as stub:
            await read(stub.Generate(ask("ok")))
            await read(stub.Generate(ask("500")))
        spans = [span for span in collector.spans if span.name.startswith("chat ")]

    well, failed = spans
    assert well.kind == 3
    assert {name: value for name, value in well.attributes.items() if name.startswith("gen_ai.")} | {
        "gen_ai.response.finish_reasons": None
    } == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "ok",
        "gen_ai.response.model": "porto-7b",
        "gen_ai.usage.input_tokens": 21,
        "gen_ai.usage.output_tokens": 5,
        "gen_ai.usage.cache_read.input_tokens": 16,
        "gen_ai.response.finish_reasons": None,
    }
    assert (failed.status, failed.attributes["error.type"]) == (2, "BACKEND_FAILED")
    assert not any(word in span.raw for span in collector.spans for word in (b"sister", b"Porto."))


@pytest.mark.parametrize(
    ("model", "is_remembered", "told"), [("narwhal", False, "other"), ("walrus", True, "walrus")]
)
async def test_what_a_caller_calls_a_model_is_told_only_of_a_call_that_is_remembered(
    model: str, is_remembered: bool, told: str
) -> None:
    async def parts() -> AsyncGenerator[Part]:
        yield Started(model, "openai")

    with OtlpCollector() as collector:
        async with exporting(collector.endpoint):
            call = measured(
                parts(), model=model, configured="m", backend="openai", is_remembered=is_remembered
            )
            _ = [part async for part in call]
        (span,) = collector.spans

    assert span.name == f"chat {told}"
    assert (model.encode() in span.raw) == is_remembered


async def test_the_properties_of_a_schema_stay_in_the_order_in_which_they_are_required(
    tmp_path: Path, model_server: OpenAIServer, api: str
) -> None:
    wanted = ["quote", "type", "subject", "object", "sentence", "when"]
    inner = {
        "type": "object",
        "required": wanted,
        "properties": {name: {"type": "string"} for name in wanted},
    }
    outer = {
        "type": "object",
        "required": ["second", "city"],
        "properties": {"city": {"type": "string"}, "more": {"type": "string"}, "second": inner},
    }
    model_server.requests.clear()
    async with openai(tmp_path, model_server) as stub:
        await read(stub.Generate(ask("json", json_schema=outer)))

    sent = model_server.requests[-1]
    is_chat = api == "chat_completions"
    schema = (sent["response_format"]["json_schema"] if is_chat else sent["text"]["format"])["schema"]
    assert schema == outer
    assert list(schema["properties"]) == ["second", "city", "more"]
    assert list(schema["properties"]["second"]["properties"]) == wanted
