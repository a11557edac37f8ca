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

WORDS_OF_MONEY = frozenset(
    """
    salary salaries wage wages pension alimony bonus savings mortgage debt debts owe owes owed owing overdraft
    arrears allowance scholarship stipend remuneration income earn earns earned earning paid pay pays lent loan
    inheritance inherited tax benefits benefit payout redundancy severance account instalment instalments
    installment installments tips dole credit raise rise payrise make makes making get gets getting got brings
    bring takes take took lives live living left charge charges gives give borrowed borrow borrowing saved aside
    lost won blew spent balance refund evicting evicted disability unemployment comp compensation rsu rsus have
    has red paycheck gambled gambling iva afford maxed collectors collector bailiff bailiffs behind overdrawn
    drowning bankrupt bankruptcy hasn't haven't hasnt havent didn't couldn't can't cant couldnt support welfare
    down scammed conned cheated swindled robbed ripped defrauded fleeced fined fine rent remortgaged
    remortgaging refinanced refinancing off fees tuition maintenance penniless pawned foodbank food sick cut
    ends lump grant settlement sold bought worth
    """.split()
)
"""Words without which ``of_money`` finds nothing."""
_NO_MEANS = re.compile(
    rf"(?<!\w)(?:{MADE_UP}|{WRITTEN_ABOUT}|average|typical|should i charge|budget|price|costs?|sell for|for sale"
    r"|(?:the|our) (?:company|firm)|revenue|turnover|invoice|worth it|how much do(?:es)?|start-?up|shop's|club"
    r"|association|committee|government|minister|president|celebrity|tickets?|flight|hotel|laptop|phone for|under \d"
    r"|save (?:me|us)|photos?|files?|words?|pages?|people|calories|steps)(?!\w)",
    re.IGNORECASE,
)
"""In a sentence that may be of prices, or of an organisation's money."""
_MEANS = re.compile(
    r"(?<!\w)(?:salary|salaries|wages?|pension|alimony|child support|bonus|savings|mortgage|debts?|owe[sd]?|owing"
    r"|overdraft|arrears|allowance|scholarship|stipend|remuneration|income|earn(?:s|ed|ing)?|gets? paid|pays me"
    r"|paid me|lent|loan"
    r"|inheritance|inherited|after tax|before tax|take[- ]home|sick pay|benefits?|payout|redundancy|severance"
    r"|current account|instal?lments?|tips|dole|universal credit|to my name"
    r"|(?:pay )?raise|pay ?rise|makes? (?:way |much |a lot )?more)(?!\w)",
    re.IGNORECASE,
)
_CIRCA = r"(?:(?:about|around|only|just|like|roughly) )?"
_SUM = rf"{_CIRCA}[£$€]?\d[\d,.]{{1,8}}k?(?: (?:euros?|dollars?|pounds?|quid|bucks|francs?))?"
_TIMES_PAID = re.compile(
    r"(?<!\w)(?:on|gets?|getting|got|makes?|making|brings?(?: home| in)?|takes? home|lives? on|living on|left with"
    rf"|charges?|gives? (?:me|us|him|her)) {_CIRCA}(?:\d{{2,6}}|\d{{1,3}}[,.]\d{{3}}|\d{{1,3}}k) (?:an?|per|each"
    r"|every) (?:month|week|year|hour|fortnight)(?!\w)",
    re.IGNORECASE,
)
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
    r"|(?:haven|hasn|didn|couldn|can)['’]?t (?:been able to )?(?:paid|pay) (?:the|my|our|his|her) (?:\w+ )?"
    r"(?:rent|bills?|mortgage|loan)|debt collectors?|bailiffs?|down to my last|instal?lments? behind"
    r"|behind (?:on|with|in) (?:(?:the|my|our|his|her|their) )?(?:[\w'’-]+ ){0,2}(?:rent|mortgage|loans?|payments?"
    r"|bills?|fees?"
    r"|tuition|taxes|council tax|maintenance|child support)|months? behind(?: (?:on|with)|\W*$)|overdrawn"
    r"|remortgag(?:ed|ing)|refinanc(?:ed|ing) (?:my|our|the|his|her)|(?:statutory|on) sick pay|(?:part"
    r"|half)[- ]time pay|pay cut"
    r"|(?:hours|pay|wages|salary) (?:(?:were|was|got|has been|have been) )?cut|cut (?:my|our|his|her) (?:hours|pay"
    r"|wages|salary)"
    r"|liv(?:e|es|ing) off (?:my|our|his|her|the|their) (?:\w+ ){0,2}(?:pay|wages?|pension|savings|salary|income"
    r"|benefits)"
    r"|scrap(?:ing|e) by|make ends meet|penniless|food ?bank|pawned (?:my|our|his|her)"
    r"|inherited (?:my|our|his|her|their|the|a|an) (?:[\w'’]+ ){0,2}(?:house|flat|money|estate|farm|land|shares"
    r"|apartment)"
    r"|sold (?:my|our|his|her) (?:\w+ )?to (?:pay|cover) "
    r"|drowning in debt|declared bankrupt\w*|filed for bankruptcy|no savings)(?!\w)",
    re.IGNORECASE,
)
_NEAR = 40
"""Letters between an amount and what it is of."""


@cache
def _amount() -> re.Pattern[str]:
    return re.compile(lexicon.AMOUNT, re.IGNORECASE)


def of_money(said: str) -> Iterator[tuple[int, int]]:
    """Where a sentence says near somebody what they have, earn or owe, or that they are in need."""
    if _NO_MEANS.search(said):
        return
    for pattern in (_IN_NEED, _TIMES_PAID, _PAID):
        for match in first(pattern, said):
            yield from beside_somebody(said, match)
    for match in first(_amount(), said):
        if _is_near(_MEANS, said, match) or _is_near(_MORE_MEANS, said, match):
            yield from beside_somebody(said, match)
    for match in first(_PLAIN_AMOUNT, said):
        if _is_plainly_of_means(said, match):
            yield from beside_somebody(said, match)


def _is_plainly_of_means(said: str, amount: re.Match[str]) -> bool:
    """Whether a number without a currency is money that somebody has or owes: not "2 tips", nor "in 2019"."""
    if len(amount[0]) == 1 or (_YEAR.fullmatch(amount[0]) and not _OWED.search(said[: amount.start()])):
        return False
    is_much = amount[0].endswith(("k", "thousand"))
    return _is_near(_MEANS, said, amount) or (is_much and _is_near(_MORE_MEANS, said, amount))


def _is_near(what: re.Pattern[str], said: str, amount: re.Match[str]) -> bool:
    return what.search(said, max(0, amount.start() - _NEAR), amount.end() + _NEAR) is not None
