"""``pmm mind export``, ``restore``, ``copy`` and ``compare``: minds to files, from files, and under another name."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, BinaryIO

import typer
from rich.progress import Progress, TaskID

from pmm_client import archive as archives
from pmm_client import moving
from pmm_client.archive import ANOTHER_COPY, Archive, Report, begins_archive
from pmm_client.cli import completion, exits, output
from pmm_client.cli.completion import DEFAULT_MIND
from pmm_client.cli.connection import CliError, Connection
from pmm_client.cli.mind_commands import Name
from pmm_client.cli.options import Json, MindOrMine, calls_server, complain
from pmm_client.cli.standard_input import read_chunk
from pmm_client.errors import MindExists
from pmm_client.moving import Comparison

CHUNK_BYTES = 1024 * 1024
"""Of a file that is restored; the ledger takes four times as much at once."""

LONGEST_LINE_BYTES = 16 * CHUNK_BYTES
"""Of an event: base64 of the largest payload, and more."""

As = Annotated[
    str,
    typer.Option("--as", metavar="NAME", help="Make a copy under this name; else the mind keeps its own."),
]


def register(app: typer.Typer) -> None:
    """Add ``export``, ``restore``, ``copy`` and ``compare``."""
    calls_server(app, "export", may_be_named=True, instead="write it to a file with -o {words}")(export)
    calls_server(app, "restore", instead="make a copy under another name with --as {words}")(restore)
    calls_server(app, "copy")(copy)
    calls_server(app, "compare")(compare)


async def export(
    connection: Connection,
    out: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write here; - or nothing: standard output."),
    ] = None,
    full: Annotated[
        bool,
        typer.Option("--full", help="Also its memories, settings and signed checkpoint, in one file (zip)."),
    ] = False,
    mind: MindOrMine = DEFAULT_MIND,
    as_json: Json = False,
) -> None:
    """Write a mind to a file from which it can be restored: its events, or with --full all that it is.

    Example: pmm mind export --mind ada --full -o ada.pmm
    """
    out = None if out == Path("-") else out
    if full and out is None:
        raise CliError("--full writes one file: say which with -o FILE, for example -o ada.pmm", exits.USAGE)
    if as_json and out is None:
        raise CliError("--json says what was written to a file: say which with -o FILE", exits.USAGE)
    if full and out is not None:
        await _export_full(connection, mind, out.expanduser(), as_json)
        return
    async with connection.open("ledger") as client:
        with output.progress(quiet=as_json) as bar:
            task = bar.add_task("exporting", total=None)
            parts = client.mind(mind).export(on_progress=_follow(bar, task))
            if out is None:
                await _copy(parts, sys.stdout.buffer)
            else:
                await replace_file(parts, out.expanduser())
    if as_json:
        output.json_line({"mind_id": mind, "file": str(out)})
    elif out is not None:
        output.line(f"{mind} is in {out}. Restore it, which checks every hash, with: pmm mind restore {out}")


async def _export_full(connection: Connection, name: str, out: Path, as_json: bool) -> None:
    async with connection.open("ledger", "memory") as client:
        with _reporting(quiet=as_json) as report:
            try:
                written = await archives.save(client.mind(name), out, report=report)
            except OSError as error:
                raise CliError(f"{out}: {error.strerror}") from None
    for worker, behind in written.unfinished.items():
        complain(
            f"the worker {worker} has not followed up {output.counted(behind, 'event')}: "
            f"what it would derive is not in {out}. `pmm workers dead-letters --mind {name}` lists what it left: "
            "replay that, and export again"
        )
    if as_json:
        output.json_line({"file": str(out), **asdict(written)})
    else:
        output.line(
            f"{name} is in {out}: {output.counted(written.head_seq, 'event')}, "
            f"{output.counted(written.memories, 'memory', 'memories')}, settings and proof. "
            f"Elsewhere: pmm mind restore {out}"
        )


async def restore(
    connection: Connection,
    file: Annotated[str, typer.Argument(metavar="FILE", help="An export; - is standard input.")],
    of: Annotated[
        str,
        typer.Option("--mind", metavar="NAME", help="The name that it had; needed for standard input only."),
    ] = "",
    as_name: As = "",
    force: Annotated[
        bool, typer.Option("--force", help="Also behind a checkpoint that was witnessed.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make a mind of an export, under the name that it had or as a copy: all or nothing, every hash is checked.

    Of an export with --full, memories, settings and state are compared, too; exits with 4 where something differs.

    Example: pmm mind restore ada.pmm --as ada-2
    """
    path = None if file == "-" else _there(file)
    if path is not None and Archive.is_one(path):
        await _restore_full(connection, path, of, as_name, force, as_json)
        return
    if path is not None and (wrong := _damage(path)):
        raise _unusable(file, wrong)
    origin = of or (_named_in(path) if path else "")
    if not origin and path:
        raise CliError(
            f"{file} is no export of a mind. If it is a transcript, a mind takes it with: pmm mind import {file}",
            exits.USAGE,
        )
    if not origin:
        raise CliError("say which mind it is of with --mind NAME", exits.USAGE)
    source = path.open("rb") if path else sys.stdin.buffer
    name = as_name or origin
    with source, output.progress(quiet=as_json) as bar:
        size = os.fstat(source.fileno()).st_size
        task = bar.add_task("restoring (bytes)", total=size or None)
        async with connection.open("ledger") as client:
            parts = _chunks(source, lambda done: bar.update(task, completed=done))
            copy_of = origin if name != origin else ""
            with _taken(name):
                restored = await client.mind(name).restore(parts, force=force, copy_of=copy_of)
    if as_json:
        output.json_line({"mind_id": name, "head_seq": restored.head_seq, "hash": restored.hash.hex()})
    else:
        output.line(f"{name} is restored up to event #{restored.head_seq:,}.")


