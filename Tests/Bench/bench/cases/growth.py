"""What a million open tasks change: for each kind of request, for the restart, for memory."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from ..contestants.fupload import Ours, Task, block_request
from ..folders import run_folder
from ..measures import MEASURES
from ..pagecache import touch, warm
from ..plan import Plan, Queue, Request, http_head
from ..results import AnyContestant, Results, Values
from ..source import Slice
from ..targets import Outcome, ratio
from .base import GIB, MB, Bench, Case
from .filling import BLOCKS, FILE_SIZE, Filled, database_size, fill

EMPTY, FULL = "empty", "full"
KINDS = ("register", "block", "info", "state")
CONNECTIONS = 4
SMALL = 64 << 10


class Growth(Case):
    """The same requests against an empty database and a full one, alternating."""

    name = "growth"
    title = "Growth: requests over 4 connections, with an empty and with a full database, both in the page cache"
    measures = (
        *(f"{kind}_{part}" for kind in KINDS for part in ("median", "p99")),
        "restart", "memory_ready", "memory_after", "peak_memory", "rows_per_task", "bytes_per_task",
    )  # fmt: skip
    charted = tuple(f"{kind}_p99" for kind in KINDS)

    def __init__(self) -> None:
        self.rows: dict[str, str] = {EMPTY: "empty", FULL: "full"}

    def accepts(self, contestant: AnyContestant) -> bool:
        return isinstance(contestant, Ours)

    def measure(self, bench: Bench, contestant: AnyContestant) -> Values:
        raise NotImplementedError("both databases take turns in run()")

    def run(self, bench: Bench, contestants: Sequence[AnyContestant], rounds: int, results: Results) -> None:
        ours = next((each for each in contestants if isinstance(each, Ours)), None)
        if not ours:
            return
        # A task that times out while all this lasts would be work that the empty database has not.
        ours.settings = {"taskTimeout": "7d"}
        self.rows[FULL] = f"{bench.growth_tasks:,} open tasks, {bench.growth_tasks * BLOCKS:,} blocks"
        try:
            with run_folder(bench.work) as full:
                size = self._make_full(bench, ours, full)
                for number in range(1, rounds + 1):
                    turns = [
                        (EMPTY, partial(self._measure_empty, bench, ours, number)),
                        (FULL, partial(self._measure, bench, ours, full, number, size)),
                    ]
                    for name, measure in turns if number % 2 else reversed(turns):
                        self.take_turn(results, number, name, measure)
        finally:
            ours.settings = {}

    def _make_full(self, bench: Bench, ours: Ours, folder: Path) -> Values:
        """The server makes the schema; then it is filled."""
        print(f"{self.name}  filling a database with {bench.growth_tasks:,} tasks …", flush=True)
        try:
            ours.start(folder)
        finally:
            ours.stop()
        fill(folder, bench.growth_tasks, "bench", ours.user, ours.store_path)
        rows, size = database_size(folder)
        return {"rows_per_task": rows / bench.growth_tasks, "bytes_per_task": size / bench.growth_tasks}

    def _measure_empty(self, bench: Bench, ours: Ours, number: int) -> Values:
        with run_folder(bench.work) as folder:
            return self._measure(bench, ours, folder, number, None)

    def _measure(self, bench: Bench, ours: Ours, folder: Path, number: int, size: Values | None) -> Values:
        """`size`: of the full database."""
        warm(bench.work, GIB // 4)
        if size is not None:
            # As an empty one is. A virtual machine takes from the page cache what nobody reads for a while.
            touch(folder / "data/fupload.sqlite")
        try:
            ours.prepare(folder)
            values: Values = {"restart": ours.start_server()}
            assert ours.process
            values["memory_ready"] = ours.process.memory() / MB
            for kind, plan in self._plans(bench, ours, number, size is not None).items():
                measured = bench.generator.run(plan, GIB // 4).kind(0)
                values[f"{kind}_median"] = measured["median"] * 1000
                values[f"{kind}_p99"] = measured["p99"] * 1000
            values["memory_after"] = ours.process.memory() / MB
            values["peak_memory"] = ours.process.peak_memory() / MB
        finally:
            ours.stop()
        return values | (size or {})

    def _plans(self, bench: Bench, ours: Ours, number: int, is_full: bool) -> dict[str, Plan]:
        count = 400 if bench.quick else 4_000
        order = random.Random(number)
        # A registration that equals an open task's gives its URLs again.
        chosen = order.sample(range(bench.growth_tasks), count // 4) if is_full else range(count // 4)
        old = [ours.register(Filled(each).file_name, FILE_SIZE, Filled(each).md5) for each in chosen]
        data = Slice(bench.source.path, 0, 40 * SMALL)
        blocks = []
        for each in range(count // 40):
            # The last block never comes.
            task = ours.register(f"round-{number}-blocks-{each}", 41 * SMALL, f"{each:032x}")
            blocks += [block_request(ours.server, task, part, part.offset) for part in data.blocks(SMALL)]
        order.shuffle(blocks)
        requests = {
            "register": [ours.register_request(f"round-{number}-{each}", FILE_SIZE) for each in range(count)],
            "block": blocks,
            "info": [self._info(ours, task) for task in old * 4],
            "state": [self._state(ours, task, state) for state in ("pause", "upload") * 2 for task in old],
        }
        return {kind: Plan(ours.server, [Queue(CONNECTIONS, requests[kind])]) for kind in KINDS}

    def _info(self, ours: Ours, task: Task) -> Request:
        return Request(http_head("GET", task.blocks, ours.server, {}), status=200, must=(b'"expectBlocks"',))

    def _state(self, ours: Ours, task: Task, state: str) -> Request:
        body = json.dumps({"taskId": int(task.id), "status": state}).encode()
        headers: dict[str, str | int] = {"Content-Type": "application/json", "Content-Length": len(body)}
        head = http_head("POST", task.state, ours.server, headers)
        return Request(head, tail=body, status=200, must=(b'"retCode":"0"',))

    def outcomes(self, results: Results) -> list[Outcome]:
        found = []
        for key, text in [(f"{kind}_p99", f"{MEASURES[f'{kind}_p99'].title}: ≤ 1.5 ×") for kind in KINDS] + [
            ("peak_memory", "peak memory: ≤ 1.5 ×")
        ]:
            value = ratio(results, self.name, key, FULL, EMPTY)
            if value is not None:
                found.append(Outcome(f"Growth, {text} of an empty database", f"{value:.2f} ×", value <= 1.5))
        restart = ratio(results, self.name, "restart", FULL, None)
        if restart is not None:
            found.append(Outcome("Growth, restart ready: ≤ 2 s", f"{restart:.2f} s", restart <= 2))
        return found
