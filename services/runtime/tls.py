"""TLS of a server: credentials from PEM files, read again when they change."""

from __future__ import annotations

import ipaddress
import logging
import ssl
from pathlib import Path
from typing import Any, cast

import grpc

from services.runtime.sections import ServerSettings
from services.runtime.settings import SettingsError

_log = logging.getLogger("pmm.tls")


def is_loopback(host: str) -> bool:
    """Whether an address is reached from this machine only."""
    if host == "localhost" or host.startswith("unix:"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def refuse_open_doors(settings: ServerSettings) -> None:
    """Refuse to listen beyond loopback without tokens and TLS. Raises SettingsError that says what to set."""
    if is_loopback(settings.host):
        return
    problems: list[str] = []
    if settings.tokens_file is None:
        problems.append(
            f"server.host is {settings.host}: beyond loopback set server.tokens_file, or use 127.0.0.1"
        )
    if settings.tls_cert is None and not settings.allow_plaintext:
        problems.append(
            f"server.host is {settings.host}: beyond loopback set server.tls_cert and server.tls_key, or "
            "server.allow_plaintext=true where a service mesh encrypts"
        )
    if problems:
        raise SettingsError(problems)


def server_credentials(settings: ServerSettings) -> grpc.ServerCredentials | None:
    """The server's credentials; None for plaintext. Raises SettingsError for files that do not fit."""
    if settings.tls_cert is None and settings.tls_key is None:
        if settings.tls_client_ca is not None:
            raise SettingsError(["server.tls_client_ca needs server.tls_cert and server.tls_key as well"])
        return None
    if settings.tls_cert is None or settings.tls_key is None:
        raise SettingsError(["server.tls_cert and server.tls_key must be set together"])
    files = _Files(settings.tls_cert, settings.tls_key, settings.tls_client_ca)
    files.check()
    dynamic = cast("Any", grpc).dynamic_ssl_server_credentials
    return dynamic(
        files.read(), files.changed, require_client_authentication=settings.tls_client_ca is not None
    )


class _Files:
    """Certificate, key and client CA on disk, and when they were last read."""

    def __init__(self, cert: Path, key: Path, client_ca: Path | None) -> None:
        self._cert = cert
        self._key = key
        self._client_ca = client_ca
        self._read_at = self._versions()

    def check(self) -> None:
        """Raises SettingsError if the files are missing, unreadable or do not belong together."""
        try:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self._cert, self._key)
            if self._client_ca:
                context.load_verify_locations(self._client_ca)
        except (OSError, ssl.SSLError) as error:
            why = error.strerror or "not PEM"
            raise SettingsError(
                [f"TLS files {self._cert} and {self._key} cannot be used ({why}): they must be a PEM pair"]
            ) from None

    def read(self) -> Any:
        """The files' content, as grpc wants it."""
        return cast("Any", grpc).ssl_server_certificate_configuration(
            [(self._key.read_bytes(), self._cert.read_bytes())],
            root_certificates=self._client_ca.read_bytes() if self._client_ca else None,
        )

    def changed(self) -> Any:
        """New content if a file has changed since it was last read, else None. Called at every handshake."""
        versions = self._versions()
        if versions == self._read_at:
            return None
        self._read_at = versions
        try:
            self.check()
            renewed = self.read()
        except (SettingsError, OSError) as error:
            # Half-way through a renewal: the old pair goes on until both files fit again.
            _log.warning("keeping the TLS certificate in use: %s", error)
            return None
        _log.info("TLS certificate renewed")
        return renewed

    def _versions(self) -> tuple[int, ...]:
        files = [self._cert, self._key, *([self._client_ca] if self._client_ca else [])]
        return tuple(file.stat().st_mtime_ns if file.exists() else 0 for file in files)
