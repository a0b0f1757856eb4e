"""The protocol of fuploadServer: the server of this repository, and others that speak it."""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ..failure import RunFailed
from ..http import send, send_json
from ..load import Load
from ..plan import Address, Body, Plan, Queue, Request, http_head
from ..processes import Program, free_port
from ..receiver import Receiver
from ..source import Slice
from .base import Completion, Contestant, Tools, Upload

BOUNDARY = "fupload-bench-9f3a6c5b7d1e4082"
START_PATIENCE = 600  # with very many open tasks
NEW_TASK = "/api/upload/new/task"


@dataclass(frozen=True)
class Task:
    """A registered upload."""

    id: str
    upload: str  # request targets
    blocks: str
    state: str


def _target(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def block_request(server: Address, task: Task, data: Slice, start: int, kind: int = 0) -> Request:
    """A block of `task` that begins at byte `start` of its file, as multipart/form-data (RFC 7578)."""
    fields = [("startByte", start), ("endByte", start + data.length - 1), ("partMd5", data.md5())]
    parts = "".join(
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields
    )
    before = (
        parts + f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="block"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    ).encode()
    after = f"\r\n--{BOUNDARY}--\r\n".encode()
    head = http_head(
        "POST",
        task.upload,
        server,
        {
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
            "Content-Length": len(before) + data.length + len(after),
        },
    )
    # 1: stored, and ranges before it are missing still.
    stored = (b'"retCode":"0"', b'"retCode":"1"')
    return Request(head + before, Body(data.path, data.offset, data.length), after, 200, stored, kind)


class FuploadProtocol(Contestant):
    """Registers, uploads blocks, and waits for the callback."""

    token = "cp00000010103010301"
    user = "bench"
    server: Address
    store_path: str

    def registration(self, name: str, size: int, md5: str) -> dict[str, object]:
        return {
            "token": self.token,
            "userId": self.user,
            "storePath": self.store_path,
            "fileName": name,
            "fileSize": size,
            "fileMd5": md5,
        }

    def register(self, name: str, size: int, md5: str) -> Task:
        answer = send_json(self.server, NEW_TASK, self.registration(name, size, md5))
        if str(answer["retCode"]) != "0":
            raise RunFailed(f"registering {name}: {answer}")
        data = answer["data"]
        return Task(
            str(data["taskId"]), _target(data["uploadUrl"]), _target(data["blocksUrl"]), _target(data["stateUrl"])
        )

    def plan_uploads(self, uploads: list[Upload], block: int, connections: int) -> Plan:
        plan = Plan(self.server)
        self.tasks = [self.register(each.name, each.data.length, each.data.md5()) for each in uploads]
        for upload, task in zip(uploads, self.tasks, strict=True):
            blocks = upload.data.blocks(block)
            requests = [block_request(self.server, task, each, each.offset - upload.data.offset) for each in blocks]
            plan.queues.append(Queue(connections, requests))
        return plan

    def plan_small(self, data: Slice, size: int, connections: int) -> Plan | None:
        return self.plan_uploads([Upload("small", data)], size, connections)

    def plan_registrations(self, count: int, connections: int) -> Plan | None:
        requests = [self.register_request(f"file-{number}", 65536) for number in range(count)]
        return Plan(self.server, [Queue(connections, requests)])

    def register_request(self, name: str, size: int, kind: int = 0) -> Request:
        md5 = "d41d8cd98f00b204e9800998ecf8427e"  # of no bytes; others never come
        body = json.dumps(self.registration(name, size, md5)).encode()
        headers: dict[str, str | int] = {"Content-Type": "application/json", "Content-Length": len(body)}
        head = http_head("POST", NEW_TASK, self.server, headers)
        return Request(head, tail=body, status=200, must=(b'"taskId":',), kind=kind)


class Ours(FuploadProtocol):
    """The server of this repository."""

    name = "ours"
    title = "fuploadServer"
    notes = (
        "every block's MD5 and the whole file's MD5 checked; every block synced and committed before its answer, the "
        "file before its callback; default configuration"
    )

    def __init__(self, tools: Tools) -> None:
        super().__init__()
        self._tools = tools
        self.settings: dict[str, str] = {}
        """Keys of the configuration that are not as they come."""
        self._receiver: Receiver | None = None

    def version(self) -> str:
        assert self._tools.server
        done = subprocess.run([self._tools.server, "--version"], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    @property
    def receiver(self) -> Receiver:
        """Of its callbacks."""
        assert self._receiver, "start() makes it"
        return self._receiver

    def start(self, folder: Path) -> None:
        self.prepare(folder)
        self.start_server()

    def prepare(self, folder: Path) -> None:
        """Starts its receiver and writes its configuration; what is in the folder stays."""
        self.folder = folder
        self.server = Address(free_port())
        self.store_path = str(folder / "store")
        self._receiver = Receiver(self._tools.receiver, folder)
        self.receiver.start()
        (folder / "fupload.yml").write_text(self._configuration())

    def _configuration(self) -> str:
        settings = "".join(f'{key}: "{value}"\n' for key, value in self.settings.items())
        return f"""{settings}server:
  host: "127.0.0.1"
  port: {self.server.port}
database: "{self.folder}/data/fupload.sqlite"
tmpDir: "{self.folder}/tmp"
storeDir: "{self.folder}/store"
bServer:
  {self.token}:
    name: "bench"
    notifyUrl: "http://127.0.0.1:{self.receiver.port}/callback"
"""

    def start_server(self) -> float:
        """Starts it on what is in its folder; seconds until it was ready (GET /ready)."""
        assert self._tools.server
        begun = time.monotonic()
        self.process = Program(
            [self._tools.server, "-c", self.folder / "fupload.yml"], self.folder / "server.log", cwd=self.folder
        )
        self.process.await_ready(self._is_ready, START_PATIENCE, pause=0.002)
        return time.monotonic() - begun

    def _is_ready(self) -> bool:
        try:
            send(self.server, "GET", "/ready", {})
        except RunFailed:
            return False
        return True

    def stop_server(self) -> None:
        super().stop()

    def stop(self) -> None:
        super().stop()
        if self._receiver:
            self._receiver.stop()

    def await_done(self, uploads: list[Upload], load: Load) -> Completion:
        found = self.receiver.await_tasks({task.id for task in self.tasks})
        for arrival in found.values():
            if arrival.code != "0":
                raise RunFailed(f"task {arrival.task} was called back with retCode {arrival.code}")
        return Completion(max(arrival.at for arrival in found.values()), is_callback=True)
