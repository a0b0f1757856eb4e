"""The command line."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from .contestants.running import Running
from .install import REPOSITORY


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    quick: bool
    runs: int
    cases: list[str]
    only: list[str]
    fupload: list[Running]
    tus: list[Running]
    server: Path | None
    out: Path
    cache: Path
    work: Path
    tasks: int


def _running(text: str) -> Running:
    try:
        return Running.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def parse(case_names: list[str], contestant_names: list[str]) -> Options:
    """Ends the program with a message where the command line is wrong."""
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description="Compares fuploadServer with other upload servers, side by side in one run, and writes a report.",
    )
    add = parser.add_argument
    add("--quick", action="store_true", help="one run with a quarter of the bytes: shows that everything works")
    add("--runs", type=int, metavar="N", help="runs of each contestant in each case (5; with --quick 1)")
    add("--case", action="extend", nargs="+", default=[], metavar="NAME", help=f"only these: {', '.join(case_names)}")
    add("--only", action="extend", nargs="+", default=[], metavar="NAME",
        help=f"only these contestants: {', '.join(contestant_names)}")  # fmt: skip
    add("--fupload", action="append", default=[], type=_running, metavar="URL[,KEY=VALUE…]",
        help="a server of this protocol that runs already; token=, storePath=, callback=PORT (where its callbacks go "
        "to), pid=")  # fmt: skip
    add("--tus", action="append", default=[], type=_running, metavar="URL[,pid=PID]",
        help="a tus server that runs already")  # fmt: skip
    add("--server", type=Path, metavar="PATH", help="a built fuploadServer (by default it is built)")
    add("--out", type=Path, default=REPOSITORY / "docs/benchmarks", metavar="DIR",
        help="for the report (docs/benchmarks)")  # fmt: skip
    add("--cache", type=Path, default=REPOSITORY / ".build/bench", metavar="DIR",
        help="for what is installed and built (.build/bench)")  # fmt: skip
    add("--work", type=Path, metavar="DIR", help="for the files of the contestants, all on one disk (CACHE/work)")
    add("--tasks", type=int, default=1_000_000, metavar="N", help="open tasks of the case growth, with ten blocks each")
    given = parser.parse_args()
    runs = given.runs if given.runs is not None else (1 if given.quick else 5)
    if runs < 1:
        parser.error("--runs: at least 1")
    for name in given.case:
        if not any(is_chosen(name, each) for each in case_names):
            parser.error(f"--case {name}: there are {', '.join(case_names)}")
    for name in given.only:
        if name not in contestant_names:
            parser.error(f"--only {name}: there are {', '.join(contestant_names)}")
    return Options(
        quick=given.quick,
        runs=runs,
        cases=given.case,
        only=given.only,
        fupload=given.fupload,
        tus=given.tus,
        server=given.server and given.server.resolve(),
        out=given.out.resolve(),
        cache=given.cache.resolve(),
        work=(given.work or given.cache / "work").resolve(),
        tasks=given.tasks if not given.quick else min(given.tasks, 20_000),
    )


def is_chosen(wanted: str, name: str) -> bool:
    """Whether a case of this name is meant: blocks means all of blocks-64KiB, blocks-1MiB and so on."""
    return name == wanted or name.startswith(wanted + "-")
