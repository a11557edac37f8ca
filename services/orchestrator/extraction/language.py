"""Whether rules, which are written for English, read a text. Pure."""

from __future__ import annotations

import threading
from functools import cache
from typing import Any

_LOADING = threading.Lock()
SURE = 0.4
"""Probability from which a text counts as being in another language: short English ones stay well below."""


def is_english(text: str) -> bool:
    """Whether a text is in English, or too short to tell."""
    with _LOADING:
        identifier = _identifier()
    language, probability = identifier.classify(text)
    return language == "en" or float(probability) < SURE


@cache
def _identifier() -> Any:
    """Its model takes most of a second to unpack: only who needs it waits for it."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
