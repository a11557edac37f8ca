"""``pmm ledger`` and ``pmm mind``: proofs, checkpoints, the witness, backups and erasures."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from pmm.ledger.v1.ledger_pb2 import BackupRequest
from pmm_client.checkpoints import CheckpointError, VerifierKey
from pmm_client.cli import completion, exits, output
from pmm_client.cli.completion import DEFAULT_MIND
from pmm_client.cli.connection import CliError, Connection
from pmm_client.cli.mind_commands import Name
from pmm_client.cli.moving_commands import replace_file
from pmm_client.cli.options import Json, MindOption, MindOrMine, calls_server, read_seq
from pmm_client.jsonable import to_json
from pmm_client.witness import Observation, Witness

STATE_VARIABLE = "PMM_WITNESS_DIR"
DEFAULT_STATE = Path("~/.local/state/pmm/witness")

Keys = Annotated[
    list[str] | None,
    typer.Option(
        "--key",
        metavar="VKEY",
        help="A verifier key, NAME+ID+BASE64, known from elsewhere; may be repeated. Else the server's own is taken.",
    ),
]
Size = Annotated[int, typer.Option(min=0, help="The tree of the first so many events; 0: of all.")]
Why = Annotated[str, typer.Option(help="Why, for the record; it stays readable.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def register(app: typer.Typer) -> None:
    """Add ``checkpoint``, ``prove``, ``witness``, ``backup``, ``redact`` and ``redaction``."""
    calls_server(app, "checkpoint")(checkpoint)
    calls_server(app, "prove")(prove)
    calls_server(app, "witness")(witness)
    calls_server(app, "backup")(backup)
    calls_server(app, "redact")(redact)
    calls_server(app, "redaction")(redaction)


def register_mind(app: typer.Typer) -> None:
    """Add ``forget`` and ``delete`` to the commands of minds."""
    calls_server(app, "forget")(forget)
    calls_server(app, "delete")(delete)


def _keys(given: list[str] | None) -> tuple[VerifierKey, ...]:
    try:
        return tuple(VerifierKey.parse(text) for text in given or ())
    except CheckpointError as error:
        raise CliError(f"--key: {error}", exits.USAGE) from None


async def checkpoint(
    connection: Connection,
    mind: MindOrMine = DEFAULT_MIND,
    size: Size = 0,
    key: Keys = None,
    as_json: Json = False,
) -> None:
    """Print the signed head of a mind's Merkle tree (C2SP tlog-checkpoint), its signature checked.

    Example: pmm ledger checkpoint --mind ada > ada.checkpoint
    """
    async with connection.open("ledger") as client:
        signed = await client.mind(mind).checkpoint(_keys(key), size=size)
    if as_json:
        found = signed.checkpoint
        keys = [str(each) for each in signed.keys]
        output.json_line(
            {"mind_id": mind, "size": found.size, "root": found.root.hex(), "note": signed.note, "keys": keys}
        )
    else:
        output.write(signed.note)


async def prove(
    connection: Connection,
    seq: Annotated[int, typer.Argument(parser=read_seq, metavar="SEQ", help="The event.")],
    mind: MindOrMine = DEFAULT_MIND,
    size: Size = 0,
    key: Keys = None,
    as_json: Json = False,
) -> None:
    """Show an event with the proof that it is in a signed tree; everything is computed here. Exits with 4 otherwise.

    Example: pmm ledger prove 17 --mind ada
    """
    async with connection.open("ledger") as client:
        proved = await client.mind(mind).prove(seq, _keys(key), size=size)
    event, tree = proved.event, proved.signed.checkpoint
    if not event.redacted:
        event.body.ParseFromString(event.raw.payload)
    if as_json:
        output.json_line(
            {
                **to_json(event),
                "tree_size": tree.size,
                "root": tree.root.hex(),
                "path": [each.hex() for each in proved.path],
                "note": proved.signed.note,
            }
        )
        return
    output.line(output.event_line(event))
    output.line(
        f"proved: {len(proved.path)} hashes lead from it to the root {tree.root.hex()} of {tree.size:,} events, which "
        f"{proved.signed.keys[0].name} has signed"
    )


async def witness(
    connection: Connection,
    mind: Annotated[
        list[str],
        typer.Option(
            help="A mind to watch; may be repeated.", show_default=False, autocompletion=completion.minds
        ),
    ],
    state: Annotated[
        Path, typer.Option(envvar=STATE_VARIABLE, metavar="DIR", help="Where what was seen is kept.")
    ] = DEFAULT_STATE,
    every: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="Look again and again; 0: once.")
    ] = 0,
    key: Keys = None,
    as_json: Json = False,
) -> None:
    """Check that each mind continues what was seen of it last: no rollback, no fork. Exits with 4 otherwise.

    Example: pmm ledger witness --mind ada --mind bob --every 60

    Run it where whoever runs the ledger has no hand. The first look takes the server's key on trust, unless --key.
    """
    folder = state.expanduser() / connection.target.replace("/", "_")
    async with connection.open("ledger") as client:
        watching = Witness(client.ledger, folder, _keys(key))
        while True:
            for mind_id in mind:
                _say(mind_id, await watching.observe(mind_id), as_json=as_json)
            if not every:
                return
            await asyncio.sleep(every)


def _say(mind_id: str, seen: Observation, *, as_json: bool) -> None:
    now, before = seen.now, seen.before
    if as_json:
        output.json_line(
            {
                "mind_id": mind_id,
                "size": now.size,
                "root": now.root.hex(),
                "before": before.size if before else None,
            }
        )
    elif before is None:
        output.line(f"{mind_id}: first seen with {output.counted(now.size, 'event')}; root {now.root.hex()}")
    else:
        output.line(
            f"{mind_id}: {now.size:,} events continue the {before.size:,} seen before; root {now.root.hex()}"
        )


async def backup(
    connection: Connection,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write the archive.")],
    as_json: Json = False,
) -> None:
    """Copy the whole ledger into a tar archive while it serves; it holds all keys, so guard it like the data.

    Example: pmm ledger backup minds.tar

    Back to life, on the machine of the data folder, with the server stopped: pmm ledger restore-backup minds.tar
    """
    path = file.expanduser()
    with output.progress(quiet=as_json) as bar:
        task = bar.add_task("backing up (bytes)", total=None)

        async def parts() -> AsyncGenerator[bytes]:
            done = 0
            async with connection.open("ledger") as client:
                async for part in client.ledger.backup(BackupRequest(), timeout=None):
                    yield part.data
                    done += len(part.data)
                    bar.update(task, completed=done, total=max(part.total_bytes, done))

        await replace_file(parts(), path)
    size = os.stat(path).st_size
    if as_json:
        output.json_line({"file": str(path), "bytes": size})
    else:
        output.line(f"{path}: {size:,} bytes. To restore it: pmm ledger restore-backup {path}")


async def redact(
    connection: Connection,
    mind: MindOption,
    seqs: Annotated[list[int] | None, typer.Argument(parser=read_seq, metavar="SEQ", help="Events.")] = None,
    session: Annotated[str, typer.Option(help="All of a session.", autocompletion=completion.sessions)] = "",
    whole_mind: Annotated[bool, typer.Option("--whole-mind", help="Every event of the mind.")] = False,
    why: Why = "",
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Erase just these events' payloads, for good; headers and proofs stay. To forget words: pmm mind forget.

    Example: pmm ledger redact 17 18 --mind ada --why "asked for by the customer"

    What an erased event ended or changed is as before it: a promise that it closed is open again, an instruction that
    it retired holds again. `pmm mind forget` has all of that stay as it is.
    """
    if not (seqs or session or whole_mind):
        raise CliError("name events, a --session, or --whole-mind", exits.USAGE)
    what = ", ".join(
        part
        for part in (
            f"the events {', '.join(map(str, seqs))}" if seqs else "",
            f"the session {session}" if session else "",
            "everything" if whole_mind else "",
        )
        if part
    )
    if not yes:
        _confirm(f"Erase {what} of {mind}, for good?")
    async with connection.open("ledger") as client:
        done = await client.mind(mind).redact(seqs or (), session=session, whole_mind=whole_mind, why=why)
    if as_json:
        output.json_line(done)
    else:
        output.line(f"Erased: {output.counted(done.events, 'payload')} (event #{done.seq} says so).")


