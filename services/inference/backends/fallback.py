"""Backends in an order: where one cannot begin to answer, the next does; a circuit breaker spares those down."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

from services.inference.errors import (
    BackendBusy,
    BackendCredentials,
    BackendCut,
    BackendFailed,
    BackendRefused,
    UnknownModel,
)
from services.inference.generation import Backend, Call, Message, ModelInfo, Part
from services.runtime.errors import DomainError, NotSupported

_DOWN = (BackendRefused, BackendFailed, BackendCut, BackendBusy, BackendCredentials, UnknownModel)
"""What another backend may make up for. What is wrong with the call is wrong everywhere."""


class Breaker:
    """Opens after some failures in a row, and lets one call through again after some seconds."""

    def __init__(self, failures: int, seconds: float) -> None:
        self._limit, self._seconds = failures, seconds
        self._failures, self._open_until = 0, 0.0

    def admits(self) -> bool:
        """Whether a call may try it; one that finds its time over is the only one until it is known how it went."""
        if self._failures < self._limit:
            return True
        now = time.monotonic()
        if now < self._open_until:
            return False
        self._open_until = now + self._seconds
        return True

    def note(self, *, well: bool) -> None:
        """How a call went."""
        self._failures = 0 if well else self._failures + 1
        if self._failures >= self._limit:
            self._open_until = time.monotonic() + self._seconds


class FallbackBackend:
    """The first of its backends that can answer does. Nothing is tried again after the first part of an answer."""

    def __init__(self, backends: Sequence[Backend], failures: int, seconds: float) -> None:
        self._backends = backends
        self._breakers = {backend.name: Breaker(failures, seconds) for backend in backends}
        self.name = backends[0].name
        self.supports = frozenset[str]().union(*(backend.supports for backend in backends))

    async def start(self) -> None:
        """See ``Backend``."""
        for backend in self._backends:
            await backend.start()

    async def failed(self) -> BaseException:
        """See ``Backend``: the first of them that is lost."""
        waiting = [asyncio.create_task(backend.failed()) for backend in self._backends]
        try:
            done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            return next(iter(done)).result()
        finally:
            for task in waiting:
                task.cancel()

    async def generate(self, call: Call) -> AsyncGenerator[Part]:
        """See ``Backend``. A model that was asked for by name is the first backend's; the others take their own."""
        able = [backend for backend in self._backends if call.needs <= backend.supports]
        if not able:
            raise NotSupported(
                "none of the backends can do all of what this call asks for together: ask for less at once",
                field=", ".join(sorted(call.needs)),
            )
        refused: DomainError | None = None
        for backend in able:
            breaker, is_last = self._breakers[backend.name], backend is able[-1]
            if not breaker.admits() and not (is_last and refused is None):
                continue
            wanted = call if backend is self._backends[0] else replace(call, model="")
            has_begun = False
            try:
                async with aclosing(backend.generate(wanted)) as parts:
                    async for part in parts:
                        has_begun = True
                        yield part
            except _DOWN as error:
                breaker.note(well=False)
                # A model that the call names is its own choice; one that the settings name may be made up for.
                is_chosen = isinstance(error, UnknownModel) and call.model
                if has_begun or is_chosen:
                    raise
                refused = error
            else:
                breaker.note(well=True)
                return
        if refused is not None:
            raise refused

    async def models(self) -> list[ModelInfo]:
        """See ``Backend``."""
        listed = await asyncio.gather(*(backend.models() for backend in self._backends))
        return [info for infos in listed for info in infos]

    async def count(self, messages: Sequence[Message]) -> tuple[int, bool]:
        """See ``Backend``."""
        return await self._backends[0].count(messages)

    async def close(self) -> None:
        """See ``Backend``."""
        for backend in self._backends:
            await backend.close()
