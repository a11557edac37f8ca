"""Words that take standing instructions back: "you can use emojis again", "forget what I said about puns". Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from services.orchestrator.extraction import dialogue, words
from services.orchestrator.extraction.matters import matter, outdoes, stems

_MAX_LIFTS = 10
_MAX_TOPIC = 4
"""Words that say which instruction is meant."""
_LEAD = (
    r"\W{0,4}(?>(?:(?:please|pls|ok|okay|actually|and|but|so|well|oh|no|wait|now|hey|also|then|right|sorry|nah"
    r"|thanks|on second thoughts?|i changed my mind|let's|i think|from now on)\b[\s,.:;!–—-]{0,3}){0,5})"
)
_RULE = r"(?:rule|instruction|ban|request|order|restriction|limit|policy|thing)"
_TAKE_BACK = (
    r"(?:forget|ignore|disregard|never ?mind|nvm|drop|scrap|scratch|cancel|lift|undo|delete|remove|strike"
    r"|i take back)"
)
_ABOUT = r"(?:about|on|against|regarding|concerning|with|for|of)"
_ALLOWED = re.compile(
    rf"{_LEAD}(?:(?:you|u)(?: (?:can|may|could)(?: now)?|(?:'re| are)(?: now)? (?:allowed|free|welcome) to)"
    r"|feel free to|it's (?:ok|okay|fine) to|go back to|back to)"
    r" (?:start )?(?P<what>(?!say that )[^.!?;\n]{2,80}?) again"
    r"(?: now| please| if you (?:like|want))?(?=\W*$|[,;.!])",
    re.I,
)
_FINE_AGAIN = re.compile(
    rf"{_LEAD}(?P<what>[\w' -]{{2,40}}?) (?:is|are) (?:ok|okay|fine|allowed|welcome|all right|alright) again\b",
    re.I,
)
_AGAIN = re.compile(rf"{_LEAD}(?P<what>[^.!?;,\n]{{4,60}}?) again(?: please| now)?(?=\W*$|[,;.!])", re.I)
_FREED = re.compile(
    rf"{_LEAD}(?:(?:you|u) (?:(?:no longer (?:need|have)|(?:don't|dont|do not) (?:need|have)) to|needn't)"
    r"|(?:there's |there is )?no(?: longer any| more)? need to|(?:you|u) (?:can|may)(?: now)? (?:stop|quit))"
    r" (?P<what>[^.!?;\n]{2,80}?)(?P<more> any ?more| any longer| now)?(?=\W*$|[,;.!])",
    re.I,
)
_TOPIC = re.compile(
    rf"{_LEAD}{_TAKE_BACK}(?: about)? (?:what i (?:said|told you|asked(?: you| for)?|wrote) {_ABOUT} "
    rf"|(?:the|that|my|this|your)(?: [\w-]+)? {_RULE} (?:{_ABOUT}|to|that you) )"
    r"(?P<what>[^.!?;,\n]{2,60})(?=\W*$|[,;.!])"
    rf"|{_LEAD}{_TAKE_BACK}(?: about)? (?:the|that|my) (?P<kind>[\w-]+) (?:rule|instruction|ban|restriction|policy)"
    r"(?=\W*$|[,;.!])"
    rf"|{_LEAD}(?:the|that|my) {_RULE} {_ABOUT} (?P<off>[\w' -]{{2,40}}?) (?:no longer (?:applies|holds|counts|stands)"
    r"|is (?:off|over|lifted|cancelled|gone)|doesn't (?:apply|hold|count) any ?more)\b",
    re.I,
)
_LATEST = re.compile(
    rf"{_LEAD}(?:(?:scratch|forget|cancel|undo|drop|strike|disregard|ignore|never ?mind) (?:that(?: last)?"
    rf"|(?:the|my) last)(?: {_RULE}| one)?|i take (?:that|it) back)(?: please| again)?(?=\W*$|[,;.!])",
    re.I,
)
_SUPPOSED = re.compile(r"\b(?:if|when|whenever|unless|until|while|except|once)\b", re.I)
_CLAUSE = re.compile(r"[,;:–—] ?(?:and |but |so )?| (?:and|but|so) ", re.I)
_SUBJECTS = {"language": "language", "length": "length", "units": "units of system"}
"""By what they are called, matters of instructions."""


@dataclass(frozen=True, slots=True)
class Lift:
    """What takes instructions back."""

    what: str
    """As an instruction would say it, after which the others do not hold; or a topic. Empty: the latest is meant."""
    is_topic: bool = False


def lifts(text: str, called: Collection[str] = ()) -> list[Lift]:
    """What a message takes back. ``called``: what the mind is called, and who talks to it."""
    own = words.own(dialogue.by_person(words.plain(text), called))
    found: dict[Lift, None] = {}
    for start, end in words.sentences(own):
        sentence = own[start:end].rstrip()
        if not sentence.endswith("?"):
            if not own[:start].strip() and _LATEST.match(sentence):
                found.setdefault(Lift(""))
            for clause in _clauses(sentence):
                found.update(dict.fromkeys(_of(clause)))
    return list(found)[:_MAX_LIFTS]


def is_lifted(lift: Lift, text: str) -> bool:
    """Whether an instruction is clearly meant by words that do not only point at the latest."""
    if not lift.is_topic:
        return bool(lift.what) and outdoes(lift.what, text)
    if kind := _SUBJECTS.get(lift.what.lower().removeprefix("the ").strip()):
        return matter(text).kind == kind
    topic = stems(lift.what)
    return 0 < len(topic) <= _MAX_TOPIC and set(topic) <= set(stems(text))


def _clauses(sentence: str) -> Iterator[str]:
    yield sentence
    for match, _ in zip(_CLAUSE.finditer(sentence), range(words.MAX_CLAUSES), strict=False):
        yield sentence[match.end() :]


def _of(clause: str) -> Iterator[Lift]:
    """What a clause takes back with which it begins."""
    if match := _TOPIC.match(clause):
        what = next(one for one in match.groups() if one).strip()
        yield from (Lift(what, is_topic=True) for _ in (0,) if not _SUPPOSED.search(what))
    elif match := _ALLOWED.match(clause) or _FINE_AGAIN.match(clause):
        yield from (Lift(match["what"]) for _ in (0,) if not _SUPPOSED.search(match["what"]))
    elif match := _FREED.match(clause):
        is_freed = match["more"] or re.search(r"\b(?:no longer|stop|quit)\b", match.group(), re.I)
        if is_freed and not _SUPPOSED.search(match["what"]):
            yield Lift(f"don't {match['what']}")
    elif (match := _AGAIN.match(clause)) and matter(match["what"]).kind:
        yield Lift(match["what"])
