"""How many small requests a second."""

from __future__ import annotations

from ..contestants.base import Contestant
from ..contestants.copyparty import CopypartyUp2k
from ..contestants.fupload import FuploadProtocol
from ..contestants.nginx import Nginx
from ..contestants.tus import TusProtocol
from ..load import Load
from ..results import AnyContestant, Values
from ..source import Slice
from .base import MB, MIB, Bench, Case

MEASURES = ("rate", "median_ms", "p99_ms", "server_cpu", "peak_memory", "load_cpu")


def rate_values(contestant: Contestant, load: Load, cpu_before: float | None) -> Values:
    """The measures of a plan whose requests are all of kind 0."""
    kind = load.kind(0)
    values: Values = {
        "rate": load.requests / load.seconds,
        "median_ms": kind["median"] * 1000,
        "p99_ms": kind["p99"] * 1000,
        "load_cpu": load.cpu,
    }
    cpu, peak = contestant.cpu(), contestant.peak_memory()
    if cpu is not None and cpu_before is not None:
        values["server_cpu"] = cpu - cpu_before
    if peak is not None:
        values["peak_memory"] = peak / MB
    return values


class SmallBlocks(Case):
    """64 KiB at a time."""

    name = "small"
    title = "64 KiB blocks over 4 connections (without blocks: files of 64 KiB)"
    measures = MEASURES
    charted = ("rate",)

    def accepts(self, contestant: AnyContestant) -> bool:
        return isinstance(contestant, Contestant) and not isinstance(contestant, CopypartyUp2k)

    def measure(self, bench: Bench, contestant: AnyContestant) -> Values:
        assert isinstance(contestant, Contestant)
        # The slower ones would take minutes for as many.
        size = 512 * MIB if isinstance(contestant, FuploadProtocol | Nginx) else 128 * MIB
        data = Slice(bench.source.path, 0, min(bench.source.length, size))
        data.md5()
        with bench.running(contestant):
            plan = contestant.plan_small(data, 64 << 10, 4)
            assert plan
            cpu = contestant.cpu()
            load = bench.generator.run(plan, data.length)
            return rate_values(contestant, load, cpu)


class Registrations(Case):
    """Files that are announced."""

    name = "registrations"
    title = "Registrations over 16 connections (tus: creations; up2k: handshakes)"
    measures = MEASURES
    charted = ("rate",)

    def accepts(self, contestant: AnyContestant) -> bool:
        return isinstance(contestant, FuploadProtocol | TusProtocol | CopypartyUp2k)

    def measure(self, bench: Bench, contestant: AnyContestant) -> Values:
        assert isinstance(contestant, Contestant)
        # The slower ones would take minutes for as many.
        count = 10_000 if isinstance(contestant, FuploadProtocol) else 1_000
        with bench.running(contestant):
            plan = contestant.plan_registrations(count // 5 if bench.quick else count, 16)
            assert plan
            cpu = contestant.cpu()
            load = bench.generator.run(plan, 256 * MIB)
            return rate_values(contestant, load, cpu)
