"""A client that is closed: every call says so with an error of its own, in both clients, and closing does no harm."""

from __future__ import annotations

import asyncio
import gc
import threading
import warnings
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import pmm_client
import pmm_client.sync
from tests.client.scripted import scripted

CLOSED = r"is closed: make another one with connect\(\)"
SYNC: dict[str, Callable[[pmm_client.sync.Client], Any]] = {
    "a call": lambda client: client.mind("ada").show(),
    "a list": lambda client: list(client.minds()),
    "an answer": lambda client: client.mind("ada").chat("Hello.").wait(),
    "an upload": lambda client: client.mind("ada").restore([b"{}"]),
    "a write that is repeated": lambda client: client.mind("ada").append([]),
    "models": lambda client: client.models(),
}


@pytest.mark.parametrize("call", SYNC.values(), ids=SYNC)
def test_after_close_the_sync_client_says_so(call: Callable[[pmm_client.sync.Client], Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pmm_client.sync.connect("127.0.0.1:1") as client:
            pass
        with pytest.raises(pmm_client.ClientClosed, match=CLOSED):
            call(client)
        gc.collect()
    client.close()


@pytest.mark.parametrize("token", [None, "ana-token-0123456789"], ids=["no token", "a token"])
async def test_after_close_the_async_client_says_so(token: str | None) -> None:
    client = pmm_client.connect("127.0.0.1:1", token=token)
    mind, reply = client.mind("ada"), client.mind("ada").chat("Hello.")
    await client.close()
    await client.close()

    async def parts() -> AsyncIterator[bytes]:
        yield b"{}"

    for call in (mind.show(), anext(mind.events()), reply, mind.restore(parts()), client.models()):
        with pytest.raises(pmm_client.ClientClosed, match=CLOSED):
            await call
    await reply.aclose()


def test_what_was_begun_before_ends_quietly() -> None:
    client = pmm_client.sync.connect("127.0.0.1:1")
    listed, reply = client.minds(), client.mind("ada").chat("Hello.")
    client.close()

    listed.close()
    reply.close()
    with pytest.raises(pmm_client.ClientClosed):
        next(listed)


async def test_a_call_that_waits_in_another_thread_ends_when_the_client_is_closed() -> None:
    is_waiting = threading.Event()

    async def never(request: Any, context: Any) -> None:
        is_waiting.set()
        await asyncio.Event().wait()

    async with scripted(GetMind=never) as (target, _):
        with ThreadPoolExecutor(1) as pool:
            client = await asyncio.to_thread(pmm_client.sync.connect, target)
            shown = pool.submit(client.mind("ada").show)
            await asyncio.to_thread(is_waiting.wait)
            await asyncio.to_thread(client.close)
            with pytest.raises(pmm_client.ClientClosed):
                await asyncio.wrap_future(shown)


async def _made() -> pmm_client.Client:
    return pmm_client.connect("127.0.0.1:1")


def test_a_call_from_another_event_loop_is_told_by_name() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        client = asyncio.run(_made())
        mind = client.mind("ada")

        async def parts() -> AsyncIterator[bytes]:
            yield b"{}"

        async def call() -> None:
            for each in (mind.show(), anext(mind.events()), mind.chat("Hello."), mind.restore(parts())):
                with pytest.raises(pmm_client.ClientOfAnotherLoop, match="another event loop"):
                    await each

        asyncio.run(call())
        gc.collect()
