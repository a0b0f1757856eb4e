"""What the runs gave."""

from __future__ import annotations

from dataclasses import dataclass, field

from .contestants.base import Contestant
from .contestants.openssl import OpenSSL
from .spread import Spread

AnyContestant = Contestant | OpenSSL

Values = dict[str, float]
"""Measures by their key in measures.py."""


@dataclass(frozen=True)
class Run:
    """One contestant's turn in one round."""

    case: str
    round: int
    contestant: str
    values: Values


@dataclass(frozen=True)
class Failure:
    """A turn that came to nothing."""

    case: str
    round: int
    contestant: str
    reason: str


@dataclass
class Results:
    """The runs so far."""

    runs: list[Run] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    def of(self, case: str, contestant: str, measure: str) -> dict[int, float]:
        """The values by round."""
        return {
            run.round: run.values[measure]
            for run in self.runs
            if run.case == case and run.contestant == contestant and measure in run.values
        }

    def spread(self, case: str, contestant: str, measure: str) -> Spread | None:
        return Spread.of(self.of(case, contestant, measure).values())

    def contestants(self, case: str) -> list[str]:
        """Those that have run it, in the order of the first round."""
        return list(dict.fromkeys(run.contestant for run in self.runs if run.case == case))
