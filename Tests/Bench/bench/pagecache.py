"""Page cache, made ready before every run.

A virtual machine gives freed memory back to its host within seconds, and touching it again costs up to 2 s per GiB: the
same write takes 0.25 s or 2 s, depending on what was done before it. So more memory than a run needs is touched first.
"""

from __future__ import annotations

import os
from pathlib import Path

CHUNK = bytes(1 << 20)
RESERVE = 256 << 20


def warm(folder: Path, size: int) -> None:
    """Writes twice `size` bytes, and some, into a file in `folder` and deletes it: its pages are free afterwards."""
    # What earlier runs left to be written would be written during the next one.
    os.sync()
    path = folder / "warm"
    try:
        with path.open("wb", buffering=0) as file:
            for _ in range(0, 2 * size + RESERVE, len(CHUNK)):
                file.write(CHUNK)
    finally:
        path.unlink(missing_ok=True)


def touch(path: Path) -> None:
    """Reads the file, so that it is in the page cache."""
    with path.open("rb", buffering=0) as file:
        buffer = bytearray(4 << 20)
        while file.readinto(buffer):
            pass
