"""vLLM's own OpenAI server in a process of its own: for tests against it, and to measure beside it."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from pathlib import Path

from tests.support.ports import free_port

START_SECONDS = 120.0
STOP_SECONDS = 20.0


@contextlib.contextmanager
def vllm_server(model: str, log: Path) -> Generator[str]:
    """Serve a folder's model as "tiny"; gives the base URL with its ``/v1``. What it says goes to the log."""
    port = free_port()
    command = [
        *(sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", model),
        *("--host", "127.0.0.1", "--port", str(port), "--served-model-name", "tiny"),
        *("--max-model-len", "1024", "--max-num-seqs", "64", "--dtype", "float32"),
        *("--enforce-eager", "--disable-uvicorn-access-log"),
    ]
    with log.open("wb") as said:
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
    try:
        _wait(server, f"http://127.0.0.1:{port}/health", log)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.terminate()
        try:
            server.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()


def _wait(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < until:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=1):
            return
        time.sleep(0.2)
    raise RuntimeError(f"vLLM's server did not start:\n{log.read_text()[-2000:]}")
