"""The words of a message by whom they are: what it quotes, and code, are not its writer's own. Pure.

Everything here takes time in proportion to the text, whatever the text.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator

from services.orchestrator.extraction import pieces
from services.runtime.scripts import plainly_asked

_MASK = "\x00"
MAX_CLAUSES = 30
"""How many places of one sentence are looked at more closely."""
_MAX_SENTENCE = 2_000
_FENCE = re.compile(r"```|(?:^|(?<=\n))~~~")
_QUOTED = re.compile(
    r"\"[^\"\n]{1,400}\"|`[^`\n]{1,400}`|“[^”\n]{1,400}”|«[^»\n]{1,400}»|(?<!\w)['‘](?=\S)(?:[^'’\n]"
    r"|(?<=\w)['’](?=\w)){1,400}['’](?!\w)"
)
_SPACES = re.compile(r"[ \t\xa0]{2,}|[\t\xa0]")
_CITED_LINE = re.compile(r"^[ \t]{0,3}(?:>|— )[^\n]*|^[ \t]*//[^\n]*", re.MULTILINE)
"""Of a mail that is answered, of a dialogue as novels in many languages have it, or a comment of code."""
_SALUTATION = re.compile(
    r"\W*(?:(?:subject|re): |dear\b[^\n]{1,60}[,:]\W*$"
    r"|(?:hi|hello|hey|good (?:morning|afternoon|evening))\b[^\n]{1,40},\W*$)",
    re.I,
)
_SIGNED = re.compile(
    r"\W*(?:(?:(?:with )?(?:kind|best|warm(?:est)?|many) )?(?:regards|wishes|thanks)"
    r"|(?:yours )?(?:sincerely|faithfully|truly)|best|cheers|love|thank you|take care|yours)\W*$",
    re.I,
)
_SMILEYS = re.compile(
    r"(?:\s*(?:[:;=]['’-]?[()DPpOo3/|]+|<3+|\b(?:lol|xd|(?:ha){2,}|(?:he){2,})\b|[\u2600-\u27bf\u2b00-\u2bff\u200d\ufe0f"
    r"\U0001f000-\U0001faff]))+[\s!.]*$",
    re.I,
)
_BEFORE_OBJECT = re.compile(
    r"\b(?:us(?:e|ing)|send(?:ing)?|writ(?:e|ing)|add(?:ing)?|say(?:ing)?|an?|the|your|this|that|of|with|like|words?|emojis?)\s*$",
    re.I,
)
"""Who writes "never use 😂" speaks of it."""
_MAX_SMILEYS = 60
_SAYING = r"(?:said|says|cried|replied|shouted|sang|sings|whispered|announced|declared|wrote|answered|reads)"
SAID_BY = re.compile(
    rf"[,;:–—] {_SAYING} (?:(?i:the|an?|my|his|her|he|she|they)\b|[A-ZÀ-Þ])"
    rf"|[,;:–—] (?:(?i:the|an?|my|your|our|his|her|their) [\w' -]{{1,40}}|(?i:he|she|they)|[A-ZÀ-Þ][\w'-]+)"
    rf" {_SAYING}\W*$"
)
"""What stands after words that somebody else said: "…, said the priest"."""
_SENTENCE_END = re.compile(
    r"(?<![.!?…])(?<!\bMr)(?<!\bDr)(?<!\bMs)(?<!\bMrs)(?<!\bSt)(?<!\bProf)"
    r"(?<!\be\.g)(?<!\bi\.e)(?:(?<!\b[ap]\.m)(?<!\d\.\d\d)(?<!\d\.\d)|(?=\.\s+[A-Z])|(?=\.\s*$))[.!?…]++[\"'”’)\]]{0,3}(?=\s|$)|\n"
    r"|[\u3002\uff01\uff1f]++"
)


def plain(text: str) -> str:
    """The text with straight apostrophes, Latin question marks and one space between words, as patterns know them."""
    return pieces.sub(_SPACES, lambda _: " ", plainly_asked(text).replace("’", "'").replace("‘", "'"))


def own(text: str) -> str:
    """The text, as long as it was, with NUL for every letter that is quoted or code. The last stop of a quote stays.

    A letter to somebody is quoted where other words stand beside it.
    """
    parts = list(pieces.split(_FENCE, text))
    if len(parts) > 1:
        text = "```".join(_MASK * len(part) if odd % 2 else part for odd, part in enumerate(parts))
    others = without_letters(text)
    if others.strip(_MASK + string.whitespace):
        text = others
    return pieces.sub(_CITED_LINE, _masked, pieces.sub(_QUOTED, _masked, text))


def without_letters(text: str) -> str:
    """The text, as long as it was, with NUL for each letter to somebody, from "Dear …," to its writer's name."""
    lines = text.split("\n")
    begun: int | None = None
    for at, line in enumerate(lines):
        if begun is None and _SALUTATION.match(line):
            begun = at
        elif begun is not None and _SIGNED.match(line):
            name = next(
                (after for after in range(at + 1, min(at + 3, len(lines))) if lines[after].strip()), None
            )
            if name is not None:
                lines[begun : name + 1] = [_MASK * len(one) for one in lines[begun : name + 1]]
                begun = None
    return "\n".join(lines)


