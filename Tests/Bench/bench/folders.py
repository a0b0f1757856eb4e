"""Folders for runs, each as if nothing had been on the disk before.

ext4 without a journal does not give the number of a deleted file to a new one for minutes, and goes through all such
numbers of a block group for each file that it makes there: after a few thousand were deleted, a small file takes ten
times as long. So every run gets a folder in a block group of its own.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def work_folder(parent: Path) -> Iterator[Path]:
    """A new folder; what is made in it is spread over the disk, by its name. Removed in the end."""
    parent.mkdir(parents=True, exist_ok=True)
    # Of its own: what else is in the parent is not to be removed.
    with tempfile.TemporaryDirectory(prefix="fupload-bench-", dir=parent) as name:
        # Other file systems have no such attribute, and do not need it.
        with contextlib.suppress(FileNotFoundError):
            subprocess.run(["chattr", "+T", name], check=False, stderr=subprocess.DEVNULL)
        yield Path(name)


@contextmanager
def run_folder(work: Path) -> Iterator[Path]:
    """A new, empty one in `work`, of a name that was not there before. Removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=work))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
