"""The patterns of ``facts.py``: what is said of somebody, after the words that say of whom. Pure."""

from __future__ import annotations

import re

from services.orchestrator.extraction import lexicon, lives
from services.orchestrator.extraction.lexicon import NAME, RELATION

ADVERBS = (
    r"(?>(?:(?:also|now|currently|still|really|just|always|actually|finally|absolutely|recently|already|usually|"
    r"often|only|"
    r"mostly|mainly|simply|truly|secretly|quite|rather|both|all|sometimes|originally|mainly|generally|normally|"
    r"totally)\s+)*)"
)
"""Between a subject and its verb; atomic, so that no pattern takes one of them for the verb."""
BE, HAVE = r"(?:am|are|is)", r"(?:have|has)"
NOT = r"(?:do not|does not|can not|could not|never|do never|would never|will never)"
TO_END = r"(?P<object>\S.*)"
_NO_PRONOUN = (
    r"(?!(?:it|this|that|these|those|them|you|me|him|her|us|down|up|out|away|off|back|sure|sense)\b)"
)


def rule(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"{ADVERBS}{pattern}", re.IGNORECASE)


OF_ANYBODY = tuple(
    map(
        rule,
        (
            rf"(?:lives|resides|is living|{HAVE} been living|has lived) (?:here )?(?:in|on|at|near|with|by|"
            rf"outside|close to) {TO_END}",
            rf"(?:works|is working|has (?:been working|worked)) (?:at|as) (?!me\b|it\b|an? (?:\w+ )?(?:\w+er|"
            rf"replacement|alternative)\b){TO_END}",
            rf"(?:is|has) (?:\w+ )?(?:allergic|intolerant) to {TO_END}",
            rf"is (?P<object>an? (?:\w+ )?{lexicon.JOBS}\b.*)",
            r"is (?P<object>pregnant)\b",
        ),
    )
)
"""Facts of somebody of whom nothing but the name is known: what is said of people only."""
FACTS = tuple(
    map(
        rule,
        (
            rf"{BE} (?:really |pretty |quite |very |so |absolutely |rather )?(?:good|great|brilliant|decent"
            rf"|bad|terrible|hopeless|awful|useless|rubbish|lousy|no good|"
            rf"not (?:very |that |so |any )?good) at (?!it\b|this\b|that\b|the (?:moment|end)\b|all\b){TO_END}",
            rf"{HAVE} (?P<object>an? (?:bad|dodgy|weak|sensitive|artificial|replacement|new) (?:back|knee|hip|heart|"
            rf"stomach|shoulder|ankle|wrist|neck|bladder)|(?:bad|poor|perfect) (?:eyesight|hearing|skin|teeth))\b",
            rf"{HAVE} (?P<object>my own (?:\w+ )?(?:company|business|firm|shop|store|studio|practice"
            rf"|restaurant|bakery|"
            rf"house|flat|boat|horse|workshop|garden|farm|band)\b.*)",
            r"grew up (?P<object>bilingual\w*|(?:very )?poor|catholic|religious|an only child)\b",
            r"(?:gets?|breaks? out in|comes? out in) (?:an? |really |very |bad |terrible |horrible )*(?:hives"
            r"|rash(?:es)?"
            r"|migraines?|headaches?|eczema|heartburn|cramps|bloated|wheezy|itchy|reaction|spots)(?: all over)?"
            r" (?:from|off|after|(?:when|if) (?:i|he|she|we|they) (?:eats?|drinks?|touch(?:es)?|ha(?:ve|s)|smells?))"
            r" (?!it\b|this\b|that\b|the\b|your?\b|time\b|all\b)(?P<object>\S.*)",
            rf"{BE} (?P<object>off the (?:\w+ )?(?:waiting |transplant )?list)$",
            rf"{BE} on (?P<object>(?:an? |the )(?:\w+ )?(?:waiting|transplant) list for .+)",
            r"reacts? badly to (?!it\b|this\b|that\b|being\b)(?P<object>\S.*)",
            rf"{BE} (?:fluent|bilingual) in {TO_END}",
            rf"{BE} {ADVERBS}(?:very |really |quite |pretty |so )?(?:good|bad|hopeless"
            rf"|great) with (?P<object>(?:numbers|"
            r"animals|children|kids|computers|money|people|words|names|plants)\b.*)",
            rf"{BE} (?:in|on|with) (?P<object>(?:an? |the )(?:[\w-]+ ){{0,3}}(?:band|choir|orchestra|team"
            rf"|army|navy|police|"
            r"air force|fire brigade|board|committee|council|union|quartet)(?=$|,| (?:at|of|in|for|since|and)\b).*)",
            rf"{BE} in (?P<object>(?:marketing|sales|finance|insurance|publishing|advertising|construction|"
            r"real estate|accounting|logistics|HR|IT|tech|politics|(?:my|her|his) final year)\b.*)",
            rf"{BE} at (?P<object>(?:school|university|uni|college|drama school|art school|medical school)\b.*)",
            r"gets? (?P<object>(?:travel|motion|air|home)[ -]?sick)\b",
            rf"{BE} (?P<object>(?:very |quite |rather |really |pretty )?(?:shy|introverted|extroverted"
            rf"|clumsy|forgetful|"
            r"claustrophobic|superstitious|religious|ticklish|double-jointed|flat-footed|bald|tone-deaf))$",
            r"helps? out (?P<object>(?:at|in|with) \S.*(?:on \w+days|every \w+|(?:once|twice) a \w+)\b.*)",
            r"studied (?P<object>(?:in|at|abroad) ?(?-i:[A-Z]).*)",
            r"lives? (?P<object>(?:just |right )?(?:outside|north|south|east|west|in the \w+ of"
            r"|near) (?:of )?(?-i:[A-Z]).*)",
            rf"{HAVE} (?P<object>(?:an? )?(?:season ticket|allotment|timeshare|pilot's licen[cs]e|black belt)\b.*)",
            r"(?:goe?s? to bed|gets? up|wakes? up) (?P<object>(?:at|around|before|after) (?:\w+"
            r"|\d{1,2}[:.]\d\d))(?: ?[ap]m)?$",
            r"sleeps? (?P<object>on (?:my|his|her) (?:side|back|stomach|front))\b",
            rf"{BE} (?P<object>on (?:antidepressants|antibiotics|statins|steroids|beta[- ]blockers|warfarin"
            rf"|(?:the )?"
            rf"(?:pill|HRT)|benefits)|between jobs|out of work|unemployed|size \d+|named after .+|"
            rf"looking for (?:an? |my )?(?:\w+ )?(?:job|position|flat|apartment|house|place to live)\b.*)",
            r"(?:gets? up|wakes? up|goe?s? to bed) (?P<object>(?:early|late|(?:before|after|at|around) \S+)\b.* "
            r"(?:every|on \w+days|most|each)\b.*)",
            r"goe?s? to (?P<object>(?:the )?[\w' -]*?(?:school|nursery|kindergarten|university|college|academy))\b",
            r"(?:never finished|dropped out of|failed out of) (?P<object>(?:my |the )?[\w' -]*?(?:school"
            r"|university|uni|"
            r"college|degree|course|apprenticeship|studies)\b.*)",
            r"(?:do not|does not|can not|could not) (?:really )?(?:speak|play|drive|ride|swim|cook|own|drink"
            r"|dance|sing|have) "
            rf"(?!(?:and|or|home|it|that|this|to|up|so|you|any|time|much|the|a)\b){TO_END}",
            r"(?:does not|do not) (?P<object>(?:drink|swim|dance|sing|cook|vote))$",
            r"(?:does not|do not) have any (?P<object>(?:brothers|sisters|siblings|kids|children|pets|allergies)\b.*)",
            r"(?:understands?|speaks?) (?P<object>(?:an? (?:bit|little)|some|basic|fluent"
            r"|hardly any) (?:of )?(?-i:[A-Z]).*)",
            r"lives? (?P<object>(?:\w+ ){1,2}(?:minutes?|hours?|miles?|kilomet(?:re|er)s?|km|blocks?|doors?) \S.*)",
            rf"{BE} taking (?P<object>an? (?:\w+ )?(?:course|class)\b.*)",
            r"(?:was|were) at (?P<object>(?-i:[A-Z]).* (?:for (?:\w+ )?\w+ (?:years|months)|from \d{4}.*))",
            r"worked (?:at|for|in|as) (?P<object>\S.* from \d{4}.*)",
            rf"{HAVE} (?:lived|done|played|practised|practiced|taught|sung|kept|run|driven|spoken) (?P<object>\S.* "
            r"(?:since \d{4}.*|(?:since|for) \S.*(?:years?|months|childhood|school)\b.*))",
            rf"{HAVE} known (?P<object>(?-i:[A-Z])\w+ (?:for|since) .+)",
            rf"{HAVE} (?:never )?been to (?P<object>(?-i:[A-Z]).*)",
            r"(?:was|were) (?:in|with) (?P<object>(?:the )?(?:army|navy|air force|police|fire brigade|marines"
            r"|scouts))(?!\w|')",
            rf"{HAVE} been (?:on|in) (?P<object>(?:the |an? )(?:[\w-]+ ){{0,3}}(?:council|board|committee|team"
            r"|band|choir|union|orchestra"
            rf"|navy|army|police) (?:for|since) .+)",
            rf"{HAVE} been (?:at|with) (?=(?-i:(?:the )?[A-Z])[^,]* (?:since|for)\b){TO_END}",
            rf"(?:do|does) not (?:live|reside|work) (?:in|at|as(?= an?\b)|(?<=work )for) (?!it\b|this\b|that\b|all\b"
            rf"|peace\b){TO_END}",
            r"do(?:es)? (?P<object>(?!it\b|this\b|that\b|so\b)(?:\w+ ){1,2}(?:on \w+days|every \w+|"
            r"(?:once|twice|three times) a \w+)\b.*)",
            rf"(?:(?:lives?|resides?)|(?:{BE}|{HAVE} been) (?:living|based)|{BE} based|{HAVE} lived) (?:here "
            rf")?(?:in|on|at|near|with|by|outside|close to|above|below|behind|opposite|next to|across from|beside|"
            rf"between|off) {TO_END}",
            r"lives? (?P<object>(?:upstairs|downstairs|next door|nearby|alone|abroad|apart|by (?:myself|himself|"
            r"herself)|off-grid)\b.*)",
            rf"(?:works?|{BE} (?:now |currently )?(?:working|employed)|{HAVE} (?:been working|worked)) "
            rf"(?!on\b|out\b|it\b|well\b|late\b|hard\b|fine\b|up\b|for me\b|for you\b|to\b)"
            rf"(?:(?:at|for|as|in|with|from|by) )?{TO_END}",
            rf"{BE} (?:\w+ )?(?:allergic|intolerant|sensitive) to {TO_END}",
            rf"(?:{BE} (?:originally )?from|comes? from|hails? from) (?!my\b|the (?:same|other)\b){TO_END}",
            rf"(?:was|were) (?:born|raised|brought up)(?: and (?:raised|bred))? {TO_END}",
            rf"grew up (?:in|on|near|outside|speaking|with|as) {TO_END}",
            rf"(?:trained|qualified|served|worked) (?:as|in|for|with) {TO_END}",
            rf"(?:was|were) (?P<object>an? (?:\w+ )?(?:{lexicon.JOBS}|miner|soldier|sailor|officer|teacher|"
            rf"professor)\b.*)",
            r"(?:studied|attended|read) (?!it|this|that|the (?:article|book|report))(?P<object>[\w' ]+ (?:at|in) "
            r".+)",
            r"(?:went to|left|did (?:my|his|her|an?|the)) (?P<object>(?:\w+ )?(?:school|university|college|phd|"
            r"degree|master's|doctorate|apprenticeship|training)\b.*)",
            r"spent (?P<object>(?:my|his|her) (?:childhood|youth)\b.*|(?:\w+) years? (?:in|at|as|with) .+)",
            r"(?:lived|worked|taught|ran|played|served) (?P<object>.+ for (?:\w+ ){1,2}(?:years|months|decades))",
            rf"(?:was|were) (?P<object>an? (?!{lexicon.NOT_A_ROLE_WORDS})\w+(?: \w+)? (?:for|until|in|at|with) "
            rf"(?!the (?:beginning|end|moment|way)).+)",
            rf"used to (?:be|live|work|play|teach|smoke|own|run) {TO_END}",
            rf"(?:do not |does not |used to )?(?P<object>{lexicon.DOINGS})$",
            r"subscribes? to (?!this\b|that\b|it\b|you|an? |the (?:idea|view|theory|notion))(?P<object>\S.*)",
            r"gets? (?P<object>migraines|hay fever|seasick|carsick|airsick|cold sores|vertigo|panic attacks|"
            r"nosebleeds)\b",
            rf"{BE} (?:raising|bringing up|fostering|renting|managing|coaching|teaching|saving (?:up )?for|"
            rf"restoring|looking after|caring for|taking"
            rf"(?= (?:\w+ )?(?:classes|lessons|courses?)\b)) {TO_END}",
            rf"{BE} (?P<object>(?:head|chief|lead|senior|junior|assistant|deputy) \w+ (?:at|of|for|in) .+)",
            rf"{HAVE} been (?P<object>(?!colleagues|friends|neighbou?rs|mates|partners|busy|sick|ill|away|here|"
            rf"there|stuck|out|off|down|really|very|so|trying|good|great|fine|in|on|at|a\b|the\b)\w+ (?:for|since) "
            rf".+)",
            rf"{BE} (?:in|on|at|near) (?P<object>(?:the )?(?-i:[A-Z])[\w'-]+ (?:Street|Road|Square|Avenue|Lane|"
            rf"Hill|Quay))",
            rf"{HAVE} (?P<object>(?:no |lots of |many |several )?(?:{RELATION}|relatives|siblings|allergies|"
            rf"tattoos|dreadlocks|braces|dentures|solar panels)\b.*)",
            rf"{BE} (?:both |all )?(?P<object>{lexicon.JOBS}s)\b",
            rf"{BE} (?P<object>one of (?:\w+) (?:children|siblings|brothers|sisters|kids))",
            rf"{HAVE} been (?P<object>together .+|with (?:my|the|our) .+ (?:for|since) .+)",
            rf"{BE} (?P<object>(?:recovering|suffering) from .+|hard of hearing|blind in .+|deaf in .+)",
            rf"{BE} (?:\w+ )?(?:afraid|scared|terrified|frightened) of (?!you\b|it\b|that\b|losing|missing|being "
            rf"late){TO_END}",
            rf"{BE} (?P<object>(?:the )?(?:eldest|oldest|youngest|middle child|only child|only \w+)(?: of .+)?)$",
            rf"{BE} (?P<object>(?:in charge|head|a member|the (?:head|chair|owner|manager|director|founder|"
            rf"secretary|treasurer|captain|mother|father)|responsible|"
            rf"on the board|in my (?:\w+) year|part-owner|co-owner) (?:of|for|at) .+)",
            rf"{BE} (?P<object>in (?:my|his|her) (?:early |mid |late )?(?:twenties|thirties|forties|fifties|"
            rf"sixties|seventies|eighties|nineties|teens))",
            rf"{BE} (?P<object>on (?:an? |the )?(?:[\w-]+ )?(?:diet|medication|insulin|dialysis|(?:parental|"
            rf"maternity|paternity|sick) leave|sabbatical|night shifts?)\b.*)",
            rf"{BE} (?P<object>(?:half|part) [A-Z]\w+)",
            rf"(?:stud(?:y|ies)|{BE} (?:studying|training|apprenticed|learning)) (?!this|that|it\b|a (?:ton|lot)|"
            rf"so\b|more\b|to (?!be|play|speak|read|write|drive|swim|ride|sail|cook|paint)){TO_END}",
            rf"{BE} (?:finishing|doing|working on|writing|starting|in|halfway through) (?=(?:\w+ "
            rf"){{1,5}}(?:degree|phd|thesis|dissertation|master's|apprenticeship|course|novel|book)\b){TO_END}",
            rf"{HAVE} been (?!working\b|thinking\b|trying\b|having\b|looking\b|getting\b|waiting\b|wondering\b|"
            rf"meaning\b|using\b|feeling\b|being\b|going\b|doing\b)(?P<object>\w+ing {_NO_PRONOUN}.+)",
            rf"{BE} (?P<object>(?:nearly |almost )?(?:\d{{1,3}}|one|two|three|four|five|six|seven|eight|nine|ten|"
            rf"eleven|twelve|\w+ty(?:-\w+)?|\w+teen)(?: years old)?)(?:$|,)",
            rf"{BE} (?P<object>(?:\d|four|five|six|seven) ?(?:foot|feet|ft|')(?: \w+)?|\d(?:\.\d+)? ?(?:m|metres?|"
            rf"meters?|cm)(?: \w+)? ?tall)",
            rf"{BE} (?=(?:in|on|at|near|next to|above|below) (?:the|a|an|our|my) \w+ (?:floor|street|road|square|"
            rf"river|beach|coast|station|harbou?r|park)\b){TO_END}",
            rf"(?:{BE}|{HAVE} been) (?P<object>(?-i:{lexicon.STATUS}))(?=$|,| and | with | by | for | since | in "
            rf"| from )",
            rf"(?:speaks?|takes?|hold|owns?|plays?|teach|drives?|rides?|sells?) (?!for\b|a (?:look|break|seat|"
            rf"while)|care|my time|note|part|place|too|so|advantage){_NO_PRONOUN}{TO_END}",
            rf"{lexicon.HABITS}(?:s|es)? (?!the (?!accounts|books|night)|{lexicon.AT_WORK}|on\b|to (?!church|"
            rf"mosque|synagogue|temple|school|univ|college|the gym)|late\b|low\b|well\b|for (?:me|"
            rf"you)\b){_NO_PRONOUN}{TO_END}",
            rf"{HAVE} (?P<object>(?:\w+ )?{lexicon.CONDITIONS})\b",
            rf"{HAVE} (?P<object>(?:an? |the )?(?:\w+ )?(?:\w+ )?(?:allergy|intolerance|passport|degree|phd|"
            rf"disability|licen[cs]e|diploma|citizenship|tattoos?)\b.*)",
            rf"{HAVE} (?P<object>custody of .+|(?:blue|green|brown|grey|gray|hazel|red|blond|blonde|black|curly|"
            rf"long|short) (?:eyes|hair))",
            r"(?:uses?|needs?|wears?) (?P<object>(?:an? )?(?:wheelchair|cane|walking stick|hearing aids?|"
            r"pacemaker|inhaler|insulin pump|reading glasses|glasses|contact lenses|crutches)\b.*)",
            rf"(?:looks? after|cares? for) (?P<object>(?:my|his|her|our|their) {RELATION}\b.*)",
            r"can(?: not)? (?P<object>(?:play the|speak|swim|drive|ride|read sheet|sign|juggle|eat (?:gluten|"
            r"dairy|nuts|wheat|eggs|meat|shellfish)|have (?:gluten|dairy|nuts|alcohol))\b(?! (?:to|with|about) "
            r"\w+).*)",
            r"shares? (?P<object>(?:an? |the )?(?:flat|house|room|office|apartment|studio|allotment)\b.*)",
        ),
    )
)
OF_OTHERS = rule(
    rf"(?P<object>(?:(?:is|are) (?!not\b|{lexicon.NOT_LASTING})\S.*|(?!(?:is|are|has|was|does|says|"
    rf"{lexicon.NOT_A_HABIT}s)\b)[a-z]+s "
    rf"{_NO_PRONOUN}\S.*|(?:has|have) (?!to\b|been\b|not\b|just\b|\w+ed\b|gone\b|got\b|a (?:meeting|cold|fever|"
    rf"question|problem|day)\b)\S.*))"
)
"""In the present tense of somebody around the person: what is said of others is seldom said of the moment."""
HABIT = rule(rf"(?!{lexicon.NOT_A_HABIT}\b)(?P<object>[a-z]+ {_NO_PRONOUN}\S.*)")
"""With words that make a habit of it."""
HAD = rule(
    rf"{HAVE} (?P<object>(?:an?|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\d+) (?!\w+ for (?:you|"
    rf"me))\S.*)"
)
ROLE = rule(rf"(?:{BE}|{HAVE} been) (?P<object>an? \S.*)")

