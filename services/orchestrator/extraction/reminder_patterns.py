"""The words in which a person asks to be reminded, and those that make it no reminder. Pure."""

from __future__ import annotations

import re

from services.orchestrator.extraction.hours import HOUR_WORD
from services.orchestrator.extraction.promise import WORK_ON
from services.orchestrator.extraction.spans import AMOUNT, UNIT

ALARMS_BEGIN = 5
"""The first hour at which an alarm that is set for "six" may ring in the morning."""
RING_AT = re.compile(rf"(?:\bfor |^(?=\d))(?=(?:[01]?\d|2[0-3]|{HOUR_WORD}|noon|midday|midnight)\b)", re.I)
"""What is at six of an alarm, while a promise for six may be one for six people."""
FOR_SPAN = re.compile(rf"\bfor (?=(?:the )?(?:next )?(?:{AMOUNT}) ?(?:{UNIT})\b)", re.I)
"""What a timer runs for."""
MAX_LINK = 160
"""Letters after "remind me" in which what to be reminded of begins, and when is said before it."""
SUPPOSED = re.compile(r"\W*(?:(?:and|so|but|ok|okay) )?if (?:you|i|we) were\b", re.I)
AT_ARRIVAL = re.compile(
    r"(?:when|once|after|before|as soon as) (?:i|we|i'm|we're) ?(?:am|are|get|come|go|leave|arrive|wake|finish|reach"
    r"|land|'m|'re|at|in|back|home|done)\b",
    re.I,
)
"""After "remind me", when it is wanted: "when I get home to put the fish in the fridge"."""
WORKED_ON_NEXT = re.compile(
    rf"{WORK_ON}[^.!?\n]{{0,30}}\b(?:this|that|these|the following|what follows|below)\b", re.I
)
"""The whole of a sentence after which there are such words."""
ON_WORDS = re.compile(
    r"\W{0,8}+(?>(?:(?:and|so|now|please|ok)\b[ ,]{1,2}){0,3})"
    r"(?:how (?:would|do|does|can|should|could|to) (?:\w{1,20} )?"
    r"(?:say|write|spell|pronounce|phrase|translate|put|express)"
    r" (?:that|this|it)\b"
    r"|(?:(?:can|could) you )?(?:please )?(?:translate|rephrase|proofread|rewrite) (?:that|this|it)\b"
    r"|what does (?:that|this|it) mean(?: in [\w ]{1,30})?\?"
    r"|is (?:that|this|it) (?:\w{1,20} )?(?:correct|proper|right|good|grammatical)\b)",
    re.I,
)
"""What is asked about the words just before."""
AROUND_CLAUSE = " \t-*•–"
"""Spaces, and the marks of a list."""
_NUDGE = r"(?:nudge|shout|poke|heads[ -]?up|buzz|ping|prod|wake[- ]up call)"
ASK = re.compile(
    r"(?<![\w'-])(?:"
    r"(?P<remind>(?:remind(?:ed|ing)?|remidn|remnid|rmind|remmind|reminde) (?:me|us)(?: again)?|(?:ping|nudge"
    r"|poke|prod|alert|notify|warn|nag|bug|pester|badger"
    r"|hound|hassle|chase|tap|buzz) me|(?:gimme|(?:give|drop|shoot|send) me) an? (?:\w+ )?"
    rf"(?:{_NUDGE}|line)|jog my memory|be reminded|need reminding)"
    r"|(?P<tell>(?:tell|text|message|shout at) me|(?:want|need|like|love|appreciate|use|do with|get|have)"
    rf" (?:an?|another) (?:\w+ )?{_NUDGE})"
    r"|(?P<keep>(?:don't|dont|dnt|do not|not|never) (?:ever )?(?:let|allow) me (?:to )?(?:forget|forgot|miss"
    r"|overlook|neglect)|remember(?: that)?(?= (?:i|we)(?:'ve| have)? (?:need|have|must|gotta|got|should) )"
    r"|(?:make sure|see to it|ensure|see) (?:that )?(?:i|we) (?:remember|(?:don't|dont|do not|never) (?:forget"
    r"|miss|overlook))"
    r"|(?:don't|dont|do not) let it slip my mind|help me (?:to )?(?:remember|not (?:to )?forget))"
    r"|(?P<sure>(?:make sure|see to it|ensure) (?:that )?i(?= (?!am\b|was|have|had|got|get it|underst|can|could"
    r"|will|did|do"
    r"\b|don|remember|never|know|heard|read|see\b|haven|should|is\b)[a-z]))"
    r"|(?P<reminder>(?:(?P<verb>set|create|add|schedule|make|put|leave|send|book|get|have|drop|shoot|pop|file"
    r"|stick|note)"
    r"|want|need|like|love|appreciate|use|do with|(?:trouble|bother|ask) (?:you )?for|(?:grateful|glad"
    r"|thankful) (?:for|of))"
    r"(?: me| us| up| in| down)?(?: an?| another| one)?(?: \w+)? reminder"
    r"(?: for (?:me|us))?"
    r"|(?P<many>(?:(?:set|create|add|make|need|want) (?:me )?(?:\w+ ){0,2}|^\W{0,3}(?:\w+ )?)reminders(?= ?:))"
    r"|(?:^\W{0,3}|(?<=: )(?:an? )?(?:\w+ )?)reminder(?: please| to self)?(?!: (?:please )?remind\b))"
    r"|(?P<note>note to self(?: ?[:,–—-]| to)(?= ))"
    r"|(?P<act>(?P<wake>^\W{0,3}alarm(?= (?:for )?\d)|(?:set|put|turn|switch|start)(?: me)?(?: on| up)?(?: the| my"
    r"| an?)? (?:\w+ )?(?:alarm|timer)"
    r"|wake (?:me|us)(?>(?: up)?)(?! (?:if|when|whenever|unless)\b))"
    r"|(?:follow up|check (?:in|back|up)|catch up|touch base) with me|check (?:in|up) on me)"
    r")(?![\w'-])",
    re.IGNORECASE,
)
POLITE = re.compile(
    r"(?>(?:(?:(?:yo|oi|hey|hi|hiya|hello)(?: (?!i\b|we\b|my\b|our\b|the\b|can\b|could\b)\w+)?|please|pls|plz|kindly"
    r"|just|also|and|so|then|but|oh|ok|okay|hey|hi|hello|well|yes|great|thanks|thank you"
    r"|now"
    r"|maybe|perhaps|possibly|again|would you mind|mind|do you mind|keep|start|um|uh|er|hmm|yeah|yea|yep|like"
    r"|alright|right|good morning|morning"
    r"|(?:can|cn|could|cud|cld|would|wud|will|may) (?:you|u|ya|i)"
    r"|do me a favou?r and|be (?:a dear|so kind|an angel|a star|so good) (?:and|as to)|be sure to|make sure (?:to|you)"
    r"|anyway|anyhow|omg|ugh|gotta (?:go|run|dash)|remember to|(?:don't|dont|do not) forget to|try to|you'd better"
    r"|you (?:should|must|can|could|need to|have to|may)"
    r"|i(?:'d| would)? (?:like|want|need|love) (?:you to|for you to|that you|to)"
    r"|i(?:'d| would) (?:be (?:so |very |really )?(?:glad|grateful|happy|thankful)|appreciate it|like it|love it"
    r"|prefer it) if you"
    r"(?: could| would)?|(?:it(?:'d| would) (?:be (?:great|good|nice|lovely|kind|helpful)"
    r"|help(?: me)?) )if you(?: could| would)?"
    r"|i(?:'d| would)(?: really| be(?: so| very)?)?|i(?:'ll| will)|i could|i|whatever happens|feel free to|mind you"
    r"|by the way|btw"
    r"|one more thing|you to|let's|we|how about|what about|you)"
    r"\b[ ,!]{0,3}){0,12})",
    re.I,
)
YOU_COULD = re.compile(
    r"\b(?:can|could|cn|cud|would|will|pls|please) (?:you|u|ya)(?: please| just| pls)?$|\b(?:you|u)(?:'d| could"
    r"| would| can| might| to| will| should|'ll)(?: please| just| maybe| kindly)?$",
    re.I,
)
POLITE_YOU = re.compile(
    r"(?:please|can|cn|could|cud|cld|wud|would|will|if|sure|(?:like|want|love) that) you$", re.I
)
I_DID = re.compile(r"(?<!can )(?<!may )(?<!could )\b(?:i|we)(?:'ve|'ll| already| just| have)? $", re.I)
NOT_NOW = re.compile(
    r"\b(?:not|\w+n't|never|no|why|did|were|used to|stop\w*|told|said|asked|says|promised|thanks|ago|how|when"
    r"|dream\w*|imagine)\b",
    re.I,
)
LINK = re.compile(
    r"(?:^|,? )(?P<link>to|2|about|abt|re|regarding|that|for|4(?= (?:the|an?|my|our)\b)|of|not(?= to ))(?= )"
    r"|:(?= (?!\d\d\b))",
    re.I,
)
ASKS_BACK = re.compile(
    r"(?:what|who|whose|how|why|where|which|whether|if|is|are|was|were|do|did|does|of|the|i|we|you)\b", re.I
)
"""Words after "remind me" that want to be told something now."""
STATES = re.compile(
    r"(?:i|we|you|he|she|it|they|this|that|there|the|my|our|never|always|no|not)\b|\w+'", re.I
)
"""What a note to oneself begins with that is a thought rather than something to do."""
NEED_TO = re.compile(
    r"(?:that )?(?:i|we) (?:need|have|ought|want) to |(?:that )?(?:i|we) (?:must|should) "
    r"|(?:that )?(?:i|we)(?:'ve| have|ve)? (?:gotta|got to) |(?:gotta|got to|have to|need to) ",
    re.I,
)
SIDE = re.compile(r"(?:earlier|ahead)$", re.I)
""""Half an hour earlier" is before."""
A_WEEK = re.compile(r"^(?:the )?(?=week|month)", re.I)
""""The week before" is a week before."""
OF_HOURS = re.compile(r"\b(?:min|hour|hr|h\b)", re.I)
"""Units that count from an hour rather than from a day."""
AFTER_KEEP = re.compile(r" (?:to|about|that)?\b ?", re.I)
"""After "don't let me forget"."""
ITEMS = re.compile(r"(?:,? (?:and|&|n)|[,;]) (?=\w)", re.I)
"""Between the errands of a list."""
AND_THEN = re.compile(r",? (?:and|&|n)(?: then)? (?=\w)", re.I)
"""Between errands that are told in one sentence."""
ONE_FOR = re.compile(r"^(?:(?:one|1|another) )?(?:for|to|about) ", re.I)
"""Before an errand of a list: "one for pills at 9"."""
ERRAND = re.compile(r"\w{2}")
"""What is left of an errand without its time."""
TO_DO = re.compile(r",? to (?=\w)", re.I)
"""Between a time and its errand."""
BARE = re.compile(
    r"[ ,]{1,3}(?=\w)(?!(?:if|when|and|or|but|because|bc|cos|what|who|which|how|why|where|whether|please|pls|plz|thanks"
    r"|thx|ok|okay|he|she|they|it|you|is|are|was|so|instead|again|then|not|at|by|on|in|this|that|too|lol)\b"
    r"|(?:i|we)\b(?! (?:have|need|must|should|gotta|got to)\b))",
    re.I,
)
"""Between a time and what to be reminded of then: "remind me tomorrow bins"."""
REFERS = re.compile(
    r"[ ,]*(?:(?:about|of|to do) (?:it|this|that|these|those|them|both)\b)?[ ,]*(?:please|pls|plz|thanks|thx|ok|okay"
    r"|ta|then"
    r"|again|will you|would you|[?!. ])*",
    re.I,
)
"""After "remind me", apart from when: what was said right before is meant."""
NO_ERRAND = re.compile(
    r"\W*(?:(?:if|what|which|who|whose|how|why|where|when|is|are|do|does|did|can|could|would|will|should|was|were|hi"
    r"|hello|hey"
    r"|thanks|thank you|good|ok|okay|yes|no|sorry|it|this|that|remind)\b|$)|[^?]*\?|.*\x00",
    re.I,
)
"""What nobody wants to be reminded of: a question, a greeting, another's words."""
OF_SOMEBODY = re.compile(r"\W*(?:i|we|you|he|she|they|there)\b", re.I)
"""What begins so is to be reminded of only where a time is named in it."""
FORERUN = re.compile(
    rf"(?P<long>(?:the )?(?:day|night|evening|morning|week|month) before|(?:{AMOUNT}|a couple of|half an|a few|some)"
    rf" (?:{UNIT}) (?:before|earlier|ahead))(?: (?:it|that|then|hand))?",
    re.I,
)
"""How long before what was said a reminder of it is wanted."""
