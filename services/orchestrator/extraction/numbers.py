"""Numbers in words, as far as people say the time with them."""

from __future__ import annotations

_SMALL = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
).split()
_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth "
    "sixteenth seventeenth eighteenth nineteenth twentieth"
).split()
_TENS = {"thirty": 30, "forty": 40, "forty-five": 45, "fifty": 50, "sixty": 60, "ninety": 90}

CARDINALS: dict[str, int] = {word: number for number, word in enumerate(_SMALL, 1)} | _TENS
ORDINALS: dict[str, int] = (
    {word: number for number, word in enumerate(_ORDINALS, 1)}
    | {f"twenty-{word}": 20 + number for number, word in enumerate(_ORDINALS[:9], 1)}
    | {"thirtieth": 30, "thirty-first": 31}
)
CARDINAL = "|".join(sorted(CARDINALS, key=len, reverse=True))
"""For a pattern: the longer before what begins it."""
ORDINAL = "|".join(sorted(ORDINALS, key=len, reverse=True))


def cardinal(word: str) -> int:
    """A number in digits or in words. Raises KeyError for other words."""
    return int(word) if word.isdecimal() else CARDINALS[word.lower()]


def ordinal(word: str) -> int:
    """A day of the month: "5", "5th" or "fifth". Raises KeyError for other words."""
    digits = word.rstrip("stndrhSTNDRH")
    return int(digits) if digits.isdecimal() else ORDINALS[word.lower()]
