"""``pmm chat``: one message, lines from a pipe, or a conversation in the terminal."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from pmm_client.cli import completion, exits, output
from pmm_client.cli.completion import DEFAULT_MIND
from pmm_client.cli.connection import CliError, Connection
from pmm_client.cli.conversation import Conversation
from pmm_client.cli.options import Json, calls_server, complain, mind_option
from pmm_client.cli.standard_input import read_line
from pmm_client.jsonable import to_json
from pmm_client.mind import Mind
from pmm_client.names import Privacy
from pmm_client.reply import Reply


def register(app: typer.Typer) -> None:
    """Add ``chat``."""
    calls_server(app, "chat", instead="say it with -m: pmm chat -m {words}; name a mind with --mind")(chat)


def _only_one(ctx: typer.Context, value: Any) -> Any:
    if value and any(ctx.params.get(other) for other in ("session", "resume", "new_session")):
        raise typer.BadParameter("--session, --continue and --new-session exclude one another")
    return value


async def chat(
    connection: Connection,
    mind: Annotated[
        str, mind_option("Whom to talk to; made by the first message if it is not there.")
    ] = DEFAULT_MIND,
    session: Annotated[
        str,
        typer.Option(
            metavar="ID",
            help="Go on with this session. Without it each start is a new one.",
            callback=_only_one,
            autocompletion=completion.open_sessions,
        ),
    ] = "",
    resume: Annotated[
        bool,
        typer.Option(
            "--continue",
            "-c",
            help="Go on with the last session that is open; with a new one where there is none.",
            callback=_only_one,
        ),
    ] = False,
    new_session: Annotated[
        bool,
        typer.Option("--new-session", help="Begin a new session, which is the default.", callback=_only_one),
    ] = False,
    privacy: Annotated[
        Privacy | None,
        typer.Option(help="normal: remember. paused: keep, but form no memories. incognito: keep nothing."),
    ] = None,
    message: Annotated[
        str | None,
        typer.Option("--message", "-m", metavar="TEXT", help="Say this, print the answer, and end."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Talk with a mind. Without -m: in the terminal, or line by line from standard input.

    Each start is a new session: it knows what is remembered, but not what was said a moment ago. -c goes on.

    Example: pmm chat --mind ada -m "Where does my sister live?"

    Example: pmm chat --mind ada -c -m "Since when?"
    """
    del new_session
    async with connection.open("memory") as client:
        conversation = await _begun(client.mind(mind), session, resume, privacy)
        if message is not None:
            is_new = not conversation.session
            await _one(conversation, _checked(message), as_json)
            if is_new and not as_json:
                hint_to_continue(conversation)
        elif as_json or not sys.stdin.isatty():
            await _lines(conversation, as_json)
        else:
            # Only here: it costs a tenth of a second to load.
            from pmm_client.cli.interactive import interactive

            await interactive(connection, conversation)
            hint_to_continue(conversation)


async def _begun(mind: Mind, session: str, resume: bool, privacy: Privacy | None) -> Conversation:
    """The conversation that the options mean. Raises CliError, UnknownSession."""
    conversation = Conversation(mind, privacy or "normal")
    if session:
        await conversation.resume(session)
    elif resume:
        await conversation.resume_latest()
    if conversation.session and privacy and privacy != conversation.privacy:
        await conversation.set_privacy(privacy)
    return conversation


def hint_to_continue(conversation: Conversation) -> None:
    """Tell a person, and no script, how to go on; not with what is in no list of sessions."""
    if conversation.session and conversation.privacy != "incognito" and sys.stderr.isatty():
        sys.stderr.write(f"To go on: pmm chat --mind {conversation.mind.mind_id} --continue\n")


async def _one(conversation: Conversation, text: str, as_json: bool) -> None:
    """One turn. Standard output gets the answer and nothing else."""
    if as_json:
        reply = await conversation.say(text, _nowhere)
        output.json_line(summary(conversation, reply))
        return
    said: list[str] = []

    def write(part: str) -> None:
        said.append(part)
        output.write(part)

    try:
        reply = await conversation.say(text, write)
    except BaseException:
        # What came of the answer ends its line; where nothing came there is none.
        if said:
            output.write("\n")
        raise
    output.write("\n")
    for warning in reply.warnings:
        complain(f"{warning.message} ({warning.code})")


async def _lines(conversation: Conversation, as_json: bool) -> None:
    """Each line of standard input is a turn; those that begin with / are commands, as in the terminal."""
    from pmm_client.cli.commands import Leave, run_command

    number = 0
    while line := read_line():
        number += 1
        try:
            text = line.decode("utf-8").strip()
        except UnicodeDecodeError:
            raise CliError(f"line {number} of standard input is not UTF-8", exits.USAGE) from None
        if not text:
            continue
        try:
            if as_json or not await run_command(conversation, text):
                await _one(conversation, text, as_json)
        except Leave:
            return


def _checked(text: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise CliError("the message is not valid UTF-8", exits.USAGE) from None
    return text


def _nowhere(text: str) -> None:
    del text


def summary(conversation: Conversation, reply: Reply) -> dict[str, Any]:
    """One turn as ``--json`` prints it."""
    return {
        "mind_id": conversation.mind.mind_id,
        "session_id": reply.session_id,
        "privacy": reply.privacy,
        "user_seq": reply.user_seq,
        "seq": reply.seq,
        "text": reply.text,
        "model": reply.model,
        "backend": reply.backend,
        "finish_reason": reply.finish_reason,
        "warnings": [to_json(warning) for warning in reply.warnings],
        "usage": to_json(reply.usage),
        "timings": to_json(reply.timings),
        "receipt": to_json(reply.receipt),
    }
