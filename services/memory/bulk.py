"""The older rows of a large mind: vectors in an inverted file, words in postings, both kept in a folder.

A folder holds what one ``MindIndex`` looked like at a size, so that a start reads files instead of rows:

    place.json     what the rest is, and its checksums; written last
    *.faiss        what is kept of the vectors, and their lists, in FAISS's own format
    columns/       one .npy a column of ``index.py``; words.npy, word_ends.npy
    postings/      one .npy an array of ``postings.py``
    names.msgpack  numbers of sessions and speakers, tags, entities, last turns

Nothing in here is a source of truth: what is missing, damaged or of another embedder is built from the rows.
"""

from __future__ import annotations

import shutil
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from services.memory import postings
from services.memory.inverted_file import Device, InvertedFile
from services.memory.postings import Postings
from services.runtime.durable import sync, write_durably

FORMAT = 4
_PLACE = "place.json"
_NAMES = "names.msgpack"
_COLUMNS = "columns"
_POSTINGS = "postings"
_BLOCK = 1 << 20


class Place(msgspec.Struct):
    """What a folder holds."""

    format: int
    embedder: str
    size: int
    """Rows below this ordinal are in it."""
    endings: int
    """The store's count of ended rows that it has seen."""
    erasures: int
    """The same of erasures."""
    trained_for: int
    checksums: dict[str, int]
    """CRC-32 of each file."""


@dataclass(slots=True)
class Bulk:
    """Vectors and words of the rows below ``MindIndex.layout.start``."""

    vectors: InvertedFile
    words: Postings


@dataclass(frozen=True, slots=True)
class Saved:
    """What a folder gives back."""

    place: Place
    bulk: Bulk
    columns: dict[str, NDArray[Any]]
    names: dict[str, Any]


def save(
    folder: Path, place: Place, bulk: Bulk, columns: dict[str, NDArray[Any]], names: dict[str, Any]
) -> None:
    """Write everything. Raises OSError, and leaves no place then."""
    remove(folder)
    folder.mkdir(parents=True, mode=0o700)
    files = [*bulk.vectors.save(folder), folder / _NAMES]
    (folder / _NAMES).write_bytes(msgspec.msgpack.encode(names))
    files += _save_arrays(folder / _COLUMNS, columns) + _save_arrays(folder / _POSTINGS, bulk.words.arrays())
    for file in files:
        sync(file)
    place.checksums = {str(file.relative_to(folder)): _checksum(file) for file in files}
    write_durably(folder / _PLACE, msgspec.json.encode(place))


def _save_arrays(folder: Path, arrays: dict[str, NDArray[Any]]) -> list[Path]:
    folder.mkdir(exist_ok=True, mode=0o700)
    files = {folder / f"{name}.npy": values for name, values in arrays.items()}
    for file, values in files.items():
        np.save(file, values, allow_pickle=False)
    return list(files)


def _load_arrays(folder: Path) -> dict[str, NDArray[Any]]:
    return {file.stem: np.load(file, allow_pickle=False) for file in sorted(folder.iterdir())}


def load(folder: Path, embedder: str, device: Device) -> Saved | None:
    """What the folder holds, None where it holds nothing of use: missing, damaged, another format or embedder."""
    place = _place(folder, embedder)
    if place is None:
        return None
    try:
        if any(_checksum(folder / name) != checksum for name, checksum in place.checksums.items()):
            return None
        vectors = InvertedFile.load(folder, place.trained_for, device)
        if len(vectors) != place.size:
            return None
        words = postings.restored(0, place.size, _load_arrays(folder / _POSTINGS))
        columns = _load_arrays(folder / _COLUMNS)
        names = msgspec.msgpack.decode((folder / _NAMES).read_bytes())
    # FAISS raises RuntimeError for a file that it cannot read.
    except (OSError, ValueError, RuntimeError, msgspec.DecodeError):
        return None
    return Saved(place, Bulk(vectors, words), columns, names)


def saved_size(folder: Path, embedder: str) -> int:
    """How many rows the folder holds; 0 where it holds none of use."""
    place = _place(folder, embedder)
    return place.size if place else 0


def _place(folder: Path, embedder: str) -> Place | None:
    try:
        place = msgspec.json.decode((folder / _PLACE).read_bytes(), type=Place)
    # Of bytes that are no text msgspec says UnicodeDecodeError.
    except (OSError, ValueError, msgspec.DecodeError):
        return None
    return place if (place.format, place.embedder) == (FORMAT, embedder) else None


def remove(folder: Path) -> None:
    """Nothing of it stays on the disk."""
    shutil.rmtree(folder, ignore_errors=True)


def _checksum(file: Path) -> int:
    checksum = 0
    with file.open("rb") as stream:
        for block in _blocks(stream):
            checksum = zlib.crc32(block, checksum)
    return checksum


def _blocks(stream: Any) -> Iterable[bytes]:
    while block := stream.read(_BLOCK):
        yield block
