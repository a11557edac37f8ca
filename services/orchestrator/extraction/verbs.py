"""Whether words begin as an imperative does: with the plain form of a verb. Pure."""

from __future__ import annotations

import re

_VERBS = frozenset(
    """
    abbreviate accept account acknowledge act adapt add address adjust adopt agree alert align allow alternate
    analyse analyze anchor announce annotate answer apologise apologize append apply argue arrange ask assign
    assume attach avoid back base be beep begin behave bill blame block bold book bother break brief bring
    broadcast build bump bundle buy calculate call calm cap caption capitalise capitalize carry cast categorise
    challenge change charge chat check choose cite clarify classify clean clear close collect combine comment
    commit compare complain compliment compute condense confirm congratulate consider consult contact continue
    convert copy correct count cover create credit criticise cross-check curse cut date decide declare decline
    default defer define delay delete deliver describe direct disagree discuss display divide do document double
    double-check draft draw drop echo edit elaborate email embellish emphasise encourage encrypt end engage
    enter err escape escalate estimate exaggerate examine exclude expand expect explain express fact-check
    favour fetch file fill filter find finish fix flag flatter focus follow forget format forward gather
    generate get give go grade greet group guess guide handle have help hesitate hide hold hurry ignore
    illustrate imagine imply include indent indicate inform insert insist interrupt introduce invent invite
    italicise itemise joke judge jump keep label lead learn leave lecture lend let lie limit link list listen
    load lock log look lower make mark match measure mention message mind mix moan mock modify monitor moralise
    move mute nag name note notify number obey offer omit open order organise outline pack paraphrase paste
    pause pay phrase pick ping place plan play point post postpone praise preach prefer prefix prepare present
    preserve press pretend print prioritise proceed promise pronounce proofread propose provide publish push put
    query question quiz quote raise rank rate read reassure recap recheck recite recommend record redact
    redirect refer refresh refuse rely remember remind remove rename render repeat rephrase replace reply report
    request reserve respect respond restart restate restrict retry return reveal review revise rewrite rhyme
    roll round run save say scan schedule score search see select send separate set share shorten show shout sign
    simplify sing skip sort sound space speak specify spell split spoil sprinkle stand start state stay step
    stick stop store stress structure submit subtract suggest sum summarise summarize supply support suppose
    surprise swap swear switch tabulate tag take talk tally teach tease tell test text thank think throw time
    tone touch track translate transcribe treat trim trust try turn type underline understand undo update upload
    use validate vary verify view volunteer wait wake walk warn watch weigh welcome wish word work worry wrap
    write yell
    """.split()
)
_IRREGULAR_PARTICIPLES = frozenset(
    "written given shown sent kept read put told said made left spelt spoken set taken held broken cut".split()
)
_MISSPELT = frozenset("anwser asnwer awnser anser repsond responde wirte tranlsate translte corect".split())
_NO_VERBS = frozenset(
    """
    a an again and any are as at been but by every everybody everyone everything for from going had has he her
    here him his how i i'd i'll i'm i've if in is it it's its late me more most much my nobody nothing of on one
    or our people she so some somebody somehow someone that the their them there these they this those though to
    too was we we'd we'll we're were what when where been seen gone done had thought knew known heard met felt
    lost got came took made said told saw ate slept wanted went could would better which while who why will with
    you your
    """.split()
)
_FINITE = frozenset(
    """
    is are was were isn't aren't wasn't weren't will won't would has hasn't had does doesn't did didn't don't
    can can't could may might must should shall goes comes gets makes seems means starts opens closes costs
    meets
    """.split()
)
_OBJECTS = frozenset(
    "me my the a an your it them him her all any every each our us this that these those yourself".split()
)
_ADVERBS = re.compile(
    r"(?>(?:(?:please|pls|plz|just|then|also|kindly|first|only|simply|always|never(?: again)?|no longer"
    r"|alwyas|alwasy|alwys|allways|alway|nver"
    r"|do(?! (?:not|it|that|this|so|them|these|those|the|an?|my|your|any)\b)|ever(?: again)?"
    r"|at least|rather|instead"
    r"|nvr|nevr|(?:don't|dont|do not)(?: you| u)?(?: ever(?: again)?)?|try (?:not )?to|be sure to|make sure to"
    r"|remember to|quietly"
    r"|gently|briefly"
    r"|immediately|automatically|silently|directly|explicitly|politely|carefully)\b,? ?)*)",
    re.I,
)
_WORD = re.compile(r"[^\W\d_][\w'/-]*")


def is_imperative(text: str) -> bool:
    """Whether a text, its words one space apart, tells somebody to do something: "please answer in German"."""
    begin = _ADVERBS.match(text)
    rest = text[begin.end() :][:80] if begin else text[:80]
    words = [word.lower() for word in _WORD.findall(rest)[:2]]
    if not words or not rest[:1].isalpha():
        return False
    first, second = words[0], words[1] if len(words) > 1 else ""
    if first in _NO_VERBS or second in _FINITE or second in ("i", "we", "he", "she", "they"):
        return False
    if first in _VERBS or first in _MISSPELT:
        return True
    is_inflected = first.endswith(("ing", "ed", "ly")) or (first.endswith("s") and not first.endswith("ss"))
    return second in _OBJECTS and not is_inflected


def is_participle(word: str) -> bool:
    """Whether a word says that something is done which may be bidden: "quoted", "written"."""
    plain = word.lower()
    stems = (plain[:-1], plain[:-2], plain[:-3], f"{plain[:-3]}y")
    return plain in _IRREGULAR_PARTICIPLES or (plain.endswith("ed") and any(stem in _VERBS for stem in stems))
