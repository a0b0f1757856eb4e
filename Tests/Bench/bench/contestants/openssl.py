"""`openssl md5` of the file: what one core needs at least to check a file's MD5."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass

from ..source import Slice


@dataclass(frozen=True)
class Hashing:
    """One run of it."""

    seconds: float
    cpu: float
    peak_memory: int  # bytes


class OpenSSL:
    """No server: it reads the file from the page cache and prints its MD5."""

    name = "openssl"
    title = "openssl md5"
    notes = "reads the file from the page cache, one thread; stores nothing"

    def version(self) -> str:
        done = subprocess.run(["openssl", "version"], capture_output=True, text=True, check=True)
        return done.stdout.strip().partition(" (")[0]

    def hash(self, data: Slice) -> Hashing:
        begun = time.monotonic()
        child = subprocess.Popen(["openssl", "md5", data.path], stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.monotonic() - begun
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            raise subprocess.CalledProcessError(child.returncode, "openssl md5")
        return Hashing(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)
