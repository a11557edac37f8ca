"""The words in which an answer promises something, and those that make it no promise. Pure."""

from __future__ import annotations

import re

WILL = re.compile(
    r"(?<![\w'-])(?:"
    r"(?P<will>(?:i|we)(?:'ll| will| shall|(?:'m|'re| am| are) (?:going to|gonna)| can and will| guarantee to| agree to"
    r"|(?:'m|'re| am| are)? (?:plan(?:ning)?|intend(?:ing)?|aim(?:ing)?|mean|determined|set|about|committed) to)"
    r"|im (?:going to|gonna)|ima|imma|i'ma|(?:^ ?|(?<=[.!?,;:] ))(?:gonna|going to)"
    r"|ill(?= (?:add|ask|bring|call|check|do|draft|fetch|find|fix|get|give|go|have|keep|let|look|make|note|ping"
    r"|prepare|put"
    r"|read|remind|send|take|tell|text|try|write)\b)"
    r"|(?:i (?:hereby )?)?(?:promise|vow|swear|pledge|undertake|commit)(?: you)? to"
    r"|(?:you can )?expect(?= [^.!?;:,\n]{1,60} from (?:me|us)\b)|(?:count|rely|depend|bank) on me to|(?:trust"
    r"|expect) me to|leave it to me to"
    r"|(?:my|the) (?:plan|next step|idea|job|task)(?: for [\w ]{1,20})? is to"
    r"|(?:i|we) (?:won't|will not) forget to)"
    r"|(?P<elided>will(?! do\b(?! \w)))|(?P<let>(?:let|allow) me(?: to)?|let's)|(?P<can>(?:i|we) can)"
    r"|(?P<is>(?:i|we)(?:'m|'re| am| are)(?= [a-z]{2,}ing )|you(?:'ll| will)(?= (?:have|get"
    r"|hear(?! (?:back )?from (?!me\b|us\b))|find|receive)\b))"
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
WAIT_AND_SEE = re.compile(r"see (?:whether|if|what|how)\b", re.I)
"""What nobody does who says "we'll"."""
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
CONDITION = re.compile(r"(?:(?:and|so|but|or|ok|okay) )?(?:if|suppose|imagine|were i|had i|provided)\b", re.I)
ASSURED = re.compile(
    r"(?:(?:and|so) )?(?:you have my (?:word|promise)|rest assured|be assured|you can be sure|i assure you"
    r"|i give you my word)"
    r"(?: that)?",
    re.I,
)
"""What leads to a promise and makes it a firm one."""
IF_LIKED = re.compile(
    r",? (?:if|whenever|should) you(?:'d| would)? (?:like|want|wish|prefer|need|agree|care|ask)\b", re.I
)
BELOW = re.compile(r"\bbelow\W*$", re.I)
"""What is done in the answer itself."""
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
