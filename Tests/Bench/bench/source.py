"""The bytes that are uploaded, and their digests."""

from __future__ import annotations

import base64
import hashlib
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Slice:
    """A range of the source file: one file to upload, or a block of one."""

    path: Path
    offset: int
    length: int

    def md5(self) -> str:
        return _digest(self, "md5").hex()

    def sha512_base64(self) -> str:
        """The first 33 bytes of SHA-512 in URL-safe base64."""
        return base64.urlsafe_b64encode(_digest(self, "sha512")[:33]).decode()

    def blocks(self, size: int) -> list[Slice]:
        """It, in blocks of `size` bytes; the last one may be shorter."""
        starts = range(0, self.length, size)
        return [Slice(self.path, self.offset + at, min(size, self.length - at)) for at in starts]


@cache
def _digest(part: Slice, algorithm: str) -> bytes:
    # Cached: the same blocks are sent in every round, and hashing them is not what is measured.
    digest = hashlib.new(algorithm)
    with part.path.open("rb", buffering=0) as file:
        file.seek(part.offset)
        left = part.length
        while left:
            chunk = file.read(min(left, 4 << 20))
            if not chunk:
                raise ValueError(f"{part.path} is shorter than {part}")
            digest.update(chunk)
            left -= len(chunk)
    return digest.digest()


def make_source(path: Path, size: int) -> Slice:
    """A file of random bytes."""
    with path.open("wb", buffering=0) as file:
        for at in range(0, size, 1 << 20):
            file.write(os.urandom(min(1 << 20, size - at)))
    return Slice(path, 0, size)
