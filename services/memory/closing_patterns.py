"""The patterns of ``closings.py``: which sentence says what to be over. Pure.

A sentence is read up to the words that say when. ``{name}`` in what is over stands for that group of the pattern; of a
pattern without a subject it is the user.
"""

from __future__ import annotations

import re

from services.memory.endings import ADVERBS, HAVE, OWN, SUBJECT

_HAS = rf"(?:{HAVE} )?{ADVERBS}"
_IS = r"(?:is|am|are)"
_NAME = r"(?-i:[A-ZÀ-Þ])[\w'’-]*"
_PARTNERS = r"(?:boyfriend|girlfriend|partner|fianc[ée]e?|husband|wife)"
SEATS = (
    "boss manager supervisor landlord landlady dentist doctor gp therapist psychologist psychiatrist coach trainer"
    " hairdresser barber lawyer solicitor accountant mentor tutor assistant secretary"
).split()
_ALL_SEATS = tuple((f"{role}\0seat", "{name}") for role in SEATS)
_HOUSEMATES = "lodger|tenant|flatmate|housemate|roommate|roomie"
_STUDIES = r"(?:uni|university|college|degree|school|studies|master's)"


_PET = r"(?:cat|dog|puppy|kitten|horse|pony|rabbit|hamster|parrot|tortoise|guinea pig|budgie)s?"


def _whole(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"^(?:{pattern})$", re.IGNORECASE)