async def _restore_full(
    connection: Connection, path: Path, mind: str, as_name: str, force: bool, as_json: bool
) -> None:
    with _opened(path) as archive:
        if mind and mind != archive.manifest.mind_id:
            raise CliError(
                f"{path} is of {archive.manifest.mind_id}: leave --mind out, or make a copy with --as {mind}",
                exits.USAGE,
            )
        async with connection.open("ledger", "memory") as client:
            with _taken(as_name or archive.manifest.mind_id), _reporting(quiet=as_json) as report:
                found = await moving.restore(client, archive, as_name, force=force, report=report)
    _tell(found, as_json)


async def copy(
    connection: Connection,
    name: Name,
    to: Annotated[str, typer.Argument(metavar="NEW", help="The copy's id.", show_default=False)],
    as_json: Json = False,
) -> None:
    """Make a copy of a mind under another name: everything keeps its number, and the first event names the origin.

    Example: pmm mind copy ada ada-2
    """
    async with connection.open("ledger") as client:
        with _taken(to, "in the place of NEW"), _reporting(quiet=as_json) as report:
            found = await moving.copy(client, name, to, report=report)
    _tell(found, as_json)


async def compare(
    connection: Connection,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An export with --full.")],
    which: Annotated[
        str,
        typer.Option(
            "--mind",
            metavar="NAME",
            help="The mind; else the one that the export is of.",
            autocompletion=completion.minds,
        ),
    ] = "",
    as_json: Json = False,
) -> None:
    """Compare a mind with an export of it, as of the export's last event. Exits with 4 where something differs.

    Example: pmm mind compare ada.pmm --mind ada-2
    """
    with _opened(_there(str(file))) as archive:
        archive.check()
        async with connection.open("ledger", "memory") as client:
            with _reporting(quiet=as_json) as report:
                name = which or archive.manifest.mind_id
                found = await moving.compare(client.mind(name), archive, report=report)
    _tell(found, as_json)


