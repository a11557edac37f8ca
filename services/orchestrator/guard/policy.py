"""What a mind's policy says about what was found, and what becomes of the text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import islice
from typing import Any

from services.orchestrator.extraction import pieces
from services.orchestrator.guard.accounts import SHORTEST_CARD, cards, ibans
from services.orchestrator.guard.addresses import addresses
from services.orchestrator.guard.births import birth_dates
from services.orchestrator.guard.contacts import emails, phones
from services.orchestrator.guard.identities import national_ids
from services.orchestrator.guard.spans import Span
from services.orchestrator.guard.statements import statements

ALLOW, WARN, MASK, REFUSE = "allow", "warn", "mask", "refuse"
ACTIONS = (ALLOW, WARN, MASK, REFUSE)
POLICY_PREFIX = "personal_data."


class Severity(IntEnum):
    """What harm it does where the data gets to somebody whom it was not meant for."""

    LOW = 1
    """One can be reached or recognised."""
    MEDIUM = 2
    """One can be found, judged or charged."""
    HIGH = 3
    """Somebody can pay or sign in one's name."""


DEFAULTS = {Severity.LOW: ALLOW, Severity.MEDIUM: WARN, Severity.HIGH: MASK}
"""What is done where no policy says otherwise."""
SEVERITIES: Mapping[str, Severity] = {
    "email": Severity.LOW,
    "phone": Severity.LOW,
    "birth_date": Severity.LOW,
    "address": Severity.MEDIUM,
    "iban": Severity.MEDIUM,
    "health": Severity.MEDIUM,
    "financial": Severity.MEDIUM,
    "payment_card": Severity.HIGH,
    "national_id": Severity.HIGH,
}
"""Classes by the name of their policy: ``personal_data.<class>``."""

_NUMBERS: Sequence[tuple[int, Callable[[str, str | None], Iterator[Span]]]] = (
    (0, lambda text, _: emails(text)),
    (2, lambda text, _: ibans(text)),
    (SHORTEST_CARD, lambda text, _: cards(text)),
    (4, lambda text, _: national_ids(text)),
    (1, lambda text, _: birth_dates(text)),
    (1, lambda text, _: addresses(text)),
    (6, phones),
)
"""Detectors, each with the digits that whatever it finds has at least; the surest first: what one of them found is no
other's.
"""
_DIGIT = re.compile(r"\d")
_ENOUGH = max(least for least, _ in _NUMBERS)
"""Digits with which a text is shown to all of them."""


class NoAction(Exception):
    """A policy says something that cannot be done."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one class; never the words themselves."""

    name: str
    count: int
    action: str


@dataclass(frozen=True, slots=True)
class Guarded:
    """A text as it may go on, and what was found in it."""

    text: str
    findings: tuple[Finding, ...] = ()

    @property
    def refused(self) -> list[str]:
        """Classes that the policy refuses."""
        return [finding.name for finding in self.findings if finding.action == REFUSE]

    @property
    def noted(self) -> list[Finding]:
        """What the person is told about and the ledger notes: all that is not simply allowed."""
        return [finding for finding in self.findings if finding.action != ALLOW]


def find(text: str, region: str | None = None) -> list[Span]:
    """What personal data a text holds, in its order. Numbers are of one class each; a statement may hold numbers.

    ``region`` is the country (ISO 3166) whose national telephone numbers are understood without a sign for them.
    """
    held = bytearray(len(text))
    digits = sum(1 for _ in islice(pieces.finditer(_DIGIT, text), _ENOUGH))
    numbers = (detector(text, region) for least, detector in _NUMBERS if digits >= least)
    found = [span for spans in numbers for span in _claimed(spans, held)]
    return sorted([*found, *statements(text)], key=lambda span: (span.start, span.end))


def warm_up() -> None:
    """Compile the rules and load the tables of the libraries: a third of a second that no message should wait for."""
    find("I've had the flu and owe 5,000 euros. Call 020 7946 0958, 212-555-0188 or +351 912 345 678.")


def guard(text: str, policies: Mapping[str, Any], region: str | None = None) -> Guarded:
    """The text with what must be masked masked, and what was found. Raises NoAction."""
    spans = find(text, region)
    actions = {name: action(name, policies) for name in SEVERITIES}
    findings = tuple(
        Finding(name, count, actions[name]) for name, count in Counter(span.name for span in spans).items()
    )
    return Guarded(_masked(text, [span for span in spans if actions[span.name] == MASK]), findings)


def action(name: str, policies: Mapping[str, Any]) -> str:
    """What is done about a class. Raises NoAction for a policy that is none: it must not pass for "allow"."""
    chosen = policies.get(POLICY_PREFIX + name, DEFAULTS[SEVERITIES[name]])
    if chosen not in ACTIONS:
        raise NoAction(f"the policy {POLICY_PREFIX}{name} must be one of {', '.join(ACTIONS)}")
    return str(chosen)


def in_force(policies: Mapping[str, Any]) -> dict[str, Any]:
    """What is done about every class, by the key of its policy; what is no action lets nothing in."""
    by_default = {POLICY_PREFIX + name: DEFAULTS[severity] for name, severity in SEVERITIES.items()}
    return {key: policies.get(key, chosen) for key, chosen in by_default.items()}


def closed(policies: Mapping[str, Any]) -> dict[str, str]:
    """What is to be set so that nothing goes on as it was said: every class that would is masked."""
    return {key: MASK for key, chosen in in_force(policies).items() if chosen in (ALLOW, WARN)}


def _claimed(found: Iterable[Span], held: bytearray) -> Iterator[Span]:
    """Those of which no character is held yet; they hold theirs from then on."""
    for span in found:
        if held.find(1, span.start, span.end) < 0:
            held[span.start : span.end] = b"\1" * (span.end - span.start)
            yield span


def _masked(text: str, spans: Sequence[Span]) -> str:
    """Each of the spans (in order) replaced by the name of its class; those that overlap become one."""
    parts: list[str] = []
    end = 0
    for span in spans:
        if span.start >= end:
            parts += [text[end : span.start], f"[{span.name}]"]
        end = max(end, span.end)
    return "".join([*parts, text[end:]])
