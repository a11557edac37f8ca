"""Checks a closed ledger as a whole: every mind, and every index against the events. Run in a process of its own.

A flipped bit in one of LMDB's branch pages can crash whoever walks it; ``run`` starts the check as a child and says so
then.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import lmdb
import msgspec

from services.ledger import encoding, masterkey
from services.ledger.errors import BrokenEvent
from services.ledger.inspector import Inspector
from services.ledger.reading import decoded
from services.ledger.store import ReadOnlyStore
from services.ledger.tables import MindState, Reader
from services.ledger.verify import Broken, Progress, Verification
from services.runtime.errors import DataLoss

Report = Callable[[int, int], None]
"""Called with how many events are done and how many there are."""


class Problem(msgspec.Struct, frozen=True):
    """Something that is not as the ledger writes it."""

    mind_id: str
    seq: int
    """0 where it is not one event's."""
    message: str


class Found(msgspec.Struct):
    """What a check came to."""

    minds: int = 0
    events: int = 0
    redacted: int = 0
    pending_erasures: int = 0
    problems: list[Problem] = []


def check(folder: Path, masters: masterkey.MasterKeys) -> Iterator[tuple[int, int] | Found]:
    """Progress (events done, events there are), and last what was found."""
    store = ReadOnlyStore(folder, masters, is_shared=False)
    try:
        yield from _check(store)
    finally:
        store.close()


def _check(store: ReadOnlyStore) -> Iterator[tuple[int, int] | Found]:
    found = Found()
    with store.read() as reader:
        minds = list(reader.minds_from(""))
        total = sum(state.head_seq for _, state in minds)
        found.minds = len(minds)
        found.pending_erasures = len(reader.pending_erasures())
    done = 0
    for mind_id, state in minds:
        for step in _verified(store, mind_id, state, found):
            yield done + step, total
        with store.inspect() as reader:
            _check_indexes(reader, mind_id, state, found)
        done += state.head_seq
        yield done, total
    with store.inspect() as reader:
        _check_totals(reader, found)
    yield found


def _verified(store: ReadOnlyStore, mind_id: str, state: MindState, found: Found) -> Iterator[int]:
    verification = Verification(store, mind_id, 1, state.head_seq)
    while isinstance(step := verification.step(), Progress):
        yield step.seq
    if isinstance(step, Broken):
        found.problems.append(Problem(mind_id, step.seq, step.kind.value))
    else:
        found.redacted += step.redacted


def _check_indexes(reader: Inspector, mind_id: str, state: MindState, found: Found) -> None:
    if reader.name(state.number) != mind_id:
        found.problems.append(Problem(mind_id, 0, "its number is another mind's"))
    first = state.head_seq if state.is_deleted else 1
    for seq, data in reader.events_from(state, first, state.head_seq):
        found.events += 1
        try:
            header = encoding.decode_record(mind_id, seq, data).header
        except ValueError:
            continue  # Verification has named it.
        missing = reader.missing_indexes(state, header, encoding.position_of(data))
        found.problems += [Problem(mind_id, seq, f"it is not in the index {table}") for table in missing]


def _check_totals(reader: Inspector, found: Found) -> None:
    entries = reader.entries()
    for table in ("positions", "kinds"):
        if entries[table] != entries["events"]:
            message = f"the index {table} has {entries[table]:,} entries for {entries['events']:,} events"
            found.problems.append(Problem("", 0, message))
    if entries["events"] != found.events:
        message = f"{entries['events'] - found.events:,} events belong to no mind, or lie above its head"
        found.problems.append(Problem("", 0, message))
    for mind_id, seq, by_seq in reader.redactions():
        if not _is_order(reader, mind_id, by_seq):
            found.problems.append(
                Problem(mind_id, seq, f"no event_redacted {by_seq} says that it was erased")
            )
    for mind_id, problem in reader.bad_receipts():
        found.problems.append(Problem(mind_id, 0, problem))


def _is_order(reader: Reader, mind_id: str, seq: int) -> bool:
    state = reader.mind(mind_id)
    data = reader.raw_event(state, seq) if state else None
    try:
        return data is not None and decoded(mind_id, seq, data).header.kind == "event_redacted"
    except BrokenEvent:
        return False


def run(folder: Path, options: dict[str, str], report: Report) -> Found:
    """Check in a child process; ``report`` is called with events done and events there are."""
    command = [sys.executable, "-m", "services.ledger.fsck", str(folder), json.dumps(options)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        last: dict[str, Any] = {}
        for line in child.stdout:
            last = json.loads(line)
            if "done" in last:
                report(last["done"], last["total"])
    if "problems" in last:
        return msgspec.convert(last, Found)
    died = signal.Signals(-child.returncode).name if child.returncode < 0 else f"exit code {child.returncode}"
    where = f"after {last['done']:,} events" if last else "while it was opened"
    message = f"LMDB's own pages are damaged: the check died ({died}) {where}"
    return Found(problems=[Problem("", 0, message)])


def _main(folder: str, options: str) -> None:
    given = {name: Path(value) for name, value in json.loads(options).items()}
    masters = masterkey.load(given.get("master_key_file"), given.get("previous_master_key_file"))
    try:
        for step in check(Path(folder), masters):
            line = (
                {"done": step[0], "total": step[1]} if isinstance(step, tuple) else msgspec.to_builtins(step)
            )
            sys.stdout.write(json.dumps(line) + "\n")
            sys.stdout.flush()
    except (lmdb.Error, DataLoss) as error:
        why = f"the data file cannot be read: {error}"
        if isinstance(error, lmdb.NotFoundError):
            why = "a table is missing; if an earlier release wrote it, start this one once, which brings it up to date"
        problem = Problem("", 0, why)
        sys.stdout.write(json.dumps(msgspec.to_builtins(Found(problems=[problem]))) + "\n")


if __name__ == "__main__":
    _main(*sys.argv[1:])
