"""The privacy guard: finds personal data in a text and does what the mind's policy says, before anything else sees it.

Numbers are found by libraries and check digits, addresses and dates of birth by their form and the words around them,
statements about health and money by rules over words. docs/privacy.md says what it finds and what it does not.
"""

from services.orchestrator.guard.contacts import region_of
from services.orchestrator.guard.policy import (
    ACTIONS,
    DEFAULTS,
    POLICY_PREFIX,
    SEVERITIES,
    Finding,
    Guarded,
    NoAction,
    closed,
    find,
    guard,
    in_force,
    warm_up,
)

__all__ = [
    "ACTIONS",
    "DEFAULTS",
    "POLICY_PREFIX",
    "SEVERITIES",
    "Finding",
    "Guarded",
    "NoAction",
    "closed",
    "find",
    "guard",
    "in_force",
    "region_of",
    "warm_up",
]
