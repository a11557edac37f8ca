"""Words that stand where a name may stand, and are none: "I'm Vegan", "call me Tomorrow". Pure."""

from __future__ import annotations

import re

from services.orchestrator.extraction.given_names import GIVEN_NAMES

_FUNCTION_WORDS = """
a about above after again all almost already also always an and another any anybody anyone anything around as at
away back be because been before being below besides but by can could did do does down each either else enough even
ever every everybody everyone everything few for from had has have he her here hers herself him himself his how
however i i'd i'll i'm i've if in indeed into is it it's its itself just kind later least less like little lots many
maybe me mine more most much must my myself near never next no nobody none nor not nothing now of off often ok okay
on once one only or other others our ours out over part perhaps please quite rather really right same shall she
should since so some somebody someone something somehow sort soon still such sure than thanks that the their them
then there these they they're this those though through till to together too two under until up us usually very was
we we'll we're well were what whatever when whenever where whether which while who whoever whose why will with
without would yes yet you you'll you're your yours yourself mr mrs ms dr let let's asap am pm got gonna going
nowhere somewhere anywhere elsewhere far between across
"""
_TIMES = """
monday tuesday wednesday thursday friday saturday sunday mondays tuesdays wednesdays thursdays fridays saturdays
sundays today tomorrow tonight yesterday morning afternoon evening
night noon midnight weekend week month year january february july september october november december christmas
easter ramadan diwali hanukkah eid lent halloween thanksgiving winter spring autumn fall holiday holidays advent
carnival midsummer
"""
_PEOPLES = """
african american arab arabic argentinian armenian asian australian austrian bangladeshi basque bavarian belgian
bengali brazilian british bulgarian canadian catalan chilean chinese colombian croatian cuban czech danish dutch
egyptian english estonian ethiopian european filipino finnish flemish french georgian german ghanaian greek
hungarian icelandic indian indonesian iranian iraqi irish israeli italian jamaican japanese jewish kenyan korean
kurdish latin latino latina latvian lebanese lithuanian malaysian maltese mexican moroccan nepali nigerian norwegian
pakistani persian peruvian polish portuguese punjabi romanian russian scottish serbian singaporean slovak slovenian
somali spanish swedish swiss syrian taiwanese tamil thai tunisian turkish ukrainian venezuelan vietnamese welsh
agnostic anglican atheist baptist buddhist calvinist catholic hindu jain lutheran methodist mormon muslim orthodox
pagan presbyterian protestant quaker shia sikh sunni taoist evangelical aquarius aries cancer capricorn gemini leo's
libra pisces sagittarius scorpio taurus virgo vegan vegetarian pescatarian coeliac celiac diabetic dyslexic autistic
"""
_STATES = """
able absent afraid alive allergic alone amazed amazing angry annoying anxious asleep available average aware awake
awesome awful awkward bad beautiful best better big bilingual bisexual blind blue boring brave bright brilliant
broke busy calm careful certain clean clever close cold comfortable common complicated confident considerate content
cool correct crazy curious cute dead deaf dear depressed desperate different difficult dirty dizzy done drunk dry
dumb dull eager early easy empty excellent excited exhausted fair famous fantastic fast fat fine first fit fond
foolish foreign free fresh friendly full fun funny furious gay gentle glad good gorgeous grateful great green grumpy
guilty handsome happy hard healthy helpful here high hilarious home homesick honest hopeful hopeless horrible hot
human hungry ill important impossible impressive in incredible innocent interesting invisible irrelevant jealous
kind lame late lazy left legend light likely local lonely long lost loud lovely low lucky mad married mean mediocre
mental miserable missing modern mud naughty neat nervous new nice normal numb odd old open optimistic orange
ordinary outside pathetic patient perfect pink plain playful pleasant polite poor popular pregnant pretty private
proud public queer quick quiet quirky ready real red relevant reliable retired rich ridiculous right romantic rude
sad safe sane sarcastic satisfied scared secret selfish sensitive serious shocking short shy sick silent silly
simple single sleepy slow small smart sober solid sorry special spooky stuck stubborn stupid strange strict strong
strange superstitious sweet talented tall terrible terrific thankful there thick thin thirsty through tidy tiny
tired tough tricky trouble true trustworthy ugly unavailable unbelievable uncertain unclear unemployed unhappy
unimportant unique unknown unlucky unpronounceable unusual unwell upset useful useless vague vain warm weak weird
welcome well wet whatever white whole wild wise wonderful wordless worried worse worst worthless wrong yellow young
yours
"""
_THINGS = """
account address batman birthday boss brother car cat child children client coffee colleague customer dad daddy
daughter dinner dog doctor engineer everybody fan father food friend fridge guest guy help husband idiot internet
kid kids lawyer lunch man manager mess mind mistake mom money mother mum mummy name names nature news night nurse
office owner parent partner people person phone pilot power problem question rain robot sister snow son student sun
teacher team time traffic train trouble uber taxi cab user vampire water weather wife woman work world writer rainy
sunny cloudy windy foggy stormy humid freezing cloudless pouring raining snowing sparta london paris hello hi hey
bye whiskey names daft bonkers nuts cynical paranoid pedantic picky spoiled spoilt prudish nosy nosey moody clingy
bossy impatient impulsive nostalgic sentimental ignorant naive obsessed biased petty dramatic brutal heartless
greedy overrated
"""
_OTHERS = """
written spelt misspelt known given taken hidden forgotten stolen broken shown drawn chosen sworn gone need want
help are being went go goes hereby hi hiya wanna dont cant wont aint im ive ur whats thats theres lol haha btw cuz
coz thx ty um uh er hmm grandma grandpa granny grandad gran nan urgent newbie noob dev mod op lurker intern
freelancer student
"""
_RANKS = frozenset(
    """
    hr it qa pr pm vp ux ui gp ta ra md rn ceo cfo cto coo cmo ciso hq vip svp evp mvp phd mba dba sre po pa dm gm npc
    ooo afk awol adhd asd ocd ptsd est cst pst gmt utc uk us usa eu dnd lgbt lgbtq bpd pro admin sysadmin devops
    support sales staff crew management security ops marketing finance legal payroll premium gold silver platinum
    team anonymous anon guest host player beta
    """.split()
)
"""What people are by rank, department or condition: "I'm HR". Somebody may be called so all the same."""
_ACRONYM = re.compile(r"[A-Z]{3,5}")
NOT_NAMES = frozenset(" ".join((_FUNCTION_WORDS, _TIMES, _PEOPLES, _STATES, _THINGS, _OTHERS)).split())
_DESCRIPTIONS = frozenset(_STATES.split())
_NAMES_LIKE_PARTICIPLES = ("hammed", "hamed", "ahmed", "alfred", "wilfred", "winifred", "manfred", "jared", "saeed",
                           "sterling", "irving", "harding", "fleming", "channing", "darling")  # fmt: skip