HINTS = frozenset(
    """
    over handed turned returned self-employed no left quit gave given retired moved alone called parted broke broken
    friends widow widower widowed dumped walked divorced boyfriend girlfriend partner fiancé fiancée fiance fiancee
    husband wife relationship remarried died passed promoted sack took taken stopped cancelled canceled ditched dropped
    split disbanded folded finished completed off eat eats found got landed accepted started work works can submitted
    defended abandoned had pulled withdrew fired sacked laid resigned dismissed adopted bought has
    miscarried lost single not birth born gone ended come came done cleared removed
    """.split()
)
"""One of the words without which nothing is over: most sentences are read no further."""
ENDED: tuple[tuple[re.Pattern[str], tuple[tuple[str, str], ...]], ...] = tuple(
    (_whole(pattern), over)
    for pattern, over in (
        (
            rf"(?P<what>[\w'’&. -]{{2,40}}?) is over for {SUBJECT}",
            tuple(
                (attribute, "{what}")
                for attribute in ("works", "lives", "partner", "spouse", "member", "enrolled")
            ),
        ),
        (
            rf"{SUBJECT} {_HAS}(?:handed (?:back|in|over)|turned in|returned) {OWN} (?:[\w'’&]+ ){{0,2}}"
            r"(?:badge|apron|uniform|lanyard|work (?:phone|laptop))\b.*",
            (("works", ""),),
        ),
        (rf"{SUBJECT} {_IS} (?:now )?self-employed", (("works", ""),)),
        (rf"{SUBJECT} {_IS} no longer an? (?P<what>[\w ]+)", (("occupation", "{what}"),)),
        (
            rf"{SUBJECT} {_HAS}(?:left|quit|gave up|given up|retired from) (?P<trade>[a-z]+)ing(?: after .+)?",
            tuple(("occupation", f"{{trade}}{end}") for end in ("e", "er", "or", "")),
        ),
        (
            rf"{SUBJECT} {_HAS}(?:gave up|given up|given notice on|gave notice on|moved out of) (?:the|{OWN})"
            r" (?:flat|house|apartment|room|place|studio) in (?P<place>[^,]+)",
            (("lives", "{place}"),),
        ),
        (rf"{SUBJECT} {ADVERBS}lives? alone", (("household", ""),)),
        (rf"{SUBJECT}['’]s (?P<who>{_HOUSEMATES}) (?:has )?moved out", (("has", "{who}"),)),
        (
            r"(?:(?P<value>[\w'’.-]+(?: [\w'’.-]+)?) and )?(?P<subject>the user|[\w'’.-]+) called off the wedding",
            (("status", "engaged"),),
        ),
        (
            r"(?P<value>[\w'’.-]+(?: [\w'’.-]+)?) and (?P<subject>the user) called off the wedding",
            (("partner", "{value}"),),
        ),
        (
            r"(?P<value>[\w'’&.-]+(?: [\w'’&.-]+)?) and (?P<subject>the user|i) (?:have )?"
            r"(?:parted ways|broke up|are (?:now )?just friends(?: now)?)",
            tuple((attribute, "{value}") for attribute in ("works", "partner", "spouse")),
        ),
        (
            rf"{SUBJECT} {_IS} (?:now )?(?:an? )?(?:widow|widower|widowed)(?: now)?",
            (("spouse", ""), ("status", "married")),
        ),
        (
            rf"{SUBJECT}['’]s (?:husband|wife) (?:left|walked out on|divorced) (?:the user|them|him|her)",
            (("spouse", ""), ("status", "married")),
        ),
        (
            rf"{SUBJECT}['’]s {_PARTNERS} (?:left|dumped|walked out on|divorced) (?:the user|them|him|her)",
            (("partner", ""),),
        ),
        (rf"{SUBJECT} (?:has|have|got) a new {_PARTNERS}", (("partner", ""),)),
        (
            rf"{SUBJECT} (?:has|have|got) an? (?:new )?{_PARTNERS}(?! (?:at|for|in)\b)\b.*",
            (("status", "single"),),
        ),
        (rf"{SUBJECT} {_IS} in a relationship\b.*", (("status", "single"),)),
        (rf"(?:[\w'’.-]+ ){{1,2}}is {SUBJECT}['’]s (?:new )?(?:husband|wife)", (("status", "engaged"),)),
        (
            rf"{SUBJECT} {_HAS}remarried",
            (("status", "divorced"), ("status", "widowed"), ("status", "single")),
        ),
        (
            rf"(?P<name>{_NAME}) (?:has |have )?(?:died|passed away)",
            (("spouse", "{name}"), ("partner", "{name}"), *_ALL_SEATS),
        ),
        (
            rf"(?P<name>(?:(?:Dr|Mr|Mrs|Ms|Prof)\.? )?{_NAME}(?: {_NAME})?) (?:has |have )?"
            r"(?:retired|left the (?:company|firm|practice|surgery|team)|quit|moved away|been promoted|got the sack"
            r"|resigned|(?:got |was |been )(?:fired|sacked|laid off|let go|made redundant|dismissed))",
            _ALL_SEATS,
        ),
        (rf"{_NAME} (?:has |have )?(?:taken|took) over from (?P<name>{_NAME})", _ALL_SEATS),
        (
            rf"{SUBJECT} {_HAS}(?:stopped|quit) (?:seeing|going to) (?P<name>(?-i:[A-ZÀ-Þ])[\w'’ -]*)",
            (("partner", "{name}"), *_ALL_SEATS),
        ),
        (
            rf"{SUBJECT} {_HAS}(?:cancell?ed|ditched|quit|left|dropped|gave up|given up) (?:the|{OWN}) (?P<what>gym)",
            (("member", "{what}"),),
        ),
        (
            rf"{SUBJECT}['’]s (?P<group>band|choir|team|club|orchestra|crew) (?:has |have )?"
            r"(?:split up|broke up|broken up|disbanded|folded|called it a day)",
            (("member", "{group}"),),
        ),
        (
            rf"{SUBJECT} {_HAS}(?:left|quit|dropped out of) (?:the|{OWN}) "
            r"(?P<group>(?:\w+ )?(?:band|choir|team|club|orchestra|crew))",
            (("member", "{group}"),),
        ),
        (
            rf"{SUBJECT} {_HAS}(?:finished|completed|quit) (?:{OWN} )?(?:(?P<what>[\w-]+) )?{_STUDIES}",
            (("studies", "{what}"), ("enrolled", "")),
        ),
        (
            rf"{SUBJECT} {_HAS}dropped out of (?:(?:the|{OWN}) )?(?:[\w-]+ )?{_STUDIES}",
            (("studies", ""), ("enrolled", "")),
        ),
        (rf"{SUBJECT} {_IS} off the (?:[a-z]+ )?(?:waiting |transplant )?list", (("listed", ""),)),
        (
            rf"{SUBJECT} {ADVERBS}eats? (?:meat|fish|chicken|beef|pork|bacon|steak|burgers)\b.*",
            (("diet", "vegan"), ("diet", "vegetarian")),
        ),
        (rf"{SUBJECT} {ADVERBS}eats? (?:cheese|eggs|dairy)\b.*", (("diet", "vegan"),)),
    )
)
"""What nobody works at, lives in or has any more, each with its attribute."""

