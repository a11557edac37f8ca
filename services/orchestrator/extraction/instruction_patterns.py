"""The words that make an instruction a standing one, and those that take it back. Pure."""

from __future__ import annotations

import re

FROM_NOW = (
    r"(?:(?:from|frm) (?:now|here|this point|this moment|today|tonight|tomorrow|next week|this day)(?: on(?:wards?)?"
    r"| forward)?(?: out| in)?"
    r"|as of (?:today|now|this moment|right now|rn)|from the moment you read this|(?:starting|beginning"
    r"|effective) (?:today|now|immediately"
    r"|right now|tomorrow|next week|next month)"
    r"|(?:from|(?:starting|beginning|effective|as of)(?: on)?(?: next| this)?)"
    r" (?:mon|tues|wednes|thurs|fri|satur|sun)day(?: on(?:wards?)?)?|henceforth"
    r"|starting with (?:your|ur|the) next (?:message|msg|answer|reply|response)"
    r"|henceforwards?|hereafter|in (?:the )?future|(?:going|moving) fo(?:r|re)?ward"
    r"|by default|as a (?:general )?rule(?! of thumb)|as a matter of course|until further notice"
    r"|until i say otherwise"
    r"|(?:until|unless) (?:i (?:say|tell you)|told) otherwise(?=[,.! ]*$)|until (?:i tell you|told) otherwise"
    r"|for (?:future reference|the future|all time|good|next time|the rest of (?:this|our|the) (?:chat|convo"
    r"|conversation|talk|session|thread|day|week)s?)"
    r"|in general|as a (?:policy|habit|default|matter of principle)|as standard|by convention|on principle"
    r"|with immediate effect|from this day forth|as from (?:now|today)|permanently|now and always"
    r"|till further notice)"
)
POLITE = (
    r"(?>(?:(?:please|pls|plz|kindly|just|also|hey|ok|okay|so|and|but|then|well|thanks|oh|yes|btw|by the way"
    r"|(?:can|could|would|will) (?:you|u|ya)|i(?:'d| would| should)? (?:really )?(?:want|like|love|need|prefer"
    r"|expect) (?:for )?(?:you|u) to"
    r"|(?:you|u) (?:should|must|have to|need to|gotta|are to|will|ought to|can|may|shall)|be sure to|make sure (?:to"
    r"|that you|you)"
    r"|(?:do )?remember(?:,? please,?)? to|try to|i(?:'d| would) (?:prefer (?:it )?(?:that|if)|rather"
    r"|appreciate it if|like it if"
    r"|love it if) you"
    r"|let's agree(?: that)?(?: you)?|let's|you'll|you're to|(?:please )?(?:ensure|see to it|see"
    r"|take care)(?: that)? you"
    r"|be so (?:kind|good) as to|do me a favou?r (?:and|n|nd)|(?:may|might|can) i ask (?:that )?you to"
    r"|you'd do me a (?:great )?(?:service|favou?r) if you|jsyk|omg"
    r"|make it an? (?:habit|rule|point|practice) to|get (?:in|into) the habit of always)\b[ ,]{0,2}){0,8})"
)
STARTS = re.compile(rf"(?P<polite>{POLITE})(?P<from>{FROM_NOW})\b[ ,:–—-]{{1,3}}(?P<what>.*)", re.I | re.S)
ENDS = re.compile(rf"[ ,]{{1,2}}{FROM_NOW}[.! ]*$", re.I)
ADVERB = (
    r"(?:(?:do )?always|never|nvr|nevr|no longer|only ever|(?:don't|dont|do not) (?:you )?ever"
    r"|(?:don't|dont|do not),? under any circumstances)\b"
)
BY_NO_MEANS = r"(?:under no circumstances|on no account|at no (?:time|point)|in no case)\b"
WISH = (
    r"(?:(?:i|it)(?:'d|'s| would| is)? (?:really )?(?:insist|ask|request|demand|prefer(?: it)?|rather"
    r"|appreciate it|love it"
    r"|like it|be (?:glad|happy|happier|grateful|better|great|nice|lovely|helpful|good|best)|important|essential"
    r"|vital|best)"
    r"(?: that| if)? you(?:'d| would| could)? (?:please )?|if you (?:could|would) (?:please )?)?"
)
ALWAYS = re.compile(rf"{POLITE}{WISH}(?P<what>(?:{ADVERB}|{BY_NO_MEANS}).*)", re.I | re.S)
OTHER_THAN_VERBS = re.compile(r"never mind|(?:always|never) (?-i:[A-Z][a-z])", re.I)
EVERY_TIME = r"(?:everytime|when ?ever|any ?time|each time|every? ?time|evry ?time|every single time)\b"
NOT_ANSWERING = (
    r" (?:you (?:can|like|want|have|come|visit|pass|feel|get (?:home|here|there|a)|need|arrive|land|see|meet|wish)"
    r"|you(?:'re| are) (?:in|free|back|ready|around|near|here|home|passing|bored|done)|it suits)\b"
)
"""What is said of a person's whereabouts: "whenever you're in town"."""
CASE = re.compile(
    rf"{POLITE}(?P<what>(?:(?P<every>{EVERY_TIME}(?!{NOT_ANSWERING})"
    r"|unless (?:i|told|asked|otherwise|you're|it's)\b|no matter\b|regardless of\b|(?:if|when) i (?:ever|ask|say"
    r"|mention|write|paste|share|send|post|type|swear|misspell|request|use|quote"
    r"|talk|speak)\b"
    r"|if (?:i|we) ever\b|(?:if|when) (?:you (?:answer|reply|respond|write|explain|talk|speak|quote|cite|translate"
    r"|summarise|summarize|suggest|recommend|mention|address|disagree)(?! (?:to|with) (?!me\b))|(?:answer|reply"
    r"|respond|writ|explain|talk"
    r"|speak|quot"
    r"|cit|translat|summaris|suggest|recommend|address)\w*ing|in doubt|unsure|uncertain|you(?:'re"
    r"| are) (?:not sure|unsure"
    r"|in doubt|uncertain)|you don't know)\b)"
    r"|(?P<once>when|before|after|if(?! i'd\b| i had\b)|once|while|as (?:soon|long|far) as|even (?:if|when)"
    r"|rather than|instead of"
    rf"|other than|apart from|except|for|with|at|in|on|until|without)\b"
    rf"|(?P<often>every|each|once an?|twice an?)\b)"
    rf"[^,\n]{{2,160}}?(?:, | (?=(?:always|never|just|please)\b))(?P<then>.*))",
    re.I | re.S,
)
CASE_UNBROKEN = re.compile(
    rf"{POLITE}(?P<what>(?:{EVERY_TIME} (?:i|we) (?=\w)|(?:when|if) (?:i|we)(?: ever)? (?=ask|say|mention|write"
    r"|paste|share"
    r"|type|use|send|post|request|talk))\w+\b(?:[^,\n]{2,80}?)(?<! to) (?P<then>(?:give|show|answer|reply|respond"
    r"|tell me|translate"
    r"|correct|explain|summari[sz]e|add|use|include|skip|convert|point out|quiz|don't|dont|do not|stick to"
    r"|send me|ask me|just \w+|stop|switch|end it|start|write|read|play|check|cross|suggest|call me)\b.*))",
    re.I | re.S,
)
"""As people write it who write no commas: "whenever i ask for code give me python"."""
OFTEN = re.compile(
    rf" {EVERY_TIME}(?!{NOT_ANSWERING}) (?:i|we|you|there|there's|it|it's|somebody|someone|an?|my|the)\b"
    r"|\b(?:(?:every|each) (?:single )?time|always|at all times|without exception|in all cases|without fail"
    r"|under all circumstances)$"
    r"|, (?:always|never)\b|^(?:default to|prefer)\b"
    r"|^(?:end|start|begin|finish|open|close) (?:each|every) message with\b|\bin (?:each|every) message$"
    r"|^(?!(?:tell|call|ping|remind|ask|let|text|message)\b).* (?:when|while) (?:you(?:'re| are)? (?:answer"
    r"|repl[yi]|respond"
    r"|write|writing|explain|talk|speak)(?:ing)?(?: (?:to|with) me)?|(?:answering|replying to|writing to"
    r"|talking to) me)$"
    r"|\b(?:unless|until) (?:i (?:ask|say|tell|request|want)|asked|told|you're (?:asked|told)|it's (?:urgent"
    r"|important))\b"
    r"|^(?:don't|dont|do not) .*\bwithout (?:asking|telling|checking|showing|warning|consulting|my|permission)\b",
    re.I,
)
YOURS = (
    r"(?:(?:all|each|every|any|none)(?: (?:one )?of)?(?: your)? (?:(?!the\b)[\w-]+ )?(?:answers?|repl(?:y|ies)"
    r"|responses?"
    r"|messages? you (?:send|write)|explanations?|conversations?|sentences? you write)"
    r"|(?:everything|anything|whatever) you (?:write|say|send|tell|give|answer)"
    r"|(?:all|each|every|any|none)(?: (?:one )?of)? (?:your|ur) [\w-]+|every (?:msg|message|answer|reply|response)"
    r"|all the [\w-]+ (?:that )?you (?:give|send|tell|show)"
    r"|(?:all|each|every|any)(?: of)?(?: the)? [\w-]+ you (?:write|send|give|make|suggest|quote|cite|recommend|draft"
    r"|create)"
    r"|your (?:[\w-]+ )?(?:answers|replies|responses|messages|explanations|summaries|suggestions|estimates"
    r"|sentences|emails"
    r"|texts|jokes|lists|recommendations|reports|tables|code samples|examples|tone|style|spelling|formatting)"
    r"|(?<!the )(?<!his )(?<!her )(?<!se )(?<!my )(?<!eir )(?:answers|replies|responses))\b"
)
ANSWERS = (
    r"(?:[\w-]+ ){0,3}(?:answers|replies|responses|messages|explanations|summaries|sentences|paragraphs|lists"
    r"|examples|units"
    r"|facts|sources|spelling|temperatures|prices|dates|bullet points)\b"
)
IN_YOURS = re.compile(rf"\b{YOURS}", re.I)
RECURS = re.compile(
    rf"\b(?:{YOURS}|each|every|all|any(?:thing|one|body)?|ever|future|(?:mon|tues|wednes|thurs|fri|satur|sun"
    rf"|week)days|weekends|mornings|evenings|our (?:chats|conversations|talks|sessions|lessons)|with me)\b",
    re.I,
)
WANTED = re.compile(
    rf"(?:(?:please|ok|okay|and|so|but) )?i(?:'d| would)? (?:want|like|need|expect|prefer) (?:to have |to see "
    rf"|to get )?"
    rf"(?P<what>{YOURS}.*|(?!(?:you|to|it)\b)[^,]{{2,60}} (?:in|with|after|at the (?:end|start|top"
    rf"|bottom) of) {YOURS}$)",
    re.I | re.S,
)
MANNER = (
    r"(?:call|us|say|add|end|start|begin|repeat|correct|ask|suggest|writ|tell|answer|giv|put|assum|interrupt"
    r"|offer|summaris"
    r"|summariz|hedg|prais|flatter|includ|mak|remind|apologis|apologiz|thank|explain|agree|lectur|preach|quot|mention"
    r"|reply|respond|bring|over\w+|second-guess|finish|nag|send|show|translat|swear|jok|guess|invent|sign|open"
    r"|pad|round)"
    r"\w{0,3}ing"
)
STOP = re.compile(
    rf"{POLITE}(?P<what>(?:stop|quit|no more|enough with) (?P<verb>[\w-]{{2,20}}ing)\b(?P<rest>.*))",
    re.I | re.S,
)
STOP_MANNER = re.compile(rf"{MANNER}$", re.I)
ONCE = re.compile(
    r"\b(?:there|now|here|today|tonight|this|that|yet|for now|at once|immediately|right away|it|just this once"
    r"|once more)\b",
    re.I,
)
GENERAL = re.compile(
    rf"\b(?:every\w*|each|all the time|always|everything|any ?more|again|so (?:much|often)|constantly|ever"
    rf"|{YOURS})\b",
    re.I,
)
NO_MORE = re.compile(
    r"(?:(?:please|ok|okay|and|so"
    r"|but)[ ,]{1,2})?(?P<what>no more (?P<thing>(?!than\b)[\w'-]+(?: (?!and\b)[\w'-]+){0,2})(?P<rest>.*))",
    re.I | re.S,
)
THING = (
    r"(?:emojis?|smileys|bullet points?|bullets|lists|jokes|puns|questions|disclaimers|apologies"
    r"|exclamation (?:marks|points)"
    r"|small talk|spoilers|summaries|jargon|cliches|clichés|footnotes|headings|tables|hashtags|slang"
    r"|abbreviations|caveats"
    r"|warnings|flattery|compliments|advice|rhymes|metaphors|nicknames|pet names|one-word answers|filler"
    r"|swearing|pleasantries|formalities|quotes?|sayings|proverbs|greetings|analogies|exclamations|pep talks"
    r"|smiley faces|follow-ups|fluff|lectures|paragraphs|headers|capitals|bold|italics)\b"
)
THINGS = re.compile(THING, re.I)
NOT_ANY_MORE = re.compile(
    rf"{POLITE}(?P<what>(?P<act>(?:don't|dont|do not)(?: you)? (?!(?:worry|wait|bother|cry|look for|be (?:sad|afraid"
    r"|upset|mad|angry))\b).*))",
    re.I | re.S,
)
MUST_NOT = re.compile(
    r"(?:(?:please|so|and|but|ok|okay|well|now)[ ,]{1,2})?"
    r"(?P<what>(?:you|u) (?:(?:must|should|shall) not|mustn't|shouldn't|are not to|aren't to"
    r"|(?:don't|dont|do not) (?:need|have) to|needn't) (?P<act>.*))",
    re.I | re.S,
)
ANY_MORE = re.compile(
    rf"\b(?:any ?more|any longer|ever again|again|ever|every (?:single )?time|each time|all the time|so often"
    rf"|{YOURS})(?: please)?$|\b{YOURS}",
    re.I,
)
RULE = re.compile(
    r"(?:(?:here is|here's|this is|and|so|ok|okay|let's make this) )?(?:(?:an?|my|the|one|another|new|house"
    r"|standing|golden"
    r"|simple|general|ground|first|second|other) ){0,3}(?:rule|instruction|order|convention|preference)s?"
    r"(?: (?:for you|from now on|number \w+|of the house))?(?::| [-–—]|(?<=new rule)|(?<=new rules),?) ",
    re.I,
)
ENOUGH = re.compile(
    rf"{POLITE}(?P<what>(?:(?:enough (?:of|with)|stop(?: with)?|quit|lay off|drop|cut(?: out)?|skip|lose|ditch|spare me"
    rf"|leave out"
    rf"|no need for) (?:(?:the|those|these|your|all) ){{1,2}}{THING}|(?:refrain from|avoid) (?:[\w-]+ing\b"
    rf"|{THING})).*)",
    re.I | re.S,
)
SHOULD = re.compile(rf"{YOURS} (?:should|must|need to|have to|ought to|are to|shall)\b", re.I)
RECURRING = re.compile(
    r"(?:at|in|on|for|with|after|before) (?:the \w+ of )?(?:each|every|all(?: of)?|any) (?:your |ur |my |our )?\w+ ",
    re.I,
)
NO_EVER = re.compile(
    rf"(?:(?:please|ok|okay|and|so|but)[ ,]{{1,2}})?(?P<what>(?:no|not an?) (?!one\b"
    rf"|more\b)[\w' -]{{2,60}}?,? (?:ever\b|in {YOURS}).*)",
    re.I | re.S,
)
RATHER = re.compile(
    r"(?:and |so |but )?i(?:'d| would) (?:much )?(?:rather|prefer(?: it| that)?(?: if)?|like it if|love it if"
    r"|appreciate it if)"
    r" you (?P<what>(?:didn't|did not|wouldn't|stopped)\b.*)",
    re.I | re.S,
)
NOUNS = re.compile(
    r"(?:no|nothing|only|not|never|less|more|fewer|shorter|longer|simpler|thou shalt)\b|[\w-]+er\b(?: please)?$"
    r"|[\w -]{2,30} only$",
    re.I,
)
TELLS = re.compile(
    r"(?<!i should have )(?<!i forgot to )(?<!i meant to )(?<!i wanted to )(?<!i must )(?<!i have to )(?<!let me )"
    r"\b(?:said|says|say|saying|reads?|told|tells?|wrote|writes?|writing|advice|advises?|motto|sign|label|song"
    r"|quotes?|proverb"
    r"|title|titled|called|help me|draft|translate|email|policy|poster|caption|slogan|lyrics?|used to"
    r"|rules? for (?:my|the)"
    r"|taught|teaches|warns?|warned|message|note"
    r"|comments?|readme|docstring|changelog|slide|speech|essay|tweet|tips?|lessons?(?: learned)?"
    r"|chapter|book|film|card|is|was|are)\b[^.!?,;]{0,60}$",
    re.I,
)
TOLD_AFTER = re.compile(
    r", (?:[\w'.-]+ ){1,3}(?:wrote|said|says|told|used to say|keeps saying|always says|warned|reads|read)\b"
    r"|, (?:they|people|some) say\b|, as (?:they say|people say|(?:the|my|that) \w+ (?:has it|puts it|goes"
    r"|says?|said|used to say)"
    r"|the saying|the song|the joke)\b",
    re.I,
)
CUT = re.compile(
    r",? and (?=(?:can|could|will|would) (?:you|u)\b)|[;\n(]| [–—] ?| - |: (?=i\b)|,? and (?=(?:always|never"
    r"|don't ever|do not ever|whenever|every time|each time)\b)"
    r"|, (?=(?:i|i'm|im|i've|ive|i'd|i'll|it|it's|its|that|that's|this|you|you're|they(?!/)|they're|we|we're|he(?!/)"
    r"|she(?!/)|there|my|because|since"
    r"|as(?! if| long| soon)|which|so|but (?:i|i'm|it|that|you|we|this|not now)|(?:and )(?:i|i'll|i'm|we|we'll)"
    r"|please|pls|thanks|thank|ok|okay|alright|right|will you|would you|or else|otherwise|though"
    r"|(?:(?:good|dear|my|old) )?(?:bot|darling|honey|boss|sir|madam|machine|assistant|robot|friend|mate"
    r"|buddy|pal|dear"
    r"|love|computer))\b)"
    r"|, (?=(?:[\w'-]+ ){1,2}(?:is|are|was|were|has|isn't|aren't|doesn't|don't|can't|won't)\b)"
    r"|, (?=[\w-]+'s (?:too|not|a|an|the|so|been|just|in|my)\b)",
    re.I,
)
TAG = re.compile(
    r",? (?:please|pls|plz|thx|ty|ok|okay|alright|all right|right|would you|will you|could you|can you|yes|thanks"
    r"|got it|deal"
    r"|agreed|understood|thank you)(?: please)?$",
    re.I,
)
QUOTED_LAST = re.compile(r"\x00[.!?]?[\"'”»`]")
"""The end of a quotation, of which ``words.own`` leaves the last stop and the mark."""
SINCE_NOW = re.compile(rf"\b{FROM_NOW}\b", re.I)
ASKS = re.compile(r"(?:^|, |: |; )(?:and |so |but |ok |okay )?(?:can|could|would|will) you\b", re.I)
REQUEST = re.compile(
    rf"\b(?:{FROM_NOW}|{EVERY_TIME}|please (?:always|never|stop)|(?:could|would) you (?:always|never)"
    r"(?! (?:recommend|suggest|advise|choose|expect|buy|consider|say)\b(?!.*\b(?:me|my|your)\b))"
    rf"|stop {MANNER})\b",
    re.I,
)
CLAUSE = re.compile(r"[;:–—(] ?|,? (?P<joint>and|so|but|then)[,:]? |, ", re.I)