EXPECTING = rule(
    rf"{BE} expecting (?!you|it|this|that|an? (?:call|reply|answer|email|parcel|delivery)){TO_END}"
)
HELD_ON = rule(
    rf"(?:{HAVE}|will have) (?P<object>(?:an?|my|our|his|her|their|the) (?:[\w'-]+ ){{0,2}}{lexicon.OCCASIONS}\b.*)"
)
"""What one has on a day."""
TO_COME = rule(rf"{HAVE} (?P<object>my (?:[\w'-]+ )?(?:test|exam|viva|finals|operation|surgery))$")
"""What one has once, on whatever day."""
UNTIL = rule(
    r"(?:played|sang|worked|lived|taught|studied|volunteered|coached|ran|owned|danced|rowed)"
    r" (?:(?:in|at|for|with|as) )?(?P<object>(?!it\b|this\b|that\b|late\b)\S.*)"
)
"""What somebody did until then, for some time."""
GOING = rule(
    rf"{BE} going to (?P<object>(?:my|our|his|her|their|an?) (?:[\w'-]+ ){{0,3}}(?:wedding|funeral|graduation"
    r"|christening)\b.*)"
)
AWAY = rule(
    rf"(?P<object>(?:{BE} off to|will be in|{BE} due|plans? to (?:move|retire|marry|emigrate|travel|study"
    rf"|get married)"
    r"|will (?:move|retire|graduate|start (?:at|as|school|university|college)))"
    r"(?! (?:touch|contact|bed|it|there|this|that|the|my|an?|\w+ (?:minutes?|hours?))\b).*)"
)
"""Where somebody will be, and what they will do."""
BOOKED = rule(
    r"(?:(?:have|has) )?(?:just |finally |already )?(?P<object>(?:booked|signed up for|registered for"
    r"|enrolled (?:in|on)"
    r"|bought (?:a )?tickets? (?:to|for)) (?!it\b|this\b|that\b)\S.*)"
)
"""What is settled for a day to come."""
PLANNED = re.compile(
    rf"{ADVERBS}(?P<object>(?i:{BE}) {ADVERBS}(?!going to [a-z])\w+ing\b.*|(?i:{lives.BEARING})(?i:s|es)?\b.*)"
)
HAPPENED = rule(rf"(?P<object>{lives.PAST}.*)")
LIVED = rule(rf"(?P<object>{lives.LIFE}.*)")
OCCASION = re.compile(
    rf"(?:[Mm]y|[Oo]ur)\s+(?:(?P<of>{RELATION})'s\s+(?=.*\bon\b))?(?P<object>(?:\w+\s+)?{lexicon.OCCASIONS})\s+"
    r"(?:(?:with|at|to|in)\s+(?:[\w'.-]+\s){1,4}?)?(?:is|was|will be|takes place)\b.*"
)
"""What is on a day, of one's own or of somebody's."""
STOLEN = re.compile(
    r"(?:[Mm]y|[Oo]ur)\s+(?P<object>[\w-]+(?: [\w-]+)?) (?:was|were|got|has been"
    r"|have been) stolen\b(?! from (?:me|him|her|us)\b).*"
)
_ADJECTIVES = (
    r"(?:(?:old|oldest|older|elder|eldest|young|younger|youngest|little|big|dear|dearest|new|former|late|only|first|"
    r"second|third|other|close|"
    r"good|two|three|four)\s+)*"
)
MY = rf"(?:[Mm]y|[Oo]ur)\s+{_ADJECTIVES}(?:(?!favou?rite)[a-z-]+ ){{0,2}}?"
WHICH = re.compile(
    r"(?i)\b(?:other|second|third|older|elder|oldest|eldest|younger|youngest|former|old|ex|late)\b(?! school\b)"
)
"""Which of several somebody is: of one's other son nothing is told that is told of one's son."""
_OF_SOME_PLACE = re.compile(r"(?i)(?:works?|lives?) (?:at|for|in) an? ")
FAVOURITE = re.compile(
    rf"(?:(?P<mine>[Mm]y|[Oo]ur)|(?P<name>{NAME})'s|{MY}(?P<relation>{RELATION})'s)\s+(?:all-time\s+|absolute\s+)?"
    rf"(?P<what>(?:favou?rite|go-to)(?: [\w-]+){{0,4}}?|(?:\w+ )?{lexicon.LIKINGS})\s+(?:is|are|has always been|"
    rf"have always been|was always|will always be)\s+"
    r"(?P<object>\S.*)"
)
FAVOURITE_ASKED = re.compile(r"\b[Mm]y (?P<what>favou?rite [\w -]{1,40})\?\s+(?P<object>[\w' -]{1,60})")
IS_FAVOURITE = re.compile(
    r"(?![Ii] is\b)(?P<object>[A-ZÀ-Þ]?[\w'-]+(?: [\w'-]+){0,4}?) (?:is|are|has always been"
    r"|have always been) (?:not )?"
    r"(?:by far )?my (?:\w+ )?"
    rf"(?:favou?rite\b|{lexicon.LIKINGS}\b).*"
)
FELT = re.compile(
    r"(?![Ii] )(?P<object>[\w'-]+(?: [\w'-]+){0,4}?) (?:(?:disgust|bore|annoy|delight|scare|fascinate|irritate|"
    r"terrifie|frighten|relaxe|soothe|excite)s?"
    r"|terrify|(?:do not|does not|never) agree with|upsets?(?= (?:me|my))|gets? on|drives?|(?:makes?"
    r"|turns?) me (?:happy|sad|sick"
    r"|ill|nervous|anxious|cry|queasy|miserable|"
    r"smile|sneeze)|gives? me (?:the (?:creeps|jitters|shakes|ick)|a headache|palpitations|nightmares|migraines"
    r"|hives|a rash|heartburn)"
    r"|keeps? me awake)"
    r"(?: me\b| my (?:nerves|stomach)\b|$| every| so| to).*"
)
WHAT_I_LIKE = re.compile(
    r"(?:[Ww]hat (?:I|i) (?:really )?(?:love|like|enjoy|hate|dread|can not stand)(?: most| best| more than "
    r"anything)?|(?:[Tt]he )?(?:one|only) thing "
    r"(?:I|i) (?:really )?(?:love|hate|can not stand)|[Tt]he only (?P<what>\w+) (?:I|i) (?:like|listen to|read|"
    r"watch|eat|drink)) (?:is|are) (?P<object>\S.*)"
)
NOTHING_BEATS = re.compile(
    r"(?:[Tt]here is )?[Nn]othing (?:beats|better than|(?:I|i) (?:love|like|enjoy) (?:more|better) than|makes me "
    r"happier than|relaxes me like) (?P<object>\S.*)"
)
NO_FAN = re.compile(
    r"(?:(?:[Bb]ig|[Hh]uge) fan of|[Nn]ot (?:really )?(?:an? )?(?:\w+ )?(?:fan of|one for|keen on|into)) "
    r"(?P<object>\S.*)"
)
IS_ATTRIBUTE = re.compile(
    rf"(?P<object>[A-ZÀ-Þ]\w+(?: \w+){{0,3}}?) (?:is|are) (?:not )?my (?:\w+ )?{lexicon.ATTRIBUTES}\b.*"
)
AS_A = re.compile(
    rf"(?:[Aa]s|[Bb]eing) (?P<object>an? (?:[\w-]+ ){{0,2}}(?:{lexicon.JOBS}"
    rf"|{lexicon.STANDS})\b)"
    r",?\s+(?:I|i|my|My)\b.*"
)
ATTRIBUTE = re.compile(
    rf"(?:[Mm]y|[Oo]ur) (?:(?:new|current) )?(?P<what>{lexicon.ATTRIBUTES}|number(?= is [+\d])) (?:is|are) "
    rf"(?!\[|not\b|to\b|that\b|in\b|on\b|at\b|(?<!hobby is )(?<!hobbies are )\w+ing\b|very\b|so\b)(?P<object>\S.*)"
)


def now_so(said: str, *, is_thing: bool) -> str:
    """What is so from now on, with "now" where only that says that it is so instead of something else."""
    if is_thing and said.lower().startswith("is "):
        return f"is now {said[3:]}"
    return f"now {said}" if _OF_SOME_PLACE.match(said) else said
