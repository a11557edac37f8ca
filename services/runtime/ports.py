"""Whether a port can be listened on, said before something else fails at it."""

from __future__ import annotations

import errno
import socket

from services.runtime.exits import ADDRESS, StartupError


def must_be_free(host: str, port: int, flag: str) -> None:
    """Bind once ourselves: grpc says neither why it could not, nor does it fail quietly. Raises StartupError."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            message = (
                f"port {port} on {host} is in use: stop what listens there, or choose another with {flag}"
            )
        else:
            message = f"cannot listen on {host}:{port} ({error.strerror}): set --host and {flag}"
        raise StartupError(ADDRESS, message) from None
