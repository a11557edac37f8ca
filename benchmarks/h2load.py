"""Calls of gRPC methods by h2load, the cheapest client there is for a server that speaks HTTP/2."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from google.protobuf.message import Message

_RATE = re.compile(r"finished in \S+, ([\d.]+) req/s")
_STATUS = re.compile(r"status codes: (\d+) 2xx")
_TRAFFIC = re.compile(r"traffic: \S+ \((\d+)\) total, \S+ \(\d+\) headers \(.*\), \S+ \((\d+)\) data")


class NotInstalled(Exception):
    """There is no h2load here. The message says how to get it."""


@dataclass(frozen=True, slots=True)
class Load:
    """What h2load measured."""

    requests_per_s: float
    data_bytes: int
    """Of all answers."""


def call(target: str, method: str, request: Message, *, clients: int, requests: int) -> Load:
    """Make so many calls from so many connections, each with one call at a time.

    gRPC's own status is in the trailers, which h2load does not look at: hold the outcome against something else.
    """
    if shutil.which("h2load") is None:
        raise NotInstalled(
            "h2load is not there: apt install nghttp2-client (Debian, Ubuntu), brew install nghttp2"
        )
    body = request.SerializeToString()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "request"
        file.write_bytes(b"\0" + struct.pack(">I", len(body)) + body)
        headers = ("-H", "content-type: application/grpc", "-H", "te: trailers")
        counts = ("-n", str(requests), "-c", str(clients), "-m", "1", "-t", "1")
        url = f"http://{target}/{method}"
        done = subprocess.run(
            ["h2load", *counts, "-d", str(file), *headers, url], capture_output=True, text=True, check=True
        )
    rate, status, traffic = (pattern.search(done.stdout) for pattern in (_RATE, _STATUS, _TRAFFIC))
    if rate is None or status is None or int(status[1]) != requests:
        raise RuntimeError(f"h2load: not every call was answered:\n{done.stdout}")
    return Load(float(rate[1]), int(traffic[2]) if traffic else 0)
