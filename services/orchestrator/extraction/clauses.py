"""The clauses of a message in which something is stated: no question, no "if", no quotation, nothing made up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import zip_longest

from services.orchestrator.extraction.in_passing import after_a_name, in_passing
from services.orchestrator.extraction.lexicon import DIET, STATUS
from services.orchestrator.extraction.undone import is_taken_back
from services.orchestrator.extraction.words import without_smileys

MAX_CHARACTERS = 16_384
"""Read of a message: what is longer is pasted rather than said."""
MAX_SENTENCE = 400
"""Characters: what is longer is no plain statement."""
_SENTENCE = re.compile(r"(?:[^.!?\n]|\.(?=\w)|(?<=\b[DM]r)\.|(?<=\bMrs)\.|(?<=\bMs)\.)+[.!?]*")
_QUOTED = re.compile(r"[\"“«][^\"”»\n]*[\"”»]?")
_UNREAL = re.compile(
    r"(?i)\b(?:if|unless|wish|maybe|perhaps|possibly|might|may(?= \w+ (?:be|have))|probably|not sure|whether|"
    r"wonder(?:ing)?|"
    r"thinking (?:about|of)|considering|would have|would be|would love to|in theory|as though|(?:nearly"
    r"|almost)(?! (?:\d|\w+(?:ty|teen)\b|every))|"
    r"hopefully|hope|hoping|"
    r"going to be|tempted)\b"
)
"""A clause with one of these says what is not so, or not yet."""
_MADE_UP = re.compile(
    r"(?i)\b(?:imagine|pretend|suppose|supposing|hypothetical\w*|it's possible|dream(?:t|ed|s)?|"
    r"(?:claims?|claimed|says|said|told me|supposedly|allegedly|apparently|reportedly|rumou?rs?|they say|doubt)\b|"
    r"according to|i (?:heard|read)\b(?! (?:a lot|lots|mostly|mainly|only|every)\b)|in (?:that|this|the|a"
    r"|my) (?:film|movie|book|novel|story|song|series|show|"
    r"game|play|"
    r"poem|episode)|in the voice of|fictional|the (?:character|hero|heroine|narrator|protagonist)\b|role-?play)"
    r"|(?:keeps?|kept) (?:telling|saying)\b|\bjust (?-i:LOVE)\b"
    r"|^\W*(?:if|were|had|should|unless|maybe|perhaps|as if|yeah,? right|oh,? sure)\b"
    r"|^\W*(?:(?:please|can you|could you|now|ok|okay|then|help me(?: to)?)\W+)*"
    r"(?:write|draft|compose|translate|rewrite|correct|"
    r"proofread|"
    r"summari[sz]e|paraphrase|let's|act|say|repeat)\b"
)
"""A sentence with one of these is told, quoted or made up."""
_REPORTED = re.compile(
    r"(?i)(?:,? (?:and|but|so|because|cos)|;) (?:(?:my|our|the) [\w-]+(?: [\w-]+){0,2}?|he|she|they|everyone|everybody)"
    r"(?:, who[^,]{3,60},)? (?:says?|said|told me) (?=[\w']+ \w)"
    r"|(?<=\w) (?<!^i)(?:he|she|they) (?:says?|said) (?=[\w']+ \w)"
)
"""Where one begins to tell what somebody says, after what one states oneself."""
_SAYS = re.compile(r"(?i)says?|said|told me|doubt")
_ASKS = r"(?:what|which|how|where|who|when|why|can|could|do|does|did|is|are|any|would|should|will|have you|got any)\b"
_BARE = {
    "im": "I'm", "ive": "I've", "youre": "you're", "theyre": "they're", "hes": "he's", "shes": "she's", "weve": "we've",
    "dont": "don't", "doesnt": "doesn't", "didnt": "didn't", "isnt": "isn't", "arent": "aren't", "wasnt": "wasn't",
    "cant": "can't", "wont": "won't", "havent": "haven't", "hasnt": "hasn't",
    "yday": "yesterday", "ystrday": "yesterday", "tmrw": "tomorrow", "tmr": "tomorrow", "tmrrw": "tomorrow",
    "tomo": "tomorrow", "2moro": "tomorrow", "bday": "birthday", "wknd": "weekend", "finaly": "finally",
}  # fmt: skip
"""Contractions, and a few words more, as people in a hurry write them."""
_WRITTEN_BARE = re.compile(rf"\b(?:{'|'.join(_BARE)}|Ive|(?:Im(?= (?:an?|not|from|also|so)\b)))\b")
_SHORT = (
    (
        re.compile(r"(?i)^(?:(?:small|big|quick|good|bad|sad|life) )?(?:update|news|edit|fyi|ps)\s*[:,-]\s+"),
        "",
    ),
    (
        re.compile(
            r"(?i)\b(?:got a new (?:phone )?number,?:?|(?:my|our) (?:phone )?number(?: has|'s) changed:?,?) it'?s"
            r" (?=[+\d])(?P<number>[+\d][\d ()-]{3,20}\d)(?: now)?"
        ),
        r"my new number is \g<number>",
    ),
    (
        re.compile(
            r"(?i)\b(?P<me>(?:(?:i|we)(?:'ve| have)? )?)(?:(?:just|finally) )?moved(?: (?:house|home|flats?))?,? "
            r"(?:(?:and|so) )?(?:now )?(?:i|we)(?:'re|'m|re|m| are| am) (?:now )?in "
            r"(?P<place>(?-i:[A-ZÀ-Þ])[\w-]+(?: (?-i:[A-ZÀ-Þ])[\w-]+)?)(?: now)?(?=$|[.,!;]| and\b)"
        ),
        r"we live in \g<place>",
    ),
    (
        re.compile(
            r"(?i)\b(?P<sold>sold (?:my|our|the) [\w-]+(?: [\w-]+)?),? (?:and|to) (?:(?:i|we) )?(?:got|bought|get|buy)"
            r" (?:(?:us|me|ourselves|myself) )?(?=an? (?!(?:bit|lot|few|good|great|fair|decent|better)\b)\w)"
        ),
        r"\g<sold> and have ",
    ),
    (
        re.compile(
            r"(?i)\b(?P<was>used to [^,.;!?]{3,60}?),? (?:but|and|until|till) (?:then )?(?:(?:i|we) )?(?:quit|stopped"
            r"|gave (?:it )?up)(?: (?:it|that|last|in|on|an?|about|two|three|four|five|ten|some|years|\d)\b[^,.;!?]*)?"
            r"(?=$|[.,;!?])"
        ),
        r"\g<was>",
    ),
    (re.compile(r"(?i)\b(been (?:an? )?[\w-]+) (?=\d{1,2} (?:years|yrs)\b)"), r"\1 for "),
    (re.compile(r"(?<=\w )n (?=\w)"), "and "),
    (re.compile(r"(?i)\b(me|we|they|you|u) r\b"), r"\1 are"),
    (re.compile(r"\bnow were (?=(?:officially|finally|an? couple|together)\b)"), "now we're "),
    (re.compile(r"(?i)\b((?:and|but|so|cos) )r (?=\w)"), r"\1are "),
    (re.compile(r"(?<=[a-z] )r (?=(?:official|done|over|finished|together|a couple)\b)"), "are "),
    (
        re.compile(
            r"(?i)\b(?:handed|gave) in (?:my|our) notice at (?P<at>[\w'&-]+) and (?:i )?(?:left\b|(?:last )?\w+"
            r" (?:was|is) my last (?:day|shift))(?: there)?"
        ),
        r"left \g<at>",
    ),
    (
        re.compile(
            r"(?i)\bsold (?:my|our) (?:old )?((?:violin|viola|piano|guitar|cello|flute|drums?|drum kit|trumpet"
            r"|sax\w*|clarinet"
            r"|oboe|harp|organ|accordion))\b(?=.*\b(?:never|do not|don't|dont|no longer|hardly) play"
            r"|\bstopped playing).*"
        ),
        r"gave up the \1",
    ),
)
"""What people in a hurry write in fewer letters, or in more words than rules read."""
_CONTRACTIONS = (
    (re.compile(r"(?i)\b(i)'m\b"), r"\1 am"),
    (re.compile(r"(?i)\b(we|you|they)'re\b"), r"\1 are"),
    (re.compile(r"(?i)\b(i|we|you|they)'ve(?: got)?\b"), r"\1 have"),
    (re.compile(r"(?i)\b(i|we|they|he|she)'ll\b"), r"\1 will"),
    (re.compile(r"(?i)\b(have|has) got (?=an?\b|\w+ \w+ )(?!(?:to|married|engaged)\b)"), r"\1 "),
    (re.compile(r"(?i)\b(he|she)'s (been|got|had|worked|lived|always)\b"), r"\1 has \2"),
    (re.compile(r"(?i)\b(he|she)'s\b"), r"\1 is"),
    (re.compile(r"\b(?!It|it|That|that|What|what|There|there)(\w+)'s been\b"), r"\1 has been"),
    (
        re.compile(
            r"\b([A-ZÀ-Þ][a-zß-ÿ]+)(?<!It)(?<!That)(?<!What)'s (?=(?:left|retired|quit|moved|taken over|got the)\b)"
        ),
        r"\1 has ",
    ),
    (re.compile(r"(?i)\b(i|we|he|she|they)'d\b"), r"\1 would"),
    (re.compile(r"(?i)\b(name|wife|husband|birthday|favou?rite \w+)'s (?=(?-i:[A-Z\d]))"), r"\1 is "),
    (
        re.compile(
            r"\b(?!It|it|That|that|What|what|There|there|Let|let)(\w+)'s (?=(?:an?|the|my|our|allergic|from|"
            r"called|named|not|married|pregnant|into|been|retired|\d{1,3}(?=$|,| (?:and|but|now|years)\b)|"
            r"(?!wedding|painting|building|spring|morning|evening|thing|king|ring|being)\w+ing)\b)"
        ),
        r"\1 is ",
    ),
    (re.compile(r"\b(\w+)'s (?=[A-Z][\w-]+$)"), r"\1 is "),
    (
        re.compile(
            rf"\b((?:my|our) [a-z-]+)'s (?=(?:\w+ )?(?:{STATUS}|{DIET})(?=$|,| (?:and|but|so|now)\b))"
        ),
        r"\1 is ",
    ),
    (re.compile(r"(?i)\b(my|our) fave?\b"), r"\1 favourite"),
    (re.compile(r"(?<=\w) \(([A-ZÀ-Þ][a-zß-ÿ]+)\)(?= [a-z])"), r" \1"),
    (re.compile(r"(?<=[a-zß-ÿ]) \(\d{1,2}\)"), ""),
    (re.compile(r"(?i)\b(is|are|was|were|has|have|would|could|did)n't\b"), r"\1 not"),
    (re.compile(r"(?i)\bwon't\b"), "will not"),
    (re.compile(r"(?i)\b(do|does)n't\b"), r"\1 not"),
    (re.compile(r"(?i)\bcan(?:'t|not)\b"), "can not"),
)
_IN_PLAIN_WORDS = (
    (re.compile(r"(?i)\b(I|we) happen to be\b"), r"\1 am"),
    (
        re.compile(
            r"(?i)\b(I|we) (?:do )?happen to (?=(?:really )?(?:love|like|hate|live|work|own|have|speak|play)\b)"
        ),
        r"\1 ",
    ),
    (re.compile(r"\bw/? (?=(?:my|our|a|an|the|his|her|some)\b)"), "with "),
    (
        re.compile(
            r"(?i)\b(?:somebody|someone|thieves|they) (?:stole|nicked|pinched|swiped) ((?:my|our) [\w-]+(?: [\w-]+)??)"
            r"(?=$|,| (?:last|yesterday|on|from|while|this)\b)"
        ),
        r"\1 was stolen",
    ),
    (
        re.compile(
            r"(?i)\b(?:packed|jacked|chucked) in (?=\w)(?!(?:the|my|a|an|our|his|her|with|on|for|two)\b)"
        ),
        "gave up ",
    ),
)
"""What is said in other words than the rules for facts know: \"somebody nicked my bike\"."""
_BREAK = re.compile(
    r"\s*[;–—]\s*|\s+-\s+|:\s+(?=(?:I|i|my|My|we|We|the|please|can)\b)"
    r"|,?\s+(?<!\bnothing )(?<!\banything )(?<!\beverything )(?:but(?! (?:now |currently )?(?:live|work|study|am"
    r"|grew)\b)|so"
    r"|because|'?cause|cos|coz|cuz|although|though|whereas|while|which is why|since (?=I|we|he|she|my))\s+(?=\S)"
    r"|,?\s+and\s+(?=(?:also )?(?:now )?(?:in \w+ )?(?:I|i|we|We|he|she|they|my|our|My|there|it)(?:'\w+)?\s)"
    r"|,\s+(?=(?:I|i|we|he|she|they|please|it|that|this|there|which)(?:'\w+)?\s)"
    r"|,\s+(?=(?:his|her|their) \w+ (?:is|has|was|will|can|just|visits|comes|wants|loves|hates)\b)"
    r"|,\s+and\s+(?=[A-ZÀ-Þ]\w+ (?:is|has|manages|leads|runs|will|was|took|works|lives)\b)"
    r"|,\s+(?=its\s)|,\s+(?=(?:don't|do not|can't|can not) (?:tell|ask|judge|laugh|worry)\b)"
    r"|,\s+and\s+(?=(?:the \w+|everyone|everybody|nobody|people) (?:is|are|has|have|was|were|will|can)\b)"
    r"|,\s+(?=(?:hate|love|loathe|adore|can't stand|can not stand|got (?:my|an?)) \w)"
    r"|,?\s+and\s+(?=(?:every time|whenever|since then)\b)"
)
_ASKED_ON = re.compile(
    r",?\s+(?=(?:any (?:\w+ )?(?:tips|ideas?|advice|recs?|recommendations?|suggestions?|exercises|thoughts|good)"
    r"|what (?:do|does|should|can|could|is|are|would|to)|what's|whats|how (?:do|does|can|should|much|many|long)"
    r"|which (?:\w+ ){1,2}(?:should|is|am|are|do|can)|where (?:do|can|should) (?:I|i|we)|(?:can|could|would"
    r"|will) (?:you|u)\b"
    r"|do (?:you|u)\b|(?:need|want) (?:an?|some|ideas?|help|gift|to know)\b|ideas for|name ideas|(?:please|pls|plz)\b"
    r"|looking for|is it (?:ok|okay|safe|bad|normal)|should (?:I|i|we))\b)"
    r"|,\s+(?=(?:my|our) (?:[\w-]+ ){1,2}(?:is|has|works|lives|turns|starts|just|won't|hates|loves|got|are|was)\b)"
    r"|,\s+(?=(?:whats?|hows?|any|need|recs?|ideas?|tips|help)\b)"
    r"|,\s+(?=(?:the )?[a-z][\w'-]+ (?:is|are|was|were|has) (?!\w+ing\b))"
    r"|,\s+(?=(?:officially |finally )?(?:gave up|quit|stopped|sold|moved|left)\b)"
    r"|,\s+(?=(?:is|are|do|does|did|can|could|should|would|will|what|how|where|which|when|why) (?:it|that|this|they"
    r"|there|you|u|i|we|he|she|my|to|do|does|is|much|many|long)\b)"
)
"""Where one who does without stops begins to ask: "my son starts school monday any tips"."""
_BREAK_OF_QUESTION = re.compile(rf"{_BREAK.pattern}|,\s+(?={_ASKS})")
_ASKING = re.compile(rf"(?i)(?!can'?t\b){_ASKS}")
_TAG = re.compile(r"(?i)\b(?:do|does|is|are|was|did|have|has)n?'?t? (?:they|you|he|she|it|we|i)\?$")
_ASKED_FOR = re.compile(
    r"^(?P<said>(?:(?:hi|hey|hello|ok|so|btw|pls|well)[ ,]+)*"
    r"(?:(?:i|im|i'm|i've|ive|we|we're|we've|my|our|can'?t|got|just|moved|hubby|hubs|gf|bf|wife|mum|mom|dad)"
    r"(?:'s)?\b(?! (?:right|correct)\b)).*),\s+"
    r"(?!(?:right|correct|yes|yeah|no|ok|okay|huh|eh|true|innit|really|and|or|but|then|please|too|not|if|thoughts)\b)"
    r"(?=[a-z])(?:[\w'-]+ ){0,6}[\w'-]+\s*\?+\s*$",
    re.IGNORECASE,
)
"""What one states before one asks for something in a word or two: "I teach in Croydon, remedies?"."""
_ME_AND = re.compile(
    r"(?i)(?:^|(?<=, )|(?<=\band )|(?<=\bbut )|(?<=\bso ))me and (?P<who>(?:my|our) [a-z-]+(?: [a-z]+)?"
    r"|(?-i:[A-Z][a-z]+))(?= (?:live|work|moved|met|went|have|are|were|got|bought|sold|broke|split|just|finally"
    r"|run|own|share|play|go)\b)"
)
"""As many say "my sister and I"."""
_IN_PASSING = re.compile(
    r"(?i)(?:,? (?:thank (?:god|goodness|heavens)|tbh|ngl|btw|fyi|at last)|, (?:finally|sadly|unfortunately|luckily))$"
)
"""What people add to a statement that is no part of it."""
_ONE_WORD = re.compile(r"[a-z]{2,12}")
_BOTH_OF_US = re.compile(r"(?:i|I|me) (?:are|have|broke|split|called|got|were)\b")
_BOTH = re.compile(r"(?:[Mm]y [a-z-]+ )?[A-ZÀ-Þ][\w'-]*")


