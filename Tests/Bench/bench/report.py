"""The report: Markdown, charts, and the raw values as JSON."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from .cases.base import Case
from .charts import Bar, bars, lines
from .measures import MEASURES
from .results import AnyContestant, Results
from .targets import Outcome, outcomes


@dataclass(frozen=True)
class Report:
    """Everything that it tells."""

    cases: Sequence[Case]
    contestants: Sequence[AnyContestant]
    results: Results
    machine: dict[str, str]
    quick: bool
    rounds: int

    @property
    def _titles(self) -> dict[str, str]:
        titles = {each.name: each.title for each in self.contestants}
        for case in self.cases:
            titles |= case.rows
        return titles

    def outcomes(self) -> list[Outcome]:
        own = [outcome for case in self.cases for outcome in case.outcomes(self.results)]
        return outcomes(self.results, [case.name for case in self.cases]) + own

    def targets_table(self) -> str:
        """One line a target."""
        rows = ["| target | measured | |", "|---|---|---|"]
        for each in self.outcomes():
            rows.append(f"| {each.text} | {each.measured} | {'met' if each.is_met else '**not met**'} |")
        return "\n".join(rows)

    def write(self, folder: Path) -> None:
        """README.md, an SVG for each chart, and raw.json; charts of earlier reports are removed."""
        folder.mkdir(parents=True, exist_ok=True)
        for chart in folder.glob("*.svg"):
            chart.unlink()
        sections = [section for case in self.cases if (section := self._section(case, folder))]
        sections += self._block_sizes(folder) + self._failures()
        (folder / "README.md").write_text("\n\n".join([self._head(), *sections]) + "\n")
        (folder / "raw.json").write_text(json.dumps(self._raw(), indent=1) + "\n")

    def _head(self) -> str:
        kind = "A quick run, to see that it works; its numbers mean little.\n\n" if self.quick else ""
        facts = "\n".join(f"| {name} | {value} |" for name, value in self.machine.items())
        entries = "\n".join(f"| {each.title} | {each.version()} | {each.notes} |" for each in self.contestants)
        targets = f"\n\n## Targets\n\n{self.targets_table()}" if self.outcomes() else ""
        return f"""# Benchmarks

{kind}Made by `scripts/bench` on {datetime.date.today().isoformat()}: {self.rounds} runs of each contestant in each
case, alternating, each on a server started afresh with an empty folder, after more page cache was touched than it
needs. Shown are medians, and the lowest and the highest value in parentheses. Compare only within this page: the
targets' ratios are medians of the rounds' ratios. Every value is in [raw.json](raw.json).

| machine | |
|---|---|
{facts}

| contestant | version | what it does |
|---|---|---|
{entries}

*Done* is the callback where there is one, the end of `md5sum` for nginx, and the last answer elsewhere. CPU time is
that of all of a server's processes, from /proc; peak memory the sum of their VmHWM. The load generator replays requests
from one thread and sends bodies from the page cache; its own CPU time is given.{targets}"""

    def _section(self, case: Case, folder: Path) -> str | None:
        table = self._table(case)
        if not table:
            return None
        section = f"## {case.title}\n\n{table}"
        entries = [entry for key in case.charted for entry in self._bars(case, key)]
        if len(entries) < 2:
            return section
        measure = MEASURES[case.charted[0]]
        what = measure.heading if len(case.charted) == 1 else f"medians, {measure.unit}"
        better = "more" if measure.is_more_better else "less"
        (folder / f"{case.name}.svg").write_text(bars(case.title, f"{what} ({better} is better)", entries))
        return f"{section}\n\n![{case.title}]({case.name}.svg)"

    def _rows(self, case: Case) -> list[str]:
        present = self.results.contestants(case.name)
        return [name for name in self._titles if name in present]

    def _table(self, case: Case) -> str | None:
        rows = self._rows(case)
        columns = [key for key in case.measures if any(self.results.of(case.name, row, key) for row in rows)]
        if not columns:
            return None
        table = ["| | " + " | ".join(MEASURES[key].heading for key in columns) + " |", "|---|" + "---:|" * len(columns)]
        for row in rows:
            cells = [self._cell(case.name, row, key) for key in columns]
            table.append(f"| {self._titles[row]} | " + " | ".join(cells) + " |")
        return "\n".join(table)

    def _cell(self, case: str, row: str, key: str) -> str:
        spread = self.results.spread(case, row, key)
        if not spread:
            return "–"
        text = MEASURES[key].text
        if spread.low == spread.high:
            return text(spread.median)
        return f"{text(spread.median)} ({text(spread.low)} – {text(spread.high)})"

    def _bars(self, case: Case, key: str) -> list[Bar]:
        rows, measure = self._rows(case), MEASURES[key]
        found = []
        for row in rows:
            if spread := self.results.spread(case.name, row, key):
                label = self._titles[row] if len(case.charted) == 1 else f"{measure.title}, {row}"
                text = measure.text(spread.median)
                found.append(Bar(label, spread.median, spread.low, spread.high, text, is_marked=row == rows[0]))
        return found

    def _block_sizes(self, folder: Path) -> list[str]:
        """One chart of all block sizes."""
        cases = [case for case in self.cases if case.name.startswith("blocks-") and self._rows(case)]
        if len(cases) < 2:
            return []
        labels = [case.name.removeprefix("blocks-").replace("KiB", " KiB").replace("MiB", " MiB") for case in cases]
        series = {}
        for row in self._rows(cases[0]):
            spreads = [self.results.spread(case.name, row, "done") for case in cases]
            series[self._titles[row]] = [spread.median if spread else None for spread in spreads]
        subtitle = "first byte → done, s (less is better)"
        chart = lines("One file over 4 connections, by block size", subtitle, labels, series)
        (folder / "block-sizes.svg").write_text(chart)
        return ["## All block sizes\n\n![Time of one file by block size](block-sizes.svg)"]

    def _failures(self) -> list[str]:
        if not self.results.failures:
            return []
        told = [
            f"- {each.case}, round {each.round}, {each.contestant}: `{each.reason.partition(chr(10))[0][:300]}`"
            for each in self.results.failures
        ]
        return ["## Runs that failed\n\n" + "\n".join(told)]

    def _raw(self) -> dict[str, object]:
        return {
            "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            "quick": self.quick,
            "machine": self.machine,
            "versions": {each.name: each.version() for each in self.contestants},
            "cases": {case.name: case.title for case in self.cases},
            "targets": [asdict(each) for each in self.outcomes()],
            "runs": [asdict(each) for each in self.results.runs],
            "failures": [asdict(each) for each in self.results.failures],
        }
