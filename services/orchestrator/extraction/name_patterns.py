"""The words in which names are given, and those that take a naming back. Pure."""

from __future__ import annotations

import re

FROM = (
    r"(?:from (?:now|today|tonight|here|this (?:day|moment|point|minute|morning|evening|week))(?: on)?"
    r"|(?:as of|starting) (?:now|today))"
)
SINCE = re.compile(rf"\b(?:{FROM}|from here on (?:in|out)|henceforth|for good)\b", re.I)
NOW = rf"(?: now| henceforth| hereby| officially| {FROM})"
CALLING = r"(?:call|name|rename|dub|christen|baptise|baptize|nickname|address|refer to)"
MIND_NAMED = re.compile(
    r"(?<![\w'-])(?:"
    r"your name(?: isn't| is not| is no longer| was| used to be|'s not) [^.;!?]{1,40}(?:[,;] (?:but )?(?:it's|it is"
    r"|now it's)|,? but)(?: now)?"
    r"|you(?:'re| are) (?:not|no longer) [^.;!?]{1,40}[,;] (?:but )?you(?:'re| are)(?: now)?"
    rf"|your (?:new |proper |real |official |full |given )?name(?:,?{NOW},?)?(?:(?:'s| is) (?:going to|gonna) be"
    rf"|'s| is| (?:shall|will){NOW}? be"
    rf"| becomes| should be| must be| is to be| to be|:){NOW}?"
    r"|(?:ima|imma|i'ma) call you|gonna (?:call|name|refer to|rename|dub) you(?: as| to)?|refer to yourself as"
    r"|sign (?:off|your (?:messages|answers|replies)) as"
    r"|(?:giv(?:e|ing)|gave|given) you (?:a|your) (?:new )?name[:,]|you be (?:called|named|known as)"
    r"|(?:let|make) your name(?: be)?|(?:call|name|rename|dub|christen) yourself(?: to| as)?"
    r"|(?:change|switch|set|update) your name (?:back )?to|you have a (?:new )?name[,:;]? (?:and )?(?:it's|it is)"
    r"|your name, [^,.;!?]{1,40}, is|(?:chosen|chose|picked"
    r"|selected) the name(?= (?-i:[A-ZÀ-Þ])[\w'-]+ for you\b)|introduce yourself(?: to \w+)? as"
    r"|identify (?:yourself )?as"
    r"|(?P<bid>(?:take|take on|adopt|use|bear|accept) the name(?: of)?)"
    r"|you(?:'ll| will| shall| should| can| could| may| now| to| must)?(?: now)? (?:go by(?: the name(?: of)?)?"
    r"|(?:answer|respond|listen) to the name(?: of)?)|you(?:'ll| will| shall| now| to)?(?: now| please"
    r"| kindly)? (?:answer|respond) to"
    rf"|(?:i|we)(?:'ll| will| shall|(?:'m| am|'re| are) (?:going to|gonna)|'m gonna| want to| would like to"
    rf"|'d like to"
    rf"|'d love to|(?:'ve| have) decided to| think i'll| think i will)"
    rf"(?: just| now| hereby| simply| henceforth)? (?:be )?(?:{CALLING}|calling|naming) you(?: to| as)?"
    rf"|(?:i|we)(?:'m| am|'re| are)(?: now| hereby| officially)? (?:calling|naming|renaming|christening|dubbing"
    rf"|baptising"
    r"|nicknaming) you(?: to| as)?"
    r"|(?:i|we)(?:'ve| have)?(?: all| just| finally)? (?:decided|agreed|voted|settled|chosen|chose|elected|opted)"
    r"(?: to| on| for)? (?:call|name|calling|naming) you|you to (?:be (?:called|named|known as)|answer to|respond to)"
    r"|(?:named|christened|renamed|dubbed|baptised) you|(?:(?:a|the|your) (?:new )?|new )name (?:for you|now)(?: is"
    r"|:|,)"
    r"|(?:i|we)(?:'ve| have)?(?: hereby| now| just)? (?:name|named|rename|renamed|christen|christened|dub|dubbed"
    r"|baptise"
    r"|baptised|baptize|baptized|nicknamed) (?:you|thee)"
    r"|let(?:'s| us| me) (?:call|name|rename|christen|dub|nickname) you|(?:giv(?:e|ing)|gave"
    r"|given) you the name(?: of)?"
    r"|the name (?:that )?(?:i|we)(?:'ve| have)? (?:chose|chosen|picked|gave you|given you)(?: for you)? is"
    rf"|you(?:'re| are){NOW}{{1,2}}(?: to be)?(?: called| named| known as)?"
    r"|you(?:'re| are|(?:'ll| will| shall| should| are to| are going to| are gonna|'re gonna|'re going to"
    rf"| can){NOW}? be)"
    rf"{NOW}? (?:called|named|known as)"
    rf"|you(?:'re| are|'ll| will| shall)?{NOW}? (?:given|get|have|receive|bear|carry) the name(?: of)?"
    rf"|(?:i|we)(?: hereby| now)? (?:declare|proclaim|pronounce|call) you|(?:answer|respond"
    rf"|react) to the name(?: of)?"
    r"|you mind (?:being called|going by)"
    r"|consider yourself (?:called|named|renamed|christened)"
    r") ",
    re.IGNORECASE,
)
BIDS = re.compile(
    r"(?>(?:(?:please|pls|just|so|then|now|ok|okay|hey|from now on|(?:can|could|will|would) you|you(?:'ll| will| shall"
    r"| should| can| could| may| must)?|i(?:'d like| want| would like) you to|to)\b ?){0,6})",
    re.I,
)
"""Before "take the name", where it is the mind that is bidden to."""
REQUESTED = re.compile(
    r"\W*(?:(?:hey|hi|ok|okay|so|please|now)\W+)*(?:can|could|will|would)(?: i ask)? ?", re.I
)
"""Before "you go by …?", where that is asked for, and not about."""
ANSWERS_SOMEBODY = re.compile(r"(?P<answer>answer to $)|(?:respond|listen|react) to $", re.I)
"""What is asked for, too, where it is somebody who waits for an answer."""
ENDS_REQUEST = re.compile(r"^(?:,? (?:please|pls|from now on|now))*\W*$", re.I)
OF_A_THING = re.compile(r" (?:for (?!you)|in|on|at|as|after|when|of)\b", re.I)
"""After "use the name Max", where it is something else that is to be called so."""
IT_IS_YOURS = re.compile(
    r"(?: is| will be| shall be| should be| be) (?:going to be )?your (?:new )?name\b| (?:as"
    r"|for) your (?:new )?name\b| as (?:a|the) (?:new )?name for you\b"
    r"| is what you(?:'re| are|'ll be| will be) (?:called|named)\b| is my name for you\b"
    r"| is the name (?:i|we)(?:'ve| have)? (?:chose|chosen|picked|gave|given)(?: you| for you)\b"
    r"|(?: is|, that's|, that is) (?:what|how) (?:i'll|i will|i'm going to|we'll|we will) (?:call|name"
    r"|address) you\b",
    re.I,
)
MIND_IS = re.compile(r"(?<![\w'-])you(?:'re| are|'ll be| will be| shall be) ", re.I)
DECIDED = re.compile(
    rf"^\W*(?:so |and |ok |okay )?{FROM}\b|[,;:] (?:so |and )?{FROM},? $|\b(?:decided|declare|agreed)(?: that"
    r"|[,:])? $",
    re.I,
)
FROM_NOW = re.compile(
    r"^(?: to (?:me|us))? (?:now|from now on|henceforth|from today|from here on|from this (?:day|moment|point))\b",
    re.I,
)
AND_YOU = re.compile(
    r"\b[Ii](?:'m| am|m) (?P<mine>[A-ZÀ-Þ][\w'-]+),? (?:and|but) (?:[Yy]ou(?:'re| are|re)"
    r"|[Uu]r) (?P<yours>[A-ZÀ-Þ][\w'-]+)"
    r"(?=[.,;!?]|$| (?:now|ok|okay|and|from)\b)"
)
"""Both are named: "I'm Solveig and you're Pelle"."""

