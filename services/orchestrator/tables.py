"""What grows with the ledger lies in tables of its own: an LMDB file that follows the ledger, and is rebuilt from it.

A page of events is taken in all or none, together with the position that it ends at. What is erased leaves the file.
A file of another format is removed, and what it held is read from the ledger anew.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import struct
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

import msgspec

import pmm_client.errors
from pmm.mind.v1.events_pb2 import Event
from services.orchestrator.feed import Feed, Pace
from services.orchestrator.terms import StorePage
from services.runtime import telemetry
from services.runtime.projection_file import DISK_ERRORS, ProjectionFile
from services.runtime.waiting import Waiting

RECONNECT_SECONDS = 1.0
NO_ROOM_SECONDS = 2.0
"""Before a full disk is tried again."""
SETTLE_SECONDS = 0.03
"""Tables that nobody waits for take in what so long brings, after the workers: each page costs a sync to disk."""
SEQ = struct.Struct(">Q")
encode, decode = msgspec.msgpack.encode, msgspec.msgpack.decode
_MAP_BYTES = 256 * 2**30
"""Address space, not disk."""
_STATE = "state"
""""position" → _Place."""
_POSITION, _ERASED = b"position", b"erased"
"""``_ERASED`` is there while what was removed may still be on a free page."""
_log = logging.getLogger("pmm.tables")
T = TypeVar("T")


class _Place(msgspec.Struct, array_like=True):
    """How far a file is, and what it is."""

    store_id: str = ""
    """The ledger's."""
    position: int = 0
    format: int = 0
    """0: it was written before files had one."""


class Tables(ABC):
    """One LMDB file. ``apply`` has one caller at a time, which may be another thread than the readers'."""

    FORMAT: ClassVar[int]
    """Of what the tables hold. Raise it whenever the same events would make other rows than before, or are other
    kinds: a file of another format is built anew."""

    def __init__(self, folder: Path, tables: Sequence[str]) -> None:
        self._names = (*tables, _STATE)
        self.file = self._opened(folder)
        place = self._place()
        if place is not None and place.format != self.FORMAT:
            _log.warning("the tables in %r are of another format, and are built anew", folder.name)
            self.file.close()
            # Whole: another format may have tables that this one does not know, and would never erase from.
            shutil.rmtree(folder)
            self.file = self._opened(folder)
        self.finish_erasing()

    def finish_erasing(self) -> bool:
        """Do what a crash or a full disk interrupted; whether there was anything."""
        with self.file.read() as txn:
            is_unfinished = txn.get(_ERASED, db=self.file.table(_STATE)) is not None
        if is_unfinished:
            self.compact()
        return is_unfinished

    def _opened(self, folder: Path) -> ProjectionFile:
        return ProjectionFile(folder, self._names, map_size=_MAP_BYTES, metasync=False)

    def _place(self) -> _Place | None:
        """None where nothing was ever taken in."""
        with self.file.read() as txn:
            value = txn.get(_POSITION, db=self.file.table(_STATE))
        return decode(bytes(value), type=_Place) if value else None

    def _put_place(self, txn: Any, store_id: str, position: int) -> None:
        txn.put(_POSITION, encode(_Place(store_id, position, self.FORMAT)), db=self.file.table(_STATE))

    def close(self) -> None:
        """Sync and close."""
        self.file.close()

    def position(self) -> tuple[str, int]:
        """The ledger's store_id, and its position up to which the tables stand."""
        place = self._place() or _Place()
        return place.store_id, place.position

    def start_anew(self, store_id: str) -> None:
        """Empty them: the ledger is another one."""
        with self.file.write() as txn:
            for name in self._names:
                txn.drop(self.file.table(name), delete=False)
            txn.put(_ERASED, b"1", db=self.file.table(_STATE))
            self._put_place(txn, store_id, 0)
        self.compact()

    def apply(self, events: Iterable[Event], store_id: str, position: int) -> None:
        """Take a page of events, all or none, and forget what they erase."""
        with self.file.write() as txn:
            is_erased = self.take(txn, events)
            if is_erased:
                txn.put(_ERASED, b"1", db=self.file.table(_STATE))
            self._put_place(txn, store_id, position)
        if is_erased:
            self.compact()

    @abstractmethod
    def take(self, txn: Any, events: Iterable[Event]) -> bool:
        """Write what events add and remove what they erase; whether anything was removed."""

    def compact(self) -> None:
        """Write the file anew without what was removed."""
        self.file.compact()
        with self.file.write() as txn:
            txn.delete(_ERASED, db=self.file.table(_STATE))


class Writer(Protocol):
    """Changes within one transaction; what removes says whether there was anything."""

    def add(self, event: Event) -> None: ...
    def remove_payload(self, mind_id: str, seq: int) -> bool: ...
    def remove_mind(self, mind_id: str) -> bool: ...


