"""A model that says anything: the same of the same text, mostly made of its words; now and then it is away."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.support.recorded_model import Answer, RecordedModel, fact, name

AWAY = 0.03
NO_JSON = 0.03
_ENDS = ("", "tomorrow", "in two days", "by Friday", "at noon", "next year", "yesterday", "31 February")
_TYPES = ("fact", "preference", "event", "relationship")
_SAYS = (
    "I will {} by Friday.",
    "You told me that {} [#{}].",
    "I have closed that: {}.",
    "Noted [#{}], [#0], [#99999999999999999999].",
    "My name is {}.",
    "",
)


class WhimsicalModel(RecordedModel):
    """``with WhimsicalModel() as model:`` give ``model.base_url`` to inference."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        super().__init__(lambda text, _before: found(text))

    async def _complete(self, request: Request) -> Response:
        if self._chance.random() < AWAY:
            return JSONResponse({"error": {"message": "overloaded"}}, 503)
        text = (await request.json())["messages"][-1]["content"]
        chance = random.Random(text)
        said = chance.choice(_SAYS).format(_words(chance, text), chance.randrange(50))
        self.replies[text] = said
        return await super()._complete(request)


def found(text: str) -> Answer:
    """What is read in a message."""
    chance = random.Random(text)
    if chance.random() < NO_JSON:
        return text[:200]
    read: Mapping[str, Any] = {
        "names": [
            name(chance.choice(("user", "assistant")), _words(chance, text, 1), _words(chance, text))
            for _ in range(chance.choice((0, 0, 1, 2)))
        ],
        "promises": [
            {"what": _words(chance, text), "due": chance.choice(_ENDS)}
            for _ in range(chance.choice((0, 0, 1)))
        ],
        "instructions": [_words(chance, text) for _ in range(chance.choice((0, 0, 1)))],
        "facts": [
            fact(
                chance.choice(_TYPES),
                chance.choice(("user", _words(chance, text, 1))),
                _words(chance, text, 2),
                f"The user {_words(chance, text)}.",
                _words(chance, text),
                chance.choice(_ENDS),
            )
            for _ in range(chance.choice((0, 1, 2)))
        ],
    }
    return read


def _words(chance: random.Random, text: str, at_most: int = 8) -> str:
    """Some that follow one another."""
    words = text.split() or ["nothing"]
    start = chance.randrange(len(words))
    return " ".join(words[start : start + chance.randint(1, at_most)])[:80]
