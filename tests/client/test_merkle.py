"""RFC 9162 proofs: the trees and proofs of Certificate Transparency's reference tests, and every size up to 2,000."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmm_client import merkle
from pmm_client.merkle import ProofError

LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
"""The leaves of Certificate Transparency's reference tests, hex."""
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""Their trees' roots, of the first leaf, of the first two …"""
INCLUSION = {
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
}
CONSISTENCY = {
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
MAX_SIZE = 2_000


class Tree:
    """Complete subtrees of some leaves, kept as the ledger keeps them."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self._levels = [[merkle.leaf_hash(leaf) for leaf in leaves]]
        while len(self._levels[-1]) > 1:
            pairs = list(pairwise(self._levels[-1]))[::2]
            self._levels.append([merkle.node_hash(left, right) for left, right in pairs])

    def __call__(self, level: int, index: int) -> bytes:
        return self._levels[level][index]

    def root(self, size: int) -> bytes:
        return merkle.root(size, self)


def root_as_the_rfc_says(leaves: Sequence[bytes]) -> bytes:
    """MTH of section 2.1.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(
        b"\x01" + root_as_the_rfc_says(leaves[:k]) + root_as_the_rfc_says(leaves[k:])
    ).digest()


REFERENCE = Tree([bytes.fromhex(leaf) for leaf in LEAVES])
BIG = Tree([number.to_bytes(4, "big") for number in range(MAX_SIZE)])


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_the_reference(size: int) -> None:
    assert REFERENCE.root(size).hex() == ROOTS[size - 1]


@pytest.mark.parametrize(("place", "path"), INCLUSION.items())
def test_inclusion_paths_are_those_of_the_reference(place: tuple[int, int], path: list[str]) -> None:
    assert [each.hex() for each in merkle.inclusion_path(*place, REFERENCE)] == path


@pytest.mark.parametrize(("sizes", "path"), CONSISTENCY.items())
def test_consistency_paths_are_those_of_the_reference(sizes: tuple[int, int], path: list[str]) -> None:
    assert [each.hex() for each in merkle.consistency_path(*sizes, REFERENCE)] == path


def test_an_empty_tree_has_the_hash_of_nothing() -> None:
    assert merkle.root(0, REFERENCE) == merkle.GrowingTree().root() == hashlib.sha256(b"").digest()


@given(st.lists(st.binary(max_size=4), max_size=70))
def test_roots_are_those_of_the_rfcs_own_definition(leaves: list[bytes]) -> None:
    growing = merkle.GrowingTree()
    for leaf in leaves:
        growing.append(merkle.leaf_hash(leaf))
    expected = root_as_the_rfc_says(leaves)
    assert growing.root() == expected
    assert (Tree(leaves).root(len(leaves)) if leaves else merkle.EMPTY_ROOT) == expected


def test_every_size_proves_each_sort_of_leaf_and_each_sort_of_beginning() -> None:
    chance = random.Random(9162)
    for size in range(1, MAX_SIZE + 1):
        root = BIG.root(size)
        for index in {0, size // 2, size - 1, chance.randrange(size)}:
            path = merkle.inclusion_path(index, size, BIG)
            merkle.verify_inclusion(BIG(0, index), index, size, path, root)
        for before in {1, size, max(1, size - 1), 1 << (size.bit_length() - 1), chance.randint(1, size)}:
            path = merkle.consistency_path(before, size, BIG)
            merkle.verify_consistency(before, size, path, BIG.root(before), root)


def forged(path: list[bytes], chance: random.Random) -> list[list[bytes]]:
    """Paths that are almost right."""
    other = bytes(32)
    found = [[*path, other], [other, *path]]
    if path:
        at = chance.randrange(len(path))
        flipped = bytes([path[at][0] ^ 1]) + path[at][1:]
        found += [path[:-1], path[1:], [*path[:at], flipped, *path[at + 1 :]]]
    if len(path) > 1 and path[0] != path[-1]:
        found.append(path[::-1])
    return found


@given(st.integers(1, MAX_SIZE), st.randoms(use_true_random=False))
def test_a_forged_inclusion_is_refused(size: int, chance: random.Random) -> None:
    index = chance.randrange(size)
    path, root, leaf = merkle.inclusion_path(index, size, BIG), BIG.root(size), BIG(0, index)
    wrong = [
        *((leaf, index, size, each, root) for each in forged(path, chance)),
        (merkle.leaf_hash(b"another"), index, size, path, root),
        (leaf, index, size, path, bytes(32)),
        (leaf, size, size, path, root),
        (leaf, -1, size, path, root),
    ]
    if size > 1:
        wrong.append((leaf, (index + 1) % size, size, path, root))
    for arguments in wrong:
        with pytest.raises(ProofError):
            merkle.verify_inclusion(*arguments)


@given(st.integers(1, MAX_SIZE), st.randoms(use_true_random=False))
def test_a_forged_consistency_is_refused(size: int, chance: random.Random) -> None:
    before = chance.randint(1, size)
    path = merkle.consistency_path(before, size, BIG)
    roots = BIG.root(before), BIG.root(size)
    wrong = [
        *((before, size, each, *roots) for each in forged(path, chance)),
        (before, size, path, bytes(32), roots[1]),
        (before, size, path, roots[0], bytes(32)),
        (0, size, path, *roots),
        (size + 1, size, path, *roots),
    ]
    if before < size:
        wrong += [(before, size, path, roots[1], roots[0]), (before, before, path, *roots)]
    for arguments in wrong:
        with pytest.raises(ProofError):
            merkle.verify_consistency(*arguments)


@pytest.mark.parametrize("place", [(-1, 4), (4, 4), (0, 0)])
def test_nothing_outside_the_tree_has_a_path(place: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="is not in a tree"):
        merkle.inclusion_path(*place, REFERENCE)


@pytest.mark.parametrize("sizes", [(0, 4), (5, 4)])
def test_no_tree_is_the_beginning_of_a_smaller_one(sizes: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="is not the beginning"):
        merkle.consistency_path(*sizes, REFERENCE)
