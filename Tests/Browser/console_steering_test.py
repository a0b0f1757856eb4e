"""What the console changes: tasks, callbacks; always asked about first, by mouse and by keyboard."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

from selenium.webdriver.common.keys import Keys

from fixtures import await_some
from console_page import ConsoleTest


class SteeringTest(ConsoleTest):
    def test_pause_resume_cancel(self) -> None:
        upload = self.register("film.mp4")
        upload.send(0)
        self.go(f"#/tasks/{upload.id}")
        self.await_shown("#pause").click()
        self.answer("no")
        self.assertEqual(upload.state, "upload", "nothing is done before it is confirmed")
        self.find("#pause").click()
        self.answer("yes")
        self.await_text(".head .state", "Paused")
        self.assertEqual(upload.state, "pause")
        self.await_announced("film.mp4: Paused.")
        self.await_shown("#resume").click()
        self.answer("yes")
        self.await_text(".head .state", "Receiving")
        self.assertEqual(upload.state, "upload")
        self.find("#cancel").click()
        self.await_shown("#sure")
        self.find("#reason").send_keys("sent twice")
        self.answer("yes")
        self.await_text(".head .state", "Cancelled")
        self.assertEqual(upload.state, "cancel")
        self.await_text("#timeline", r"(?s)Paused.*Resumed.*Cancelled")
        self.assertIn("sent twice", self.text("main"))
        callback = await_some("a callback", lambda: next(iter(self.business.callbacks()), None))
        self.assertEqual(callback["retCode"], "-3")

    def test_what_somebody_else_was_quicker_with_is_told(self) -> None:
        upload = self.register("film.mp4")
        self.go(f"#/tasks/{upload.id}")
        self.await_shown("#pause").click()
        self.await_shown("#sure")
        upload.send_rest()
        await_some("the end", lambda: upload.state == "finish")
        self.answer("yes")
        self.await_text("#refusal", "Pause: ")

    def test_by_keyboard_alone(self) -> None:
        upload = self.register("film.mp4")
        upload.send(0)
        self.await_text(self.row(upload), "film.mp4")
        self.find("body").send_keys(Keys.TAB)
        self.assertEqual(self.focus(), "skip")
        self.press(Keys.ENTER)
        self.press(Keys.TAB)
        self.assertEqual(self.focus(), "search", "the links at the top are skipped")
        self.press(Keys.TAB)
        self.assertEqual(self.focus(), "state")
        self.press(Keys.TAB)
        self.press(Keys.TAB)
        self.press(Keys.ENTER)
        self.await_shown("#pause")
        self.assertEqual(self.browser.switch_to.active_element.tag_name, "h1")
        self.assertNotIn("cancel", self.tab_to("pause"))
        outline = "return getComputedStyle(document.activeElement).outlineStyle"
        self.assertEqual(self.browser.execute_script(outline), "solid", "the focus is seen")
        self.press(Keys.ENTER)
        self.await_shown("#sure")
        self.assertEqual(self.focus(), "no", "what changes nothing comes first")
        self.press(Keys.ESCAPE)
        await_some("the question to go", lambda: not self.shown("#sure"))
        self.assertEqual((self.focus(), upload.state), ("pause", "upload"))
        self.press(Keys.ENTER)
        self.await_shown("#sure")
        self.press(Keys.TAB)
        self.press(Keys.ENTER)
        self.await_text(".head .state", "Paused")
        await_some("the focus on what takes it back", lambda: self.focus() == "resume")

    def test_the_focus_stays_while_the_list_changes(self) -> None:
        older = self.register("older.bin")
        newer = self.register("newer.bin")
        self.await_shown(self.row(newer))
        name = self.await_shown(f"{self.row(older)} .name")
        self.browser.execute_script("arguments[0].focus()", name)
        newer.send_rest()
        await_some("the one above to go", lambda: not self.shown(self.row(newer)))
        latest = self.register("latest.bin")
        self.await_shown(self.row(latest))
        self.assertEqual(self.browser.switch_to.active_element, name)

    def test_nothing_is_changed_for_a_page_of_somebody_elses(self) -> None:
        upload = self.register("film.mp4")
        path = f"/api/tasks/{upload.id}/cancel"
        for headers, status in [
            ({}, 403),
            ({"X-Fupload-Admin": "1", "Origin": "http://evil.test"}, 403),
            ({"X-Fupload-Admin": "1", "Content-Type": "text/plain"}, 415),
        ]:
            request = urllib.request.Request(
                self.admin + path, b"{}", {"Content-Type": "application/json"} | headers, method="POST"
            )
            with self.assertRaises(urllib.error.HTTPError) as refused, urllib.request.urlopen(request, timeout=30):
                pass
            self.assertEqual(refused.exception.code, status, headers)
            self.assertTrue(json.load(refused.exception)["error"]["message"])
        self.browser.get(f"{self.business.url}/upload")
        script = """
            const [url, done] = arguments;
            const form = { method: "POST", mode: "no-cors", body: "{}" };
            const json = { method: "POST", body: "{}", headers: { "X-Fupload-Admin": "1", "Content-Type": "application/json" } };
            Promise.allSettled([fetch(url, form), fetch(url, json)]).then((all) => done(all.map(({ status }) => status)));
        """
        self.browser.execute_cdp_cmd("Page.setBypassCSP", {"enabled": True})
        self.browser.refresh()
        outcomes = self.browser.execute_async_script(script, self.admin + path)
        self.assertEqual(outcomes[1], "rejected", "no preflight is granted")
        self.assertEqual(upload.state, "upload")


class CallbackTest(ConsoleTest):
    settings = {"callbackSchedule": "100ms", "callbackGiveUpAfter": "1s"}

    def test_a_dead_callback_is_sent_again_and_taken(self) -> None:
        self.go("#/callbacks")
        self.await_text("#empty", "Every callback is delivered")
        receiver = self.refuse_first()
        upload = self.register("film.mp4", 1000, 1)
        upload.send(0)
        self.await_text("#callbacks", r"(?s)Given up.*HTTP 500")
        self.await_text("#outbox", "1 given up")
        self.find("#callbacks [aria-expanded]").click()
        self.await_text("#callbacks .callback", r"(?s)webhook-id.*Attempts.*HTTP 500")
        self.find("#callbacks summary").click()
        self.await_text("#callbacks pre", f'"taskId": {upload.id}')
        refused = len(receiver.ids)
        receiver.status = 200
        self.find("#callbacks .replay").click()
        self.answer("no")
        self.assertEqual(len(receiver.ids), refused)
        self.find("#callbacks .replay").click()
        self.answer("yes")
        await_some("the callback", lambda: len(receiver.ids) > refused)
        self.assertEqual(len(set(receiver.ids)), 1, "it is the same one")
        self.await_text("#empty", "Every callback is delivered")
        self.go("#/callbacks?state=delivered")
        self.await_text("#callbacks", r"(?s)Delivered.*HTTP 200")
        self.go(f"#/tasks/{upload.id}")
        self.await_text(".callback", "Delivered")

    def test_all_that_were_given_up_are_sent_again(self) -> None:
        receiver = self.refuse_first()
        for number in range(3):
            self.register(f"{number}.bin", 1000 + number, 1).send(0)
        self.go("#/callbacks?state=dead")
        self.await_text("#count", "^3$")
        receiver.status = 200
        self.find("#replay-all").click()
        self.await_shown("#sure")
        self.assertIn("3 callbacks", self.text("#sure-text"))
        self.answer("yes")
        self.await_text("#empty", "None")
        self.await_announced("3 callbacks are being sent again.")
        self.find("#replay-all").click()
        self.await_text("#refusal", "None was given up")
