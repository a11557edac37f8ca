"""The patterns of ``claims.py``: what a sentence says to be so, of which only one thing holds at a time. Pure."""

from __future__ import annotations

import re

from services.memory.endings import ADVERBS, BE, GROUPS, HAVE, OWN, SUBJECT, TO_END

_STATES = "single|married|divorced|engaged|widowed|separated"
LIKING = "likes?|loves?|enjoys?|hates?|dislikes?|prefers?|can not (?:stand|bear)"
DISLIKING = frozenset({"hate", "dislike", "can not stand", "can not bear"})
SEATS = (
    r"(?:boss|manager|supervisor|landlord|landlady|dentist|doctor|gp|therapist|psychologist|psychiatrist|coach|trainer"
    r"|hairdresser|barber|lawyer|solicitor|accountant|mentor|tutor|assistant|secretary)"
)
"""What one mostly has one of, so that a new one takes the place of the other."""
_A_PLACE = (
    r"(?-i:(?:the )?[A-ZÀ-Þ])|(?:an?|the|my|our|his|her|their|another) (?:[\w'’-]+ ){0,3}"
    r"(?:flat|house|apartment|place|home|studio|cottage|bungalow|farm|room|dorm|city|town|village"
    r"|suburbs?|countryside|country|coast|seaside|island|street|area)\b"
)
"""Where one can live, other than the next question or the sales team."""
_LONG_SINCE = (
    r".*\b(?:as an? (?:child|kid|baby|boy|girl|teen(?:ager)?|student)|when (?:the user|i|he|she|they|we) (?:was|were)"
    r"|in (?:my|his|her|their) (?:head|mind|dreams?|childhood|youth|teens|twenties|thirties|forties))\b"
)
"""What happened in earlier days, or never."""
RULES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (attribute, re.compile(rf"^{SUBJECT} {ADVERBS}{pattern}", re.IGNORECASE))
    for attribute, pattern in (
        ("lives", rf"(?:lives?|resides?|is living|am living) (?:in|at) {TO_END}"),
        ("lives", rf"(?:{HAVE} )?(?:moved|relocated) to (?!{_LONG_SINCE})(?={_A_PLACE}){TO_END}"),
        ("works", r"(?:works?|is working|am working) (?:at|for) (?P<value>.+?)(?: as .+)?$"),
        (
            "works",
            r"(?:works?|is working|am working) as .+? (?:at|for) (?P<value>(?-i:[A-ZÀ-Þ]|the [A-ZÀ-Þ]).+)",
        ),
        ("occupation", r"(?:works?|is working|am working) as (?P<value>.+?)(?: (?:at|for) .+)?$"),
        ("name", rf"(?:is called|am called|is named|am named) {TO_END}"),
        ("age", rf"{BE} (?P<value>\d{{1,3}})(?: years old)?$"),
        ("status", rf"{BE} {ADVERBS}(?P<value>{_STATES})\b.*"),
        ("spouse", rf"{BE} (?:happily )?married to {TO_END}"),
        (
            "partner",
            rf"(?:{BE}|has been|have been) (?:dating|engaged to|seeing(?! (?:an?|the|their|his|her)\b)"
            rf"|together with|in a relationship with) "
            rf"{TO_END}",
        ),
        ("has", r"(?:has|have|owns?|drives?|rides?) an? (?P<value>.+)"),
        ("member", rf"{BE} (?:an? )?(?:\w+ )?member of {TO_END}"),
        ("member", rf"{HAVE} an? (?:\w+ )?(?:membership|subscription) (?:at|of|to|with|in|for) {TO_END}"),
        ("member", rf"{HAVE} an? (?P<value>[\w'’& -]+?) (?:membership|subscription)$"),
        ("member", rf"subscribes? to {TO_END}"),
        ("enrolled", rf"{BE} (?:an? )?(?:\w+ ){{0,2}}?student (?:at|of|in) {TO_END}"),
        ("enrolled", rf"(?:studies|study|{BE} studying) (?:[\w -]+? )??(?:at|in) (?=(?-i:[A-ZÀ-Þ])){TO_END}"),
        ("lives", rf"{HAVE} (?:been living|lived) in (?P<value>.+?) since .+"),
        ("household", rf"lives? with {TO_END}"),
        ("household", rf"shares? an? (?:flat|house|apartment|room) with {TO_END}"),
        ("diet", rf"{BE} (?:an? )?(?:\w+ )?(?P<value>vegan|vegetarian|pescatarian)$"),
        ("member", rf"{BE} in (?:an?|the|{OWN}) (?P<value>(?:\w+ )?{GROUPS})$"),
        ("weight", r"weighs? (?P<value>\d[\d.,]* ?\w+)"),
        ("studies", rf"(?:studies|study|{BE} studying|{BE} learning) (?!(?:at|in|for|to)\b){TO_END}"),
        ("listed", rf"{BE} on (?:an?|the|{OWN}) (?:\w+ )?(?:waiting|transplant) list for {TO_END}"),
        (
            "member",
            rf"(?:sings?|plays?|rows?|dances?|volunteers?) (?:in|for|with) (?:an?|the|{OWN})"
            rf" (?P<value>(?:\w+ )?{GROUPS})$",
        ),
    )
)
RELATED = tuple(
    (
        attribute,
        is_over,
        re.compile(
            rf"^(?P<value>[\w'’. -]{{1,60}}?) is {SUBJECT}['’]s (?P<new>new )?(?:{relations})$", re.IGNORECASE
        ),
    )
    for attribute, is_over, relations in (
        ("spouse", False, "husband|wife|spouse"),
        ("partner", False, "boyfriend|girlfriend|partner|fiancée?|fiancee?"),
        ("spouse", True, r"ex|ex-?\s?(?:husband|wife)"),
        ("partner", True, r"ex|ex-?\s?(?:boyfriend|girlfriend|partner|fiancée?|fiancee?)"),
    )
)
VEHICLE = re.compile(
    rf"^{SUBJECT}['’]s (?P<thing>car|van|bike|motorbike|boat|laptop|phone|camera|guitar|piano) is an? {TO_END}",
    re.IGNORECASE,
)
VEHICLE_NOW = re.compile(VEHICLE.pattern.replace(" is an? ", " is now an? "), re.IGNORECASE)
"""What kind of thing one's own is; and what it is from now on, instead of another."""
TEACHES_AT = re.compile(rf"^{SUBJECT} {ADVERBS}teach(?:es)? .*?\b(?:at|in) an? (?P<value>.+)", re.IGNORECASE)
"""A job that is left as any other is."""
AMOUNT = re.compile(
    rf"^(?P<whole>{SUBJECT} {ADVERBS}(?:drinks?|eats?|smokes?|has|have)) (?:an?|one|two|three|four|five|six|ten"
    r"|\d{1,2}|some|several|a few|a lot of|lots of|too much|too many) (?:(?:cups?|glass(?:es)?|cans?|pints?|bottles?"
    r"|packs?|bars?) of )?(?P<what>[a-z]+) (?:an?|per|every|each) (?:day|night|week|morning|evening)$",
    re.IGNORECASE,
)
"""How much somebody has of what they drink or eat."""
WHICH = re.compile(
    r"(?P<which>old|older|oldest|other|second|third|spare|first|previous|former|broken|extra|last|ex"
    r"|summer|holiday|country|winter|work|company)(?: (?:and"
    r"|rusty|little|beloved|trusty))* (?P<thing>.+)",
    re.IGNORECASE,
)
"""The one of several things: who sold their old boat may have another."""


def names_of(value: str) -> dict[str, None]:
    """By what else a thing is called: of "red Skoda Octavia" and "car, a Skoda" by its names."""
    of_it = re.split(r" (?:in|on|at|with|for|from|to|and|that|which|who) ", value, maxsplit=1)[0]
    return dict.fromkeys(re.findall(r"(?<![\w'’])[A-ZÀ-Þ][\w-]+", of_it))
