"""A promise, and the clauses around the words that make one. Pure.

What an answer promises and what a person asks to be reminded of are cut out of their sentences in the same way.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime

from services.orchestrator.extraction import words
from services.orchestrator.extraction.due import times

MAX_WORDS = 400
"""Letters of one promise."""
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
REPORTED = re.compile(
    r"\b(?:said|says|say|saying|wrote|writes|reads?|told|tell|asked|quote|according|be|goes|is|was|line|like this"
    r"|(?:told|asked|texted|messaged|e-?mailed) (?:me|us|him|her|them)|texted|messaged|e-?mailed|tense"
    r"|an? (?:\w+ ){0,2}(?:draft|version|reply|message|template|wording|phrasing)"
    r"|(?:you|one|we|they)(?:'d| could| can| might| may| should| would) (?:\w+ )?(?:send|write|say|text|reply|post)"
    r"(?: \w+){0,3}"
    r"|translations?|in (?:english|french|german|dutch|greek|welsh|czech|\w+(?:ish|ese|ian))"
    r"|example|e\.g\.|(?<!\bas )(?:whisper|mutter|mumble|murmur|shout|yell|scream|cri|repli|answer|respond"
    r"|announce|declare|exclaim|gasp|hiss|sigh|growl|sing|add|think|begin|promise)(?:s|es|ed|d)|calls|thought|sang"
    r"|began)\W*$",
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
CLAUSE = re.compile(r"[,;:(–—]| - ")
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
    rf"|,? and (?=tomorrow|tonight|next|then|on|in|after|when|later|until|till|before|by"
    rf"|meanwhile)(?=[^,;:.]{{1,40}}\b{PRONOUN}\b)"
    r"| so (?=(?:there|that|you|we|it|i|i'm|they)\b)| because "
    r"| (?:bc|bcs|b/c|cos|coz|cuz|cause)(?= (?:i|im|ive|we|he|hes|she|shes|they|theyre|it|its|my|the|you|u|there)\b)"
    r"| or (?:else|i'm|im|ill|i'll)\b"
    r"|, (?=(?:my|the|her|his|our|their) [\w-]+ (?:[\w-]+ )?(?:is|are|was|were|has|have|had|will|isn't|closes|ends)\b)",
    re.IGNORECASE,
)
_NEXT_CLAUSE = re.compile(
    r" (?:(?:i|we|he|she|they|it|there)(?:'(?:s|m|re|ve|ll|d))?|hes|shes|its|theyre|im|ive|theres"
    r"|(?:my|the|his|her|our|their) \w+ (?:is|are|has|have|was))(?= \w)",
    re.I,
)
"""After the words that say when: who goes on so, without a comma, says why."""
LAST = re.compile(
    r"(?: k(?= (?:thx|thanks|thank you|ty)))?(?:[ ,]+(?:please|pls|plz|ok|okay|thx|thanks|thank you|ty|tysm|ta"
    r"|cheers|will you|would you|right|i promise|then|lol|lmao)(?: x{1,4})?|, ?(?:x{1,4}|mate|hun|love|babe|bro|pal"
    r"|buddy))+$",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Promise:
    """Something that somebody said would be done."""

    text: str
    due: datetime | None


def commitment_id(text: str, others: int = 0) -> str:
    """The same for the same words, whatever their case and punctuation.

    ``others``: how many that were opened with these words are still open, and say something else by now.
    """
    key = words.key(text) or text
    distinct = f"{key}\x00{others}" if others else key
    return f"c-{hashlib.sha256(distinct.encode()).hexdigest()[:12]}"


def is_reported(before: str, boundary: int) -> bool:
    """Whether the colon of a boundary leads to words that are another's, or only spoken of."""
    lead = before[:boundary].rstrip(" ,:(")
    return before[boundary - 1 : boundary] == ":" and bool(REPORTED.search(lead) or WORKED_ON.match(lead))


def last_clause(before: str) -> int:
    """Where the clause begins that a text ends with."""
    return max((match.end() for match in CLAUSE.finditer(before)), default=0)


def clause_before(before: str, boundary: int) -> str:
    earlier = before[: max(boundary - 1, 0)]
    return earlier[last_clause(earlier) :]


def after_and(clause: str) -> str:
    """What follows the last "and" of a clause: who says "do this and I'll do that" promises the latter."""
    parts = re.split(r"(?:^| )(?:and|n|&|but|(?<!be )so|then)(?: |$)", clause, flags=re.I)
    return parts[-1]


def time_before(before: str) -> str:
    """The words right before that may say when."""
    boundary = last_clause(before)
    clause = after_and(before[boundary:].strip())
    if TEMPORAL.match(clause):
        return clause
    earlier = clause_before(before, boundary).strip() if not clause else ""
    return earlier if TEMPORAL.match(earlier) or PLAN.match(earlier) else ""


def cut(sentence: str, own: str, begin: int) -> tuple[str, int]:
    """What is to be done, and where its words end."""
    stop = CUT.search(own, begin + 1, begin + MAX_WORDS)
    end = stop.start() if stop else min(len(sentence), begin + MAX_WORDS)
    if _NEXT_CLAUSE.search(own, begin, end):
        ends = (begin + time_end for _, time_end in times(own[begin:end]))
        end = next((one for one in ends if _NEXT_CLAUSE.match(own, one)), end)
    return LAST.sub("", words.without_smileys(sentence[begin:end]).strip(" ,.!?…\n\t")), end
