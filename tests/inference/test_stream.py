"""Between a backend and its client: what is fast travels together, nothing is lost, and nobody is held up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.inference import stream
from services.inference.errors import BackendCut
from services.inference.generation import STOP, Completed, Delta, Part, Started, TokenLogprob
from services.inference.stream import Pace, coalesced

STARTED, END = Started("m", "b"), Completed(STOP, 1, 1, is_estimated=False)
FOREVER = 3600.0
NEVER_SOONER, AT_ONCE = Pace(FOREVER, 1e9), Pace(0, 1e9)


class Source:
    """Parts as a backend gives them, and how far it got."""

    def __init__(self, parts: Sequence[Part], *, error: Exception | None = None, hangs: bool = False) -> None:
        self._parts, self._error, self._hangs = parts, error, hangs
        self.given = 0
        self.is_closed = False

    async def __call__(self) -> AsyncGenerator[Part]:
        try:
            for part in self._parts:
                self.given += 1
                yield part
                await asyncio.sleep(0)
            if self._error:
                raise self._error
            if self._hangs:
                await asyncio.Event().wait()
        finally:
            self.is_closed = True


def word(number: int) -> Delta:
    return Delta(f"{number} ", 1, (TokenLogprob(str(number), -1.0),))


async def test_the_first_and_the_last_do_not_wait_and_what_lies_between_travels_together() -> None:
    parts = [STARTED, *map(word, range(50)), END]
    given = [part async for part in coalesced(Source(parts)(), NEVER_SOONER)]

    kinds = [type(part) for part in given]
    assert kinds == [Started, Delta, Delta, Completed]
    assert [part.tokens for part in given if isinstance(part, Delta)] == [1, 49]


async def test_the_last_does_not_wait_for_its_backend_to_put_things_away() -> None:
    parts = coalesced(Source([word(0), word(1), END], hangs=True)(), NEVER_SOONER)
    async with asyncio.timeout(5):
        given = [await anext(parts) for _ in range(3)]
    await parts.aclose()

    assert given == [word(0), word(1), END]


async def test_a_stream_that_is_slower_than_the_pace_is_not_touched() -> None:
    async def slow() -> AsyncGenerator[Part]:
        for number in range(5):
            yield word(number)
            await asyncio.sleep(0.005)

    assert [part async for part in coalesced(slow(), AT_ONCE)] == [word(number) for number in range(5)]


async def test_what_was_held_goes_when_its_time_has_come() -> None:
    source = Source([word(0), word(1), word(2)], hangs=True)
    parts = coalesced(source(), Pace(0.01, 1e9))
    texts = ""
    async with asyncio.timeout(5):
        while texts != "0 1 2 ":
            part = await anext(parts)
            assert isinstance(part, Delta)
            texts += part.text
    await parts.aclose()


async def test_a_client_that_reads_nothing_does_not_hold_up_the_backend() -> None:
    source = Source([STARTED, *map(word, range(500)), END])
    parts = coalesced(source(), AT_ONCE)
    assert await anext(parts) == STARTED
    async with asyncio.timeout(5):
        while not source.is_closed:
            await asyncio.sleep(0)

    rest = [part async for part in parts]
    assert "".join(part.text for part in rest if isinstance(part, Delta)) == "".join(
        f"{n} " for n in range(500)
    )


async def test_what_is_kept_for_a_slow_client_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "MAX_HELD", 10)
    source = Source([STARTED, *map(word, range(500)), END])
    parts = coalesced(source(), AT_ONCE)
    await anext(parts)
    for _ in range(100):
        await asyncio.sleep(0)

    assert source.given <= 1 + 10
    rest = [part async for part in parts]
    assert sum(part.tokens for part in rest if isinstance(part, Delta)) == 500


async def test_an_error_comes_after_all_that_came_before_it() -> None:
    given: list[Part] = []

    async def read() -> None:
        source = Source([STARTED, word(0), word(1)], error=BackendCut("cut"))
        async for part in coalesced(source(), NEVER_SOONER):
            given.append(part)

    with pytest.raises(BackendCut):
        await read()

    assert "".join(part.text for part in given if isinstance(part, Delta)) == "0 1 "


@pytest.mark.parametrize("taken", [0, 1, 2])
async def test_closing_closes_the_backend_and_leaves_no_task(taken: int) -> None:
    source = Source([STARTED, word(0)], hangs=True)
    tasks = len(asyncio.all_tasks())
    parts = coalesced(source(), AT_ONCE)
    for _ in range(taken):
        await anext(parts)
    await parts.aclose()

    assert source.is_closed or not taken
    assert len(asyncio.all_tasks()) == tasks


def test_the_more_streams_are_open_the_seldomer_each_sends() -> None:
    pace = Pace(0.02, 100)
    with pace.stream():
        alone = pace.interval
        with pace.stream(), pace.stream(), pace.stream():
            together = pace.interval

    assert (alone, together) == (0.02, 0.04)


@given(st.lists(st.text(min_size=1, max_size=3), max_size=30), st.sampled_from([0.0, 0.001, FOREVER]))
def test_nothing_is_lost_or_turned_round(texts: list[str], seconds: float) -> None:
    deltas = [Delta(text, 1, (TokenLogprob(text, -0.5),)) for text in texts]

    async def given_() -> list[Part]:
        source = Source([STARTED, *deltas, END])
        return [part async for part in coalesced(source(), Pace(seconds, 1e9))]

    parts = asyncio.run(given_())
    received = [part for part in parts if isinstance(part, Delta)]
    assert (parts[0], parts[-1]) == (STARTED, END)
    assert "".join(delta.text for delta in received) == "".join(texts)
    assert [token.token for delta in received for token in delta.logprobs] == texts
    assert sum(delta.tokens for delta in received) == len(texts)
