"""nginx as an upload server: PUT of its WebDAV module, the file verified afterwards with md5sum."""

from __future__ import annotations

import os
import resource
import subprocess
import time
from pathlib import Path

from ..failure import RunFailed
from ..load import Load
from ..plan import Address, Body, Plan, Queue, Request, http_head
from ..processes import Program, answers, free_port
from ..source import Slice
from .base import Completion, Contestant, Tools, Upload


def put_request(server: Address, target: str, data: Slice) -> Request:
    """A whole file as a request's body."""
    head = http_head("PUT", target, server, {"Content-Length": data.length})
    return Request(head, Body(data.path, data.offset, data.length))


class Nginx(Contestant):
    """One PUT a file; it can't do with more connections."""

    name = "nginx"
    title = "nginx PUT, then md5sum"
    notes = (
        "one request a file, two workers, `client_body_buffer_size 1m`; nothing synced; the whole file's MD5 from "
        "`md5sum` afterwards, all files at once, its CPU time counted in"
    )

    def __init__(self, tools: Tools) -> None:
        super().__init__()
        self._tools = tools

    def version(self) -> str:
        assert self._tools.nginx
        done = subprocess.run([self._tools.nginx, "-v"], capture_output=True, text=True, check=True)
        return done.stderr.strip().removeprefix("nginx version: ")

    def start(self, folder: Path) -> None:
        self.server = Address(free_port())
        self._store = folder / "store"
        self._store.mkdir()
        # As root it would serve as another user, who may not write here.
        user = "user root;" if os.geteuid() == 0 else ""
        temporary = "\n".join(
            f"    {kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        (folder / "nginx.conf").write_text(f"""{user}
daemon off;
worker_processes 2;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    keepalive_requests 10000000;
    client_max_body_size 0;
    client_body_buffer_size 1m;
{temporary}
    server {{
        listen 127.0.0.1:{self.server.port};
        root {self._store};
        location / {{ dav_methods PUT; }}
    }}
}}
""")
        assert self._tools.nginx
        command: list[str | Path] = [
            self._tools.nginx, "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "error.log",
        ]  # fmt: skip
        self.process = Program(command, folder / "nginx.log", cwd=folder)
        self.process.await_ready(lambda: answers(self.server.port))

    def plan_uploads(self, uploads: list[Upload], block: int, connections: int) -> Plan:
        queues = [Queue(1, [put_request(self.server, f"/{each.name}", each.data)]) for each in uploads]
        return Plan(self.server, queues)

    def await_done(self, uploads: list[Upload], load: Load) -> Completion:
        begun = time.monotonic()
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        checks = [
            subprocess.Popen(["md5sum", self._store / each.name], stdout=subprocess.PIPE, text=True) for each in uploads
        ]
        sums = [check.communicate()[0][:32] for check in checks]
        seconds = time.monotonic() - begun
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        for upload, found in zip(uploads, sums, strict=True):
            if found != upload.data.md5():
                raise RunFailed(f"nginx stored {upload.name} with MD5 {found}")
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        # As if md5sum had begun with the last answer; what passed until this program was there is not nginx's.
        return Completion(load.last_answer + seconds, extra_cpu=cpu)

    def plan_small(self, data: Slice, size: int, connections: int) -> Plan | None:
        blocks = data.blocks(size)
        requests = [put_request(self.server, f"/object-{number}", each) for number, each in enumerate(blocks)]
        return Plan(self.server, [Queue(connections, requests)])
