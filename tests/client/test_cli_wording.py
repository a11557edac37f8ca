"""What a server says of a request is told in the words of the command line that made it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pmm_client.cli import exits
from services.runtime import errors
from tests.client.scripted import always
from tests.client.test_cli_words import pmm


class WitnessedCheckpoint(errors.FailedPrecondition):
    reason = "WITNESSED_CHECKPOINT"


class UnknownNode(errors.NotFound):
    reason = "UNKNOWN_NODE"


async def test_what_is_to_be_set_is_said_as_the_option_that_sets_it(tmp_path: Path) -> None:
    (tmp_path / "ada.jsonl").write_text('{"mind_id": "ada"}\n')

    async def refuse(requests: Any, context: Any) -> None:
        raise WitnessedCheckpoint("use a newer one, or set force if it must be this one")

    result = await pmm("mind", "restore", str(tmp_path / "ada.jsonl"), Restore=refuse)

    assert result.exit_code == exits.FAILED
    assert result.stderr == "pmm: use a newer one, or pass --force if it must be this one\n"


@pytest.mark.parametrize(
    ("line", "rpc", "violation", "words"),
    [
        ("mind diff 1 2", "DiffMind", ("from_seq", "must not lie above to_seq"), "A: must not lie above B"),
        (
            "commitments revise c-1 --text x",
            "ReviseCommitment",
            ("text", "must be set, or due_at, priority or project: nothing would change"),
            "--text: must be set, or --due, priority or project: nothing would change",
        ),
        ("session start --id ''", "StartSession", ("session_id", "is odd"), "--id: is odd"),
        ("memory search x", "Search", ("filter.types[0]", "is odd"), "--type: is odd"),
        ("identity adopt x", "AdoptName", ("name", "must not be empty"), "NAME: must not be empty"),
        ("traits", "GetTraits", ("page_token", "is odd"), "page_token: is odd"),
    ],
)
async def test_a_field_is_named_as_it_is_typed(
    line: str, rpc: str, violation: tuple[str, str], words: str
) -> None:
    refused = always(errors.InvalidArgument([errors.Violation(*violation)]))

    result = await pmm(*line.split(), "--mind", "ada", **{rpc: refused})

    assert result.stderr == f"pmm: The request is wrong: {words}\n"


async def test_where_nothing_is_found_it_is_said_where_to_look() -> None:
    unknown = always(UnknownNode("mind 'ada' has no node 'Porto'"))

    result = await pmm("mind", "neighbors", "Porto", "--mind", "ada", GetNeighbors=unknown)

    assert result.exit_code == exits.FAILED
    assert "`pmm mind graph --mind ada` shows some" in result.stderr