_AFRAID = ("afraid", "scared", "frightened", "terrified")
_SOUGHT_JOBS = tuple(
    f"is {was}" for was in ("looking for a job", "looking for a position", "looking for work", "between jobs")
)
_SOUGHT_HOMES = tuple(
    f"is looking for {home}"
    for home in ("a flat", "a place", "a house", "an apartment", "a room", "a place to live")
)
PREGNANT = (
    "is pregnant",
    *(
        f"is expecting {whose} {number}{child}"
        for whose in ("a", "their")
        for number in ("", "first ", "second ", "third ")
        for child in ("child", "baby")
    ),
)
_LEAVES = ("maternity leave", "paternity leave", "parental leave", "sick leave", "sabbatical", "a sabbatical")
SO_NO_LONGER: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = tuple(
    (
        _whole(pattern),
        tuple(was if was.startswith(("{name}", "the user")) else f"{{subject}} {was}" for was in over),
    )
    for pattern, over in (
        (
            rf"{SUBJECT} {_HAS}(?:cancell?ed|ditched|quit|left|dropped|gave up|given up) (?:the|{OWN}) (?P<what>gym)",
            ("goes to the {what}",),
        ),
        (
            rf"{SUBJECT} {_HAS}(?:gave up|given up|given notice on|gave notice on|moved out of) (?:the|{OWN})"
            r" (?P<home>flat|house|apartment|room|place|studio) in (?P<place>[^,]+)",
            ("rents a {home} in {place}", "has a {home} in {place}"),
        ),
        (
            rf"{SUBJECT} {_HAS}(?:left|quit|gave up|given up|retired from) (?P<trade>[a-z]+)ing(?: after .+)?",
            ("is a {trade}e", "is a {trade}er", "is an {trade}or"),
        ),
        (
            rf"{SUBJECT} {_HAS}(?:found|got|landed|accepted|started) (?:an?|the|{OWN}) (?:new )?(?:job|position)"
            r"(?! (?:offer|interview))\b.*",
            (*_SOUGHT_JOBS, "is unemployed"),
        ),
        (rf"{SUBJECT} {ADVERBS}works? (?:at|for|as) \S.*", _SOUGHT_JOBS),
        (
            rf"{SUBJECT} {_HAS}(?:found|got|landed) (?:an?|the|{OWN}) (?:new )?(?:flat|place|house|apartment|room)",
            _SOUGHT_HOMES,
        ),
        (
            rf"{SUBJECT} {_HAS}(?:passed (?:{OWN}|the) driving test|got {OWN} (?:driving |driver's )?licen[cs]e)\b.*",
            ("is learning to drive", "does not drive", "can not drive", "is taking driving lessons"),
        ),
        (
            rf"{SUBJECT} can (?P<what>(?!not\b)[a-z]+(?: [\w ]+)?)",
            ("is learning to {what}", "does not {what}", "can not {what}"),
        ),
        (
            rf"{SUBJECT} can (?:eat|have|drink|tolerate) (?P<what>.+) again",
            tuple(
                f"{was} {{what}}"
                for was in (
                    "is allergic to",
                    "is intolerant to",
                    "is intolerant of",
                    "can not eat",
                    "can not drink",
                )
            ),
        ),
        (
            rf"{SUBJECT} can (?:eat|have|drink|tolerate) (?:milk|dairy|cheese|lactose) again",
            ("is lactose intolerant",),
        ),
        (
            rf"{SUBJECT} {_HAS}(?:finished|completed|quit) (?:{OWN} )?(?:[\w-]+ )?{_STUDIES}",
            ("is a student",),
        ),
        (
            rf"{SUBJECT} {_HAS}(?:finished|completed|submitted|defended|quit|gave up|given up|abandoned) {OWN}"
            r" (?P<what>(?:[\w-]+ )?(?:novel|book|thesis|dissertation|phd|degree|course|apprenticeship|training"
            r"|master's|masters))",
            tuple(
                f"is {doing} {whose} {{what}}"
                for doing in ("doing", "writing", "working on", "studying for", "finishing")
                for whose in ("a", "their")
            ),
        ),
        (rf"{SUBJECT} {_HAS}(?:had a miscarriage|miscarried|lost (?:the|{OWN}) baby)", PREGNANT),
        (
            rf"{SUBJECT} {_HAS}(?:dropped out of|pulled out of|withdrew from|withdrawn from) (?:the|an?|{OWN})"
            r" (?P<what>[\w' -]+)",
            tuple(
                f"{doing} {which} {{what}}"
                for doing in ("is training for", "is preparing for", "is running", "is signed up for")
                for which in ("a", "their")
            ),
        ),
        (rf"{SUBJECT} {_HAS}dropped out of (?:(?:the|{OWN}) )?(?:[\w-]+ )?{_STUDIES}", ("is a student",)),
        (
            rf"{SUBJECT} {_HAS}(?:adopted|got|bought|{HAVE}|owns?) (?:an?|two|three|four) (?:(?!hot\b)[\w-]+ )??{_PET}"
            r"(?:,.*| (?:called|named|from|for|and|today|with)\b.*)?",
            ("does not have any pets", "does not have pets", "does not have a pet", "has no pets"),
        ),
        (rf"{SUBJECT} {_IS} (?:now )?single", ("is in a relationship",)),
        (
            rf"{SUBJECT}['’]s (?:{_PARTNERS}|brother|sister|mother|mum|father|dad|friend) (?:has )?moved in"
            r"(?: with (?:the user|them|him|her))?",
            ("lives alone",),
        ),
        (
            rf"(?P<name>{_NAME}) (?:has |have )?moved (?:out|away)(?: at the weekend| for good)?",
            (
                *(f"{{name}} is the user's {housemate}" for housemate in _HOUSEMATES.split("|")),
                "the user lives with {name}",
                *(
                    f"the user shares a {home} with {{name}}"
                    for home in ("flat", "house", "apartment", "room")
                ),
            ),
        ),
        (
            rf"{SUBJECT} {_IS} not (?!(?:only|just|really|even|very|so|too|sure|yet|always|the only)\b)(?P<what>.+?)"
            r"(?: after all| actually| now)?",
            ("is {what}",),
        ),
        (
            rf"{SUBJECT} {_HAS}(?:stopped|quit|given up|gave up) (?P<doing>[a-z]+ing(?: [\w'’ -]+)?)",
            ("is {doing}",),
        ),
        (
            rf"{SUBJECT} {_IS} no longer (?:{'|'.join(_AFRAID)}) of (?P<what>.+)",
            tuple(f"is {afraid} of {{what}}" for afraid in _AFRAID),
        ),
        (rf"{SUBJECT} {_IS} no longer on leave", tuple(f"is on {leave}" for leave in _LEAVES)),
        (
            rf"{SUBJECT}['’]s (?P<what>[\w-]+(?: [\w-]+)??) (?:(?:has|have|is|are|was|were) )?{ADVERBS}"
            r"(?:come off|came off|off|over|gone|ended|come to an end|came to an end|finished|removed|done|cleared up)",
            tuple(
                f"{was} {{what}}"
                for was in ("is on", "is on a", "has", "has a", "wears", "wears a", "takes", "is on their")
            ),
        ),
    )
)
"""What was so as it is said here."""

