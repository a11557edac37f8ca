"""Incognito conversations: in this process's memory only, a bounded number of them, each of bounded length."""

from __future__ import annotations

import time
import uuid
from collections import OrderedDict
from dataclasses import dataclass, field
from itertools import accumulate

from services.orchestrator.terms import Said

MAX_MESSAGES, MAX_CHARACTERS = 40, 65_536
"""Of one conversation, more than a prompt has room for by default; the oldest go."""


@dataclass
class Conversation:
    """What was said in one incognito conversation."""

    mind_id: str
    session_id: str
    started_ns: int
    begun_by: str = ""
    """The idempotency key of the call that began it; empty where it came without one."""
    said: list[Said] = field(default_factory=lambda: [])

    def add(self, *said: Said) -> None:
        """Append messages, and let the oldest go."""
        kept = [*self.said, *said][-MAX_MESSAGES:]
        room = accumulate(len(one.text) for one in reversed(kept))
        fitting = sum(characters <= MAX_CHARACTERS for characters in room)
        self.said = kept[len(kept) - fitting :]


class Incognito:
    """The incognito conversations of this process."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._by_id: OrderedDict[tuple[str, str], Conversation] = OrderedDict()

    def start(self, mind_id: str, session_id: str = "", begun_by: str = "") -> Conversation:
        """A new conversation; its id, which no other may have, is made where none is given."""
        conversation = Conversation(
            mind_id, session_id or f"incognito-{uuid.uuid4().hex[:12]}", time.time_ns(), begun_by
        )
        self._by_id[mind_id, conversation.session_id] = conversation
        if len(self._by_id) > self._capacity:
            self._by_id.popitem(last=False)
        return conversation

    def get(self, mind_id: str, session_id: str) -> Conversation | None:
        """The conversation, if it is one of ours."""
        conversation = self._by_id.get((mind_id, session_id))
        if conversation is not None:
            self._by_id.move_to_end((mind_id, session_id))
        return conversation

    def end(self, mind_id: str, session_id: str) -> None:
        """Forget a conversation."""
        self._by_id.pop((mind_id, session_id), None)
