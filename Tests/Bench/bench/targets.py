"""What was aimed at, and whether it was met.

Ratios are of values of one round: a machine's speed changes from hour to hour.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from .contestants.base import Contestant
from .contestants.copyparty import Copyparty, CopypartyUp2k
from .contestants.fupload import Ours
from .contestants.nginx import Nginx
from .contestants.openssl import OpenSSL
from .contestants.tus import Tuspyserver
from .measures import MEASURES
from .results import Results

OURS = Ours.name


@dataclass(frozen=True)
class Outcome:
    """One target and what came of it."""

    text: str
    measured: str
    is_met: bool


@dataclass(frozen=True)
class Limit:
    """A value of ours, or its ratio to the same value of another contestant, at most or at least `bound`."""

    text: str
    case: str
    measure: str
    bound: float
    than: str | None = None

    def outcome(self, results: Results) -> Outcome | None:
        """None where it was not measured."""
        value = ratio(results, self.case, self.measure, OURS, self.than)
        if value is None:
            return None
        measure = MEASURES[self.measure]
        is_met = value >= self.bound if measure.is_more_better else value <= self.bound
        measured = (
            f"{value:.2f} ×" if self.than else f"{measure.text(value)} {measure.unit}".replace(" /s", "/s").rstrip()
        )
        return Outcome(self.text, measured, is_met)


def ratio(results: Results, case: str, measure: str, ours: str, other: str | None) -> float | None:
    """The median over the rounds of ours ÷ the other's, or of ours alone."""
    values = results.of(case, ours, measure)
    if other is None:
        return statistics.median(values.values()) if values else None
    others = results.of(case, other, measure)
    ratios = [values[number] / others[number] for number in values if others.get(number)]
    return statistics.median(ratios) if ratios else None


FILE = "1 file, 4 connections"
LIMITS: Sequence[Limit] = (
    Limit(f"{FILE}, first byte → callback: ≤ 1.25 × openssl md5", "file-4", "done", 1.25, OpenSSL.name),
    Limit(f"{FILE}, first byte → callback: ≤ 0.9 × nginx PUT, then md5sum", "file-4", "done", 0.9, Nginx.name),
    Limit(f"{FILE}, last byte → callback: ≤ 50 ms", "file-4", "after_last", 50),
    Limit(f"{FILE}, server CPU per GiB: ≤ 2.8 s", "file-4", "server_cpu_per_gib", 2.8),
    Limit(f"{FILE}, server CPU per GiB: below copyparty PUT", "file-4", "server_cpu_per_gib", 1, Copyparty.name),
    Limit("8 files at once: ≤ 1.3 × copyparty PUT", "many", "done", 1.3, Copyparty.name),
    Limit("8 files at once, peak memory: ≤ 64 MB", "many", "peak_memory", 64),
    Limit("64 KiB blocks, each durable: ≥ 5,000/s", "small", "rate", 5000),
    Limit("64 KiB blocks: ≥ 3 × nginx PUT of 64 KiB files", "small", "rate", 3, Nginx.name),
    Limit("Registrations, durable: ≥ 3,000/s", "registrations", "rate", 3000),
    Limit("Callbacks drained: ≥ 2,000/s", "callbacks", "rate", 2000),
    Limit("1,000 uploads at once, peak memory: < 200 MB", "crowd", "peak_memory", 200),
    Limit("1,000 uploads at once, failed requests: 0", "crowd", "failed", 0),
)

RIVALS = (Tuspyserver, Copyparty, CopypartyUp2k)
COMPARED = ("done", "rate", "server_cpu_per_gib", "peak_memory")


def ahead(results: Results, rival: type[Contestant], cases: Sequence[str]) -> Outcome | None:
    """Whether ours is ahead in every row that both have, and where it is not."""
    behind, rows = [], 0
    for case in cases:
        for key in COMPARED:
            value = ratio(results, case, key, OURS, rival.name)
            if value is None:
                continue
            rows += 1
            if value < 1 if MEASURES[key].is_more_better else value > 1:
                behind.append(f"{case}, {MEASURES[key].title}: {value:.2f} ×")
    if not rows:
        return None
    measured = "; ".join(behind) if behind else f"in all {rows}"
    return Outcome(f"Ahead of {rival.title} in every row that both have", measured, not behind)


def outcomes(results: Results, cases: Sequence[str], growth: Sequence[Outcome] = ()) -> list[Outcome]:
    """All targets that were measured."""
    found = [limit.outcome(results) for limit in LIMITS] + [ahead(results, rival, cases) for rival in RIVALS]
    return [outcome for outcome in found if outcome] + list(growth)