CALL_ME = re.compile(
    r"(?<![\w'-])(?:calls? me|call me by my (?:first |full )?name[,:]"
    r"|(?<!you to )(?<!you )(?P<passive>get called|(?<=to )be called)"
    r"|(?:address"
    r"|refer to|put|list|save|store|register|note) me (?:down )?as|(?<=mind )calling me|(?:know|knows|knew) me as"
    r"|call me by the name(?: of)?) ",
    re.I,
)
OF_OTHERS = re.compile(
    r"(?!.*\bi\b).*\b(?:you|u|every(?:one|body)|people|ppl|folks|they|most|all|friends|family)\b", re.I
)
"""Before "be called Rex", where it is not the person that is to be called so."""
SAY = re.compile(
    r"(?<![\w'-])(?:(?:you (?:can|may|could)|feel free to|please) )?(?P<just>(?:just|simply) )?say "
    r"(?!(?:amen|cheese|ciao|grace|hola)\b)",
    re.I,
)
AFTER_SAY = re.compile(
    r"^(?: to me| for short| instead(?: of [\w' ]{1,40})?)?(?:[.!]?\W*$|,? (?:every(?:one|body)|most people|(?:all )?"
    r"my (?:friends|family)|it's (?:easier|shorter|simpler))\b)",
    re.I,
)
"""After "you can say Max": what makes a name of it for the person."""
FORM = re.compile(
    r"(?:captain|boss|chief|doc|doctor|coach|professor|prof|sir|skipper|commander|sarge|madam)(?=\s*(?:$"
    r"|[.,!?;:)\"–—])"
    r"| (?:and|but|from now on|now|please|thanks|instead|at|to)\b)",
    re.I,
)
"""What one may want to be called that is a name of nobody."""
MAY_CALL = re.compile(
    r"(?>(?:(?:please|pls|just|so|and|but|or|then|simply|ok|okay|oh|well|actually|anyway|hey|hi|hello|you (?:can"
    r"|may|could"
    r"|should|must|might as well)|(?:can|could|would|will) you|everyone|everybody|people|ppl|folks|they|most people"
    r"|most|all"
    r"|friends|(?:all )?(?:of )?my (?:family|\w+s)|(?:everyone|everybody|people|friends) (?:in|at|on|around"
    r"|from)(?: \w+){1,3}|at work"
    r"|at home|i'd (?:rather|prefer to|(?:like|love)(?: you)? to)|i (?:prefer|want|like|would like"
    r"|would rather)(?: you)?(?: to)?|i(?!')"
    r"|everyone else|here|feel free to|i'd like you to|i want you to|i(?:'d| would)? prefer (?:it )?(?:if|that) you|to"
    r"|would you mind|do you mind|mind|better|always|usually|mostly|do|everybody at work|everyone at work"
    r"|everyone here|around here|in \w+|of|kindly"
    r"|from now on|rather|you'd better|instead|that you|if you like|i was born [\w-]+|now)\b[ ,]{0,2}){0,12})",
    re.I,
)
MY_NAME = re.compile(
    r"(?<![\w'-])(?:"
    r"my name(?: isn't| is not|'s not) [^.;!?]{1,40}(?:[,;]? (?:but )?(?:it's|it is)|,? but)"
    r"|my (?:(?:first|full|given|real|actual|proper|own|preferred|legal|new) ){0,2}(?:nick)?name"
    r"(?:, [^,.;]{1,40},)?(?:'s|s(?= (?-i:[a-z]))| is|:(?! it'?s\b))"
    r"(?: actually| really| simply| just| now| in fact| (?:spelled|spelt|pronounced|written)){0,2}"
    r"|(?:i|i've|i have) (?:just )?changed my (?:\w+ )?name to|my name has (?:been|become)|my name, (?:it's"
    r"|it is|that's)"
    r"|(?:(?:nobody|no one) (?:ever )?calls me|(?:stop|quit) calling me|(?:don't|dont|do not|never) call me)"
    r" [^.,;!?]{1,30}[,;] (?:but )?(?:it's|it is|i'm|i am)(?: just| actually)?"
    r"|(?:(?:don't|dont|do not|never) call|stop calling) me \w+ (?:it'?s|i'?m) (?:just|actually)"
    r"|(?:keep|kept|always|been) calling me \w+,? (?:but )?(?:it's|it is|i'm|i am)"
    r"|your (?:user|owner|human)(?:'s name is| is called| is named)|as for my name, it's"
    r"|i(?:'m| am)(?: usually| always| also| now| mostly)? (?:called|named|known as)"
    r"|(?:i|but|and)(?: now| usually| mostly| always| just| normally| still)? go by(?! my\b)(?: the name(?: of)?)?"
    r"|(?:it(?:'s| is) )?(?:only |just )?me again[,:]|(?:by|use) my (?:first |full |real )name[,:]"
    r"|my name\b[^.;!?]{0,30}[,:;]? (?:it's|its|it is|that's|thats)|my name it is"
    r"|(?:with|in|by|under|use) my name[,:](?: (?:it's|its|it is|thats|that's|that is,?|i\.e\.,?|namely))?"
    r"|(?:spell|write|pronounce|sign|put|note|correct|change) my name[^.!?:;]{0,30}:"
    r"|(?:go by|use|using|prefer|by) my (?:middle|second|first|last|maiden|married|given|full) name,?(?: which is"
    r"| it's)?"
    r""
    r"|the (?:person|one|human|woman|man|lady) (?:writing|typing|talking|speaking|chatting) (?:this|here|to you"
    r"|with you|now) is"
    r"|(?:i'm|im|i am) (?:registered|listed|booked|signed up|enrolled|down|saved) (?:as|under(?: the name(?: of)?)?)"
    r""
    r"|i (?:do |actually )?have a name[,:;]? (?:and )?(?:it's|it is)"
    r"|you(?:'re| are)(?: now)? (?:speaking|talking|chatting) (?:with|to)"
    r"|it(?:'s| is) (?:only |just )?(?:me|i)(?: again)?[,:]|introduce myself[:,]"
    r"|my (?:first |full |given |real |proper )?name,? which is"
    r"|yours truly(?: goes by| is(?: called| named| known as)?)"
    r"|(?:mi nombre es|me llamo|je m'appelle|mon nom est|ich hei(?:ß|ss)e|mein name ist|mi chiamo|il mio nome (?:è|e)"
    r"|meu nome (?:é|e)|me chamo|jag heter|jeg heter|ik heet|mijn naam is|mam na imię|nazywam się|jmenuji se"
    r"|minun nimeni on"
    r"|benim adım|numele meu (?:este|e))"
    r") ",
    re.IGNORECASE,
)
MINE = re.compile(r"\byour (?:\w+ )?name\b[^.!?]{0,40}[.!?]?(?: and|,| but)? mine(?:'s|s| is) ", re.I)
"""After the other's name, one's own: "what's your name? Mine is Tom"."""
THE_NAME = re.compile(
    r"^\W*(?:(?:hi|hello|hey|hiya)[,!]? )?(?:the )?name(?:'s|s(?= (?-i:[a-z]))| is|:)(?: still)? ", re.I
)
BORN = re.compile(
    r"(?<![\w'-])(?:(?:named|christened|baptised|baptized) me|i was (?:named|christened|baptised)) ",
    re.I,
)
I_AM = re.compile(r"(?<![\w'-])(?:i'm|i am|im) (?:actually |really |still |just |only ){0,2}", re.I)
TO_WHOM = re.compile(
    r" to (?:you|(?:pretty much |nearly |almost )?every(?:one|body)|most people|all|(?:all )?my (?:friends|family"
    r"|mates))\b",
    re.I,
)
"""After "I'm Barty": by whom one is called so."""
MYSELF = re.compile(r"^\W*(?:(?:hi|hello|hey|dear)\b[\w ]{0,12}[,!.]? )?myself (?=[A-ZÀ-Þ])", re.I)
"""As many introduce themselves in Indian English: "Myself Lakshmi from Chennai"."""
THIS_IS = re.compile(r"(?<![\w'-])(?:(?P<this>this is)|it's|it is|its) ", re.I)
MY_NAME_AFTER = re.compile(
    r"(?:(?: is|'s) my name| is the name|'s the name)\b(?! day| on| in| tag| twin| for| i| we| of)"
    r"| is what (?:i (?:go by|answer to)|(?:\w+ ){1,4}calls? me)\b",
    re.I,
)
GENERALLY = re.compile(
    r"\b(?:generally|strictly|honestly|frankly|broadly|technically|relatively|roughly|\w+ically)$", re.I
)
HERE = re.compile(r"^ (?:here|speaking)(?: again)?(?=[.,!:;–—-]|$| - )", re.I)
GREETING = (
    r"(?:hi+|h[ae]llo+|helo|he+y+|hiya|heya|yo|sup|greetings|howdy|good ?(?:morning|afternoon|evening|day)|gm"
    r"|morning|evening|hi there|hello there|hey there|nice to meet you|pleased to meet you)"
)
GREETED = re.compile(
    rf"(?:^|[.!?] ?){GREETING}(?: again| there| all| everyone| assistant| \w+)?[,.!:;–—-]{{0,2}}\s*(?:so )?$",
    re.I,
)
BEGINS = re.compile(rf"^\W*(?:{GREETING}\W+)?(?:it'?s |it is )?$|[,;:–—!] (?:it'?s |it is )?$", re.I)
AFTER_THIS = re.compile(
    r"^(?:,? (?:speaking|here|again|btw|by the way)\b| from [\w ]{2,30}[,.;] ?(?:i|i'm|i've|i'd|we|can|could|please"
    r"|my)\b"
    r"|, (?:the|your|from|a|an|and i|and we|who|writing|calling"
    r"|you're (?:talking|speaking) (?:to|with))\b)",
    re.I,
)
_ASKS_ON = (
    r"(?:i|im|i'm|i've|can|could|pls|please|plz|need|quick|just|got|want|wanted|looking|trying|having|help|how|what"
    r"|whats"
    r"|what's|where|when|why|do|is|should)\b"
)
AFTER_GIVEN = re.compile(rf"^(?: again)?(?:\W*$|[.!]| so\b|,? (?:from [\w ]{{2,30}},? )?{_ASKS_ON})", re.I)
"""After "this is priya", by which nobody else is shown."""
AGED = re.compile(r"[^\W\d_]+(?: (?:btw|by the way)\b|, ?\d\d\b)", re.I)
"""A name by the way, or with an age: "lina, 16"."""
INTRODUCED = re.compile(r"\bintroduced? myself[,.:;–—-]{0,2} *$", re.I)
SPELLED_AFTER = re.compile(
    r"^,? (?:with|without|w/o?) (?:(?:an?|one|two|double|no|the) [\"']?[a-z]"
    r"|[\"']?[b-hj-z])[\"']?(?:'?s)?(?![\w'-])",
    re.I,
)
"""After "it's Hanna": "with an h"."""
BY_THE_WAY_AFTER = re.compile(r"^,? (?:btw|by the way)\b", re.I)
GREETED_HERE = re.compile(rf"^\W*{GREETING}\W+(?:it'?s )?(?P<name>[^\W\d_]{{2,20}})$", re.I)
"""What stands before " here" where somebody says hello and who they are."""
ONLY_NAME = re.compile(r"^\W*(?P<name>[^\W\d_]{2,20})$")
HERE_GOES_ON = re.compile(rf" (?:here|speaking)(?: again)? {_ASKS_ON}", re.I)
HERE_WORKS = re.compile(
    r" here (?:(?:writing|typing|reporting|calling|checking)\b|[^,.;:!?]{0,40}\bagain\b|w(?:ith)? (?:an?"
    r"|another)\b)",
    re.I,
)
"""After a name, by which it is the writer's: "Ximena here on the night shift again"."""
SURNAME_FIRST = re.compile(r", (?P<all>[A-ZÀ-Þ][\w'-]* (?P<last>[A-ZÀ-Þ][\w'-]*))(?=[.,;!]|\s*$| )")
"""After "the name's Bianchi": "Rosa Bianchi", which is all of it."""
JAMES_BOND = re.compile(r"\bBond, James Bond\b", re.I)
BY_THE_WAY_LEAD = re.compile(
    r"^\W*(?:(?:quick (?:q|question)|ok(?:ay)?|fine|hey|hi|yo|sorry|oh|ps|btw|um+|uh+|right|so|well"
    r"|anyway)[,.!: ]+){1,3}$",
    re.I,
)
"""Before "its anneli", where nobody asked who somebody is."""
HERE_AGAIN = re.compile(r"^ here again\b", re.I)
SOMEBODY = re.compile(r"(?:er|or|ist|ian|ant|man|mom|mum|dad)s?$", re.I)
"""How words end for what people are: "hey, beginner here"."""
AFTER_GREETED_THIS = re.compile(r"^(?:[.,!;–—-]| (?:from|again|speaking|here|calling|and|writing)\b|$)", re.I)
ASKS_NEXT = re.compile(
    r"^\. (?:could|can|would|will|please|i have|i need|i'd|i've|i wanted|i want|do you|quick|any|is there|sorry"
    r"|may|just)\b",
    re.I,
)
AFTER_I_AM = re.compile(
    r"^(?:[.,!;:?)–—]|\W*$| [:;][-)]| (?:im|i'm|n|lol|haha|and(?! (?-i:[A-Z])[\w-]*'s\b)|but|by the way|btw|here"
    r"|from|nice|pleased"
    r"|–|—|-|\()|$)",
    re.I,
)
ASKED_BACK = re.compile(
    r"^(?:,? (?:now|then|again|already|these days|from now on|from today))?"
    r",? ?(?:right|correct|true|yes|yeah|no|huh|eh|isn't it|is it|aren't you|don't you"
    r"|is that (?:right|correct|so|true))?\s*\?",
    re.I,
)
"""What makes a question of "your name is Nova"."""
UNWANTED = re.compile(
    r"^(?:,? (?:but|and|though|although|which|even though)\b[^.!?]{0,40}(?:\b(?:hate|dislike|prefer|can't stand)\b"
    r"|\b(?:don't|dont)\W*$)|[^.!?]{0,20} behind my back\b"
    r"| (?:in|on) (?:(?:your|the|all|any|my) )?(?:letters?|e-?mails?|forms?|documents?|invoices?|certificates?)\b)",
    re.I,
)
"""After what others call somebody: "but I hate it"; or what one is to be called in writing only."""

