"""A receipt names what a prompt held, and its digest tells prompts apart without a word of them."""

from __future__ import annotations

import pytest

from services.orchestrator.prompt import Prompt
from services.orchestrator.receipts import receipt
from services.orchestrator.terms import Said

KEY = b"k" * 32
SAID = (Said("system", "be brief"), Said("user", "hello"))


def digest(*said: Said, key: bytes = KEY) -> bytes:
    return receipt(Prompt(said, (), (), (), (), ()), 7, key, is_degraded=False).prompt_digest


def test_the_same_prompt_has_the_same_digest_wherever_its_messages_stand_in_the_ledger() -> None:
    assert digest(*SAID) == digest(Said("system", "be brief", 3), Said("user", "hello", 9))


@pytest.mark.parametrize(
    "other",
    [
        (Said("assistant", "be brief"), Said("user", "hello")),
        (Said("system", "be brief"), Said("assistant", "hello")),
        (Said("system", "be brief"), Said("user", "hullo")),
        (Said("user", "hello"), Said("system", "be brief")),
        SAID[:1],
    ],
)
def test_who_said_what_and_in_which_order_makes_the_digest(other: tuple[Said, ...]) -> None:
    assert digest(*SAID) != digest(*other)


def test_nobody_without_the_key_can_tell_what_was_said() -> None:
    assert digest(*SAID) != digest(*SAID, key=b"x" * 32)


def test_what_a_prompt_held_and_whether_the_search_was_left_out_is_named() -> None:
    made = receipt(Prompt(SAID, (), (3, 4), (5,), (), ()), 7, KEY, is_degraded=True)

    assert (list(made.recent_seqs), list(made.state_seqs), made.head_seq) == ([3, 4], [5], 7)
    assert made.degraded
