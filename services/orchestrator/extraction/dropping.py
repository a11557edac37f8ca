"""What a person says is not to be done any more: "never mind about the plants", "cancel that reminder". Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from services.orchestrator.extraction.words import MAX_CLAUSES, own, plain, sentences, without_smileys

_MAX_BODY = 200
"""Letters in which somebody says what is given up."""
_START = re.compile(
    r"^|[,;:(–—.…] ?(?P<so>(?:and )?so )?(?:and |but |then )?| - |(?P<then> so | but )"
    r"| and (?=(?:i|we|you|please|pls|can|could|never ?mind|nvm)\b)",
    re.I,
)
"""Where a clause begins of which nobody else is the subject."""
_LEAD = re.compile(
    r"\W{0,8}+(?>(?:(?:please|pls|plz|ok|okay|oh|ah|hey|hi|hello|yo|actually|so|and|but|then|well|hm+|um|uh|wait"
    r"|sorry|nah|nope|no(?= ?[,.!…])"
    r"|yeah|yes|yep|right|also|just|anyway|anyhow|btw|by the way|on (?:second|2nd) thoughts?|come to think of it"
    r"|(?:i(?:'ve| have)? )?changed my mind(?! (?:about|on))|no worries|thanks|thank you"
    r"|(?:as )?(?:it )?turns out(?: that)?|kindly|feel free to|go ahead and|let's|lets"
    r"|(?P<asks>(?:can|could|will|would) (?:you|u)(?: mind)?)|i guess|it's fine"
    r"|(?:i(?:'d| would)? (?:want|like|need) you to|you (?:can|could|may|might as well|should)(?= (?!stop|quit))))"
    r"\b[\s,.!:;…–—-]{0,4}){0,7})",
    re.I,
)
_CUT = re.compile(
    r"[,;:()!?\n]|\.(?=\s|$)| [–—-] |…| (?:because|bc|cos|coz|cuz|since|as|so|but|though|thanks|thank you|please|pls"
    r"|plz|ta|cheers|lol)\b| (?:and|it's|its|i'm|im|i've|ive|that's|thats|he's|she's)(?= (?:i|we|he|she|they|it|that"
    r"|you|been|done|sorted|not|no longer|already|just|all)\b)| (?:i|we|he|she|they|you) (?=\w)(?!(?:need|have|set"
    r"|should"
    r"|must|said|asked|made|added|mentioned|wanted|to)\b)",
    re.I,
)
"""Where the words end that say what is given up."""
_SUPPOSED = re.compile(
    r"\b(?:if(?! (?:you don't mind|possible|that's (?:ok|okay|fine|alright)|you (?:can|could|would)))|unless|in case"
    r"|when(?:ever)?|until|till|once|while|would have|might|maybe|perhaps|wish)\b",
    re.I,
)
_SAYING = re.compile(
    r"\b(?:sa(?:id|ys|ying)|t(?:old|ells|elling)|ask(?:ed|s|ing)|wants?|wanted|advis\w+|suggest\w*|recommend\w*|should"
    r"|writes|wrote|thinks?|thought)\b",
    re.I,
)
"""Before a clause that is another's words."""
_CANCEL = (
    r"(?:cancel(?:l?ing)?|delet(?:e|ing)|remov(?:e|ing)|drop(?:ping)?|scrap(?:ping)?|clear(?:ing)?|ditch(?:ing)?|kill"
    r"|dismiss(?:ing)?|eras(?:e|ing)|bin|scratch|forget|lose|get(?:ting)? rid of|(?:turn|switch|call)(?:ing)? off"
    r"|tak(?:e|ing) (?:off|away|down)|never ?mind|nvm|disregard|ignore|stop|undo|clear)"
)
_NEED_TO = r"(?:that )?(?:i|we) (?:need|have|should|must|ought|had|wanted)(?: to)?"
_REMINDER = re.compile(
    rf"{_CANCEL}(?: about)?(?: (?:the|that|this|my|our|your|any|all))?(?P<kind>(?: (?!reminder)[\w'’/-]+){{0,5}}?)"
    r" (?P<noun>reminders?|alarm|nudges?)"
    rf"(?: (?:to|about|abt|for|of|on|re|regarding|saying|that says(?: to)?"
    rf"|(?:that )?(?:i|you) (?:set|made|asked for|added)(?: (?:to|for|about))?|{_NEED_TO})(?= )|(?= \x00)"
    rf"|(?= [\"'“‘]))?(?P<what> .+)?",
    re.I,
)
"""The reminder itself is cancelled."""
_REMINDER_OFF = re.compile(
    r"(?:take|turn|switch) (?:(?P<which>the|that|this"
    r"|my) )?(?P<kind>(?:(?!reminder)[\w'/-]+ ){0,4}?)(?P<noun>reminder|alarm)"
    r"(?: (?:to|about|for|of) (?P<what>.+?))? (?:off|away|down)",
    re.I,
)
_NOT_REMIND = re.compile(
    r"(?:(?:(?:you|u|ya) )?(?:don't|dont|do not|needn't|need not|no longer)(?: (?:need|have|hav)(?: to| 2)?)?"
    r"|(?:there's |there is |theres )?no(?: longer any)? need (?:for you )?(?:to|2)|(?:you (?:can|may"
    r"|could) )?(?:stop|quit)|no more"
    r"|you're no longer to|not necessary to)"
    r" (?:remind|nudg|nag|ping|alert|bug|tell)(?:e|ing|ging)? (?:me|us)(?: again)?(?: any ?more)?"
    rf" (?:to|2|about|abt|of|re|regarding|{_NEED_TO}) (?P<what>.+)",
    re.I,
)
_NO_REMINDER = re.compile(
    r"(?:(?:i|we) )?(?:no longer (?:need|want)|don't (?:need|want)|dont (?:need|want)|do not (?:need|want)|needn't"
    r"|won't be needing|won't need|wont need)"
    r" (?:(?:(?P<which>an?|any|the|that|this|your"
    r"|my) )?(?:more )?(?P<kind>(?:(?!reminder)[\w'/-]+ ){0,4}?)(?:reminders?|nudges?)|reminding|to be reminded"
    r"|be reminded)"
    rf"(?: (?:to|about|of|for|{_NEED_TO})(?P<what> .+)|(?: any ?more| any longer| now| after all))?",
    re.I,
)
_NEVER_MIND = re.compile(
    r"(?:never ?mind|nvm|forget|disregard|ignore)(?: about| abt)?"
    rf"(?: what i said about| (?:that )?i (?:ever )?(?:said|asked|mentioned)(?: you)?(?: anything)?(?: about| to)?"
    rf"(?: remind me)?(?: to| about| of)?| asking(?: you)? (?:about|to remind me (?:to|about|of))| {_NEED_TO}"
    r"| reminding me (?:to|about|of))? (?P<what>(?!to\b|that (?!one\b|reminder\b)).+)",
    re.I,
)
_NO_MORE = r"(?: any ?more| any longer| after all)"
_ENDING = re.compile(rf"(?:{_NO_MORE}| now| then| anyway| again| either)+$", re.I)
_NO_NEED = re.compile(
    r"(?:(?:i|we) (?:actually |really )?(?:no longer (?:need|have|want)|(?:don't|dont|do not|won't|wont|will not)"
    r" (?:actually |really )?(?:need|have)|needn't have|am no longer going|have no need) to"
    r"|(?:i|we) (?:need not|needn't)"
    r"|(?:(?:there's|there is|theres) )?no(?: longer (?:a|any))? need (?:for (?:me|us) )?to"
    r"|(?:it's |it is )?(?:no longer|not) necessary (?:for (?:me|us) )?to|no longer (?:need|have) to"
    r"|(?:don't|dont) (?:need|have) to"
    r"|(?:(?:i|we) )?(?:(?:don't|dont|do not) (?:want|plan|intend) to|won't|wont|will not)(?=.*"
    rf"{_NO_MORE}\b)|(?:(?:i'm|im|i am|we're|we are) )?not going to(?=.*{_NO_MORE}\b)) (?P<what>.+)",
    re.I,
)
_DECIDED = re.compile(
    r"(?:(?:i|we)(?:'ve|ve| have)? )?(?:(?:changed my mind|decided) (?:about|against|not to)|given up on|gave up on"
    r"|no longer (?:bothering with|doing)) (?P<what>.+)",
    re.I,
)
_SKIP = re.compile(
    r"(?:scratch|scrap|skip|drop|ditch|cancel|delete|remove|call off|strike|leave)(?: out)? (?P<what>.+)",
    re.I,
)
_OFF_LIST = re.compile(
    r"(?:take|remove|delete|drop|strike|scratch|get) (?P<what>.+?) (?:off|from) (?:of )?(?:my|the|your|our)(?: to-?do)?"
    r" (?:list|tasks|reminders|to-?dos)",
    re.I,
)
_OVER = re.compile(
    r"(?P<what>.+?) (?:is|are) (?:no longer (?:necessary|needed|required|happening|on)"
    rf"|not (?:necessary|needed|required){_NO_MORE})",
    re.I,
)
_IT = re.compile(
    r" ?(?:about |of )?(?:it|that|this|them|that one|this one|the (?:last|latest|previous) one|that reminder)"
    rf"(?:{_NO_MORE}| then| please| now)?",
    re.I,
)
_THE_LAST = re.compile(r" ?(?:last|latest|newest|previous|new|one|)", re.I)
_THAT_ONE = re.compile(
    rf"{_CANCEL}(?: about)? (?:that one|this one|the (?:last|latest|previous) one)(?:{_NO_MORE}| then| now)?",
    re.I,
)
_NOTHING_SAID = re.compile(
    r"(?:never ?mind|nvm|(?:forget|cancel|scrap|drop|delete|undo|never ?mind|disregard) (?:it|that|this|about it"
    r"|about that|i (?:said|asked)(?: (?:that|anything))?)|(?:(?:you|u) )?(?:don't|dont|do not) need to remind me"
    r"|no need to remind me)(?: any ?more| then| now| after all| actually)?",
    re.I,
)
"""Says only right after something what is meant."""
_NO_BARE = re.compile(r"(?:that|this|it|they|the fact|how|what|who|why|where)\b(?! (?:reminder|one)\b)", re.I)

