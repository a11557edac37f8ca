"""The Secrets that the script makes open just the doors that the services need."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store

from services.runtime.auth import Tokens, UnknownToken
from services.runtime.scopes import ACCESS
from tools import kubernetes_secrets
from tools.kubernetes_secrets import GRANTS, SERVICES

CALLERS = ("memory", "orchestrator")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("secrets") / "made"
    kubernetes_secrets.make(folder, namespace="minds")
    return folder


@pytest.fixture
def secrets(made: Path) -> dict[str, dict[str, str]]:
    items: list[dict[str, Any]] = json.loads((made / "secrets.json").read_text())["items"]
    return {item["metadata"]["name"]: item["stringData"] for item in items}


def tokens_of(secrets: dict[str, dict[str, str]], service: str, folder: Path) -> Tokens:
    file = folder / f"{service}.toml"
    file.write_text(secrets["pmm-tokens"][f"{service}.toml"])
    return Tokens.read(file)


def bearer(token: str) -> list[tuple[str, str]]:
    return [("authorization", f"Bearer {token}")]


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("suffix", ["", ".minds", ".minds.svc", ".minds.svc.cluster.local"])
def test_the_certificate_is_good_for_every_name_of_a_service(
    secrets: dict[str, dict[str, str]], service: str, suffix: str
) -> None:
    tls = secrets["pmm-tls"]
    authority = x509.load_pem_x509_certificate(tls["ca.crt"].encode())
    leaf = x509.load_pem_x509_certificate(tls["tls.crt"].encode())
    found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value

    assert service + suffix in found.get_values_for_type(x509.DNSName)
    leaf.verify_directly_issued_by(authority)


def test_a_strict_client_accepts_the_chain(secrets: dict[str, dict[str, str]]) -> None:
    tls = secrets["pmm-tls"]
    store = Store([x509.load_pem_x509_certificate(tls["ca.crt"].encode())])
    leaf = x509.load_pem_x509_certificate(tls["tls.crt"].encode())

    PolicyBuilder().store(store).build_server_verifier(x509.DNSName("ledger.minds.svc")).verify(leaf, [])


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("caller", CALLERS)
def test_a_service_lets_in_whom_it_was_granted_and_nobody_else(
    secrets: dict[str, dict[str, str]], service: str, caller: str, tmp_path: Path
) -> None:
    tokens = tokens_of(secrets, service, tmp_path)
    token = secrets["pmm-tokens"][f"{caller}.token"]
    if caller not in GRANTS[service]:
        with pytest.raises(UnknownToken):
            tokens.caller(bearer(token))
        return

    assert tokens.caller(bearer(token)).scopes == set(GRANTS[service][caller])


def test_the_memory_may_append_but_not_erase(secrets: dict[str, dict[str, str]], tmp_path: Path) -> None:
    memory = tokens_of(secrets, "ledger", tmp_path).caller(bearer(secrets["pmm-tokens"]["memory.token"]))
    scope = {
        method.rpartition("/")[2]: access.scope for method, access in ACCESS.items() if "Ledger" in method
    }

    assert memory.may(scope["Append"] or "")
    assert not memory.may(scope["Redact"] or "")
    assert not memory.may(scope["DeleteMind"] or "")


def test_no_tokens_file_holds_a_token(secrets: dict[str, dict[str, str]], made: Path) -> None:
    held = {secrets["pmm-tokens"][f"{caller}.token"] for caller in CALLERS} | {(made / "token").read_text()}

    for service in SERVICES:
        assert not any(token in secrets["pmm-tokens"][f"{service}.toml"] for token in held)


def test_nobody_else_on_the_machine_can_read_what_was_made(made: Path) -> None:
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in made.iterdir()} == {0o600}