def write(writer: Writer, events: Iterable[Event]) -> bool:
    """Write what events add and remove what they erase; whether anything was removed."""
    is_erased = False
    for event in events:
        match event.kind:
            case "mind_deleted":
                is_erased |= writer.remove_mind(event.mind_id)
            case "event_redacted":
                for seq in event.body.event_redacted.seqs:
                    is_erased |= writer.remove_payload(event.mind_id, seq)
            case _:
                writer.add(event)
    return is_erased


class Following:
    """Keeps tables up to date with the ledger."""

    def __init__(self, name: str, tables: Tables, feed: Feed, kinds: Sequence[str]) -> None:
        self._name = name
        self._tables = tables
        self._feed = feed
        self._kinds = kinds
        self._pace = Pace(SETTLE_SECONDS)
        self._store_id, self.position = tables.position()
        self._waiting = Waiting()
        self._is_caught_up = False
        """Whether they have taken in what the ledger held when they began to follow it."""

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            is_anew = False
            try:
                async with aclosing(self._feed.follow(self.position, self._kinds, self._pace)) as pages:
                    async for page in pages:
                        if page.store_id != self._store_id:
                            is_anew = True
                            await self._start_anew(page.store_id)
                            break
                        if page.position > self.position:
                            await self._take(page)
                        if page.is_caught_up and not self._is_caught_up:
                            self._is_caught_up = True
                            _log.info("the table %s stands at position %d", self._name, self.position)
                            self._waiting.went_on()
            except pmm_client.errors.DataLoss as error:
                if not self._waiting.is_at_damage:
                    _log.error("the table %s cannot go on: %s", self._name, error)
                self._waiting.stuck(error)
            except (ConnectionError, pmm_client.errors.Unavailable) as error:
                _log.warning("the table %s waits for the ledger: %s", self._name, error)
            except DISK_ERRORS as error:
                _log.warning("the table %s cannot be written, and is tried again: %s", self._name, error)
                self._waiting.stuck(error)
                await self._find_room()
            if not is_anew:
                await asyncio.sleep(RECONNECT_SECONDS)

    async def _find_room(self) -> None:
        """Return once what was erased has left the file, which stands then where it says."""
        while True:
            await asyncio.sleep(NO_ROOM_SECONDS)
            try:
                is_written = await in_thread(self._tables.finish_erasing)
            except DISK_ERRORS:
                continue
            self._store_id, self.position = self._tables.position()
            # Else the page that found no room comes again, and tells whether there is any now.
            if is_written:
                self._waiting.went_on()
            return

    async def caught_up(self) -> None:
        """Return once the tables have taken in what the ledger held when they began to. Raises as ``moved`` does."""
        while not self._is_caught_up:
            await self.moved()

    async def reached(self, position: int) -> None:
        """Return once the tables have taken in everything up to a position. Raises as ``moved`` does."""
        while self.position < position:
            await self.moved()

    async def moved(self) -> None:
        """Return once the tables may have taken in more than they have now, which then do not tarry.

        Raises one of STUCK where they cannot.
        """
        self._pace.hurry()
        await self._waiting.moved()

    async def _start_anew(self, store_id: str) -> None:
        await in_thread(self._tables.start_anew, store_id)
        self._store_id, self.position, self._is_caught_up = store_id, 0, False
        self._waiting.went_on()

    async def _take(self, page: StorePage) -> None:
        with telemetry.stage(self._name):
            await in_thread(self._tables.apply, page.events, page.store_id, page.position)
        self.position = page.position
        self._waiting.went_on()


async def in_thread(work: Callable[..., T], *arguments: Any) -> T:
    """Beside the event loop. Whoever cancels it waits for its end: the file is not closed under it."""
    task = asyncio.create_task(asyncio.to_thread(work, *arguments))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


def under(
    txn: Any, table: Any, prefix: bytes, *, latest_first: bool = False, before: bytes | None = None
) -> Iterator[tuple[bytes, bytes]]:
    """Keys that begin with a prefix, and their values; latest first: those below ``before``, where it is given."""
    cursor = txn.cursor(db=table)
    if latest_first:
        there = cursor.set_range(prefix + b"\xff" * 16 if before is None else before)
        there = cursor.prev() if there else cursor.last()
        step = cursor.prev
    else:
        there, step = cursor.set_range(prefix), cursor.next
    while there and (key := bytes(cursor.key())).startswith(prefix):
        yield key, bytes(cursor.value())
        there = step()


def of_mind(mind_id: str) -> bytes:
    """What the keys of a mind begin with."""
    return mind_id.encode() + b"\x00"


def remove_mind(txn: Any, tables: Iterable[Any], mind_id: str) -> bool:
    """Remove what the keys of a mind hold; whether there was anything."""
    is_removed = False
    for table in tables:
        for key in [key for key, _ in under(txn, table, of_mind(mind_id))]:
            is_removed |= txn.delete(key, db=table)
    return is_removed