TITLE = re.compile(r" (?:Name|Is|Are|Me|You|Yourself|By|Called|Am)\b")
"""In "My Name Is Earl"."""
DENIED = re.compile(
    r"\b(?:not|never|no|nor|\w+n't|dont|used to|no longer|neither|once|almost|nearly)\b(?! only)", re.I
)
SUPPOSED = re.compile(
    r"\b(?:if|imagine|suppose|supposing|pretend|what if|wish|unless|in case|say i'm|as though|let's say)\b",
    re.I,
)
DOUBTED = re.compile(
    r"\b(?:would(?! (?:like|love|prefer)\b)|might|maybe|bet|thinks?|thought|believes?|swears?|assumes?|guess"
    r"|(?:was|is|were|be|'s|hes|shes|im) like)\b",
    re.I,
)
BY_THE_WAY = re.compile(
    r"\b(?:i )?(?:forgot|meant|wanted|should|ought|have) to (?:say|tell you|mention|introduce myself)\b"
    r"|\b(?:don't|dont|do not|never) forget(?: that)? |(?:^|(?<=[,.;!?] ))no(?>(?:,| wait| srsly| seriously| really| jk"
    r"| lol| but){1,4}) "
    r"|\b(?:i'm|i am|im) not (?:an? |the |your )[\w'-]+,? (?:but )?$"
    r"|\b(?:if you (?:don't mind|like|want|wish|agree|must know|have to|need|'re|are|were|ask|forgot"
    r"|really)[^,;]{0,30}"
    r"|in case you[^,;]{0,40}|(?:i don't know |not sure )?if i (?:haven't|didn't|forgot|may|might)[^,;]{0,40}"
    r"|(?:as|like) i (?:said|told you|wrote|say)|i(?:'ve| have)? (?:already )?told you(?: that)?"
    r"|(?:let me|i'll|i should|i can) tell you(?: that)?|so you know(?: who)?|you should know(?: that)?)",
    re.I,
)
TOLD = re.compile(
    r"\b(?:say|says|said|saying|tell|tells|told|teach|write|writes|wrote|translate|titled|novel|story|film"
    r"|movie|opens"
    r"|opening|the words?|puts it|himself|herself"
    r"|book|song"
    r"|role-?play|scene|character|joke|lyrics?|sings?|began|begins|reads?|quotes?|heard|hear|types?|email|letter"
    r"|play|poem"
    r"|episode|sign|label|title|hired|plays|dream|dreamt|dreamed|spell|pronounce|sketch|villain|hero|chapter"
    r"|claims?|insists?|shouts?|shouted|announced"
    r"|joked|game|dreams|stage|goes(?! by\b)|went|texted|texts|replied|replies|yelled|yells|answered|asked|asks"
    r"|was all|(?:is|am|be|are)"
    r" like|introduc(?:es|ed) (?:him|her|them)sel(?:f|ves))\b",
    re.I,
)
SO = re.compile(r",? so |; |,? but ", re.I)
ASKED = re.compile(
    r"\b(?:is|are|do|does|did|was|were|should(?! like\b)|shall|can i|could i|may i|will i|why|what|how|when"
    r"|where(?!\s*$)|which"
    r"|whether)\b|\bwho $",
    re.I,
)
SAYING_GOES = re.compile(
    r"^,? (?:\w+ ){0,2}(?:said|says|wrote|replied|shouted|sang|sings|whispered|announced|declared|goes)\b"
    r"|^[^.!?]{0,20}\b(?:as|like) (?:the|they|it|in)\b[^.!?]{0,30}\b(?:goes|says?|joke|song|line|saying|film"
    r"|movie|book"
    r"|novel|story|poem|play|begins?|opens?|starts?|puts|wrote)\b|^,? to quote\b|^,? quoth\b",
    re.I,
)
QUOTED_BEFORE = re.compile(
    r"^[\"'”]?[.!]?[\"'”]? ?(?:[–—-] ?)?(?:so |and )?"
    r"(?:that's|that is|this is|which is|it's|is that|isn't that|that was) "
    r"(?:how|the (?:first|opening|famous)|(?:what|from|in) (?:the|a|that)|a (?:quote|line))\b",
    re.I,
)
"""What stands after words out of a book: "Call me Ishmael. That's how it begins"."""
ASKS_LEAVE = re.compile(
    r"\b(?:can|could|may|might|shall|should|must|will|would|do|did|can't|couldn't|shouldn't) (?:i|we)\b"
    r"(?! ask you to)"
    r"|\b(?:can|could|will|would|do|won't) you (?:please )?(?:let|allow|permit) (?:me|us)\b",
    re.I,
)
"""What asks whether one may name somebody: "can I call you …"."""
CLAUSE = re.compile(r"[,;:–—(]|(?<![\w'-])(?:and|but|so|because|um|uh)(?![\w'-])", re.I)
TITLES = frozenset(
    "mr mrs ms dr prof sir lady miss captain coach professor doctor uncle aunt auntie saint st".split()
)
SPELLED_OUT = re.compile(r"(?:[^\W\d_]-){2,20}[^\W\d_]$")
PARTICLES = frozenset(
    "de da do dos das la le van von der den ter ten di du del bin ibn al el y e af av zu".split()
)
TOKEN = re.compile(r"(?:(?i:mr|mrs|ms|dr|prof|st)\. )?[^\W\d_][\w'’-]*")
FLAT_TITLE = re.compile(r"(?:mr|mrs|ms|miss|dr|prof|sir|lady|captain|professor|doctor)\.? (?=[^\W\d_])", re.I)
LOWER_ENDS = re.compile(
    r"^(?:\s*$|\s*[.,!?;:()\"–—]| -| (?:and|but|from now on|now|please|pls|plz|ok|okay|thanks|btw|by the way|so"
    r"|because|cuz|haha|n|u|online|irl"
    r"|lol|instead|then|here|again|speaking|if you|or|from)\b)"
)
MAX_TEXT = 20_000
"""A name is given in few words: nobody gives one in the middle of a pasted book."""
