"""What people say of somebody's health or money, as patterns. ``statements`` says where they are tried."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from services.orchestrator.guard import lexicon
from services.orchestrator.guard.persons import ADVERBS, BE, KNOWN

_HAVE = (
    r"(?:'ve|’ve|(?<=\bi)ve|'s|’s| have| has| had| having)(?:(?: just| also| only| already| recently| always|"
    r" never)? (?:had|got|been having|developed|contracted|caught|lived with|struggled with|dealt with))?"
)
_SOME = (
    r"(?: (?:a|an|the|my|his|her|their|our|some|this|that|another|no|two|three|both|terrible|awful|bad|"
    r"mild|severe|chronic|acute|early|late|stage|type|suspected|really|horrible|slight|nasty|serious|"
    r"major|minor|high|low|constant|regular|frequent|recurring|second|third|first|more|really bad|pretty"
    r" bad|so much|lots of|kind of|form of|case of|history of|bout of|touch of|episode of|few|several|\d+|"
    r"one|of|and|[\w-]{3,20})){0,4}"
)
_SOON = r"[^.!?;:,]{0,40}?"


def _rules(*patterns: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(_bare(pattern), re.IGNORECASE) for pattern in patterns)


def _anywhere(*rules: tuple[str, tuple[str, ...]]) -> tuple[tuple[re.Pattern[str], tuple[str, ...]], ...]:
    return tuple((re.compile(_bare(pattern), re.IGNORECASE), needs) for pattern, needs in rules)


def _bare(pattern: str) -> str:
    """Many leave the apostrophe of "can't" out, or have another one."""
    return pattern.replace("n't", "n['’]?t")


@dataclass(frozen=True)
class Rules:
    """What makes a statement of a sentence, by what it begins with."""

    of_subject: tuple[re.Pattern[str], ...]
    """After somebody: ``I``, ``my neighbour Walter``."""
    of_possessive: tuple[re.Pattern[str], ...]
    """After what is somebody's: ``my``, ``Lena's``."""
    anywhere: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...]
    """Each with letters of which some are in every statement, in small ones: most sentences have none of them."""
    more: re.Pattern[str]
    """After a statement, what is still of it: another illness, the B of a hepatitis, the amount of a debt."""


_COLD = r"cold(?! (?!(?:and|but|so|since|for|from|again|now|today|right|this|last|which|that|with)\b)\w)"
"""The illness, and not the temperature of what comes next."""
CONDITION = (
    rf"(?<![\w-])(?:{lexicon.alternatives(lexicon.CONDITIONS)}|{lexicon.CONDITION_FORMS}|{_COLD})(?![\w-])"
)
STATE = rf"(?<!\w)(?:{lexicon.alternatives(lexicon.STATES)})(?![\w-])"
MEDICINE = rf"(?<!\w)(?:{lexicon.alternatives(lexicon.MEDICINES)}|{lexicon.MEDICINE_STEMS})(?!\w)"
PROCEDURE = rf"(?<!\w)(?:{lexicon.alternatives(lexicon.PROCEDURES)}|{lexicon.PROCEDURE_FORMS})(?!\w)"
_BODY = rf"(?:{lexicon.alternatives(lexicon.BODY)})"
_CARER = rf"(?:{lexicon.alternatives(lexicon.CARERS)})"
_HURT = (
    r"(?:broke|broken|fractured|sprained|tore|torn|twisted|dislocated|injured|hurt|ruptured|burned|burnt|"
    r"bruised|pulled|threw out|put out|cut off|lost)"
)
_DOSE = r"\d+(?:[.,]\d+)? ?(?:mg|mcg|µg|micrograms?|milligrams?|ml|units?|iu)(?!\w)"
_DOSED = rf"{_DOSE}(?:(?: \w+){{0,2}}? of(?: [\w-]+)? {MEDICINE}|(?: \w+){{0,2}}? of [\w-]+| {MEDICINE})?"
"""A dose, and of what."""
_WHOSE = (
    r"(?: (?:a|an|the|my|his|her|their|our|some|on|also|left|right|both|severe|mild|chronic|type|\d+)){0,3}"
)


@cache
def of_health() -> Rules:
    """Of the body or mind."""
    return Rules(
        of_subject=_rules(
            rf"{_HAVE}{ADVERBS}{_SOME} {CONDITION}",
            rf"{_HAVE}{ADVERBS}{_SOME} {PROCEDURE}",
            rf" (?:got|gets?|caught|catch|developed|contracted|came down with|come down with|picked up|"
            rf"survived|beat|suffer(?:s|ed)?|suffer(?:s|ed)? from|"
            rf"struggles?(?: with)?|struggled with|live[sd]? with|fights?|fought|dealt with|deals? with|"
            rf"cop(?:e|es|ed|ing) with|carr(?:y|ies)|died of|died from|has to live with|need(?:s|ed)?|"
            rf"underwent|undergo(?:es)?|"
            rf"get|experience[sd]?|nearly died (?:of|from)|is down with|passed away from){ADVERBS}{_SOME}"
            rf" (?:{CONDITION}|{PROCEDURE})",
            rf"{BE}?{ADVERBS} (?:diagnosed|re-?diagnosed|hospitali[sz]ed|admitted|treated|tested|recovering|"
            rf"suffering|dying|dealing|living|struggling|coping|screened|battling|fighting|"
            rf"undergoing|scheduled|booked in|booked|waiting|down|in|off work|off sick|off|signed off|laid up|"
            rf"having|getting|prone|allergic|intolerant|at risk|susceptible|hooked|addicted|going through|on|"
            rf"back from|here)"
            rf"(?: (?:with|for|from|as|to|of|at|on|positive for|negative for|through|because of|treatment"
            rf" for))?{ADVERBS}{_SOME} (?:{CONDITION}|{PROCEDURE}|{STATE})",
            rf"{BE}{ADVERBS}{_SOME} {STATE}(?: in {_SOON} (?:ears?|eyes?))?",
            rf"{BE}?{ADVERBS} (?:highly |severely |deathly |badly )?(?:allergic|intolerant) to(?: \w+){{1,3}}"
            r"(?:(?:, [\w-]+){0,6},? (?:and|or) [\w-]+)?",
            rf" (?:have|has|had|tested|got|came back|went|tests?){ADVERBS} positive for \w+",
            rf"{BE}?{ADVERBS} (?:take|takes|took|taking|taken|use|uses|using|inject(?:s|ed|ing)?|prescribed|"
            rf"started|starting|stopped|stopping|on|put on|went on|gone on|came off|coming off|"
            rf"come off|switched to|swallow(?:s|ed)?|was given|given|need|needs|forgot|missed|skipped|"
            rf"tapering|getting|get|had|have|has){ADVERBS}{_SOME} {MEDICINE}(?: {_DOSE})?",
            rf"{BE}?{ADVERBS} (?:take|takes|taking|took|on|prescribed|put on|given|need|needs|inject(?:s|"
            rf"ing)?){_SOON} {_DOSED}",
            rf"(?:'ve|’ve|'s|’s| have| has| had| have just| just)? {_HURT} (?:my|his|her|their|our|a|an|the|"
            rf"two|both|three|one)(?: [\w-]+){{0,2}} {_BODY}",
            rf"{BE}?(?:'ve|'s| have| has| had)?{ADVERBS} (?:been )?(?:see|sees|saw|seen|seeing|visit(?:s|ed|"
            rf"ing)?|in therapy with|talk(?:s|ed|ing)? to|referred to|consult(?:s|ed|ing)?)"
            rf" (?:a|an|my|the|his|her|their|our)(?: \w+){{0,2}} {_CARER}(?: (?:for|about|because of)"
            rf" (?:\w+ ){{0,3}}(?:{CONDITION}|\w+))?",
            rf"{BE}?(?:'ve|'s| have| has| had)?{ADVERBS} (?:been )?(?:in|into|out of|through|to|at|from|on|"
            rf"start(?:s|ed|ing)?|having|doing|gone to|going to|go to|goes to|attend(?:s|ed|ing)?)(?:"
            rf" \w+){{0,2}} (?:rehab|therapy|hospital|hospice|"
            rf"intensive care|icu|the icu|a coma|detox|remission|dialysis|chemo|chemotherapy|radiotherapy|"
            rf"physio|physiotherapy|counselling|counseling|psychotherapy|sick leave|a psychiatric ward|"
            rf"surgery|labou?r|aa|alcoholics anonymous|the er|a&e)(?!\w)",
            r" (?:tried to (?:kill|hurt|harm) (?:myself|himself|herself|themselves)|want(?:s|ed)? to die|"
            r"self-harm(?:s|ed)?|cuts? (?:myself|herself|himself)|attempted suicide|overdosed|relapsed|"
            r"miscarried|gave birth|fainted|collapsed|had (?:a )?(?:fall|seizure))",
            r" (?:can't|cannot|can not|can hardly|can barely|no longer|don't|doesn't) (?:walk|hear|see (?:out"
            r" of|with|from)|breathe|swallow|eat (?:gluten|lactose|dairy|nuts|wheat)|tolerate|digest|sleep"
            r" (?:because|without))",
        ),
        of_possessive=_rules(
            r"(?!(?: [\w-]+)? (?:presentation|thesis|essay|paper|book|talk|article|research|course|class|exam|project"
            r"|dissertation|lecture|homework|novel|blog|podcast|study|degree|charity)\b)"
            rf"(?: [\w-]+){{0,3}} (?!cold|lump|condition|fever dream)(?:{CONDITION}|{PROCEDURE})",
            r"(?! (?:[\w-]+ )?(?:unit|integration|load|driving|theory|maths?|spelling|language|placement) tests? )"
            r"(?: [\w-]+){0,2} (?:blood pressure|bp|cholesterol|blood sugar|a1c|hba1c|psa|bmi|blood type|blood"
            r" test|test results?|scan|mri|biopsy|glucose|heart rate|platelets|iron|ferritin|thyroid|tsh|"
            r"weight|hearing|"
            r"vision|eyesight|period|cycle|due date|sperm count|liver values?|viral load|cd4|prescription|"
            r"biopsy results?|diagnosis|prognosis|symptoms|labs)"
            r"(?: \w+){0,2} (?:is|are|was|were|has|have|came|come|showed?|shows|went|goes|keeps|runs|got|says|"
            r"said|reads?)",
            rf"(?! heart is broken)(?: [\w-]+){{0,2}} {_BODY} (?:hurts?|aches?|is broken|was broken|is sprained"
            r"|is swollen|is"
            rf" numb|are numb|is inflamed|is bleeding|has been (?:hurting|aching)|was removed|was amputated|"
            rf"(?:is|has been) killing me|is infected|got infected|is torn|keeps? \w+ing)",
            rf"(?: [\w-]+){{0,3}} (?:doctor|gp|oncologist|psychiatrist|cardiologist|neurologist|"
            rf"gyna?ecologist|dermatologist|midwife|consultant|specialist|obstetrician|therapist)(?:"
            rf" \w+){{0,2}} (?:says?|said|told|thinks?|found|prescribed|diagnosed|suspects?|wants?|put|"
            rf"recommended|confirmed|increased|changed|upped|lowered|doubled|halved|stopped)"
            rf"[^.!?]{{0,60}}?(?:{CONDITION}|{STATE}|{MEDICINE}|{PROCEDURE}|{_BODY})",
        ),
        anywhere=_anywhere(
            (
                rf"(?:doctors?|gp|oncologist|psychiatrist|they|hospital|specialist|scan|mri|biopsy|test|surgeon)"
                rf" (?:found|removed|diagnosed|discovered|suspects?|confirmed|showed|put|prescribed|gave)(?:"
                rf" (?!they )[\w-]+){{0,5}}? (?:{CONDITION}|{MEDICINE}|{PROCEDURE}|{_BODY})",
                (
                    " found",
                    " removed",
                    " diagnosed",
                    " discovered",
                    " suspect",
                    " confirmed",
                    " showed",
                    " put",
                    " prescribed",
                    " gave",
                ),
            ),
            (
                rf"^\W*(?:(?:just|recently|been|got|was|im|i'm|newly) ){{1,2}}(?:on|taking|prescribed"
                r"|diagnosed with|put on"
                rf"|suffering from|recovering from|treated for){_SOME} (?:{CONDITION}|{MEDICINE}|{PROCEDURE})",
                (" on ", " taking", "prescribed", "diagnosed with", "suffering", "recovering", "treated for"),
            ),
            (
                rf"{KNOWN}{BE} (?:sick|ill|unwell|dying|terminally ill)(?! of)(?! to death)(?: with| since| from|"
                rf"[ ,.!?]|$)",
                (" sick", " ill", " unwell", " dying", " terminally"),
            ),
            (
                rf"(?:diagnosis|diagnosed(?: with)?|diagnoses|medical history|condition|allerg(?:y|ies)|"
                rf"medications?|meds)(?: is| are|:)(?: \w+){{0,3}} ?(?:{CONDITION}|{MEDICINE}|{STATE})",
                ("diagnos", "medical history", "condition", "allerg", "medication", "meds"),
            ),
        ),
        more=re.compile(
            rf"(?:(?:,|,? (?:and|or|plus)| &){_WHOSE} (?:{_DOSED}|(?:[\w-]{{3,20}} )??"
            rf"(?:{CONDITION}|{PROCEDURE}|{MEDICINE}|{STATE}))"
            rf"| (?:of|in|on){_WHOSE} {_BODY}(?!\w)"
            rf"| (?:called|named) {CONDITION}"
            r"| (?:(?:type|stage) (?:\d|I{1,3})|(?-i:[A-HJ-Z]|I{2,3}|IV))(?!\w)){0,8}",
            re.IGNORECASE,
        ),
    )


_AMOUNT = rf"(?:{lexicon.AMOUNT})"
_DEBT = rf"(?:{lexicon.alternatives(lexicon.DEBTS)})"
_BILL = r"(?:(?:electric(?:ity)?|gas|water|phone|heating|utility|energy|hospital|medical|council tax|internet) bills?)"
_PLACES = rf"(?:{lexicon.alternatives(lexicon.SAVED_IN)})"
_FIGURE = rf"(?:{lexicon.alternatives(lexicon.FIGURES)})"
_ABOUT = (
    r"(?: (?:about|around|roughly|almost|nearly|only|just|over|under|some|exactly|close to|more than|less"
    r" than|up to|at least|another|an extra|a total of|like|maybe|approximately|barely|well over|still|"
    r"only about))?"
)


@cache
def of_money() -> Rules:
    """Of income, savings, debts and trouble with money."""
    return Rules(
        of_subject=_rules(
            rf"(?:'m| am| is| are|'re|'s|'ve| have| has| had)?{ADVERBS} (?:earn(?:s|ed|ing)?|mak(?:e|es|ing)|"
            rf"made|get(?:s|ting)?(?: paid)?|got(?: paid)?|paid|take(?:s)? home|bring(?:s|ing)?(?: in| home)?|"
            rf"receiv(?:e|es|ed|ing)|draw(?:s|ing)?|on|clear(?:s|ed)?|net(?:s|ted)?|gross(?:es|ed)?|pull in|"
            rf"live[sd]? on|living on|"
            rf"charg(?:e|es)|invoice[ds]?)(?:(?: (?:a|an|my|his|her|their|our|the))?(?: [\w-]+){{1,3}} of)?{_ABOUT}"
            rf" {_AMOUNT}(?: \w+){{0,2}} ?(?:a|per|an|each|every|/) ?(?:month|year|week|hour|day|annum|"
            rf"m)(?:(?: \w+)? (?:after|before) tax| net| gross)?",
            rf"{ADVERBS} (?:earns?|makes?|gets? paid|takes? home|brings? home){_ABOUT} \d[\d.,]{{2,15}} "
            r"(?:an?|per|each|every) (?:month|year|week|hour|day)",
            rf"(?:'m| am| is| are|'re|'s| get| gets){ADVERBS} paid{_ABOUT} {_AMOUNT}",
            rf"(?:'m| am| is| are|'re|'s)?{ADVERBS} (?:earn(?:s|ed|ing)?|mak(?:e|es|ing)|take(?:s)? home|"
            rf"bring(?:s)? (?:in|home)|on (?:a )?(?:salary|wage|income|pension)(?: of)?){_ABOUT} {_AMOUNT}",
            rf"(?:'ve|'s|'m| have| has| had| am| are| is)?{ADVERBS} (?:owe[sd]?|owing|inherit(?:ed|s)?|"
            rf"borrow(?:ed|s|ing)?|lend|lent|lost|gambled(?: away)?|blew|saved(?: up)?|put away|put aside|set"
            rf" aside|stashed|invested|won|withdrew|"
            rf"sunk|sank|pay(?:s)? back|repaid|repay(?:s|ing)?|paid off|remortgaged|took out|taken out|"
            rf"still paying off|paying off|pay(?:s|ing)? off|cashed (?:in|out)|defrauded|scammed out of|was left)"
            rf"(?: (?:the|a|my|his|her|our|their|them|him|me|us|you)(?: [\w-]+){{0,3}}?(?: a| of)?)?{_ABOUT}"
            rf" {_AMOUNT}(?: (?:in|from|on|at|to|for|off|trading|gambling|with|as|of|against)(?: \w+){{1,3}})?",
            rf"(?:'ve|'s| have| has| had)?{ADVERBS} (?:owe[sd]?|owing)(?: (?:the|a|my|his|her|our|their|some|"
            rf"so much|a lot of|more))*(?: [\w-]+){{0,2}} (?:bank|taxman|tax office|irs|hmrc|money|taxes|tax|"
            rf"rent|back taxes|council tax|landlord|finanzamt|a fortune|thousands|hundreds|creditors|alimony|"
            rf"child support)",
            rf"{BE}{ADVERBS} {_AMOUNT} (?:behind|overdrawn|in (?:the )?(?:debt|red|arrears|minus|hole)|short|"
            rf"in credit|down|over my|overdue)(?: (?:on|with) \w+(?: \w+){{0,2}})?",
            rf"{BE}{ADVERBS} (?:\w+ )?(?:overdrawn|in arrears|in (?:\w+ )?debt|in the red|bankrupt|insolvent|"
            rf"broke|skint|behind (?:on|with) (?:the|my|our|his|her|their)? ?(?:[\w-]+ ){{0,2}}?(?:mortgage|"
            rf"rent|bills?|payments?|loans?|credit cards?|taxes|instal?ments?)|"
            rf"under water on|unemployed and|on (?:universal credit|benefits|welfare|food stamps|disability|"
            rf"jobseeker'?s allowance|unemployment|the dole|income support|housing benefit|minimum wage|"
            rf"bürgergeld|hartz iv)|drowning in (?:\w+ )?(?:debts?|bills)|being (?:chased|sued) (?:by|for)"
            rf" (?:\w+ ){{0,3}}(?:debts?|collectors?|creditors?|money|bailiffs?)|"
            rf"being (?:evicted|foreclosed|repossessed)|living (?:paycheck to paycheck|on credit|off (?:my"
            rf" )?savings|on overdraft))(?: by {_AMOUNT})?",
            r" (?:went|go|going|gone|filed|filing|files|declared|may go|might go|could go|had to file|have to"
            r" file|has to file|had to declare|am going|is going)(?: for)?(?: personal)? (?:bankrupt(?:cy)?|"
            r"insolven(?:t|cy)|chapter (?:7|11|13)|an iva)(?: in \d{4})?",
            rf"(?:'ve|'s| have| has| had)?{ADVERBS} (?:maxed out|max out|overdrew|overdrawn|missed|miss|"
            rf"defaulted on|default on|fell behind on|fallen behind on|fall behind on|couldn't pay|can't pay|"
            rf"cannot pay|can't afford|couldn't afford|struggle to pay|struggling to pay|can't make|stopped"
            rf" paying|skipped|remortgaged|pawned|refinanced|consolidated|cleared|emptied|drained|blew"
            rf" through|burned through|blown through|dipped into|am late on|cashed in|cashed out|paid off|"
            rf"co-signed|took out|taken out|was refused|was denied|was turned down for|got turned down for|got"
            rf" refused|been refused)"
            rf"(?: (?:all|both|two|three|four|several|another|the|my|our|his|her|their|a|an|last|this|every|"
            rf"of|of the|on|for|part of|half|most of|half of|\w+ payments? on))*(?: [\w-]+){{0,3}}? (?:{_DEBT}"
            rf"|{_BILL})",
            rf"(?:'ve|'s| have| has| had|'ve got| keep| keeps| kept| hold| holds| held| got| put|"
            rf" there's){ADVERBS}(?: got)?{_ABOUT} {_AMOUNT}(?: (?:sitting|left|saved|lying|stashed|put|"
            rf"invested|tucked))*(?: (?:up|away|aside))? (?:in|on|of|at|under|to|from)(?:"
            rf" \w+){{0,3}}? {_PLACES}",
            rf"(?:'ve|'s| have| has| had|'ve got){ADVERBS}(?: got)?{_ABOUT} {_AMOUNT} (?:saved|left|put aside|"
            rf"put away|stashed|tucked away|in debt|of debt|to live on|left over|to my name|to (?:his|her|our)"
            rf" name|set aside|outstanding|owing)",
            rf"(?:'ve|'s| have| has| had|'ve got| carry| carries| still have| still has){ADVERBS}(?:"
            rf" got)?{_ABOUT}(?: (?:a|an|the))?(?: [\w,.-]+){{0,2}} ?{_AMOUNT}(?: [\w-]+){{0,2}} (?:{_DEBT})",
            rf"(?:'ve|'s| have| has| had|'ve got){ADVERBS}(?: got)? (?:no (?:money|savings|pension)(?: left)?|"
            rf"(?:a|an) (?:\w+ ){{0,3}}(?:overdraft|debts?|ccj|credit card debt|bad credit(?: score)?|poor"
            rf" credit|county court judgment|garnishment|student loan|payday loan|tax bill|trust fund|second"
            rf" mortgage|loan shark|gambling debts?)|(?:\w+ )?(?:gambling |student |credit card |medical |tax"
            rf" )?debts?|bad credit|outstanding (?:loans?|debts?)|money problems|financial (?:problems|"
            rf"trouble|difficulties))",
            rf" (?:left|leaves|lent|owes?|owed) (?:me|us|him|her|them){_ABOUT} {_AMOUNT}",
            rf" (?:pay|pays|paid|'m paying|am paying|is paying){ADVERBS}(?: me| us| him| her| them)?{_ABOUT} {_AMOUNT}"
            rf" (?:in (?:rent|"
            rf"tax(?:es)?|alimony|child support|maintenance|interest)|(?:of|for) (?:rent|alimony|child"
            rf" support|maintenance)|(?:a month )?(?:towards|off|on|for) (?:my|the|our|his|her)"
            rf" (?:\w+ )?(?:debts?|mortgage|loans?|rent|credit cards?))",
        ),
        of_possessive=_rules(
            rf"(?: [\w-]+){{0,3}} {_FIGURE}(?: \w+){{0,3}} (?:is|are|was|were|of|went|goes|dropped|fell|rose|"
            rf"comes to|stands at|amounts to|sits at|has|at|just hit|hit|:|by){_SOON} ?{_AMOUNT}(?: (?:net|"
            rf"gross|after tax|before tax|a (?:month|year|week)|per \w+|to {_AMOUNT}))?",
            rf"(?: [\w-]+){{0,2}} {_FIGURE} (?:is|are|was|were|comes to|went up to){_ABOUT} \d[\d.,]{{0,15}} "
            r"(?:an?|per|each|every) (?:month|week|year|hour|day)",
            r"(?: [\w-]+){0,3} (?:credit score|credit rating|schufa(?: score)?)(?: \w+){0,2} (?:is|was|"
            r"dropped|fell|went|at|of|has|got)(?: \w+){0,2} ?\d*",
            r"(?: [\w-]+){0,3} (?:loans?|mortgage|credit cards?|overdraft|salary|wages?|paychecks?|pension|"
            r"benefits?|rent|account|house|home|flat|debts?|savings|card|car|credit)(?: \w+){0,2} (?:was|"
            r"were|got|is|are|has been|have been|went|had been)(?: \w+)? (?:refused|denied|rejected|turned"
            r" down|declined|maxed(?: out)?|overdrawn|in arrears|overdue|frozen|garnished|cut|reduced|"
            r"repossessed|foreclosed|in default|(?:all )?gone|empty|wiped out|into collections?|to"
            r" collections?|unpaid|late|sold (?:off )?to|in negative equity|in collections)",
            rf"(?: [\w-]+){{0,2}} (?:debts?|net worth|mortgage|student loans?|overdraft|savings|nest egg|bank"
            rf" balance)(?: [\w-]+){{0,3}} {_AMOUNT}",
        ),
        anywhere=_anywhere(
            (
                rf"(?:bank|lender|landlord|bailiffs?|debt collectors?|collection agency|irs|hmrc|creditors?)"
                rf" (?:\w+ ){{0,2}}(?:froze|closed|repossessed|garnished|foreclosed|is suing|are suing|took|"
                rf"seized|wants? {_AMOUNT}|is after|are after|keeps? calling|refused|turned down|denied|rejected|"
                rf"cut) (?:\w+ ){{0,3}}?(?:my|me|us|our|his|her|him|their)",
                (
                    "bank ",
                    "lender ",
                    "landlord ",
                    "bailiff",
                    "collector",
                    "collection agency",
                    "irs ",
                    "hmrc ",
                    "creditor",
                ),
            ),
            (
                rf"{_AMOUNT} (?:of|in|worth of) (?:my |our )?(?:[\w-]+ ){{0,2}}(?:debts?|savings|arrears|student"
                rf" loans?)(?: (?:hanging over|that (?:i|we)|i|we|to my name|left))",
                ("debt", "savings", "arrears", "student loan"),
            ),
        ),
        more=re.compile(
            r"(?:(?:[,:]| [–—-]|,? (?:and|plus))?"
            r"(?: (?:of|by|to|for|with|on|in|worth|totall?ing|an?|the|my|his|her|our|their|it's|that's|is|now|"
            rf"bank|{_DEBT}|{_FIGURE})){{0,4}}{_ABOUT} {_AMOUNT}){{0,8}}",
            re.IGNORECASE,
        ),
    )
