"""The receiver of callbacks: the program built from Tests/Bench/receiver."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from .failure import RunFailed
from .processes import Program, answers, free_port


@dataclass(frozen=True)
class Arrival:
    """One callback, as it came."""

    at: float  # time.monotonic()
    task: str
    code: str


class Receiver:
    """Listens on a port and notes arrivals in a file, which is read here."""

    def __init__(self, program: Path, folder: Path, port: int | None = None) -> None:
        self.port = port or free_port()
        self._program = program
        self._folder = folder
        self._arrivals = folder / "arrivals"
        self._process: Program | None = None

    def start(self) -> None:
        command: list[str | Path] = [self._program, str(self.port), self._arrivals]
        self._process = Program(command, self._folder / "receiver.log")
        self._process.await_ready(lambda: answers(self.port))

    def stop(self) -> None:
        if self._process:
            self._process.stop()
            self._process = None

    def arrivals(self) -> list[Arrival]:
        """All that has come so far, in order."""
        text = self._arrivals.read_text() if self._arrivals.exists() else ""
        # The last line may not be whole yet.
        lines = text[: text.rfind("\n") + 1].splitlines()
        return [Arrival(float(at), task, code) for at, task, code in map(str.split, lines)]

    def await_tasks(self, tasks: set[str], seconds: float = 300) -> dict[str, Arrival]:
        """The first callback of each of the tasks; raises RunFailed."""
        end = time.monotonic() + seconds
        while True:
            found: dict[str, Arrival] = {}
            for arrival in self.arrivals():
                if arrival.task in tasks:
                    found.setdefault(arrival.task, arrival)
            if len(found) == len(tasks):
                return found
            if time.monotonic() > end:
                raise RunFailed(f"{len(tasks) - len(found)} of {len(tasks)} callbacks are missing")
            time.sleep(0.02)
