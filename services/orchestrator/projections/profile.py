"""What a mind was told about itself, its policies, and how much there is in it."""

from __future__ import annotations

from typing import Any

from google.protobuf.json_format import MessageToDict
from immutables import Map
from msgspec.structs import replace

from pmm.mind.v1.events_pb2 import Event, MindCreated, MindImported
from services.orchestrator.guard import closed
from services.orchestrator.projection import Projection, State
from services.runtime.times import nanoseconds

SETTINGS = ("description", "persona_prompt", "time_zone", "language")
"""Keys of policy_changed that are settings of the mind; the others are policies."""
FROZEN, CAP, IMPORTS = "traits.frozen", "traits.cap", "imports.facts"
"""Policies: no trait moves; no trait goes further from the middle; imported messages form facts, too."""
FLAGS = (FROZEN, IMPORTS)
MAX_POLICIES = 1_000
"""More than there are keys that mean anything."""


class Profile(State, frozen=True):
    """The mind as a whole. Times in ns since 1970 UTC."""

    name: str = ""
    owner: str = ""
    description: str = ""
    persona_prompt: str = ""
    time_zone: str = ""
    language: str = ""
    policies: Map[str, Any] = Map()
    created_ns: int = 0
    user_messages: int = 0
    assistant_messages: int = 0
    imported_messages: int = 0
    failed_turns: int = 0
    changed_seq: int = 0
    """When a setting last changed, or the name."""


def created(state: Profile, event: Event) -> Profile:
    return _born(state, event, event.body.mind_created)


def imported(state: Profile, event: Event) -> Profile:
    return _born(state, event, event.body.mind_imported)


def _born(state: Profile, event: Event, body: MindCreated | MindImported) -> Profile:
    told = {key: getattr(body.settings, key) for key in SETTINGS}
    return replace(
        state,
        name=body.name,
        owner=body.owner,
        created_ns=nanoseconds(event.recorded_at),
        changed_seq=event.seq,
        **told,
    )


def policy_changed(state: Profile, event: Event) -> Profile:
    """It fails closed: what was erased may have said of any class of personal data that it is nobody's business."""
    if event.redacted:
        return replace(state, policies=state.policies.update(closed(state.policies)))
    body = event.body.policy_changed
    # What JSON cannot say, NaN and the infinite, is a ValueError.
    value: Any = MessageToDict(body.value)
    if body.key in SETTINGS:
        if not isinstance(value, str):
            raise ValueError(f"{body.key} is a text")
        return replace(state, **{body.key: value}, changed_seq=event.seq)
    if body.key in FLAGS and not isinstance(value, bool):
        raise ValueError(f"{body.key} is true or false")
    if body.key == CAP and not isinstance(value, float):
        raise ValueError(f"{CAP} is a number")
    if body.key not in state.policies and len(state.policies) >= MAX_POLICIES:
        raise ValueError("there are too many policies")
    return replace(state, policies=state.policies.set(body.key, value))


def counted(field: str) -> Any:
    """A fold that counts an event in a field."""

    def count(state: Profile, _event: Event) -> Profile:
        return replace(state, **{field: getattr(state, field) + 1})

    return count


PROFILE = Projection(
    name="profile",
    initial=Profile(),
    folds={
        "mind_created": created,
        "mind_imported": imported,
        "policy_changed": policy_changed,
        "user_message": counted("user_messages"),
        "assistant_message": counted("assistant_messages"),
        "message_imported": counted("imported_messages"),
        "turn_failed": counted("failed_turns"),
    },
    of_headers=frozenset(
        {"policy_changed", "user_message", "assistant_message", "message_imported", "turn_failed"}
    ),
)
