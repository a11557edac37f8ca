"""Names that a person gives as their own by what stands around them: a refusal, a correction, "which is me". Pure.

Weights are those of ``names``: 3 for what somebody wants to be called, 2 for their name, 1 for what is said by the way.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import islice

from services.orchestrator.extraction import name_patterns as said
from services.orchestrator.extraction import words
from services.orchestrator.extraction.given_names import GIVEN_NAMES, UNMISTAKABLE
from services.orchestrator.extraction.mind_named import both_named
from services.orchestrator.extraction.name_reading import (
    ANY,
    FULL,
    NAME,
    Message,
    clause_of,
    holds_other_words,
    is_one_name,
)

_ALMOST = 0.6
"""How alike two spellings of a name are, of 1."""
_TITLE = r"(?:mrs?|ms|miss|dr|doctor|prof|professor|sir|madam|ma'am|mister|aunty|auntie|uncle)\b"
_NOT_A_FORM = (
    r"(?!(?:at|on|by|in|after|before|when|while|for|from|again|back|now|today|tonight|tomorrow|an?|names|until|till"
    r"|if|so|unless|every|yet|later|anymore|about|during|this)\b)"
)
_STUFF = (
    r"(?: stuff| thing| bit| part| business)?(?=[,.;!:)]| [–—-]|$| (?:and|please|pls|lol|ok|thx|thanks|already"
    r"|with me)\b)"
)
_REFUSES = re.compile(
    r"\b(?:(?:stop|quit|don't|dont|do not|no need to|needn't|never|rather not|not to)"
    r" (?:you )?(?:ever )?(?:to )?(?:call(?:ing|ed)?|address(?:ing)?|refer(?:ring)? to) me (?:as )?"
    rf"{_NOT_A_FORM}"
    r"|(?:drop|skip|forget|leave out|lose|no|enough of|without|no need for) (?:the |all |that |this )?"
    rf"(?:{_TITLE}(?: \w+)?{_STUFF}"
    rf"|[\"']?\x00{{3,40}}[\"']?{_STUFF}"
    r"|title(?=,)|(?:titles|formalities|my (?:surname|last name))(?=[,.;!]|$))"
    r"|(?:no need|don't|dont|needn't|let's not) (?:to )?be (?:so |too )?formal\b|if you (?:ever )?(?:use that"
    r"|call me)\b|don't you (?:dare|ever) (?:use|say|call)"
    r"|(?:nobody|no one|no-one) (?:ever )?(?:calls me|uses (?:it|that)|dares?)\b|\b(?:need|want|use"
    r"|have) a name for me\b"
    rf"|\bi (?:hate|dislike|can't stand|loathe) (?:that name|being called {_NOT_A_FORM}))",
    re.I,
)
"""What refuses a form of address: after it, one that is wanted may follow in few words."""
_SPEAKS_OF_NAMES = re.compile(
    rf"\b(?:call|called|calling|calls|name|names|address|write to|friends|informal|formal|{_TITLE})\b", re.I
)
_WILL_DO = re.compile(
    r"(?:^|(?<=[,;:.!] )|\b(?:lol|haha|tho|though|pls|please|just|plain|simply) |(?<=\n))"
    rf"(?:(?P<only>just|plain|simply|only) )?{ANY}"
    r"(?: (?:is|would be)(?: just| perfectly| quite)? (?:fine|ok|okay|good|enough|plenty|better|great|perfect)"
    r"| will do| would do| does| suffices| will suffice| works)(?: (?:nicely|just fine|for me|fine"
    r"|for us))?(?=[,.!;]|$| (?:thx|thanks|pls|please|lol))",
    re.I,
)
_ITS = re.compile(
    rf"(?:^|lol |haha )(?:(?:it'?s|just|i'?m|make it|say|simply|it's just|i'm just) )+{ANY}\W*$", re.I
)
_LAST = re.compile(rf"\b(?:lol|haha|it's|its|is|so|please|pls) (?:just|plain|simply) {ANY}\W*$", re.I)
_IS_ME = re.compile(
    rf"{FULL}(?:,? (?:which|who) is me|,? (?:in other words|that is to say|i\.e\.|aka|that being),? (?:me"
    rf"|yours truly|myself))"
    r"(?=[.,;!)]|$)",
    re.I,
)
_I_MYSELF = re.compile(
    rf"^\W*I, {FULL}, (?:do|promise|hereby|solemnly|am|was|have|need|want|will|would|can|must"
    rf"|swear|declare|confess|admit|agree|accept)\b"
)
_STILL_ME = re.compile(
    rf"\b(?:still|mostly|only|just|always) me(?:,? (?:tho|though|again|lol|here))?,? {ANY}(?=[.!]|$|, (?:and now"
    rf"|from|but)\b)",
    re.I,
)
_MY_NAME_LAST = re.compile(
    r",? (?:and )?(?:that's|thats|that is) (?:indeed |really |actually )?my (?:full |real |first )?name(?=[.,;!]|\W*$)",
    re.I,
)
_CAPITALS = re.compile(rf"(?<![.!?] )(?<!^){FULL}")
_BY_NAME = re.compile(
    rf"\b(?:i'm|im|i am|introduce myself|me)\b[^.!?]{{0,80}}, {FULL} by name(?=[.,;!]|$)", re.I
)
_WHO = re.compile(
    r"\b(?:tell you|so (?:that )?you know|here(?:'s| is)|this is) whom? you(?:'re| are) (?:dealing|talking"
    r"|speaking"
    rf"|chatting|working) (?:with|to)(?: here)?: {FULL}",
    re.I,
)
_MISSPELT = re.compile(
    r"\b(?:(?:misspel(?:t|led)|mispronounced?|spel(?:t|led)) (?:me|my (?:\w+ )?name)"
    r"|(?:writes?|wrote|written|got|have|put) (?:my (?:\w+ )?name|me(?= wrong| down)))"
    r"(?: wrong(?:ly)?| down)?\b[^.!?;:\n]{0,40}[,;:.] ?(?:and |but )?(?:it|that)"
    rf"(?: really)?(?:'s| is| should(?: really| actually)? (?:read|be|say)| ought to (?:read|be|say)"
    rf"| reads)(?: spelt| written| spelled)? {FULL}",
    re.I,
)
_NOT_BUT = re.compile(
    rf"\bnot (?P<refused>[^\W\d_]{{2,20}})[.,;!]+ (?:its |it's |i'm |im |but )?{ANY}[.,;!]? with (?:an?|one|two"
    rf"|no) [a-z]\b",
    re.I,
)
_IN_BRACKETS = re.compile(
    rf"(?<!my )(?:\b(?:me|myself|i)|^\W*(?:this is |it's |its )?(?!my\b)[^\W\d_]+ here) \({FULL}(?:, that is)?\)",
    re.I,
)
_RATHER = re.compile(
    rf"\b(?:use|say|write) (?P<wanted>{NAME}),? (?:rather than|instead of|and not|not) (?P<refused>{NAME})(?![\w'-])",
    re.I,
)
_ANSWERS = re.compile(
    rf"\bi (?:only )?answer (?:only )?to (?P<wanted>{NAME}),? (?:and )?(?:never"
    rf"|not) to (?P<refused>{NAME})(?![\w'-])",
    re.I,
)
_NO_LONGER = re.compile(rf"\b(?:i'm|im|i am) no longer {NAME},? but (?:now )?{FULL}", re.I)
_TO_YOU = re.compile(rf"^\W*(?:it'?s|that's|thats) {ANY} to you(?=[.,;!]|\W*$)(?!\W*\?)", re.I)
_AGAIN = re.compile(
    rf"^\W*(?:(?:hi|hello|hey)\W+)?(?:it'?s|it is|only) {FULL} again[,.!;–-]+ (?:sorry|hi|hello|it's me|i|i'm|i've"
    rf"|im|with|from|just|quick|another|one more|me|do|can|could"
    r"|what|how|please)\b",
    re.I,
)
_MEETS = re.compile(
    rf"^\W*(?:(?:hi|hello|hey)\W+)?{FULL}(?:[,.!;]| [–—-]) (?:(?:very )?(?:pleased|nice|glad|good|lovely|delighted"
    rf"|great)) to meet (?:you|u)\b|^\W*(?P<serves>{NAME}),? at your service\b"
    rf"|\b(?:introduce myself|allow me)[?:.!]+ (?P<introduced>{NAME})(?=[,.!;]|\W*$)",
    re.I,
)
_ASKED_NAME = re.compile(
    r"\b(?:(?:told|asked|know|guess|forgot|tell|remember|gave|give|said|mentioned|got)(?: you| u)?(?: for)? my name"
    r"|who i am|(?:talk|speak|chat)ing (?:to|with) my \w+"
    r"|my \w+(?:'s| has| is| was) (?:gone|away|asleep|off|out|left|typing|handed)"
    r"|who'?s (?:this|speaking|writing|calling))\b",
    re.I,
)
_TELLS_NAME = re.compile(
    rf"(?:^\W*(?:(?:ok|fine|well|so|anyway|btw|oh)[, ]+){{0,2}}(?:it'?s|i'?m|i am|this is)|[,;] (?:and "
    rf"|but )?(?:now )?(?:it'?s|this is)|\bwho i am[:,]) {ANY}(?=[.!,;]|$| (?:from|now)\b)",
    re.I,
)
_SMALL_NAME = re.compile(
    rf"(?:^|[,.!] ?|\bbtw |\byo |\band )(?:my )?(?:names|it'?s (?:ya|yo|ur|your) (?:boy|girl)) {ANY}(?=[.!,;]|$| (?:btw"
    rf"|and|lol)\b)",
    re.I,
)
_IS_THE_NAME = re.compile(
    r"(?:^|[,.!] )(?P<name>[^\W\d_]{2,20}) ?(?:'s| is) (?:the|my) name(?=[.!,;]|\W*$)", re.I
)
_ALIKE = re.compile(
    rf"(?:\bit'?s {FULL},? (?:and )?not (?P<wrong>{NAME})"
    rf"|\b(?:called|wrote|calling|writing|typed|named)(?: me)? (?P<misheard>{NAME})[,.;]+ (?:but |and "
    rf"|yet )?(?:it'?s|i'?m|my name is) (?P<right>{NAME}))"
    r"(?=[.!;]|\W*$)",
    re.I,
)
_AS_MINE = re.compile(
    rf"\b(?:use {FULL} as my name|i only answer to (?P<answers>{NAME})(?=[.,;!]|\W*$)"
    rf"|(?:find|look) me (?:up )?(?:under|as) (?P<under>{NAME})(?=[.,;!]|\W*$| in (?:your|the)\b)|my (?:parents"
    rf"|folks|family|mother|father|mum|mom"
    rf"|dad) called me (?P<born>{NAME})(?=[.,;!]|\W*$"
    rf"| (?:and|but|after|because)\b)|(?:people|everyone|everybody"
    rf"|friends)(?: have)?(?: always)? called me (?P<called>{NAME}) (?:all my life|since|for (?:years|decades|ever"
    rf"|as long)|ever since)\b"
    rf"|(?:change|set|switch|update) (?:my name|what you call me) (?:back )?to (?P<changed>{NAME})(?=[.!,;]|\W*$"
    rf"| (?:please|now|from)\b)"
    rf"|i'd (?:like to|rather|prefer to) be (?P<be>{NAME}) to you\b"
    r")",
    re.I,
)
_SHORT_FORM = re.compile(
    rf"\b(?:the|my) (?:short(?:er)? (?:form|name|version)|nickname),? (?:is )?{FULL}", re.I
)
_PREFERS_SHORT = re.compile(
    r"\bi (?:much )?(?:prefer|like|want|use|go by) the (?:short(?:er)?|nick\w*)\b", re.I
)


def around(message: Message) -> Iterator[tuple[int, str]]:
    """Names with their weights."""
    text = message.text
    for start, end in words.sentences(text):
        sentence = words.without_smileys(text[start:end])
        yield from ((3, name) for name in _wanted(message, start, sentence))
        yield from _by_apposition(message, sentence)
        yield from ((2, name) for name in _before_my_name(sentence))
        yield from _told(message, start, sentence.strip())
        yield from ((1, mine) for mine, _ in both_named(sentence))
    if (match := _MISSPELT.search(text)) and not holds_other_words(match["name"]):
        yield 2, match["name"]
    if match := _MEETS.search(text):
        name = match["name"] or match["serves"] or match["introduced"]
        is_own = not (holds_other_words(name) or words.SAID_BY.search(text, match.end()))
        yield from (one for one in ((1, name),) if " " in name and is_own)
    if (match := _NOT_BUT.search(text)) and {match["refused"].lower(), match["name"].lower()} & GIVEN_NAMES:
        yield 3, match["name"]
    if (match := _SHORT_FORM.search(text)) and _PREFERS_SHORT.search(text):
        yield 3, match["name"]


def _by_apposition(message: Message, sentence: str) -> Iterator[tuple[int, str]]:
    """ "…, which is me", "I, Fenella, promise", "still me, radka"."""
    for pattern in (_IS_ME, _WHO, _BY_NAME):
        for match in islice(pattern.finditer(sentence), words.MAX_CLAUSES):
            if not holds_other_words(match["name"]) and not said.TOLD.search(sentence[: match.start()]):
                yield 2, match["name"]
    for pattern in (_I_MYSELF, _IN_BRACKETS):
        if (match := pattern.search(sentence)) and not holds_other_words(match["name"]):
            yield 1, match["name"]
    if (match := _STILL_ME.search(sentence)) and is_one_name(message, match["name"]):
        yield 1, match["name"]


def _wanted(message: Message, start: int, sentence: str) -> Iterator[str]:
    """What somebody wants to be called who refused another form of address: "plain Dot will do"."""
    start += len(sentence) - len(sentence.lstrip())
    body = sentence.strip(" \n.!")
    for match in islice(_WILL_DO.finditer(body), words.MAX_CLAUSES):
        before = message.text[: start + match.start()]
        is_sure = bool(_REFUSES.search(before))
        is_capital = match["name"][0].isupper() and match["only"] and not message.is_flat
        if (is_sure or (is_capital and _SPEAKS_OF_NAMES.search(before))) and is_one_name(
            message, match["name"], is_sure=is_sure
        ):
            yield match["name"]
    before = message.text[:start]
    if _REFUSES.search(before) and (match := _ITS.search(body)) and is_one_name(message, match["name"]):
        yield match["name"]
    if (
        (match := _LAST.search(body))
        and _REFUSES.search(before + body[: match.start()])
        and match["name"].lower() in GIVEN_NAMES
    ):
        yield match["name"]


def _told(message: Message, start: int, sentence: str) -> Iterator[tuple[int, str]]:
    """What somebody says of their name in so many words, whatever the case of its letters."""
    for match in (*_RATHER.finditer(sentence), *_ANSWERS.finditer(sentence)):
        if _is_short_for(match["wanted"], match["refused"]):
            yield 3, match["wanted"]
    if (match := _ALIKE.search(sentence)) and _is_corrected(*[name for name in match.groups() if name]):
        yield 2, match["name"] or match["right"]
    if (match := _AS_MINE.search(sentence)) and not said.TOLD.search(sentence):
        name = next(name for name in match.groups() if name)
        yield from (one for one in ((3, name),) if name.lower().split()[0] in GIVEN_NAMES)
    for pattern in (_NO_LONGER, _TO_YOU, _AGAIN, _SMALL_NAME, _IS_THE_NAME):
        match = pattern.search(sentence)
        name = match["name"] if match else ""
        is_known = name.lower() in GIVEN_NAMES or pattern is _NO_LONGER
        if (
            match
            and is_known
            and is_one_name(message, name)
            and not said.TOLD.search(sentence[: match.start()])
        ):
            yield 1 if pattern is _AGAIN else 2, name
    match = _TELLS_NAME.search(sentence)
    if (
        match
        and _ASKED_NAME.search(message.text[: start + match.start("name")])
        and is_one_name(message, match["name"])
    ):
        yield 2, match["name"]


def _is_corrected(one: str, other: str) -> bool:
    """Whether of two names one is the other, written wrongly: "Solvej" of "Solveig"."""
    are_alike = SequenceMatcher(None, one.lower(), other.lower()).ratio() >= _ALMOST
    return are_alike and one != other and bool({one.lower(), other.lower()} & GIVEN_NAMES)


def _is_short_for(one: str, other: str) -> bool:
    """Whether one of two names is the beginning of the other: "Hen" of "Henrike"."""
    shorter, longer = sorted((one.lower(), other.lower()), key=len)
    are_names = not (holds_other_words(one) or holds_other_words(other)) and bool(
        {shorter, longer} & UNMISTAKABLE
    )
    return are_names and shorter != longer and longer.startswith(shorter[:3])


def _before_my_name(sentence: str) -> Iterator[str]:
    """The one name before "…, that's my name"."""
    match = _MY_NAME_LAST.search(sentence)
    if not match or said.DENIED.search(clause_of(sentence[: match.start()])):
        return
    found = {one["name"] for one in _CAPITALS.finditer(sentence, 0, match.start())}
    names = {name for name in found if not holds_other_words(name)}
    last = sentence[max(0, match.start() - 40) : match.start()]
    yield from (name for name in names if len(found) == 1 and name in last)
