"""Runs the load generator on a plan."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .failure import RunFailed
from .pagecache import touch, warm
from .plan import Plan


@dataclass(frozen=True)
class Load:
    """What the generator measured; instants are seconds of CLOCK_MONOTONIC, as time.monotonic() gives them."""

    started: float
    last_sent: float
    last_answer: float
    cpu: float
    requests: int
    failed: int
    raw: dict[str, Any]

    @property
    def seconds(self) -> float:
        return self.last_answer - self.started

    def kind(self, number: int) -> dict[str, float]:
        found: dict[str, float] = self.raw["kinds"][number]
        return found


class LoadGenerator:
    """The program built from Tests/Bench/load, a folder for its plans, and the file that bodies are taken from."""

    def __init__(self, program: Path, folder: Path, source: Path) -> None:
        self.program = program
        self.folder = folder
        self.source = source

    def run(self, plan: Plan, memory: int, may_fail: bool = False) -> Load:
        """Replays the plan. Unless `may_fail`, an answer that is not as expected ends the run with its text.

        `memory`: bytes of page cache that the server will need. They are made ready last, for planning takes time.
        """
        path = self.folder / "plan"
        plan.write(path)
        touch(self.source)
        warm(self.folder, memory)
        try:
            command: list[str | Path] = [self.program, plan.server.host, str(plan.server.port), path]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        finally:
            path.unlink()
        if done.returncode != 0:
            raise RunFailed(done.stderr.strip() or f"the load generator ended with {done.returncode}")
        raw = json.loads(done.stdout)
        if raw["failed"] and not may_fail:
            raise RunFailed(f"{raw['failed']} of {raw['requests']} requests failed: {json.dumps(raw['failures'][:3])}")
        return Load(
            started=raw["started"],
            last_sent=raw["last_sent"],
            last_answer=raw["last_answer"],
            cpu=raw["cpu"],
            requests=raw["requests"],
            failed=raw["failed"],
            raw=raw,
        )
