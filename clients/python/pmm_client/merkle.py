"""Merkle tree proofs as RFC 9162, section 2.1, has them. The server proves with what clients verify with.

A tree is known by its complete subtrees: ``node(level, index)`` is the hash of the leaves from
``index * 2**level`` up to ``(index + 1) * 2**level``, level 0 being the leaf hashes themselves. Such a subtree never
changes as the tree grows: proofs for every size that the tree ever had come from the same nodes. Hashes are 32 bytes.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Sequence

Node = Callable[[int, int], bytes]
"""Level and index of a complete subtree → its hash."""

EMPTY_ROOT = hashlib.sha256(b"").digest()
"""The root of a tree without leaves."""


class ProofError(ValueError):
    """A proof that does not prove what it is said to. The message says what is wrong with it."""


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf. The leaves of a mind's tree are the chain hashes of its events."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(size: int, node: Node) -> bytes:
    """The root of the first ``size`` leaves, from O(log size) nodes."""
    return _subtree(0, size, node) if size else EMPTY_ROOT


class GrowingTree:
    """The root of leaves that come one after the other, in O(log size) memory."""

    def __init__(self) -> None:
        self.size = 0
        self._complete: list[bytes] = []
        """Roots of the complete subtrees, the largest first: one for each 1 in the binary form of ``size``."""

    def append(self, leaf: bytes) -> None:
        """Add a leaf by its hash."""
        found, rest = leaf, self.size
        while rest & 1:
            found, rest = node_hash(self._complete.pop(), found), rest >> 1
        self._complete.append(found)
        self.size += 1

    def root(self) -> bytes:
        """The root of the leaves so far."""
        if not self._complete:
            return EMPTY_ROOT
        return functools.reduce(lambda right, left: node_hash(left, right), reversed(self._complete))


def inclusion_path(index: int, size: int, node: Node) -> list[bytes]:
    """PATH(index, D[size]) of section 2.1.3.1, from the leaf to the root. Raises ValueError outside the tree."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_subtree(middle, end, node))
            end = middle
        else:
            path.append(_subtree(start, middle, node))
            start = middle
    return path[::-1]


def consistency_path(from_size: int, to_size: int, node: Node) -> list[bytes]:
    """PROOF(from_size, D[to_size]) of section 2.1.4.1. Raises ValueError unless 0 < from_size <= to_size."""
    if not 0 < from_size <= to_size:
        raise ValueError(f"a tree of {from_size} is not the beginning of one of {to_size}")
    path: list[bytes] = []
    start, end = 0, to_size
    while from_size < end:
        middle = start + _split(end - start)
        if from_size <= middle:
            path.append(_subtree(middle, end, node))
            end = middle
        else:
            path.append(_subtree(start, middle, node))
            start = middle
    if start:
        path.append(_subtree(start, end, node))
    return path[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root_hash: bytes) -> None:
    """Check that the leaf with this hash is number ``index`` of the tree (section 2.1.3.2). Raises ProofError."""
    if not 0 <= index < size:
        raise ProofError(f"leaf {index} is not in a tree of {size}")
    found = leaf
    for sibling, is_left in zip(path, _sides(index, size - 1, len(path)), strict=True):
        found = node_hash(sibling, found) if is_left else node_hash(found, sibling)
    if found != root_hash:
        raise ProofError("the path does not lead to the root")


def verify_consistency(
    from_size: int, to_size: int, path: Sequence[bytes], from_root: bytes, to_root: bytes
) -> None:
    """Check that the smaller tree is the beginning of the larger (section 2.1.4.2). Raises ProofError."""
    if not 0 < from_size <= to_size:
        raise ProofError(f"a tree of {from_size} is not the beginning of one of {to_size}")
    if from_size == to_size:
        if path or from_root != to_root:
            raise ProofError("two trees of one size have different roots")
        return
    # Where the smaller tree is complete its root begins the path, and the proof leaves it out.
    hashes = list(path) if from_size & (from_size - 1) else [from_root, *path]
    if not hashes:
        raise ProofError("the path is too short")
    height = _trailing_ones(from_size - 1)
    smaller = larger = hashes[0]
    sides = _sides((from_size - 1) >> height, (to_size - 1) >> height, len(hashes) - 1)
    for sibling, is_left in zip(hashes[1:], sides, strict=True):
        if is_left:
            smaller = node_hash(sibling, smaller)
        larger = node_hash(sibling, larger) if is_left else node_hash(larger, sibling)
    if smaller != from_root:
        raise ProofError("the path does not lead to the root of the smaller tree")
    if larger != to_root:
        raise ProofError("the path does not lead to the root of the larger tree")


def _sides(position: int, last: int, length: int) -> list[bool]:
    """Of the siblings on the way from a node to the root, whether each is on the left. Raises ProofError."""
    sides: list[bool] = []
    while last:
        if position & 1 or position < last:
            sides.append(bool(position & 1))
        position, last = position >> 1, last >> 1
    if len(sides) != length:
        raise ProofError(f"the path has {length} hashes where {len(sides)} are needed")
    return sides


def _trailing_ones(number: int) -> int:
    return (~number & number + 1).bit_length() - 1


def _split(size: int) -> int:
    """The largest power of two below ``size``, which is at least 2."""
    return 1 << (size - 1).bit_length() - 1


def _subtree(start: int, end: int, node: Node) -> bytes:
    """The hash of the leaves from ``start`` to ``end``. Everything left of the edge is complete."""
    size = end - start
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return node(level, start >> level)
    middle = start + _split(size)
    return node_hash(_subtree(start, middle, node), _subtree(middle, end, node))
