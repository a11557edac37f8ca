"""The patterns of ``facts.py``: what is said of somebody, after the words that say of whom. Pure."""

from __future__ import annotations

import re

from services.orchestrator.extraction import lexicon
from services.orchestrator.extraction.lexicon import NAME, RELATION

ADVERBS = (
    r"(?>(?:(?:also|now|currently|still|really|just|always|actually|finally|absolutely|recently|already|usually|"
    r"often|only|"
    r"mostly|mainly|simply|truly|secretly|quite|rather|both|all|sometimes|originally|mainly|generally|normally|"
    r"totally)\s+)*)"
)
"""Between a subject and its verb; atomic, so that no pattern takes one of them for the verb."""
_BE, _HAVE = r"(?:am|are|is)", r"(?:have|has)"
_NOT = r"(?:do not|does not|can not|could not|never|do never|would never|will never)"
_TO_END = r"(?P<object>\S.*)"
_NO_PRONOUN = (
    r"(?!(?:it|this|that|these|those|them|you|me|him|her|us|down|up|out|away|off|back|sure|sense)\b)"
)


def _rule(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"{ADVERBS}{pattern}", re.IGNORECASE)


PREFERENCES = tuple(
    map(
        _rule,
        (
            rf"{_NOT} {ADVERBS}(?:like|enjoy|love|stand|bear|stomach|eat|drink|smoke|wear|care (?:much )?for|touch|"
            rf"resist|do"
            rf"(?= (?:mornings|crowds|small talk|spicy|heights|dairy|gluten|sugar|parties|video calls))) {_TO_END}",
            rf"(?:{_HAVE} (?:always |never |long )*(?:loved|liked|enjoyed|adored|hated|loathed|disliked|preferred)|"
            rf"loves?|likes?|enjoys?|"
            rf"adores?|hates?|loathes?|dislikes?|detests?|prefers?|despises?|abhors?|cherish(?:es)?) {_TO_END}",
            rf"{_BE} (?:not )?{ADVERBS}(?:very |so |completely |too |big |much )*(?:into|fond of|keen on|crazy "
            rf"about|mad about|obsessed with|"
            rf"passionate about|addicted to|partial to|not one for|hooked on|big on) {_TO_END}",
            rf"{_BE} (?:not )?(?:an? |no )?(?:\w+[ -])*(?:fan|lover|admirer|devotee) of {_TO_END}",
            rf"{_BE} {ADVERBS}(?:not )?(?:really |exactly )?(?:more of "
            rf"|much of )?(?P<object>an? (?:\w+[ -]){{1,3}}(?:drinker|eater|reader|"
            rf"person|lover|addict|fanatic|enthusiast|nut|buff|fan|supporter|junkie|snob))\b",
            rf"{_BE} a sucker for {_TO_END}",
            rf"used to (?:love|like|enjoy|adore|hate|loathe|detest) {_TO_END}",
            rf"{_BE} not much of (?P<object>an? .+)",
            rf"(?:loves?|likes?|enjoys?) nothing (?:more|better) than {_TO_END}",
            rf"(?:steers? clear of|stays? away from|tr(?:y|ies) to avoid|dreads?|treasures?|relish(?:es)?|can not "
            rf"(?:function|cope|survive) without|"
            rf"would be lost without) {_TO_END}",
            rf"(?:will|would) (?:only|not) (?:eat|drink|wear|touch) {_TO_END}",
            rf"(?:{_HAVE} {ADVERBS}given|gave) up (?!on\b|the\b(?! (?:violin|piano|guitar|cello|flute"
            r"|drums|trumpet|sax\w*|clarinet|cigarettes|fags|booze|drink|gym)\b)|my\b|\w+ing\b)" + _TO_END,
            rf"(?:{_HAVE} {ADVERBS})?(?:quit|cut out|swore off|sworn off) (?=(?-i:[a-z]))(?!\w+ing\b|my\b|his\b|her\b"
            r"|our\b|the\b|it\b|school\b|uni|college\b|work\b|this\b|that\b|an?\b|yesterday|today|last\b"
            r"|early|before|because|after\b|and\b"
            r"|again|for\b|at\b|in\b|on\b|when\b)"
            r"(?P<object>[\w-]+(?=$|,| (?:for|in|last|this|since|on|completely|entirely|altogether|because|two"
            r"|three)\b).*)",
            r"(?:drink|eat)s? (?P<object>(?!breakfast|lunch|dinner|supper|it\b|out\b|up\b|well\b|late\b|less\b|more\b"
            r"|there|here|alone|together|healthily|early)[a-z]+)$",
            rf"{_BE} (?:happiest|happier|at my best) (?:when |on |in |with |at )?{_TO_END}",
            rf"(?:avoids?|can do without|(?:can|could) (?:happily )?live on|(?:can|could) not (?:live|do) without|"
            rf"only (?:eats?|drinks?|reads?|wears?|watch(?:es)?)|"
            rf"(?:eats?|drinks?|reads?|wears?|watch(?:es)?) (?:only|mostly|mainly|nothing but)) {_TO_END}",
            r"(?:find|finds|consider) (?P<object>[^,]+?) (?:\w+ )?(?:boring|dull|relaxing|fascinating|disgusting|"
            r"tedious|delicious|"
            r"exhausting|soothing|annoying|repulsive|irritating|calming|unbearable|overwhelming|revolting|"
            r"therapeutic)\b",
            r"(?:drinks?|takes?|likes?|eats?) (?P<object>(?:my|his|her|their|our) (?:coffee|tea|steak|eggs|toast|"
            r"pasta|wine|beer) [^,]+)",
            rf"{_HAVE} (?:an? |no |always had an? )?(?:\w+ )?(?:weakness|soft spot|passion|fondness|aversion|taste|"
            rf"love|dislike|thing|craving)s? (?:for|to|of) {_TO_END}",
            rf"{_HAVE} (?P<object>an? (?:\w+ )?sweet tooth)",
            r"(?:loves?|likes?|hates?|enjoys?) it when (?!that|this|it|you)(?P<object>.+)",
            rf"(?:{_HAVE} gone|went) off (?!to\b|the\b|on\b|with\b|at\b|in\b){_TO_END}",
            r"would (?:always )?(?:rather|sooner|choose|pick|prefer|take) (?P<object>.+?) (?:than|over|to|instead "
            r"of|any day)\b",
            rf"(?:{_BE}|{_HAVE} been) (?:an? )?(?:strict |lifelong )?(?P<object>{lexicon.DIET})\b",
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
            rf"{_HAVE} not (?:eaten|drunk|touched) (?P<object>(?!(?:it|yet|anything|breakfast|lunch|dinner)\b)\S.*?) "
            r"(?:since|in years|in ages|for (?:\w+ )?(?:\w+ )?(?:years|months|ages))\b",
            rf"listens? to (?:a lot of |lots of |mostly |mainly |nothing but )?{_TO_END}",
            rf"(?:swears? by|(?:can|could) not get enough of|lives? for) {_TO_END}",
        ),
    )
)

