"""Make the two Secrets that the pods need: a certificate for all four services, and tokens.

A certificate authority signs the one certificate and is thrown away; running this again makes everything
anew. For a cluster with cert-manager only the tokens are of use: see deploy/kubernetes/README.md.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import ipaddress
import json
import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SERVICES = ("ledger", "memory", "inference", "orchestrator")
GRANTS: dict[str, dict[str, list[str]]] = {
    "ledger": {"orchestrator": ["ledger.*"], "memory": ["ledger.read", "ledger.write"]},
    "memory": {"orchestrator": ["memory.*"]},
    "inference": {"orchestrator": ["inference.*"]},
    "orchestrator": {},
}
"""What each service lets which other one do. The operator may do everything everywhere."""


def names(namespace: str) -> list[x509.GeneralName]:
    """Every name that a client may call a service by, port-forwarding included."""
    found = ["localhost"]
    for service in SERVICES:
        full = f"{service}.{namespace}.svc.cluster.local"
        found += [service, f"{service}.{namespace}", f"{service}.{namespace}.svc", full, f"*.{full}"]
    addresses = [x509.IPAddress(ipaddress.ip_address(address)) for address in ("127.0.0.1", "::1")]
    return [*(x509.DNSName(name) for name in found), *addresses]


def certificate(namespace: str, days: int) -> dict[str, str]:
    """PEM texts by their name in the Secret: ``ca.crt``, ``tls.crt``, ``tls.key``."""
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = _name("PMM cluster CA")
    ca = (
        _builder(authority, authority, authority_key.public_key(), days)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    leaf = (
        _builder(_name("pmm"), authority, key.public_key(), days)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False
        )
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names(namespace)), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return {
        "ca.crt": ca.public_bytes(serialization.Encoding.PEM).decode(),
        "tls.crt": leaf.public_bytes(serialization.Encoding.PEM).decode(),
        "tls.key": pem.decode(),
    }


def tokens(operator: str) -> tuple[dict[str, str], str]:
    """The Secret's texts, and the operator's token. The tokens files hold digests only."""
    held = {name: secrets.token_urlsafe(32) for name in (operator, "memory", "orchestrator")}
    texts = {f"{name}.token": held[name] for name in ("memory", "orchestrator")}
    for service, grants in GRANTS.items():
        entries = [
            "[[token]]\n"
            f"owner = {json.dumps(owner)}\n"
            f'token_sha256 = "{hashlib.sha256(held[owner].encode()).hexdigest()}"\n'
            'minds = ["*"]\n'
            f"scopes = {json.dumps(scopes)}\n"
            for owner, scopes in ({operator: ["*"]} | grants).items()
        ]
        texts[f"{service}.toml"] = "\n".join(entries)
    return texts, held[operator]


def secret(name: str, kind: str, texts: dict[str, str], namespace: str) -> dict[str, Any]:
    """A Secret as Kubernetes wants it."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": {"app.kubernetes.io/part-of": "pmm"},
        },
        "type": kind,
        "stringData": texts,
    }


def make(out: Path, *, namespace: str = "pmm", operator: str = "operator", days: int = 365) -> None:
    """Write ``secrets.json`` for kubectl, and ``ca.crt`` and ``token`` for the operator's own client."""
    tls = certificate(namespace, days)
    texts, token = tokens(operator)
    items = [
        secret("pmm-tls", "kubernetes.io/tls", tls, namespace),
        secret("pmm-tokens", "Opaque", texts, namespace),
    ]
    out.mkdir(parents=True, exist_ok=True, mode=0o700)
    listing = json.dumps({"apiVersion": "v1", "kind": "List", "items": items}, indent=2)
    for name, text in (("secrets.json", listing), ("ca.crt", tls["ca.crt"]), ("token", token)):
        with open(os.open(out / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        # An hour back: clocks of nodes differ.
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=days))
    )


def _usage(
    *, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Make them, and say what to do with them."""
    parser = argparse.ArgumentParser(description="Make the Secrets of deploy/kubernetes.")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write to")
    parser.add_argument("--namespace", default="pmm", help="namespace of the services (pmm)")
    parser.add_argument("--operator", default="operator", help="owner of the token that may do everything")
    parser.add_argument("--days", type=int, default=365, help="how long the certificate is valid (365)")
    given = parser.parse_args(arguments)
    if given.operator in SERVICES:
        parser.error("the operator must not be called like a service")
    make(given.out, namespace=given.namespace, operator=given.operator, days=given.days)
    print(f"Apply them:       kubectl apply --filename {given.out / 'secrets.json'}")
    print(f"Call with them:   {given.out / 'ca.crt'} and {given.out / 'token'}")


if __name__ == "__main__":
    main()
