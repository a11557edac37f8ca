"""Payment cards (Luhn, ISO/IEC 7812) and IBANs (mod 97, ISO 13616)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from stdnum import iban, luhn, numdb

from services.orchestrator.guard.spans import Span

_CARD = re.compile(r"(?<![\w.+])(?<!\d[ -])\d(?:[ \u00a0-]?\d){12,18}(?![\w]|[ -]?\d)")
_SCHEMES = re.compile(
    r"4\d{15}|4\d{18}"  # Visa
    r"|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|(?:6011|64[4-9]\d|65\d\d)\d{12}"  # Discover
    r"|3(?:0[0-5]|[68]\d)\d{11}"  # Diners Club
    r"|35(?:2[89]|[3-8]\d)\d{12}"  # JCB
    r"|62\d{14,17}"  # UnionPay
    r"|(?:50|5[6-9]|6\d)\d{14,17}"  # Maestro, RuPay, Elo, Mir's neighbours
    r"|220[0-4]\d{12}"  # Mir
)
"""Issuer identification numbers and lengths of the networks: a barcode with a right check digit is no card."""
_IBAN = re.compile(r"(?<![^\W_])[A-Z]{2}[ ]?\d{2}(?:[ \u00a0-]?[A-Z0-9]){11,30}", re.IGNORECASE)


def cards(text: str) -> Iterator[Span]:
    """Numbers of a network's length and range whose check digit is right."""
    for match in _CARD.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        if _SCHEMES.fullmatch(digits) and len(set(digits)) > 1 and luhn.is_valid(digits):
            yield Span("payment_card", match.start(), match.end())


def ibans(text: str) -> Iterator[Span]:
    """Account numbers of the length that their country has, whose check digits are right."""
    for match in _IBAN.finditer(text):
        length = _length(match[0][:2].upper())
        places = [place for place, c in enumerate(match[0]) if c.isalnum()]
        if not length or len(places) < length:
            continue
        end = places[length - 1] + 1
        if iban.is_valid(re.sub(r"\W", "", match[0][:end]), check_country=False):
            yield Span("iban", match.start(), match.start() + end)


@cache
def _length(country: str) -> int:
    """Characters of a country's IBAN, from the registry that stdnum carries; 0 where it has none."""
    structure = numdb.get("iban").info(f"{country}00")[0][1].get("bban", "")
    return 4 + sum(map(int, re.findall(r"(\d+)!", structure))) if structure else 0
