"""A real fuploadServer with both listeners, a receiver of callbacks, and tasks and callbacks of every state."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import http.server
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

Found = TypeVar("Found")

SERVER = Path(os.environ["FUPLOAD_BINARIES"]) / "fuploadServer"
# Tokens of the two business servers: one takes its callbacks, the other fails.
TOKEN = "token-of-the-one-that-takes-callbacks"
FAILING_TOKEN = "token-of-the-one-that-fails"
ADMIN_TOKEN = "token-of-the-operators"
ORIGIN = "https://app.example.com"
FILE_SIZE = 4096


def await_some(what: str, look: Callable[[], Found], seconds: float = 60) -> Found:
    """Looks again and again until there is something, and gives it."""
    end = time.monotonic() + seconds
    while True:
        if found := look():
            return found
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.02)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def send(
    port: int, method: str, target: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> Answer:
    """One request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with contextlib.closing(connection):
        connection.request(method, target, body, headers or {})
        answer = connection.getresponse()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())


@dataclass
class Received:
    """A callback that has come."""

    headers: dict[str, str]
    body: Any


class Receiver:
    """Takes callbacks at `/taken`, and fails at `/failing`."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        received = self.received

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                received.append(Received(headers, json.loads(body)))
                self.send_response(204 if self.path == "/taken" else 500)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@dataclass
class Stock:
    """What there is to ask for."""

    # Number and key of each task.
    tasks: list[tuple[int, str]] = field(default_factory=list)
    callbacks: list[int] = field(default_factory=list)


class Installation:
    """A server with a folder of its own. `close` has to be called at the end."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="fupload-openapi-"))
        self.port, self.admin_port = free_port(), free_port()
        self.store = self.folder / "store"
        self.stock = Stock()
        self.receiver = Receiver()
        self._database = self.folder / "data/fupload.sqlite"
        self.configuration = self.folder / "fupload.yml"
        self._log = self.folder / "server.log"
        self._registered = 0
        self._write_configuration()
        with self._log.open("wb") as log:
            self._child = subprocess.Popen(
                [str(SERVER), "-c", str(self.configuration)], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        try:
            for words in (f"listening on 127.0.0.1:{self.port}", f"operators are served at 127.0.0.1:{self.admin_port}"):
                await_some(words, lambda words=words: self._logs(words))
            self._fill()
        except BaseException:
            self.close()
            raise

    def _write_configuration(self) -> None:
        notify = f"http://127.0.0.1:{self.receiver.port}"
        self.configuration.write_text(
            f"""
server:
  host: "127.0.0.1"
  port: {self.port}
  allowedOrigins: "{ORIGIN}"
admin:
  port: {self.admin_port}
  token: "{ADMIN_TOKEN}"
database: "{self._database}"
tmpDir: "{self.folder}/tmp"
storeDir: "{self.store}"
maxFileSize: 1MiB
maxRequestBody: 64KiB
callbackSchedule: 50ms
callbackGiveUpAfter: 500ms
bServer:
  {TOKEN}:
    name: "taken"
    notifyUrl: "{notify}/taken"
    secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYqr"
  {FAILING_TOKEN}:
    name: "failing"
    notifyUrl: "{notify}/failing"
"""
        )

    def _logs(self, words: str) -> bool:
        text = self.log()
        if self._child.poll() is not None:
            raise AssertionError(f"the server ended with {self._child.returncode}:\n{text}")
        return words in text

    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def is_running(self) -> bool:
        return self._child.poll() is None

    def close(self, keep: bool = False) -> None:
        """Stops everything; the folder may be kept for whoever looks into a failure."""
        self._child.send_signal(signal.SIGTERM)
        try:
            self._child.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self.receiver.close()
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    # What it holds

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """Asks the database, beside the server."""
        database = sqlite3.connect(f"file:{self._database}?mode=ro", uri=True, timeout=10)
        with contextlib.closing(database):
            return database.execute(statement).fetchall()

    def register(self, token: str = TOKEN, size: int = FILE_SIZE) -> dict[str, Any]:
        """A new task, as it was answered."""
        self._registered += 1
        content = bytes(size)
        task = {
            "token": token,
            "userId": self._registered,
            "storePath": str(self.store / "stock"),
            "fileName": f"file-{self._registered}.bin",
            "fileSize": size,
            "fileMd5": hashlib.md5(content).hexdigest(),
            "feedBackParameter": {"order": self._registered},
        }
        answer = send(self.port, "POST", "/api/upload/new/task", json.dumps(task).encode())
        assert answer.json["retCode"] == "0", answer.body
        data = dict(answer.json["data"])
        self.stock.tasks.append((data["taskId"], data["stateUrl"].partition("key=")[2]))
        return data

    def _change(self, task: dict[str, Any], status: str) -> None:
        body = json.dumps({"taskId": task["taskId"], "status": status}).encode()
        answer = send(self.port, "POST", task["stateUrl"].partition(str(self.port))[2], body)
        assert answer.json["retCode"] == "0", answer.body

    def _send_end(self, task: dict[str, Any]) -> None:
        content = bytes(FILE_SIZE // 4)
        fields = {
            "startByte": FILE_SIZE - len(content),
            "endByte": FILE_SIZE - 1,
            "partMd5": hashlib.md5(content).hexdigest(),
        }
        parts = [f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{fields[name]}\r\n' for name in fields]
        head = "".join(parts) + '--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
        body = head.encode() + content + b"\r\n--b--\r\n"
        target = task["uploadUrl"].partition(str(self.port))[2]
        answer = send(self.port, "POST", target, body, {"Content-Type": "multipart/form-data; boundary=b"})
        assert answer.json["retCode"] == "1", answer.body

    def _fill(self) -> None:
        """Tasks of every state that lasts, with callbacks that were delivered and some that were given up."""
        for token in (TOKEN, FAILING_TOKEN):
            for _ in range(15):
                # One that asks for what is missing when a block comes, and one that does not.
                self._send_end(self.register(token))
                self.register(token)
            for _ in range(10):
                self._change(self.register(token), "pause")
            for _ in range(5):
                self._change(self.register(token), "cancel")
                # Without bytes a file is complete at once.
                self.register(token, size=0)
        settled = "SELECT id FROM callbacks WHERE state IN ('delivered', 'dead')"
        await_some("20 callbacks are settled", lambda: len(self.sql(settled)) == 20)
        self.stock.callbacks = [row[0] for row in self.sql("SELECT id FROM callbacks")]
