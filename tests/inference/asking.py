"""The inference service behind a real server, asked over real gRPC."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc.aio

from pmm.inference.v1 import inference_pb2 as pb
from pmm.inference.v1 import inference_pb2_grpc as rpc
from services.inference.server import SPEC
from services.inference.settings import InferenceSettings
from services.runtime.peers import Peers
from services.runtime.sections import ServerSettings
from services.runtime.server import serve
from services.runtime.service import ServiceContext


@dataclass
class Answer:
    """A stream that was read to its end, or to the error that ended it."""

    parts: list[str] = field(default_factory=list)
    """``started``, ``delta``, ``completed``, in the order in which they came."""
    text: str = ""
    started: pb.GenerationStarted | None = None
    completed: pb.GenerationCompleted | None = None
    error: grpc.aio.AioRpcError | None = None


async def read(call: Any) -> Answer:
    """Read an answer."""
    answer = Answer()
    try:
        async for response in call:
            part = response.WhichOneof("part")
            answer.parts.append(part)
            match part:
                case "delta":
                    answer.text += response.delta.text
                case _:
                    setattr(answer, part, getattr(response, part))
    except grpc.aio.AioRpcError as error:
        answer.error = error
    return answer


def ask(model: str = "", text: str = "Where does my sister live?", **more: Any) -> pb.GenerateRequest:
    """A request with one message."""
    return pb.GenerateRequest(messages=[pb.Message(role=pb.ROLE_USER, text=text)], model=model, **more)


@asynccontextmanager
async def inference(folder: Path, **settings: Any) -> AsyncIterator[Any]:
    """A stub of the service, which runs with these settings."""
    service = SPEC.build(InferenceSettings(**settings), ServiceContext(folder, Peers({})))
    async with (
        serve([service], ServerSettings(port=0)) as server,
        grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel,
    ):
        yield rpc.InferenceServiceStub(channel)
