"""Words by which rules read what a person says of themselves and of those around them. English."""

from __future__ import annotations

import re

_FAMILY = (
    "mother father mum mom mummy dad daddy parents brother sister sibling son daughter child children kid kids "
    "baby twin "
    "twins grandmother grandfather grandma grandpa granny gran grandad granddad nan nana grandson granddaughter "
    "grandchild aunt auntie uncle cousin niece nephew husband wife spouse partner boyfriend girlfriend bf gf fiancé "
    "fiancée "
    "fiance fiancee ex godson goddaughter godmother godfather stepmother stepfather stepmum stepmom stepdad "
    "stepson "
    "stepdaughter stepbrother stepsister toddler girl boy"
)
_OTHERS = (
    "friend mate pal buddy colleague coworker boss manager supervisor employer employee assistant secretary "
    "neighbour "
    "neighbor flatmate roommate housemate landlord landlady tenant teacher tutor professor student pupil mentor "
    "coach "
    "trainer therapist doctor dentist nurse physician gp vet lawyer solicitor accountant agent editor publisher "
    "plumber "
    "electrician hairdresser barber gardener cleaner nanny babysitter au-pair classmate schoolmate teammate "
    "bandmate "
    "client customer cofounder co-founder physiotherapist psychiatrist psychologist midwife priest pastor rabbi "
    "imam "
    "instructor guardian carer optician surgeon specialist sis bro hubby wifey missus lodger bestie deputy"
    " apprentice intern "
    "roomie director "
    "stylist mechanic butcher counsellor counselor notary broker banker consultant osteopath chiropractor "
    "beautician "
    "childminder caretaker driver sponsor captain conductor godchild newborn widow bride groom crush GP "
    "headteacher "
    "headmaster penfriend pen-pal in-laws grandkids grandchildren youngest eldest oldest"
)
_PETS = (
    "dog cat puppy kitten horse pony rabbit hamster tortoise turtle parrot budgie canary goldfish fish snake "
    "lizard "
    "guinea-pig gecko ferret goat sheep hen chicken cow donkey pig rat mouse spaniel labrador terrier poodle "
    "retriever "
    "greyhound "
    "beagle collie dachshund"
)


def _any_of(words: str, plural: str = "s?") -> str:
    return f"(?:{'|'.join(sorted(map(re.escape, words.split()), key=len, reverse=True))}){plural}"


RELATION = (
    rf"(?:(?:(?:half|step|ex|god|great|foster|grand)-?\s?)?(?:business |life |baby |pen |best |family |line |"
    rf"childhood |school |foster |next-door |upstairs |downstairs |social |cleaning )?"
    rf"(?:{_any_of(_FAMILY)}|{_any_of(_OTHERS)}|{_any_of(_PETS)})(?:-in-law|-to-be)?"
    r"|\w+(?:ologist|mate|sitter|minder|iatrist)s?|(?:other|better) half)"
)
"""What somebody, or an animal, can be to a person: "sister-in-law", "business partner", "tortoise"."""
SEATS = re.compile(
    r"(?i:boss|(?:line )?manager|supervisor|land(?:lord|lady)|dentist|doctor|gp|therapist|psychologist|psychiatrist"
    r"|coach|trainer|hairdresser|barber|lawyer|solicitor|accountant|mentor|tutor|assistant|secretary"
    r"|boyfriend|girlfriend"
    r"|partner|fianc[ée]e?|husband|wife)"
)
"""Relations in which a new one mostly takes the place of the other."""
PARENT = r"(?:[Mm]um|[Mm]om|[Dd]ad|Mother|Father|Gran|Grandma|Grandpa|Granny|Nan|Nana|Grandad|Granddad|Auntie?|Uncle)"
"""How one calls one's own without saying "my"."""

