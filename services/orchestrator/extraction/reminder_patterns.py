"""The words in which a person asks to be reminded, and those that make it no reminder. Pure."""

from __future__ import annotations

import re

from services.orchestrator.extraction.hours import HOUR_WORD
from services.orchestrator.extraction.promise import WORK_ON

ALARMS_BEGIN = 5
"""The first hour at which an alarm that is set for "six" may ring in the morning."""
FOR_HOUR = re.compile(rf"\bfor (?=(?:[01]?\d|2[0-3]|{HOUR_WORD}|noon|midday|midnight)\b)", re.I)
"""What is at six of an alarm, while a promise for six may be one for six people."""
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
ASK = re.compile(
    r"(?<![\w'-])(?:"
    r"(?P<remind>(?:remind(?:ed|ing)?|remidn|remnid|rmind|remmind|reminde) (?:me|us)(?: again)?|(?:ping|nudge"
    r"|poke|prod|alert|notify|warn|nag|bug|pester|badger"
    r"|hound|hassle|chase|tap|buzz) me|(?:give|drop|shoot|send) me a (?:\w+ )?(?:nudge|shout|poke|heads[ -]up|buzz|ping"
    r"|prod|line)|jog my memory|be reminded|need reminding)"
    r"|(?P<tell>(?:tell|text|message|shout at) me)"
    r"|(?P<keep>(?:don't|dont|dnt|do not|not|never) (?:ever )?(?:let|allow) me (?:to )?(?:forget|forgot|miss"
    r"|overlook|neglect)"
    r"|(?:make sure|see to it|ensure|see) (?:that )?(?:i|we) (?:remember|(?:don't|dont|do not|never) (?:forget"
    r"|miss|overlook))"
    r"|(?:don't|dont|do not) let it slip my mind|help me (?:to )?(?:remember|not (?:to )?forget))"
    r"|(?P<sure>(?:make sure|see to it|ensure) (?:that )?i(?= (?!am\b|was|have|had|got|get it|underst|can|could"
    r"|will|did|do"
    r"\b|don|remember|never|know|heard|read|see\b|haven|should|is\b)[a-z]))"
    r"|(?P<reminder>(?:(?P<verb>set|create|add|schedule|make|put|leave|send|book|get|have|drop|shoot|pop|file"
    r"|stick|note)"
    r"|want|need|like|love|appreciate|use|do with)(?: me| us| up| in| down)?(?: an?| another| one)?(?: \w+)? reminder"
    r"(?: for (?:me|us))?"
    r"|^\W{0,3}reminder(?: please| to self)?(?!: (?:please )?remind\b))"
    r"|(?P<note>note to self(?: ?[:,–—-]| to)(?= ))"
    r"|(?P<act>(?P<wake>(?:set|put|turn|switch)(?: me)?(?: on| up)?(?: the| my| an?)? (?:\w+ )?alarm"
    r"|wake (?:me|us)(?>(?: up)?)(?! (?:if|when|whenever|unless)\b))"
    r"|(?:follow up|check (?:in|back|up)|catch up|touch base) with me|check (?:in|up) on me)"
    r")(?![\w'-])",
    re.IGNORECASE,
)
POLITE = re.compile(
    r"(?>(?:(?:please|pls|plz|kindly|just|also|and|so|then|but|oh|ok|okay|hey|hi|hello|well|yes|great|thanks|thank you"
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
    r"|i(?:'d| would)(?: really)?|i(?:'ll| will)|i could|i|whatever happens|feel free to|mind you|by the way|btw"
    r"|one more thing|you to|let's|we|how about|what about|you)"
    r"\b[ ,!]{0,3}){0,12})",
    re.I,
)
YOU_COULD = re.compile(
    r"\b(?:you|u)(?:'d| could| would| can| might| to| will| should|'ll)(?: please| just| maybe| kindly)?$",
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
LINK = re.compile(r"(?:^|,? )(?P<link>to|2|about|abt|that|for|of|not(?= to ))(?= )|:(?= (?!\d\d\b))", re.I)
ASKS_BACK = re.compile(
    r"(?:what|who|whose|how|why|where|which|whether|if|is|are|was|were|do|did|does|of|the|i|we|you)\b", re.I
)
"""Words after "remind me" that want to be told something now."""
STATES = re.compile(
    r"(?:i|we|you|he|she|it|they|this|that|there|the|my|our|never|always|no|not)\b|\w+'", re.I
)
"""What a note to oneself begins with that is a thought rather than something to do."""
NEED_TO = re.compile(
    r"(?:that )?(?:i|we) (?:need|have|ought|want) to |(?:that )?(?:i|we) (?:must|should) ", re.I
)