def without_smileys(text: str) -> str:
    """The text without what people end a sentence with that is no part of it: "see you :)"."""
    found = _SMILEYS.search(text, max(0, len(text) - _MAX_SMILEYS))
    return text[: found.start()] if found and not _BEFORE_OBJECT.search(text[: found.start()][-20:]) else text


def _masked(match: re.Match[str]) -> str:
    words = match.group()
    stop = words[-2:] if len(words) > 2 and words[-2] in ".!?" else _MASK + words[-1]
    return words[0] + _MASK * (len(words) - 3) + stop if len(words) > 2 else _MASK * len(words)


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Where the sentences lie, each with the stop that ends it. Nobody speaks in longer ones than 2,000 letters."""
    start = 0
    for stop in pieces.finditer(_SENTENCE_END, text):
        yield from _pieces(text, start, stop.end())
        start = stop.end()
    yield from _pieces(text, start, len(text))


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end:
        stop = end
        if end - start > _MAX_SENTENCE:
            space = text.rfind(" ", start, start + _MAX_SENTENCE)
            stop = space + 1 if space > start else start + _MAX_SENTENCE
        if not text[start:stop].isspace():
            yield start, stop
        start = stop


_WORD = re.compile(r"(?:(?<!\w)-(?=\d))?\w+(?:(?:\+\+|#)(?!\w))?")
"""C++, C# and -5 are others than C and 5."""


def key(text: str) -> str:
    """The words alone, in lower case: the same for texts that differ in case and punctuation.

    Of a text without any, such as 🚀, the text itself.
    """
    lower = text.lower()
    return " ".join(_WORD.findall(lower)) or lower.strip(string.punctuation + string.whitespace)


_ENDINGS = ("ations", "ation", "'s", "’s", "ings", "ing", "ied", "ies", "ed", "es", "s", "e", "y")


def stem(word: str) -> str:
    """A word without its ending, about: the same for "moved" and "moving". English."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word.removesuffix(ending)
    return word


_BEFORE_S = ("se", "xe", "ze", "oe", "che", "she")
"""Of "boxes", and of "houses"."""


def folded(word: str) -> str:
    """The same for a noun and its plural, as far as that is told without the other: "boxes", "house", "cities"."""
    if len(word) <= 3:
        return word
    singular = word if word.endswith("ss") else word.removesuffix("s")
    if len(singular) > 3 and singular.endswith(_BEFORE_S):
        # Whether the "e" is of the plural is not told without the singular: both do without.
        return singular[:-1]
    return f"{singular[:-2]}y" if len(singular) > 3 and singular.endswith("ie") else singular