_CAPITALIZED = r"[A-ZÀ-Þ][\w-]*(?:['’](?!s\b)\w+)?(?<=\w\w)"
NAME = (
    r"(?:(?:Dr|Mr|Mrs|Ms|Miss|Prof|Professor|Sir|Father|Sister|Uncle|Aunt|Auntie)\.? )?"
    rf"{_CAPITALIZED}(?: (?:(?:van|von|de|der|da|di|el|al) )*{_CAPITALIZED}){{0,2}}"
)
NO_NAMES = frozenset(
    "I We You He She It They The A An This That These Those My Our Your His Her Its Their Monday Tuesday Wednesday "
    "Thursday Friday Saturday Sunday January February March April May June July August September October November "
    "December And But So Or If When While Where What Who Why How Which Yes No Not Now Then There Here Today "
    "Tomorrow "
    "Yesterday Sorry Thanks Hi Hello Hey Ok Okay Well Oh Also Just Maybe Perhaps Please Someone Somebody Everyone "
    "Everybody Nobody People Some Most Many All Both Each Every Next Last On In At By For From To With After "
    "Before "
    "Since Until During Let Can Could Would Should Will Did Do Does Is Are Was Were Has Have Had Dear Christmas "
    "Easter "
    "Growing Seeing Being Having Hard Good Great Wow Yeah Cool Sure Glad God Lol English French German Spanish "
    "Italian Dutch Portuguese Chinese Japanese Russian Internet Google Mum Mom Dad".split()
)
"""Capitalized words that name nobody."""

MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
WEEKDAYS = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
_NUMBER = (
    r"(?:an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|a few|a couple of|\d+)"
)
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
TIME = re.compile(
    rf"(?i:\b(?:on|by|until|since|before|after|from) )?(?:(?i:the )?\b{_DAY}(?: (?i:of ))? ?(?:{MONTHS})\b(?:,? "
    rf"\d{{4}})?"
    rf"|\b(?:{MONTHS}) {_DAY}\b(?:,? \d{{4}})?"
    rf"|\b(?i:on|since|until) (?i:the )?{_DAY}\b(?! \w+ing)"
    rf"|(?i:\b(?:on|last|next|this|since|until)) (?:{WEEKDAYS})s?\b"
    rf"|(?i:\b(?:in|for|last|next|this|since|until|at the end of|at the beginning of|early|late|mid))-? "
    rf"?(?:{MONTHS})\b(?: \d{{4}})?"
    r"|(?i:\b(?:last|next|this) (?:week(?:end)?|month|year|spring|summer|autumn|fall|winter|term|semester))\b"
    r"|(?i:\bin the (?:spring|summer|autumn|fall|winter))\b"
    rf"|(?i:\b{_NUMBER} (?:days?|weeks?|months?|years?) ago)\b|(?i:\bin {_NUMBER} (?:days?|weeks?|months?))\b"
    r"|(?i:\b(?:in|since|until|back in|of)) (?:19|20)\d\d\b|\b(?:19|20)\d\d-\d\d-\d\d\b"
    r"|(?i:\b(?:on|at|over|until|since)) (?:(?:Boxing|Christmas|New Year'?s|Easter|Valentine'?s) (?:Day|Eve|"
    r"Monday)|Christmas|Easter)\b"
    r"|(?i:\b(?:yesterday|tomorrow)\b))"
)
"""Words that say on which day, or in which month or year, something is."""
MOMENT = re.compile(
    r"(?i)\b(?:today|tonight|right now|just now|at the moment|this (?:morning|afternoon|evening)|now$|again$|in a "
    r"(?:second"
    r"|minute|moment|hurry)|later|for a (?:second|minute|moment)|about to|last night|all day)\b"
)
"""What is so for the moment only."""
HABITS = (
    r"(?:play|teach|speak|study|code|program|run|own|drive|ride|sell|collect|breed|grow|make|bake|brew|paint|"
    r"write|coach|"
    r"manage|lead|volunteer|commute|cycle|swim|dance|sing|practise|practice|train|wear|hold|earn|farm|rent|share|"
    r"subscribe|support|belong|attend|raise|foster|translate|design|build|repair|restore|knit|sew|climb|hike|fish|"
    r"ski|surf|sail|garden|tutor|edit|serve|head|direct|freelance|moonlight|weigh|suffer from|sleep|cook|smoke|"
    r"vote|pray|"
    r"meditate|jog|row|box|fence|compose|blog|busk|skate|keep(?= (?:\w+ )?(?:bees|chickens|hens|goats|sheep|"
    r"horses|fish|pigeons|koi|alpacas))|"
    r"go(?= to (?:church|mosque|synagogue|temple|\w* ?school|university|college|the gym)\b| (?!going|"
    r"being)\w+ing\b)|"
    r"do(?= the (?:accounts|books|night shift)| (?:yoga|karate|judo|pilates|ballet|archery|research|volunteer\w*|"
    r"shift work|freelance)\b)|read(?! (?:about|it|your|the))|follow|referee|report to|use(?= (?:an? |"
    r"(?-i:[A-Z])))|stutter|lisp|dye|employ|moderate|chair)"
)
"""What "I … it" says of a life rather than of a moment."""
AT_WORK = (
    r"(?:an? |some |my |another )?(?:\w+ ){0,2}?(?:functions?|loops?|quer(?:y|ies)|scripts?|class|tests?|images?|"
    r"files?|commands?|"
    r"requests?|models?|mistakes?|lists?|copy|notes?|calls?|errors?|programs?|containers?|servers?|appointments?|"
    r"reservations?|"
    r"decisions?|sure|e-?mails?|letters?|summar(?:y|ies)|sentences?|paragraphs?|sense)\b"
)
"""What one makes or runs once, and not as a habit."""
DOINGS = (
    r"(?:smoke|vape|snore|swim|cycle|ski|surf|dance|sing|jog|knit|paint|climb|garden|meditate|gamble|run"
    r"|drive|sail|hike"
    r"|box)s?"
)
"""What one does, or does not, in a life, where no more is said of it."""
HABITUAL = re.compile(
    r"(?i)\b(?:every|each|twice|once a|three times|usually|always|often|most (?:days|mornings|evenings|weekends)|"
    r"on (?:weekends|"
    r"weekdays|(?:mon|tues|wednes|thurs|fri|satur|sun)days)|for a living|by profession|in my (?:free|spare) time)\b"
)
"""What makes a habit of whatever is said."""
NOT_A_HABIT = (
    r"(?:think|reckon|know|need|want|hope|guess|mean|see|feel|say|agree|understand|believe|remember|forget|wonder|"
    r"suppose|wish|doubt|"
    r"promise|ask|tell|get|let|try|look|thank|apologi[sz]e|appreciate|can|will|could|should|must|may|might|would|"
    r"was|were|had|"
    r"did|am|is|are|have|has|do|does|just|seem|sound|like|love|hate|not|got|went|said|been)"
)
JOBS = (
    r"(?:doctor|nurse|teacher|lawyer|engineer|plumber|chef|cook|baker|pilot|dentist|architect|electrician|"
    r"accountant|journalist|"
    r"musician|firefighter|police officer|carpenter|farmer|butcher|midwife|paramedic|surgeon|vet|librarian|"
    r"pharmacist|hairdresser|"
    r"mechanic|translator|photographer|physiotherapist|psychologist|therapist|bus driver|truck driver|taxi driver|"
    r"waiter|waitress|"
    r"barista|gardener|florist|tailor|potter|sculptor|violinist|cellist|pianist|drummer|actor|actress|singer|"
    r"dancer)"
)
"""What only people are."""
STANDS = (
    r"(?:student|pensioner|retiree|freelancer|parent|mother|father|widow|widower|immigrant|expat|foreigner|veteran"
    r"|diabetic|civil servant|homeowner|vegans?|vegetarians?|pescatarians?)"
)
"""As what one says that something is so: "as a parent I …"."""
CONDITIONS = (
    r"(?:type (?:1|2|one|two) diabetes|diabetes|asthma|epilepsy|arthritis|migraines?|anxiety|depression|insomnia|"
    r"ADHD|"
    r"autism|dyslexia|tinnitus|eczema|psoriasis|coeliac disease|celiac disease|Crohn's(?: disease)?|endometriosis|"
    r"hay fever|high blood pressure|MS|multiple sclerosis|cancer|anaemia|vertigo|high cholesterol|dementia|"
    r"Parkinson's|lupus|glaucoma|gout|IBS|chronic (?:pain|fatigue)|bipolar disorder|PTSD|OCD)"
)
STATUS = (
    r"(?:married|single|divorced|widowed|separated|engaged|pregnant|retired|unemployed|self-employed|diabetic|"
    r"coeliac|"
    r"celiac|asthmatic|epileptic|deaf|blind|colou?r[- ]?blind|left-handed|right-handed|ambidextrous|dyslexic|"
    r"autistic|"
    r"bisexual|gay|lesbian|trans|non-binary|bilingual|adopted|(?:lactose|gluten)[- ]intolerant|short-sighted|"
    r"near-sighted|long-sighted|hard of hearing|an only child|atheist|agnostic|"
    r"[A-Z][a-z]+(?:ish|ese|ian|ean|can|lim|wish|dhist|indu|utch|elsh|rench|reek|wiss|erman|tholic|estant|raqi|"
    r"nese|ani))"
)
DIET = r"(?:vegans?|vegetarians?|pescatarians?|flexitarians?|teetotal|teetotallers?|fruitarians?)"
PLACES_OF_MINE = (
    r"(?:flat|house|apartment|home|studio|cottage|farm|garden|car|van|boat|bike|shop|store|company|office|"
    r"restaurant|phone|laptop|computer|motorbike|piano|guitar|camera|village|town|street|business|salon|practice|"
    r"workshop|"
    r"birthday|anniversary)"
)
ATTRIBUTES = (
    r"(?:(?:first|native|second|home) language|mother tongue|job|day job|profession|occupation|trade|home ?town|"
    r"nationality|blood (?:type|"
    r"group)|(?:shoe|dress|ring|clothing) size|(?:star|zodiac) sign|surname|(?:last|family|middle|maiden|first) "
    r"name|nickname|age|height|"
    r"weight|address|e-?mail(?: address)?|(?:phone|mobile) number|major|degree|religion|faith|hobb(?:y|ies)|"
    r"employer|eyesight|"
    r"pronouns|diet|eye colou?r|hair colou?r)"
)
"""What everybody has one of: "my blood type is …"."""
LIKINGS = (
    r"(?:passion|great love|guilty pleasure|weakness|obsession|pet peeve|idea of (?:heaven|hell|fun)|comfort food|"
    r"drink of choice|cup of tea|thing|jam)"
)
GROUPS = r"(?:band|team|choir|class|family|orchestra|crew|club|company|quartet|troupe|squad)"
"""In whose doings one takes part."""
OCCASIONS = (
    r"(?:wedding|birthday|anniversary|(?:driving |blood |eye )?test|exam|finals|interview|check-?up|scan"
    r"|operation|surgery|trial|graduation|funeral|flight|"
    r"move|recital|"
    r"concert|christening|baptism|bar mitzvah|due date|viva|defence|defense|retirement party|engagement party|"
    r"holiday|"
    r"vacation|appointment)"
)

