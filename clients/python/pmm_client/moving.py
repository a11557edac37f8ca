"""Moving minds: restoring an archive, copying under another name, and comparing what came of it with the archive."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from pmm_client import checkpoints
from pmm_client.archive import Archive, Report
from pmm_client.client import Client
from pmm_client.errors import BrokenChain, MindExists, PmmError
from pmm_client.jsonable import Json, to_json
from pmm_client.mind import Mind

SHOWN = 10
"""Differences that are named; all are counted."""
_PAGE = 1_000
_OF_THE_CHAIN = ("mind_id", "prev_hash", "hash")
"""What a copy has of its own, in an event …"""
_OF_THE_MIND = ("mind_id", "owner", "hash")
"""… and as a mind."""


@dataclass
class Part:
    """One part of a mind, compared."""

    name: str
    compared: int = 0
    """Events, memories or fields."""
    differing: int = 0
    examples: list[str] = field(default_factory=lambda: [])
    """Some of those that differ, in words."""

    def differs(self, what: str) -> None:
        """Note a difference."""
        self.differing += 1
        if self.differing <= SHOWN:
            self.examples.append(what)


@dataclass
class Comparison:
    """A mind, compared with an archive as of the archive's head."""

    mind_id: str
    origin_mind_id: str
    head_seq: int
    parts: list[Part] = field(default_factory=lambda: [])

    @property
    def is_equal(self) -> bool:
        """Whether nothing differs."""
        return not any(part.differing for part in self.parts)


async def restore(
    client: Client, archive: Archive, name: str = "", *, force: bool = False, report: Report | None = None
) -> Comparison:
    """Make a mind of an archive, under its own name or as a copy under another, and compare the two.

    Where that mind is there already, as after an interruption, it is only compared. Raises MindExists where the name
    is another mind's, BrokenExport where the file was changed.
    """
    archive.check()
    origin = archive.manifest.mind_id
    mind = client.mind(name or origin)
    is_copy = mind.mind_id != origin
    try:
        await mind.restore(
            archive.events(report),
            force=force,
            copy_of=origin if is_copy else "",
            origin_checkpoint=archive.checkpoint() if is_copy else "",
        )
    except MindExists:
        if not await _came_of(mind, archive):
            raise
    return await compare(mind, archive, report=report)


async def copy(client: Client, mind_id: str, name: str, *, report: Report | None = None) -> Comparison:
    """Make a copy of a mind under another name on the same server, as of now. Raises MindExists."""
    origin, made = client.mind(mind_id), client.mind(name)
    signed = await origin.checkpoint()
    size = signed.checkpoint.size
    await made.restore(_lines(origin, size, report), copy_of=mind_id, origin_checkpoint=signed.note)
    found = Comparison(name, mind_id, size)
    found.parts.append(await _chain(made, size, report))
    return found


async def compare(mind: Mind, archive: Archive, *, report: Report | None = None) -> Comparison:
    """Compare a mind with an archive, as of the archive's head, once memory has come so far."""
    manifest = archive.manifest
    found = Comparison(mind.mind_id, manifest.mind_id, manifest.head_seq)
    found.parts.append(await _chain(mind, manifest.head_seq, report))
    if not found.is_equal:
        return found
    found.parts.append(await _events(mind, archive, report))
    if report:
        report("remembering", 0, 0)
    # To its present head: what was erased since is gone from every view, however early.
    await mind.wait_for_index((await mind.head()).seq)
    found.parts.append(await _memories(mind, archive))
    found.parts.append(await _state(mind, archive))
    return found


async def _came_of(mind: Mind, archive: Archive) -> bool:
    """Whether a mind is there because this archive was restored before."""
    manifest = archive.manifest
    if mind.mind_id == manifest.mind_id:
        try:
            events = [event async for event in mind.events(from_seq=manifest.head_seq, limit=1)]
        except PmmError:
            return False
        return bool(events) and events[0].hash.hex() == manifest.head_hash
    first = await mind.event(1)
    theirs = first.body.mind_imported.origin_checkpoint
    return bool(theirs) and checkpoints.parse(theirs) == checkpoints.parse(archive.checkpoint())


async def _lines(mind: Mind, size: int, report: Report | None) -> AsyncGenerator[bytes]:
    """The first events, in whole lines: the mind may grow meanwhile."""
    done = 0
    async for part in mind.export():
        lines = part.splitlines(keepends=True)[: size - done]
        done += len(lines)
        yield b"".join(lines)
        if report:
            report("copying", done, size)
        if done == size:
            return


