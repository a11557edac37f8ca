"""What is told in the past and was not done: denied, tried, reported, taken back or failed. Pure."""

from __future__ import annotations

import re

_REJECTED = (
    r"(?:rejected|declined|refused|denied|returned|bounced|failed|sent back|turned (?:down|away)|cancell?ed"
    r"|withdrawn|voided|closed|shut|sold out|out of stock|fully booked|full|empty|lost|stolen|deleted|broken)"
)
_WENT_WRONG = (
    r"(?:bounced|failed|crashed|came (?:right |straight )?back|went wrong|fell through|(?:got|was|were) lost"
    r"|timed out|went missing|errored|froze|broke down)"
)
_BUT = r"(?:but|yet|though|although|however|unfortunately|sadly|alas|only)"
_FAILED = (
    rf"\b{_BUT}\b[^.;!?\n]{{0,40}}?\b(?:(?:was|were|is|are|got|gets|been|be|me|us|it) (?:\w+ )?{_REJECTED}"
    rf"|{_WENT_WRONG}|(?:rejected|declined|refused|denied|returned) (?:it|them|me|us|my))\b"
    rf"|,? and (?:it|they|that) (?:(?:was|were|got|has been|have been) (?:\w+ )?{_REJECTED}|{_WENT_WRONG})\b"
)
_KIDDING = (
    r"(?:(?<!\bno )(?<!\bnot )(?:kidding|joking)|jk|j/k|psych|sike|april fools?|(?:i lied|i'm lying)(?! down)"
    r"|i made (?:that|it) up|in my dreams)"
)
_REPORTED = (
    r"(?:(?<!\bi )(?<!\bwe )(?:sa(?:id|ys|ying)|reckon(?:s|ed)?|sw(?:ears?|ore)|insist(?:s|ed)?|suggest(?:s|ed)?"
    r"|jok(?:es?|ed)|heard|hears|report(?:s|ed)?|assum(?:es?|ed)|suspect(?:s|ed)?|figur(?:es?|ed)|told \w+|tells \w+)"
    r"(?: that)? (?:i|we|i've|we've|i'd|we'd)|according to|apparently|rumou?r has it)"
)
UNDONE = re.compile(
    r"(?i)\b(?:not|never|\w+n't|(?:do|does|did|is|was|have|has|had)nt"
    r"|almost|nearly|if|unless|had i|let's say|supposedly|allegedly|(?:remind|tell|ping) me (?:once|when|after)|would"
    r"|will|\w+'ll|going to|need(?:ed)? to|want(?:ed)? to|have to"
    r"|had to|should|tried|forgot|about to|still|half|part(?:ly)? of|partly|wrong|pretend\w*|imagine\w*|dream\w*"
    r"|(?:most|some|outline|draft|beginning|summary|review|picture|photo) of(?! (?:it|that|them)\b)"
    r"|(?:wish(?:es)?|hop(?:e|es|ed)|th(?:ink|inks|ought)|guess|believes?|doubt|claim(?:s|ed)?|maybe|perhaps"
    r"|probably)(?: that)? (?:i|we|i've|we've)|(?:i|we) (?:probably|maybe|perhaps)|booked (?:out|up|solid)"
    r"|(?:nobody|no one) (?:picked|answered|replied|was (?:there|in|home))|no (?:answer|reply|response|luck)|in vain"
    r"|voicemail|r[au]ng (?:off|(?:the|his|her|their) (?:door)?bell)|(?:line|number|phone) was (?:busy|engaged|dead)"
    r"|to no avail|unsuccessful(?:ly)?|without (?:success|luck)|or so (?:i|they|he|she)|or did i|in theory"
    rf"|{_REPORTED}|{_KIDDING})\b|{_FAILED}"
)
HABITUAL = re.compile(
    r"(?i)\b(?:(?<!\bas )always|usually|often|sometimes|normally|generally|whenever|used to|as a child"
    # "I called once I was home", but not "once I called".
    r"|once(?!(?<=\w once)(?<!and once)(?<!but once) (?:i|we|you|he|she|it|they|the|my|our|everyone)\b)"
    r"|(?:every|each) (?:other |single |second )?(?:day|week|month|year|time|morning|afternoon|evening|night|weekend"
    r"|spring|summer|autumn|fall|winter|\w+day)|(?:on|at) (?:\w+days|weekends)"
    r"|last (?:month|year|spring|summer|autumn|fall|winter)|(?:months?|years?|decades?) ago|in (?:19|20)\d\d)\b"
)
"""What was done then, or is done again and again, is not what was promised."""
_TAKEN_BACK = re.compile(
    r"(?i)\W{0,8}(?>(?:(?:(?:ha){1,4}|lol|no|nah|nope|ok|okay|oh|wait|well|actually|but|and|only|just|totally|hang on"
    r"|i'm|im|i am|i was|we're|sorry)\b[\s,!.…]{0,4}){0,5})"
    rf"(?:(?:{_KIDDING}|(?:scratch|strike) that|that's (?:a lie|not true)|not true)\b"
    r"|(?:not (?:really|yet|quite)|(?:i|we) (?:didn't|did not|haven't|have not)(?: really| actually| yet)?)\W*$"
    rf"|(?>(?:(?:{_BUT}|and|then)\b[\s,]{{0,3}}){{0,2}})(?:it|they|that)(?:'s)? (?:(?:was|were|got|has been|have been"
    rf"|been) (?:\w+ )?{_REJECTED}|{_WENT_WRONG})\b)"
)
"""A sentence that makes nothing of the one before it: "Just kidding", "But it was rejected"."""


def is_taken_back(after: str) -> bool:
    """Whether a sentence makes nothing of what was told right before it."""
    return _TAKEN_BACK.match(after) is not None
