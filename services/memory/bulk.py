"""The older rows of a large mind: vectors in an inverted file, words in tantivy, both kept in a folder.

A folder holds what one ``MindIndex`` looked like at a size, so that a start reads files instead of rows:

    place.json     what the rest is, and its checksums; written last
    vectors.faiss  FAISS's own format
    text/          tantivy's own format; may run ahead of the place after a crash, and is cut back
    text.json      the checksum of each of tantivy's segments
    columns/       one .npy a column of ``index.py``; words.npy, word_ends.npy
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

from services.memory.text import TextIndex
from services.memory.vectors import Device, InvertedFile
from services.runtime.durable import sync, write_durably

FORMAT = 1
_PLACE = "place.json"
_VECTORS = "vectors.faiss"
_NAMES = "names.msgpack"
_TEXT = "text"
_TEXT_CHECKSUMS = "text.json"
_BLOCK = 1 << 20
_SEGMENT_NAME_LENGTH = 32
"""A segment's file is named by 32 hexadecimal digits."""


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
    """CRC-32 of each file but tantivy's."""


@dataclass(slots=True)
class Bulk:
    """Vectors and words of the rows below ``MindIndex.layout.start``."""

    vectors: InvertedFile
    text: TextIndex


@dataclass(frozen=True, slots=True)
class Saved:
    """What a folder gives back."""

    place: Place
    bulk: Bulk
    columns: dict[str, NDArray[Any]]
    names: dict[str, Any]


def new_text(folder: Path) -> TextIndex:
    """An empty text index in the folder; whatever was there goes."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    return TextIndex(folder / _TEXT)


def save(
    folder: Path, place: Place, vectors: InvertedFile, columns: dict[str, NDArray[Any]], names: dict[str, Any]
) -> None:
    """Write everything but the words, which tantivy keeps itself. Raises OSError, and leaves no place then."""
    (folder / _PLACE).unlink(missing_ok=True)
    (folder / "columns").mkdir(exist_ok=True, mode=0o700)
    files = [folder / _VECTORS, folder / _NAMES]
    vectors.save(folder / _VECTORS)
    (folder / _NAMES).write_bytes(msgspec.msgpack.encode(names))
    for name, values in columns.items():
        file = folder / "columns" / f"{name}.npy"
        np.save(file, values, allow_pickle=False)
        files.append(file)
    for file in files:
        sync(file)
    note_text(folder)
    place.checksums = {str(file.relative_to(folder)): _checksum(file) for file in files}
    write_durably(folder / _PLACE, msgspec.json.encode(place))


def note_text(folder: Path) -> None:
    """Note the checksums of tantivy's segments, which never change. After every change of the text."""
    known = _text_checksums(folder) or {}
    checksums = {
        file.name: known.get(file.name) or _checksum(file)
        for file in (folder / _TEXT).iterdir()
        if len(file.stem) == _SEGMENT_NAME_LENGTH
    }
    write_durably(folder / _TEXT_CHECKSUMS, msgspec.json.encode(checksums))


def _text_checksums(folder: Path) -> dict[str, int] | None:
    try:
        return msgspec.json.decode((folder / _TEXT_CHECKSUMS).read_bytes(), type=dict[str, int])
    except (OSError, msgspec.DecodeError):
        return None


def _files_are_sound(folder: Path, place: Place) -> bool:
    """Whether every file is as it was written. A segment that is gone was merged into another, and tantivy knows."""
    known = _text_checksums(folder)
    segments = [file for file in (folder / _TEXT).iterdir() if len(file.stem) == _SEGMENT_NAME_LENGTH]
    return (
        known is not None
        and all(_checksum(folder / name) == checksum for name, checksum in place.checksums.items())
        and all(known.get(file.name) == _checksum(file) for file in segments)
    )


def load(folder: Path, embedder: str, device: Device) -> Saved | None:
    """What the folder holds, None where it holds nothing of use: missing, damaged, another format or embedder."""
    try:
        place = msgspec.json.decode((folder / _PLACE).read_bytes(), type=Place)
        if (place.format, place.embedder) != (FORMAT, embedder):
            return None
        if not _files_are_sound(folder, place):
            return None
        text = TextIndex(folder / _TEXT)
        if len(text) != place.size:
            text.cut(place.size)
            note_text(folder)
        if len(text) != place.size:
            return None
        vectors = InvertedFile.load(folder / _VECTORS, place.trained_for, device)
        if len(vectors) != place.size:
            return None
        columns = {
            file.stem: np.load(file, allow_pickle=False) for file in sorted((folder / "columns").iterdir())
        }
        names = msgspec.msgpack.decode((folder / _NAMES).read_bytes())
    # tantivy raises ValueError for a folder that it cannot read, FAISS RuntimeError.
    except (OSError, ValueError, RuntimeError, msgspec.DecodeError):
        return None
    return Saved(place, Bulk(vectors, text), columns, names)


def saved_size(folder: Path) -> int:
    """How many rows the folder holds; 0 where it holds none."""
    try:
        return msgspec.json.decode((folder / _PLACE).read_bytes(), type=Place).size
    except (OSError, msgspec.DecodeError):
        return 0


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