def clauses(text: str) -> Iterator[str]:
    """In their order, with contractions written out: "I'm" as "I am"."""
    sentences = [*_SENTENCE.finditer(text[:MAX_CHARACTERS].replace("’", "'"))]
    for match, after in zip_longest(sentences, sentences[1:]):
        if after and is_taken_back(after.group()):
            continue
        sentence = _WRITTEN_BARE.sub(lambda bare: _BARE[bare.group().lower()], match.group().strip())
        if len(sentence) > MAX_SENTENCE:
            continue
        for pattern, full in _SHORT:
            sentence = pattern.sub(full, sentence)
        stated = _stated(sentence)
        own = _ME_AND.sub(r"\g<who> and I", _without_quotations(stated))
        if stated or all(_SAYS.fullmatch(made_up.group()) for made_up in _MADE_UP.finditer(sentence)):
            yield from map(_plain, in_passing(_without_quotations(sentence)))
        for part in _parts(own):
            plain = _IN_PASSING.sub("", without_smileys(part).strip(" ,.!"))
            if len(plain) > 3 and not _UNREAL.search(plain):
                yield _plain(plain)
        if not own.rstrip().endswith("?"):
            yield from map(_plain, after_a_name(own))


def _plain(clause: str) -> str:
    for pattern, full in (*_CONTRACTIONS, *_IN_PLAIN_WORDS):
        clause = pattern.sub(full, clause)
    return clause


