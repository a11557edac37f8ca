"""What ends by itself, the last day somewhere, and who was dismissed, as people say it. For English. Pure.

What is read is a clause with contractions written out: "my contract with Airbus ran out", "today was my last day at X".
"""

from __future__ import annotations

import re

from services.orchestrator.extraction.lexicon import MONTHS, NAME, RELATION, WEEKDAYS, is_name

_WHOSE = rf"(?:[Mm]y|[Oo]ur|(?P<of>(?:[Mm]y|[Oo]ur) {RELATION}|{NAME})'s)"
_LAST = (
    rf"{_WHOSE} (?P<what>(?:very )?last (?:day|shift) (?:at|with|for|in|as) "
    r"(?!(?:all|least|once|work|home)\b)[^,]{1,60}?)"
)
_WHEN = (
    rf"(?P<when>[Tt]oday|[Ii]t|[Tt]his|[Tt]hat|[Yy]esterday|(?:[Oo]n |[Ll]ast )?(?:{WEEKDAYS})"
    rf"|[Ll]ast (?:week|month|year)|in (?:{MONTHS}))"
)
_LAST_DAY = (
    re.compile(rf"{_WHEN} (?P<be>was|is) {_LAST}(?=$|,)"),
    re.compile(rf"{_LAST} (?P<be>was) {_WHEN}(?=$|,)"),
)
_NOT_THE_LAST = re.compile(r"\b(?:before|until|till|this|of)\b", re.IGNORECASE)
"""Of "my last day at Siemens before the holidays"."""
_NOW = frozenset({"today", "it", "this", "that"})
_WEEKDAY = re.compile(rf"(?:{WEEKDAYS})$")
_ENDED = (
    r"(?:(?:have|has) )?(?:just |now |recently |finally )?(?:ended|expired|run out|ran out|lapsed|come to an end"
    r"|came to an end|(?:was|were|been) (?:terminated|cancell?ed)"
    r"|(?:was|were) not (?:renewed|extended|prolonged)|not been (?:renewed|extended|prolonged)|is over)"
)
_RAN_OUT = re.compile(
    rf"{_WHOSE} (?P<what>(?:(?:(?:temporary|fixed-term|work|employment) )?"
    r"(?:contract|internship|traineeship|apprenticeship|placement|secondment|fellowship|employment)"
    r"(?: (?:with|at|for) [^,]{1,40}?)?"
    r"|(?:[\w'&-]+ ){0,2}?(?:membership|subscription)(?: (?:with|at|of|to|in|for) [^,]{1,40}?)?)"
    rf" {_ENDED}(?: (?:last|this|in|on|at the end of|two|three|a few|some|yesterday)\b[^,]{{0,40}})?)(?=$|,)"
)
_DISMISSED = {
    "fired me": "fired", "sacked me": "sacked", "dismissed me": "dismissed", "laid me off": "laid off",
    "made me redundant": "made redundant", "let me go": "let go",
}  # fmt: skip
_LET_GO = re.compile(
    # Whoever they are, they may have let go of somebody whom they held.
    rf"(?:[Tt]hey(?!.* let me go)|[Mm]y (?:boss|manager|company|employer|firm)|(?P<who>{NAME}))"
    rf" (?:have |has )?(?:just |recently )?(?P<how>{'|'.join(_DISMISSED)})"
    rf"(?P<when>$|,? (?:last|this|yesterday|two|three|a few|in (?:{MONTHS}|\d{{4}})|on (?:{WEEKDAYS}))\b.*)"
)


def of_the_speaker(clause: str) -> str:
    """A clause as it is, or told of whom it is about: "Friday was my last day at Lidl", "Siemens let me go"."""
    return _done_to_me(last_day(clause))


def _done_to_me(clause: str) -> str:
    """A clause as it is, but "Siemens let me go last week" as "I was let go by Siemens last week"."""
    match = _LET_GO.match(clause)
    if not match or (match["who"] and not is_name(match["who"])):
        return clause
    by = f" by {match['who']}" if match["who"] else ""
    return f"I was {_DISMISSED[match['how']]}{by}{match['when']}"


def ran_out(clause: str) -> tuple[str, str] | None:
    """Whose, empty for the speaker's, and which contract or membership has ended: "contract with Airbus ran out"."""
    match = _RAN_OUT.match(clause)
    return (match["of"] or "", match["what"]) if match else None


def last_day(clause: str) -> str:
    """A clause as it is, but "Friday was my last day at Lidl" as "I had my last day at Lidl on Friday"."""
    match = next((found for pattern in _LAST_DAY if (found := pattern.match(clause))), None)
    if not match or _NOT_THE_LAST.search(match["what"]):
        return clause
    when = match["when"]
    if match["be"] == "is" and when.lower() != "today":
        return clause
    had = f"{match['of']} had their" if match["of"] else "I had my"
    if when.lower() in _NOW:
        return f"{had} {match['what']}"
    on = f"on {when}" if _WEEKDAY.match(when) else f"{when[0].lower()}{when[1:]}"
    return f"{had} {match['what']} {on}"
