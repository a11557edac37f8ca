"""The policies of a mind: what an owner may set, what each means, and what holds where nothing is set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.orchestrator.guard import ACTIONS, DEFAULTS, POLICY_PREFIX, SEVERITIES
from services.orchestrator.projections.profile import CAP, FROZEN, IMPORTS, SETTINGS, Profile
from services.orchestrator.projections.traits import START


@dataclass(frozen=True, slots=True)
class Policy:
    """A key, and what may be said of it. Values as JSON has them."""

    default: Any
    meaning: str
    allowed: tuple[str, ...] = ()
    """Its values, where they can be listed."""


POLICIES: Mapping[str, Policy] = {
    "description": Policy("", "What the mind is for, in a few words."),
    "persona_prompt": Policy("", "Instructions that stand first in every prompt."),
    "time_zone": Policy("", 'In which words like "Friday" are read: an IANA name; empty: UTC.'),
    "language": Policy("", "BCP 47 tag of the language that it speaks; empty: en."),
    FROZEN: Policy(False, "Whether its traits stay as they are.", ("true", "false")),
    IMPORTS: Policy(
        False, "Whether facts are drawn from messages that are imported from then on.", ("true", "false")
    ),
    CAP: Policy(START, f"How far a trait may go from the middle: a number from 0 to {START}."),
    **{
        f"{POLICY_PREFIX}{name}": Policy(
            DEFAULTS[severity], f"What is done with a message that holds: {name.replace('_', ' ')}.", ACTIONS
        )
        for name, severity in SEVERITIES.items()
    },
}
"""By key."""


def held(profile: Profile) -> dict[str, Any]:
    """What was set, by key."""
    told = {key: value for key in SETTINGS if (value := getattr(profile, key))}
    return {**told, **profile.policies}
