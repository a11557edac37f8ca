"""Who speaks in a memory: the person, or somebody whose words the person passed on."""

from __future__ import annotations

from collections.abc import Collection

from msgspec.structs import replace

from services.orchestrator.extraction import dialogue
from services.orchestrator.terms import Recalled

LONGEST_QUOTATION = 4_096
"""Characters: of a longer message nobody waits until it is known who speaks in it."""


def attributed(memory: Recalled, names: Collection[str]) -> Recalled:
    """With who speaks in a message by which the person passed on what somebody else said."""
    if memory.speaker != "user" or len(memory.text) > LONGEST_QUOTATION:
        return memory
    speaker = dialogue.quoted_speaker(memory.text, names)
    return replace(memory, quoted_speaker=speaker) if speaker else memory