async def _chain(mind: Mind, head_seq: int, report: Report | None) -> Part:
    """The server reads its own bytes again."""
    part = Part("chain and tree", head_seq)
    try:
        await mind.verify(
            to_seq=head_seq,
            on_progress=lambda done, total: report("verifying", done, total) if report else None,
        )
    except BrokenChain as error:
        part.differs(f"event {error.metadata.get('seq')}: {error.message}")
    return part


async def _events(mind: Mind, archive: Archive, report: Report | None) -> Part:
    """Field by field, the exact bytes of payloads included; a copy has a first event and hashes of its own."""
    part, head_seq = Part("events"), archive.manifest.head_seq
    is_copy = mind.mind_id != archive.manifest.mind_id
    lines = archive.event_lines()
    async for block in _lines(mind, head_seq, None):
        for ours in block.splitlines(keepends=True):
            theirs = next(lines, b"")
            part.compared += 1
            if ours == theirs or (is_copy and (part.compared == 1 or _event(ours) == _event(theirs))):
                continue
            part.differs(_told(part.compared, json.loads(ours), json.loads(theirs or b"{}")))
        if report:
            report("comparing", part.compared, head_seq)
    return part


def _event(line: bytes) -> Json:
    return {key: value for key, value in json.loads(line or b"{}").items() if key not in _OF_THE_CHAIN}


def _told(seq: int, ours: Json, theirs: Json) -> str:
    if ours.get("redacted") and not theirs.get("redacted"):
        return f"event {seq} was erased since"
    fields = sorted(key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key))
    return f"event {seq}: {', '.join(fields)}"


async def _memories(mind: Mind, archive: Archive) -> Part:
    """By id: texts, sources, validity and all else that memory says of them."""
    part, seq = Part("memories"), archive.manifest.head_seq
    listed = archive.memories()
    ours, theirs = dict[str, Json](), dict[str, Json]()
    # Newest first on both sides: what waits for its like is little.
    async for memory in mind.memories(as_of_seq=seq, page_size=_PAGE):
        ours[memory.memory_id] = to_json(memory)
        if (other := next(listed, None)) is not None:
            theirs[other["memory_id"]] = other
        _pair(part, ours, theirs, {memory.memory_id, *([other["memory_id"]] if other else [])})
    theirs.update((other["memory_id"], other) for other in listed)
    _pair(part, ours, theirs, set(ours))
    for memory_id, what in [*((one, "is new") for one in ours), *((one, "is missing") for one in theirs)]:
        part.compared += 1
        part.differs(f"memory {memory_id} {what}")
    return part


def _pair(part: Part, ours: dict[str, Json], theirs: dict[str, Json], memory_ids: set[str]) -> None:
    """Compare those that are on both sides, which then wait no longer."""
    for memory_id in sorted(memory_ids & ours.keys() & theirs.keys()):
        part.compared += 1
        if fields := list(_paths(ours.pop(memory_id), theirs.pop(memory_id))):
            part.differs(f"memory {memory_id}: {', '.join(fields)}")


async def _state(mind: Mind, archive: Archive) -> Part:
    """Settings, policies and everything that is folded."""
    part, seq = Part("settings and state"), archive.manifest.head_seq
    ours, theirs = to_json(await mind.show(as_of_seq=seq, min_seq=seq)), archive.state()
    for its_state in (ours, theirs):
        # Whether a commitment is overdue depends on the clock.
        for commitment in its_state["open_commitments"]:
            del commitment["status"]
        if mind.mind_id != archive.manifest.mind_id:
            for name in _OF_THE_MIND:
                its_state.pop(name)
    part.compared = len(ours)
    for path in _paths(ours, theirs):
        part.differs(path)
    return part


def _paths(ours: Any, theirs: Any, path: str = "") -> Iterator[str]:
    """Where two values of JSON differ."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted(ours.keys() | theirs.keys()):  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType, reportUnknownVariableType]
            yield from _paths(ours.get(key), theirs.get(key), f"{path}.{key}" if path else str(key))  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]
    elif isinstance(ours, list) and isinstance(theirs, list):
        for index, (one, other) in enumerate(zip_longest(ours, theirs)):  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
            yield from _paths(one, other, f"{path}[{index}]")
    elif ours != theirs:
        yield path
