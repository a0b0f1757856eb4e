"""Servers that are running already: named by their URL, started and ended by somebody else."""

from __future__ import annotations

import itertools
import os
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ..failure import RunFailed
from ..http import send
from ..load import Load
from ..plan import Address
from ..processes import family, process_cpu, process_peak_memory
from ..receiver import Receiver
from .base import Completion, Contestant, Tools, Upload
from .fupload import FuploadProtocol, Task
from .tus import TusProtocol

PATIENCE = 300


@dataclass(frozen=True)
class Running:
    """What --fupload and --tus are given: URL[,key=value…]."""

    url: str
    token: str = FuploadProtocol.token
    storePath: str = "/tmp/business/"
    callback: int | None = None  # port that its callbacks go to; without it the task's status is asked for
    pid: int | None = None  # its process, for CPU time and memory

    @classmethod
    def parse(cls, text: str) -> Running:
        """Raises ValueError, in one sentence."""
        url, *settings = text.split(",")
        values: dict[str, str | int] = {}
        for setting in settings:
            key, separator, value = setting.partition("=")
            if not separator or key not in ("token", "storePath", "callback", "pid"):
                raise ValueError(f"{setting!r} is none of token=, storePath=, callback=, pid=")
            values[key] = int(value) if key in ("callback", "pid") else value
        if urlsplit(url).scheme != "http" or not urlsplit(url).hostname:
            raise ValueError(f"{url!r} is no http:// URL")
        return cls(url, **values)  # type: ignore[arg-type]

    @property
    def address(self) -> Address:
        parts = urlsplit(self.url)
        assert parts.hostname
        return Address(parts.port or 80, socket.gethostbyname(parts.hostname))


class _RunningContestant(Contestant):
    """What both kinds have in common."""

    running: Running

    def version(self) -> str:
        return f"running at {self.running.url}"

    def stop(self) -> None:
        """It was not started here."""

    def cpu(self) -> float | None:
        return sum(map(process_cpu, family(self.running.pid))) if self.running.pid else None

    def peak_memory(self) -> int | None:
        return sum(map(process_peak_memory, family(self.running.pid))) if self.running.pid else None


class RunningFupload(_RunningContestant, FuploadProtocol):
    """--fupload URL."""

    notes = "running already: its folder and its page cache are not fresh"

    def __init__(self, tools: Tools, running: Running) -> None:
        super().__init__()
        self.running = running
        self.name = self.title = running.url
        self.token = running.token
        self.store_path = running.storePath
        self._tools = tools
        self._receiver: Receiver | None = None
        self._numbers = itertools.count()

    def start(self, folder: Path) -> None:
        self.server = self.running.address
        if self.running.callback:
            self._receiver = Receiver(self._tools.receiver, folder, self.running.callback)
            self._receiver.start()

    def stop(self) -> None:
        if self._receiver:
            self._receiver.stop()
            self._receiver = None

    def registration(self, name: str, size: int, md5: str) -> dict[str, object]:
        # What earlier runs stored is there still.
        return super().registration(f"bench-{os.getpid()}-{next(self._numbers)}-{name}", size, md5)

    def await_done(self, uploads: list[Upload], load: Load) -> Completion:
        if self._receiver:
            found = self._receiver.await_tasks({task.id for task in self.tasks})
            return Completion(max(arrival.at for arrival in found.values()), is_callback=True)
        end = time.monotonic() + PATIENCE
        for task in self.tasks:
            while not self._is_finished(task):
                if time.monotonic() > end:
                    raise RunFailed(f"task {task.id} of {self.title} is not finished after {PATIENCE} s")
                time.sleep(0.005)
        return Completion(time.monotonic())

    def _is_finished(self, task: Task) -> bool:
        return b'"finish"' in send(self.server, "GET", task.blocks, {})[1]


class RunningTus(_RunningContestant, TusProtocol):
    """--tus URL."""

    notes = "running already: its folder and its page cache are not fresh; done with the last answer"

    def __init__(self, running: Running) -> None:
        super().__init__()
        self.running = running
        self.name = self.title = running.url
        self.path = urlsplit(running.url).path or "/"

    def start(self, folder: Path) -> None:
        self.server = self.running.address
