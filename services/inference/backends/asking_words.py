"""Which words of a text say what a question asks for: other forms of a word, and words of its kind. English. Pure."""

from __future__ import annotations

import re

from services.runtime.scripts import spaced

_WORD = re.compile(r"[^\W_]+")
_SMALL = frozenset(
    (
        "a about again ago all also am an and any are as at be been but by can could d did do does doing done "
        "for from had "
        "has have he her hers him his how i if in into is it its just ll m may me might mine my no not of off oh ok "
        "okay on or our out over re s she should so some such t than that the their them then there these they this "
        "those to too up us ve very was we were what when where which who whom whose why will with would yes "
        "you your "
        "please hello hey hi thanks"
    ).split()
)
"""Words that do not say what a message is about."""
_SMALL_CHARACTERS = frozenset(
    "我你您他她它们們的地得是在有了吗嗎呢吧啊不也很都和与與这這那哪里裡什么麼谁誰何私僕君"
)
"""The same of Chinese and Japanese; what is written in hiragana ties words together, or is an ending, as a rule."""
_HIRAGANA = re.compile(r"[\u3041-\u309f]+")
_ENDINGS = ("ations", "ation", "ings", "ing", "edly", "ied", "ies", "ed", "es", "s", "ly", "e", "y")
_PAST = {
    past: plain
    for past, _, plain in (
        pair.partition(":")
        for pair in (
            "ate:eat began:begin bought:buy broke:break brought:bring built:build caught:catch chose:choose "
            "drank:drink driven:drive drove:drive eaten:eat fell:fall flew:fly forgot:forget forgotten:forget "
            "found:find gave:give given:give grew:grow heard:hear kept:keep knew:know learnt:learn left:leave "
            "lent:lend lost:lose made:make meant:mean met:meet paid:pay ran:run rode:ride sang:sing saw:see "
            "sent:send slept:sleep sold:sell spent:spend spoke:speak spoken:speak stole:steal swam:swim "
            "taken:take taught:teach thought:think threw:throw took:take understood:understand woke:wake won:win "
            "wore:wear written:write wrote:write"
        ).split()
    )
}
_KINDS = {
    asked: frozenset(words.split())
    for asked, words in {
        "work job employer employed employment profession occupation career company position": (
            "work job employer employed profession occupation career company boss colleague retired hired joined"
        ),
        "pet pets animal animals": (
            "pet animal dog puppy cat kitten rabbit hamster horse pony parrot budgie canary tortoise turtle "
            "fish goldfish "
            "snake beagle poodle terrier spaniel labrador collie retriever dachshund greyhound"
        ),
        "city town village country home house flat": "city town village country home house flat live moved",
        "live reside": "live reside moved relocated settled based",
        "married marry spouse": "married wife husband spouse wedding",
        "siblings sibling": "sibling brother sister twin",
        "parents parent": "parent mother father mum mom dad",
        "children kids child": "child children kid son daughter twin baby",
        "grandchildren grandkids": "grandchild grandchildren grandson granddaughter",
        "relationship partner": "relationship partner boyfriend girlfriend husband wife dating",
        "eat diet food": "eat diet food vegetarian vegan pescatarian meat allergic allergy intolerant",
        "allergic allergies allergy": "allergic allergy intolerant intolerance",
        "born birthday": "born birthday",
        "hobby hobbies pastime pastimes": (
            "hobby pastime bake chess climb cycling dance fishing garden gardening hike hiking knit paint "
            "photography play running sail sing ski surf swim yoga"
        ),
        "car vehicle": "car drive van truck suv vehicle",
        "university college degree": "university college degree studied graduated",
        "scares scared fear afraid phobia": "scares scared fear afraid phobia terrified",
        "boss manager supervisor report": "boss manager supervisor report",
        "gp doctor physician": "gp doctor physician",
        "arrive arrival land": "arrive arrival land",
        "instrument": "instrument piano guitar violin cello flute drums trumpet harp clarinet saxophone oboe viola",
        "sport sports": "sport tennis football squash badminton swim run cycling hockey golf rugby volleyball",
    }.items()
    for asked in asked.split()
}
"""Words that a question has, and those of a text that answer it."""

_OCCUPATION = (
    "accountant|architect|artist|baker|barber|carpenter|chef|consultant|cook|dentist|designer|developer|doctor|driver"
    "|editor|electrician|engineer|farmer|firefighter|gardener|hairdresser|journalist|lawyer|lecturer|librarian|manager"
    "|mechanic|midwife|musician|nurse|painter|pharmacist|photographer|physiotherapist|pilot|plumber|postman|professor"
    "|programmer|receptionist|researcher|scientist|secretary|surgeon|teacher|therapist|translator|vet|waiter|waitress"
    "|writer"
)
_OTHERWISE = (
    # What is asked for, what tells it without a word of the question, and for how many such words that counts.
    (
        re.compile(r"(?i)\bmy name\b|\bam i called\b|\bwho am i\b"),
        re.compile(r"(?i:\bmy name is\b|\bcall me\b|\bi(?:['’]m|\s+am)) [A-ZÀ-Þ]"),
        3,
    ),
    (
        re.compile(r"(?i)\byour name\b|\bare you called\b|\bwho are you\b"),
        re.compile(
            r"(?i:\byour name is\b|\bcall you\b|\byou(?:['’]re| are)(?: now)? called\b|\bthe name\b) [A-ZÀ-Þ]"
        ),
        3,
    ),
    (
        re.compile(r"(?i)\bmy (?:job|profession|occupation)\b|\bdo i (?:do for a living|work as)\b"),
        re.compile(
            rf"(?i)\bi(?:['’]m|\s+am)(?: (?!not\b)\w+)? an? (?:\w+ ){{0,2}}(?:{_OCCUPATION})\b(?!['’]s\b)"
        ),
        1,
    ),
)


def words(text: str) -> list[str]:
    """In lower case, without those that say nothing of what it is about."""
    return [word for word in _WORD.findall(spaced(text.lower())) if not _is_small(word)]


def _is_small(word: str) -> bool:
    if word.isascii():
        return word in _SMALL
    return _SMALL_CHARACTERS.issuperset(word) or _HIRAGANA.fullmatch(word) is not None


def stems(text: str) -> frozenset[str]:
    """The stems of its words."""
    return frozenset(map(stem, words(text)))


def stem(word: str) -> str:
    """The same for other forms of a word: "buy" and "bought"."""
    word = _PAST.get(word, word)
    if not word.endswith(_ENDINGS):
        return word
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word.removesuffix(ending)
    return word


_AKIN = {stem(asked): frozenset(map(stem, told)) | {stem(asked)} for asked, told in _KINDS.items()}


def shared(asked: frozenset[str], told: frozenset[str]) -> int:
    """How many of the stems that are asked for are told, or something of their kind is."""
    return sum(not told.isdisjoint(_AKIN.get(one, (one,))) for one in asked)


def told_otherwise(asked: str, text: str) -> int:
    """For how many words of a question it counts that a text tells what is asked for, with none of its words."""
    return sum(counts for asks, tells, counts in _OTHERWISE if asks.search(asked) and tells.search(text))
