"""Plans: what the load generator is to send. The format is told in Tests/Bench/load/plan.h."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path

NO_FILE = 0xFFFFFFFF


@dataclass(frozen=True)
class Address:
    """Where a server listens."""

    port: int
    host: str = "127.0.0.1"  # an IPv4 address


@dataclass(frozen=True)
class Body:
    """Bytes of a file that are sent after a request's head."""

    path: Path
    offset: int
    length: int


@dataclass(frozen=True)
class Request:
    """One request and what its answer must be."""

    head: bytes
    body: Body | None = None
    tail: bytes = b""
    status: int = 0  # 0: any 2xx
    must: tuple[bytes, ...] = ()  # the answer's body contains one of them; none: anything will do
    kind: int = 0  # what its time is counted under
    barrier: bool = False  # waits until all earlier ones of its queue are answered


@dataclass
class Queue:
    """Requests in order, and how many connections take from them."""

    connections: int
    requests: list[Request] = field(default_factory=list)


@dataclass
class Plan:
    """All queues of one run, against one server."""

    server: Address
    queues: list[Queue] = field(default_factory=list)

    @property
    def requests(self) -> int:
        return sum(len(queue.requests) for queue in self.queues)

    def write(self, path: Path) -> None:
        files: dict[Path, int] = {}
        for queue in self.queues:
            for request in queue.requests:
                if request.body:
                    files.setdefault(request.body.path, len(files))
        with path.open("wb") as out:
            out.write(b"FLOAD001" + struct.pack("<II", len(files), len(self.queues)))
            for file in files:
                name = str(file).encode()
                out.write(struct.pack("<I", len(name)) + name)
            for queue in self.queues:
                out.write(struct.pack("<II", queue.connections, len(queue.requests)))
                for request in queue.requests:
                    out.write(_encode(request, files))


def _encode(request: Request, files: dict[Path, int]) -> bytes:
    body = request.body
    must = b"".join(text + b"\0" for text in request.must)
    fixed = struct.pack(
        "<7I2Q",
        1 if request.barrier else 0,
        request.status,
        request.kind,
        files[body.path] if body else NO_FILE,
        len(request.head),
        len(request.tail),
        len(must),
        body.offset if body else 0,
        body.length if body else 0,
    )
    return fixed + request.head + request.tail + must


def http_head(method: str, target: str, server: Address, headers: dict[str, str | int]) -> bytes:
    """The head of a request, with the empty line that ends it (RFC 9112)."""
    lines = [f"{method} {target} HTTP/1.1", f"Host: {server.host}:{server.port}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
