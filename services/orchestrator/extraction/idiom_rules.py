"""The patterns of ``idioms.py``: what is said in other words, and in which plain ones. Pure."""

from __future__ import annotations

import re

from services.orchestrator.extraction.lexicon import MONTHS, PLACES_OF_MINE, WEEKDAYS

_NAME = r"(?P<x>(?-i:[A-ZÀ-Þ])[\w'&.-]*\w(?: (?-i:[A-ZÀ-Þ])[\w'&.-]*\w)?)"
_NAME2, _NAME3, _NAME4 = (_NAME.replace("<x>", f"<{group}>") for group in "yzs")
_WHEN = (
    r"(?P<when>(?:,? (?:yesterday|today|last|this|on|in|for good|at last|after|since|two|three|a few|an?|mid)\b"
    r"(?! (?:moon|way|front|door|hurry)\b)[^,]*)?)(?:,.*)?$"
)
_NOT_IT = (
    r"(?!(?:it|this|that|these|those|them|you|your|him|her|all|everything|something|people|waiting|work)\b)"
)
_THING = (
    r"(?P<x>(?!(?:hair|nails|lunch|time|way|mind|seat|number|word|best|share)\b)[a-z][\w-]*(?: bike| phone)?)"
)
OF_MINE: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (
        re.compile(
            rf"^(?P<me>(?:I|we) (?:(?:have|has) )?)?(?:(?:just|finally|officially|only|totally|also"
            rf"|actually) )*(?:{pattern})",
            re.IGNORECASE,
        ),
        plain,
    )
    for pattern, plain in (
        (
            r"(?:walked out of|jacked in|packed in|jumped ship from|bailed on|got the boot from"
            r"|took (?:voluntary |early )?(?:redundancy|retirement) from|said (?:my )?goodbyes? to|moved on from"
            rf"|finished up at|got let go (?:from|by)) (?:my job at )?{_NAME}{_WHEN}",
            "I left {x}{when}",
        ),
        (
            rf"told {_NAME} (?:to (?:shove|stuff|stick) it|where to (?:stick|shove) it|i (?:quit|was leaving)){_WHEN}",
            "I left {x}{when}",
        ),
        (rf"hung up my {_NAME} (?:apron|uniform|badge|hat|cap){_WHEN}", "I left {x}{when}"),
        (
            rf"(?:broke it off|ended (?:it|things)|called it (?:quits|off)|finished|split up"
            rf"|split) with {_NAME}{_WHEN}",
            "I broke up with {x}{when}",
        ),
        (rf"(?:dumped|ditched|binned) {_NAME}{_WHEN}", "I broke up with {x}{when}"),
        (rf"(?:kicked|chucked|threw) {_NAME} out{_WHEN}", "I broke up with {x}{when}"),
        (
            rf"(?:gave {_NAME} (?:(?:the|my) ring back|back (?:the|my) ring)|gave (?:the|my) ring back)\b.*",
            "I called off the wedding",
        ),
        (
            r"(?:am )?(?:seeing|dating) (?:someone|somebody)(?! about| for| to)\b.*|(?:am )?taken now\b.*",
            "I am in a relationship",
        ),
        (rf"been (?P<what>dating|seeing) {_NAME}\b.*", "I am dating {x}"),
        (rf"settled (?:down )?in {_NAME}(?! (?:and|with) )\b.*", "I live in {x}"),
        (rf"(?:packed up|upped sticks) and (?:went to live in|moved to) {_NAME}\b.*", "I live in {x}"),
        (r"(?:gave up|stopped|quit) being (?P<x>(?:an? )?[\w-]+)\b.*", "I am no longer {x}"),
        (r"(?:went|gone) back to (?P<x>eat|drink|smok)ing(?P<what>(?: [a-z]+)?)\b.*", "I {x}{what} now"),
        (
            rf"(?:gave|donated) (?:my|our) {_THING} (?:away|to (?:my|our|a|the|charity|(?-i:[A-Z]))\b).*",
            "I got rid of my {x}",
        ),
        (
            rf"(?:(?:traded|swapped) (?:my|our|the) (?P<x>{PLACES_OF_MINE}|golf|polo|corsa)|traded in (?:my|our"
            rf"|the) (?P<y>[a-z]+)) (?:in\b|for (?:an?|my)\b).*",
            "I got rid of my {x}{y}",
        ),
        (rf"(?:scrapped|donated|flogged|binned) (?:my|our|the) {_THING}$", "I got rid of my {x}"),
        (
            r"have not (?:had|touched) a (?:single )?(?:cig|cigarette|fag|smoke) (?:in|for|since) (?!ages ago"
            r"|an? (?:hour|bit))"
            r"(?:\w+ ){0,2}(?:weeks|months|years|yrs|month|year|january|february|march|april|may|june|july|august"
            r"|september"
            r"|october|november|december|new year\S*|christmas|easter)\b.*",
            "I no longer smoke",
        ),
        (
            r"(?:am )?(?:smoke[- ]free|off the (?:fags|cigs|cigarettes))(?: (?:since|for|now)\b.*)$",
            "I no longer smoke",
        ),
        (
            r"(?:(?:one|two|three|five|ten|\d+) (?:\w+ )?(?:weeks?|months?|years?)) (?:smoke[- ]free"
            r"|off the (?:fags|cigs))\b.*",
            "I no longer smoke",
        ),
        (r"kicked the habit\b.*", "I no longer smoke"),
        (
            r"(?:(?:am|been) )?off (?:the )?(?:cigarettes|fags|cigs|smokes)(?: (?:for|since) .*)?$",
            "I no longer smoke",
        ),
        (
            r"(?:(?:am|been) )?(?P<x>eat|drink)ing (?P<what>meat|fish|chicken|dairy|eggs) (?:again|now)\b.*",
            "I {x} {what} now",
        ),
        (r"am cured of my (?P<x>[a-z]+) allergy\b.*", "I am no longer allergic to {x}s"),
        (r"(?:am employed|have a job)(?: again| now)$", "I found a job"),
        (r"signed (?:my|our|the) divorce papers\b.*", "My divorce came through"),
        (
            r"(?:left|moved out of|packed up) (?:(?-i:[A-Z])\w+|[a-z]+) and (?:settled in"
            r"|moved to) (?P<x>(?-i:[A-Z])\w+)$",
            "I live in {x}",
        ),
        (r"(?:gave|given) up the (?:fags|cigs|ciggies|smokes)\b.*", "I no longer smoke"),
        (r"am a non-?smoker now\b.*", "I no longer smoke"),
        (
            r"let (?:my|our) (?P<x>[\w'&-]+(?: [\w'&-]+)?) (?P<what>subscription|membership) (?:lapse|run out"
            r"|expire)\b.*",
            "I cancelled my {x} {what}",
        ),
        (
            r"(?:cancell?ed|ditched) (?P<x>netflix|spotify|disney\+|amazon prime|prime|audible|hulu|hbo"
            r"|youtube premium)\b.*",
            "I cancelled my {x} subscription",
        ),
        (
            r"(?:given up on|gave up on|dropped|ditched|quit|abandoned) (?P<x>[a-z]+ese|(?:Engl|Span|Turk|Swed"
            r"|Dan|Finn|Pol"
            r"|Ir)ish|Dutch|French|German|Italian|Korean|Russian"
            r"|Arabic|Greek|Hindi)\b.*",
            "I gave up {x}",
        ),
        (
            r"(?:got (?:my|a)|have (?:my|a)) (?:driving |driver's )?licen[cs]e (?:yesterday|on|last|in|this"
            r"|at last)\b.*",
            "I passed my driving test",
        ),
        (r"(?P<x>found|got|landed) (?P<y>the|a|my) (?P<what>new )?job(?: at last)?$", "I {x} {y} {what}job"),
        (
            r"hung up my (?P<x>football|running|rugby|boxing|ballet|dancing|tennis|hockey|climbing) (?:boots|shoes"
            r"|racket|gloves"
            r"|skates|kit|harness)\b.*",
            "I gave up {x}",
        ),
        (r"found work(?: as (?P<x>an? \w+))?\b.*", "I found a job"),
        (
            r"found (?:an?|our|the) (?:new )?(?P<x>flat|place|house|apartment|room)(?: at last| to (?:rent|live in))?$",
            "I found a {x}",
        ),
        (
            r"signed the lease (?:for|on) (?:a|the|my|our) (?:new )?(?P<x>flat|place|house|apartment|room)\b.*",
            "I found a {x}",
        ),
        (r"(?:am )?back (?:at|to) work (?:since (?!lunch)\w+|from my leave)$", "I am no longer on leave"),
        (
            r"(?:got|had) (?:my|the) (?P<x>braces|cast|stitches|retainer)(?: taken)? (?:off|out|removed)\b.*",
            "My {x} came off",
        ),
        (
            r"(?:came|come|am) off (?P<x>(?:my )?(?:meds|medication|antidepressants|insulin|statins|steroids|the pill"
            r"|antibiotics|warfarin|HRT|methadone))\b.*",
            "I am no longer on {x}",
        ),
        (
            r"(?:stopped|quit) taking (?P<x>(?:my )?(?:meds|medication|antidepressants|insulin|statins|steroids"
            r"|the pill"
            r"|warfarin|HRT))\b.*",
            "I am no longer on {x}",
        ),
        (r"grew out of my (?P<x>[a-z]+) allergy\b.*", "I am no longer allergic to {x}s"),
        (
            rf"(?:got over|overcame|conquered|lost) my fear of (?P<x>{_NOT_IT}[\w -]+)",
            "I am no longer afraid of {x}",
        ),
        (
            rf"(?:am )?(?:so )?(?:bored of|tired of|fed up with|sick of) (?P<x>{_NOT_IT}(?!(?:my|the|being"
            rf"|having)\b)[\w -]+?)"
            r" (?:now|these days)$",
            "{x} bore me now",
        ),
        (rf"lost my (?:taste|love|passion|appetite) for (?P<x>{_NOT_IT}[\w -]+)", "{x} bore me now"),
        (
            r"(?:switched|gone|went) from (?P<x>coffee|tea|beer|wine|meat|sugar|milk) to (?P<what>[\w -]+)",
            "I no longer drink {x}",
        ),
        (rf"(?:come|came) (?:a?round) to (?P<x>{_NOT_IT}(?!(?:my|the|your)\b)[\w -]+)", "I like {x}"),
        (rf"(?:learned|learnt|grown|grew) to (?:like|love) (?P<x>{_NOT_IT}[\w -]+)", "I like {x}"),
        (
            r"(?:switched|changed) (?P<x>dentist|doctor|gp|therapist|hairdresser|barber|accountant|landlord"
            r"|lawyer)s?\b.*",
            "I have a new {x}",
        ),
        (
            r"got a new (?P<x>boss|manager|landlord|landlady|dentist|doctor|gp|therapist|supervisor)(?: now| today)?$",
            "I have a new {x}",
        ),
        (rf"report to {_NAME} now$", "{x} is my manager now"),
        (
            r"(?:got|have) (?:my|our) own (?:place|flat|apartment)(?: now| at last)?$|flew the nest\b.*",
            "I moved out of my parents' place",
        ),
        (r"turned the big (?P<x>\d\d)\b(?P<what>.*)", "I turned {x}{what}"),
        (r"tied the knot\b(?P<what>.*)", "I got married{what}"),
        (r"hit (?P<x>\d\d) (?P<what>yesterday|last week|on \w+day|this week)$", "I turned {x} {what}"),
        (rf"clocked off at {_NAME} for (?:the last time|good)\b.*", "I left {x}"),
        (
            r"(?:went|gone) (?:freelance|self-employed)\b.*|(?:have )?started my own (?:business|company|firm)\b.*",
            "I am self-employed",
        ),
        (r"(?:took|taken) early retirement\b.*", "I am retired"),
        (r"(?:fell|fallen|came|come) off the (?P<x>vegan|vegetarian|keto) wagon\b.*", "I am no longer {x}"),
        (
            r"(?:went|gone|turned) (?P<x>vegan|vegetarian|pescatarian)(?=$|,| (?:in|since|last|this|two|three"
            r"|a year)\b).*",
            "I am {x}",
        ),
        (r"retrained as (?P<x>an? [\w-]+)\b.*", "I work as {x}"),
        (rf"(?:had to give|gave) (?:my|our) {_THING} (?:away|up)\b.*", "I got rid of my {x}"),
        (r"(?:deleted|closed|cancell?ed) my (?P<x>[\w'&-]+ account)\b.*", "I got rid of my {x}"),
        (r"had to (?:stop|quit|give up) (?P<x>[a-z]+ing)\b.*", "I stopped {x}"),
        (r"(?:outgrew|outgrown) (?:my|the) (?P<x>[a-z]+) allergy\b.*", "I am no longer allergic to {x}s"),
        (r"(?:learned|learnt) (?:how )?to (?P<x>swim|drive|ski|cook|ride a bike|skate)\b.*", "I can {x} now"),
        (r"moved out of home\b.*", "I moved out of my parents' place"),
        (r"went back to work\b(?! (?:after|from) lunch).*", "I am no longer on leave"),
        (
            r"(?:stopped|quit|dropped|cancell?ed) my (?P<x>[a-z]+) (?:lessons|classes|course)\b.*",
            "I gave up {x}",
        ),
        (r"(?P<x>divorced|separated|widowed|retired) since (?P<what>.*)", "I am {x} since {what}"),
    )
)
"""What the speaker did; with or without "I"."""
OTHERS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(rf"^(?:{pattern})", re.IGNORECASE), plain)
    for pattern, plain in (
        (
            rf"(?:my|our) time (?:at|with) {_NAME} (?:is over|has (?:come to an end|ended)|ended|is up)\b.*",
            "I left {x}",
        ),
        (rf"{_NAME} (?:walked out on|finished with|ended (?:it|things) with) me\b.*", "{x} broke up with me"),
        (rf"{_NAME} left me for (?:an?|his|her|some|my|the)\b.*", "{x} broke up with me"),
        (
            rf"{_NAME} ended (?:it|things)(?: with me)?(?: yesterday| last \w+| on \w+day| over text)?$",
            "{x} broke up with me",
        ),
        (rf"we (?:have )?(?:broke up|split up|split|broken up), me and {_NAME}$", "{x} and I broke up"),
        (rf"{_NAME} dumped me\b.*", "{x} dumped me"),
        (rf"(?:it is|its|it's) over between {_NAME} and (?:me|I)\b.*", "{x} and I broke up"),
        (rf"{_NAME} and (?:me|I) have split$", "{x} and I broke up"),
        (rf"{_NAME} and I tied the knot\b.*", "{x} and I got married"),
        (rf"(?:my|our) new (?:place|home|flat|house|apartment) is in {_NAME}$", "I live in {x}"),
        (rf"bye(?:[ -]bye)? (?:(?-i:[A-Z])\w+|[a-z]+), (?:hello|hi) {_NAME}\b.*", "I live in {x}"),
        (
            r"as of (?:today|now|yesterday|this (?:week|month)|(?:mon|tues|wednes|thurs|fri|satur"
            r"|sun)day),? I am (?P<x>.+)",
            "I am {x}",
        ),
        (
            rf"(?:my|our) {_THING} (?:(?:got|was|has been) (?:written off|scrapped|totall?ed|repossessed)"
            rf"|went to the (?:scrapyard"
            r"|scrap yard|dump))\b.*",
            "I got rid of my {x}",
        ),
        (
            rf"the {_THING} (?:got written off|was scrapped|went to the (?:scrapyard|scrap yard))\b.*",
            "I got rid of my {x}",
        ),
        (
            rf"{_NAME} (?:had to be put (?:down|to sleep)|crossed the rainbow bridge)\b.*",
            "I had to put {x} down",
        ),
        (
            r"it(?:'s| has|s) been (?:\w+ ){1,3}(?:weeks|months|years|year|month) since I last (?P<x>smok|vap)ed",
            "I no longer {x}e",
        ),
        (r"turns out (?:that )?(?=I )(?P<x>I .+)", "{x}"),
        (r"(?P<x>[\w-]+(?: [\w-]+)?) (?:has|have) (?:really )?grown on me\b.*", "I like {x}"),
        (
            r"it (?:was|is) my (?P<x>\d\d)(?:th|st|nd|rd) birthday (?P<what>yesterday|today|last week|on \w+)$",
            "I turned {x} {what}",
        ),
        (
            rf"{_NAME} is (?:now )?home(?: now| these days)$|home is (?:now )?{_NAME2} (?:now|these days)$"
            rf"|the move to {_NAME3} is (?:done|complete|over)$",
            "I live in {x}{y}{z}",
        ),
        (
            rf"it did not work out with {_NAME}\b.*|things with {_NAME2} (?:fizzled out|are over|ended|went south)\b.*",
            "I broke up with {x}{y}",
        ),
        (rf"{_NAME} moved out and took (?:the|our) (?:dog|cat|kids|car)\b.*", "I broke up with {x}"),
        (
            r"(?:they|my (?:boss|manager|company)) gave me the (?:sack|boot|push)\b(?P<what>.*)",
            "I got sacked{what}",
        ),
        (rf"(?:{_NAME} (?:dismissed|sacked|fired) me|my job at {_NAME2} is gone)\b.*", "I left {x}{y}"),
        (r"my (?P<x>[a-z]+(?:ing)?) days are (?:over|done|behind me)\b.*", "I am no longer a {x}"),
        (
            r"(?:my|our) (?P<x>bike|car|moped|scooter|van|phone|laptop|wallet|camera|guitar) (?:got|was|has been|were)"
            r" (?:nicked|pinched|swiped|robbed|stolen)\b(?P<what>.*)",
            "My {x} was stolen{what}",
        ),
        (
            r"(?:the|my|our) (?P<x>bike|car|moped|scooter|van|boat|motorbike|piano|guitar|caravan)(?:'s| is"
            r"| has) (?:been )?(?:now )?"
            r"(?:gone|sold|scrapped)(?: now| at last| for good)?$",
            "I got rid of my {x}",
        ),
        (
            r"(?:my|the) (?P<x>[a-z]+) allergy (?:is gone|has gone|has cleared up|cleared up|went away)\b.*",
            "I am no longer allergic to {x}s",
        ),
        (
            r"(?:(?:we|I) moved, )?new (?P<x>number|address|e-?mail)(?: is|:| -) (?P<what>.+)",
            "My new {x} is {what}",
        ),
        (
            rf"{_NAME} is (?:now )?the new (?P<what>boss|manager|supervisor|landlord|coach)\b.*",
            "{x} is my new {what}",
        ),
        (
            r"since (?P<x>\w+) I (?:have been|am) (?:at|with) (?P<y>(?-i:[A-ZÀ-Þ])[\w'&-]+)$",
            "I have been at {y} since {x}",
        ),
    )
)
GAVE_UP = re.compile(rf"^(?P<me>(?:I|we) (?:(?:have|has) )?)?(?:gave|given) up {_NAME}{_WHEN}", re.IGNORECASE)
NEW_EMPLOYER = re.compile(
    rf"^(?:(?:I|we) )?(?:(?:am|have been) (?:at|with) {_NAME} now|have been (?:at|with) {_NAME4} since"
    rf" (?:{WEEKDAYS}|{MONTHS}|last \w+)$"
    rf"|(?:(?:\w+ was )?my )?first (?:day|week|month|shift) at"
    rf" {_NAME2}(?:$| (?:is )?(?:done|over|today|went .*))|jumped ship to {_NAME3}\b)"
    rf"|^{_NAME.replace('<x>', '<v>')} (?:poached me|hired me|took me on)\b"
    rf"|^(?:I )?(?:accepted|took) (?:an?"
    rf"|the) (?:job )?offer from {_NAME.replace('<x>', '<w>')} and (?:have )?started\b",
    re.IGNORECASE,
)
"""Where one works since, if it is an employer."""
NO_EMPLOYER = re.compile(
    rf"^(?:no more {_NAME}|{_NAME2} (?:went bust|closed down|went under|shut down))$", re.IGNORECASE
)
"""Where one works no more, if it is one."""
NO_LONGER_IN = re.compile(
    rf"^(?:I|we) (?:am|are) (?:no longer in {_NAME}|not in {_NAME2} any ?(?:more|longer))$", re.IGNORECASE
)
SWAPPED = re.compile(
    rf"^(?:(?:I|we) (?:have )?)?(?:swapped|traded|exchanged) {_NAME} for {_NAME2}(?=$| (?:in|last|this|two|three)\b)",
    re.IGNORECASE,
)
SCHOOL = re.compile(r"\b(?:School|University|College|Academy|Uni)\b")
