"""Draw the pictures of docs/concepts.md from a real mind: start PMM, hold docs/pictures/conversation.txt with it, draw.

    .venv/bin/python tools/draw_pictures.py

No language model is involved, so the same conversation gives the same mind, but for its times.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pmm_client

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
MIND = "juno"
TICK_SECONDS = 0.2
PMM = (sys.executable, "-m", "pmm_client.cli")
DRAWN = {
    "graph.svg": ("mind", "graph", "entity:biscuit", "--mind", MIND, "--depth", "2", "--limit", "16"),
    "scores.svg": ("metrics", "--mind", MIND),
}
"""From file to the command that draws it."""


def pmm(*arguments: str) -> str:
    """What a command prints. Raises CalledProcessError where it fails."""
    return subprocess.run([*PMM, *arguments], check=True, capture_output=True, text=True).stdout


def free_port() -> int:
    """One that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


async def talk(target: str) -> None:
    """Say each line, and let the mind think about it before the next."""
    async with pmm_client.connect(target) as client:
        mind = client.mind(MIND)
        await mind.create()
        session = (await mind.start_session(title="Moving house")).session_id
        ticks = mind.follow(kinds=["tick_recorded"])
        for line in (PICTURES / "conversation.txt").read_text(encoding="utf-8").splitlines():
            print(f"> {line}")
            async for text in mind.chat(line, session=session):
                print(text, end="")
            print()
            await anext(ticks)
        await ticks.aclose()


def main() -> None:
    """Everything, in a folder that goes afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        port, tick = free_port(), f"orchestrator.tick_seconds={TICK_SECONDS}"
        pmm("up", "--data", folder, "--port", str(port), "--detach", "--set", tick)
        try:
            target = f"127.0.0.1:{port}"
            asyncio.run(talk(target))
            for name, arguments in DRAWN.items():
                pmm(*arguments, "--target", target, "--svg", str(PICTURES / name))
                print(f"{PICTURES / name} is drawn")
        finally:
            pmm("down", "--data", folder)


if __name__ == "__main__":
    main()