NOT_HAD = re.compile(
    r"(?i)(?:an? |some |no |one |two |three |\d+ |a few |five |ten |little |much )?(?:\w+ )?"
    r"(?:questions?|problems?|issues?|ideas?|feelings?|minutes?|moments?|hours?|seconds?|time|favou?rs?|points?|"
    r"doubts?|looks?|"
    r"calls?|choices?|bugs?|hunch|plans?|go|requests?|suggestions?|headache|cold|meetings?|thoughts?|chance|"
    r"deadline|clue|"
    r"pictures?|photos?|experience|setback|great time|mind|interest|say|decision|target|bunch|ton|heap|break|nap|"
    r"[\w ]{1,20} ahead$|bath|shower|drink|snack|lunch|dinner|breakfast|rest|word|chat|quick|weird|strange|funny"
    r"|nice|good|bad|great|"
    r"terrible|lovely|fun|blast|try|think|been|had|gone|done|to|never|always|just|already|not|no|nothing|"
    r"everything|"
    r"something|anything|it|them|this|that|you|him|her|days? off|favou?r|errors?|file|list|text|draft|sentence|"
    r"paragraph|"
    r"essay|spreadsheet|couple of)\b"
)
"""What one has for the moment, or only in a manner of speaking."""
NOT_LASTING = (
    r"(?:on|at|in|out|off|away|back|here|there|so|too|going|coming|being|having|getting|doing|asking|waiting|"
    r"trying|looking|calling|"
    r"sick|ill|tired|angry|upset|happy|sad|late|busy|asleep|awake|ready|fine|ok|okay|well|better|worse|sure|right|"
    r"wrong|mad|cross|"
    r"hungry|bored|worried|excited|gone|stuck|lost|free|about to|all right|great|amazing|why|what|who|where|how|"
    r"the (?:one|reason|best)|"
    r"(?:now |also |still )?(?:my|our)|called|named|like|always \w+ing|\w+ing)\b"
)
"""How somebody is for a while, or what is said in passing."""
NOT_A_ROLE_WORDS = (
    r"(?:bit|little|lot|great|good|nice|long|mess|pleasure|mistake|shame|pity|joke|problem|while|time)"
)
NOT_A_ROLE = re.compile(
    r"(?i)(?:\w+ )?(?:mix|way|part|mistake|problem|reminder|pleasure|shame|pity|joke|disaster|relief|surprise|"
    r"question|thing|example|blast|"
    r"believer|stranger|loss|hurry|rush|moment)\b|(?:bit|little|lot|fan|mess|step|fool|genius|big|huge|minute|"
    r"while|few|couple|tad|touch|kind|sort|hundred|thousand|"
    r"wreck|happy|good|great|total|complete|whole|very|really|long|hurry)\b"
)
_GENERIC = (
    r"(?:sea|seaside|ocean|mountains?|beach|outdoors|cold|heat|countryside|theatre|theater|opera|piano|guitar|"
    r"violin|viola|cello|flute|drums|trumpet|clarinet|rain|sun|summer|winter|autumn|spring|snow|forest|woods"
    r"|city|dark|gym|cinema|movies|news|radio|smell|sound|taste|feel|"
    r"colou?r|number|"
    r"idea of|[A-Z]\w+)"
)
NOT_LIKED = re.compile(
    r"(?i)(?:it|that|this|these|those|them|you|your|him|her|me|us|what|how|where|when|the way|to$|to (?:know|"
    r"think|say|ask|"
    rf"see|hear|check|thank|point|add|be)|the (?!(?-i:{_GENERIC})\b)|both|all|everything|nothing|so|very|more|"
    rf"better|if|of|"
    r"your|something|someone|anything|where|most|nice|good|great|seeing|hearing|knowing)\b"
)
"""What is liked in the conversation, and not in life."""

