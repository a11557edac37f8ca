"""gRPC face of inference: decode, ask the backend, encode."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from typing import ClassVar

import grpc.aio

from pmm.inference.v1 import inference_pb2 as pb
from pmm.inference.v1 import inference_pb2_grpc as rpc
from services.inference import convert
from services.inference.admission import Admission
from services.inference.backends.fallback import FallbackBackend
from services.inference.backends.openai import OpenAIBackend, ollama_server, openai_server
from services.inference.backends.recall import MODEL as RECALL_MODEL
from services.inference.backends.recall import RecallBackend
from services.inference.checks import CHECKS
from services.inference.errors import InvalidJson, UnknownModel
from services.inference.generation import Admitted, Backend, Call, Completed, Delta, Part, Started
from services.inference.measured import QUEUE_DURATION, measured, observe_load
from services.inference.settings import BackendName, InferenceSettings
from services.inference.stream import Pace, coalesced
from services.runtime.errors import NotSupported
from services.runtime.service import Service, ServiceContext, ServiceSpec

_Context = grpc.aio.ServicerContext[object, object]


class InferenceServicer(rpc.InferenceServiceServicer):
    """One backend behind a bounded queue."""

    def __init__(self, backend: Backend, admission: Admission, settings: InferenceSettings) -> None:
        self._backend = backend
        self._admission = admission
        self._settings = settings
        self._pace = Pace(settings.delta_milliseconds / 1000, settings.max_deltas_per_second)

    async def Generate(
        self, request: pb.GenerateRequest, context: _Context
    ) -> AsyncIterator[pb.GenerateResponse]:
        call = convert.call(request)
        self._must_have(call.model)
        self._must_support(call.needs)
        began = time.perf_counter()
        queued = first_token = 0.0
        async with aclosing(coalesced(self._admitted(call, context.peer()), self._pace)) as parts:
            async for part in parts:
                match part:
                    case Admitted(seconds):
                        queued = seconds
                    case Started(model, backend):
                        started = pb.GenerationStarted(model=model, backend=backend)
                        yield pb.GenerateResponse(started=started)
                    case Completed():
                        yield convert.completed(part, first_token, queued)
                    case Delta():
                        first_token = first_token or time.perf_counter() - began
                        yield convert.delta(part)

    async def _admitted(self, call: Call, caller: str) -> AsyncGenerator[Part]:
        """The parts of a call that has its slot. It is free again when the backend is done, however slow the client."""
        turn = self._admission.turn(call.fairness_key or caller, is_background=call.is_background)
        async with turn as queued, aclosing(self._parts(call)) as parts:
            QUEUE_DURATION.record(queued)
            yield Admitted(queued)
            async for part in parts:
                yield part

    async def CountTokens(self, request: pb.CountTokensRequest, context: _Context) -> pb.CountTokensResponse:
        self._must_have(request.model)
        tokens, exact = await self._backend.count(convert.messages(request.messages))
        return pb.CountTokensResponse(tokens=tokens, exact=exact)

    async def ListModels(self, request: pb.ListModelsRequest, context: _Context) -> pb.ListModelsResponse:
        found = await self._backend.models()
        return pb.ListModelsResponse(
            models=[convert.model(info, default=i == 0) for i, info in enumerate(found)]
        )

    async def GetLoad(self, request: pb.GetLoadRequest, context: _Context) -> pb.GetLoadResponse:
        return pb.GetLoadResponse(running=self._admission.running, waiting=self._admission.waiting)

    def _must_have(self, model: str) -> None:
        # Another backend's models are its server's to know.
        if self._backend.name == RECALL_MODEL and model not in ("", RECALL_MODEL):
            raise UnknownModel(f"there is no model {model!r}: recall is all that is connected", model=model)

    def _must_support(self, needs: frozenset[str]) -> None:
        for field in sorted(needs - self._backend.supports):
            raise NotSupported(
                f"the backend {self._backend.name} cannot do {field}: leave it out, or connect another backend",
                field=field,
            )

    async def _parts(self, call: Call) -> AsyncGenerator[Part]:
        """The backend's parts. An answer that must be JSON is held back until it is known to be, or asked for again."""
        if call.json_schema is None:
            async with aclosing(self._measured(call)) as parts:
                async for part in parts:
                    yield part
            return
        for part in await self._valid(call):
            yield part

    async def _valid(self, call: Call) -> list[Part]:
        attempt = 1
        while True:
            try:
                async with aclosing(self._measured(replace(call, attempt=attempt))) as parts:
                    return [part async for part in parts]
            except InvalidJson:
                if attempt == self._settings.json_attempts:
                    raise
                attempt += 1

    def _measured(self, call: Call) -> AsyncGenerator[Part]:
        return measured(
            self._backend.generate(call),
            model=call.model,
            configured=self._settings.model or self._backend.name,
            backend=self._backend.name,
            is_remembered=not call.is_unremembered,
        )


class InferenceService(Service):
    """The inference service with its life."""

    name = "inference"
    full_name = "pmm.inference.v1.InferenceService"
    checks: ClassVar = CHECKS

    def __init__(self, settings: InferenceSettings, context: ServiceContext) -> None:
        del context
        self._settings = settings
        self._backend = _backend(settings)

    def register(self, server: grpc.aio.Server) -> None:
        admission = Admission(self._settings.max_running, self._settings.max_waiting)
        observe_load(lambda: admission.running, lambda: admission.waiting)
        servicer = InferenceServicer(self._backend, admission, self._settings)
        rpc.add_InferenceServiceServicer_to_server(servicer, server)

    async def start(self) -> None:
        await self._backend.start()

    async def failed(self) -> BaseException:
        return await self._backend.failed()

    async def stop(self) -> None:
        await self._backend.close()


def _backend(settings: InferenceSettings) -> Backend:
    names: list[BackendName] = [settings.backend, *settings.fallback]
    backends = [_made(name, settings) for name in dict.fromkeys(names)]
    if len(backends) == 1:
        return backends[0]
    return FallbackBackend(backends, settings.breaker_failures, settings.breaker_seconds)


def _made(name: BackendName, settings: InferenceSettings) -> Backend:
    match name:
        case "recall":
            return RecallBackend()
        case "openai":
            return OpenAIBackend(openai_server(settings), settings)
        case "ollama":
            return OpenAIBackend(ollama_server(settings), settings)
        case "vllm":
            # Its library takes seconds to load, and is not there without the extra.
            from services.inference.backends.vllm import VllmBackend

            return VllmBackend(settings)


SPEC = ServiceSpec("inference", InferenceSettings, InferenceService, default_port=50053, format_version=1)
