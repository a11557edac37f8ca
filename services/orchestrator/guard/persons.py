"""Whom a statement is about: patterns for somebody known to the one who writes."""

from __future__ import annotations

import re

KIN = (
    r"(?:great-?)*(?:grand)?(?:mother|father|mom|mum|dad|parents?|son|daughter|child|children|kids?|ma|pa|"
    r"mam|mama|papa|nan|nana|nanny|gran|granny|"
    r"grandma|grandpa|grandad|granddad)|(?:great-?)?(?:aunt|auntie|aunty|uncle|niece|nephew)|sister|"
    r"brother|siblings?|twins?|baby|toddler|newborn|"
    r"(?:step|half-?)(?:mother|father|son|daughter|sister|brother|mum|mom|dad)|(?:mother|father|sister|"
    r"brother|son|daughter)-in-law|in-laws|folks|"
    r"cousins?|wife|husband|spouse|partner|fianc[ée]e?|boyfriend|girlfriend|ex(?:-\w+)?|family|household"
)
_ROLES = (
    r"friends?|best friend|buddy|mate|flatmate|roommate|housemate|neighbou?rs?|colleagues?|co-?workers?|"
    r"boss|manager|assistant|teacher|student|pupil|"
    r"client|patient|tenant|landlord|landlady|lodger|coach|trainer|nanny|babysitter|cleaner|intern|"
    r"employee|godmother|godfather|godson|goddaughter|"
    r"team ?mates?|classmates?|business partner|carer|caregiver|guy|team lead|supervisor|director|pastor|"
    r"priest"
)
_RELATION = rf"(?:\w++(?:-(?:\w++-?)?)? )?(?:{KIN}|{_ROLES})"
_OWNER = r"(?:my|our|his|her|their|your|mine|(?<!\w)(?:\w+'s|\w+s')|the|a|one of (?:my|our|the))"
_GIVEN_NAME = r"(?-i:[A-ZÀ-ÖØ-ÞŁŚŻČŠŽ][a-zà-öø-ÿłśżąęćńčšž'’-]{1,20})"
_NOT_NAMES = (
    r"(?:What|Why|How|When|Where|Who|Which|Does|Did|Do|Is|Are|Was|Were|Can|Could|Would|Should|Has|Have|"
    r"Had|The|This|That|These|Those|There|Here|It|"
    r"If|And|But|Or|So|Some|Someone|Somebody|Anyone|Anybody|Everybody|Everyone|Nobody|People|Most|Many|"
    r"Doctors?|Scientists?|Researchers?|Patients?|"
    r"Children|Women|Men|Adults|Since|Because|While|Although|Though|After|Before|Please|Write|Tell|"
    r"Explain|Give|Make|Help|Translate|Draft|Argentina|"
    r"Greece|Germany|France|Spain|Italy|Portugal|Britain|England|America|China|Japan|Russia|Europe|Africa|"
    r"Asia|Congress|Parliament|Google|Apple|"
    r"Amazon|Microsoft|Tesla|Companies|Banks|Governments?|Countries|Students|Workers|Yes|No|Ok|Okay|Today|"
    r"Yesterday|Tomorrow|January|February|March|"
    r"April|May|June|July|August|September|October|November|December|Monday|Tuesday|Wednesday|Thursday|"
    r"Friday|Saturday|Sunday|Not|Just|Also|Even|"
    r"CI|CPU|API|URL)(?!\w)"
)
NAME = rf"(?!{_NOT_NAMES}){_GIVEN_NAME}(?: {_GIVEN_NAME})?"
FIRST = r"(?:i|we|me|us)"
THIRD = r"(?:he|she|they)"
KNOWN = rf"(?:{_OWNER} {_RELATION}(?:,? {NAME},?)?|{KIN}(?= )|{NAME})"
"""``my neighbour Walter``, ``Dad``, ``Lena``."""
_BEGINS = r"(?<![\w'])(?=[^\W\d]|\d+(?:[^\W\d]|'s))"
"""No number alone is anybody: of a text full of numbers each would be tried."""
SUBJECT = rf"{_BEGINS}(?:i(?=(?:m|ve)(?!\w))|(?:{FIRST}|{THIRD}|{KNOWN})(?!\w))"
"""Also the "i" of "im" and "ive", as people in a hurry write them."""
_ANIMALS = (
    r"(?:cats?|dogs?|pupp(?:y|ies)|kittens?|horses?|pon(?:y|ies)|rabbits?|bunn(?:y|ies)|hamsters?|guinea pigs?|parrots?"
    r"|budgies?|fish|tortoises?|snakes?|chickens?|hens?|goats?|sheep|cows?|ferrets?|terriers?|spaniels?|labradors?"
    r"|retrievers?)"
)
_OF_AN_ANIMAL = rf"(?! (?:[\w-]+ )?{_ANIMALS}(?!\w)(?! (?:allerg|hair|fur|phobia|bite|scratch)))"
"""What an animal has is nobody's personal data; an allergy to it is."""
POSSESSIVE = (
    rf"{_BEGINS}(?:(?:my|our|his|her|their){_OF_AN_ANIMAL}"
    rf"|(?:my|our|his|her|their) {_RELATION}'s|{NAME}'s|{KIN}'s)"
)
BE = (
    r"(?:'m|’m|(?<=\bi)m| am|'re|’re| are|'s|’s| is| was| were|'ve been|’ve been|'s been| have been| has been| had"
    r" been| got| became| becoming| feel| still)"
)
ADVERBS = (
    r"(?: (?:just|also|really|still|now|currently|only|finally|actually|always|already|both|even|probably|"
    r"apparently|recently|sort of|kind of|very|badly|severely|slightly|a bit|quite|so|too|chronically|"
    r"clinically|terribly|pretty|mostly|partly|partially|totally|completely|basically|officially|legally|"
    r"deeply|heavily|seriously|almost|nearly|about|around|roughly|not)){0,2}"
)
FICTION = re.compile(
    r"\b(?:in (?:my|the|this|a|his|her) (?:novel|story|book|film|movie|play|script|game|series|show|"
    r"manuscript|episode|chapter)|(?:character|protagonist|hero(?:ine)?|"
    r"narrator|villain|antagonist)s?\b|(?:write|draft|invent|make up|continue) (?:me )?(?:an?|the) (?:[\w-]+ )?"
    r"(?:scene|story|tale|novel|sketch|dialogue|screenplay|limerick|monologue)\b(?! (?:for|about|of|on) (?:my|our"
    r"|me|us)\b)|dnd|campaign setting"
    r"|(?<!as )\bif (?:i|we|you|he|she|they) (?:earned|won|inherited|owned|made|owed|was|were"
    r"|had (?!known|been|told|heard|gone|only))\b[^.!?]{0,60}(?:['’]d|\b(?:id|would|could|might))\b"
    r"|hypothetical(?:ly)?|fictional|imagine (?:a|"
    r"that|someone))",
    re.IGNORECASE,
)
