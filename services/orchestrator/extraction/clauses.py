"""The clauses of a message in which something is stated: no question, no "if", no quotation, nothing made up."""

from __future__ import annotations

import re
from collections.abc import Iterator

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
_CONTRACTIONS = (
    (re.compile(r"(?i)\b(i)'m\b"), r"\1 am"),
    (re.compile(r"(?i)\b(we|you|they)'re\b"), r"\1 are"),
    (re.compile(r"(?i)\b(i|we|you|they)'ve(?: got)?\b"), r"\1 have"),
    (re.compile(r"(?i)\b(i|we|they|he|she)'ll\b"), r"\1 will"),
    (re.compile(r"(?i)\b(have|has) got (?=an?\b|\w+ \w+ )(?!(?:to|married|engaged)\b)"), r"\1 "),
    (re.compile(r"(?i)\b(he|she)'s (been|got|had|worked|lived|always)\b"), r"\1 has \2"),
    (re.compile(r"(?i)\b(he|she)'s\b"), r"\1 is"),
    (re.compile(r"\b(?!It|it|That|that|What|what|There|there)(\w+)'s been\b"), r"\1 has been"),
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
    (re.compile(r"(?i)\b(my|our) fave?\b"), r"\1 favourite"),
    (re.compile(r"(?<=\w) \(([A-ZÀ-Þ][a-zß-ÿ]+)\)(?= [a-z])"), r" \1"),
    (re.compile(r"(?<=[a-zß-ÿ]) \(\d{1,2}\)"), ""),
    (re.compile(r"(?i)\b(is|are|was|were|has|have|would|could|did)n't\b"), r"\1 not"),
    (re.compile(r"(?i)\bwon't\b"), "will not"),
    (re.compile(r"(?i)\b(do|does)n't\b"), r"\1 not"),
    (re.compile(r"(?i)\bcan(?:'t|not)\b"), "can not"),
)
_IN_PLAIN_WORDS = (
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
    r"|,?\s+(?:but(?! (?:now |currently )?(?:live|work|study|am|grew)\b)|so"
    r"|because|'?cause|cos|coz|cuz|although|though|whereas|while|which is why|since (?=I|we|he|she|my))\s+(?=\S)"
    r"|,?\s+and\s+(?=(?:also )?(?:in \w+ )?(?:I|i|we|We|he|she|they|my|our|My|there|it)(?:'\w+)?\s)"
    r"|,\s+(?=(?:I|i|we|he|she|please|it|that|this|there|which)(?:'\w+)?\s)"
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
)
"""Where one who does without stops begins to ask: "my son starts school monday any tips"."""
_BREAK_OF_QUESTION = re.compile(rf"{_BREAK.pattern}|,\s+(?={_ASKS})")
_ASKING = re.compile(rf"(?i){_ASKS}")
_ME_AND = re.compile(
    r"(?i)(?:^|(?<=, )|(?<=\band )|(?<=\bbut )|(?<=\bso ))me and (?P<who>(?:my|our) [a-z-]+(?: [a-z]+)?"
    r"|(?-i:[A-Z][a-z]+))(?= (?:live|work|moved|met|went|have|are|were|got|bought|sold|broke|split|just|finally"
    r"|run|own|share|play|go)\b)"
)
"""As many say "my sister and I"."""
_IN_PASSING = re.compile(
    r"(?i)(?:,? (?:thank (?:god|goodness|heavens)|tbh|ngl|btw|fyi)|, (?:finally|at last|sadly|unfortunately|luckily))$"
)
"""What people add to a statement that is no part of it."""
_WHO_IS = re.compile(
    r"(?P<who>(?:[Mm]y|[Oo]ur) [a-z-]+(?: [A-ZÀ-Þ][\w-]+)?|[A-ZÀ-Þ][a-zß-ÿ-]+), who(?:'s| is) (?P<what>[^,]{3,60}),\s+"
)
"""What is said of somebody in passing: "Ines, who is fifteen, …"."""
_BOTH = re.compile(r"(?:[Mm]y [a-z-]+ )?[A-ZÀ-Þ][\w'-]*")


def clauses(text: str) -> Iterator[str]:
    """In their order, with contractions written out: "I'm" as "I am"."""
    for match in _SENTENCE.finditer(text[:MAX_CHARACTERS].replace("’", "'")):
        sentence = _WRITTEN_BARE.sub(lambda bare: _BARE[bare.group().lower()], match.group().strip())
        if len(sentence) > MAX_SENTENCE or _MADE_UP.search(sentence):
            continue
        for part in _parts(_ME_AND.sub(r"\g<who> and I", _without_quotations(sentence))):
            if in_passing := _WHO_IS.search(part):
                yield f"{in_passing['who']} is {in_passing['what']}"
            plain = _IN_PASSING.sub("", without_smileys(part).strip(" ,.!"))
            if len(plain) > 3 and not _UNREAL.search(plain):
                for pattern, full in (*_CONTRACTIONS, *_IN_PLAIN_WORDS):
                    plain = pattern.sub(full, plain)
                yield plain


def _parts(sentence: str) -> list[str]:
    """The clauses of a sentence; of a question, what is stated before it asks."""
    is_question = sentence.rstrip(" \"'”)").endswith("?")
    parts = (_BREAK_OF_QUESTION if is_question else _BREAK).split(sentence)
    if len(parts) > 1 and _BOTH.fullmatch(parts[0]):
        parts = [f"{parts[0]} and {parts[1]}", *parts[2:]]
    if not is_question:
        if sentence[:1].islower():
            parts = [bit for part in parts for bit in _ASKED_ON.split(part)]
        return parts
    asked = next((index for index, part in enumerate(parts) if index and _ASKING.match(part)), 0)
    return (
        parts[:asked]
        if asked
        and not re.search(
            r"(?i)\b(?:do|does|is|are|was|did|have|has)n?'?t? (?:they|you|he|she|it|we|i)\?$", sentence
        )
        else []
    )


def _without_quotations(sentence: str) -> str:
    """A word in quotation marks is a word; more are somebody else's."""
    return _QUOTED.sub(lambda quoted: quoted.group() if len(quoted.group().split()) < 3 else " ", sentence)
