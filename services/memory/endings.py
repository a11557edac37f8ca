"""What a sentence says to be over: jobs, homes, partners, memberships, possessions, and whatever is no longer so.

Rules over English sentences, as in ``claims.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

SUBJECT = r"(?P<subject>[\w'’. -]{1,60}?)"
ADVERBS = r"(?:(?:now|currently|still|recently|just|finally|officially|actually|really) )*"
BE = r"(?:is|am|are)"
HAVE = r"(?:has|have)"
OWN = r"(?:my|his|her|their|our)"
TO_END = r"(?P<value>.+)"
GROUPS = (
    r"(?:choir|band|orchestra|team|club|company|party|union|society|association|church|crew|squad|gym|army|navy"
    r"|police)"
)
"""What one is in with others, and leaves."""
_NO_LONGER = re.compile(
    rf"^{SUBJECT} (?:(?P<be>{BE}) )?{ADVERBS}"
    rf"(?:no longer|(?:do|does) not|(?:{HAVE} )?{ADVERBS}(?P<stopped>stopped|quit|given up|gave up)(?= \w+ing\b))"
    r" (?P<rest>.+)",
    re.IGNORECASE,
)
_INSTRUMENT = (
    r"(?:violin|viola|piano|guitar|cello|flute|drums|trumpet|sax\w*|clarinet|oboe|harp|organ|accordion)\b"
)
_GIVEN_UP = re.compile(
    rf"^{SUBJECT} {ADVERBS}(?:{HAVE} )?{ADVERBS}(?:given up|gave up|quit|cuts? out|swore off|sworn off"
    rf"|retired from|abandoned)"
    rf" (?!\w+ing\b|(?:{OWN}|working|on)\b|the\b(?! {_INSTRUMENT}))(?P<what>\S.*?)"
    r"(?: (?:completely|entirely|altogether|for good|because of .+|for (?:the )?[a-z]+))?$",
    re.IGNORECASE,
)
_FOR_A_WHILE = re.compile(
    r" (?:for (?:now|lent|ramadan|dry january|the (?:moment|time being|day|night|week|weekend|month|summer)"
    r"|(?:an?|one|two|three|four|five|six|ten|\d+|a few|a couple of|some) (?:\w+ )?"
    r"(?:while|bit|time|hours?|days?|nights?|weeks?|weekends?|months?|years?))"
    r"|during \S.*|until \S.*)\b",
    re.IGNORECASE,
)
"""What was stopped for so long, and not for good."""
_JOB = r"(?:my|his|her|their|our|the) (?:\w+ )?(?:jobs?|position|post)"
_LET_GO = r"(?:(?:was|were|got|been) )?(?:fired|sacked|dismissed|laid off|let go|made redundant|the sack)"
_FOR_GOOD = (
    r"(?!.* for (?:(?:\w+ ){1,2}(?:while|bit|hours?|days?|nights?|weeks?|weekends?|months?)|lunch|dinner|drinks|coffee"
    r"|(?:an?|some) (?!(?:[\w-]+ ){0,2}(?:job|position|role|post|offer|career|company|firm|start-?up|competitor|rival"
    r"|agency|bank|man|woman|guy|girl|colleague|friend)\b)\w+)\b)"
)
"""Who left for a walk comes back."""
_POST = r"(?:contract|internship|traineeship|apprenticeship|placement|job|employment|position|fellowship|secondment)"
_CONTRACT = rf"(?:(?:temporary|fixed-term|work|employment|permanent|old) )?{_POST}"
_RAN_OUT = (
    rf"(?:{HAVE} )?{ADVERBS}(?:ended|expired|run out|ran out|lapsed|finished|come to an end|came to an end"
    r"|(?:was|were|been) (?:terminated|cancell?ed|not (?:renewed|extended|prolonged))|not been (?:renewed|extended)"
    r"|(?:is|are) (?:over|up))"
)
_TAKEN = rf"(?:cancell?ed|ended|terminated|quit|dropped|gave up|given up) {OWN}"
_OVER: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...] = tuple(
    (attributes, re.compile(rf"^{SUBJECT} (?:(?:has|have) )?{ADVERBS}{pattern}", re.IGNORECASE))
    for attributes, pattern in (
        (
            ("works",),
            rf"(?:quit|left|lost|gave up|resigned from) {_JOB} (?:at|with|for) (?P<value>.+?)(?: (?:to|because"
            rf"|after) .+)?$",
        ),
        (("occupation",), rf"(?:quit|left|lost|gave up|resigned from) {_JOB} as (?:an? )?{TO_END}"),
        (
            ("works",),
            r"left (?:the|my|his|her|their|our) (?:company|firm|business)(?P<value>)(?: after .+)?$",
        ),
        (("works", "member"), rf"(?:quit|resigned from|{_LET_GO} (?:from|by|at)) {TO_END}"),
        (("works",), r"stopped working (?:at|for) (?P<value>.+)"),
        (
            ("works", "occupation"),
            rf"(?:(?:quit|left|lost|gave up|resigned from) {_JOB}|{_LET_GO}|(?:{BE} )?(?:retired|unemployed|jobless)"
            r"|quit|resigned)"
            r"(?P<value>)$",
        ),
        (
            ("works", "lives", "partner", "spouse"),
            rf"(?:left|dumped) {_FOR_GOOD}(?P<value>[^,]+?)(?:,.*| (?:to|for|after|because) .+)?$",
        ),
        (("partner", "spouse"), r"(?:broken?|split) up(?: with (?P<value>.+))?$"),
        (("spouse",), rf"(?:{BE} |got )?(?:divorced|separated)(?:(?: from)? (?P<value>.+))?$"),
        (("partner", "spouse"), rf"{BE} single(?P<value>)$"),
        (("partner", "spouse"), rf"{BE} no longer together with {TO_END}"),
        (("works", "partner", "spouse"), rf"{BE} no longer (?:with|at) {TO_END}"),
        (("works",), rf"had {OWN} last (?:day|shift) (?:at|with|for) {TO_END}"),
        (("lives",), rf"had {OWN} last day in {TO_END}"),
        (("occupation",), rf"had {OWN} last (?:day|shift) as (?:an? )?{TO_END}"),
        (
            ("lives",),
            r"(?:moved|relocated) (?:(?:back )?(?:home )?from|out of|away from) (?P<value>.+?)(?: to .+)?$",
        ),
        (("member",), rf"{_TAKEN} (?:membership|subscription) (?:at|of|to|with|in|for|from) {TO_END}"),
        (("member",), rf"{_TAKEN} (?P<value>[\w'’& -]+?) (?:membership|subscription)$"),
        (("member",), rf"unsubscribed from {TO_END}"),
        (("member",), rf"left (?:the|{OWN}) (?P<value>(?:\w+ ){{0,2}}{GROUPS})$"),
        (("has",), rf"(?:sold|got rid of|lost|crashed|wrecked) (?:my|his|her|their|our|the) {TO_END}"),
    )
)
_ENDING = re.compile(
    r"\b(?:quit|left|lost|gave up|resigned|fired|sack(?:ed)?|dismissed|laid off|let go|redundant|retired|stopped"
    r"|broken? up|split up|divorced|separated|single|together|sold|got rid|crashed|wrecked|dumped|died|passed away"
    r"|ran away|stolen|unemployed|jobless|no longer|last (?:day|shift)|moved|relocated|unsubscribed|run over"
    r"|put down|put to sleep|membership"
    rf"|subscription|{_POST})\b",
    re.IGNORECASE,
)
"""One of the words without which nothing is over: most sentences are read no further."""
_PARTED = re.compile(
    r"^(?P<value>[\w'’.-]+(?: [\w'’.-]+)?) and "
    r"(?P<subject>(?:the user|i)\b|(?-i:[A-ZÀ-Þ])[\w'’-]*) (?:have )?"
    r"(?:(?:just|finally) )?(?:(?:broken? up|split up)(?! (?:the|an?|my|our|their|it|this)\b)"
    r"|(?:got )?divorced|separated|are no longer together)\b"
    r"|(?P<who>[\w'’.-]+(?: [\w'’.-]+)?) (?:has )?(?:broken? up with|left|dumped|divorced) (?P<whom>the user|me)$",
    re.IGNORECASE,
)
_GONE = re.compile(
    rf"^{SUBJECT}['’]s (?P<value>[\w-]+) (?:has |have )?(?:died|passed away|ran away|(?:was|were|got"
    rf"|been) (?:stolen|run over|put down|put to sleep))$",
    re.IGNORECASE,
)
_RUN_OUT = re.compile(
    rf"^{SUBJECT}['’]s (?:{_CONTRACT}(?: (?:with|at|for) (?P<value>.+?))?"
    rf"|(?:membership|subscription) (?:with|at|of|to|in|for) (?P<of>.+?)"
    r"|(?P<of2>[\w'’&-]+) (?:membership|subscription))"
    rf" {_RAN_OUT}$",
    re.IGNORECASE,
)
_MOVED_OUT = re.compile(
    rf"^{SUBJECT} (?:{HAVE} )?{ADVERBS}moved out of (?P<whose>[\w'’. -]{{1,60}}?)(?:['’]s|(?<=s)['’])"
    r" (?:place|house|home|flat|apartment)$",
    re.IGNORECASE,
)
_LEFT_BY = re.compile(
    rf"^{SUBJECT}['’]s (?P<who>[\w-]+(?: [\w-]+)?) (?:has |have )?{ADVERBS}moved (?:out|away)(?: for good)?$",
    re.IGNORECASE,
)
_DROPPED_OUT = re.compile(
    rf"^{SUBJECT} (?:{HAVE} )?{ADVERBS}dropped out of (?P<what>(?!{OWN}|the\b)[\w'’ -]+)$", re.IGNORECASE
)
_DIED = re.compile(
    r"^(?P<name>(?-i:[A-ZÀ-Þ])[\w'’-]*(?: (?-i:[A-ZÀ-Þ])[\w'’-]*)?) (?:has |have )?(?:died|passed away|ran away"
    r"|was (?:put down|put to sleep|rehomed))$",
    re.IGNORECASE,
)
_BEFORE_DATE = re.compile(
    r",? (?:(?:since|in|on|from) (?:\d|new year|christmas|easter|january|february|march|april|may|june|july"
    r"|august|september|october|november"
    r"|december|(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|last|this|early|late)|now\b|these days|at the moment"
    r"|yesterday|recently|(?:last|this) (?:night|week|weekend|month|year|spring|summer|autumn|fall|winter|(?:mon"
    r"|tues|wednes"
    r"|thurs|fri|satur|sun)day)\b|(?:(?:an?|about|over|some|almost|nearly|roughly) )?\w+ "
    r"(?:days?|weeks?|months?|years?) ago"
    r"|in the (?:spring|summer|autumn|fall|winter)\b).*$",
    re.IGNORECASE,
)
_SPOUSES = frozenset({"husband", "wife", "spouse"})


class Ending(NamedTuple):
    """Something of somebody's that is over."""

    subject: str
    attribute: str
    value: str
    """Empty: whichever held."""


