"""What ``pmm ledger``'s commands on a folder of this machine do; see ``commands``."""

from __future__ import annotations

import json
import os
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NoReturn

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from pmm_client.cli.wording import fail
from services.ledger import export, fsck, masterkey, restoring, salvage
from services.ledger.fsck import Found
from services.ledger.masterkey import MasterKeys
from services.ledger.restoring import BackupError, Restored
from services.ledger.server import SPEC
from services.ledger.settings import LedgerSettings
from services.ledger.signing import SigningKeys
from services.runtime import settings
from services.runtime.datadir import locked_folder, service_folder
from services.runtime.exits import DATA_FOLDER, USAGE, StartupError
from services.runtime.sections import DataSettings

FOUND_WRONG = 4
"""As ``pmm ledger verify`` ends where something is wrong."""
SHOWN_PROBLEMS = 20
_SECONDS_A_DAY = 86_400


@dataclass(frozen=True)
class _Place:
    """The ledger's folder, and the master keys that its settings name."""

    folder: Path
    options: dict[str, str]

    @property
    def masters(self) -> MasterKeys:
        given = {name: Path(value) for name, value in self.options.items()}
        return masterkey.load(given.get("master_key_file"), given.get("previous_master_key_file"))


def check(data: Path | None, config: Path | None, dump: Path | None, *, as_json: bool) -> int:
    """Check a stopped ledger, and rescue what verifies; the exit code."""
    place = _place(data, config, as_json=as_json)
    with (
        _said(as_json=as_json),
        service_folder(place.folder, SPEC.name, SPEC.format_version, SPEC.oldest_format),
    ):
        with _progress(as_json) as bar:
            task = bar.add_task("checking events", total=None)
            found = fsck.run(
                place.folder, place.options, lambda done, total: bar.update(task, completed=done, total=total)
            )
        dumped = _dump(place, dump) if dump else {}
    if as_json:
        typer.echo(json.dumps({**msgspec.to_builtins(found), "dumped": dumped}))
    else:
        _print(found, dumped, dump)
    return FOUND_WRONG if found.problems else 0


def _print(found: Found, dumped: dict[str, dict[str, int]], dump: Path | None) -> None:
    for problem in found.problems[:SHOWN_PROBLEMS]:
        where = (
            f"{problem.mind_id} #{problem.seq}: "
            if problem.seq
            else f"{problem.mind_id}: " * bool(problem.mind_id)
        )
        typer.echo(f"{where}{problem.message}")
    if len(found.problems) > SHOWN_PROBLEMS:
        typer.echo(f"… and {len(found.problems) - SHOWN_PROBLEMS:,} more")
    if found.problems and not dump:
        typer.echo(
            "Restore a backup with `pmm ledger restore-backup`, or rescue what verifies with --dump DIR."
        )
    if not found.problems:
        pending = f", {found.pending_erasures} erasures to finish at the next start" * bool(
            found.pending_erasures
        )
        typer.echo(
            f"The ledger is sound: {found.minds:,} minds, {found.events:,} events, {found.redacted:,} of them "
            f"erased{pending}."
        )
    for mind_id, counts in dumped.items():
        rest = f", {counts['rest']:,} beyond a gap" * bool(counts["rest"])
        typer.echo(f"{mind_id}: {counts['whole']:,} events that `pmm mind restore` takes{rest}, in {dump}")


def _dump(place: _Place, into: Path) -> dict[str, dict[str, int]]:
    try:
        into.mkdir(parents=True)
    except OSError as error:
        raise StartupError(
            USAGE, f"--dump {into}: {error.strerror}; name a folder that is not there"
        ) from None
    dumped: dict[str, dict[str, int]] = {}
    for salvaged in salvage.salvage(place.folder):
        counts = {"whole": 0, "rest": 0}
        whole = salvaged.whole
        with ExitStack() as files:
            written: dict[str, IO[bytes]] = {}
            for event in salvage.opened(place.folder, place.masters, salvaged):
                part = "whole" if event.header.seq == counts["whole"] + 1 <= whole else "rest"
                if part not in written:
                    ending = ".jsonl" if part == "whole" else ".rest.jsonl"
                    written[part] = files.enter_context(_private(into / f"{salvaged.mind_id}{ending}"))
                written[part].write(export.line(event))
                counts[part] += 1
        dumped[salvaged.mind_id] = counts
    return dumped


