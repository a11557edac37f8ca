"""vLLM through our gRPC, through its own OpenAI server, and called directly: the same tiny model on the same machine.

The model is so small that what carries the tokens is the bottleneck: the worst case for us. Each has an engine of its
own, and they take turns, round by round. ``make bench-inference``; needs vLLM.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from itertools import product
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.rows import Row, percentile, row
from pmm.inference.v1 import inference_pb2 as pb
from pmm_client.channel import open_channel
from pmm_client.raw import InferenceClient
from tests.support import tiny_llama
from tests.support.process import ServiceProcess
from tests.support.serving import serving
from tests.support.vllm_server import vllm_server

PROMPT = "where does the cat sleep, and who plants the trees?"
STREAMS, LENGTHS = (1, 8, 32, 64), (64, 512)
ROUNDS = {64: 21, 512: 7}
"""By length: short answers are over soon, and noisier."""
FIRST_TOKENS, CANCELS = 40, 100
START_SECONDS = 120.0
ARGUMENTS: dict[str, Any] = {
    "max_model_len": 1024, "enforce_eager": True, "dtype": "float32", "max_num_seqs": 64, "enable_prefix_caching": True,
}  # fmt: skip
OURS, HTTP, DIRECT = "grpc", "vllm_http", "direct"
ENVIRONMENT = {"VLLM_LOGGING_LEVEL": "ERROR", "VLLM_CPU_KVCACHE_SPACE": "1", "HF_HUB_OFFLINE": "1"}

Stream = Callable[[int], AsyncGenerator[int]]
"""Of so many tokens: gives how many came with each part."""
Tokens = dict[tuple[int, int], list[float]]
"""Tokens a second by streams and length."""


def run() -> list[Row]:
    """Rows ``inference.stream.c<streams>.t<tokens>.<way>.tokens_per_s``, the ratios, and what we add."""
    if importlib.util.find_spec("vllm") is None:
        print("SKIPPED: vllm is not installed: make bench-inference", file=sys.stderr)
        return []
    os.environ.update(ENVIRONMENT)
    with tempfile.TemporaryDirectory() as folder:
        model = tiny_llama.make(Path(folder) / "model", ends=False)
        return asyncio.run(_run(model, Path(folder)))


async def _run(model: str, folder: Path) -> list[Row]:
    ways: dict[str, Callable[[], Any]] = {
        DIRECT: lambda: _direct(model), HTTP: lambda: _http(model, folder), OURS: lambda: _ours(model, folder),
    }  # fmt: skip
    tokens: dict[str, Tokens] = {name: {} for name in ways}
    first: dict[str, list[float]] = {name: [] for name in ways}
    async with AsyncExitStack() as stack:
        streams: dict[str, Stream] = {}
        for name, way in ways.items():
            streams[name] = await stack.enter_async_context(way())
            await _together(streams[name], 8, 32)
        for _ in range(FIRST_TOKENS):
            for name, stream in streams.items():
                first[name].append(await _first_token(stream))
        for length, count in product(LENGTHS, STREAMS):
            print(f"measuring {count} streams of {length} tokens", file=sys.stderr)
            for _ in range(ROUNDS[length]):
                for name, stream in streams.items():
                    rate = await _together(stream, count, length)
                    tokens[name].setdefault((count, length), []).append(rate)
    print("measuring cancellation", file=sys.stderr)
    return [*_rows(tokens, first), *await _cancelled(model, folder)]


def _rows(tokens: dict[str, Tokens], first: dict[str, list[float]]) -> list[Row]:
    rows = [
        row(f"inference.stream.c{streams}.t{length}.{name}.tokens_per_s", rates, "tokens/s")
        for name, measured in tokens.items()
        for (streams, length), rates in measured.items()
    ]
    for streams in STREAMS:
        for other in (HTTP, DIRECT):
            ratios = [
                _ratio(tokens[OURS][streams, length], tokens[other][streams, length]) for length in LENGTHS
            ]
            for length, ratio in zip(LENGTHS, ratios, strict=True):
                rows.append(
                    Row(
                        f"inference.stream.c{streams}.t{length}.ratio_{other}",
                        ratio,
                        "ratio",
                        ROUNDS[length],
                        0.0,
                    )
                )
            rows.append(
                Row(
                    f"inference.stream.c{streams}.ratio_{other}",
                    min(ratios),
                    "ratio",
                    min(ROUNDS.values()),
                    0.0,
                )
            )
    for name, took in first.items():
        rows.append(row(f"inference.ttft.{name}.ms_p50", took, "ms"))
    added = statistics.median(first[OURS]) - statistics.median(first[DIRECT])
    return [*rows, Row("inference.ttft_added.ms_p50", added, "ms", FIRST_TOKENS, 0.0)]


def _ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median over rounds, in each of which both had their turn within seconds."""
    return statistics.median(our / their for our, their in zip(ours, theirs, strict=True))


async def _together(stream: Stream, streams: int, length: int) -> float:
    """Tokens a second of so many streams at once."""

    async def one() -> int:
        async with aclosing(stream(length)) as parts:
            return sum([count async for count in parts])

    began = time.perf_counter()
    counts = await asyncio.gather(*(one() for _ in range(streams)))
    if sum(counts) != streams * length:
        raise RuntimeError(f"{streams} streams of {length} tokens gave {sum(counts)}")
    return sum(counts) / (time.perf_counter() - began)


