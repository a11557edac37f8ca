"""The words in which something is promised, or asked to be reminded of, and those that make it none. Pure."""

from __future__ import annotations

import re

from services.orchestrator.extraction.hours import HOUR_WORD

MAX_WORDS = 400
"""Letters of one promise."""
ALARMS_BEGIN = 5
"""The first hour at which an alarm that is set for "six" may ring in the morning."""
FOR_HOUR = re.compile(rf"\bfor (?=(?:[01]?\d|2[0-3]|{HOUR_WORD}|noon|midday|midnight)\b)", re.I)
"""What is at six of an alarm, while a promise for six may be one for six people."""
MAX_LINK = 160
"""Letters after "remind me" in which what to be reminded of begins, and when is said before it."""

WILL = re.compile(
    r"(?<![\w'-])(?:"
    r"(?P<will>(?:i|we)(?:'ll| will| shall|(?:'m|'re| am| are) (?:going to|gonna)| can and will| guarantee to| agree to"
    r"|(?:'m|'re| am| are)? (?:plan(?:ning)?|intend(?:ing)?|aim(?:ing)?|mean|determined|set|about|committed) to)"
    r"|im (?:going to|gonna)|ima|imma|i'ma|(?:^|(?<=[.!?,;:] ))(?:gonna|going to)"
    r"|ill(?= (?:add|ask|bring|call|check|do|draft|fetch|find|fix|get|give|go|have|keep|let|look|make|note|ping"
    r"|prepare|put"
    r"|read|remind|send|take|tell|text|try|write)\b)"
    r"|(?:i (?:hereby )?)?(?:promise|vow|swear|pledge|undertake|commit)(?: you)? to"
    r"|(?:count|rely|depend|bank) on me to|(?:trust|expect) me to|leave it to me to"
    r"|(?:my|the) (?:plan|next step|idea|job|task)(?: for [\w ]{1,20})? is to"
    r"|(?:i|we) (?:won't|will not) forget to)"
    r"|(?P<elided>will(?! do\b(?! \w)))|(?P<let>(?:let|allow) me(?: to)?|let's)|(?P<can>(?:i|we) can)"
    r"|(?P<is>(?:i|we)(?:'m|'re| am| are)(?= [a-z]{2,}ing )|you(?:'ll| will)(?= (?:have|get|hear|find|receive)\b))"
    r")(?:, (?:of course|naturally|as (?:agreed|promised|always|usual|you asked)"
    r"|(?P<aside>(?:by|on|before|in|within|at|over|this|next|tomorrow|tonight|today)\b[^,;:.!?\x00]{0,40})),"
    r"(?! (?:and|or|but|then)\b))? "
    r"(?:(?:also|then|just|definitely|certainly|gladly|happily|personally|of course|not only|naturally|surely|now"
    r"|still|simply|really) ){0,2}(?P<what>\S)",
    re.IGNORECASE,
)
AND_WILL = re.compile(r",? and (?:(?:i|we) )?will\b(?! \w)", re.I)
NO_PROMISE = re.compile(
    r"(?:not|never|always|usually|often|normally|typically|sometimes|all"
    r"|see(?! to| whether| if| that| what i| about)|say|admit|bet|assume|guess|imagine|suppose"
    r"|miss|love"
    r"|try not|probably|perhaps|maybe|forget|grant you|confess|spare you|leave it (?:at|there)|be (?:happy|glad|able"
    r"|honest|delighted|fine|okay|ok|brief|frank|seeing|pleased|proud|sad|curious)|take (?:that|it|this) as|know"
    r"|get better"
    r"|live|survive|understand|have none|take your word|keep (?:it|this) (?:short|brief)|looking forward|hoping"
    r"|thinking|wondering|having|feeling|afraid|being|doing (?:well|fine)|need(?! to\b)|want|only (?:say|need)|believe"
    r"|trust|respect|appreciate|pretend|echo|second|look forward|hold you to|cheer|(?:keep|cross) (?:my|our) fingers"
    r"|be (?:your|damned|thinking|waiting|rooting|cheering|right (?:back|here|with you))|let you (?!know|have)\w+"
    r"|leave (?:it|this|that|the [\w ]{1,30}) (?:up )?to you|leave you (?:to|with)|(?:stop|end|finish"
    r"|wrap up) (?:here|there)"
    r"|have (?:what|you know)|take (?:your (?:advice|point)|it from (?:here|there))|get (?:there|right to|straight to)"
    r"|put it (?:this|another) way|put it \w+ly|call it (?!back|again|off|in|on|at|for you)\w+"
    r"|call (?:this|that) (?:the|an?)"
    r"|refer (?:to it|you)|wish you|thank you|forgive|drink to|eat my|die|make it short|make an exception|cross that"
    r"|give you (?:that|credit|the benefit)|join you in spirit|let the [\w ]{1,30} speak|cut to the"
    r"|go ahead and (?:assume|guess|say)|play devil's"
    r"|(?:talk|speak|chat) (?:to|with) you(?= (?:soon|then|later|tomorrow|tonight|next|on)\b|\W*$)"
    r"|catch you(?= (?:soon|then|later|tomorrow|on)\b|\W*$))\b",
    re.I,
)
NO_PROMISE_ALONE = re.compile(
    r"(?:have to|need to|pass\W*$|wait\W*$|wait for|go with the|(?:try to )?remember (?:that|this|it)"
    r"|do my best\W*$|try my best\b"
    r"|be\b(?! (?:sure|in touch|on it|more|\w+ing|\w+er)\b)|(?:elaborate|clarify|rephrase)(?: (?:that|this|it))?\W*$"
    r"|help(?: you)?(?: out)?(?: with (?:that|this|it))?\W*$|figure it out|find a way|manage\W*$|end with|skip the"
    r"|try\W*$)",
    re.I,
)
"""What is a promise only where a time is said."""
NOT_MINE = re.compile(
    r"\x00|\b(?:what|how|where|why|who|whom|whose|which|whether|if|think|thinks|thought|guess|hope|hopes|hoping"
    r"|doubt|fear"
    r"|afraid|reckon|suppose|imagine|wish|feel|feels|said|says|say|saying|told|tell|tells|wrote|writes|heard"
    r"|claims?|know"
    r"|knows|wonder|maybe|perhaps|probably|unlikely|chances|not that|never|thing|things|way|one|all|is|was"
    r"|everything|anything"
    r"|nothing|day|song|line|\w+n't)$|^(?:he|she|they|you|it|that|this|there)\b(?!.* (?:before|so|then|after)$)"
    r"|\b(?:said|says|say|told|tell|think|thought|hope|guess|doubt|know|wrote|claims?|sure|asks?|asked) that$"
    r"|^(?:do|does|did|should|could|would|can|shall|will|is|are|was|were) (?:you|i|we|he|she|they|it)\b",
    re.I,
)
"""Words before "I'll" that make it another's, or no promise: "the best thing I'll", "I think I'll", "he said I'll"."""
TEMPORAL = re.compile(
    r"(?:(?:and|so|then|but|ok|okay|please|pls|also|or) ){0,2}(?:when|once|after|before|as soon as|while|until"
    r"|till|by|on"
    r"|in|at|over|during|next|this|tomorrow|today|tonight|later|starting|from|every|each|the (?:day|next|moment|minute"
    r"|morning|evening|first|last|week)|first thing|monday|tuesday|wednesday|thursday|friday|saturday|sunday"
    r"|early|late|soon|shortly|sometime|some time|right (?:after|before)|straight after|just (?:after|before)|come"
    r"|between|within|upon|whenever|to be|to make|for|with|since|as|because|now that|given|without)\b",
    re.I,
)
PLAN = re.compile(
    r"(?:(?:the|my|our) )?(?:plan|agenda|schedule|programme|program|goal|task|next step|to-do list)s? (?:for|on)\b",
    re.I,
)
CONDITION = re.compile(r"(?:(?:and|so|but|or|ok|okay) )?(?:if|suppose|imagine|were i|had i|provided)\b", re.I)
ASSURED = re.compile(
    r"(?:(?:and|so) )?(?:you have my (?:word|promise)|rest assured|be assured|you can be sure|i assure you"
    r"|i give you my word)"
    r"(?: that)?",
    re.I,
)
"""What leads to a promise and makes it a firm one."""
SUPPOSED = re.compile(r"\W*(?:(?:and|so|but|ok|okay) )?if (?:you|i|we) were\b", re.I)
AT_ARRIVAL = re.compile(
    r"(?:when|once|after|before|as soon as) (?:i|we|i'm|we're) ?(?:am|are|get|come|go|leave|arrive|wake|finish|reach"
    r"|land|'m|'re|at|in|back|home|done)\b",
    re.I,
)
"""After "remind me", when it is wanted: "when I get home to put the fish in the fridge"."""
IF_LIKED = re.compile(
    r",? (?:if|whenever|should) you(?:'d| would)? (?:like|want|wish|prefer|need|agree|care|ask)\b", re.I
)
REPORTED = re.compile(
    r"\b(?:said|says|say|saying|wrote|writes|reads?|told|tell|asked|quote|according|be|goes|is|was|line|like this"
    r"|(?:told|asked|texted|messaged|e-?mailed) (?:me|us|him|her|them)|texted|messaged|e-?mailed|tense"
    r"|an? (?:\w+ ){0,2}(?:draft|version|reply|message|template|wording|phrasing)"
    r"|(?:you|one|we|they)(?:'d| could| can| might| may| should| would) (?:\w+ )?(?:send|write|say|text|reply|post)"
    r"(?: \w+){0,3}"
    r"|translations?|in (?:english|french|german|dutch|greek|welsh|czech|\w+(?:ish|ese|ian))"
    r"|example|e\.g\.|(?<!\bas )(?:whisper|mutter|mumble|murmur|shout|yell|scream|cri|repli|answer|respond"
    r"|announce|declare|exclaim|gasp|hiss|sigh|growl|sing|add|think|begin|promise)(?:s|es|ed|d)|calls|thought|sang|began)\W*$",
    re.I,
)
WORK_ON = (
    r"\W*+(?>(?:(?:please|pls|now|ok|okay|so|and|hi|hey|then|(?:can|could|would) you|help me(?: to)?)\b[ ,]{1,2})*)"
    r"(?:translate|rephrase|paraphrase"
    r"|correct|proofread|rewrite|spell|pronounce|parse|explain the (?:grammar|meaning))\b"
)
WORKED_ON = re.compile(
    rf"{WORK_ON}|\W*+(?>(?:(?:so|and|ok|okay|hi|hey)\b[ ,]{{1,2}})*)"
    r"(?:how (?!about\b)|what(?:'s| is| are| does| do| would) "
    r"|which (?:is|one|of)\b|is (?:this|it|that|the following)\b|does (?:this|it|that)\b)",
    re.I,
)
"""What begins a sentence after whose colon there are words that nobody says: "translate into French: …"."""
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
BELOW = re.compile(r"\bbelow\W*$", re.I)
"""What is done in the answer itself."""
AROUND_CLAUSE = " \t-*•–"
"""Spaces, and the marks of a list."""
LATER = re.compile(
    r"\b(?:later|overnight|first thing|next (?:time|session|lesson|visit)|(?:after|over) (?:your|the|our|lunch|dinner"
    r"|breakfast|work)|(?:when|once|before) you(?:'re| are| get| come))\b",
    re.I,
)
WILL_BY_ITSELF = re.compile(r"(?:ok|okay|sure|yes|thanks|great|got it|noted|and|then|but)?", re.I)
I_HAVE = re.compile(
    r"(?:i|we)(?:'ve|'m|'re| have| am| are)? (?!said|told|wrote|asked|know|think|hope)[^\x00]{0,120} and$",
    re.I,
)
CLAUSE = re.compile(r"[,;:(–—]| - ")

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

