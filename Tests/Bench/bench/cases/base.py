"""What a case is: what it is called, what it measures, and how."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType

from ..contestants.base import Contestant, Tools
from ..failure import RunFailed
from ..folders import run_folder
from ..load import LoadGenerator
from ..results import AnyContestant, Failure, Results, Run, Values
from ..source import Slice
from ..targets import Outcome

MIB = 1 << 20
GIB = 1 << 30
MB = 1_000_000


@dataclass(frozen=True)
class Bench:
    """What all cases work with."""

    tools: Tools
    work: Path
    source: Slice
    generator: LoadGenerator
    quick: bool
    growth_tasks: int

    @contextmanager
    def running(self, contestant: Contestant) -> Iterator[Path]:
        """The contestant, started afresh with an empty folder; ended afterwards."""
        with run_folder(self.work) as folder:
            try:
                contestant.start(folder)
                yield folder
            finally:
                contestant.stop()


class Case(ABC):
    """One thing that is measured, of every contestant that can do it."""

    name: str
    title: str
    measures: Sequence[str]
    """Keys of measures.py, in the order of the table's columns."""
    charted: Sequence[str] = ()
    """Those of them that are drawn, in one chart: of one unit."""
    rows: Mapping[str, str] = MappingProxyType({})
    """Titles of lines that are no contestants."""

    @abstractmethod
    def accepts(self, contestant: AnyContestant) -> bool:
        """Whether the contestant has such a thing."""

    @abstractmethod
    def measure(self, bench: Bench, contestant: AnyContestant) -> Values:
        """One run of one contestant."""

    def outcomes(self, results: Results) -> list[Outcome]:
        """Targets of its own."""
        return []

    def run(self, bench: Bench, contestants: Sequence[AnyContestant], rounds: int, results: Results) -> None:
        """`rounds` runs of each contestant that it accepts, alternating; each round begins with another one."""
        taking_part = [each for each in contestants if self.accepts(each)]
        for number in range(rounds):
            first = number % len(taking_part) if taking_part else 0
            for contestant in taking_part[first:] + taking_part[:first]:
                measure = partial(self.measure, bench, contestant)
                self.take_turn(results, number + 1, contestant.name, measure)

    def take_turn(self, results: Results, number: int, contestant: str, measure: Callable[[], Values]) -> None:
        """Keeps what a run gave, and shows it."""
        try:
            values = measure()
        except RunFailed as failure:
            results.failures.append(Failure(self.name, number, contestant, str(failure)))
            shown = f"FAILED: {failure}"
        else:
            results.runs.append(Run(self.name, number, contestant, values))
            shown = "  ".join(f"{key} {value:.6g}" for key, value in values.items())
        print(f"{self.name}  round {number}  {contestant}:  {shown}", flush=True)
