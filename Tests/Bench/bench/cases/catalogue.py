"""All cases, in the order of the report."""

from __future__ import annotations

from .base import MIB, Case
from .callbacks import CallbackDrain
from .crowd import Crowd
from .growth import Growth
from .rates import Registrations, SmallBlocks
from .transfer import BlockSize, Transfer

BLOCK_SIZES = [64 << 10, 256 << 10, MIB, 4 * MIB, 16 * MIB, 64 * MIB]


def all_cases(size: int) -> list[Case]:
    """`size`: bytes of the source."""
    whole = f"One file of {size // MIB} MiB in blocks of 4 MiB over"
    return [
        Transfer("file-4", f"{whole} 4 connections", files=1, part=1, block=4 * MIB, connections=4),
        Transfer("file-1", f"{whole} 1 connection", files=1, part=1, block=4 * MIB, connections=1),
        Transfer(
            "many",
            f"8 files of {size // 4 // MIB} MiB at once, one connection each",
            files=8,
            part=4,
            block=4 * MIB,
            connections=1,
        ),
        SmallBlocks(),
        Registrations(),
        CallbackDrain(),
        *(BlockSize(size, block) for block in BLOCK_SIZES),
        Crowd(),
        Growth(),
    ]