HEALTH = re.compile(
    rf"(?i)\b(?:allerg\w+|intoleran\w+|pregnant|diagnosed|medication|lithium|insulin|{CONDITIONS})\b"
)

LASTING_NOW = re.compile(
    r"(?P<said>(?:(?:still|also|both) )?(?:(?:lives?|works?|resides?|stud(?:y|ies)|teach(?:es)?|owns?)\b"
    r"|(?:really )?(?:loves?|likes?|hates?|enjoys?|prefers?|dislikes?)\b"
    r"|(?:eats?|drinks?|weighs?)\b|ha(?:ve|s) an? (?:new )?(?:boyfriend|girlfriend|partner|dog|cat|baby)\b"
    rf"|(?:am|are|is) (?:(?:living|based) in|(?:(?:really|so) )?into|an? (?-i:[A-ZÀ-Þ])"
    rf"|an? (?:\w+ )?(?:{JOBS}|{STANDS}|postman|non-smoker|grandmother"
    rf"|grandfather)\b"
    rf"|(?:happily |officially )?(?:(?-i:{STATUS})|{DIET}|\d{{1,3}})\b)).*?)"
    r",? (?:now|again|these days|nowadays)(?=$|,)",
    re.IGNORECASE,
)
"""What is so from now on, rather than for the moment: "I live in Auckland now"."""
RECENT = re.compile(
    r"(?i)\b(?:just|recently|yesterday|last (?:night|week(?:end)?|month|(?:mon|tues|wednes|thurs|fri|satur|sun)day)"
    r"|this (?:week(?:end)?|month)|on (?:mon|tues|wednes|thurs|fri|satur|sun)day"
    r"|(?:an?|one|two|three|four|five|six|a few|a couple of|\d) (?:days?|weeks?) ago)\b"
)
"""When that happened of which the consequence is so still."""
NETWORKS = (
    r"(?:Netflix|Facebook|Instagram|Twitter|X|LinkedIn|TikTok|WhatsApp|Telegram|Signal|Discord|Reddit|Tinder"
    r"|Bumble|Hinge"
    r"|Mastodon|Bluesky|Duolingo|Strava|Zoom|Slack|Teams|YouTube|Twitch|Snapchat|Pinterest)"
)
"""What people join, and seldom to work there."""
BROKEN = re.compile(r"(?i)(?:has |have )?(?:\w+ )?(?:died|crashed|froze|broken? down|packed up|gave out)\b")
"""What a phone does, and nobody's life is the other for."""
NOT_MOVED = re.compile(
    r"(?i)(?:\w+ )?(?:moved|started|began) (?:on )?(?:to|at|with|in) (?:the )?"
    r"(?:back|front|next|other|left|right|end|top|bottom|side|beginning"
    r"|slides?|pages?|chapters?|steps?|levels?|rows?|questions?|tables?"
    r"|\d|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|noon|midnight|dawn)\b"
    rf"|(?:\w+ )?moved (?:my|our|the|it)\b[\w ]{{0,30}} to (?:next |the )?(?:{WEEKDAYS}|tomorrow|\d)"
)
"""What is moved in a text or a room, and in no life."""


def when(clause: str) -> str:
    """The words of a clause that say on which day, or in which month or year, something is; empty where none do."""
    match = TIME.search(clause)
    return match.group().strip() if match else ""


def is_name(name: str) -> bool:
    """Whether capitalized words may be somebody's name."""
    return name.split(maxsplit=1)[0] not in NO_NAMES
