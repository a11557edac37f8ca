"""How the rules' patterns may be written."""

from __future__ import annotations

import re
from pathlib import Path

SERVICES = Path(__file__).parents[2] / "services"
POSSESSIVE_GROUP = re.compile(r"\)(?:[*+?]|\{+[\d,]+\}+)\+")


def test_no_group_is_repeated_possessively_which_matches_too_much_before_python_3_11_5() -> None:
    """https://github.com/python/cpython/issues/106052; an atomic group says the same: ``(?>(?:…)*)``."""
    found = [
        f"{path.relative_to(SERVICES)}:{number}"
        for path in SERVICES.rglob("*.py")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if POSSESSIVE_GROUP.search(line)
    ]

    assert found == []
