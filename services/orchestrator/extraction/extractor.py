"""Finds what a message gives to remember, by rules and by a model where there is one: the workers do not know."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Coroutine
from datetime import datetime
from typing import Any

from pmm.mind.v1 import events_pb2 as mind
from pmm_client.errors import PmmError
from services.orchestrator.errors import ModelFailed
from services.orchestrator.extraction import by_model, dialogue
from services.orchestrator.extraction.fact import USER, told_by
from services.orchestrator.extraction.found import Found, by_rules, combined
from services.orchestrator.extraction.language import is_english
from services.orchestrator.minds import Minds
from services.orchestrator.peers import Peers
from services.orchestrator.snapshot import Snapshot
from services.orchestrator.speakers import speaking
from services.orchestrator.terms import RECALL
from services.orchestrator.times import moment
from services.runtime.times import nanoseconds, zone

NO_MODEL = "NOT_SUPPORTED"
"""What inference answers where no backend can keep to a JSON schema."""
NO_USE = frozenset({"INVALID_JSON", "CONTEXT_TOO_LONG"})
"""What it answers where the model can make nothing of a message, and could not the next time."""
ASK_AGAIN_SECONDS = 60.0
"""Until it is asked again whether there is a model."""
KEPT = 64
"""Messages whose result is kept for the workers that have not asked yet."""
_log = logging.getLogger("pmm.extraction")
_Key = tuple[str, int, bytes]


class Extractor:
    """One for all workers: each message is read once, and by one call at a time."""

    def __init__(self, minds: Minds, peers: Peers, *, with_model: bool) -> None:
        self._minds = minds
        self._peers = peers
        self._with_model = with_model
        self._asking = asyncio.Lock()
        """Held while it is asked whether there is a model."""
        self._is_there, self._known_until = False, 0.0
        """Whether there is a model, and until when that is believed."""
        self._read: OrderedDict[_Key, asyncio.Task[Found]] = OrderedDict()
        self._ruled: OrderedDict[_Key, asyncio.Task[Found]] = OrderedDict()
        """The same by rules alone."""

    async def explicit(self, event: mind.Event) -> Found:
        """What is said in so many words: names, promises, instructions. Raises ModelFailed.

        Rules see that at once; only what is in a language that they do not read waits for a model.
        """
        text = text_of(event)
        if is_quotation(event):
            return Found()
        if await self._may_ask(text) and not await asyncio.to_thread(is_english, text):
            return await self.found(event)
        return await self._once(self._ruled, event, self._rules)

    async def found(self, event: mind.Event) -> Found:
        """All that a message holds, by rules and by a model where there is one. Raises ModelFailed.

        Of somebody else than the mind's usual user these are facts of theirs alone.
        """
        return await self._once(self._read, event, self._find)

    async def is_of_user(self, event: mind.Event) -> bool:
        """Whether the mind's usual user wrote a message, and nobody else."""
        return await self._speaker(event) == USER

    async def _speaker(self, event: mind.Event) -> str | None:
        if event.kind == "assistant_message":
            return USER
        speaker: str = getattr(event.body, event.kind).speaker
        return speaking(speaker, await self._minds.named(event.mind_id, event.seq)) if speaker else USER

    @staticmethod
    async def _once(
        kept: OrderedDict[_Key, asyncio.Task[Found]],
        event: mind.Event,
        find: Callable[[mind.Event], Coroutine[Any, Any, Found]],
    ) -> Found:
        """What is found in a message, by one call at a time, and kept for the others that ask."""
        key = (event.mind_id, event.seq, event.hash)
        task = kept.get(key)
        if task is None:
            task = kept[key] = asyncio.create_task(find(event))
            task.add_done_callback(_heed)
            while len(kept) > KEPT:
                kept.popitem(last=False)
        try:
            # One worker that ends must not end it for the others.
            return await asyncio.shield(task)
        except BaseException:
            if task.done() and kept.get(key) is task:
                del kept[key]
            raise

    @property
    def asks_model(self) -> bool:
        """Whether a model reads along, as far as is known."""
        return self._with_model and self._is_there

    def forget(self, mind_id: str) -> None:
        """Drop what is kept of a mind: something of it was erased."""
        for kept in (self._read, self._ruled):
            for key in [key for key in kept if key[0] == mind_id]:
                del kept[key]

    async def _may_ask(self, text: str) -> bool:
        return self._with_model and len(text) <= by_model.MAX_CHARACTERS and await self._has_model()

    async def _has_model(self) -> bool:
        """Whether there is one, as far as can be told."""
        async with self._asking:
            if time.monotonic() >= self._known_until:
                try:
                    self._believe(await self._peers.has_model())
                except PmmError:
                    return True
        return self._is_there

    def _believe(self, is_there: bool) -> None:
        self._is_there, self._known_until = is_there, time.monotonic() + ASK_AGAIN_SECONDS

    async def _find(self, event: mind.Event) -> Found:
        if is_quotation(event):
            return Found()
        is_answer = event.kind == "assistant_message"
        text = text_of(event)
        rules = await self._once(self._ruled, event, self._rules)
        if not await self._may_ask(text):
            return rules
        english = await asyncio.to_thread(is_english, text)
        now = await self.said_at(event)
        try:
            called = await self._called(event)
            asked = ask_model(
                self._peers, event.mind_id, text, now, is_answer=is_answer, is_english=english, called=called
            )
            both = combined(rules, await asked, is_english=english)
            return of_speaker(await self._speaker(event), both)
        except ModelFailed as error:
            if error.reason == NO_MODEL:
                self._believe(False)
                return rules
            if error.reason in NO_USE and english:
                _log.warning(
                    "a model could not read a message (%s): what rules found stands alone", error.reason
                )
                return rules
            raise

    async def _rules(self, event: mind.Event) -> Found:
        now = await self.said_at(event)
        is_answer = event.kind == "assistant_message"
        called = await self._called(event)
        # A long message takes tens of milliseconds: not for the event loop.
        found = await asyncio.to_thread(by_rules, text_of(event), now, is_answer=is_answer, called=called)
        return of_speaker(await self._speaker(event), found)

    async def _called(self, event: mind.Event) -> list[str]:
        """Under which names a message's writer may speak, or is spoken to."""
        state = await self._minds.named(event.mind_id, event.seq)
        return called(state, is_answer=event.kind == "assistant_message")

    async def told_at(self, mind_id: str, seq: int) -> datetime:
        """The clock of the message at a seq, in the mind's zone."""
        return await self.said_at(await self._peers.event(mind_id, seq))

    async def said_at(self, event: mind.Event) -> datetime:
        """The message's own clock, in the mind's zone."""
        state = await self._minds.named(event.mind_id, event.seq)
        said_ns = occurred_ns(event) or nanoseconds(event.recorded_at)
        return moment(said_ns, zone(state.profile.time_zone))


