"""Words that name the time zone of an hour: "UTC", "EST", "Pacific time", "UTC+2", "+02:00". Pure.

An abbreviation is the offset that it stands for, all year: "EST" is five hours behind UTC, also in summer, when
"Eastern" is four. One that means several zones ("IST") is left to the mind's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta, timezone, tzinfo

from services.runtime.times import zone

_OFFSETS = {
    "z": 0, "utc": 0, "gmt": 0, "bst": 1, "cet": 1, "cest": 2, "eet": 2, "eest": 3, "est": -5,
    "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7,
}  # fmt: skip
_PLACES = {
    "eastern": "America/New_York",
    "et": "America/New_York",
    "central": "America/Chicago",
    "ct": "America/Chicago",
    "mountain": "America/Denver",
    "mt": "America/Denver",
    "pacific": "America/Los_Angeles",
    "pt": "America/Los_Angeles",
}
PLACE = (
    r"(?:Eastern|Central|Mountain|Pacific)(?:(?: standard| daylight)? time\b"
    r"|(?=$|[.,;:!?)]| (?:on|today|tonight|tomorrow|this|next|and|or|to|(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b))"
)
"""For a pattern: the parts of America, where they are no adjective ("at 5 Central station")."""
# What is looked back for must be of one length.
_AFTER_DECIMALS = "|".join(rf"(?<=:\d\d\.\d{{{decimals}}})" for decimals in range(1, 7))
_ZONE = re.compile(
    r"(?<![\w-])\(?(?:"
    r"(?:(?:UTC|GMT) ?(?P<side>[+−-])(?P<hours>\d\d?)(?::?(?P<minutes>[0-5]\d))?)(?![\w:])"
    r"|(?P<own>IST|(?:my|our|local)(?= time\b))(?: time)?(?!\w)"
    r"|(?P<short>(?:UTC|GMT|BST|CES?T|EES?T|[ECMP][SD]T)|(?-i:[ECMP]T))(?: time)?(?!\w)"
    rf"|(?P<place>{PLACE}))\)?"
    # A minus between hours is a range, but for the offset of a date in digits.
    rf"|(?:(?<=\d)| )(?P<plus>(?:(?<=T\d\d:\d\d)|(?<=:\d\d:\d\d)|{_AFTER_DECIMALS})-|\+)"
    r"(?P<h>\d\d):?(?P<m>[0-5]\d)(?![\w:])"
    r"|(?<=\d)(?P<zulu>(?-i:Z))(?!\w)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Zone:
    """A time zone, and where its words lie in the text."""

    start: int
    end: int
    zone: tzinfo | None
    """None for the mind's own."""


def zones(text: str) -> Iterator[Zone]:
    """What is named, in the order of the text, whose words must lie one space apart."""
    for match in _ZONE.finditer(text):
        sign, hours = match["side"] or match["plus"], match["hours"] or match["h"]
        if not sign:
            yield Zone(match.start(), match.end(), _named(match))
        elif int(hours) <= 14:
            ahead = timedelta(hours=int(hours), minutes=int(match["minutes"] or match["m"] or 0))
            yield Zone(match.start(), match.end(), timezone(ahead if sign == "+" else -ahead))


def _named(match: re.Match[str]) -> tzinfo | None:
    if match["own"]:
        return None
    word = (match["place"] or match["short"] or match["zulu"]).lower().split()[0]
    return zone(_PLACES[word]) if word in _PLACES else timezone(timedelta(hours=_OFFSETS[word]))
