"""Pause, resume, cancel: by mouse, by keyboard, and by somebody else."""

from __future__ import annotations

from selenium.webdriver.common.keys import Keys

from fixtures import ask, await_some
from upload_page import MEGABYTE, UploadPageTest


class SteeringTest(UploadPageTest):
    def test_pause_resume_cancel(self) -> None:
        path = self.write(40 * MEGABYTE)
        self.send_at(4 * MEGABYTE)
        self.choose(path)
        self.await_held(MEGABYTE)
        self.find("#pause").click()
        self.await_state("paused")
        self.assertEqual(ask(self.task()["blocksUrl"])["status"], "pause")
        self.assertEqual(self.find("#pause").text, "Resume")
        held = self.server.held()

        self.browser.refresh()
        self.await_shown("#unfinished")
        self.assertIn("paused", self.text("#entries"))
        self.choose(path)
        self.await_state("paused")
        self.assertEqual(self.server.held(), held, "nothing is sent while it is paused")

        self.find("#pause").click()
        self.await_state("uploading")
        self.await_held(held + MEGABYTE)
        self.find("#cancel").click()
        self.await_shown("#sure")
        self.find("#sure [value=no]").click()
        self.assertEqual(self.state, "uploading")
        self.find("#cancel").click()
        self.await_shown("#sure")
        self.find("#sure [value=yes]").click()
        self.await_state("cancelled")
        self.assertIn("Nothing of it is left", self.text("#status"))
        callback = await_some("a callback", lambda: self.callback_for(path.name))
        self.assertEqual(callback["retCode"], "-3")
        self.assertFalse((self.server.store / path.name).exists())

        self.send_at(None)
        self.find("#again").click()
        self.await_state("done")
        self.assertEqual((self.server.store / path.name).read_bytes(), path.read_bytes())

    def test_the_state_that_somebody_else_changed(self) -> None:
        path = self.write(40 * MEGABYTE)
        self.send_at(4 * MEGABYTE)
        self.choose(path)
        self.await_held(MEGABYTE)
        self.change("pause")
        self.await_state("paused")
        self.change("upload")
        self.await_state("uploading")
        # What the page asks for is the case already: 5 is no trouble.
        script = """
            const [task, done] = arguments;
            import("/upload/api.js").then((api) => api.changeState(task, "upload")).then(() => done("ok"), done);
        """
        self.assertEqual(self.browser.execute_async_script(script, self.task()), "ok")
        self.change("cancel")
        self.await_state("cancelled")
        callback = await_some("a callback", lambda: self.callback_for(path.name))
        self.assertEqual(callback["retCode"], "-3")

    def test_an_unfinished_upload_is_removed(self) -> None:
        self.send_at(2 * MEGABYTE)
        self.choose(self.write(20 * MEGABYTE))
        self.await_held(MEGABYTE)
        task = self.task()
        self.browser.refresh()
        self.await_shown("#unfinished .remove").click()
        await_some("the entry to go", lambda: not self.shown("#unfinished"))
        self.assertEqual(ask(task["blocksUrl"])["status"], "cancel")
        self.browser.refresh()
        self.await_shown("#drop")
        self.assertFalse(self.shown("#unfinished"))

    def test_by_keyboard_alone(self) -> None:
        path = self.write(20 * MEGABYTE)
        self.find("body").send_keys(Keys.TAB)
        self.assertEqual(self.focus(), "file")
        self.send_at(4 * MEGABYTE)
        self.choose(path)
        self.await_state("uploading")
        self.press(Keys.TAB)
        self.assertEqual(self.focus(), "pause")
        self.press(Keys.SPACE)
        self.await_state("paused")
        self.assertEqual(self.focus(), "pause", "the focus stays on the button that was pressed")
        self.press(Keys.ENTER)
        self.await_state("uploading")
        self.press(Keys.TAB)
        self.assertEqual(self.focus(), "cancel")
        self.press(Keys.ENTER)
        self.await_shown("#sure")
        self.press(Keys.ESCAPE)
        await_some("the question to go", lambda: not self.shown("#sure"))
        self.send_at(None)
        self.await_state("done")
        await_some("the focus on what is there", lambda: self.focus() == "another")
        self.press(Keys.ENTER)
        self.assertEqual((self.state, self.focus()), ("idle", "file"))

    def focus(self) -> str:
        return str(self.browser.switch_to.active_element.get_attribute("id"))

    def press(self, key: str) -> None:
        self.browser.switch_to.active_element.send_keys(key)
