"""Finds what a message gives to remember, by a model where there is one, else by rules: the workers do not know."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from contextlib import aclosing
from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp

from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator.errors import ModelFailed
from services.orchestrator.extraction import by_model
from services.orchestrator.extraction.found import Found, by_rules
from services.orchestrator.minds import Minds
from services.orchestrator.peers import Peers
from services.orchestrator.terms import Finished, Said, Started
from services.orchestrator.times import moment, nanoseconds, zone

RECALL = "recall"
"""It answers with quotations: it finds nothing, and promises nothing."""
NO_MODEL = "NOT_SUPPORTED"
"""What inference answers where no backend can keep to a JSON schema."""
ASK_AGAIN_SECONDS = 60.0
"""Until it is asked again whether there is a model, where there was none."""
KEPT = 64
"""Messages whose result is kept for the workers that have not asked yet."""
_Key = tuple[str, int]


class Extractor:
    """One for all workers: each message is read once, and by one call at a time."""

    def __init__(self, minds: Minds, peers: Peers, *, with_model: bool) -> None:
        self._minds = minds
        self._peers = peers
        self._with_model = with_model
        self._no_model_until = 0.0
        self._read: OrderedDict[_Key, asyncio.Task[Found]] = OrderedDict()

    async def found(self, event: mind.Event) -> Found:
        """What a message of a person or an answer holds. Raises ModelFailed."""
        key = (event.mind_id, event.seq)
        task = self._read.get(key)
        if task is None:
            task = self._read[key] = asyncio.create_task(self._find(event))
            while len(self._read) > KEPT:
                self._read.popitem(last=False)
        try:
            # One worker that ends must not end it for the others.
            return await asyncio.shield(task)
        except BaseException:
            if task.done() and self._read.get(key) is task:
                del self._read[key]
            raise

    def forget(self, mind_id: str) -> None:
        """Drop what is kept of a mind: something of it was erased."""
        for key in [key for key in self._read if key[0] == mind_id]:
            del self._read[key]

    async def _find(self, event: mind.Event) -> Found:
        if is_quotation(event):
            return Found()
        is_answer = event.kind == "assistant_message"
        text: str = getattr(event.body, event.kind).text
        now = await self._said_at(event)
        if (
            self._with_model
            and len(text) <= by_model.MAX_CHARACTERS
            and time.monotonic() >= self._no_model_until
        ):
            found = await self._by_model(event.mind_id, text, now, is_answer=is_answer)
            if found is not None:
                return found
        # A long message takes tens of milliseconds: not for the event loop.
        return await asyncio.to_thread(by_rules, text, now, is_answer=is_answer)

    async def _by_model(self, mind_id: str, text: str, now: datetime, *, is_answer: bool) -> Found | None:
        """None where there is no model."""
        try:
            return await ask_model(self._peers, mind_id, text, now, is_answer=is_answer)
        except ModelFailed as error:
            if error.reason != NO_MODEL:
                raise
            self._no_model_until = time.monotonic() + ASK_AGAIN_SECONDS
            return None

    async def _said_at(self, event: mind.Event) -> datetime:
        """The message's own clock, in the mind's zone."""
        state = await self._minds.state(event.mind_id, event.seq)
        occurred = event.body.user_message.occurred_at if event.kind == "user_message" else Timestamp()
        return moment(nanoseconds(occurred) or nanoseconds(event.recorded_at)).astimezone(
            zone(state.profile.time_zone)
        )


async def ask_model(peers: Peers, mind_id: str, text: str, now: datetime, *, is_answer: bool) -> Found:
    """What a model finds in a text and the text bears out. Raises ModelFailed, ValueError."""
    instruction, read, schema = by_model.asked(text, is_answer=is_answer)
    model, words = "", list[str]()
    parts = peers.generate(
        [Said("system", instruction), Said("user", read)],
        [],
        mind_id=mind_id,
        model="",
        sampling=None,
        query_time=None,
        first_turn=False,
        background_tokens=by_model.MAX_TOKENS,
        json_schema=schema,
    )
    async with aclosing(parts):
        async for part in parts:
            match part:
                case Started(name, _):
                    model = name
                case Finished():
                    pass
                case said:
                    words.append(said)
    return by_model.found("".join(words), text, now, is_answer=is_answer, model=model)


def is_quotation(event: mind.Event) -> bool:
    """Whether it is an answer that was put together from memories."""
    return event.kind == "assistant_message" and event.body.assistant_message.backend == RECALL
