"""Payment cards (Luhn, ISO/IEC 7812) and IBANs (mod 97, ISO 13616)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from stdnum import iban, luhn, numdb

from services.orchestrator.extraction import pieces
from services.orchestrator.guard.spans import Span, before, words

SHORTEST_CARD, LONGEST_CARD = 14, 19
"""Digits, of the networks below."""
_GAP = r"[\s.\u2010-\u2015-]"
_RUN = re.compile(rf"\d(?:(?<![\w.+]\d)|(?<=[^\W\d_]\.\d))\d*+(?!\w)(?:{_GAP}{{1,3}}\d++(?!\w))*")
"""Digits and what may stand between those of one number; a decimal is no beginning, ``no.4111`` is."""
_GROUP = re.compile(r"\d+")
_LINE_BEGINS = re.compile(r"(?:^|\n)[^\w\n]*$")
_LINE_ENDS = re.compile(r"[^\w\n]*(?:\n|$)")
_GROUPINGS = frozenset({(4, 4, 4, 4), (4, 4, 4, 4, 3), (4, 6, 5), (4, 6, 4)})
"""How many digits stand together where a card is written in groups."""
_PLAIN = re.compile(r"\d(?:[ \u00a0-]?\d){12,18}")
_TRACKING = (4, 4, 4, 4, 4, 2)
"""A parcel of the USPS; the first digit is a 9."""
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
_FIRST_DIGITS = "23456"
"""Of all of these networks."""
_CARD = words(
    r"(?:credit|debit)?[ -]?cards?", "visa", r"master ?card", "maestro", "amex", "american express", "discover",
    "diners", "unionpay", "jcb", "karte", r"kreditkarte(?:nnummer)?", "carte", "carta", "tarjeta", r"cartão",
)  # fmt: skip
_NEAR = 25
_LONG = re.compile(rf"(?<!\w)\d{{{SHORTEST_CARD},{LONGEST_CARD}}}(?!\w)")
_AROUND = 200
"""Characters before and after a number in which others of its length make a list of them."""
_OTHERS = 3
"""So many of them that are no cards, and more than are: then one that could be is so by chance."""
_ROWS = 12
"""Groups before and after a number that are looked at."""
_MORE_GROUPS = 5
"""So many of four digits beside a number that are of no card make a table."""
_IBAN = re.compile(
    rf"(?<![^\W_])(?=([A-Z]{{2}}[ ]?\d{{2}}(?:{_GAP}{{0,2}}[A-Z0-9]){{11,30}}))", re.IGNORECASE
)
"""Looked ahead at, as another may begin within what only looks like one: ``no 12 DE89 3704``."""


def cards(text: str) -> Iterator[Span]:
    """Numbers of a network's length and range whose check digit is right, also among other digits."""
    for run in pieces.finditer(_RUN, text):
        groups = [group.span() for group in _GROUP.finditer(text, run.start(), run.end())]
        first = free = 0
        if sum(end - begin for begin, end in groups) < SHORTEST_CARD:
            continue
        while first < len(groups):
            if count := _groups_of_card(text, groups, first, is_free=first == free):
                yield Span("payment_card", groups[first][0], groups[first + count - 1][1])
                free = first + count
            first += count or 1


def _groups_of_card(text: str, groups: Sequence[tuple[int, int]], first: int, *, is_free: bool) -> int:
    """How many of the groups from the first on are a card, the most that can be; 0: none.

    ``is_free`` says that nothing precedes them in their run, other cards aside.
    """
    start = groups[first][0]
    if text[start] not in _FIRST_DIGITS:
        return 0
    if text[start - 1 : start] == "." and text[start - 2 : start - 1].isdigit():
        return 0
    whole = [len(groups)] if first == 0 and len(groups) <= LONGEST_CARD else []
    for count in (*whole, 5, 4, 3, 2, 1):
        lengths = tuple(end - begin for begin, end in groups[first : first + count])
        if len(lengths) < count or not SHORTEST_CARD <= sum(lengths) <= LONGEST_CARD:
            continue
        written = text[start : groups[first + count - 1][1]]
        is_written_so = count == 1 or lengths in _GROUPINGS or (count in whole and _PLAIN.fullmatch(written))
        if not is_written_so or not _is_card(written) or _is_column(text, start, start + len(written)):
            continue
        if not is_free and _goes_on(text, groups, first, count):
            continue
        if _CARD.search(before(text, start, _NEAR)) or not _is_by_chance(text, groups, first, count):
            return count
    return 0


def _is_by_chance(text: str, groups: Sequence[tuple[int, int]], first: int, count: int) -> bool:
    """Whether a number stands in a list or table of numbers as long, of which one in ten passes Luhn's check."""
    if count == 1:
        start, end = groups[first]
        around = _LONG.finditer(text, max(0, start - _AROUND), end + _AROUND)
        are_cards = [_is_card(other[0]) for other in around if len(other[0]) == end - start]
        return are_cards.count(False) >= max(_OTHERS, sum(are_cards) + 1)
    after_it = groups[first + count : first + count + _ROWS]
    before_it = groups[max(0, first - _ROWS) : first][::-1]
    return any(_groups_of_none(text, others) >= _MORE_GROUPS for others in (after_it, before_it))


def _groups_of_none(text: str, groups: Sequence[tuple[int, int]]) -> int:
    """How many groups of four digits follow, those aside that are a card's four; in either direction."""
    found = at = 0
    while at < len(groups) and groups[at][1] - groups[at][0] == 4:
        four = groups[at : at + 4]
        is_card = len(four) == 4 and _is_card(text[min(four)[0] : max(four)[1]])
        found, at = found + (0 if is_card else 1), at + (4 if is_card else 1)
    return found


def _is_column(text: str, start: int, end: int) -> bool:
    """Whether each group has a line to itself: one in ten columns of numbers passes Luhn's check."""
    gaps = re.findall(r"\D+", text[start:end])
    return (
        bool(gaps)
        and all("\n" in gap for gap in gaps)
        and bool(_LINE_BEGINS.search(text[max(0, start - 8) : start]))
        and bool(_LINE_ENDS.match(text[end : end + 8]))
    )


def _is_card(written: str) -> bool:
    digits = re.sub(r"\D", "", written)
    return bool(_SCHEMES.fullmatch(digits)) and len(set(digits)) > 1 and luhn.is_valid(digits)


def _goes_on(text: str, groups: Sequence[tuple[int, int]], first: int, count: int) -> bool:
    """Whether the groups are amid others like them, as in a table of numbers or a parcel's number."""
    lengths = [end - begin for begin, end in groups[max(0, first - 1) : first + count + 1]]
    is_tracking = tuple(lengths) == _TRACKING and text[groups[first - 1][0]] == "9"
    return is_tracking or (len(lengths) == count + 2 and lengths[0] == lengths[1] == lengths[-1] == 4)


def ibans(text: str) -> Iterator[Span]:
    """Account numbers of the length that their country has, whose check digits are right."""
    for match in pieces.finditer(_IBAN, text):
        length = _length(match[1][:2].upper())
        places = [place for place, c in enumerate(match[1]) if c.isalnum()]
        if not length or len(places) < length:
            continue
        end = places[length - 1] + 1
        if iban.is_valid(re.sub(r"\W", "", match[1][:end]), check_country=False):
            yield Span("iban", match.start(), match.start() + end)


@cache
def _length(country: str) -> int:
    """Characters of a country's IBAN, from the registry that stdnum carries; 0 where it has none."""
    structure = numdb.get("iban").info(f"{country}00")[0][1].get("bban", "")
    return 4 + sum(map(int, re.findall(r"(\d+)!", structure))) if structure else 0
