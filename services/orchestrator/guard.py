"""The privacy guard: finds personal data in a text and does what the mind's policy says, before anything else sees it.

Checksums decide where there are some (payment cards: Luhn, ISO/IEC 7812; IBAN: mod 97, ISO 13616).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

ALLOW, WARN, MASK, REFUSE = "allow", "warn", "mask", "refuse"
ACTIONS = (ALLOW, WARN, MASK, REFUSE)
POLICY_PREFIX = "personal_data."


def _luhn(text: str) -> bool:
    digits = [int(c) for c in text if c.isdigit()]
    if not 13 <= len(digits) <= 19 or len(set(digits)) == 1:
        return False
    doubled = [d if i % 2 == 0 else (d * 2 - 9 if d > 4 else d * 2) for i, d in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


def _iban(text: str) -> bool:
    compact = re.sub(r"\s", "", text).upper()
    if not 15 <= len(compact) <= 34:
        return False
    moved = compact[4:] + compact[:4]
    return int("".join(str(int(c, 36)) for c in moved)) % 97 == 1


def _phone(text: str) -> bool:
    return 8 <= sum(c.isdigit() for c in text) <= 15


@dataclass(frozen=True)
class Detector:
    """How one class of personal data is found, and what is done about it where no policy says otherwise."""

    pattern: re.Pattern[str]
    confirm: Callable[[str], bool] = field(default=lambda _: True)
    default: str = ALLOW


DETECTORS: Mapping[str, Detector] = {
    "email": Detector(re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b")),
    "payment_card": Detector(re.compile(r"\b(?:\d[ -]?){12,18}\d\b"), _luhn, WARN),
    "iban": Detector(re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}\b"), _iban, WARN),
    "phone": Detector(re.compile(r"(?<![\w.])\+\d[\d ()/-]{6,18}\d\b"), _phone),
}
"""Classes by the name of their policy: ``personal_data.<class>``."""


@dataclass(frozen=True, slots=True)
class Guarded:
    """A text as it may go on, and what was found in it. Holds no found value."""

    text: str
    findings: tuple[tuple[str, int, str], ...] = ()
    """Class, how often, action."""

    @property
    def refused(self) -> list[str]:
        """Classes that the policy refuses."""
        return [name for name, _, action in self.findings if action == REFUSE]

    @property
    def warned(self) -> list[str]:
        """Classes that the person is told about."""
        return [name for name, _, action in self.findings if action in (WARN, MASK)]


def guard(text: str, policies: Mapping[str, Any]) -> Guarded:
    """The text with what must be masked masked."""
    findings: list[tuple[str, int, str]] = []
    for name, detector in DETECTORS.items():
        action = str(policies.get(POLICY_PREFIX + name, detector.default))
        hits = [match for match in detector.pattern.finditer(text) if detector.confirm(match.group())]
        if not hits:
            continue
        findings.append((name, len(hits), action))
        if action == MASK:
            for match in reversed(hits):
                text = f"{text[: match.start()]}[{name}]{text[match.end() :]}"
    return Guarded(text, tuple(findings))
