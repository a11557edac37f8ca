"""Of what a model writes of its own accord, a mind keeps neither what it says again and again nor what it makes up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orchestrator.extraction.own_words import borne_out, said_once

SAID = [
    "My sister Ana moved to Porto in May.",
    "We want to rent a boat there with Ana in July, it should cost about 300 euros.",
    "What would you pack?",
    "Take a warm coat.",
]


@pytest.mark.parametrize(
    "sentence",
    [
        "The user's sister Ana moved to Porto.",
        "The user wants to rent a boat with Ana in July.",
        "They discussed what to pack.",
        "The boat costs 300 euros.",
        "Ana lives in Porto, and a boat is to be rented in July.",
    ],
)
def test_a_summary_in_other_words_is_kept(sentence: str) -> None:
    assert borne_out(sentence, SAID) == sentence


@pytest.mark.parametrize(
    "sentence",
    [
        "The user is a travel blogger.",
        "She moved to Porto with Ben.",
        "The user wants to rent a boat in Lisbon.",
        "The boat costs 400 euros.",
        "I am here to help you with your business.",
        "I'm not sure, I'm not sure.",
    ],
)
def test_what_a_summary_makes_up_is_dropped(sentence: str) -> None:
    kept = "The sister Ana moved to Porto."

    assert borne_out(sentence, SAID) == ""
    assert borne_out(f"{kept} {sentence} {kept}", SAID) == f"{kept} {kept}"


def test_what_is_written_without_spaces_is_left_as_it_is() -> None:
    assert borne_out("アナはポルトへ引っ越した。", ["妹のアナは五月にポルトへ引っ越しました。"])


@pytest.mark.parametrize(
    ("text", "is_cut", "kept"),
    [
        ("I am kind. I am calm, too. I am kind.", False, "I am kind. I am calm, too."),
        ("I keep my word. I keep my word, I keep my word. And I wa", True, "I keep my word."),
        ("I keep my word. And I wa", False, "I keep my word. And I wa"),
        ("I never sto", True, "I never sto"),
        ("- I answer\n- I ask\n- I answer", False, "- I answer\n- I ask"),
        ("I ask. I answer.\nI ask. I answer.\nI wait.", False, "I ask. I answer.\nI wait."),
        ("What keeps me from it?", False, "What keeps me from it?"),
        ("  ", True, ""),
    ],
)  # fmt: skip
def test_what_goes_in_circles_is_kept_once(text: str, is_cut: bool, kept: str) -> None:
    assert said_once(text, is_cut=is_cut) == kept


@given(st.text(st.sampled_from("abI .,?!…\n“'3"), max_size=80), st.booleans())
def test_nothing_is_added_and_what_is_kept_stays(text: str, is_cut: bool) -> None:
    kept = said_once(text, is_cut=is_cut)

    assert len("".join(kept.split())) <= len("".join(text.split()))
    assert said_once(kept, is_cut=False) == kept
    assert borne_out(borne_out(text, [text]), [text]) == borne_out(text, [text])
