"""A model call in plain terms, and what a backend is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

STOP, LENGTH, CONTENT_FILTER, UNKNOWN = "stop", "length", "content_filter", ""
"""Why a model stopped."""
TOP_K, LOGPROBS, JSON_SCHEMA, ADAPTER = "sampling.top_k", "sampling.logprobs", "json_schema", "adapter"
STOPS, SEED = "sampling.stop", "sampling.seed"
PENALTIES = frozenset({"sampling.presence_penalty", "sampling.frequency_penalty"})
"""What not every backend can do, by the field of the request that asks for it."""
CHARACTERS_PER_TOKEN = 4
"""An estimate for English, where a backend has no tokenizer of ours."""
FRAME_TOKENS = 4
"""What a chat template adds to each message, about."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the conversation."""

    role: str
    """"system", "user" or "assistant"."""
    text: str


@dataclass(frozen=True, slots=True)
class Memory:
    """A memory that the messages were built from."""

    seq: int
    text: str
    speaker: str
    occurred_at: datetime
    score: float
    memory_id: str = ""
    superseded_by: str = ""
    """The id of what says how it is instead, where that is over which the message is about in this one."""
    quoted_speaker: str = ""
    """Who says all of it, where the speaker only passed it on."""


@dataclass(frozen=True, slots=True)
class OpenCommitment:
    """Something that is promised, and not yet done."""

    seq: int
    text: str
    opened_at: datetime
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StandingInstruction:
    """Something that is wanted from now on."""

    seq: int
    text: str


@dataclass(frozen=True, slots=True)
class KnownName:
    """What somebody is called."""

    seq: int
    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """What to answer, and how."""

    messages: Sequence[Message]
    model: str = ""
    memories: Sequence[Memory] = ()
    sampling: Mapping[str, Any] = field(default_factory=lambda: {})
    """temperature, top_p, top_k, max_tokens, stop, seed, presence_penalty, frequency_penalty where they are set."""
    json_schema: Mapping[str, Any] | None = None
    now: datetime = field(default_factory=lambda: datetime.now().astimezone())
    first_turn: bool = False
    is_unremembered: bool = False
    """Whether nothing of the conversation will be remembered."""
    logprobs: int | None = None
    """So many alternatives a token; None for no log-probabilities at all."""
    adapter: str = ""
    """A LoRA adapter by name."""
    is_background: bool = False
    """Whether nobody waits for it."""
    fairness_key: str = ""
    """Calls with the same key share a turn."""
    needs: frozenset[str] = frozenset()
    """Which of the fields that not every backend supports are set."""
    attempt: int = 1
    """How often it was asked by now: an answer that must be JSON is asked for again where it is none."""
    is_unsearched: bool = False
    """Whether memories could not be searched."""
    open_commitments: Sequence[OpenCommitment] = ()
    """Those that the messages name, the most urgent first."""
    other_commitments: int = 0
    """How many more are open."""
    instructions: Sequence[StandingInstruction] = ()
    """Those that the messages name, in their order."""
    other_instructions: int = 0
    """How many more stand."""
    mind_name: KnownName | None = None
    user_name: KnownName | None = None
    """Of the person."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """The call has its turn."""

    queued_seconds: float


@dataclass(frozen=True, slots=True)
class Started:
    """A model has accepted the call."""

    model: str
    backend: str


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """A token and the natural logarithm of its probability, with those of its alternatives."""

    token: str
    logprob: float
    top: tuple[TokenLogprob, ...] = ()


@dataclass(frozen=True, slots=True)
class Delta:
    """More of the answer."""

    text: str
    """Never empty."""
    tokens: int = 0
    """How many it holds; 0 where the backend does not say."""
    logprobs: tuple[TokenLogprob, ...] = ()


@dataclass(frozen=True, slots=True)
class Completed:
    """The answer is complete."""

    finish_reason: str
    prompt_tokens: int
    completion_tokens: int
    is_estimated: bool
    cached_tokens: int = 0


Part = Admitted | Started | Delta | Completed
"""What a call gives: its turn, and then what the backend streams."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model that can be asked for."""

    name: str
    up: bool
    backend: str
    detail: str = ""
    """Why not, and what to do."""
    context_length: int = 0
    """In tokens; 0 where it is not known."""


class Backend(Protocol):
    """Something that answers."""

    @property
    def name(self) -> str:
        """``recall``, ``openai``"""
        ...

    @property
    def supports(self) -> frozenset[str]:
        """Which of the fields that not every backend can do it can."""
        ...

    async def start(self) -> None:
        """Open what is needed. Raises StartupError."""
        ...

    async def failed(self) -> BaseException:
        """Return only if the backend is lost, and with it the process that holds it."""
        ...

    def generate(self, call: Call) -> AsyncGenerator[Part]:
        """Started, then text, then Completed. Closing the iterator stops the model.

        Raises the errors of ``errors.py``.
        """
        ...

    async def models(self) -> list[ModelInfo]:
        """What can be asked for, the default first. A backend that is down says so, and does not raise."""
        ...

    async def count(self, messages: Sequence[Message]) -> tuple[int, bool]:
        """Tokens of the messages, and whether that is exact."""
        ...

    async def close(self) -> None:
        """Close connections."""
        ...


class Estimating:
    """What backends have in common that hold no model: nothing to start or lose, and no tokenizer."""

    async def start(self) -> None:
        """See ``Backend``."""

    async def failed(self) -> BaseException:
        """See ``Backend``."""
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    async def count(self, messages: Sequence[Message]) -> tuple[int, bool]:
        """See ``Backend``."""
        return estimate_tokens(messages), False


def estimate_tokens(messages: Sequence[Message]) -> int:
    """Tokens of messages, at four characters a token and four for each message's frame."""
    return sum(estimate_text(message.text) + FRAME_TOKENS for message in messages)


def estimate_text(text: str) -> int:
    """Tokens of a text, at four characters a token; at least one where there is any."""
    return -(-len(text) // CHARACTERS_PER_TOKEN)