def of_speaker(speaker: str | None, found: Found) -> Found:
    """What is found where somebody speaks: names, reminders and instructions are the usual user's to give."""
    if speaker == USER:
        return found
    return Found(facts=tuple(told_by(speaker, fact) for fact in found.facts)) if speaker else Found()


def called(state: Snapshot, *, is_answer: bool = False) -> list[str]:
    """What the mind is called, and who talks to it; in an answer nobody else speaks."""
    user_name = "" if is_answer else state.identity.user_name
    return [name for name in (state.identity.name, state.profile.name, user_name) if name]


async def ask_model(
    peers: Peers,
    mind_id: str,
    text: str,
    now: datetime,
    *,
    is_answer: bool,
    is_english: bool,
    called: Collection[str] = (),
) -> Found:
    """What a model finds in a text and the text bears out, but for what others say in it.

    Raises ModelFailed, ValueError. ``called``: what the mind is called, and who talks to it.
    """
    asked, schema = by_model.asked(text, is_answer=is_answer, is_english=is_english)
    answer = await peers.answer(asked, mind_id=mind_id, max_tokens=by_model.MAX_TOKENS, json_schema=schema)
    # What may head a line and is nobody is known of English.
    own = dialogue.by_person(text, called) if is_english and not is_answer else text
    return by_model.found(answer.text, own, now, is_answer=is_answer, model=answer.model)


def _heed(task: asyncio.Task[Found]) -> None:
    """A worker that was stopped asks for no result, and asyncio would complain."""
    if not task.cancelled():
        task.exception()


def occurred_ns(event: mind.Event) -> int:
    """When a person's message was said, where that is not when it was recorded; 0 where it is."""
    is_persons = event.kind in ("user_message", "message_imported")
    return nanoseconds(getattr(event.body, event.kind).occurred_at) if is_persons else 0


def text_of(event: mind.Event) -> str:
    """What a message says."""
    text: str = getattr(event.body, event.kind).text
    return text


def is_quotation(event: mind.Event) -> bool:
    """Whether it is an answer that was put together from memories."""
    return event.kind == "assistant_message" and event.body.assistant_message.backend == RECALL
