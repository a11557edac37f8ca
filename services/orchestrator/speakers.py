"""Who speaks to a mind: its usual user, a program, or somebody else. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from services.orchestrator.extraction.fact import USER
from services.orchestrator.snapshot import Snapshot

_USERS, _PROGRAMS = ("", USER, "me", "human"), ("assistant", "ai", "bot", "model", "system")
"""Speakers as transcripts call them."""


def speaking(speaker: str, state: Snapshot) -> str | None:
    """Of whom a message's facts are, ``USER`` where that is the mind's usual user; None: of nobody."""
    name = speaker.casefold()
    if name in {state.identity.name.casefold(), state.profile.name.casefold(), *_PROGRAMS} - {""}:
        return None
    return USER if name in _USERS or name == state.identity.user_name.casefold() else speaker


def met_by(speaker: str, state: Snapshot) -> Snapshot:
    """The state as a message finds it: who is not the mind's usual user is called what they are."""
    if not speaker or speaking(speaker, state) == USER:
        return state
    return replace(state, identity=replace(state.identity, user_name=speaker, user_seq=0))
