"""What is said where a part that can be compiled was not."""

from __future__ import annotations

import logging

_log = logging.getLogger("pmm.runtime")


def warn_unless(is_compiled: bool, what: str) -> None:
    """Tell the operator what takes twice the processor time, and what to do about it."""
    if not is_compiled:
        _log.warning(
            "%s takes twice the processor time: there was no C compiler when PMM was installed; have one, with "
            "Python's headers, and install it again, which is `make clean setup` in a clone",
            what,
        )
