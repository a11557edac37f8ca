"""What is written without spaces falls into words that overlap; what is written with them stays as it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.runtime.scripts import spaced


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("我住在柏林", "我 住 在 柏 林 我住 住在 在柏 柏林"),
        ("私の猫はタマです", "私 の 猫 は タマ です"),
        ("コーヒー", "コー ーヒ ヒー"),
        ("베를린에 살아요", "베를 를린 린에 살아 아요"),
        ("Ana 住 in Berlin", "Ana 住 in Berlin"),
        ("Žofie lebt in Köln", "Žofie lebt in Köln"),
        ("Анна живёт в Омске", "Анна живёт в Омске"),
    ],
)
def test_words_of_scripts_without_spaces(text: str, words: str) -> None:
    assert spaced(text).split() == words.split()


@given(st.text())
def test_what_was_there_is_still_there_in_its_order(text: str) -> None:
    left = iter("".join(spaced(text).split()))
    assert all(character in left for character in "".join(text.split()))
