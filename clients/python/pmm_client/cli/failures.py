"""What a failed command says and which code it ends with: one line that says what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from pmm_client import errors
from pmm_client.archive import ANOTHER_COPY
from pmm_client.channel import is_loopback
from pmm_client.cli import exits
from pmm_client.cli.connection import TYPED, Connection
from pmm_client.cli.wording import Typed, in_options, of_field

_NOTHING: Typed = {}


def exit_code(error: errors.PmmError) -> int:
    """The code for an error; see ``exits``."""
    match error:
        case errors.BackendCredentials() | errors.BackendUnavailable():
            return exits.FAILED
        case errors.Unavailable():
            return exits.NOT_REACHABLE
        case errors.BrokenChain() | errors.ForgedProof() | errors.LedgerForked() | errors.LedgerRolledBack():
            return exits.FOUND_WRONG
        case errors.Unauthenticated() | errors.PermissionDenied():
            return exits.NOT_ALLOWED
        case _:
            return exits.FAILED


def details(error: errors.PmmError) -> dict[str, Any]:
    """What scripts tell an error by."""
    return {
        "code": error.code.name,
        "reason": error.reason,
        "metadata": error.metadata,
        "violations": [asdict(violation) for violation in error.violations],
        "retry_after": error.retry_after,
    }


def explain(
    error: errors.PmmError, connection: Connection, arguments: Mapping[str, Any], known: Typed = _NOTHING
) -> str:
    """What happened and what to do, with the parameters of the command as they are typed."""
    given = (arguments.get(parameter) for parameter in ("mind", "name", "of"))
    mind = error.metadata.get("mind_id") or next(filter(None, given), "?")
    words = next((_WORDS[kind] for kind in (error.reason, *type(error).__mro__) if kind in _WORDS), None)
    message = in_options(error.message, known)
    classes = error.metadata.get("classes", "personal data")
    if isinstance(error, errors.NotReachable):
        return not_reachable(error, connection)
    if isinstance(error, errors.BrokenExport):
        return _broken_export(error, arguments)
    if words is None:
        return message
    return words.format(
        mind=mind,
        target=connection.target,
        message=message.rstrip("."),
        reason=error.reason,
        seq=error.metadata.get("seq", "?"),
        classes=classes.replace(",", ", "),
        first_class=classes.partition(",")[0],
        fields="; ".join(
            f"{of_field(violation.field, known)}: {in_options(violation.description, known)}"
            for violation in error.violations
        )
        or message,
    )


_WORDS: dict[type[BaseException] | str, str] = {
    "UNKNOWN_NODE": "{message}. `pmm mind graph --mind {mind}` shows some; people and things "
    "are entity:NAME, in small letters.",
    "UNKNOWN_DEAD_LETTER": "{message}. `pmm workers dead-letters --mind {mind}` lists them.",
    "UNKNOWN_DIRECTIVE": "{message}. `pmm directives --mind {mind}` lists them.",
    errors.Starting: "The services at {target} are starting: try again in a moment.",
    errors.Unavailable: "The services at {target} cannot answer now ({message}): try again in a moment.",
    errors.BackendUnavailable: "The model server cannot be used: {message}.",
    errors.BackendCredentials: "The model server refused its API key: {message}.",
    errors.UnknownMind: "There is no mind {mind!r}. `pmm mind list` shows which there are; "
    "`pmm mind create {mind}` makes one.",
    errors.MemoryExists: "There is or was a memory of this id in {mind!r}: leave --id out.",
    errors.MemoryRetracted: "It was taken back: record a new one with pmm memory add.",
    errors.MindExists: "There is a mind {mind!r} already: use it, or take another name.",
    errors.UnknownSession: "The mind {mind!r} has no such session. `pmm session list --mind {mind}` shows which "
    "there are.",
    errors.SessionEnded: "The session has ended. `pmm chat --mind {mind}` begins another; with --continue it goes on "
    "with the last one that is open.",
    errors.SessionExists: "{message}: take another --id, or go on with it by pmm chat --mind {mind} --session ID.",
    errors.UnknownCommitment: "{message}. `pmm commitments --mind {mind}` lists them.",
    errors.UnknownMemory: "{message}. `pmm memory list --mind {mind}` lists them.",
    errors.PersonalDataRefused: "The policy of {mind!r} refuses messages with {classes}: leave it out, or change the "
    "policy: pmm mind policy personal_data.{first_class} mask --mind {mind}",
    errors.NotAnAnswer: "{message}. `pmm ledger read --mind {mind} --kind assistant_message` lists the answers.",
    errors.InvalidArgument: "The request is wrong: {fields}",
    errors.Unauthenticated: "{message}. Pass --token-file FILE, or set PMM_TOKEN_FILE.",
    errors.Unimplemented: "The server at {target} cannot do this: {message}.",
    errors.BrokenChain: "The ledger of {mind!r} is broken at event {seq} ({reason}): {message}. "
    "Do not trust what follows it; restore from an export or a backup.",
    errors.DeadlineExceeded: "It took too long and was given up: {message}.",
}
"""By reason, then by exception, the nearest class first; any other says what the server said."""


def _broken_export(error: errors.BrokenExport, arguments: Mapping[str, Any]) -> str:
    wrong = "; ".join(violation.description for violation in error.violations)
    why = f"{wrong}: {ANOTHER_COPY}" if wrong else error.message
    file = arguments.get("file", "The export")
    return f"{'standard input' if file == '-' else file} cannot be used: {why}."


def not_reachable(error: errors.NotReachable, connection: Connection) -> str:
    """Why nothing answers, and what to do."""
    if isinstance(error, errors.ProtocolMismatch):
        return in_options(error.message, TYPED)
    told = error.message.rsplit(" ", 1)[-1]
    address = told if ":" in told else connection.target
    if is_loopback(connection.target):
        return f"Nothing answers at {address}. Start it with: pmm up --detach"
    if address != connection.target:
        address = f"{connection.target} ({address})"
    return f"Nothing answers at {address}. Is the address right, does the server run, does it want --tls-ca?"