OF_ANYBODY = tuple(
    map(
        _rule,
        (
            rf"(?:lives|resides|is living|{_HAVE} been living|has lived) (?:here )?(?:in|on|at|near|with|by|"
            rf"outside|close to) {_TO_END}",
            rf"(?:works|is working|has (?:been working|worked)) (?:at|as) (?!me\b|it\b|an? (?:\w+ )?(?:\w+er|"
            rf"replacement|alternative)\b){_TO_END}",
            rf"(?:is|has) (?:\w+ )?(?:allergic|intolerant) to {_TO_END}",
            rf"is (?P<object>an? (?:\w+ )?{lexicon.JOBS}\b.*)",
            r"is (?P<object>pregnant)\b",
        ),
    )
)
"""Facts of somebody of whom nothing but the name is known: what is said of people only."""
LIKED_BY_ANYBODY = _rule(
    r"(?:(?:loves|hates|adores|loathes|prefers|enjoys|dislikes|can not stand|can not bear)|does not (?:like|eat|"
    r"drink)|is "
    r"(?:not )?(?:into|fond of|keen on)) (?P<object>\S.*)"
)
HELD_TO = re.compile(
    r"(?:only|mostly|mainly|always|usually|generally|never|tend to|generally tend to) (?:eats?|drinks?|reads?|"
    r"wears?|watch(?:es)?|"
    r"listens? to|orders?|buys?|sits? in|goe?s? for|picks?|chooses?|choose|prefers?) (?!it\b|this\b|that\b|"
    r"the\b)(?P<object>\S.*)",
    re.IGNORECASE,
)
FACTS = tuple(
    map(
        _rule,
        (
            rf"{_BE} (?:really |pretty |quite |very |so |absolutely |rather )?(?:good|great|brilliant|decent"
            rf"|bad|terrible|hopeless|awful|useless|rubbish|lousy|no good|"
            rf"not (?:very |that |so |any )?good) at (?!it\b|this\b|that\b|the (?:moment|end)\b|all\b){_TO_END}",
            rf"{_HAVE} (?P<object>an? (?:bad|dodgy|weak|sensitive|artificial|replacement|new) (?:back|knee|hip|heart|"
            rf"stomach|shoulder|ankle|wrist|neck|bladder)|(?:bad|poor|perfect) (?:eyesight|hearing|skin|teeth))\b",
            rf"{_HAVE} (?P<object>my own (?:\w+ )?(?:company|business|firm|shop|store|studio|practice"
            rf"|restaurant|bakery|"
            rf"house|flat|boat|horse|workshop|garden|farm|band)\b.*)",
            r"grew up (?P<object>bilingual\w*|(?:very )?poor|catholic|religious|an only child)\b",
            r"reacts? badly to (?!it\b|this\b|that\b|being\b)(?P<object>\S.*)",
            rf"{_BE} (?:fluent|bilingual) in {_TO_END}",
            rf"{_BE} {ADVERBS}(?:very |really |quite |pretty |so )?(?:good|bad|hopeless"
            rf"|great) with (?P<object>(?:numbers|"
            r"animals|children|kids|computers|money|people|words|names|plants)\b.*)",
            rf"{_BE} (?:in|on|with) (?P<object>(?:an? |the )(?:[\w-]+ ){{0,3}}(?:band|choir|orchestra|team"
            rf"|army|navy|police|"
            r"air force|fire brigade|board|committee|council|union|quartet)(?=$|,| (?:at|of|in|for|since|and)\b).*)",
            rf"{_BE} in (?P<object>(?:marketing|sales|finance|insurance|publishing|advertising|construction|"
            r"real estate|accounting|logistics|HR|IT|tech|politics|(?:my|her|his) final year)\b.*)",
            rf"{_BE} at (?P<object>(?:school|university|uni|college|drama school|art school|medical school)\b.*)",
            r"gets? (?P<object>(?:travel|motion|air|home)[ -]?sick)\b",
            rf"{_BE} (?P<object>(?:very |quite |rather |really |pretty )?(?:shy|introverted|extroverted"
            rf"|clumsy|forgetful|"
            r"claustrophobic|superstitious|religious|ticklish|double-jointed|flat-footed|bald|tone-deaf))$",
            r"helps? out (?P<object>(?:at|in|with) \S.*(?:on \w+days|every \w+|(?:once|twice) a \w+)\b.*)",
            r"studied (?P<object>(?:in|at|abroad) ?(?-i:[A-Z]).*)",
            r"lives? (?P<object>(?:just |right )?(?:outside|north|south|east|west|in the \w+ of"
            r"|near) (?:of )?(?-i:[A-Z]).*)",
            rf"{_HAVE} (?P<object>(?:an? )?(?:season ticket|allotment|timeshare|pilot's licen[cs]e|black belt)\b.*)",
            r"(?:goe?s? to bed|gets? up|wakes? up) (?P<object>(?:at|around|before|after) (?:\w+"
            r"|\d{1,2}[:.]\d\d))(?: ?[ap]m)?$",
            r"sleeps? (?P<object>on (?:my|his|her) (?:side|back|stomach|front))\b",
            rf"{_BE} (?P<object>on (?:antidepressants|antibiotics|statins|steroids|beta[- ]blockers|warfarin"
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
            rf"(?!(?:and|or|home|it|that|this|to|up|so|you|any|time|much|the|a)\b){_TO_END}",
            r"(?:does not|do not) (?P<object>(?:drink|swim|dance|sing|cook|vote))$",
            r"(?:does not|do not) have any (?P<object>(?:brothers|sisters|siblings|kids|children|pets|allergies)\b.*)",
            r"(?:understands?|speaks?) (?P<object>(?:an? (?:bit|little)|some|basic|fluent"
            r"|hardly any) (?:of )?(?-i:[A-Z]).*)",
            r"lives? (?P<object>(?:\w+ ){1,2}(?:minutes?|hours?|miles?|kilomet(?:re|er)s?|km|blocks?|doors?) \S.*)",
            rf"{_BE} taking (?P<object>an? (?:\w+ )?(?:course|class)\b.*)",
            r"(?:was|were) at (?P<object>(?-i:[A-Z]).* (?:for (?:\w+ )?\w+ (?:years|months)|from \d{4}.*))",
            r"worked (?:at|for|in|as) (?P<object>\S.* from \d{4}.*)",
            rf"{_HAVE} (?:lived|done|played|practised|practiced|taught|sung|kept|run|driven|spoken) (?P<object>\S.* "
            r"(?:since \d{4}.*|(?:since|for) \S.*(?:years?|months|childhood|school)\b.*))",
            rf"{_HAVE} known (?P<object>(?-i:[A-Z])\w+ (?:for|since) .+)",
            rf"{_HAVE} (?:never )?been to (?P<object>(?-i:[A-Z]).*)",
            r"(?:was|were) (?:in|with) (?P<object>(?:the )?(?:army|navy|air force|police|fire brigade|marines"
            r"|scouts))(?!\w|')",
            rf"{_HAVE} been (?:on|in) (?P<object>(?:the |an? )(?:[\w-]+ ){{0,3}}(?:council|board|committee|team"
            r"|band|choir|union|orchestra"
            rf"|navy|army|police) (?:for|since) .+)",
            rf"{_HAVE} been (?:at|with) (?=(?-i:(?:the )?[A-Z])[^,]* (?:since|for)\b){_TO_END}",
            rf"(?:do|does) not (?:live|reside|work) (?:in|at|as(?= an?\b)|(?<=work )for) (?!it\b|this\b|that\b|all\b"
            rf"|peace\b){_TO_END}",
            r"do(?:es)? (?P<object>(?!it\b|this\b|that\b|so\b)(?:\w+ ){1,2}(?:on \w+days|every \w+|"
            r"(?:once|twice|three times) a \w+)\b.*)",
            rf"(?:(?:lives?|resides?)|(?:{_BE}|{_HAVE} been) (?:living|based)|{_BE} based|{_HAVE} lived) (?:here "
            rf")?(?:in|on|at|near|with|by|outside|close to|above|below|behind|opposite|next to|across from|beside|"
            rf"between|off) {_TO_END}",
            r"lives? (?P<object>(?:upstairs|downstairs|next door|nearby|alone|abroad|apart|by (?:myself|himself|"
            r"herself)|off-grid)\b.*)",
            rf"(?:works?|{_BE} (?:now |currently )?(?:working|employed)|{_HAVE} (?:been working|worked)) "
            rf"(?!on\b|out\b|it\b|well\b|late\b|hard\b|fine\b|up\b|for me\b|for you\b|to\b)"
            rf"(?:(?:at|for|as|in|with|from|by) )?{_TO_END}",
            rf"{_BE} (?:\w+ )?(?:allergic|intolerant|sensitive) to {_TO_END}",
            rf"(?:{_BE} (?:originally )?from|comes? from|hails? from) (?!my\b|the (?:same|other)\b){_TO_END}",
            rf"(?:was|were) (?:born|raised|brought up)(?: and (?:raised|bred))? {_TO_END}",
            rf"grew up (?:in|on|near|outside|speaking|with|as) {_TO_END}",
            rf"(?:trained|qualified|served|worked) (?:as|in|for|with) {_TO_END}",
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
            rf"used to (?:be|live|work|play|teach|smoke|own|run) {_TO_END}",
            rf"(?:do not |does not |used to )?(?P<object>{lexicon.DOINGS})$",
            r"subscribes? to (?!this\b|that\b|it\b|you|an? |the (?:idea|view|theory|notion))(?P<object>\S.*)",
            r"gets? (?P<object>migraines|hay fever|seasick|carsick|airsick|cold sores|vertigo|panic attacks|"
            r"nosebleeds)\b",
            rf"{_BE} (?:raising|bringing up|fostering|renting|managing|coaching|teaching|saving (?:up )?for|"
            rf"restoring|looking after|caring for|taking"
            rf"(?= (?:\w+ )?(?:classes|lessons|courses?)\b)) {_TO_END}",
            rf"{_BE} (?P<object>(?:head|chief|lead|senior|junior|assistant|deputy) \w+ (?:at|of|for|in) .+)",
            rf"{_HAVE} been (?P<object>(?!colleagues|friends|neighbou?rs|mates|partners|busy|sick|ill|away|here|"
            rf"there|stuck|out|off|down|really|very|so|trying|good|great|fine|in|on|at|a\b|the\b)\w+ (?:for|since) "
            rf".+)",
            rf"{_BE} (?:in|on|at|near) (?P<object>(?:the )?(?-i:[A-Z])[\w'-]+ (?:Street|Road|Square|Avenue|Lane|"
            rf"Hill|Quay))",
            rf"{_HAVE} (?P<object>(?:no |lots of |many |several )?(?:{RELATION}|relatives|siblings|allergies|"
            rf"tattoos|dreadlocks|braces|dentures|solar panels)\b.*)",
            rf"{_BE} (?:both |all )?(?P<object>{lexicon.JOBS}s)\b",
            rf"{_BE} (?P<object>one of (?:\w+) (?:children|siblings|brothers|sisters|kids))",
            rf"{_HAVE} been (?P<object>together .+|with (?:my|the|our) .+ (?:for|since) .+)",
            rf"{_BE} (?P<object>(?:recovering|suffering) from .+|hard of hearing|blind in .+|deaf in .+)",
            rf"{_BE} (?:\w+ )?(?:afraid|scared|terrified|frightened) of (?!you\b|it\b|that\b|losing|missing|being "
            rf"late){_TO_END}",
            rf"{_BE} (?P<object>(?:the )?(?:eldest|oldest|youngest|middle child|only child|only \w+)(?: of .+)?)$",
            rf"{_BE} (?P<object>(?:in charge|head|a member|the (?:head|chair|owner|manager|director|founder|"
            rf"secretary|treasurer|captain|mother|father)|responsible|"
            rf"on the board|in my (?:\w+) year|part-owner|co-owner) (?:of|for|at) .+)",
            rf"{_BE} (?P<object>in (?:my|his|her) (?:early |mid |late )?(?:twenties|thirties|forties|fifties|"
            rf"sixties|seventies|eighties|nineties|teens))",
            rf"{_BE} (?P<object>on (?:an? |the )?(?:[\w-]+ )?(?:diet|medication|insulin|dialysis|(?:parental|"
            rf"maternity|paternity|sick) leave|sabbatical|night shifts?)\b.*)",
            rf"{_BE} (?P<object>(?:half|part) [A-Z]\w+)",
            rf"(?:stud(?:y|ies)|{_BE} (?:studying|training|apprenticed|learning)) (?!this|that|it\b|a (?:ton|lot)|"
            rf"so\b|more\b|to (?!be|play|speak|read|write|drive|swim|ride|sail|cook|paint)){_TO_END}",
            rf"{_BE} (?:finishing|doing|working on|writing|starting|in|halfway through) (?=(?:\w+ "
            rf"){{1,5}}(?:degree|phd|thesis|dissertation|master's|apprenticeship|course|novel|book)\b){_TO_END}",
            rf"{_HAVE} been (?!working\b|thinking\b|trying\b|having\b|looking\b|getting\b|waiting\b|wondering\b|"
            rf"meaning\b|using\b|feeling\b|being\b|going\b|doing\b)(?P<object>\w+ing {_NO_PRONOUN}.+)",
            rf"{_BE} (?P<object>(?:nearly |almost )?(?:\d{{1,3}}|one|two|three|four|five|six|seven|eight|nine|ten|"
            rf"eleven|twelve|\w+ty(?:-\w+)?|\w+teen)(?: years old)?)(?:$|,)",
            rf"{_BE} (?P<object>(?:\d|four|five|six|seven) ?(?:foot|feet|ft|')(?: \w+)?|\d(?:\.\d+)? ?(?:m|metres?|"
            rf"meters?|cm)(?: \w+)? ?tall)",
            rf"{_BE} (?=(?:in|on|at|near|next to|above|below) (?:the|a|an|our|my) \w+ (?:floor|street|road|square|"
            rf"river|beach|coast|station|harbou?r|park)\b){_TO_END}",
            rf"(?:{_BE}|{_HAVE} been) (?P<object>(?-i:{lexicon.STATUS}))(?=$|,| and | with | by | for | since | in "
            rf"| from )",
            rf"(?:speaks?|takes?|hold|owns?|plays?|teach|drives?|rides?|sells?) (?!for\b|a (?:look|break|seat|"
            rf"while)|care|my time|note|part|place|too|so|advantage){_NO_PRONOUN}{_TO_END}",
            rf"{lexicon.HABITS}(?:s|es)? (?!the (?!accounts|books|night)|{lexicon.AT_WORK}|on\b|to (?!church|"
            rf"mosque|synagogue|temple|school|univ|college|the gym)|late\b|low\b|well\b|for (?:me|"
            rf"you)\b){_NO_PRONOUN}{_TO_END}",
            rf"{_HAVE} (?P<object>(?:\w+ )?{lexicon.CONDITIONS})\b",
            rf"{_HAVE} (?P<object>(?:an? |the )?(?:\w+ )?(?:\w+ )?(?:allergy|intolerance|passport|degree|phd|"
            rf"disability|licen[cs]e|diploma|citizenship|tattoos?)\b.*)",
            rf"{_HAVE} (?P<object>custody of .+|(?:blue|green|brown|grey|gray|hazel|red|blond|blonde|black|curly|"
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
OF_OTHERS = _rule(
    rf"(?P<object>(?:(?:is|are) (?!not\b|{lexicon.NOT_LASTING})\S.*|(?!(?:is|are|has|was|does|says|"
    rf"{lexicon.NOT_A_HABIT}s)\b)[a-z]+s "
    rf"{_NO_PRONOUN}\S.*|(?:has|have) (?!to\b|been\b|not\b|just\b|\w+ed\b|gone\b|got\b|a (?:meeting|cold|fever|"
    rf"question|problem|day)\b)\S.*))"
)
"""In the present tense of somebody around the person: what is said of others is seldom said of the moment."""
HABIT = _rule(rf"(?!{lexicon.NOT_A_HABIT}\b)(?P<object>[a-z]+ {_NO_PRONOUN}\S.*)")
"""With words that make a habit of it."""
HAD = _rule(
    rf"{_HAVE} (?P<object>(?:an?|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\d+) (?!\w+ for (?:you|"
    rf"me))\S.*)"
)
ROLE = _rule(rf"(?:{_BE}|{_HAVE} been) (?P<object>an? \S.*)")

EXPECTING = _rule(
    rf"{_BE} expecting (?!you|it|this|that|an? (?:call|reply|answer|email|parcel|delivery)){_TO_END}"
)
HELD_ON = _rule(
    rf"(?:{_HAVE}|will have) (?P<object>(?:an?|my|our|his|her|their|the) (?:[\w'-]+ ){{0,2}}{lexicon.OCCASIONS}\b.*)"
)
"""What one has on a day."""
AWAY = _rule(
    rf"(?P<object>(?:{_BE} off to|will be in|{_BE} due|plans? to (?:move|retire|marry|emigrate|travel|study"
    rf"|get married)"
    r"|will (?:move|retire|graduate|start (?:at|as|school|university|college)))"
    r"(?! (?:touch|contact|bed|it|there|this|that|the|my|an?|\w+ (?:minutes?|hours?))\b).*)"
)
"""Where somebody will be, and what they will do."""
BOOKED = _rule(
    r"(?:(?:have|has) )?(?:just |finally |already )?(?P<object>(?:booked|signed up for|registered for"
    r"|enrolled (?:in|on)"
    r"|bought (?:a )?tickets? (?:to|for)) (?!it\b|this\b|that\b)\S.*)"
)
"""What is settled for a day to come."""
PLANNED = re.compile(
    rf"{ADVERBS}(?P<object>(?i:{_BE}) {ADVERBS}(?!going to [a-z])\w+ing\b.*|(?i:{lexicon.BEARING})(?i:s|es)?\b.*)"
)
HAPPENED = _rule(rf"(?P<object>{lexicon.PAST}.*)")
LIVED = _rule(rf"(?P<object>{lexicon.LIFE}.*)")
OCCASION = re.compile(
    rf"(?:[Mm]y|[Oo]ur)\s+(?P<object>(?:\w+\s+)?{lexicon.OCCASIONS})\s+(?:is|was|will be|takes place)\b.*"
)
STOLEN = re.compile(
    r"(?:[Mm]y|[Oo]ur)\s+(?P<object>[\w-]+(?: [\w-]+)?) (?:was|were|got|has been"
    r"|have been) stolen\b(?! from (?:me|him|her|us)\b).*"
)
_ADJECTIVES = (
    r"(?:(?:old|oldest|older|eldest|young|younger|youngest|little|big|dear|dearest|new|former|late|only|first|"
    r"second|close|"
    r"good|two|three|four)\s+)*"
)
MY = rf"(?:[Mm]y|[Oo]ur)\s+{_ADJECTIVES}(?:(?!favou?rite)[a-z-]+ ){{0,2}}?"
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
    r"smile|sneeze)|gives? me (?:the creeps|a headache|nightmares|migraines|hives|a rash|heartburn)"
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
    rf"(?:[Aa]s|[Bb]eing) (?P<object>an? (?:[^,]{{3,60}}(?=,)|(?:[\w-]+ ){{0,2}}(?:{lexicon.JOBS}"
    rf"|{lexicon.STANDS})\b))"
    r",?\s+(?:I|i|my|My)\b.*"
)
ATTRIBUTE = re.compile(
    rf"(?:[Mm]y|[Oo]ur) (?:(?:new|current) )?(?P<what>{lexicon.ATTRIBUTES}|number(?= is [+\d])) (?:is|are) "
    rf"(?!\[|not\b|to\b|that\b|in\b|on\b|at\b|\w+ing\b|very\b|so\b)(?P<object>\S.*)"
)
