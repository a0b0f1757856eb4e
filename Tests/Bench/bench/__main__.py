"""scripts/bench."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable

from . import install
from .cases.base import GIB, Bench, Case
from .cases.catalogue import all_cases
from .contestants.base import Tools
from .contestants.copyparty import Copyparty, CopypartyUp2k
from .contestants.fupload import Ours
from .contestants.nginx import Nginx
from .contestants.openssl import OpenSSL
from .contestants.running import RunningFupload, RunningTus
from .contestants.tus import Tuspyserver
from .failure import RunFailed
from .folders import work_folder
from .load import LoadGenerator
from .machine import facts
from .options import Options, is_chosen, parse
from .report import Report
from .results import AnyContestant, Results
from .source import make_source

CONTESTANTS: dict[str, Callable[[Tools], AnyContestant]] = {
    Ours.name: Ours,
    OpenSSL.name: lambda _: OpenSSL(),
    Nginx.name: Nginx,
    Copyparty.name: Copyparty,
    CopypartyUp2k.name: CopypartyUp2k,
    Tuspyserver.name: Tuspyserver,
}


def make_tools(options: Options, chosen: list[str]) -> Tools:
    """Installs and builds what the chosen contestants need."""
    install.debian_packages()
    from_pypi = {Copyparty.name, CopypartyUp2k.name, Tuspyserver.name}
    return Tools(
        load=install.c_program("load", options.cache),
        receiver=install.c_program("receiver", options.cache),
        server=(options.server or install.upload_server()) if Ours.name in chosen else None,
        nginx=install.nginx(options.cache) if Nginx.name in chosen else None,
        python=install.python_rivals(options.cache) if from_pypi & set(chosen) else None,
    )


def main() -> int:
    options = parse([case.name for case in all_cases(GIB)], list(CONTESTANTS))
    size = GIB // 4 if options.quick else GIB
    cases = all_cases(size)
    if options.cases:
        cases = [case for case in cases if any(is_chosen(name, case.name) for name in options.cases)]
    chosen = options.only or list(CONTESTANTS)
    # Ended from outside as with Ctrl-C: what was started is ended, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        tools = make_tools(options, chosen)
        contestants: list[AnyContestant] = [CONTESTANTS[name](tools) for name in CONTESTANTS if name in chosen]
        contestants += [RunningFupload(tools, running) for running in options.fupload]
        contestants += [RunningTus(running) for running in options.tus]
        return run(options, cases, tools, contestants, size)
    except KeyboardInterrupt:
        return 130
    except (install.Missing, RunFailed, OSError, subprocess.CalledProcessError) as failure:
        print(f"scripts/bench: {failure}", file=sys.stderr)
        return 1


def run(options: Options, cases: list[Case], tools: Tools, contestants: list[AnyContestant], size: int) -> int:
    """Runs all of it; writes the report after each case, so that one that is broken off has told what it found."""
    with work_folder(options.work) as work:
        source = make_source(work / "source", size)
        bench = Bench(tools, work, source, LoadGenerator(tools.load, work, source.path), options.quick, options.tasks)
        results = Results()
        report = Report(cases, contestants, results, facts(work), options.quick, options.runs)
        for case in cases:
            case.run(bench, contestants, options.runs, results)
            report.write(options.out)
    print(report.targets_table())
    print(f"\nThe report is {options.out / 'README.md'}")
    return 1 if results.failures else 0


if __name__ == "__main__":
    sys.exit(main())
