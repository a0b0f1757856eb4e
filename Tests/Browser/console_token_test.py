"""The console where a token is asked for."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

from selenium.webdriver.common.keys import Keys

from fixtures import await_some
from console_page import ConsoleTest


class TokenTest(ConsoleTest):
    admin_token = "a-token-of-the-console's-test"

    def enter(self, token: str) -> None:
        self.await_shown("#gate")
        self.find("#token").send_keys(token + Keys.ENTER)

    def test_it_is_asked_for_kept_and_forgotten(self) -> None:
        self.await_shown("#gate")
        self.assertEqual(self.text("#main .name") if self.shown("#main .name") else "", "")
        for wrong in ["wrong", "schlüssel", f"{self.admin_token}x"]:
            self.enter(wrong)
            self.await_text("#gate-problem", "This is not the token")
            self.find("#token").clear()
        self.press(Keys.ESCAPE)
        await_some("the question to go", lambda: not self.shown("#gate"))
        self.await_shown("#unlock").click()
        self.enter(self.admin_token)
        self.await_live()
        self.assertFalse(self.shown("#gate"))
        upload = self.register("film.mp4")
        self.await_text(self.row(upload), "film.mp4")
        self.go(f"#/tasks/{upload.id}")
        self.await_shown("#pause").click()
        self.answer("yes")
        self.await_text(".head .state", "Paused")

        self.browser.refresh()
        self.await_live()
        self.assertEqual(self.browser.execute_script("return [localStorage.length, document.cookie]"), [0, ""])
        for url in [self.browser.current_url, *self.requested()]:
            self.assertNotIn("token-of", url)

        self.find("#forget").click()
        self.await_shown("#gate")
        self.assertEqual(self.browser.execute_script("return sessionStorage.length"), 0)
        self.assertNotIn("film.mp4", self.text("body"))

    def requested(self) -> list[str]:
        messages = [json.loads(entry["message"])["message"] for entry in self.browser.get_log("performance")]
        sent = [message["params"] for message in messages if message["method"] == "Network.requestWillBeSent"]
        self.assertTrue(sent)
        return [params["request"]["url"] for params in sent]

    def test_without_it_the_page_is_all_that_comes(self) -> None:
        for path, status in [("/", 200), ("/console/console.js", 200), ("/api/overview", 401), ("/api/tasks", 401)]:
            try:
                with urllib.request.urlopen(self.admin + path, timeout=30) as answer:
                    self.assertEqual(answer.status, status, path)
            except urllib.error.HTTPError as error:
                self.assertEqual(error.code, status, path)
