"""What the tests of the operator's console have in common."""

from __future__ import annotations

import hashlib
import os
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from selenium.webdriver.common.keys import Keys

from fixtures import TOKEN, PageTest, ask, await_some, free_port, post_block

MEGABYTE = 1_000_000


class Upload:
    """An upload of somebody else's, block by block and in any order, while the console looks on."""

    def __init__(self, server_url: str, store: Path, path: Path, name: str, blocks: int) -> None:
        content = path.read_bytes()
        registration = {
            "token": TOKEN,
            "userId": "anna",
            "storePath": str(store),
            "fileName": name,
            "fileSize": len(content),
            "fileMd5": hashlib.md5(content).hexdigest(),
        }
        answer = ask(f"{server_url}/api/upload/new/task", registration)
        assert answer["retCode"] == "0", answer
        self.name = name
        self.id = int(answer["data"]["taskId"])
        self._task = answer["data"]
        self._path = path
        self._size = len(content)
        self._blocks = blocks

    def send(self, *numbers: int) -> None:
        """Sends these of its blocks, which are of equal length."""
        for number in numbers:
            start, end = (self._size * n // self._blocks for n in (number, number + 1))
            post_block(self._task["uploadUrl"], self._path, {"startByte": start, "endByte": end - 1})

    def send_rest(self) -> None:
        for block in ask(self._task["blocksUrl"])["expectBlocks"]:
            post_block(self._task["uploadUrl"], self._path, block)

    @property
    def state(self) -> str:
        return str(ask(self._task["blocksUrl"])["status"])


class Receiver:
    """A business server's callback address that answers with the status it is told to."""

    def __init__(self, port: int) -> None:
        self.status = 500
        self.ids: list[str] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                receiver.ids.append(self.headers["webhook-id"])
                self.send_response(receiver.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *arguments: Any) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class ConsoleTest(PageTest):
    """A test with the console open at its list of tasks."""

    admin_token = ""

    def setUp(self) -> None:
        self.admin_port = free_port()
        self.admin = f"http://127.0.0.1:{self.admin_port}"
        chosen = {"admin.port": str(self.admin_port)}
        if self.admin_token:
            chosen["admin.token"] = self.admin_token
        self.settings = self.settings | chosen
        super().setUp()
        self.browser.get(f"{self.admin}/")
        if not self.admin_token:
            self.await_live()

    def await_live(self) -> None:
        await_some("events to come", lambda: self.link == "live")

    @property
    def link(self) -> str:
        return str(self.find("#link").get_attribute("data-link"))

    def go(self, route: str) -> None:
        """Shows a view, as a link to it does."""
        self.browser.execute_script("location.hash = arguments[0]", route)

    def refuse_first(self) -> Receiver:
        """Puts a receiver in the business server's place that takes no callback yet."""
        self.business.kill()
        receiver = Receiver(int(self.business.url.rsplit(":", 1)[1]))
        self.addCleanup(receiver.close)
        return receiver

    def register(self, name: str, size: int = 8 * MEGABYTE, blocks: int = 8) -> Upload:
        path = self.folder / f"content-{size}-{len(list(self.folder.iterdir()))}"
        path.write_bytes(os.urandom(size))
        return Upload(self.server.url, self.server.store, path, name, blocks)

    def row(self, upload: Upload) -> str:
        """The line of a task in the list, as a selector."""
        return f"#rows [data-key='{upload.id}']"

    def await_text(self, selector: str, pattern: str) -> str:
        def look() -> str | None:
            found = self.browser.find_elements("css selector", selector)
            text = found[0].text if found else ""
            return text if re.search(pattern, text) else None

        return str(await_some(f"{selector} to say {pattern}", look))

    def await_map(self, selector: str, runs: int) -> None:
        """The map shows so many stretches that are received."""
        script = """
            const paths = [...document.querySelectorAll(`${arguments[0]} .map .held`)];
            return paths.map((path) => path.getAttribute("d")?.split("M").length - 1).reduce((a, b) => a + b, 0);
        """
        await_some(f"{runs} stretches on the map", lambda: self.browser.execute_script(script, selector) == runs)

    def await_announced(self, text: str) -> None:
        """A screen reader is told."""
        script = "return document.getElementById('announcements').textContent"
        await_some(f"{text} to be announced", lambda: text in self.browser.execute_script(script))

    def answer(self, choice: str) -> None:
        """Answers the question that an action asks, `yes` or `no`."""
        self.await_shown("#sure")
        self.find(f"#{choice}").click()
        await_some("the question to go", lambda: not self.shown("#sure"))

    def focus(self) -> str:
        return str(self.browser.switch_to.active_element.get_attribute("id"))

    def press(self, key: str) -> None:
        self.browser.switch_to.active_element.send_keys(key)

    def tab_to(self, name: str) -> list[str]:
        """Goes there by keyboard; gives the ids that are passed."""
        passed: list[str] = []
        while self.focus() != name:
            passed.append(self.focus())
            assert len(passed) < 40, f"{name} is not reached: {passed}"
            self.press(Keys.TAB)
        return passed
