"""Looking for bytes in files."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def files_with(folder: Path, *needles: bytes | str) -> list[str]:
    """Files, by their path within the folder, whose raw bytes hold one of the needles.

    Services may write and rename meanwhile: a file that is gone by the time it is looked at holds nothing.
    """
    wanted = [needle.encode() if isinstance(needle, str) else needle for needle in needles]
    found: list[str] = []
    for place, _, names in os.walk(folder):
        for name in names:
            path = Path(place) / name
            with suppress(FileNotFoundError):
                content = path.read_bytes() if path.is_file() else b""
                if any(needle in content for needle in wanted):
                    found.append(str(path.relative_to(folder)))
    return sorted(found)
