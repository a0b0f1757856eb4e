"""Whole files: from the first byte to the callback."""

from __future__ import annotations

from collections.abc import Sequence

from ..contestants.base import Contestant, Upload
from ..contestants.fupload import FuploadProtocol
from ..contestants.openssl import OpenSSL
from ..contestants.tus import TusProtocol
from ..pagecache import touch
from ..results import AnyContestant, Values
from ..source import Slice
from .base import MB, MIB, Bench, Case


class Transfer(Case):
    """One or more files at once, in blocks."""

    measures: Sequence[str] = ("done", "after_last", "answered", "server_cpu_per_gib", "peak_memory", "load_cpu")
    charted: Sequence[str] = ("done",)

    def __init__(self, name: str, title: str, files: int, part: int, block: int, connections: int) -> None:
        """`part`: each file is this part of the source, 1 is all of it."""
        self.name = name
        self.title = title
        self._files = files
        self._part = part
        self._block = block
        self._connections = connections

    def accepts(self, contestant: AnyContestant) -> bool:
        return isinstance(contestant, Contestant) or self._files == 1

    def uploads(self, source: Slice) -> list[Upload]:
        size = source.length // self._part
        # They overlap in the source, and no two are equal.
        step = (source.length - size) // max(self._files - 1, 1) // MIB * MIB
        return [Upload(f"file-{i}", Slice(source.path, i * step, size)) for i in range(self._files)]

    def measure(self, bench: Bench, contestant: AnyContestant) -> Values:
        uploads = self.uploads(bench.source)
        if isinstance(contestant, OpenSSL):
            return self._hash(bench, contestant, uploads[0].data)
        total = sum(each.data.length for each in uploads)
        for each in uploads:
            each.data.md5()
        with bench.running(contestant):
            plan = contestant.plan_uploads(uploads, self._block, self._connections)
            cpu_before = contestant.cpu()
            load = bench.generator.run(plan, total)
            completion = contestant.await_done(uploads, load)
            cpu_after, peak = contestant.cpu(), contestant.peak_memory()
        values: Values = {
            "done": completion.at - load.started,
            "answered": load.seconds,
            "load_cpu": load.cpu,
        }
        if completion.is_callback:
            values["after_last"] = (completion.at - load.last_sent) * 1000
        if cpu_before is not None and cpu_after is not None:
            values["server_cpu_per_gib"] = (cpu_after - cpu_before + completion.extra_cpu) * (1 << 30) / total
        if peak is not None:
            values["peak_memory"] = peak / MB
        return values

    def _hash(self, bench: Bench, openssl: OpenSSL, data: Slice) -> Values:
        touch(data.path)
        hashing = openssl.hash(data)
        return {
            "done": hashing.seconds,
            "server_cpu_per_gib": hashing.cpu * (1 << 30) / data.length,
            "peak_memory": hashing.peak_memory / MB,
        }


class BlockSize(Transfer):
    """One file in blocks of a size, of those whose blocks have any size."""

    charted = ()

    def __init__(self, size: int, block: int) -> None:
        text = f"{block // MIB} MiB" if block >= MIB else f"{block >> 10} KiB"
        super().__init__(
            f"blocks-{text.replace(' ', '')}",
            f"One file of {size // MIB} MiB in blocks of {text} over 4 connections",
            files=1,
            part=1,
            block=block,
            connections=4,
        )

    def accepts(self, contestant: AnyContestant) -> bool:
        return isinstance(contestant, FuploadProtocol | TusProtocol)
