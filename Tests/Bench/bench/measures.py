"""What is measured: names, units, and what is better."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Measure:
    """One column of a table."""

    title: str
    unit: str
    decimals: int
    is_more_better: bool = False

    @property
    def heading(self) -> str:
        return f"{self.title}, {self.unit}" if self.unit else self.title

    def text(self, value: float) -> str:
        """The number as tables have it, without its unit."""
        return f"{value:,.{self.decimals}f}"


MEASURES = {
    "done": Measure("first byte → done", "s", 2),
    "after_last": Measure("last byte → callback", "ms", 0),
    "answered": Measure("first byte → last answer", "s", 2),
    "server_cpu_per_gib": Measure("server CPU per GiB", "s", 2),
    "server_cpu": Measure("server CPU", "s", 2),
    "peak_memory": Measure("peak memory", "MB", 0),
    "load_cpu": Measure("load generator's CPU", "s", 2),
    "rate": Measure("rate", "/s", 0, is_more_better=True),
    "median_ms": Measure("median answer", "ms", 2),
    "p99_ms": Measure("99 % answered within", "ms", 2),
    "max_ms": Measure("longest wait for an answer", "ms", 0),
    "slowest": Measure("slowest upload", "s", 2),
    "fastest": Measure("fastest upload", "s", 2),
    "failed": Measure("failed requests", "", 0),
    "register_median": Measure("registration, median", "ms", 2),
    "register_p99": Measure("registration, 99 % within", "ms", 2),
    "block_median": Measure("64 KiB block, median", "ms", 2),
    "block_p99": Measure("64 KiB block, 99 % within", "ms", 2),
    "info_median": Measure("block query, median", "ms", 2),
    "info_p99": Measure("block query, 99 % within", "ms", 2),
    "state_median": Measure("state change, median", "ms", 2),
    "state_p99": Measure("state change, 99 % within", "ms", 2),
    "restart": Measure("restart to ready", "s", 2),
    "memory_ready": Measure("memory when ready", "MB", 0),
    "memory_after": Measure("memory afterwards", "MB", 0),
    "rows_per_task": Measure("rows a task", "", 1),
    "bytes_per_task": Measure("bytes of database a task", "", 0),
}
