"""An upload outlives kill -9 of the server, reloads of the page, and both."""

from __future__ import annotations

import time

from fixtures import ask, await_some, post_block
from upload_page import MEGABYTE, UploadPageTest


class SurvivalTest(UploadPageTest):
    def test_a_file_survives_kill_9_of_the_server_and_a_reload_of_the_page(self) -> None:
        path = self.write(100 * MEGABYTE)
        self.send_at(20 * MEGABYTE)
        self.choose(path)
        self.await_held(25 * MEGABYTE)
        self.server.kill()
        await_some("the page to say so", lambda: "can't be reached" in self.text("#outage"))
        self.assertEqual(self.state, "uploading")
        self.server.start()
        self.await_held(50 * MEGABYTE)
        await_some("the page to go on", lambda: self.text("#outage") == "")

        self.browser.refresh()
        self.await_shown("#unfinished")
        self.assertIn(path.name, self.text("#entries"))
        self.assertRegex(self.text("#entries"), r"MB of 100 MB \([5-9]\d %\) on the server")
        self.sent_bytes()
        missing = await_some("requests that were cut off to end", self.steady_missing)
        self.choose(path)
        self.await_stored(path)

        sent = self.sent_bytes()
        self.assertGreaterEqual(sent, missing)
        self.assertLess(sent, missing + MEGABYTE // 2, "only what was missing is sent")
        self.assertEqual(len(self.server.sql("SELECT id FROM tasks")), 1, "resumed, not begun anew")
        self.assertEqual(self.remembered(), [], "nothing is left to remember")

    def steady_missing(self) -> int | None:
        """The bytes that are missing, once a second look sees the same."""
        info = ask(self.task()["blocksUrl"])
        before = info["receivedSize"]
        time.sleep(0.2)
        same = self.server.held() == before
        return int(info["totalSize"]) - before if same else None

    def test_a_reload_while_the_server_is_down(self) -> None:
        path = self.write(6 * MEGABYTE)
        self.send_at(2 * MEGABYTE)
        self.choose(path)
        self.await_held(MEGABYTE)
        self.server.kill()
        self.browser.refresh()
        self.await_shown("#unfinished")
        self.assertIn("can't be reached", self.text("#entries"))
        self.choose(path)
        await_some("the page to say so", lambda: "can't be reached" in self.text("#outage"))
        self.server.start()
        self.await_stored(path)
        self.assertEqual(len(self.server.sql("SELECT id FROM tasks")), 1)

    def test_a_file_that_was_finished_while_the_page_was_away(self) -> None:
        path = self.write(6 * MEGABYTE)
        self.send_at(2 * MEGABYTE)
        self.choose(path)
        self.await_held(MEGABYTE)
        self.browser.refresh()
        self.await_shown("#unfinished")
        await_some("requests that were cut off to end", self.steady_missing)
        task = self.task()
        for block in ask(task["blocksUrl"])["expectBlocks"]:
            post_block(task["uploadUrl"], path, block)
        self.choose(path)
        self.await_stored(path)
        self.assertEqual(len(self.server.sql("SELECT id FROM tasks")), 1, "nothing is begun anew")