BORN = _whole(
    rf"{SUBJECT}['’]s (?:[a-z]+ )?(?:baby(?: [\w'’-]+)?|son|daughter|boy|girl|twins|one) (?:was|were) born"
    rf"|(?P<mother>[\w'’. -]{{1,60}}?) {_HAS}(?:(?:had|has had) (?:{OWN}|the) (?:\w+ )?(?:baby|boy|girl|twins"
    rf"|son|daughter)"
    r"|(?:gave|given) birth(?: to .+)?)"
)
LONG_AGO = re.compile(r"\b(?:19|20)\d\d\b|\byears ago\b|\bwhen\b", re.IGNORECASE)
LOST = _whole(
    rf"{SUBJECT} {_HAS}lost (?:{OWN} )?(?P<who>[a-z]+)|(?P<whose>[\w'’. -]{{1,60}}?)['’]s (?P<who2>[a-z]+)"
    r" (?:has |have )?(?:died|passed away)"
)
KIN = tuple(
    frozenset(words.split())
    for words in (
        "grandmother grandma gran granny nan nana", "grandfather grandpa grandad granddad", "mother mum mom mummy",
        "father dad daddy", "brother", "sister", "aunt auntie", "uncle", "husband", "wife", "partner", "son",
        "daughter",
    )
)  # fmt: skip
"""Each by all that they are called."""
UNTOUCHED = _whole(
    rf"{SUBJECT} (?:has|have) not (?:touched|practised|practiced|played|looked at) (?P<what>[\w'’ -]+?)"
    r" (?:in|for) (?:(?:an?|over|about|two|three|many|several|\d) )*(?:months|yr|yrs|years?|ages|forever)"
)
CLOSED = _whole(rf"(?P<what>[\w'’&. -]{{2,40}}?) is over for {SUBJECT}")
NO_PLEASURE = _whole(rf"(?P<what>[\w'’ -]{{2,60}}?) no longer pleases? {SUBJECT}")
USED_TO = _whole(
    rf"{SUBJECT} used to (?P<verb>be|work|live|play|drive|smoke|drink|eat|own|have|study|sing|teach|run|volunteer|rent)"
    r"(?P<rest>(?: (?!.*\b(?:as an? (?:child|kid|teen\w*|student)|when|in (?:my|his|her|their))\b).+)?)"
)
