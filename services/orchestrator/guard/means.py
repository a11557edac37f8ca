"""Statements about money of which only the words tell: a debt, a wage near somebody's name or "my".

People say such things in more ways than the rules of ``statement_patterns`` know. What is written about prices or an
organisation's money, and what is made up, is told by words of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from services.orchestrator.guard import lexicon
from services.orchestrator.guard.near_persons import MADE_UP, WRITTEN_ABOUT, beside_somebody, first
from services.orchestrator.guard.persons import KIN

WORDS_OF_MONEY = frozenset(
    """
    401k afford alimony allowance arrears bailiff bailiffs balance bankrupt bankruptcy benefit benefits bills
    bitcoin bonus borrow borrowed borrowing budget bursary calfresh carer's carers cash ccj centrelink cheated
    collections collectors compensation conned credit crypto debit debits debt debts defaults defrauded demand
    disability dole drowning earn earned earning earns ebt evicted evicting fees finances fined fleeced foodbank
    funds furlough gambled gambler gamblers gambling grant hours income inheritance inherited installment
    installments instalment instalments ira isa iva jobseeker lender lent loan lump maintenance maxed medicaid
    minimum money mortgage mouth overdraft overdrawn owe owed owes owing paid pawned pay paycheck payout payrise
    pays peanuts pennies penniless penny pension pip portfolio poverty redundancy redundant refinanced
    refinancing refund remortgaged remortgaging remuneration rent repossessed ripped robbed rsu rsus salaries
    salary savings scammed scholarship settlement severance shares snap spent ssdi ssi stamps stipend stocks
    strapped struggle struggling swindled tax tips tuition unemployment unpaid wage wages welfare
    """.split()
)
"""One of them, or one of the others beside a number, is in whatever ``of_money`` finds."""
WORDS_BESIDE_AMOUNTS = frozenset(
    """
    account aside behind bill blew bought bring brings can't cant card cards charge charges collector comp
    couldn't couldnt count counting covering cut didn't double down eating ends everything final fine food gave
    get gets getting give gives got half hand hard has hasn't hasnt have haven't havent hold house i've ive left
    live lives living lost make makes making meals missed off offered put raise ran receive received receives
    red rise saved security send sends sent share shark sharks shows sick signed sitting skipped sold spend
    spending stopped support take takes took twice unable universal wants won worth
    """.split()
)
UNITS = frozenset(
    """
    k grand quid euro euros dollar dollars pound pounds bucks francs thousand million lakh crore month week year hour
    hr mo
    """.split()
)
"""What makes an amount of a small number."""
_TOLD_OF = re.compile(
    rf"(?<!\w)(?:{MADE_UP}|{WRITTEN_ABOUT}|average|typical|(?:the|our) (?:company|firm)|start-?up|association|committee"
    r"|government|minister|president|celebrity)(?!\w)",
    re.IGNORECASE,
)
"""In a sentence that is made up, or of an organisation's money."""
_OF_PRICES = re.compile(
    r"(?<!\w)(?:should i charge|budget|price|costs?|sell for|for sale|revenue|turnover|invoice|worth it"
    r"|how much do(?:es)?|shop's|club|tickets?|flight|hotel|laptop|phone for|under \d|save (?:me|us)|photos?|files?"
    r"|words?|pages?|people|calories|steps)(?!\w)",
    re.IGNORECASE,
)
"""In a sentence whose amounts may be prices, or numbers of things."""
_MEANS = re.compile(
    r"(?<!\w)(?:salary|salaries|wages?|pension|alimony|child support|bonus|savings|mortgage|debts?|owe[sd]?|owing"
    r"|overdraft|arrears|allowance|scholarship|stipend|remuneration|income|earn(?:s|ed|ing)?|gets? paid|pays me"
    r"|paid me|lent|loan"
    r"|inheritance|inherited|after tax|before tax|take[- ]home|sick pay|benefits?|payout|redundancy|severance"
    r"|current account|instal?lments?|tips|dole|universal credit|to my name"
    r"|(?:pay )?raise|pay ?rise|makes? (?:way |much |a lot )?more)(?!\w)",
    re.IGNORECASE,
)
"""What tells that an amount near it is somebody's."""
_CIRCA = r"(?:(?:about|around|only|just|like|roughly) )?"
_SUM = (
    rf"{_CIRCA}[£$€]?\d(?:[\d,.]{{0,8}}k|[\d,.]{{1,8}})(?: (?:euros?|dollars?|pounds?|quid|bucks|francs?))?"
)
_TIMES_PAID = re.compile(
    r"(?<!\w)(?:on|gets?|getting|got|makes?|making|brings?(?: home| in)?|takes? home|lives? on|living on|left with"
    rf"|charges?|gives? (?:me|us|him|her)) {_CIRCA}(?:\d{{2,6}}|\d{{1,3}}[,.]\d{{3}}|\d{{1,3}}k) (?:an?|per|each"
    r"|every) (?:month|week|year|hour|fortnight)(?!\w)"
    rf"|(?<!\w)(?:on|gets?|makes?|making|earns?|pays?) {_CIRCA}(?:like )?[£$€]?\d[\d.,]{{0,6}}k? ?(?:/|per"
    rf"|an?) ?(?:hr|h|hour|mo|month"
    r"|yr|year|wk|week)(?!\w)",
    re.IGNORECASE,
)
"""What somebody gets by the hour, the week or the year."""
_PAID = re.compile(
    rf"(?<!\w)(?:(?:got paid|pa(?:ys?|id) (?:me|us|him|her)|took home|takes? home|(?:my|his|her|our) pay to"
    rf"|of my) {_SUM}"
    r"(?! (?:compliments?|times|minutes|hours))"
    rf"|(?:borrowed|lent|owes?) {_SUM} (?:from|off|to) (?:me|us|him|her|them|my|a)"
    rf"|(?:have|has|got|with) {_SUM} (?:saved|so far|put aside|to live on|left (?:until|till|for the|this))"
    rf"|(?:scammed|conned|cheated|swindled|robbed|ripped off|defrauded|fleeced|done)(?: (?:out ?of|outta|for"
    rf"|of))? {_SUM}"
    rf"|pay(?:ing|s)? off {_SUM}|{_SUM} on (?:\w+ )?(?:credit ?)?cards?|fined {_SUM}|(?:sold|bought) (?:my|our|his|her)"
    rf" (?:house|flat|home|apartment|business|shares) for {_SUM}"
    rf"|(?:my|our|his|her|their) rent (?:\w+ ){{0,3}}{_SUM}"
    rf"|(?:lump sum|settlement|compensation|grant|refund|fine|tax bill) of {_SUM}"
    rf"|(?:lost|won|blew|spent) {_SUM} (?:on|at|in) (?:crypto|bitcoin|gambling|betting|horses|slots|poker|the casino"
    r"|stocks|shares)"
    rf"|(?:i|we|he|she|they) (?:earns?|makes?) {_SUM}(?=$|[,.;!?]| (?:and|but|after|before|net|gross)\b)"
    rf"|{_SUM} (?:in )?(?:disability|unemployment|benefits|child support|alimony|universal credit)"
    rf"|(?:bank|account) balance (?:is|was) -?{_SUM}|borrow(?:ed|ing)? money"
    r"|owes? (?:me|us) [^.!?]{0,20}(?:child support|alimony|rent|wages)|refund from (?:the taxman|hmrc|the irs)"
    r"|(?:i['’]?m|we['’]?re) in the red|evicting (?:me|us|him|her|them))(?!\w)",
    re.IGNORECASE,
)
"""Amounts with what was done with them: lent, lost, saved, paid off."""
_MORE_MEANS = re.compile(r"(?<!\w)(?:comp|compensation|rsus?|saved|put aside|set aside)(?!\w)", re.IGNORECASE)
"""What tells of means only beside an amount of a currency, or of thousands."""
_PLAIN_AMOUNT = re.compile(
    r"(?:(?<![\w.,:/-])\d{1,3}(?:,?\d{3}|\d{0,3})(?:\.\d+)?k?(?:/(?:mo|month|yr|year|wk|week|h))?"
    r"(?![\w:/-]|[.,]\d)|(?<!\w)(?:ten|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|\w+teen) thousand(?!\w))"
    rf"{lexicon.NOT_OF_THINGS}",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_OWED = re.compile(
    r"(?<!\w)(?:owe[sd]?|owing|earn(?:s|ed)?|lent|borrowed|inherited|saved|paid|pays|makes?)(?: \w+){0,3} $",
    re.IGNORECASE,
)
"""Before "2000", which is then no year."""
_IN_NEED = re.compile(
    r"(?<!\w)(?:(?:on|off|living on|makes?|earns?) (?:the )?(?:minimum wage|benefits|dole|universal credit"
    r"|welfare|food stamps|carer['’]?s['’]? allowance|income support|jobseeker['’]?s? allowance)|paycheck to paycheck"
    r"|(?:hasn|haven)['’]?t (?:got )?(?:a|one) (?:cent|penny|bean)|(?:been|being|was|got|getting) evicted"
    r"|gambl\w+ away|(?:rent|mortgage|council tax) arrears|(?:in|on) an iva|(?:can|could) (?:barely|hardly"
    r"|scarcely) afford|(?:can|couldn)(?:['’]?t|not) afford (?:to )?(?:heat|eat|pay|rent|food|the rent)|maxed out"
    r"|life savings"
    r"|(?:haven|hasn|didn|couldn|can)['’]?t (?:been able to )?(?:paid|pay) (?:(?:the|my|our|his|her) )?(?:\w+ )?"
    r"(?:rent|bills?|mortgage|loan|tax|taxes|fees)|debt collectors?|bailiffs?|down to my last|instal?lments? behind"
    r"|behind (?:on|with|in) (?:(?:the|my|our|his|her|their) )?(?:[\w'’-]+ ){0,2}(?:rent|mortgage|loans?|payments?"
    r"|bills?|fees?"
    r"|tuition|taxes|council tax|maintenance|child support)|months? behind(?: (?:on|with)|\W*$)|overdrawn"
    r"|remortgag(?:ed|ing)|refinanc(?:ed|ing) (?:my|our|the|his|her)|(?:statutory|on) sick pay|(?:part"
    r"|half)[- ]time pay|pay cut"
    r"|(?:hours|pay|wages|salary) (?:(?:were|was|got|has been|have been) )?cut|cut (?:my|our|his|her) (?:hours|pay"
    r"|wages|salary)"
    r"|liv(?:e|es|ing) off (?:my|our|his|her|the|their) (?:\w+ ){0,2}(?:pay|wages?|pension|savings|salary|income"
    r"|benefits)"
    r"|scrap(?:ing|e) by|make ends meet|penniless|(?:went|go|goes|going|turn|turned) to (?:a|the) food ?bank"
    r"|pawned (?:my|our|his|her)"
    r"|inherited (?:my|our|his|her|their|the|a|an) (?:[\w'’]+ ){0,2}(?:house|flat|money|estate|farm|land|shares"
    r"|apartment)"
    r"|sold (?:my|our|his|her) (?:\w+ )?to (?:pay|cover) "
    r"|drowning in debt|declared bankrupt\w*|filed for bankruptcy|no savings)(?!\w)",
    re.IGNORECASE,
)
"""Benefits, arrears and debts that tell of themselves, without an amount."""
_NOTED = re.compile(
    r"^\W*(?:(?:current|monthly|net|gross|base|new|old|total|joint) )?(?:salary|wages?|pension|social security"
    r"|disability|take[- ]home"
    r"|(?:net|gross|base) pay|income|overdraft|(?:student |car )?loan|savings|debts?|mortgage|rent|account|benefits?"
    r"|allowance)"
    rf"(?: (?:is|are|was|were|at|now|about|still|stands|overdrawn by|down to|up to))* ?:? {_SUM}(?![^.!?]*\?)",
    re.IGNORECASE,
)
"""What is noted down of oneself: "social security is 1340"."""
_PAID_OR_OWING = re.compile(
    rf"(?<!\w)(?:(?:can['’]?t|cannot|couldn['’]?t|unable to|struggl\w+ to) pay (?:for )?(?:the|my|our|his|her|this"
    rf"|that) \w+"
    rf"|wants? {_SUM} (?:from|off|out of|back from) (?:me|us|him|her|my)|left (?:me|us|him|her) (?:his|her|their|a"
    rf"|the) (?:\w+ )?"
    r"(?:flat|house|money|estate|farm|land|savings|shares|apartment)"
    rf"|offered (?:me|him|her|us) {_SUM}|(?:job|work|boss|gig|role|internship|firm) pays (?:me |about |only "
    rf"|just )*{_SUM}"
    rf"|account (?:shows|says|is showing|is on) (?:minus )?-?{_SUM}|{_SUM} in (?:the|my|our) (?:bank|account"
    rf"|current account)"
    r"|(?:didn['’]?t|haven['’]?t|hasn['’]?t|not) (?:get|got|been|gotten) paid|(?:salary|wages?|pay"
    r"|pay ?check) (?:is |are )?(?:still )?not in"
    r"|\d{3} credit score|credit score of \d+|(?:with|in) collections|spent (?:my|our|his|her|the) (?:rent|bill|food"
    r"|grocery) money"
    r"|credit cards? (?:\w+ )?maxed|cards maxed|down to (?:(?:my|our|his|her|the) )?last \S+"
    rf"|{_SUM} (?:still )?to pay (?:off )?(?:on|for) (?:my|our"
    rf"|his|her)"
    rf"|(?:overpaid|fined) (?:me|us|him|her|them)|pay(?:s|ing)? (?:off |back )?{_SUM} (?:an?|per|each"
    rf"|every) (?:month|week)"
    rf"|(?:account|balance|overdraft|card(?= (?:\w+ )?(?:is|stands|sits) at))(?: \w+)? (?:is|stands|sits|are"
    rf"|was) (?:at |now |about )*(?:minus )?-?{_SUM}"
    rf"|paid {_SUM} short|gave (?:me|us|him|her|them) {_SUM}(?= for (?:a|the|our|my) (?:flat|house|deposit|wedding"
    rf"|studies))"
    r"|lent (?:me|us|him|her|them) (?:the|a|some) (?:deposit|money|cash|rent)"
    r"|(?:electricity|gas|power|water|heating|phone) (?:has been|was|got|is being|is|are) (?:cut|shut) off"
    r"|verge of bankruptcy|(?:loans?|debts?|credit cards?)[^.!?]{0,30}to pay (?:back|off)|to (?:be )?pa(?:y"
    r"|id) (?:back|off)"
    r"|se(?:ll|lling) (?:my|our|his|her) (?:\w+ )?\w+ to (?:pay|cover)|(?:hides?|hiding|hid) (?:his|her|their"
    r"|my) (?:debts?|spending"
    r"|gambling)|(?:\w+ )?(?:payments?|instal?ments?|months?) behind|minimum[- ]wage"
    r"|months?['’]? (?:of )?(?:salary|severance|back pay|rent (?:in )?arrears))(?!\w)",
    re.IGNORECASE,
)
"""What one cannot pay, is offered, is left or still owes."""
_FUNDS = (
    r"(?:wages?|salary|pay ?checks?|savings|pension(?: pot)?|debts?|overdraft|(?:student |car |payday |home )?loans?"
    r"(?: payments?)?|mortgage(?: payments?)?|universal credit|benefits|pip|ira|401k|isa|direct debits?|maintenance"
    r"|alimony|child support|credit (?:score|rating|limit|card)|net worth|inheritance|allowance|unemployment|severance"
    r"|bonus|tax credits|income|pay|bank (?:account|balance)|finances|rent|stocks|shares|portfolio|scholarship|grant)"
)
_FARED = (
    r"(?:(?:just|only|barely|hardly|already|still|never|now|also|really|all) )?(?:was|were|got|went|goes|took|ran|runs"
    r"|has|have|had|hasn['’]?t|haven['’]?t|hadn['’]?t|won['’]?t|isn['’]?t|aren['’]?t|doesn['’]?t|don['’]?t|didn['’]?t"
    r"|barely|hardly|bounced|stopped|dropped|fell|tanked|came|come|covers?|leaves|ends|increased|doubled|halved|shrank"
    r"|is (?:\w+ing|with|down|up|low|zero|nothing|cut|cancelled|gone|late|frozen|shot|a mess|tiny|lousy|terrible|in)"
    r"|are (?:\w+ing|down|up|with|gone|late|a mess|tight)|keeps?"
    r"|eats?|stops?)"
)
_OWN_FUNDS = re.compile(
    rf"(?<!\w)(?:my|our|his|her|their"
    rf"|(?:{KIN})['’]?s) (?:[\w-]+ ){{0,2}}{_FUNDS}(?: payments?)? (?:from [\w ]{{1,20}}? )?{_FARED}(?!\w)",
    re.IGNORECASE,
)
"""What became of somebody's wages, savings or debts."""
_BENEFITS = (
    r"(?:pip|carer['’]?s?(?: allowance)?|universal credit|state pension|housing benefit|child benefit|esa|jsa|ssi|ssdi"
    r"|snap|medicaid|food stamps|welfare|disability|incapacity(?: benefit)?|tax credits|unemployment(?: benefits?)?"
    r"|centrelink|jobseeker|bürgergeld|hartz ?(?:iv|4)|furlough|parental (?:pay|leave pay)|maternity pay|sick pay"
    r"|dole|ebt|calfresh|working family payment|social security|minimum pension|section 8|bursary"
    r"|means[- ]tested benefits?|income support|free school meals)"
)
_LIVES_ON = re.compile(
    rf"(?<!\w)(?:on|gets?|getting|claims?|claiming|receives?|receiving|lives? on|living on|lost|applied for|awaiting"
    rf"|denied|refused|signed up for|qualif(?:y|ied|ies) for) (?:a |an |the |my |his |her |our |their )?(?:\w+ )?"
    rf"{_BENEFITS}(?!\w)",
    re.IGNORECASE,
)
"""Benefits by name, and that somebody has them or does not."""
_IN_TROUBLE = re.compile(
    r"(?<!\w)(?:(?:an?|another|two|got) (?:ccj|final (?:demand|notice)|eviction notice|repossession (?:order|notice)"
    r"|payday loan)|bailiffs? (?:came|come|coming|are|were|at|knocked|took)|repossess(?:ed|ing) (?:my|our|his|her|the)"
    r"|to collections|debt (?:advis\w+|management plan|plan|consolidation)|loan sharks?|hand to mouth"
    r"|(?:los[et]|losing) (?:everything|it all|(?:all|most|half) (?:of )?(?:my|our|his|her|the)"
    r" (?:\w+ )?(?:savings|money|pension|deposit|inheritance|wages))"
    r" (?:on|in|at|to|when|after)"
    r"|(?:missed|skipped) (?:\w+ )?(?:payments?|instal?ments?)|(?:too many|some|two|three) defaults|no income"
    r"|signed (?:over )?(?:the|my|our) (?:house|flat|home) (?:over )?to the bank|count(?:ing)? every (?:cent|euro"
    r"|dollar|pound|rupee|peso)"
    r"|(?:made|being) redundant with|(?:his|her|their) (?:half|share) (?:of the rent )?since|out of credit on"
    r"|eat(?:ing)? into (?:my|our|what|the)|stopped paying (?:me |us |her |him )?(?:\w+ )?(?:maintenance"
    r"|child support|alimony|rent|the mortgage|wages"
    r"|bills)"
    r"|borrow(?:ed|ing)? (?:it |some |the |money |cash )*(?:from|off) (?:my |our |his |her )?(?:in-laws|parents?|mum"
    r"|mom"
    r"|dad|brother|sister|friends?|boss|bank|mates?|folks|kids?|son|daughter|ex)|still owes? (?:me|us|him|her)"
    r"|(?:months?|weeks?) of savings"
    r"|no (?:money|cash|funds|savings|pension|income)(?: (?:left|until|til|till|for|coming)|\W*$)"
    r"|(?:ran|run(?:ning)?|are|am|be) out of (?:money|cash|savings|funds)|low on (?:cash|money|funds)"
    r"|tight (?:on|for) (?:money|cash)|money(?:['’]?s| is| was| has been)? (?:\w+ )?tight|strapped(?: for cash)?"
    r"|hard up|short of (?:money|cash)|counting (?:every |the )?penn(?:y|ies)"
    r"|whole (?:pay ?check|wage|salary|pension)"
    r"|(?:earns?|makes?|earning|making) (?:twice|half|double|less|more|the same|as much|three times|next to nothing"
    r"|peanuts|good money|a pittance)(?: (?:than|as|of|what|per|now))?|unpaid (?:leave|bills|rent|wages|invoices)"
    r"|credit card debts?|(?:can['’]?t|cannot|can not|couldn['’]?t)(?: even| really| possibly)? afford"
    r"|(?:compulsive|problem) gambler|gambling (?:problem|addiction|habit)|addicted to gambling|(?:help|helps"
    r"|helping) (?:me|us|him|her)"
    r" (?:out )?with (?:the |my |our )?(?:rent|bills|mortgage|money)|(?:live|living|get(?:ting)? by"
    r"|down to) on (?:one|a single) (?:salary|income|wage)"
    r"|business went (?:under|bust)"
    r"|pay(?:ing)? back (?:a|my|our|the) (?:\w+ )?(?:loan|debt)|bank (?:said no|refused|turned)|tax refund"
    r"|to clear (?:my |our |the )?debts?"
    r"|(?:couldn|can)['’]?t make (?:the )?(?:rent|payments?)|(?:turned|knocked) (?:me|us|him|her) down for"
    r"|declined (?:me|us|him|her) for|wages? (?:garnished|docked)|docked (?:my|our|his|her) (?:pay|wages)"
    r"|below the poverty line|on a (?:tight|fixed|low|small) (?:budget|income))(?!\w)",
    re.IGNORECASE,
)
"""What happens to those who cannot pay, and how people say that there is little."""
_TO_LAST = re.compile(
    rf"(?:(?:(?<!\w)(?:have|has|had|got|with|ive)|['’]ve) (?:only |just |about |like )*(?:got )?{_SUM} (?:to (?:last"
    rf"|live"
    rf"|get"
    rf"|feed|spend|eat)|for the (?:week|month|rest)|until|till?|left)"
    rf"|(?:put|sank|invested|have|has|got) {_SUM} in(?:to)? (?:an? |the |my |our )?(?:\w+ )?(?:scam|crypto|bitcoin"
    rf"|stocks|shares|savings|isa|pension|fund|account|premium bonds)"
    rf"|spend(?:s|ing)? {_SUM} (?:a|per|each|every) (?:week|month|day) on food|live[sd]? on {_SUM})(?!\w)",
    re.IGNORECASE,
)
"""How much there is for how long, or in what it is put."""
_FLOWS = re.compile(
    r"(?<!\w)(?:won|borrow(?:s|ed|ing)?|lent|lend|owes?|owed|saving|saved|earn\w*|gross(?:es)?|nets?|take[- ]home"
    r"|inherit\w*"
    r"|invest\w*|withdrew|overdrawn|support(?:s|ed|ing)? (?:me|us|him|her|them)|payday loan|student loan|debt|pension"
    r"|social security|ac(?:coun|c)t (?:is|of)|through the whole)(?: (?!million|dollars|euros|pounds|on"
    r"|at)[\w'’-]+){0,4} $",
    re.IGNORECASE,
)
"""Before an amount that somebody has, gets, gives or owes."""
_HAS = re.compile(
    r"(?<!\w)(?:ha(?:ve|s|d)|['’]ve|got|with|hold(?:s|ing)?|sen[dt]s?|sending|put|sank|left|short|trainee|nurse"
    r"|apprentice"
    r"|teacher|salary|wage)(?: [\w'’-]+){0,4} $",
    re.IGNORECASE,
)
"""The same where what follows tells that it is money that somebody has."""
_LEFT_OR_REGULAR = re.compile(
    r" (?:[\w'’]+ )?(?:outstanding|left(?! over from)|saved|so far|short|behind|overdrawn|monthly|weekly|yearly"
    r"|to (?:last|live)|home"
    r"|(?:an?|per|each|every) (?:month|week|year|fortnight)|for food|in (?:\w+ ){0,2}(?:funds?|bonds?|stocks|shares"
    r"|account"
    r"|savings|debts?|crypto|cash|isa)|from (?:my|our|his|her|selling)|on (?:it|(?:my|the|one|two"
    r"|three) cards?))(?!\w)",
    re.IGNORECASE,
)
"""After such an amount."""
_BOUGHT = re.compile(
    r"(?<!\w)(?:buy|buying|bought|order(?:ed)?|sells?|sold|selling (?!my|our|his|her)|worth|charges?|discount|gift"
    r"|present"
    r"|spend on|to spend|voucher|cheap\w*|reviews?|rent a|per night|deliver\w*|shoes|bike|camera|sofa|bill for)(?!\w)",
    re.IGNORECASE,
)
"""In a sentence whose amounts are of things."""
_LEAD = 60
"""Letters before an amount."""
_NEAR = 40
"""Letters between an amount and what it is of."""


@cache
def _amount() -> re.Pattern[str]:
    return re.compile(lexicon.AMOUNT, re.IGNORECASE)


def of_money(said: str) -> Iterator[tuple[int, int]]:
    """Where a sentence says near somebody what they have, earn or owe, or that they are in need."""
    if _TOLD_OF.search(said):
        return
    for pattern in (_IN_NEED, _IN_TROUBLE, _OWN_FUNDS, _LIVES_ON, _PAID_OR_OWING):
        for match in first(pattern, said):
            yield from beside_somebody(said, match)
    if not _OF_PRICES.search(said):
        if noted := _NOTED.match(said):
            yield noted.span()
        yield from _of_amounts(said)


def _of_amounts(said: str) -> Iterator[tuple[int, int]]:
    """Where somebody has, gets or owes so much."""
    for pattern in (_TO_LAST, _TIMES_PAID, _PAID):
        for match in first(pattern, said):
            yield from beside_somebody(said, match)
    is_bought = _BOUGHT.search(said)
    for match in first(_amount(), said):
        is_theirs = not is_bought and _flows(said, match)
        if is_theirs or _is_near(_MEANS, said, match) or _is_near(_MORE_MEANS, said, match):
            yield from beside_somebody(said, match)
    for match in first(_PLAIN_AMOUNT, said):
        if _is_plainly_of_means(said, match):
            yield from beside_somebody(said, match)


def _flows(said: str, amount: re.Match[str]) -> bool:
    """Whether somebody has, gets or owes an amount, by the words on both sides of it."""
    start = max(0, amount.start() - _LEAD)
    if _FLOWS.search(said, start, amount.start()):
        return True
    return bool(_HAS.search(said, start, amount.start()) and _LEFT_OR_REGULAR.match(said, amount.end()))


def _is_plainly_of_means(said: str, amount: re.Match[str]) -> bool:
    """Whether a number without a currency is money that somebody has or owes: not "2 tips", nor "in 2019"."""
    if len(amount[0]) == 1 or (_YEAR.fullmatch(amount[0]) and not _OWED.search(said[: amount.start()])):
        return False
    is_much = amount[0].endswith(("k", "thousand"))
    return _is_near(_MEANS, said, amount) or (is_much and _is_near(_MORE_MEANS, said, amount))


def _is_near(what: re.Pattern[str], said: str, amount: re.Match[str]) -> bool:
    return what.search(said, max(0, amount.start() - _NEAR), amount.end() + _NEAR) is not None
