"""Questions about what a mind holds of itself, which no message need have said in their words. Pure."""

from __future__ import annotations

import re

_LATELY = (
    r"(?:\s(?:for\s|due\s)?(?:today|tonight|now|next|tomorrow|yet|still|at\sthe\smoment|right\snow|currently|this\sweek|please"
    r"|again)){0,3}"
)
ASKING_WHAT_IS_OPEN = re.compile(
    rf"""(?ix)
    (?: \bwhat\s(?:(?:else|all|exactly)\s)?
          (?:do\s(?:i|we|you)\s(?:still\s|now\s)?(?:have|need)\sto|(?:should|must)\s(?:i|we)(?:\sstill|\snow)?)\sdo
      | (?<!\bof\s)(?<!\babout\s)\b(?:what(?:['’]?s|\sis|\sare|\selse\sis)?
          |(?:is\s|have\si\sgot\s|got\s|do\si\shave\s)?anything(?:\selse)?)
          \s(?:(?:all|still|yet|left|else)\s)*
          (?:open|due|overdue|pending|outstanding|left\sto\sdo|to\sdo|left\sopen|not\sdone(?:\syet)?
            |(?:left\s|still\s)?(?:on|for|in)\s(?:my|the|our|your)\s(?:to-?do\s|reminders?\s|task\s)?
             (?:list|plate|agenda|to-?dos|tasks|reminders))
      | (?:^|[.!?]\s*)(?:(?:so|ok|okay|hey|hi|and)[,\s]+)*what(?:['’]?s|\sis|\selse\sis)\s(?:still\s)?left
      | \b(?:what(?:['’]?s|\sis|\sare|\swere)|which|show|list|tell|read|do\s(?:i|we)\s(?:still\s)?have)\b
          [^.?!\n]{{0,20}}?
          \b(?:to-?do(?:s|\slist)?|tasks|reminders|commitments|(?:open|my|your)\spromises)\b
          (?:\sdo\s\w+\s(?:still\s)?have|\sare\s(?:still\s)?(?:open|set|active|pending|left)|\sare\sthere
            |\shave\s(?:i|you|we)(?:\s(?:got|set))?|\s(?:set|left|open|pending|active))?
      | \bwhat\s(?:(?:open|active|pending|other)\s)?(?:reminders|to-?dos|tasks|commitments)\s
          (?:do|have|did)\s(?:i|we|you)(?:\sstill)?(?:\s(?:have|got|set|ask\sfor))?
      | \b(?:any|got\sany|have\si\s(?:got\s)?any|are\sthere(?:\sstill)?\sany)\s(?:(?:open|active|pending|more)\s)?
          (?:reminders|to-?dos|tasks|commitments)(?:\s(?:left|open|pending|set|for\sme))?
      | \bwhat\s(?:did|have|had)\s(?:i|you)\spromised?(?:\sme|\sto\sdo)*
      | \bwhat\s(?:did|should|do|will|must)\s(?:i|you)\b[^.?!\n]{{0,30}}?\bremind(?:ing)?\sme\s(?:of|about)
      | \bwhat\sare\syou\s(?:going\sto\sremind|reminding)\sme\s(?:of|about)
      | \bwhat\s(?:should|must|do)\s(?:i|we)\s(?:not\sforget|have\sto\sremember)(?:\sto\sdo)?
      | \b(?:is\sthere|(?:do|have)\s(?:i|we)(?:\sstill)?(?:\shave|\sgot)?)\sanything\s(?:(?:left|still|else)\s)*
          (?:to\sdo|due|open|pending|outstanding)
    )
    {_LATELY}
    (?=\s*(?:[?.!]|$))
    """
)
"""Asks for what is to be done."""
ASKING_FOR_INSTRUCTIONS = re.compile(
    rf"""(?ix)
    (?: \b(?:what(?:['’]?s|\sis|\sare|\swere)?|which(?:\sare)?|list|show(?:\sme)?|tell\sme|read\sme|repeat
          |do\s(?:you|i)\shave|are\sthere|any)\s(?:all\s)?(?:(?:of\s)?(?:my|your|the|any|me)\s)*(?:current\s|active\s)?
        (?:(?:standing|permanent|lasting|general)\s(?:instructions?|rules?|orders?|directives?)
          |(?:instructions|directives)|(?:your|my)\srules(?:\sfor\syou)?
           |rules(?=\s(?:that\s)?i(?:['’]ve|\shave)?\s(?:gave|given?|told|set)\b))
          (?:\s(?:for\syou|from\sme|(?:that\s)?(?:i|you)(?:['’]ve|\shave|\sdid)?\s
             (?:given?|gave|told|set|follow(?:ing)?|got|hold)(?:\s(?:you|me))?))?
          (?:\s(?:are\s(?:active|set|in\sforce|there|standing)|have\s(?:i|you|we)(?:\sgot)?|for\syou|do\syou\shave))?
      | \b(?:what|which)\s(?:standing\s|permanent\s)?(?:instructions?|rules|orders|directives)\s
          (?:(?:did|have|had|do|are)\s)?(?:i|you)(?:['’]ve|\shave)?\s
          (?:(?:giv(?:e|en)|told|tell|set|follow(?:ing)?|got|gotten|hold|have|keep(?:ing)?\sto|obey)(?:\syou|\sto)?
            |been\sgiven)
      | \bhow\s(?:did|have)\si\s(?:ask|asked|tell|told)\syou\sto\s(?:answer|reply|respond|write|talk|speak|behave)
      | \bwhat\s(?:did|have)\si\s(?:ask|asked|tell|told)\syou\sto\s(?:always|never)\sdo
    )
    (?:\s(?:for\sme|to\syou|with\sme|when\syou\s(?:answer|reply)|in\syour\s(?:answers|replies)|from\snow\son))?
    {_LATELY}
    (?=\s*(?:[?.!]|$))
    """
)
"""Asks for what is wanted from now on."""
_NAME_ENDS = r"(?:\s(?:again|now|then|please|by\sthe\sway|btw|these\sdays)){0,2}(?=\s*(?:[?.!]|$))"
ASKING_ITS_NAME = re.compile(
    rf"""(?ix)
    (?: \b(?:what(?:['’]?s|\sis|\swas)?|tell\sme|remember|know|say)\s(?:your|ur)\s(?:own\s)?name
      | \bwhat\s(?:are|r)\s(?:you|u)\scalled
      | \bwhat\s(?:do|should|shall|can|did)\si\s(?:call|name)\s(?:you|u)
      | \bdo\s(?:you|u)\shave\sa\sname
      | ^\W*(?:(?:so|ok|hey|hi|and)[,\s]+)*who\s(?:are|r)\s(?:you|u)
    )
    {_NAME_ENDS}
    """
)
"""Asks what the mind is called."""
ASKING_MY_NAME = re.compile(
    rf"""(?ix)
    (?: \b(?:what(?:['’]?s|\sis|\swas)?|tell\sme|remember|know|say)\smy\sname
      | \bwhat\sam\si\scalled
      | \bwhat\s(?:do|should|shall|will|did)\s(?:you|u)\scall\sme
      | ^\W*(?:(?:so|ok|hey|hi|and)[,\s]+)*(?:do\syou\sknow\s)?who\s(?:am\si|i\sam)
    )
    {_NAME_ENDS}
    """
)
"""Asks what the person is called."""
