"""The patterns of ``facts.py`` for what somebody likes, and does not. Pure."""

from __future__ import annotations

import re

from services.orchestrator.extraction import lexicon
from services.orchestrator.extraction.fact_rules import ADVERBS, BE, HAVE, NOT, TO_END, rule

PREFERENCES = tuple(
    map(
        rule,
        (
            rf"{NOT} {ADVERBS}(?:like|enjoy|love|stand|bear|stomach|eat|drink|smoke|wear|care (?:much )?for|touch|"
            rf"resist|do"
            rf"(?= (?:mornings|crowds|small talk|spicy|heights|dairy|gluten|sugar|parties|video calls))) {TO_END}",
            rf"(?:{HAVE} (?:always |never |long )*(?:loved|liked|enjoyed|adored|hated|loathed|disliked|preferred)|"
            rf"loves?|likes?|enjoys?|"
            rf"adores?|hates?|loathes?|dislikes?|detests?|prefers?|despises?|abhors?|cherish(?:es)?) {TO_END}",
            rf"{BE} (?:not )?{ADVERBS}(?:very |so |completely |too |big |much )*(?:into|fond of|keen on|crazy "
            rf"about|mad about|obsessed with|"
            rf"passionate about|addicted to|partial to|not one for|hooked on|big on) {TO_END}",
            rf"{BE} (?:not )?(?:an? |no )?(?:\w+[ -])*(?:fan|lover|admirer|devotee) of {TO_END}",
            rf"{BE} {ADVERBS}(?:not )?(?:really |exactly )?(?:more of "
            rf"|much of )?(?P<object>an? (?:\w+[ -]){{1,3}}(?:drinker|eater|reader|"
            rf"person|lover|addict|fanatic|enthusiast|nut|buff|fan|supporter|junkie|snob))\b",
            rf"{BE} a sucker for {TO_END}",
            rf"used to (?:love|like|enjoy|adore|hate|loathe|detest) {TO_END}",
            rf"{BE} not much of (?P<object>an? .+)",
            rf"(?:loves?|likes?|enjoys?) nothing (?:more|better) than {TO_END}",
            rf"(?:steers? clear of|stays? away from|tr(?:y|ies) to avoid|dreads?|treasures?|relish(?:es)?|can not "
            rf"(?:function|cope|survive) without|"
            rf"would be lost without) {TO_END}",
            rf"(?:will|would) (?:only|not) (?:eat|drink|wear|touch) {TO_END}",
            rf"(?:{HAVE} {ADVERBS}given|gave) up (?!on\b|the\b(?! (?:violin|piano|guitar|cello|flute"
            r"|drums|trumpet|sax\w*|clarinet|cigarettes|fags|booze|drink|gym)\b)|my\b|\w+ing\b)" + TO_END,
            rf"(?:{HAVE} {ADVERBS})?(?:quit|cut out|swore off|sworn off) (?=(?-i:[a-z]))(?!\w+ing\b|my\b|his\b|her\b"
            r"|our\b|the\b|it\b|school\b|uni|college\b|work\b|this\b|that\b|an?\b|yesterday|today|last\b"
            r"|early|before|because|after\b|and\b"
            r"|again|for\b|at\b|in\b|on\b|when\b)"
            r"(?P<object>[\w-]+(?=$|,| (?:for|in|last|this|since|on|completely|entirely|altogether|because|two"
            r"|three)\b).*)",
            r"(?:drink|eat)s? (?P<object>(?!breakfast|lunch|dinner|supper|it\b|out\b|up\b|well\b|late\b|less\b|more\b"
            r"|there|here|alone|together|healthily|early)[a-z]+)$",
            rf"{BE} (?:happiest|happier|at my best) (?:when |on |in |with |at )?{TO_END}",
            rf"(?:avoids?|can do without|(?:can|could) (?:happily )?live on|(?:can|could) not (?:live|do) without|"
            rf"only (?:eats?|drinks?|reads?|wears?|watch(?:es)?)|"
            rf"(?:eats?|drinks?|reads?|wears?|watch(?:es)?) (?:only|mostly|mainly|nothing but)) {TO_END}",
            r"(?:find|finds|consider) (?P<object>[^,]+?) (?:\w+ )?(?:boring|dull|relaxing|fascinating|disgusting|"
            r"tedious|delicious|"
            r"exhausting|soothing|annoying|repulsive|irritating|calming|unbearable|overwhelming|revolting|"
            r"therapeutic)\b",
            r"(?:drinks?|takes?|likes?|eats?) (?P<object>(?:my|his|her|their|our) (?:coffee|tea|steak|eggs|toast|"
            r"pasta|wine|beer) [^,]+)",
            rf"{HAVE} (?:an? |no |always had an? )?(?:\w+ )?(?:weakness|soft spot|passion|fondness|aversion|taste|"
            rf"love|dislike|thing|craving)s? (?:for|to|of) {TO_END}",
            rf"{HAVE} (?P<object>an? (?:\w+ )?sweet tooth)",
            r"(?:loves?|likes?|hates?|enjoys?) it when (?!that|this|it|you)(?P<object>.+)",
            rf"{BE} off (?P<object>(?!work\b|school\b|sick\b|duty\b|home\b|now\b|today\b)[a-z]+)"
            r"(?: (?:these days|now|for good|completely|lately))$",
            rf"{HAVE} not (?:touched|practised|practiced|played) (?P<object>(?!it\b)[\w' -]+?) (?:in"
            rf"|for) (?:an?|over|about"
            r"|two|three|months|years|yrs|ages|many|\d).*",
            rf"(?:{HAVE} gone|went) off (?!to\b|the\b|on\b|with\b|at\b|in\b){TO_END}",
            r"would (?:always )?(?:rather|sooner|choose|pick|prefer|take) (?P<object>.+?) (?:than|over|to|instead "
            r"of|any day)\b",
            rf"(?:{BE}|{HAVE} been) (?:an? )?(?:strict |lifelong )?(?P<object>{lexicon.DIET})\b",
            r"keeps? (?P<object>kosher|halal)\b",
            r"(?:tr(?:y|ies) not to|prefers? not to) (?:eat|drink|touch) (?P<object>(?!(?:it|that|this|too)\b)\S.*)",
            r"(?:drinks?|eats?) (?P<object>(?!breakfast|lunch|dinner|supper)[a-z]+), not [a-z]+$",
            r"(?:eats?|drinks?) (?:almost )?everything (?:except|but|apart from) (?P<object>\S.*)",
            r"skips? (?P<object>breakfast|lunch|dinner)\b",
            r"(?:refuses? to|would never|would not) (?:eat|drink|wear|touch) (?P<object>(?!(?:it|that|this)\b)\S.*)",
            r"(?:eats?|drinks?) no (?P<object>[a-z]+)",
            r"(?:do not|does not) (?:tolerate|digest|believe in|mind(?! \w+ing\b)|fancy) (?P<object>(?!(?:me"
            r"|him|her|them|the|a|an|my)\b)"
            r"\S.*)",
            r"(?:drinks?|eats?|smokes?) (?P<object>\S.* (?:an? (?:day|week|night)|every (?:day|night|morning"
            r"|evening)))",
            r"never (?:really )?(?:liked|enjoyed|cared for|got into) (?P<object>\S.*)",
            r"(?:reads?|watch(?:es)?|eats?|drinks?) (?:a lot of|lots of|loads of|tons of|too much|so much|plenty of) "
            r"(?P<object>\S.*)",
            r"could (?:\w+ )?(?:eat|drink|watch|read|listen to|live on) (?P<object>\S.*?) (?:every (?:single )?day|"
            r"all (?:day|night|year)\b|for ever|forever|for the rest of)",
            rf"{HAVE} not (?:eaten|drunk|touched) (?P<object>(?!(?:it|yet|anything|breakfast|lunch|dinner)\b)\S.*?) "
            r"(?:since|in years|in ages|for (?:\w+ )?(?:\w+ )?(?:years|months|ages))\b",
            rf"listens? to (?:a lot of |lots of |mostly |mainly |nothing but )?{TO_END}",
            rf"(?:swears? by|(?:can|could) not get enough of|lives? for) {TO_END}",
        ),
    )
)

LIKED_BY_ANYBODY = rule(
    r"(?:(?:loves|hates|adores|loathes|prefers|enjoys|dislikes|can not stand|can not bear)|does not (?:like|eat|"
    r"drink)|is "
    r"(?:not )?(?:into|fond of|keen on)) (?P<object>\S.*)"
)
GAVE_UP = rule(
    rf"(?:{HAVE} {ADVERBS})?(?:gave|given|quit|cut out|swore off|sworn off)\b.* (?:in|since|on|last|ago)\b"
)
"""Of what is given up on a day it is told that it happened."""
HELD_TO = re.compile(
    r"(?:only|mostly|mainly|always|usually|generally|never|tend to|generally tend to) (?:eats?|drinks?|reads?|"
    r"wears?|watch(?:es)?|"
    r"listens? to|orders?|buys?|sits? in|goe?s? for|picks?|chooses?|choose|prefers?) (?!it\b|this\b|that\b|"
    r"the\b)(?P<object>\S.*)",
    re.IGNORECASE,
)