def _private(path: Path) -> IO[bytes]:
    return open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def restore_backup(
    archive: Path, data: Path | None, config: Path | None, *, force: bool, as_json: bool
) -> None:
    """Put a backup in the place of a stopped ledger."""
    place = _place(data, config, as_json=as_json)
    with _said(as_json=as_json), locked_folder(place.folder), _progress(as_json) as bar:
        tasks: dict[str, Any] = {}

        def report(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = bar.add_task(step, total=None)
            bar.update(tasks[step], completed=done, total=total or None)

        with archive.expanduser().open("rb") as file:
            restored = restoring.restore(file, place.folder, place.masters, force=force, report=report)
    if as_json:
        typer.echo(json.dumps(_restored_json(restored)))
        return
    again = f"; {restored.erased_again:,} payloads that were erased since are erased again" * bool(
        restored.erased_again
    )
    typer.echo(f"{restored.minds:,} minds and {restored.events:,} events are restored and verified{again}.")
    if restored.rolled_back:
        typer.echo(f"Rolled back behind given-out checkpoints: {', '.join(restored.rolled_back)}.")
    if restored.replaced:
        typer.echo(
            f"What was there before is in {restored.replaced}: remove it when it is not needed any more."
        )


def _restored_json(restored: Restored) -> dict[str, Any]:
    return {
        "store_id": restored.store_id,
        "minds": restored.minds,
        "events": restored.events,
        "erased_again": restored.erased_again,
        "rolled_back": restored.rolled_back,
        "replaced": str(restored.replaced) if restored.replaced else None,
    }


def rotate_key(data: Path | None, config: Path | None, overlap_days: float) -> None:
    """Begin a new signing key."""
    place = _place(data, config)
    if not (place.folder / "signing").is_dir():
        told = f"{place.folder} has no signing keys yet: start the server once"
        raise typer.Exit(fail(told, DATA_FOLDER, as_json=False))
    SigningKeys(place.folder / "signing").rotate(overlap_days * _SECONDS_A_DAY)
    typer.echo(f"A new key signs from now on; the old one goes on for {overlap_days:g} days.")


def new_master_key(file: Path) -> None:
    """Write a new master key."""
    try:
        masterkey.create(file.expanduser())
    except OSError as error:
        raise typer.Exit(fail(f"{file}: {error.strerror}", USAGE, as_json=False)) from None
    typer.echo(
        f"Set ledger.master_key_file to {file}, and keep a copy elsewhere: without it all payloads are lost."
    )


def _place(data: Path | None, config: Path | None, *, as_json: bool = False) -> _Place:
    try:
        root = settings.load("data", DataSettings, {"dir": data} if data else {}, config=config).dir
        ledger = settings.load("ledger", LedgerSettings, {}, config=config)
    except settings.SettingsError as error:
        raise typer.Exit(fail(str(error), USAGE, as_json=as_json)) from None
    folder = root.expanduser().absolute() / SPEC.name
    if not folder.is_dir() and not root.expanduser().is_dir():
        told = f"there is no data folder {root}: name it with --data"
        raise typer.Exit(fail(told, DATA_FOLDER, as_json=as_json))
    return _Place(folder, ledger.master_key_files())


class _said:
    """Ends the command with a line and an exit code where an operator has something to do."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        match error:
            case StartupError():
                self._fail(str(error), error.code)
            case BackupError():
                self._fail(str(error), 1)
            case FileNotFoundError():
                self._fail(f"{error.filename}: {error.strerror}", USAGE)
            case _:
                return

    def _fail(self, message: str, code: int) -> NoReturn:
        raise typer.Exit(fail(message, code, as_json=self._as_json)) from None


def _progress(quiet: bool) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    # Elsewhere it would leave an empty line.
    return Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal)
