"""Programs that are started, measured and ended."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from .failure import RunFailed

TICKS = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    """Whether somebody accepts connections on it."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def await_true(what: str, condition: Callable[[], bool], seconds: float = 60, pause: float = 0.01) -> None:
    """Asks again and again; raises RunFailed after `seconds`."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise RunFailed(f"{what}: not within {seconds} s")
        time.sleep(pause)


class Program:
    """One child process with all its descendants."""

    def __init__(
        self, command: list[str | Path], log: Path, cwd: Path | None = None, variables: dict[str, str] | None = None
    ) -> None:
        self.log = log
        self.name = Path(command[0]).name
        with log.open("ab") as out:
            # A session of its own: Ctrl-C on the terminal reaches this program alone, which ends the others in order.
            self._child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd=cwd,
                env=os.environ | (variables or {}),
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._child.pid

    def await_ready(self, condition: Callable[[], bool], seconds: float = 60, pause: float = 0.01) -> None:
        """Waits for the condition; raises RunFailed with the log's end where the program ends before."""

        def ready() -> bool:
            if self._child.poll() is not None:
                raise RunFailed(f"{self.name} ended with {self._child.returncode}:\n{self.log_tail()}")
            return condition()

        try:
            await_true("ready", ready, seconds, pause)
        except RunFailed as failure:
            raise RunFailed(f"{failure}\n{self.log_tail()}") from None

    def log_tail(self) -> str:
        return self.log.read_text(errors="replace")[-2000:]

    def cpu(self) -> float:
        """CPU seconds of the process, its descendants, and those of them that have ended and were waited for."""
        return sum(process_cpu(pid) for pid in family(self.pid))

    def peak_memory(self) -> int:
        """VmHWM of the process and its descendants together, in bytes; pages that they share count in each."""
        return sum(process_peak_memory(pid) for pid in family(self.pid))

    def memory(self) -> int:
        """VmRSS of the same."""
        return sum(_status(pid, "VmRSS") for pid in family(self.pid))

    def stop(self, patience: float = 20) -> None:
        """SIGTERM, then SIGKILL for what is left."""
        members = family(self.pid)
        if self._child.poll() is None:
            self._child.send_signal(signal.SIGTERM)
            try:
                self._child.wait(patience)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
        for pid in members:
            # Descendants that outlived their parent; a number that was given to another is not in this session.
            if pid != self.pid and _session(pid) == self.pid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def family(pid: int) -> list[int]:
    """The process and its descendants that live."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (fields := _stat(int(entry))):
            children.setdefault(int(fields[1]), []).append(int(entry))
    found, todo = [], [pid]
    while todo:
        member = todo.pop()
        found.append(member)
        todo += children.get(member, [])
    return found


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name, from the state on; none where the process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _session(pid: int) -> int | None:
    fields = _stat(pid)
    return int(fields[3]) if fields else None


def process_cpu(pid: int) -> float:
    """CPU seconds of it and of its children that have ended."""
    fields = _stat(pid)
    return sum(int(value) for value in fields[11:15]) / TICKS if fields else 0


def process_peak_memory(pid: int) -> int:
    """VmHWM in bytes."""
    return _status(pid, "VmHWM")


def _status(pid: int, key: str) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(key + ":")), 0)