_ONE, _THIS = frozenset(("reminder", "alarm", "nudge")), frozenset(("that", "the", "this"))


@dataclass(frozen=True, slots=True)
class GivenUp:
    """Something that is not to be done any more."""

    what: str
    """Its words; empty where it is "that reminder"."""
    is_whole: bool = False
    """Whether the words must name all of it: "I no longer need to …" may speak of anything."""
    is_only_right_after: bool = False
    """Whether nothing but what was said right before can be meant: "never mind"."""


def given_up(text: str) -> list[GivenUp]:
    """What a message gives up, in the order of its words. At most ``MAX_CLAUSES`` a sentence."""
    straight = plain(text)
    masked = own(straight)
    spans = list(sentences(masked))
    found: list[GivenUp] = []
    for start, end in spans:
        is_alone = len(spans) == 1
        found += _in_sentence(straight[start:end], masked[start:end], is_alone=is_alone)
    return list(dict.fromkeys(found))


def _in_sentence(sentence: str, masked: str, *, is_alone: bool) -> Iterator[GivenUp]:
    if _SUPPOSED.search(masked):
        return
    is_asked = masked.rstrip().endswith("?")
    begun = -1
    for start in islice(_START.finditer(masked), MAX_CLAUSES):
        lead = _LEAD.match(masked, start.end())
        at = lead.end() if lead else start.end()
        is_another = not (start["so"] or start["then"]) and _SAYING.search(masked, 0, start.start())
        if at <= begun or is_another or (is_asked and not (lead and lead["asks"])):
            continue
        begun = at
        cut = _CUT.search(masked, at, at + _MAX_BODY)
        end = cut.start() if cut else min(len(masked), at + _MAX_BODY)
        body = without_smileys(sentence[at:end]).rstrip(" .!?…\"'”’")
        if one := _meant(body, is_alone=is_alone and not start.start()):
            yield one


