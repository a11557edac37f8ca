"""The words that make an instruction a standing one, and those that take it back. Pure."""

from __future__ import annotations

import re

FROM_NOW = (
    r"(?:(?:from|frm|form|fron) (?:now|nw|here|this point|this moment|today|2day|tonight|tomorrow|next week"
    r"|this day)(?: on(?:wards?)?"
    r"| forward)?(?: out| in)?"
    r"|as of (?:today|now|this moment|right now|rn)|from the moment you read this|(?:starting|beginning"
    r"|effective) (?:today|now|immediately"
    r"|right now|tomorrow|next week|next month)"
    r"|(?:from|(?:from(?= (?:next|this) \w+day on)|starting|beginning|effective|as of)(?: on)?(?: next| this)?)"
    r" (?:mon|tues|wednes|thurs|fri|satur|sun)day(?: on(?:wards?)?)?|henceforth"
    r"|starting with (?:your|ur|the) next (?:message|msg|answer|reply|response)"
    r"|henceforwards?|hereafter|in (?:the )?future|(?:going|moving) fo(?:r|re)?ward"
    r"|by default|as a (?:general |permanent |standing )?rule(?! of thumb)"
    r"|as a (?:permanent|standing|lasting) \w+|as a matter of course|until further notice"
    r"|until i say otherwise"
    r"|(?:until|unless) (?:i (?:say|tell you)|told) otherwise(?=[,.! ]*$)|until (?:i tell you|told) otherwise"
    r"|for (?:future reference|the future|all time|good|next time|the rest of (?:this|our|the) (?:chat|convo"
    r"|conversation|talk|session|thread|day|week)s?)"
    r"|now and (?:in (?:the )?future|for ?ever)|in general|as a (?:policy|habit|default|matter of principle)"
    r"|as standard|by convention|on principle"
    r"|with immediate effect|from this day forth|as from (?:now|today|tomorrow|this (?:day|week|point))|permanently"
    r"|now and always"
    r"|till further notice|make it (?:an?|your) (?:habit|rule|point|practice) to)"
)
POLITE = (
    r"(?>(?:(?:please|pls|plz|kindly|just|also|hey|ok|okay|so|and|but|then|well|thanks|oh|yes(?!/)|btw|by the way"
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
    r"|you'd do me a (?:great )?(?:service|favou?r) if you|jsyk|omg|lol|haha|listen|look|alright|ugh|ps|p\.s\.|fyi"
    r"|here'?s the (?:thing|deal)|(?:one|last) (?:more |last )?thing"
    r"|feel free to|(?:don't|dont|do not) hesitate to|i(?:'ve| have)? (?:already )?told (?:you|u)(?: already"
    r"| before)?|like(?= (?:from|always|never)\b)"
    r"|it goes without saying(?: that)?|get (?:in|into) the habit of always)\b[ ,]{0,2}){0,8})"
)
STARTS = re.compile(
    rf"(?P<polite>{POLITE})(?P<from>{FROM_NOW})\b(?:,? (?:though|however|then)\b)?"
    r"[ ,:–—-]{1,3}(?P<what>.*)",
    re.I | re.S,
)
ENDS = re.compile(rf"[ ,]{{1,2}}{FROM_NOW}[.! ]*$", re.I)
SAYS_SINCE = re.compile(rf"(?! in general)[ ,]{{1,2}}{FROM_NOW}[.! ]*$", re.I)
"""Of what an instruction ends with, that which says no more than that it stands."""
ADVERB = (
    r"(?:(?:do )?(?:always|alwyas|alwasy|alwys|allways|alway)|never|nvr|nevr|nver|no longer|only ever|(?:don't|dont"
    r"|do not) (?:you )?ever"
    r"|(?:don't|dont|do not) u ever|(?:don't|dont|do not),? under any circumstances)\b"
)
BY_NO_MEANS = r"(?:under no circumstances|on no account|at no (?:time|point)|in no case)\b"
WISH = (
    r"(?:(?:i|it)(?:'d|'s| would| is| must| do| have to)? (?:really )?(?:insist|ask|request|demand|prefer(?: it)?"
    r"|rather"
    r"|appreciate it|love it"
    r"|like it|be (?:glad|happy|happier|grateful|better|great|nice|lovely|helpful|good|best)|important|essential"
    r"|vital|best)"
    r"(?: that| if)? you(?:'d| would| could)? (?:please )?|if you (?:could|would) (?:please )?|(?:would (?:you"
    r"|u) )?mind "
    r"|it(?:'d| would) be (?:very |so )?(?:kind|nice|good|great|sweet) of (?:you|u) "
    r"|we(?:'ll| will| shall|'d| would) (?:get (?:on|along)|be friends|do)\b[^,?]{0,30} if you )?"
)
ALWAYS = re.compile(rf"{POLITE}{WISH}(?P<what>(?:{ADVERB}|{BY_NO_MEANS}).*)", re.I | re.S)
OTHER_THAN_VERBS = re.compile(
    r"never mind|never say (?:never|die)\b"
    r"|(?:always|never) have (?:\w+ed|been|done|gone|come|told|said|let|seen|left|made|bought|\w+[td]en)\b"
    r"|(?:always|never) (?-i:[A-Z][a-z])",
    re.I,
)
IS_TITLE = re.compile(
    r"(?<!what)(?<!which)(?<!who)(?<!it) (?:is|was|'s) (?:(?:still|really|such|also|only|just) )?"
    r"(?:(?:my|our|his|her|their|an?|the|one of|from) [^.!?,;]{0,40}\b(?:song|film|movie|saying|motto|tune|track|book"
    r"|novel|title|hymn|quote|lyric|album|slogan|proverb|single|anthem|cliche|cliché|phrase)s?\b"
    r"|(?:what|how) (?:my|our|his|her|the|he|she|they|people|mum|mom|dad) [\w' ]{0,30}\b(?:says?|said|sings?|sang|goes"
    r"|told|tells|puts?)\b)",
    re.I,
)
"""After words that somebody speaks of: "always look on the bright side of life is my favourite song"."""
EVERY_TIME = (
    r"(?:when ?ever|whenver|wenever|any ?time|each (?:and every )?time"
    r"|(?:every?|evry|evey|evrey|evr)[ -]?(?:single |damn )?(?:time|tiem))\b"
)
NOT_ANSWERING = (
    r" (?:(?:you|u) (?:can|like|want|have|come|visit|pass|feel|get (?:home|here|there|a)|need|arrive|land|see|meet"
    r"|wish)"
    r"|(?:you(?:'re| are)|ur) (?:in|free|back|ready|around|near|here|home|passing|bored|done)|it suits)\b"
)
"""What is said of a person's whereabouts: "whenever you're in town"."""
CASE = re.compile(
    rf"{POLITE}(?P<what>(?:(?P<every>{EVERY_TIME}(?!{NOT_ANSWERING})"
    r"|for as long as (?:i|we|you|it)\b(?! can remember)|as long as (?:we(?:'re| are)|i(?:'m| am))\b(?! (?:at it"
    r"|here)\b)|throughout\b"
    r"|(?:whatever|whichever|whoever) (?:i|we)\b|even (?:if|when) i\b"
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
    rf"|other than|apart from|except|during|for|with|at|in|on|until|without)\b"
    rf"|(?P<often>every|each|once an?|twice an?)\b)"
    rf"[^,\n]{{2,160}}?(?:, | (?=(?:always|never|just|please)\b))(?P<then>.*))",
    re.I | re.S,
)
CASE_UNBROKEN = re.compile(
    rf"{POLITE}(?P<what>(?:{EVERY_TIME}(?!{NOT_ANSWERING})"
    r" (?:i|we|you|u|i'?m|ur|you're|we're|there'?s|it'?s) (?=\w)|(?:when|if) (?:i|we)(?: ever)? (?=ask|say|mention"
    r"|write"
    r"|paste|share"
    r"|type|use|send|post|request|talk)"
    r"|(?:every|each) (?=(?:day|nite|night|morning|evening|week|month|\w+day) (?:at|on|tell|remind|give|send|ask"
    r"|show)\b))"
    r"\w+\b(?:[^,\n]{1,80}?|(?<!say)(?<!type)(?<!write)(?<!mention)(?<!use))(?<! to) (?P<then>(?:give(?! or take)"
    r"|show|answer|reply"
    r"|respond"
    r"|tell me|translate"
    r"|correct|explain|summari[sz]e|add|use|include|skip|convert|point out|quiz|fix it|don't|dont|do not|stick to"
    r"|send me|ask me|just \w+|stop|switch|end it|start|write|read|play|check|cross|suggest|call me|remind me"
    r"|(?<!to )(?<!or )(?<!and )(?<!u )(?<!you )(?<!they )(?<!we )"
    r"(?<!he )(?<! i )(?<!it )(?<!that )"
    r"(?:leave|take|keep|make|put|let|warn|call|cut|turn|read|check|spell) (?:me|it|that|them|in|out|off|the|my|all))"
    r"\b.*))",
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
    r"|\b(?:unless|until|til|till) (?:i (?:ask|say|tell|request|want)|asked|told|you're (?:asked|told)|it's (?:urgent"
    r"|important))\b"
    r"|^(?:don't|dont|do not) .*\bwithout (?:asking|telling|checking|showing|warning|consulting|my|permission)\b",
    re.I,
)
YOURS = (
    r"(?:(?:all|each and every|each|every single|every|any|none)(?: (?:one )?of)?(?: (?:your"
    r"|ur))? (?:(?!the\b)[\w-]+ )?(?:answers?|repl(?:y|ies)"
    r"|responses?"
    r"|messages? you (?:send|write)|explanations?|conversations?|sentences? you write)"
    r"|(?:everything|anything|whatever) you (?:write|say|send|tell|give|answer)"
    r"|(?:all|each|every|any|none)(?: (?:one )?of)? (?:your|ur) [\w-]+|every (?:msg|message|answer|reply|response)"
    r"|all the [\w-]+ (?:that )?you (?:give|send|tell|show)"
    r"|(?:all|each|every|any)(?: of)?(?: the)? [\w-]+ you (?:write|send|give|make|suggest|quote|cite|recommend|draft"
    r"|create)"
    r"|(?:your|ur) (?:[\w-]+ )?(?:answers|replies|responses|messages|msgs|explanations|summaries|suggestions|estimates"
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
STOP_ALONE = re.compile(
    r"(?:apologi[sz]|hedg|flatter|lectur|preach|morali[sz]|patroni[sz]|grovel|waffl|rambl|over-?explain|nagg|swear)"
    r"\w{0,3}ing",
    re.I,
)
"""What nobody is asked to stop but for good."""
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
    r"(?P<what>(?:you|u)(?: |(?='))(?:'re not to|(?:must|should|shall) not|mustn't|shouldn't|are not to|aren't to"
    r"|(?:don't|dont|do not) (?:need|have) to|needn't) (?P<act>.*))",
    re.I | re.S,
)
ANY_MORE = re.compile(
    rf"\b(?:any ?more|any longer|ever again|again|ever|every (?:single )?time|each time|all the time|so often"
    rf"|{YOURS})(?: please)?$|\b{YOURS}",
    re.I,
)
RULE = re.compile(
    r"(?:(?:here is|here's|this is|and|so|ok|okay|let's make this|consider this|(?:let me|let's|i'd like to"
    r"|i want to|i'll|i will)"
    r" (?:set|make|lay down|state|add|give you|have)) )?(?:(?:an?|my|the|one|another|new|house|standing|golden"
    r"|simple|general|ground|permanent|first|second|other) ){0,3}(?:rule|instruction|order|convention|preference"
    r"|(?<=standing )(?:request|wish))s?"
    r"(?: (?:for you|(?:for|4) u|from now on|number \w+|of the house|here|(?:for|about|on|when|with|regarding)"
    r" (?!my\b|the\b|his\b|her\b|their\b|a\b|an\b)[\w' -]{2,40}))?(?:, [^,:]{2,60})?(?::| [-–—]|(?<=new rule),?"
    r"|(?<=new rules),?) ",
    re.I,
)
REMEMBER = re.compile(
    rf"{POLITE}(?:(?:remember|rember|note|know|keep in mind|bear in mind|(?:keep|bear) (?:this|that) in mind|save"
    rf"|memori[sz]e|write down)\b(?: (?:this|that|it|these|me)\b)?(?: down)?(?: please| pls)?,? (?:always|forever)?)?"
    rf" ?(?:{FROM_NOW}|(?:for|4) (?:good|ever|all future \w+|(?:our|the|your) (?:next|future) \w+)|(?<=ever)"
    rf"|(?<=always))"
    r",?(?::| [-–—]) ",
    re.I,
)
"""What is said to be remembered: "for good: …"."""
YOU_DO = re.compile(
    r"(?:you|u) (?:never|always|only|don't|dont|do not|must|shall|should|are to|ask|tell|give|show|answer|let|wait)\b",
    re.I,
)
"""After "a rule: ", what it bids."""
ENOUGH = re.compile(
    rf"{POLITE}(?P<what>(?:(?:enough (?:of|with)|stop(?: with| w)?|quit(?: with| w)?|lay off|drop|cut(?: out"
    rf"| down on)?|skip|lose|ditch"
    rf"|spare me|leave out|knock off|go (?:a bit )?(?:easy|easier) (?:on|with)|ease (?:up|off) on|tone down"
    rf"|dial (?:back|down)"
    rf"|less of"
    rf"|no need for) (?:(?:the|those|these|your|ur|all) ){{1,2}}{THING}"
    rf"|(?:enough|stop|quit|lay off|knock off|knock it off)(?: of| with| w)? (?:the|this|that|those|your|ur|all the)"
    rf" [^.,;!?]{{2,40}}? (?:stuff|thing|things|talk|act|routine|shtick|business|nonsense)\b"
    rf"|(?:refrain from|avoid) (?:[\w-]+ing\b"
    rf"|{THING})).*)",
    re.I | re.S,
)
SHOULD = re.compile(rf"{YOURS} (?:should|must|need to|have to|ought to|are to|shall)\b", re.I)
SHOULD_IN_YOURS = re.compile(
    rf"(?!(?:i|you|u|we|he|she|they|it|if|when|what)\b)(?:[\w'-]+ ){{1,6}}(?:should|must|shall|are to|is to|have to"
    rf"|need to) "
    rf"[^,.;:]{{1,80}}? in {YOURS}$",
    re.I,
)
RECURRING = re.compile(
    r"(?:at|in|on|for|with|after|before) (?:the \w+ of )?(?:(?:each|every|all(?: of)?|any) (?:your |ur |my |our )?\w+"
    r"|(?:your|ur) (?:answers|replies|responses|explanations|summaries|messages|translations)) ",
    re.I,
)
IF_YOURS = re.compile(
    rf"(?:and |so |but )?(?:(?:it|that)(?:'d| would| will|'ll)|i(?:'d| would)) [^,?;:]{{2,40}} if"
    rf" (?P<what>{YOURS}.*)",
    re.I | re.S,
)
"""What would be better: "I'd love it if your answers …"."""
NO_EVER = re.compile(
    rf"(?:(?:please|ok|okay|and|so|but)[ ,]{{1,2}})?(?P<what>(?:no|not an?) (?!one\b"
    rf"|more\b)[\w' -]{{2,60}}?,? (?:ever\b|in {YOURS}).*)",
    re.I | re.S,
)
NEVER_TO = re.compile(
    r"(?:(?:and|so|but|ok|okay)[ ,]{1,2})?(?:you|u)(?:'re| are| r) (?P<what>never to (?P<act>.*))",
    re.I | re.S,
)
RATHER = re.compile(
    r"(?:and |so |but )?i(?:'d| would) (?:much )?(?:rather|prefer(?: it| that)?(?: if)?|like it if|love it if"
    r"|appreciate it if)"
    r" you (?P<what>(?:didn't|did not|wouldn't|stopped)\b.*)",
    re.I | re.S,
)
NOUNS = re.compile(
    r"(?!.{0,60}\bfor me$)(?:no|nothing|only|not|never|less|more|fewer|shorter|longer|simpler|thou shalt)\b"
    r"|[\w-]+er\b(?: please)?$"
    r"|[\w/ -]{2,30} only$",
    re.I,
)
TELLS = re.compile(
    r"(?<!i should have )(?<!i forgot to )(?<!i meant to )(?<!i wanted to )(?<!i must )(?<!i have to )(?<!let me )"
    r"(?<!here )(?<!here it )\b(?:said|says|say|saying|reads?|told|tells?|wrote|writes?|writing|advice|advises?"
    r"|motto|sign|label|song"
    r"|quotes?|proverb"
    r"|title|titled|called|help me|draft|translate|email|policy|poster|caption|slogan|lyrics?|used to"
    r"|rules? for (?:my|the)"
    r"|taught|teaches|warns?|warned|message|note"
    r"|comments?|readme|docstring|changelog|slide|speech|essay|tweet|tips?|lessons?(?: learned)?"
    r"|chapter|book|film|card|is|was|are)\b[^.!?,;]{0,60}$",
    re.I,
)
MADE_RULES = re.compile(
    r"\b(?:made|wrote|hung|hangs|posted|has|had|drew up|put up|gave us|agreed on) (?:[\w']+ ){0,4}"
    r"(?:rules?|lists?|resolutions)\b[^:]{0,80}:[^:]{0,60}$",
    re.I,
)
"""Before rules that people have among themselves."""
ONE_OFF = re.compile(r"\b(?:this|that|these|those|last|next|now|today|tonight|tomorrow|once)\b", re.I)
"""What says of something asked for that it is for once."""
REASON_FIRST = re.compile(
    r"\W*(?:because|as|since|given that|seeing (?:that|as)|now that) (?:i|i'm|im|my|we|it"
    r"|the)\b",
    re.I,
)
"""With which a sentence begins that says why before it says what."""
WE = re.compile(r"(?:can|could|shall) we ", re.I)
REASON = re.compile(
    r", (?=(?:bad|poor|sore|weak|broken|allergic|allergy|doctor'?s|health)\b[\w' ]{0,30}$)", re.I
)
"""Before why something is asked for, in few words: "leave out burpees, bad knees"."""
TOLD_AFTER = re.compile(
    r", (?:[\w'.-]+ ){1,3}(?:wrote|said|says|told|used to say|keeps saying|always says|warned|reads|read)\b"
    r"|, (?:they|people|some) say\b|, as (?:they say|people say|(?:the|my|that) \w+ (?:has it|puts it|goes"
    r"|says?|said|used to say)"
    r"|the saying|the song|the joke)\b",
    re.I,
)
CUT = re.compile(
    r",? and (?=(?:can|could|will|would) (?:you|u)\b|that (?:goes|applies|holds)\b)|[;\n(]| [–—] ?| - |: (?=i\b)"
    r"|,? and (?=(?:always|never"
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
ANOTHER = re.compile(r",? (?P<also>and) |, ", re.I)
"""What may join another instruction to one."""
TAG = re.compile(
    r",? (?:please|pls|plz|thx|ty|ok|okay|alright|all right|right|(?:would|will|could|can) (?:you|ya|u)|yes|thanks"
    r"|got it|deal"
    r"|agreed|understood|thank you)(?: please)?$",
    re.I,
)
QUOTED_LAST = re.compile(r"\x00[.!?]?[\"'”»`]")
"""The end of a quotation, of which ``words.own`` leaves the last stop and the mark."""
SINCE_NOW = re.compile(rf"\b{FROM_NOW}\b", re.I)
SINCE_WHY = re.compile(rf"[ ,]{{1,2}}{FROM_NOW},? (?:so|because|bc|cuz|cos|coz)\b", re.I)
"""Where it is said from when on something is to be done, and then why."""
ASKS = re.compile(
    r"(?:^|, |: |; )(?:and |so |but |ok |okay )?(?:(?:can|could|would|will) (?:you|u)|(?:can|could|shall) we|(?:may"
    r"|might|can) i ask)\b",
    re.I,
)
REQUEST = re.compile(
    rf"\b(?:{FROM_NOW}|{EVERY_TIME}|please (?:always|never|stop)|(?:could|would) you (?:always|never)"
    r"(?! (?:recommend|suggest|advise|choose|expect|buy|consider|say)\b(?!.*\b(?:me|my|your)\b))"
    rf"|would (?:you|u) mind (?:always|never)|ask (?:that )?you to (?:always|never)|(?:stop|quit) {MANNER})\b",
    re.I,
)
CLAUSE = re.compile(r"[;:–—(] ?|,? (?P<joint>and|so|but|then)[,:]? |, ", re.I)
