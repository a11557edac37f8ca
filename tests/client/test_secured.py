"""Services behind TLS and tokens, as a user of theirs reaches them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import pmm_client
import pmm_client.sync
from pmm_client.cli import exits
from pmm_client.cli.app import app
from tests.runtime.certificates import authority
from tests.support.stack import Stack

TOKEN = "ana-token-0123456789"
TOKENS = f"""
[[token]]
owner = "ana"
token = "{TOKEN}"
minds = ["ana"]
scopes = ["mind.chat", "mind.read", "mind.write", "memory.read", "ledger.read"]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("secured")


@pytest.fixture(scope="module")
def stack(folder: Path) -> Iterator[Stack]:
    ca = authority()
    cert, key = ca.write(folder, "server")
    (folder / "ca.pem").write_bytes(ca.pem)
    (folder / "tokens.toml").write_text(TOKENS)
    (folder / "token").write_text(f"{TOKEN}\n")
    (folder / "unknown").write_text("somebody-elses-token\n")
    settings = {"TLS_CERT": cert, "TLS_KEY": key, "TOKENS_FILE": folder / "tokens.toml"}
    env = {f"PMM_SERVER__{name}": str(path) for name, path in settings.items()}
    with Stack(folder / "data", env=env) as running:
        yield running


def pmm(stack: Stack, folder: Path, *arguments: str, token: str | None = "token", tls: bool = True) -> Any:
    secured = [*(["--tls-ca", str(folder / "ca.pem")] if tls else [])]
    secured += ["--token-file", str(folder / token)] if token else []
    return CliRunner().invoke(app, [*arguments, "--target", stack.target, *secured], catch_exceptions=False)


def test_with_ca_and_token_everything_works(stack: Stack, folder: Path) -> None:
    said = pmm(stack, folder, "chat", "--mind", "ana", "-m", "my cat is called Biscuit", "--json")
    assert said.exit_code == 0, said.stderr
    seq = str(json.loads(said.stdout)["seq"])
    found = pmm(stack, folder, "memory", "search", "cat", "--mind", "ana", "--min-seq", seq, "--json")
    shown = pmm(stack, folder, "mind", "show", "ana", "--json")

    assert int(seq) > 0
    assert json.loads(found.stdout)["results"]
    assert json.loads(shown.stdout)["owner"] == "ana"


@pytest.mark.parametrize(
    ("arguments", "options", "code"),
    [
        (["mind", "show", "ana"], {"token": None}, exits.NOT_ALLOWED),
        (["mind", "show", "ana"], {"token": "unknown"}, exits.NOT_ALLOWED),
        (["mind", "show", "ben"], {}, exits.NOT_ALLOWED),
        (["ledger", "append", '{"custom": {"name": "x"}}', "--mind", "ana"], {}, exits.NOT_ALLOWED),
        (["mind", "show", "ana"], {"tls": False}, exits.NOT_REACHABLE),
    ],
    ids=["no token", "unknown token", "another mind", "missing scope", "no tls"],
)
def test_what_is_not_allowed_is_said_in_a_line(
    stack: Stack, folder: Path, arguments: list[str], options: dict[str, Any], code: int
) -> None:
    result = pmm(stack, folder, *arguments, **options)

    assert result.exit_code == code, result.stderr
    assert result.stderr.count("\n") == 1
    assert TOKEN not in result.stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "closes the connection at once; if it wants TLS, pass --tls-ca"),
        (["--tls-ca", "another.pem"], "shows a certificate that is not signed by the CA of --tls-ca"),
    ],
    ids=["no tls", "another CA"],
)
@pytest.mark.parametrize("command", ["mind list", "status", "doctor"])
def test_what_answers_otherwise_is_not_said_to_be_down(
    stack: Stack, folder: Path, command: str, options: list[str], words: str
) -> None:
    (folder / "another.pem").write_bytes(authority("another").pem)
    files = [str(folder / one) if one.endswith(".pem") else one for one in options]
    result = CliRunner().invoke(app, [*command.split(), "--target", stack.target, *files])

    assert result.exit_code in (exits.NOT_REACHABLE, exits.FOUND_WRONG)
    assert words in result.output
    assert "pmm up" not in result.output


async def test_a_certificate_that_is_not_trusted_is_a_mismatch(stack: Stack) -> None:
    async with pmm_client.connect(stack.target, tls_ca=authority("another").pem) as client:
        with pytest.raises(pmm_client.ProtocolMismatch, match="not signed by the CA of tls_ca"):
            await client.mind("ana").show()


def test_status_and_doctor_work_behind_tls(stack: Stack, folder: Path) -> None:
    assert pmm(stack, folder, "status").exit_code == 0
    assert pmm(stack, folder, "doctor").exit_code == 0


async def test_the_client_speaks_tls_with_its_token(stack: Stack, folder: Path) -> None:
    ca = "# Zürich\n".encode() + (folder / "ca.pem").read_bytes()
    async with pmm_client.connect(stack.target, token=TOKEN, tls_ca=ca) as client:
        mind = client.mind("ana")
        await mind.create(exist_ok=True)

        assert (await mind.chat("hello")).seq > 0
        with pytest.raises(pmm_client.PermissionDenied):
            await client.mind("ben").show()


def test_the_sync_client_sees_its_minds_only(stack: Stack, folder: Path) -> None:
    ca = (folder / "ca.pem").read_bytes()
    with pmm_client.sync.connect(stack.target, token=TOKEN, tls_ca=ca) as client:
        client.mind("ana").create(exist_ok=True)

        assert [mind.mind_id for mind in client.minds()] == ["ana"]
