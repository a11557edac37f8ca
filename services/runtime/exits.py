"""Exit codes of every process of ours, and the error that carries one to the outermost function.

====  =====================================================================================
code  meaning
====  =====================================================================================
0     ended as asked, also by SIGTERM or SIGINT
64    the command line or a setting is wrong
69    the port is in use, or the address cannot be listened on
70    stopped itself because going on could lose data, or an error that nobody foresaw
73    the data folder cannot be used: not writable, damaged, or from another version
75    the data folder is held by another process
====  =====================================================================================
"""

from __future__ import annotations

OK = 0
USAGE = 64
ADDRESS = 69
FAILED = 70
DATA_FOLDER = 73
DATA_LOCKED = 75


class StartupError(Exception):
    """Why a process cannot start or go on. The message says what to do, in a line."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
