"""The ``pmm`` command up to where its commands are loaded: a package of its own, for theirs takes a while to import."""

from __future__ import annotations

import os
import signal
from types import FrameType

INTERRUPTED = 130
"""As ``pmm_client.cli.exits`` has it."""


def main() -> None:
    """Run ``pmm`` with the arguments of this process."""
    # Nothing is begun yet that would have to be put away, and Python would show where in an import it was.
    signal.signal(signal.SIGINT, _end)
    from pmm_client.cli import main as run

    signal.signal(signal.SIGINT, signal.default_int_handler)
    run()


def _end(_signal: int, _frame: FrameType | None) -> None:
    os._exit(INTERRUPTED)
