"""How the page looks in each state, and what it may load and run."""

from __future__ import annotations

import os

from fixtures import await_some
from upload_page import MEGABYTE, UploadPageTest


class ContentTest(UploadPageTest):
    def test_nothing_comes_from_or_goes_to_anybody_else(self) -> None:
        path = self.write(MEGABYTE)
        self.choose(path)
        self.await_stored(path)
        names = self.browser.execute_script("return performance.getEntriesByType('resource').map(({ name }) => name)")
        self.assertTrue(names)
        for name in names:
            self.assertTrue(name.startswith((self.business.url, self.server.url)), name)

    def test_the_policy_is_enforced(self) -> None:
        for blocked in [
            "const s = document.createElement('script'); s.textContent = 'window.ran = true'; document.body.append(s)",
            "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.ran = true\">')",
            "fetch('http://127.0.0.1:1/').catch(() => {})",
        ]:
            self.browser.execute_script(
                "window.blocked = 0; addEventListener('securitypolicyviolation', () => (window.blocked += 1))"
            )
            self.browser.execute_script(blocked)
            await_some("the violation", lambda: self.browser.execute_script("return window.blocked") > 0)
            self.assertIsNone(self.browser.execute_script("return window.ran"))
        # These were the test's own doing.
        self.browser.get_log("browser")


class PictureTest(UploadPageTest):
    def test_every_state_is_legible(self) -> None:
        self.take_pictures("idle")
        path = self.write(40 * MEGABYTE, "a recording of last week's meeting, with a long name, final version (2).mp4")
        self.send_at(3 * MEGABYTE)
        self.choose(path)
        await_some("a speed to be told", lambda: "/s" in self.text("#speed"))
        self.take_pictures("uploading")
        self.server.kill()
        await_some("the outage to be told", lambda: self.text("#outage"))
        self.take_pictures("outage")
        self.server.start()
        await_some("the outage to end", lambda: not self.text("#outage"))
        self.find("#cancel").click()
        self.await_shown("#sure")
        self.take_pictures("cancel")
        self.find("#sure [value=no]").click()
        self.find("#pause").click()
        self.await_state("paused")
        self.take_pictures("paused")
        self.browser.refresh()
        self.await_shown("#unfinished")
        self.take_pictures("unfinished")
        self.choose(path)
        self.await_state("paused")
        self.send_at(None)
        self.find("#pause").click()
        self.await_state("done")
        self.take_pictures("done")
        self.find("#another").click()
        path = self.write(40 * MEGABYTE)
        self.send_at(3 * MEGABYTE)
        self.choose(path)
        self.await_state("uploading")
        os.utime(path, (1, 1))
        self.await_state("failed")
        self.take_pictures("error")
