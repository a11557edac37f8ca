"""Exit codes of the commands that call a server. ``up`` and ``down``, which run one, have codes of their own.

====  ===========================================================================
code  meaning
====  ===========================================================================
0     done
1     the server refused, or something failed; the message says what to do
2     the command line is wrong
3     nothing answers at the address, or not yet
4     looked, and found something wrong: a broken chain, a failed check
5     no token, or one that does not allow it
130   interrupted with Ctrl-C
====  ===========================================================================
"""

from __future__ import annotations

OK = 0
FAILED = 1
USAGE = 2
NOT_REACHABLE = 3
FOUND_WRONG = 4
NOT_ALLOWED = 5
INTERRUPTED = 130