def _stated(sentence: str) -> str:
    """A sentence as far as its writer states it: up to where it says what somebody says; empty of what is made up."""
    if not (made_up := _MADE_UP.search(sentence)):
        return sentence
    report = _REPORTED.search(sentence)
    if not report or not report.start() <= made_up.start() < report.end():
        return ""
    return sentence[: report.start()]


def _parts(sentence: str) -> list[str]:
    """The clauses of a sentence; of a question, what is stated before it asks."""
    is_question = sentence.rstrip(" \"'”)").endswith("?")
    parts = (_BREAK_OF_QUESTION if is_question else _BREAK).split(sentence)
    if len(parts) > 1 and (
        _BOTH.fullmatch(parts[0]) or (_ONE_WORD.fullmatch(parts[0]) and _BOTH_OF_US.match(parts[1]))
    ):
        parts = [f"{parts[0]} and {parts[1]}", *parts[2:]]
    if not is_question:
        if sentence[:1].islower():
            parts = [bit for part in parts for bit in _ASKED_ON.split(part)]
        return parts
    if _TAG.search(sentence):
        return []
    asked = next((index for index, part in enumerate(parts) if index and _ASKING.match(part)), 0)
    if asked:
        return parts[:asked]
    asked_for = None if " or " in sentence else _ASKED_FOR.match(sentence.strip())
    return _parts(asked_for["said"]) if asked_for and not _ASKING.match(sentence) else []


def _without_quotations(sentence: str) -> str:
    """A word in quotation marks is a word; more are somebody else's."""
    return _QUOTED.sub(lambda quoted: quoted.group() if len(quoted.group().split()) < 3 else " ", sentence)
