"""How the console looks in each of its views, and what it may load and run."""

from __future__ import annotations

from fixtures import await_some
from console_page import MEGABYTE, ConsoleTest


class ContentTest(ConsoleTest):
    def test_nothing_comes_from_or_goes_to_anybody_else(self) -> None:
        for route in ("#/tasks", "#/callbacks", "#/charts"):
            self.go(route)
            await_some("the view", lambda: self.shown("main h1"))
        names = self.browser.execute_script("return performance.getEntriesByType('resource').map(({ name }) => name)")
        self.assertTrue(names)
        for name in names:
            self.assertTrue(name.startswith(self.admin), name)

    def test_the_policy_is_enforced(self) -> None:
        for blocked in [
            "const s = document.createElement('script'); s.textContent = 'window.ran = true'; document.body.append(s)",
            "document.body.insertAdjacentHTML('beforeend', '<img src=data:, onerror=\"window.ran = true\">')",
            f"fetch('{self.server.url}').catch(() => {{}})",
        ]:
            self.browser.execute_script(
                "window.blocked = 0; addEventListener('securitypolicyviolation', () => (window.blocked += 1))"
            )
            self.browser.execute_script(blocked)
            await_some("the violation", lambda: self.browser.execute_script("return window.blocked") > 0)
            self.assertIsNone(self.browser.execute_script("return window.ran"))
        # These were the test's own doing.
        self.browser.get_log("browser")

    def test_nothing_moves_for_who_wants_it_still(self) -> None:
        moving = "return document.getAnimations().filter(({ playState }) => playState === 'running').length"
        self.browser.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-reduced-motion", "value": "reduce"}]}
        )
        await_some("all to be still", lambda: self.browser.execute_script(moving) == 0)


class PictureTest(ConsoleTest):
    settings = {"callbackSchedule": "200ms", "callbackGiveUpAfter": "1s"}

    def test_every_view_is_legible(self) -> None:
        self.take_pictures("console-nothing")
        names = ["a recording of last week's meeting, with a long name, final version (2).mp4", "backup.tar.zst", "x.bin"]
        uploads = [self.register(name, 8 * MEGABYTE, 40) for name in names]
        uploads[0].send(*range(0, 12), *range(20, 27), 39)
        uploads[1].send(*range(0, 31))
        uploads[2].send(*range(1, 40, 3))
        for upload in uploads:
            await_some("its map", lambda upload=upload: "%" in self.text(f"{self.row(upload)} .sizes"))
        self.take_pictures("console-tasks")
        self.go("#/tasks?search=nothing-has-this-name")
        self.await_shown("#empty")
        self.take_pictures("console-search")
        self.go(f"#/tasks/{uploads[0].id}")
        self.await_shown("#pause")
        self.take_pictures("console-task")
        self.find("#gaps summary").click()
        self.take_pictures("console-gaps")
        self.find("#cancel").click()
        self.await_shown("#sure")
        self.take_pictures("console-sure")
        self.answer("no")

        self.refuse_first()
        uploads[1].send_rest()
        self.go("#/callbacks")
        self.await_text("#callbacks", "Given up")
        self.take_pictures("console-callbacks")
        self.find("#callbacks [aria-expanded]").click()
        self.await_text("#callbacks .callback", "webhook-id")
        self.take_pictures("console-callback")
        self.go(f"#/tasks/{uploads[1].id}")
        self.await_text("main", "Given up")
        self.take_pictures("console-finished")
        self.go("#/charts")
        self.await_text("#charts", r"B/s")
        for summary in self.browser.find_elements("css selector", "#charts summary"):
            summary.click()
        self.take_pictures("console-charts")
        self.server.kill()
        self.await_text("#banner", "does not answer")
        self.take_pictures("console-outage")


class GatePictureTest(ConsoleTest):
    admin_token = "a-token-of-the-console-test"

    def test_the_question_for_the_token_is_legible(self) -> None:
        self.await_shown("#gate")
        self.take_pictures("console-gate")