async def _first_token(stream: Stream) -> float:
    """Milliseconds until the first part with a token."""
    began = time.perf_counter()
    async with aclosing(stream(4)) as parts:
        async for count in parts:
            if count:
                return (time.perf_counter() - began) * 1000
    raise RuntimeError("no token came")


@asynccontextmanager
async def _direct(model: str) -> AsyncGenerator[Stream]:
    from vllm.engine.arg_utils import AsyncEngineArgs  # pyright: ignore[reportMissingImports]
    from vllm.sampling_params import RequestOutputKind, SamplingParams  # pyright: ignore[reportMissingImports]
    from vllm.v1.engine.async_llm import AsyncLLM  # pyright: ignore[reportMissingImports]

    engine: Any = AsyncLLM.from_engine_args(AsyncEngineArgs(model=model, **ARGUMENTS))
    turns = [{"role": "user", "content": PROMPT}]
    tokenizer = engine.get_tokenizer()
    numbers = iter(range(10**9))

    async def stream(length: int) -> AsyncGenerator[int]:
        wanted = SamplingParams(max_tokens=length, temperature=0, output_kind=RequestOutputKind.DELTA)
        # Everybody begins with messages, as they come from a client.
        prompt = tokenizer.apply_chat_template(turns, add_generation_prompt=True, return_dict=False)
        outputs = engine.generate({"prompt_token_ids": prompt}, wanted, request_id=str(next(numbers)))
        async for output in outputs:
            yield len(output.outputs[0].token_ids)

    try:
        yield stream
    finally:
        await asyncio.to_thread(engine.shutdown)


@asynccontextmanager
async def _http(model: str, folder: Path) -> AsyncGenerator[Stream]:
    import aiohttp  # pyright: ignore[reportMissingImports]

    body = {
        "model": "tiny",
        "messages": [{"role": "user", "content": PROMPT}],
        "temperature": 0,
        "stream": True,
    }
    usage = {"include_usage": True, "continuous_usage_stats": True}
    with vllm_server(model, folder / "vllm.log") as url:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

            async def stream(length: int) -> AsyncGenerator[int]:
                asked = body | {"max_tokens": length, "stream_options": usage}
                seen = 0
                async with session.post(f"{url}/chat/completions", json=asked) as answer:
                    async for line in answer.content:
                        if line.startswith(b"data: {"):
                            count = msgspec.json.decode(line[6:])["usage"]["completion_tokens"]
                            yield count - seen
                            seen = count

            yield stream


@asynccontextmanager
async def _ours(model: str, folder: Path) -> AsyncGenerator[Stream]:
    import json

    environment = ENVIRONMENT | {
        "PMM_INFERENCE__BACKEND": "vllm",
        "PMM_INFERENCE__MODEL": model,
        "PMM_INFERENCE__VLLM_ARGUMENTS": json.dumps(ARGUMENTS),
    }
    process = ServiceProcess("inference", folder / "inference", environment=environment)
    with process:
        async with open_channel(process.target) as channel:
            client = InferenceClient(channel)
            yield lambda length: _answer(client, length)


async def _answer(client: InferenceClient, length: int) -> AsyncGenerator[int]:
    sampling = pb.Sampling(max_tokens=length, temperature=0)
    messages = [pb.Message(role=pb.ROLE_USER, text=PROMPT)]
    seen = 0
    async for part in client.generate(pb.GenerateRequest(messages=messages, sampling=sampling)):
        if part.WhichOneof("part") == "delta":
            seen += part.delta.tokens
            yield part.delta.tokens
        elif part.WhichOneof("part") == "completed":
            # Tokens that are half a character come without a text.
            yield part.completed.usage.completion_tokens - seen


async def _cancelled(model: str, folder: Path) -> list[Row]:
    """Milliseconds from a client's cancellation to the engine's own gauge of running requests going down."""
    from prometheus_client import REGISTRY

    def working() -> float:
        return sum(
            sample.value
            for metric in REGISTRY.collect()
            for sample in metric.samples
            if sample.name == "vllm:num_requests_running"
        )

    settings = {"inference": {"backend": "vllm", "model": model, "vllm_arguments": ARGUMENTS}}
    own = folder / "cancel"
    own.mkdir()
    took: list[float] = []
    async with (
        serving(own, "inference", settings=settings) as served,
        aclosing(_answer(served.inference, 900)) as steady,
    ):
        await anext(steady)
        for _ in range(CANCELS):
            stream = _answer(served.inference, 900)
            await anext(stream)
            await _until_sync(lambda: working() >= 2)
            began = time.perf_counter()
            await stream.aclose()
            await _until_sync(lambda: working() < 2)
            took.append((time.perf_counter() - began) * 1000)
    return [
        row("inference.cancel.ms_p50", took, "ms"),
        Row("inference.cancel.ms_p99", percentile(took, 0.99), "ms", len(took), 0.0),
    ]


async def _until_sync(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not is_so():  # noqa: ASYNC110
            await asyncio.sleep(0.0005)
