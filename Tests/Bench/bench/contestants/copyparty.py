"""copyparty: its plain PUT, and up2k, its protocol of checked chunks."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from ..http import send_json
from ..plan import Address, Body, Plan, Queue, Request, http_head
from ..processes import Program, answers, free_port
from ..source import Slice
from .base import Contestant, Tools, Upload
from .nginx import put_request

MIB = 1 << 20


class Copyparty(Contestant):
    """Its plain PUT: one request a file."""

    name = "copyparty"
    title = "copyparty PUT"
    notes = (
        "one request a file; a SHA-512 of it (its default); nothing synced; `-q --no-crt --no-thumb`, all else as it "
        "comes: one process, no deduplication, no index; done with the last answer"
    )

    def __init__(self, tools: Tools) -> None:
        super().__init__()
        self._tools = tools

    def version(self) -> str:
        code = "from importlib.metadata import version as v; print('copyparty', v('copyparty'))"
        assert self._tools.python
        done = subprocess.run([self._tools.python, "-c", code], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def start(self, folder: Path) -> None:
        self.server = Address(free_port())
        (folder / "store").mkdir()
        assert self._tools.python
        command: list[str | Path] = [
            self._tools.python, "-m", "copyparty", "-q", "--no-crt", "--no-thumb",
            "-i", "127.0.0.1", "-p", str(self.server.port), "-v", f"{folder}/store::rw",
        ]  # fmt: skip
        variables = {"XDG_CONFIG_HOME": str(folder), "NO_COLOR": "1"}
        self.process = Program(command, folder / "copyparty.log", cwd=folder, variables=variables)
        self.process.await_ready(lambda: answers(self.server.port))

    def plan_uploads(self, uploads: list[Upload], block: int, connections: int) -> Plan:
        queues = [Queue(1, [put_request(self.server, f"/{each.name}", each.data)]) for each in uploads]
        return Plan(self.server, queues)

    def plan_small(self, data: Slice, size: int, connections: int) -> Plan | None:
        blocks = data.blocks(size)
        requests = [put_request(self.server, f"/object-{number}", each) for number, each in enumerate(blocks)]
        return Plan(self.server, [Queue(connections, requests)])


def chunk_size(file_size: int) -> int:
    """What up2k divides a file of this size into: at most 256 chunks, or 4,096 from 32 MiB each on.

    The sizes are 1, 1.5, 2, 3, 4, 6, 8, 12, … MiB.
    """
    size, step = MIB, MIB // 2
    while True:
        for factor in (1, 2):
            count = -(-file_size // size)
            if count <= 256 or (size >= 32 * MIB and count <= 4096):
                return size
            size += step
            step *= factor


class CopypartyUp2k(Copyparty):
    """up2k: a handshake that names all chunks' digests, then the chunks in any order."""

    name = "copyparty-up2k"
    title = "copyparty up2k"
    notes = (
        "chunks of its own size, one a request, each one's SHA-512 checked; no digest of the whole file; nothing "
        "synced; started as above; done with the last answer"
    )

    def _handshake(self, name: str, data: Slice) -> dict[str, object]:
        chunks = data.blocks(chunk_size(data.length))
        return {
            "hash": [each.sha512_base64() for each in chunks],
            "name": name,
            "lmod": 1_700_000_000,
            "size": data.length,
        }

    def plan_uploads(self, uploads: list[Upload], block: int, connections: int) -> Plan:
        plan = Plan(self.server)
        for upload in uploads:
            answer = send_json(self.server, "/", self._handshake(upload.name, upload.data))
            requests = []
            for chunk in upload.data.blocks(chunk_size(upload.data.length)):
                headers: dict[str, str | int] = {
                    "X-Up2k-Hash": chunk.sha512_base64(),
                    "X-Up2k-Wark": answer["wark"],
                    "Content-Type": "application/octet-stream",
                    "Content-Length": chunk.length,
                }
                head = http_head("POST", answer["purl"], self.server, headers)
                requests.append(Request(head, Body(chunk.path, chunk.offset, chunk.length), must=(b"thank",)))
            plan.queues.append(Queue(connections, requests))
        return plan

    def plan_small(self, data: Slice, size: int, connections: int) -> Plan | None:
        return None

    def plan_registrations(self, count: int, connections: int) -> Plan | None:
        requests = []
        for number in range(count):
            # Digests of files that never come: 33 bytes in base64.
            handshake = {"hash": [f"{number:044d}"], "name": f"file-{number}", "lmod": 1_700_000_000, "size": 65536}
            body = json.dumps(handshake).encode()
            headers: dict[str, str | int] = {"Content-Type": "application/json", "Content-Length": len(body)}
            requests.append(Request(http_head("POST", "/", self.server, headers), tail=body, must=(b"wark",)))
        return Plan(self.server, [Queue(connections, requests)])