def undated(sentence: str) -> str:
    """A sentence up to the words that say when."""
    return _BEFORE_DATE.sub("", sentence)


def endings(sentence: str) -> Iterator[Ending]:
    """What is over: which job, home, partner, club or thing."""
    sentence = undated(sentence)
    if not _ENDING.search(sentence):
        return
    if match := _PARTED.match(sentence):
        subject, other = match["subject"] or match["whom"], match["value"] or match["who"]
        for attribute in ("partner", "spouse"):
            yield from (Ending(subject, attribute, other), Ending(other, attribute, subject))
        return
    if match := _GONE.match(sentence):
        yield Ending(match["subject"], "has", match["value"])
        if match["value"].lower() in _SPOUSES:
            yield Ending(match["subject"], "spouse", "")
            yield Ending(match["subject"], "status", "married")
    if match := _RUN_OUT.match(sentence):
        member = match["of"] or match["of2"]
        yield Ending(match["subject"], "member" if member else "works", member or match["value"] or "")
    for attributes, pattern in _OVER:
        if match := pattern.match(sentence):
            yield from (Ending(match["subject"], attribute, match["value"] or "") for attribute in attributes)


def was_so(sentence: str) -> str:
    """ "Ana works here" of "Ana no longer works here"; "Ana likes it" of "Ana stopped liking it"; empty of no such."""
    match = None if _FOR_A_WHILE.search(sentence) else _NO_LONGER.match(sentence)
    if not match:
        return ""
    rest = match["rest"]
    if match["stopped"]:
        verb, _, what = rest.partition(" ")
        rest = f"{verb.removesuffix('ing')}s {what}".strip()
        rest = re.sub(r"^(lik|lov|liv|hat|danc|smok|driv|rid|do|go)s\b", r"\1es", rest)
    return " ".join(part for part in (match["subject"], match["be"], rest) if part)


def given_up(sentence: str) -> tuple[str, str] | None:
    """Who gave up what, for good: "Ana" and "coffee"."""
    match = None if _FOR_A_WHILE.search(sentence) else _GIVEN_UP.match(undated(sentence))
    return (match["subject"], match["what"]) if match else None


def left_home_of(sentence: str) -> tuple[str, str] | None:
    """Who moved out of whose home."""
    match = _MOVED_OUT.match(undated(sentence))
    return (match["subject"], match["whose"]) if match else None


def housemate_of(sentence: str) -> tuple[str, str] | None:
    """From whom who moved out: "my brother moved out" leaves nobody to live with."""
    match = _LEFT_BY.match(undated(sentence))
    return (match["subject"], match["who"]) if match else None


def dropped_out(sentence: str) -> tuple[str, str] | None:
    """Who studies what no longer."""
    match = _DROPPED_OUT.match(undated(sentence))
    return (match["subject"], match["what"]) if match else None


def died(sentence: str) -> str:
    """The name of who died, or ran away; empty where nobody did."""
    match = _DIED.match(undated(sentence))
    return match["name"] if match else ""
