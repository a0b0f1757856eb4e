"""Many uploads at once."""

from __future__ import annotations

from ..contestants.base import Upload
from ..contestants.fupload import Ours
from ..results import AnyContestant, Values
from ..source import Slice
from .base import MB, MIB, Bench, Case

UPLOADS = 1_000


class Crowd(Case):
    """1,000 files over 1,000 connections."""

    name = "crowd"
    title = f"{UPLOADS:,} uploads of 1 MiB at once, each over a connection of its own, in blocks of 64 KiB"
    measures = (
        "done",
        "fastest",
        "slowest",
        "p99_ms",
        "max_ms",
        "failed",
        "server_cpu_per_gib",
        "peak_memory",
        "load_cpu",
    )

    def accepts(self, contestant: AnyContestant) -> bool:
        return isinstance(contestant, Ours)

    def measure(self, bench: Bench, contestant: AnyContestant) -> Values:
        assert isinstance(contestant, Ours)
        step = (bench.source.length - MIB) // UPLOADS // 4096 * 4096
        uploads = [Upload(f"file-{i}", Slice(bench.source.path, i * step, MIB)) for i in range(UPLOADS)]
        with bench.running(contestant):
            plan = contestant.plan_uploads(uploads, 64 << 10, 1)
            assert contestant.process
            cpu = contestant.process.cpu()
            load = bench.generator.run(plan, UPLOADS * MIB, may_fail=True)
            values: Values = {
                "failed": load.failed,
                "load_cpu": load.cpu,
                "fastest": load.raw["queues"]["min"],
                "slowest": load.raw["queues"]["max"],
                "p99_ms": load.kind(0)["p99"] * 1000,
                "max_ms": load.kind(0)["max"] * 1000,
            }
            if not load.failed:
                values["done"] = contestant.await_done(uploads, load).at - load.started
            values["server_cpu_per_gib"] = (contestant.process.cpu() - cpu) * 1024 / UPLOADS
            values["peak_memory"] = contestant.process.peak_memory() / MB
        return values
