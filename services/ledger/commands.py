"""The commands that ``pmm ledger`` has for the ledger's folder on this machine. The server must not run meanwhile."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.runtime.options import Config, Data

Json = Annotated[bool, typer.Option("--json", help="JSON for scripts instead of text for people.")]


def check(
    data: Data = None,
    config: Config = None,
    dump: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write whatever verifies, of each mind, into this new folder."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Check a stopped ledger as a whole: every event, hash and index. Exits with 4 where something is wrong.

    Example: pmm ledger fsck --data ./minds --dump ./rescued

    With --dump each mind gets NAME.jsonl, an export from its first event up to the first that is lost, which `pmm mind
    restore` takes; what lies beyond is in NAME.rest.jsonl. It works even where the file cannot be opened any more.
    """
    from services.ledger import offline

    raise typer.Exit(offline.check(data, config, dump, as_json=as_json))


def restore_backup(
    archive: Annotated[Path, typer.Argument(metavar="FILE", help="What `pmm ledger backup` wrote.")],
    data: Data = None,
    config: Config = None,
    force: Annotated[
        bool, typer.Option("--force", help="Also behind a checkpoint that was given out.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Put a backup in the place of a stopped ledger: verified first, all or nothing, erasures carried out again.

    Example: pmm ledger restore-backup minds.tar --data ./minds

    The folder that was there before is kept beside. Memory and projections are built anew at the next start.
    """
    from services.ledger import offline

    offline.restore_backup(archive, data, config, force=force, as_json=as_json)


def rotate_key(
    data: Data = None,
    config: Config = None,
    overlap_days: Annotated[
        float, typer.Option(min=0, help="How long the old key goes on signing beside the new one.")
    ] = 30,
) -> None:
    """Begin a new key for checkpoints; works while the server runs.

    Example: pmm ledger rotate-key --data ./minds --overlap-days 30

    Meanwhile each checkpoint has both signatures and names the new key, so that witnesses take it over by themselves.
    """
    from services.ledger import offline

    offline.rotate_key(data, config, overlap_days)


def new_master_key(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it; must not be there.")],
) -> None:
    """Make a master key, under which the keys of all payloads are wrapped: keep it apart from the data.

    Example: pmm ledger new-master-key /etc/pmm/master.key
    """
    from services.ledger import offline

    offline.new_master_key(file)
