"""The tus protocol (https://tus.io/protocols/resumable-upload, 1.0.0): tuspyserver, and others that speak it."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from ..failure import RunFailed
from ..http import send
from ..plan import Address, Body, Plan, Queue, Request, http_head
from ..processes import Program, answers, free_port
from ..source import Slice
from .base import Contestant, Tools, Upload

VERSION = "1.0.0"


class TusProtocol(Contestant):
    """Creates an upload, and appends to it: one connection each, for every PATCH goes on where the last one ended."""

    server: Address
    path: str

    def _creation(self, name: str, size: int) -> dict[str, str]:
        def encoded(text: str) -> str:
            return base64.b64encode(text.encode()).decode()

        return {
            "Tus-Resumable": VERSION,
            "Upload-Length": str(size),
            "Upload-Metadata": f"filename {encoded(name)},filetype {encoded('application/octet-stream')}",
            "Content-Length": "0",
        }

    def _create(self, name: str, size: int) -> str:
        response, _ = send(self.server, "POST", self.path, self._creation(name, size))
        location = response.getheader("Location")
        if not location:
            raise RunFailed(f"{self.title} answered a creation without a Location")
        return urlsplit(location).path

    def _patches(self, name: str, data: Slice, block: int) -> list[Request]:
        target = self._create(name, data.length)
        requests = []
        for part in data.blocks(block):
            headers: dict[str, str | int] = {
                "Tus-Resumable": VERSION,
                "Upload-Offset": part.offset - data.offset,
                "Content-Type": "application/offset+octet-stream",
                "Content-Length": part.length,
            }
            head = http_head("PATCH", target, self.server, headers)
            requests.append(Request(head, Body(part.path, part.offset, part.length)))
        return requests

    def plan_uploads(self, uploads: list[Upload], block: int, connections: int) -> Plan:
        queues = [Queue(1, self._patches(each.name, each.data, block)) for each in uploads]
        return Plan(self.server, queues)

    def plan_small(self, data: Slice, size: int, connections: int) -> Plan | None:
        # Appending has no parallel blocks: each connection has a file of its own.
        part = data.length // connections
        files = [Slice(data.path, data.offset + i * part, part) for i in range(connections)]
        return self.plan_uploads([Upload(f"small-{i}", file) for i, file in enumerate(files)], size, 1)

    def plan_registrations(self, count: int, connections: int) -> Plan | None:
        requests = []
        for number in range(count):
            headers: dict[str, str | int] = dict(self._creation(f"file-{number}", 65536))
            requests.append(Request(http_head("POST", self.path, self.server, headers)))
        return Plan(self.server, [Queue(connections, requests)])


class Tuspyserver(TusProtocol):
    """tuspyserver as a FastAPI application under uvicorn."""

    name = "tuspyserver"
    title = "tuspyserver"
    notes = "uvicorn with uvloop and httptools, two workers; no checksum; nothing synced; done with the last answer"
    path = "/files"

    def __init__(self, tools: Tools) -> None:
        super().__init__()
        self._tools = tools

    def version(self) -> str:
        code = "from importlib.metadata import version as v; print(v('tuspyserver'), 'uvicorn', v('uvicorn'))"
        assert self._tools.python
        done = subprocess.run([self._tools.python, "-c", code], capture_output=True, text=True, check=True)
        return "tuspyserver " + done.stdout.strip().replace(" uvicorn", ", uvicorn")

    def start(self, folder: Path) -> None:
        self.server = Address(free_port())
        assert self._tools.python
        command: list[str | Path] = [
            self._tools.python, "-m", "uvicorn", "tus_app:app", "--app-dir", Path(__file__).parent,
            "--port", str(self.server.port), "--workers", "2", "--log-level", "warning", "--no-access-log",
        ]  # fmt: skip
        self.process = Program(command, folder / "tus.log", cwd=folder, variables={"FILES": str(folder / "files")})
        self.process.await_ready(self._serves)

    def _serves(self) -> bool:
        # With workers the port is open before anybody takes what comes.
        if not answers(self.server.port):
            return False
        try:
            send(self.server, "OPTIONS", self.path + "/", {"Tus-Resumable": VERSION})
        except RunFailed:
            return False
        return True
