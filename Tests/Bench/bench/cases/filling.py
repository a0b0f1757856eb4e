"""A database with very many open tasks, made beside a stopped server."""

from __future__ import annotations

import os
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

BLOCKS = 10
BLOCK = 1024
# One block is missing of each: the tasks are open. It is small, for room is kept for what open tasks miss.
FILE_SIZE = (BLOCKS + 1) * BLOCK
BATCH = 10_000

INSERT_BLOCKS = f"""
WITH RECURSIVE block(number) AS (SELECT 0 UNION ALL SELECT number + 1 FROM block WHERE number < {BLOCKS - 1})
INSERT INTO blocks (task_id, start_byte, end_byte, md5, received_at)
SELECT id, number * :block, (number + 1) * :block - 1, lower(hex(randomblob(16))), :now
FROM tasks, block WHERE id BETWEEN :first AND :last ORDER BY id, number"""
INSERT_EVENTS = """
INSERT INTO events (task_id, at, kind) SELECT id, :now, 'created' FROM tasks WHERE id BETWEEN :first AND :last"""


@dataclass(frozen=True)
class Filled:
    """One of the tasks, as it was registered."""

    number: int

    @property
    def file_name(self) -> str:
        return f"filled-{self.number}"

    @property
    def md5(self) -> str:
        return f"{self.number:032x}"


def fill(folder: Path, tasks: int, business_server: str, user: str, store_path: str) -> None:
    """Adds open tasks with ten blocks each, one event, and a staging file that is as long as its blocks tell.

    All triggers of the schema are in force, so what they keep is right: bytes held, totals. The staging files have
    holes in place of bytes: at its start the server looks at their sizes.
    """
    with closing(sqlite3.connect(folder / "data/fupload.sqlite")) as database:
        # Nothing here has to survive a crash.
        database.execute("PRAGMA journal_mode = OFF")
        database.execute("PRAGMA synchronous = OFF")
        database.execute("PRAGMA cache_size = -262144")
        now = database.execute("SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')").fetchone()[0]
        ids = list(_ids(tasks))
        for first in range(0, tasks, BATCH):
            numbers = range(first, min(first + BATCH, tasks))
            with database:
                database.executemany(
                    "INSERT INTO tasks (id, state, business_server, user_id, store_path, file_name, file_size, "
                    "file_md5, target_path, created_at, active_at) VALUES (?, 'receiving', ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        (
                            ids[number], business_server, user, store_path, Filled(number).file_name, FILE_SIZE,
                            Filled(number).md5, f"{store_path}/{Filled(number).file_name}", now, now,
                        )
                        for number in numbers
                    ),
                )  # fmt: skip
                batch = {"first": ids[numbers[0]], "last": ids[numbers[-1]], "block": BLOCK, "now": now}
                database.execute(INSERT_BLOCKS, batch)
                database.execute(INSERT_EVENTS, batch)
        installation = database.execute("SELECT id FROM installation").fetchone()[0]
        database.execute("PRAGMA journal_mode = WAL")
    staging = folder / "tmp" / installation
    for task in ids:
        descriptor = os.open(staging / f"{task}.part", os.O_CREAT | os.O_WRONLY, 0o600)
        os.ftruncate(descriptor, BLOCKS * BLOCK)
        os.close(descriptor)


def _ids(count: int) -> Iterator[int]:
    """Ascending, so that they are inserted quickly, and spread over all numbers of tasks: new ones lie among them."""
    step = (1 << 53) // (count + 1)
    generator = random.Random(0)
    for number in range(count):
        yield number * step + generator.randrange(1, step)


def database_size(folder: Path) -> tuple[int, int]:
    """Rows in tasks, blocks, events and callbacks, and bytes of the file; with the server stopped."""
    path = folder / "data/fupload.sqlite"
    with closing(sqlite3.connect(path)) as database:
        tables = ("tasks", "blocks", "events", "callbacks")
        rows = sum(database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables)
        pages = database.execute("PRAGMA page_count").fetchone()[0]
        size = database.execute("PRAGMA page_size").fetchone()[0]
    return rows, pages * size