async def redaction(
    connection: Connection,
    redaction_id: Annotated[str, typer.Argument(metavar="ID", help="What `pmm ledger redact` answered.")],
    mind: MindOption,
    as_json: Json = False,
) -> None:
    """Say how far an erasure is.

    Example: pmm ledger redaction 42 --mind ada
    """
    async with connection.open("ledger") as client:
        found = await client.mind(mind).redaction(redaction_id)
    if as_json:
        output.json_line(found)
    elif found.keys_erased:
        output.line(f"Erased {output.date(found.erased_at)}; asked for {output.date(found.requested_at)}.")
    else:
        output.line(f"Asked for {output.date(found.requested_at)}; not done yet.")


async def forget(
    connection: Connection,
    seq: Annotated[int, typer.Argument(parser=read_seq, metavar="SEQ", help="The event.")],
    mind: MindOption,
    why: Why = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what it reached, and erase nothing.")
    ] = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Erase what was said and whatever carries its words: replies that quote it, memories, promises. For good.

    Example: pmm mind forget 17 --mind ada

    Shows first what the event reached. Afterwards no file of the services holds the words; old backups lose them when
    they are restored.
    """
    async with connection.open("ledger") as client:
        found = client.mind(mind)
        origin = await found.event(seq)
        reached = sorted(await found.blast_radius(seq), key=lambda each: each.seq)
        goes = [each for each in reached if each.carries_words]
        if not as_json:
            output.line(output.event_line(origin))
            table = output.table("seq", "kind", "how", "")
            output.row(table, str(seq), origin.kind, "", "goes")
            for each in reached:
                fate = "goes" if each.carries_words else "stays"
                output.row(table, str(each.seq), each.kind, ", ".join(each.edges), fate)
            output.console().print(table)
        redacted: list[int] = []
        if not dry_run:
            if not yes:
                _confirm(f"Erase {output.counted(len(goes) + 1, 'event')} of {mind}, for good?")
            with output.progress(quiet=as_json) as bar:
                task = bar.add_task("forgetting", total=100)
                redacted = await found.forget(
                    seq,
                    why=why,
                    on_progress=lambda step: bar.update(
                        task, description=step.step, completed=int(100 * step.progress)
                    ),
                )
    if as_json:
        reach = [{**to_json(each)} for each in reached]
        output.json_line({"mind_id": mind, "seq": seq, "reached": reach, "redacted_seqs": redacted})
    elif not dry_run:
        output.line(
            f"Forgotten: {output.counted(len(redacted), 'event')} erased, and no file holds their words."
        )


async def delete(
    connection: Connection, name: Name, why: Why = "", yes: Yes = False, as_json: Json = False
) -> None:
    """End a mind: all that it holds is erased, and its name is never used again.

    Example: pmm mind delete ada
    """
    if not yes and _answer(typer.prompt, f"All of {name} goes, for good. Type its name") != name:
        raise CliError("nothing was deleted: that is not its name", exits.USAGE)
    async with connection.open("ledger") as client:
        done = await client.mind(name).delete(why=why)
    if as_json:
        output.json_line({"mind_id": name, "seq": done.seq})
    else:
        output.line(f"{name} is deleted.")


def _confirm(question: str) -> None:
    if not _answer(typer.confirm, question):
        raise CliError("nothing was erased", exits.FAILED)


def _answer(ask: Callable[[str], Any], question: str) -> Any:
    """What a person says to it. Raises CliError where nobody does: in a script, or with Ctrl-C."""
    try:
        return ask(question)
    except typer.Abort:
        typer.echo(err=True)
        raise CliError("nothing was erased; where nobody can be asked, pass --yes", exits.FAILED) from None
