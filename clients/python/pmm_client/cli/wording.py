"""What a server says of the fields of a request, in the words of the command line: ``--force`` for ``force``."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from typing import Any

import typer

Typed = Mapping[str, str]
"""How each parameter of a command is typed, by its name: ``{"from_seq": "--from", "seq": "SEQ"}``."""

SHOWN_CONTROLS = {
    **{code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\n\t"},
    0x7F: "\u2421",
    **dict.fromkeys(range(0x80, 0xA0), "\ufffd"),
    ord("\r"): None,
}
"""Control characters as pictures of them: what somebody said must not steer a terminal."""
_PARAMETERS = {
    "as_of_seq": ("as_of",),
    "caches": ("names",),
    "due_at": ("due",),
    "edge_types": ("types",),
    "entities": ("entity",),
    "evidence_seqs": ("evidence",),
    "from_node_id": ("start",),
    "kinds": ("kind",),
    "mind_id": ("mind", "name", "of", "which"),
    "min_importance": ("important",),
    "name": ("title",),
    "node_id": ("node",),
    "occurred_from": ("since",),
    "occurred_to": ("until",),
    "period": ("last",),
    "persona_prompt": ("persona",),
    "query_time": ("at",),
    "session_id": ("session",),
    "session_ids": ("session",),
    "source_seqs": ("source",),
    "speakers": ("speaker",),
    "tags": ("tag",),
    "text": ("message", "texts", "query"),
    "time_zone": ("zone",),
    "to_node_id": ("end",),
    "types": ("kind",),
    "valid_from": ("since",),
    "valid_to": ("until",),
}
"""By field: the parameters that fill it, where commands call them otherwise."""

# Only names that no sentence has by chance: those of more than one word, and what is to be set.
_FIELDS = re.compile(r"\b(?P<set>set )?(?P<field>[a-z]+(?:_[a-z]+)+|(?<=\bset )[a-z]+)\b")


def complain(message: str) -> None:
    """Tell the user on standard error, and control characters as pictures of them: a server says what others said."""
    sys.stderr.write(f"pmm: {message.translate(SHOWN_CONTROLS)}\n")


def fail(message: str, exit_code: int, *, as_json: bool, **details: Any) -> int:
    """Tell on standard error why a command fails: a person in a line, a script in JSON with details.

    Returns the exit code.
    """
    if as_json:
        told = {"error": {"message": message, "exit_code": exit_code, **details}}
        sys.stderr.write(json.dumps(told, ensure_ascii=False) + "\n")
    else:
        complain(message)
    return exit_code


def typed(ctx: typer.Context) -> dict[str, str]:
    """How the parameters of the command that runs are typed."""
    return {
        one.name: one.opts[0] if one.param_type_name == "option" else _shown(one.metavar or one.name)
        for one in ctx.command.params
        if one.name
    }


def _shown(metavar: str) -> str:
    return metavar.strip("[].").upper()


def of_field(field: str, known: Typed) -> str:
    """How a field, ``events[2].actor``, is typed; as it is where the command has no parameter for it."""
    name = re.findall(r"[a-z_]+", field)[-1:]
    return next((as_typed for one in name if (as_typed := _typed(one, known))), field)


def in_options(text: str, known: Typed) -> str:
    """What a server says, with fields as they are typed: "set force" is "pass --force"."""

    def replaced(found: re.Match[str]) -> str:
        as_typed = _typed(found["field"], known)
        if not as_typed:
            return found[0]
        return f"pass {as_typed}" if found["set"] else as_typed

    return _FIELDS.sub(replaced, text)


def _typed(field: str, known: Typed) -> str:
    return next((known[one] for one in (field, *_PARAMETERS.get(field, ())) if one in known), "")