_NAMES_LIKE_ADVERBS = ("berly", "verly", "emily", "reilly")


def is_adverb(word: str) -> bool:
    """Whether a word of small letters says how something is, and is no name: "weirdly", and not "kelly"."""
    plain = word.lower()
    return len(plain) >= 6 and plain.endswith("ly") and not plain.endswith(_NAMES_LIKE_ADVERBS)


def is_description(word: str) -> bool:
    """Whether a word describes, and may do so within a name: "Green Bean"."""
    return word.lower() in _DESCRIPTIONS


def is_no_name(word: str) -> bool:
    """Whether a word is known to be no name of anybody, in any case."""
    plain = word.lower().strip("'.")
    if plain in NOT_NAMES or plain.endswith(("n't", "'s", "'re", "'ll", "'ve", "'d", "ful", "less")):
        return True
    is_participle = len(plain) >= 6 and plain.endswith(("ed", "ing"))
    return is_participle and not plain.endswith(_NAMES_LIKE_PARTICIPLES)


def is_rank(name: str) -> bool:
    """Whether "I'm …" tells with a name what one is, and not who: "HR", "VIP", "Pro"."""
    plain = name.lower()
    return plain in _RANKS or (bool(_ACRONYM.fullmatch(name)) and plain not in GIVEN_NAMES)