PRONOUN = r"(?:i|we|i'll|we'll|i'm|we're|i've|we've|i'd|we'd|you'll)"
CUT = re.compile(
    r"[;(\n]|:(?![\d/])"
    # "On Friday - no, Saturday" goes on.
    r"|(?: - |[–—])(?! ?(?:no|sorry|wait|actually|rather|i mean|make (?:it|that))[,.!]? "
    r"(?:(?:on|by|at|before|until|next|this) )?(?:\w+day\b|tomorrow\b|tonight\b|\d))"
    rf"|,? (?:and|but|then|so|or)(?: then)? (?:(?:please|pls|also) )?(?={PRONOUN}\b(?! can\b))"
    rf"|,(?: and| but| then| so| or)?(?: then)? (?=(?:{PRONOUN}|you|it|its|that|they|he|she|there|this is"
    rf"|otherwise|because"
    r"|since|just|ok|okay|please|pls|thanks|thank|will you|would you|could you|can you|right|alright|though|if|unless"
    r"|don't|dont|do not|let|remind|ping|nudge|set|is that|deal|promise|promised|honest|of course|for sure|no problem"
    r"|rain or shine|come what may|which|as (?:promised|agreed|always|usual|you)|cross my heart)\b)"
    r"|, then (?=(?:tell|give|show|help|explain|write|find|answer) )"
    r"|,? and (?=(?:none of|neither of|nothing)\b)|, (?=so\b|but\b|or else\b)| and (?:please |also )?(?=(?:remind"
    r"|ping|nudge) me\b|(?:don't|dont|do not) let me\b)"
    rf"|,? and (?=tomorrow|tonight|next|then|on|in|after|when|later)(?=[^,;:.]{{1,40}}\b{PRONOUN}\b)"
    r"| so (?=(?:there|that|you|we|it|i|i'm|they)\b)| because "
    r"|, (?=(?:my|the|her|his|our|their) [\w-]+ (?:[\w-]+ )?(?:is|are|was|were|has|have|had|will|isn't|closes|ends)\b)",
    re.IGNORECASE,
)
LAST = re.compile(
    r"(?: k(?= (?:thx|thanks|thank you|ty)))?(?:[ ,]+(?:please|pls|plz|ok|okay|thx|thanks|thank you|ty|tysm|thx"
    r"|will you|would you|right|i promise|then))+$",
    re.I,
)
