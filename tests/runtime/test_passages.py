"""Of a long text a passage is shown: about what is asked, cut between sentences, and never longer than its room."""

from __future__ import annotations

import pytest

from services.runtime.passages import passage

SENTENCES = [f"Line {n} tells of the sea, and of the river." for n in range(200)]
SENTENCES[120] = "Line 120 tells of the lighthouse, and of nothing else."
TEXT = " ".join(SENTENCES)


def test_what_fits_stays_as_it_is() -> None:
    assert passage("  one\ntwo  ", ["two"], 11) == "  one\ntwo  "


@pytest.mark.parametrize(
    ("beginnings", "held"),
    [
        (["lighthouse"], 120),
        (["lighthou", "river"], 120),
        (["199"], 199),
        (["river"], 0),
        (["ighthouse"], 0),
        (["mountain"], 0),
        ([], 0),
    ],
)
def test_it_is_about_what_is_asked_and_else_the_beginning(beginnings: list[str], held: int) -> None:
    shown = passage(TEXT, beginnings, 300)

    assert SENTENCES[held] in shown
    assert len(shown) <= 300
    assert shown.startswith("… ") is (held > 0)
    assert shown.endswith(" …") is (held < 199)
    assert all(sentence in SENTENCES for sentence in shown.strip("… ").replace(". ", ".\n").splitlines())


@pytest.mark.parametrize(
    "text", ["x" * 10_000, "word " * 5_000, "\n" * 5_000, "猫" * 5_000, "İ" * 5_000 + " cat " + "İ" * 5_000]
)
@pytest.mark.parametrize("room", [0, 1, 3, 200, 1_001])
def test_it_is_never_longer_than_its_room_whatever_the_text(text: str, room: int) -> None:
    assert len(passage(text, ["cat", "x", "word"], room)) <= max(room, len("…  …"))
