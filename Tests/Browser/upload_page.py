"""`/upload` of the example business server, in a real browser, against a real fuploadServer."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from fixtures import PageTest, ask, await_some

MEGABYTE = 1_000_000


class UploadPageTest(PageTest):
    """What the tests of it have in common."""

    def setUp(self) -> None:
        super().setUp()
        self.browser.get(f"{self.business.url}/upload")

    def write(self, size: int, name: str = "film.mp4") -> Path:
        path = self.folder / name
        path.write_bytes(os.urandom(size))
        return path

    def choose(self, path: Path) -> None:
        self.find("#file").send_keys(str(path))

    @property
    def state(self) -> str:
        return str(self.find("#page").get_attribute("data-state"))

    def await_state(self, state: str, seconds: float = 60) -> None:
        await_some(f"state {state}", lambda: self.state == state, seconds)

    def await_held(self, size: int) -> None:
        await_some(f"{size} bytes at the server", lambda: self.server.held() >= size)

    def await_stored(self, path: Path) -> None:
        """The page says so, the file is there, and the business server was called back."""
        self.await_state("done")
        md5 = hashlib.md5(path.read_bytes()).hexdigest()
        self.assertEqual(hashlib.md5((self.server.store / path.name).read_bytes()).hexdigest(), md5)
        self.assertIn(md5, self.text("#sum"))
        callback = await_some("a callback", lambda: self.callback_for(path.name))
        self.assertEqual((callback["retCode"], callback["fileMd5"]), ("0", md5))

    def callback_for(self, name: str) -> dict[str, Any] | None:
        return next((body for body in self.business.callbacks() if body["fileName"] == name), None)

    def remembered(self) -> list[dict[str, Any]]:
        """What the page keeps over a reload."""
        return list(json.loads(self.browser.execute_script("return localStorage.getItem('fupload.uploads')")))

    def task(self) -> dict[str, Any]:
        """The task that the page remembers."""
        return dict(self.remembered()[0]["task"])

    def change(self, status: str) -> None:
        """Changes the state as somebody else."""
        task = self.task()
        self.assertEqual(ask(task["stateUrl"], {"taskId": task["taskId"], "status": status})["retCode"], "0")

    def sent_bytes(self) -> int:
        """What the bodies of blocks were long, since this was asked last."""
        total = 0
        for entry in self.browser.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] != "Network.requestWillBeSentExtraInfo":
                continue
            headers = {name.lower(): value for name, value in message["params"]["headers"].items()}
            if headers.get("content-type", "").startswith("multipart/form-data"):
                total += int(headers["content-length"])
        return total
