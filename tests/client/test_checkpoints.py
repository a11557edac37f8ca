"""Checkpoints are signed notes as C2SP writes them, and nobody else's signature passes."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from pmm_client import checkpoints
from pmm_client.checkpoints import Checkpoint, CheckpointError, VerifierKey

# From the documentation of golang.org/x/mod/sumdb/note, whose format C2SP's signed-note describes.
NOTE_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
KEY, OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32)), Ed25519PrivateKey.from_private_bytes(b"1" * 32)
CHECKPOINT = Checkpoint("pmm/ada", 31, bytes(range(32)))
VERIFIER = checkpoints.verifier_key("pmm/ada", KEY)


def test_the_text_is_origin_size_and_root() -> None:
    root = base64.b64encode(bytes(range(32))).decode()
    assert CHECKPOINT.text() == f"pmm/ada\n31\n{root}\n"
    assert checkpoints.parse(checkpoints.sign(CHECKPOINT, ())) == CHECKPOINT


def test_a_key_and_a_signature_are_those_of_the_reference() -> None:
    key = VerifierKey.parse(NOTE_KEY)
    text, _, signature = NOTE.partition("\n\n")
    data = base64.b64decode(signature.split()[-1])
    assert (str(key), data[:4]) == (NOTE_KEY, key.key_id)
    Ed25519PublicKey.from_public_bytes(key.public).verify(data[4:], f"{text}\n".encode())


def test_what_a_trusted_key_signed_is_accepted() -> None:
    assert checkpoints.verify(checkpoints.sign(CHECKPOINT, [KEY]), [VERIFIER]) == CHECKPOINT


def test_two_signatures_are_as_good_as_the_one_that_is_trusted() -> None:
    note = checkpoints.sign(CHECKPOINT, [OTHER, KEY])
    assert checkpoints.verify(note, [VERIFIER]) == CHECKPOINT


def test_a_successor_is_named_in_what_is_signed() -> None:
    successor = str(checkpoints.verifier_key("pmm/ada", OTHER))
    named = Checkpoint("pmm/ada", 31, bytes(32), (successor,))
    assert checkpoints.verify(checkpoints.sign(named, [KEY]), [VERIFIER]).next_keys == (successor,)


def signed() -> str:
    return checkpoints.sign(CHECKPOINT, [KEY])


@pytest.mark.parametrize(
    ("note", "why"),
    [
        (checkpoints.sign(CHECKPOINT, ()), "no trusted key"),
        (checkpoints.sign(CHECKPOINT, [OTHER]), "no trusted key"),
        (signed().replace("\n31\n", "\n32\n"), "not one of this checkpoint"),
        (signed().replace("pmm/ada\n31", "pmm/bob\n31"), "not one of this checkpoint"),
        (signed().replace("\n31\n", "\n031\n"), "is no checkpoint"),
        (signed().replace("\n31\n", "\n-31\n"), "is no checkpoint"),
        (signed().replace("AAEC", "AA*C"), "base64"),
        (signed().replace("AAECAwQF", ""), "not 32 bytes"),
        (signed() + "something\n", "among its signatures"),
        ("", "is no checkpoint"),
    ],
)
def test_a_forged_checkpoint_is_refused(note: str, why: str) -> None:
    with pytest.raises(CheckpointError, match=why):
        checkpoints.verify(note, [VERIFIER])


def test_every_changed_character_of_the_text_is_noticed() -> None:
    note = signed()
    for at in range(note.index("\n\n")):
        changed = note[:at] + ("x" if note[at] != "x" else "y") + note[at + 1 :]
        with pytest.raises(CheckpointError):
            checkpoints.verify(changed, [VERIFIER])


def test_a_key_signs_for_its_own_origin_alone() -> None:
    bobs = checkpoints.verifier_key("pmm/bob", KEY)
    key_id = bobs.key_id + KEY.sign(CHECKPOINT.text().encode())
    note = CHECKPOINT.text() + f"\n— pmm/bob {base64.b64encode(key_id).decode()}\n"
    with pytest.raises(CheckpointError, match=r"pmm/bob has signed a checkpoint of pmm/ada"):
        checkpoints.verify(note, [bobs])


@pytest.mark.parametrize(
    "text", ["", "pmm/ada", "pmm/ada+00000000+AA", str(VERIFIER)[:-3], str(VERIFIER).replace("ada", "bob")]
)
def test_a_mistyped_key_is_refused(text: str) -> None:
    with pytest.raises(CheckpointError, match="verifier key"):
        VerifierKey.parse(text)
