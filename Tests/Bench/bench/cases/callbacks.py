"""How fast the outbox is drained."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from ..contestants.fupload import Ours
from ..pagecache import warm
from ..plan import Plan, Queue
from ..processes import await_true
from ..results import AnyContestant, Values
from .base import MB, MIB, Bench, Case


class CallbackDrain(Case):
    """Callbacks that have piled up while the receiver was down, all due at once."""

    name = "callbacks"
    title = "Callbacks drained to one quick receiver that was down"
    measures = ("rate", "server_cpu", "peak_memory")

    def accepts(self, contestant: AnyContestant) -> bool:
        return isinstance(contestant, Ours)

    def measure(self, bench: Bench, contestant: AnyContestant) -> Values:
        assert isinstance(contestant, Ours)
        count = 2_000 if bench.quick else 10_000
        with bench.running(contestant):
            contestant.receiver.stop()
            # A file of no bytes is complete when it is registered.
            requests = [contestant.register_request(f"file-{number}", 0) for number in range(count)]
            bench.generator.run(Plan(contestant.server, [Queue(16, requests)]), 0)
            database = contestant.folder / "data/fupload.sqlite"
            with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as reader:
                waiting = "SELECT count(*) FROM callbacks WHERE state IN ('pending', 'sending')"
                await_true("all tasks closed", lambda: reader.execute(waiting).fetchone()[0] == count, 120, 0.2)
            contestant.stop_server()
            with closing(sqlite3.connect(database)) as writer, writer:
                # Attempts that failed wait for their next one; here all are due when the server comes back.
                writer.execute("UPDATE callbacks SET next_attempt_at = strftime('%Y-%m-%d %H:%M:%f', 'now')")
            contestant.receiver.start()
            warm(bench.work, 256 * MIB)
            contestant.start_server()
            assert contestant.process
            await_true("all delivered", lambda: len(contestant.receiver.arrivals()) >= count, 120, 0.2)
            arrivals = contestant.receiver.arrivals()
            return {
                "rate": (len(arrivals) - 1) / (arrivals[-1].at - arrivals[0].at),
                "server_cpu": contestant.process.cpu(),
                "peak_memory": contestant.process.peak_memory() / MB,
            }