def _meant(body: str, *, is_alone: bool) -> GivenUp | None:
    """What a clause gives up, if anything. ``is_alone``: whether the message says nothing before it."""
    if _THAT_ONE.fullmatch(body):
        return GivenUp("")
    if _NOTHING_SAID.fullmatch(body):
        return GivenUp("", is_only_right_after=True) if is_alone else None
    for pattern in (_REMINDER, _REMINDER_OFF, _NOT_REMIND, _NO_REMINDER, _OFF_LIST):
        if match := pattern.fullmatch(body):
            return _reminder(match)
    if (match := _NEVER_MIND.fullmatch(body)) and not _NO_BARE.match(match["what"]):
        return GivenUp(_said(match["what"]))
    for pattern in (_NO_NEED, _DECIDED, _SKIP, _OVER):
        if (match := pattern.fullmatch(body)) and not _IT.fullmatch(match["what"]):
            return GivenUp(_said(match["what"]), is_whole=True)
    return None


def _reminder(match: re.Match[str]) -> GivenUp | None:
    """Of the words that name a reminder, those that say of what; of "my reminders" none."""
    parts = match.groupdict()
    what = (parts["what"] or "").strip()
    if what and not _IT.fullmatch(what):
        return GivenUp(_said(what))
    if (kind := parts.get("kind") or "") and not _THE_LAST.fullmatch(kind):
        return GivenUp(kind.strip())
    is_one = what or parts.get("noun") in _ONE or parts.get("which") in _THIS
    return GivenUp("") if is_one else None


def _said(what: str) -> str:
    """Without the words that say that it is not to be done any more."""
    return _ENDING.sub("", what)
