"""Names that are given to the mind by what stands around them: what it is no more, what it is likened to. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from services.orchestrator.extraction import name_patterns as said
from services.orchestrator.extraction import words
from services.orchestrator.extraction.given_names import GIVEN_NAMES
from services.orchestrator.extraction.name_reading import (
    ANY,
    FULL,
    NAME,
    Message,
    clause_of,
    holds_other_words,
    is_meant,
    is_one_name,
)

_YOU_ARE = r"(?:you'?re|you are|u r|u are|ur)"
_ENDS = r"(?=[.,;!)]|$| (?:now|ok|okay|lol|thx|thanks|from|and|but|pls|please|got it|bc|because|cuz)\b)"
_NOT_BUT = re.compile(
    rf"\b(?:{_YOU_ARE} not|you aren't|you arent) (?P<refused>[^\W\d_][\w'-]*)(?: here"
    rf"| any ?more)?,? (?:{_YOU_ARE} not [\w'-]+,? )?(?:but )?{_YOU_ARE}(?: now)?"
    rf" {ANY}{_ENDS}",
    re.I,
)
_ASSISTANTS = frozenset(
    "siri alexa cortana bixby google gemini copilot chatgpt gpt claude bard jarvis assistant".split()
)
_A_NAME = re.compile(
    r"\b(?:name (?:for|on) (?:you|u)|(?:your|ur) (?:new )?name|(?:you|u) (?:need|deserve|want|get"
    r"|have)[^.!?]{0,20} name|call(?:ing)? (?:you|u))\b",
    re.I,
)
_YOU_ARE_IT = re.compile(
    rf"(?:^|[:;,.!?–—] ?|\b(?:ok|okay|so|then|alright) ){ANY}(?: then)?,? (?:you are|you shall be|you're going to be"
    rf"|it is|it shall be|it'll be)(?:,? then| now)?(?=[.,;!]|$)",
    re.I,
)
_NEEDS = re.compile(
    rf"\b(?:(?:you|u) (?:need|deserve|should have|ought to have|must have|want)|give (?:you|u)) (?:an?|your own"
    rf"|some) (?:(?!brand|user|pen|stage|code|domain|file|screen|last|first|middle|family)[\w-]+ ){{0,3}}name"
    rf"(?:(?P<colon>:| [-–—]) |[,.!]+ (?:(?:let's say|how about|so|i say|i know|ok|okay"
    rf"|hmm+)[,:. ]+)?){ANY}[.!]*(?=$|[\s.!])(?! [a-z])",
    re.I,
)
_LIKE = re.compile(
    rf"\b(?:you|u) (?:sound|look|seem|feel|act|strike me)(?: more| a lot)? (?:like"
    rf"|as) (?:an? )?{ANY}(?![\w'-])",
    re.I,
)
_CHOSEN = (
    r"\b(?:go(?:nna go|ing)? with|settle on|settled on|pick|choose|stick with|calling you|calling u|make it"
    r") (?:then )?{name}(?!['\w])|\b{name}(?= it is\b)"
)
_ASKED_LEAVE = re.compile(
    r"\b(?:(?:can|could|may|might|shall|should) (?:i|we)(?: just| maybe)?|(?:would"
    r"|do) you mind if(?: [\w' ]{1,24})? (?:i|we)|is it (?:ok|okay|alright|fine) if (?:i|we)"
    rf"|what if (?:i|we)) (?:call|called|name|named|rename|renamed|refer to|referred to) (?:you|u)(?: as)? {FULL}"
    r"(?: from now on| please| instead)?\?",
    re.I,
)
_RESPOND = re.compile(
    rf"\b(?P<verb>respond|react|listen|answer) to {ANY}(?=[.,;!]|$| (?:from|now|ok|okay|pls|please"
    rf"|thx|thanks|as i|because)\b)",
    re.I,
)
_BIDDEN = re.compile(
    rf"\W*(?:{said.FROM}(?: in| out)?\W+)?(?:(?:please|kindly|pls|just|now|(?:you|u)(?: will| shall| must| should"
    rf"| are to)?)\b ?){{0,4}}",
    re.I,
)
_WHEN_I_SAY = re.compile(
    rf"\b(?:when|whenever|if|every time) i say {ANY},? (?:then )?(?:i mean|i'm talking to|i am talking to"
    rf"|im talking to|that's|thats|that means) (?:you|u)(?=[.,;!]|$| (?:ok|now|from|and)\b)",
    re.I,
)
_THAT_IS_WHAT = re.compile(
    rf"[,;.!–—]+ ?(?:and |so )?(?:{said.FROM},? )?(?:that's|thats|that is) (?:what|how) (?:i'm|im|i am|we're|i'll be"
    rf"|i will be|i've)"
    r" (?:calling|decided to call|naming|going to call|gonna call) (?:you|u)(?=[.,;!]|\W*$| (?:now|from|ok)\b)",
    re.I,
)
_THE_NAME_OF = re.compile(
    rf"\b(?:give|giving|gave) (?:you|u) (?:my|the|our) [^,.;:]{{2,40}}(?:s'|'s|'s name| name"
    rf"|name of [^,.;:]{{2,30}})[,:] {FULL}(?=[.,;!]|$)",
    re.I,
)
_NICKNAME = re.compile(
    r"\b(?:i|we|i'm|we're|i'll|i've|we've|let me|let us|let's)\b[^.!?:]{0,20}?\b(?:give|giving|gave|given|got|have"
    r"|chose|picked|found) (?:you|u) (?:an?|the) (?:[\w-]+ ){0,2}(?:nick|pet "
    r"|code )?name"
    rf"(?:,? [^.:;!?]{{0,40}})?: {ANY}(?=[.,;!]|$)",
    re.I,
)
_BY_THE_BYE = re.compile(
    rf"^\W*(?:(?:ok|okay|so|then|now|well|right|hereby|officially|im|i'm|just|change of plan)\W+)*"
    rf"(?P<sure>(?:re)?naming|calling|dubbing|(?:re)?christening) (?:you|u)(?: to| as)? {ANY}{_ENDS}",
    re.I,
)
_STATED = re.compile(
    rf"\b{_YOU_ARE}(?: now)? {ANY}[,.;:!]+ (?:and )?(?:that's|that is|thats) (?:final|settled|decided|that"
    rf"|my last word)\b"
    rf"|\b(?:we|i|kids|they|family|class) (?:all )?(?:voted|decided|agreed|drew lots)[,:]? (?:and |that "
    rf"|so ){{0,2}}{_YOU_ARE} (?P<voted>{NAME}|\w+){_ENDS}"
    rf"|\b(?:can (?:you|u) |please |pls |^|you (?:can|will|shall) )be (?P<be>{NAME}|\w+),? (?={said.FROM}(?! in\b)\W*$)"
    rf"|\byou(?:'ll| will| shall) be (?P<to>{NAME}|\w+) to (?:me|us)(?=[.,;!]|$)"
    rf"|\b(?:your|ur) name(?: from now on)?\? (?P<asked>{NAME}|\w+),? {said.FROM}",
    re.I,
)
"""What the mind is made in so many words: "we voted, and you're Juno"."""
_WAS = re.compile(
    rf"\b(?:(?:you|u) (?:used to be|were)|(?:stop|quit) calling yourself|forget(?: about)?|drop|no more) (?:the "
    rf"|that )?(?P<refused>[^\W\d_][\w'-]*)"
    rf"(?: thing| stuff| name)?[,;.]? (?:and |but )?(?:now |today |from now on )?{_YOU_ARE}(?: now)? {ANY}{_ENDS}",
    re.I,
)
_THAT_IS_YOURS = re.compile(
    rf"{ANY}[!.,;]+ (?:so |and )?(?:that's|that is|thats|that shall be) (?:your|ur) (?:new |real )?name(?! tag"
    rf"| badge| on\b| in\b)(?!\W*\?)",
    re.I,
)
_SMALL_IS_YOURS = re.compile(
    r"^\W*(?:(?:ok|so|then)\W+)?(?P<name>[^\W\d_]{2,20}) is (?:ur"
    r"|your) (?:new )?name(?: now| from now on)?[.! ]*$",
    re.I,
)
_BID = re.compile(
    rf"\b(?:say hello to|meet|here's|this is) (?:your|ur) new name[:,] {FULL}(?=[.,;!]|$)"
    rf"|\b(?:what|how) (?:shall|should|do|can) (?:i|we) (?:call|name) (?:you|u)\? (?:i know|let's say|well|hmm+)[,:]?"
    rf" (?P<known>{NAME})(?=[.!])"
    rf"|(?:^|[.!?] )(?:please |pls )?be (?:called|known as) (?P<bid>{NAME})(?=[.,!]|\W*$)"
    rf"|(?:^|[.!?] )(?P<small>{NAME}|[\w'-]+) is what (?:i'm|im|we're) (?:calling|naming) (?:you|u)(?=[.,;!]|\W*$"
    rf"| (?:now|from|ok)\b)",
    re.I,
)
_GO_WITH = re.compile(
    rf"\b(?:go|going|went|stick|settle) (?:with|on|for) {ANY} (?:for|as) (?:your|ur) (?:new )?name(?=[.,;!]|\W*$"
    rf"| (?:then|ok)\b)",
    re.I,
)
_BOTH = re.compile(
    rf"\b(?:i'm|im|i am) (?P<mine>[^\W\d_][\w'-]*),? (?:and |n )?{_YOU_ARE} {ANY}(?=[.,;!]|$| (?:ok"
    rf"|okay|now|and|lets|let's)\b)",
    re.I,
)


def around(message: Message) -> Iterator[str]:
    """Names that the mind is given."""
    text = message.text
    yield from _likened(message)
    yield from _leave_taken(text)
    for start, end in words.sentences(text):
        yield from _in_sentence(message, start, text[start:end].rstrip())
    if match := _BID.search(text):
        name = next(name for name in match.groups() if name)
        yield from (one for one in (name,) if is_one_name(message, name, is_sure=bool(match["small"])))
    if (match := _THAT_IS_YOURS.search(text)) and is_one_name(message, match["name"]):
        yield match["name"]
    for match in islice(_NEEDS.finditer(text), words.MAX_CLAUSES):
        is_sure = bool(match["colon"])
        if is_one_name(message, match["name"], is_sure=is_sure) and (
            is_sure or match["name"].lower() in GIVEN_NAMES
        ):
            yield match["name"]


def both_named(sentence: str) -> Iterator[tuple[str, str]]:
    """The names of the person and of the mind, where both are given at once: "im rosie ur juno"."""
    for match in islice(_BOTH.finditer(sentence), words.MAX_CLAUSES):
        both = (match["mine"], match["name"])
        is_given = {name.lower() for name in both} <= GIVEN_NAMES
        before = sentence[: match.start()]
        if is_given and not (said.TOLD.search(before) or said.SUPPOSED.search(before)):
            yield both


def _in_sentence(message: Message, start: int, sentence: str) -> Iterator[str]:
    before = message.text[:start]
    yield from _instead(message, sentence)
    yield from _so_it_is(message, before, sentence)
    if match := _STATED.search(sentence):
        name = next(name for name in match.groups() if name)
        yield from (one for one in (name,) if is_one_name(message, name) and is_meant(sentence, match))
    for pattern in (_WHEN_I_SAY, _NICKNAME, _THE_NAME_OF, _BY_THE_BYE, _SMALL_IS_YOURS, _GO_WITH):
        match = pattern.search(sentence)
        if match and _is_named(message, sentence, match):
            is_spoken_of = pattern is not _THE_NAME_OF or _A_NAME.search(before + sentence[: match.start()])
            yield from (name for name in (match["name"],) if is_spoken_of)
    yield from (yours for _, yours in both_named(sentence))
    if match := _THAT_IS_WHAT.search(sentence):
        names = re.findall(rf"(?:^|\b(?:an? )?){FULL}$", sentence[: match.start()])
        yield from (name for name in names if not holds_other_words(name))


def _is_named(message: Message, sentence: str, match: re.Match[str]) -> bool:
    """Whether a naming gives a name, and nobody tells of it."""
    is_sure = match.re in (_SMALL_IS_YOURS, _GO_WITH)
    is_sure = is_sure or (match.re is _BY_THE_BYE and match["sure"].lower() != "calling")
    return is_one_name(message, match["name"], is_sure=is_sure) and not said.TOLD.search(
        sentence[: match.start()]
    )


def _instead(message: Message, sentence: str) -> Iterator[str]:
    """What the mind is named instead of what it is not: "you're not Siri, you're Juno"."""
    for match in (*islice(_NOT_BUT.finditer(sentence), words.MAX_CLAUSES), *_WAS.finditer(sentence)):
        refused = match["refused"]
        is_capital = refused[0].isupper() and not message.is_flat and not holds_other_words(refused)
        was_name = is_capital or "yourself" in match.group() or refused.lower() in GIVEN_NAMES | _ASSISTANTS
        is_told = said.TOLD.search(sentence[: match.start()])
        if was_name and not is_told and is_one_name(message, match["name"], is_sure=True):
            yield match["name"]


def _so_it_is(message: Message, before: str, sentence: str) -> Iterator[str]:
    """ "Thistle you are", after a name was spoken of; "from now on, answer to Jeeves"."""
    for match in islice(_YOU_ARE_IT.finditer(sentence), words.MAX_CLAUSES):
        lead = before + sentence[: match.start()]
        is_again = bool(re.search(rf"\b{re.escape(match['name'])}\b", lead))
        if _A_NAME.search(lead) and is_one_name(message, match["name"], is_sure=is_again):
            yield match["name"]
    match = _RESPOND.search(sentence)
    if match and said.SINCE.search(sentence) and _BIDDEN.fullmatch(clause_of(sentence[: match.start()])):
        is_quoted = match["name"] in message.quoted or match["verb"].lower() == "answer"
        yield from (name for name in (match["name"],) if is_quoted and is_one_name(message, name))


def _likened(message: Message) -> Iterator[str]:
    """ "You look like a Gerald. I'll go with Gerald"."""
    if (match := _LIKE.search(message.text)) and not holds_other_words(match["name"]):
        name = match["name"]
        chosen = re.search(_CHOSEN.format(name=re.escape(name)), message.text[match.end() :], re.I)
        if chosen:
            yield message.text[match.end() :][chosen.end() - len(name) : chosen.end()]


def _leave_taken(text: str) -> Iterator[str]:
    """What somebody asks whether they may call the mind, and then does: "may I call you Mo? Mo, what's the time?"."""
    match = _ASKED_LEAVE.search(text)
    name = match["name"] if match else ""
    if match and not holds_other_words(name):
        called = re.search(rf"(?:^\W*|[.!?,] ){re.escape(name)}, ", text[match.end() :])
        yield from (name for _ in (called,) if called)
