"""What a contestant can be asked for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

from ..load import Load
from ..plan import Plan
from ..processes import Program
from ..source import Slice


@dataclass(frozen=True)
class Tools:
    """The programs and folders that contestants are made of."""

    load: Path
    receiver: Path
    server: Path | None  # fuploadServer
    nginx: Path | None
    python: Path | None  # of the virtual environment that the rivals from PyPI are in


@dataclass(frozen=True)
class Upload:
    """One file to upload."""

    name: str
    data: Slice


@dataclass(frozen=True)
class Completion:
    """When all uploads of a run were done, as far as this contestant goes."""

    at: float  # time.monotonic()
    extra_cpu: float = 0  # of programs that did a part of it and have ended
    is_callback: bool = False


class Contestant(ABC):
    """A server that files are uploaded to, started afresh with an empty folder for each run."""

    name: str
    """What --only calls it."""
    title: str
    """What tables call it."""
    notes: str
    """What it checks and syncs, and how it was started."""

    def __init__(self) -> None:
        self.process: Program | None = None

    @abstractmethod
    def version(self) -> str: ...

    @abstractmethod
    def start(self, folder: Path) -> None:
        """Starts it with all its files in `folder`, which is empty; returns when it takes requests."""

    def stop(self) -> None:
        if self.process:
            self.process.stop()
            self.process = None

    def cpu(self) -> float | None:
        """CPU seconds so far; None where it can't be told."""
        return self.process.cpu() if self.process else None

    def peak_memory(self) -> int | None:
        """Bytes; None where it can't be told."""
        return self.process.peak_memory() if self.process else None

    @abstractmethod
    def plan_uploads(self, uploads: list[Upload], block: int, connections: int) -> Plan:
        """Does what goes before the first byte (registering, creating), and plans the rest.

        Each upload has `connections` of its own, or one where the protocol has no more.
        """

    def await_done(self, uploads: list[Upload], load: Load) -> Completion:
        """Waits for what comes after the last answer."""
        return Completion(load.last_answer)

    def plan_small(self, data: Slice, size: int, connections: int) -> Plan | None:
        """`data` in pieces of `size` bytes, each one answered on its own; None where there is no such thing."""
        return None

    def plan_registrations(self, count: int, connections: int) -> Plan | None:
        """Announces `count` files; None where files are not announced."""
        return None
