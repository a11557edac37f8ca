"""The patterns of ``partings.py``: what is over, and what is so instead. Pure."""

from __future__ import annotations

import re

from services.orchestrator.extraction import lexicon
from services.orchestrator.extraction.lexicon import NAME

LEAD = re.compile(
    r"(?:(?:so|well|ok|and|but|now|yes|yeah|oh|omg|finally|anyway|sadly|luckily|news|update|guess what)[,:]? )*",
    re.IGNORECASE,
)
_LATELY = (
    r"(?: (?:now|then|at last|for good|for real(?: this time)?|this time|forever|these days|after all))*"
)
_END = rf"{_LATELY}(?:,.*)?$"
_NO_PRONOUN = r"(?!(?:it|this|that|he|she|they|we|you|i|who|what|there|everything|nothing|all)\b)"
HISTORY = re.compile(
    rf"(?P<what>{_NO_PRONOUN}(?!the (?!gym\b|job\b|flat\b|band\b|choir\b|diet\b))(?!(?:my|our) (?:browser|search"
    rf"|chat)\b)[\w'&.-]+(?: [\w'&.-]+){{0,2}}?) (?:is|are)"
    r" (?:(?:now|officially|finally|all|just) )*"
    rf"(?:history|a thing of the past|behind me|behind us|a closed chapter|ancient history|over for (?:me|us)){_END}",
    re.IGNORECASE,
)
"""Who or what is in one's life no more."""
DONE_WITH = re.compile(
    rf"(?:(?:I|we) (?:am|are) )?(?:(?:so|officially|finally|totally|completely) )*(?:done|finished|through) with"
    rf" (?P<what>(?-i:[A-Z][a-zß-ÿ'-]+(?: [A-Z][\w'-]+)?)(?! \d)"
    rf"|{_NO_PRONOUN}(?!(?:the|my|our|an?|your|his|her|their|work|school)\b)[a-z]+(?= for good| forever)){_END}",
    re.IGNORECASE,
)
NO_MORE = re.compile(
    rf"no more (?P<what>{_NO_PRONOUN}[\w'-]+(?: [\w'-]+)?) for (?:me|us){_END}", re.IGNORECASE
)
LESSONS = re.compile(r" (?:lessons|classes|courses?|club)$")
NOTHING_TO_ME = re.compile(
    rf"(?P<what>{_NO_PRONOUN}[\w'-]+(?: [\w'-]+){{0,3}}?) (?:(?:just|really) )?(?:(?:do|does) not (?:just |really )?"
    r"(?:do it|do anything|do much) for me|(?:is|are) not (?:really )?(?:my (?:thing|cup of tea|bag|jam)|for me)"
    r"|(?:leaves?|bores?) me(?: cold)?"
    r"|(?:has|have) lost (?:its|their|all) (?:charm|appeal|magic)(?: for me)?(?=(?P<lost>)))"
    r" ?(?:(?(lost)$|(?!))|any ?more|any longer|now|these days|nowadays)\b.*",
    re.IGNORECASE,
)
"""What one liked, and likes no more."""
NO_LONGER_PLEASES = re.compile(
    rf"(?P<what>{_NO_PRONOUN}[\w'-]+(?: [\w'-]+){{0,3}}?) no longer (?:agrees? with|does it for|do it for|appeals? to"
    rf"|interests?|excites?) me{_END}",
    re.IGNORECASE,
)
CAN_AGAIN = re.compile(
    r"(?:I|we) can (?:finally |now )?(?P<verb>eat|have|drink|tolerate) (?P<what>(?!(?:it|this|that|them|an?|some"
    r"|my|the)\b)"
    r"[a-z]+(?: [a-z]+)?) again\b",
    re.IGNORECASE,
)
"""What one could not eat, and can."""
DIVORCE = re.compile(
    rf"(?:the|my|our) divorce(?: from (?P<name>{NAME}))? (?:has |have )?(?:finally |just )?(?:came through|come through"
    r"|went through|gone through|is (?:final|finali[sz]ed|done|official|through)|was (?:final|finali[sz]ed|granted)"
    r"|been (?:finali[sz]ed|granted))\b",
    re.IGNORECASE,
)
WEDDING_OFF = re.compile(
    rf"(?:(?:(?:(?:and )?(?P<name>(?-i:{NAME})) and )?(?:I|we) )?(?:(?:have|has) )?(?:(?:just|finally) )?"
    r"(?:called off (?:the|our|my) (?:wedding|engagement)|called (?:the|our|my) (?:wedding|engagement) off"
    r"|broke(?:n)? off (?:the|our|my) engagement)|(?:the|our|my) (?:wedding|engagement) is"
    rf" (?:now )?(?:off|over|called off){_END})(?![\w-])",
    re.IGNORECASE,
)
APART = re.compile(
    rf"(?:(?:me|I) and )?(?P<name>(?-i:{NAME}))(?: and (?:I|me))? (?:are|r|is)(?: (?:so|finally|officially"
    rf"|totally|well and"
    rf" truly))? (?:done|over|finished|through|history|no more|not a thing any ?more){_END}"
    rf"|(?P<name2>(?-i:{NAME})) and (?:I|me) (?:have )?(?:(?:just|finally) )?(?:split|called it (?:quits|a day)"
    rf"|called it off"
    rf"|called things off|ended (?:it|things)|parted ways|gone our separate ways|went our separate ways){_END}"
    rf"|(?:me|I) and (?P<name3>(?-i:{NAME})) have (?:split|broken up|split up|parted ways|called it (?:off"
    rf"|quits)){_END}",
    re.IGNORECASE,
)
TOGETHER = re.compile(
    rf"(?:(?:(?:me|I) and (?P<name>(?-i:{NAME}))|(?P<name2>(?-i:{NAME})) and (?:I|me)) (?:are|r)|we are)"
    r" (?P<since>(?:now|finally|officially|together|actually) )*(?P<what>official|a couple|an item|together|dating"
    r"|a thing|going out|in a relationship)(?P<since2> (?:now|at last|since .+|these days))?(?:,.*)?$",
    re.IGNORECASE,
)
LEFT_ME = re.compile(
    r"my (?P<who>husband|wife|boyfriend|girlfriend|partner|fianc[ée]e?) (?:has )?(?:just )?(?P<how>left|dumped"
    r"|walked out on"
    r"|divorced) me(?=$|,| (?:last|this|in|on|for (?:an?|his|her)|yesterday|two|three)\b)",
    re.IGNORECASE,
)
ARRIVED = re.compile(
    r"(?P<what>(?:the )?baby(?= was born)|[Bb]aby (?-i:[A-Z]\w+)|(?:our|my) (?:(?:baby|little|first|second|third"
    r"|newborn|tiny"
    r"|beautiful) )*(?:baby|son|daughter|boy|girl"
    r"|twins|one)) (?:has |have )?(?:finally |just )?(?P<how>arrived|came|was born|were born|is here|are here"
    r"|made (?:his|her"
    r"|their) entrance)(?! (?:from|to|with|for|back|home|late|safely|in (?!{lexicon.MONTHS}))\b)(?P<when> .*)?$",
    re.IGNORECASE,
)
IN_CHARGE = re.compile(
    rf"(?P<name>{NAME}) (?:(?:now|currently) )?(?:(?:manages|leads|runs|heads|supervises) (?:us|me|our (?:\w+ )?(?:team"
    r"|department|group|shift|unit|office|branch))|is (?:now )?in charge of (?:us|our (?:\w+ )?(?:team|department)))"
    r"(?P<new> (?:from now on|now|these days|instead)|)$"
)
SEAT_NOW = re.compile(
    rf"(?:(?:so|and) )*(?P<now>now )?(?:my|our) (?P<seat>{lexicon.SEATS.pattern}) is (?P<now2>now )?"
    r"(?P<who>(?:an?|some) (?:[\w-]+ ){0,3}(?:company|firm|agency|woman|man|guy|bloke|lady|couple|person|trust"
    r"|student)\b[^,]{0,30}?)"
    r"(?P<now3> now)?$",
    re.IGNORECASE,
)
GROUP_OVER = re.compile(
    r"(?:(?:the|my|our) (?P<group>band|choir|orchestra|team|club|quartet)|we(?= disbanded)) (?:has "
    r"|have )?(?:just |finally )?"
    r"(?P<how>split up|broke up|broken up|disbanded|folded|called it a day)(?! into\b)\b",
    re.IGNORECASE,
)
MINE_OVER = re.compile(
    r"(?:my|the) (?P<what>(?:[a-z]+ )?(?:leave|diet|sabbatical|chemo|treatment|braces|retainer|probation|studies|degree"
    r"|course|training|apprenticeship|cast|asthma|eczema|insomnia|depression|acne)) (?P<how>(?:(?:has"
    r"|have) (?:just |finally )?)?(?:came off|come off|ended|finished|is over"
    r"|are off|is off|is done|are gone|is gone|has gone|has cleared up|cleared up))"
    rf"(?=$|,| (?:now|at last|last|this|yesterday|for good|on (?:{lexicon.WEEKDAYS})|in (?:{lexicon.MONTHS}))\b)",
    re.IGNORECASE,
)
IN_OTHER_CIRCUMSTANCES = re.compile(
    r"(?:I|we) (?P<said>am no longer on leave|am no longer on [\w ]+|am (?:now )?(?:a )?(?:widow|widower"
    r"|widowed)(?: now)?"
    r"|am in a relationship|found an? (?:job|flat|house|place|apartment|room)|had a miscarriage|am self-employed"
    r"|am retired|am no longer an? [a-z]+)$",
    re.IGNORECASE,
)
CAN_NOW = re.compile(
    r"(?:I|we) can (?:finally |now )?(?P<what>drive|swim|cook|ride a bike|ski|speak [A-Za-z]+)(?: now| at last)$",
    re.IGNORECASE,
)
PUT_DOWN = re.compile(
    rf"(?:I|[Ww]e) (?:have )?(?:had to|have had to) (?:put (?P<name>{NAME}) (?:down|to sleep)|have (?P<name2>{NAME})"
    r" put (?:down|to sleep))\b"
    rf"|(?:I|[Ww]e) had (?P<name4>{NAME}) put (?:down|to sleep)(?! (?:the|a|his|her)\b)\b"
    rf"|(?:(?:I|[Ww]e) )?(?:have )?[Rr]ehomed (?P<name3>{NAME})\b"
)
BURIED = re.compile(
    rf"(?:I|we|We) (?:have )?buried (?P<name>{NAME})(?=$|,| (?:on|last|yesterday|in the garden)\b)"
    rf"|(?P<name2>{NAME}) is no longer with us\b"
    r"|(?P<name3>[A-ZÀ-Þ][a-zß-ÿ]+) (?:has )?(?:just )?(?:died|passed away)"
    rf"(?: (?:last night|this morning|today|yesterday|last week|on (?:{lexicon.WEEKDAYS}))$)"
)
TOOK_OVER = re.compile(
    rf"(?P<name>{NAME}) (?:has )?(?P<said>(?:taken|took) over from (?P<was>{NAME}))(?=$|,| (?:last|this|on|in)\b)"
)
