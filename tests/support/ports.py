"""Ports for what tests start."""

from __future__ import annotations

import contextlib
import random
import socket

PORTS = range(20_000, 29_996)
"""Below those that the kernel gives to whoever connects: none of these is taken by chance before a server listens."""


def free_port() -> int:
    """A port that nobody listens on."""
    return free_ports(1)


def free_ports(count: int) -> int:
    """The first of ``count`` free ports in a row."""
    while True:
        first = random.choice(PORTS)
        with contextlib.ExitStack() as stack:
            try:
                for port in range(first, first + count):
                    held = stack.enter_context(socket.socket())
                    held.bind(("127.0.0.1", port))
            except OSError:
                continue
            return first