def _tell(found: Comparison, as_json: bool) -> None:
    if as_json:
        output.json_line({**asdict(found), "is_equal": found.is_equal})
    else:
        origin = "" if found.mind_id == found.origin_mind_id else f", a copy of {found.origin_mind_id}"
        output.line(f"{found.mind_id} up to event #{found.head_seq:,}{origin}")
        made = output.table("", "", "")
        for part in found.parts:
            verdict = f"{part.differing:,} differ" if part.differing else "as exported"
            output.row(made, part.name, f"{part.compared:,}", verdict)
        output.console().print(made)
        for what in (example for part in found.parts for example in part.examples):
            output.line(f"  {what}")
    if not found.is_equal:
        raise CliError("something differs from the export", exits.FOUND_WRONG)


@contextmanager
def _taken(name: str, how: str = "with --as NAME") -> Generator[None]:
    """Say what to do where a mind of that name is there."""
    try:
        yield
    except MindExists:
        raise CliError(
            f"there is or was a mind {name} already: take another name for a copy, {how}"
        ) from None


@contextmanager
def _reporting(*, quiet: bool) -> Generator[Report]:
    """A bar for each step."""
    with output.progress(quiet=quiet) as bar:
        tasks: dict[str, TaskID] = {}

        def report(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = bar.add_task(step, total=None)
            bar.update(tasks[step], completed=done, total=total or None)

        yield report


def _there(file: str) -> Path:
    """Raises CliError where it cannot be read."""
    path = Path(file).expanduser()
    try:
        with path.open("rb"):
            return path
    except OSError as error:
        raise CliError(f"{path}: {error.strerror}", exits.USAGE) from None


def _damage(path: Path) -> str:
    """Why a plain export cannot be whole; empty where nothing speaks against it."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - LONGEST_LINE_BYTES))
        return _cut(file.read().rpartition(b"\n")[2]) if size else "it is empty"


def _cut(last: bytes) -> str:
    """What the text after the last end of a line says of an export; empty where it is whole."""
    try:
        json.loads(last or b"{}")
    except ValueError:
        return "it was cut short, or is no export: its last line has no end"
    return ""


def _unusable(file: str, why: str) -> CliError:
    return CliError(f"{'standard input' if file == '-' else file} cannot be used: {why}: {ANOTHER_COPY}.")


def _opened(path: Path) -> Archive:
    if path.stat().st_size and not Archive.is_one(path):
        raise CliError(f"{path} is no export with --full", exits.USAGE)
    return Archive(path)


def _named_in(path: Path) -> str:
    """The mind that a plain export is of, as its first line says; empty where it says nothing."""
    with path.open("rb") as lines:
        try:
            return str(json.loads(lines.readline(CHUNK_BYTES))["mind_id"])
        except (ValueError, KeyError, TypeError):
            return ""


async def _copy(parts: AsyncGenerator[bytes], into: BinaryIO) -> None:
    async for part in parts:
        into.write(part)
    into.flush()


async def replace_file(parts: AsyncGenerator[bytes], path: Path) -> None:
    """Write beside the file and rename: nobody ever sees half of it."""
    partial = path.with_name(f"{path.name}.part")
    try:
        # As private as a mind is.
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as into:  # noqa: ASYNC230
            await _copy(parts, into)
            os.fsync(into.fileno())
        partial.replace(path)
    except OSError as error:
        raise CliError(f"{path}: {error.strerror}") from None
    finally:
        partial.unlink(missing_ok=True)


async def _chunks(source: BinaryIO, on_progress: Callable[[int], None]) -> AsyncGenerator[bytes]:
    """Raises CliError where it is empty, cut short, or an export with --full, which is read from a file only."""
    done, last = 0, b""
    while chunk := read_chunk(source, CHUNK_BYTES):
        if not done and begins_archive(chunk):
            raise CliError("this is an export with --full: name its file", exits.USAGE)
        yield chunk
        done += len(chunk)
        last = (last + chunk).rpartition(b"\n")[2]
        on_progress(done)
    if wrong := _cut(last) if done else "it is empty":
        raise _unusable("-", wrong)


def _follow(bar: Progress, task: TaskID) -> Callable[[int, int], None]:
    return lambda done, total: bar.update(task, completed=done, total=total)
