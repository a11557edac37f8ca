"""Whom an event may speak for: a token that is confined to some minds neither gives one away nor marks another's."""

from __future__ import annotations

from collections.abc import Iterable

from pmm.mind.v1.events_pb2 import Body
from services.ledger.errors import OwnerNotAllowed

DEFAULT_OF = "default_of."
"""What the key of the policy begins with that marks an owner's default mind; the owner follows."""
_BEGINNINGS = frozenset({"mind_created", "mind_imported"})


def check(bodies: Iterable[Body], owner: str) -> None:
    """Raises OwnerNotAllowed where an event to be appended names another owner than the token's."""
    for index, body in enumerate(bodies):
        kind = body.WhichOneof("kind")
        if kind in _BEGINNINGS and getattr(body, kind).owner not in ("", owner):
            raise _refused(f"events[{index}].body.{kind}.owner", owner)
        if kind == "policy_changed":
            key = body.policy_changed.key
            if key.startswith(DEFAULT_OF) and key != DEFAULT_OF + owner:
                raise _refused(f"events[{index}].body.policy_changed.key", owner)


def _refused(field: str, owner: str) -> OwnerNotAllowed:
    return OwnerNotAllowed(f"{field}: the token is {owner!r}'s, and may speak for nobody else", field=field)
