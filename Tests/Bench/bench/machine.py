"""What the numbers were measured on."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path


def _field(path: str, key: str) -> str | None:
    try:
        lines = Path(path).read_text().splitlines()
    except OSError:
        return None
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(key)), None)


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.system()


def _file_system(folder: Path) -> str:
    shown = subprocess.run(["df", "--output=fstype", folder], capture_output=True, text=True, check=True)
    return shown.stdout.split()[-1]


def facts(work: Path) -> dict[str, str]:
    """CPU, memory, system, and the file system of the working folder."""
    flags = (_field("/proc/cpuinfo", "flags") or "").split()
    memory = int((_field("/proc/meminfo", "MemTotal") or "0").split()[0])
    cores = len(os.sched_getaffinity(0))
    return {
        "CPU": f"{_field('/proc/cpuinfo', 'model name') or platform.machine()}, {cores} cores"
        + (", SHA extensions" if "sha_ni" in flags else ", no SHA extensions"),
        "Virtual": "yes" if "hypervisor" in flags else "no",
        "Memory": f"{memory / (1 << 20):.1f} GiB",
        "System": f"{_system()}, Linux {platform.release()}",
        "File system": _file_system(work),
        "Python": platform.python_version(),
    }
