"""What a container would refuse, refused here: modules that its image lacks, writes outside of its volumes.

Python imports this at its start when the folder is on PYTHONPATH. Native code escapes it.
"""

from __future__ import annotations

import errno
import os
import sys

_FORBIDDEN = frozenset(os.environ.pop("CONTAINER_FORBIDDEN").split(","))
_WRITABLE = tuple(os.environ.pop("CONTAINER_WRITABLE").split(os.pathsep))
_CHANGES = {"os.mkdir": (0,), "os.remove": (0,), "os.rmdir": (0,), "os.rename": (0, 1), "os.truncate": (0,)}
_WRITE_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class _NotInstalled:
    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> None:
        if name.partition(".")[0] in _FORBIDDEN:
            raise ModuleNotFoundError(f"No module named {name!r}: it is not in the image", name=name)


def _refuse(path: object) -> None:
    if not isinstance(path, (str, bytes, os.PathLike)):
        return  # a descriptor: whatever it is, it was opened before
    absolute = os.path.abspath(os.fsdecode(path))
    if not absolute.startswith(_WRITABLE) and not absolute.startswith("/dev/"):
        raise OSError(errno.EROFS, "Read-only file system", absolute)


def _audit(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open":
        path, mode, flags = arguments
        if (isinstance(mode, str) and set(mode) & set("wax+")) or (
            isinstance(flags, int) and flags & _WRITE_FLAGS
        ):
            _refuse(path)
    elif event in _CHANGES:
        for index in _CHANGES[event]:
            _refuse(arguments[index])


sys.meta_path.insert(0, _NotInstalled)  # type: ignore[arg-type]
sys.addaudithook(_audit)
