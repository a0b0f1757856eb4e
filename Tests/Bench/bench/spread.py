"""Medians and spreads of a few runs."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Spread:
    """What the values of several runs come to."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread | None:
        """None of no values."""
        found = sorted(values)
        return cls(statistics.median(found), found[0], found[-1]) if found else None
