"""Who is calling: set for every RPC by the server, readable anywhere below it."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache

EVERYTHING = "*"
"""The glob of every mind and of every scope."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The identity behind a call and what it may reach."""

    owner: str
    """Who the token belongs to; "local" where no tokens are in use."""
    minds: tuple[str, ...]
    """Globs of the mind ids that the caller may reach: ``ana-*``."""
    scopes: frozenset[str]
    """What the caller may do: ``ledger.read``; globs such as ``ledger.*`` are allowed."""

    def may(self, scope: str) -> bool:
        """Whether the caller holds the scope."""
        return _matches(scope, tuple(self.scopes))

    def may_reach(self, mind_id: str) -> bool:
        """Whether the caller may see this mind, be there such a mind or not."""
        return _matches(mind_id, self.minds)

    def may_reach_all(self) -> bool:
        """Whether the caller may ask about every mind at once."""
        return EVERYTHING in self.minds


@lru_cache(maxsize=4096)
def _matches(name: str, globs: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, glob) for glob in globs)


LOCAL = Caller("local", (EVERYTHING,), frozenset({EVERYTHING}))
"""Everybody who reaches a server without tokens, which listens on loopback only; and work of our own."""

_current: ContextVar[Caller] = ContextVar("pmm_caller", default=LOCAL)


def current_caller() -> Caller:
    """The caller of the RPC that this code runs in; LOCAL outside of one, as in a background worker."""
    return _current.get()


def set_caller(caller: Caller) -> None:
    """For the server only: names the caller for the rest of this task and the tasks that it starts."""
    _current.set(caller)
