"""The console while files come in, while the server is killed, and with names that mean no good."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import quote

from fixtures import await_some
from console_page import MEGABYTE, ConsoleTest, Upload


class LiveTest(ConsoleTest):
    def test_an_upload_from_its_first_hole_to_its_end(self) -> None:
        self.assertIn("No upload is under way", self.text("#empty"))
        upload = self.register("film.mp4")
        self.await_text(self.row(upload), "film.mp4")
        upload.send(0, 2, 5)
        self.await_map(self.row(upload), 3)
        row = self.await_text(self.row(upload), r"2\.86 MiB of 7\.63 MiB · 37 %")
        self.assertIn("Receiving", row)
        told = self.find(f"{self.row(upload)} .map title").get_attribute("textContent")
        self.assertEqual(told, "37 % received, 2.86 MiB of 7.63 MiB, 3 gaps")
        self.assertEqual(self.text("#open .figure"), "1")
        self.await_text("#space .detail", r"4\.77 MiB to come of 7\.63 MiB promised")
        await_some("a rate", lambda: self.sends_a_block_and_looks(upload))
        self.find(f"{self.row(upload)} .name").click()
        self.assertIn(f"#/tasks/{upload.id}", self.browser.current_url)
        self.await_text("#gaps summary", r"\d gaps?, .* missing")
        self.find("#gaps summary").click()
        self.await_text("#gaps", "First byte")
        upload.send_rest()
        self.await_text(".head .state", "Finished")
        timeline = self.await_text("#timeline", r"(?s)Registered.*Blocks.*All received.*Verified.*Finished.*Callback")
        self.assertIn("HTTP 200", timeline)
        self.await_text(".callback", "Delivered")
        self.assertFalse(self.shown("#pause") or self.shown("#resume") or self.shown("#cancel"))
        self.go("#/tasks")
        self.await_text("#empty", "No upload is under way")
        self.go("#/tasks?state=finished")
        self.await_text(self.row(upload), r"(?s)film\.mp4.*Finished")

    def sends_a_block_and_looks(self, upload: Upload) -> bool:
        """A rate is shown once more than a moment was watched, so blocks go on coming meanwhile."""
        for number in (1, 3, 4, 6):
            if "/s" in self.text(f"{self.row(upload)} .pace"):
                return True
            upload.send(number)
        return "/s" in self.text(f"{self.row(upload)} .pace")

    def test_kill_9_is_told_and_what_follows_is_shown(self) -> None:
        first = self.register("first.bin")
        first.send(1)
        self.await_map(self.row(first), 1)
        self.server.kill()
        self.await_text("#banner", r"does not answer.*Trying again")
        self.await_announced("The server does not answer.")
        self.assertEqual(self.link, "waiting")
        self.assertIn("What is shown is from", self.text("#banner"))
        self.assertIn("first.bin", self.text(self.row(first)), "what was known stays")
        self.await_text("#again", "in [248] s")
        self.server.start()
        self.find("#retry").click()
        self.await_live()
        self.assertFalse(self.shown("#banner"))
        self.await_announced("The server answers again.")
        second = self.register("second.bin")
        second.send(6)
        self.await_map(self.row(second), 1)
        first.send(3)
        self.await_map(self.row(first), 2)

    def test_it_comes_back_by_itself(self) -> None:
        self.go("#/charts")
        self.await_text("h1", "Charts")
        self.server.kill()
        self.await_text("#banner", "does not answer")
        self.server.start()
        self.await_live()
        await_some("the banner to go", lambda: not self.shown("#banner"))

    def test_names_stay_texts(self) -> None:
        name = '<img src=x onerror="window.ran = true">"\'&amp;.bin'
        upload = self.register(name)
        upload.send(1)
        self.await_text(self.row(upload), "<img")
        self.assertEqual(self.text(f"{self.row(upload)} .name"), name)
        self.go(f"#/tasks/{upload.id}")
        await_some("its page", lambda: self.text("h1") == name)
        self.find("#cancel").click()
        self.await_shown("#sure")
        self.assertIn(name, self.text("#sure-title"))
        self.find("#reason").send_keys("<b>twice</b>")
        self.answer("yes")
        self.await_text(".head .state", "Cancelled")
        self.await_text("#timeline", "<b>twice</b>")
        self.assertIsNone(self.browser.execute_script("return window.ran"))
        self.assertEqual(self.browser.execute_script("return document.querySelectorAll('main img, main b').length"), 0)

    def test_times_are_those_of_the_reader_with_utc_beside(self) -> None:
        self.browser.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": "Asia/Kolkata"})
        upload = self.register("film.mp4")
        upload.send(1)
        self.go(f"#/tasks/{upload.id}")
        self.await_text("#timeline", r"(?s)Registered.*1 block, .*until")
        (created,), = self.server.sql("SELECT created_at FROM tasks")
        there = datetime.fromisoformat(created) + timedelta(hours=5, minutes=30)
        shown = self.find("#timeline time")
        self.assertEqual(shown.text, f"{there:%H:%M:%S}")
        self.assertEqual(shown.get_attribute("title"), f"{created} UTC")
        self.assertIn(f"until {there:%H}:", self.text("#timeline"))
        active = self.find(".facts time[data-ago]")
        self.assertRegex(active.text, "ago|just now")
        self.assertRegex(active.get_attribute("title") or "", rf"^{there:%Y-%m-%d} .*, that is {created[:10]} .* UTC$")

    def names(self) -> list[str]:
        return [element.text for element in self.browser.find_elements("css selector", "#rows .name")]

    def test_filters_and_search_stand_in_the_address(self) -> None:
        large = self.register("the large+one.iso", 3 * MEGABYTE)
        self.register("small.iso", MEGABYTE)
        done = self.register("done.txt", 1000, 1)
        done.send(0)
        self.await_text("#count", "^2$")
        names = self.names
        self.assertEqual(names(), ["small.iso", large.name], "the newest first")
        self.find("#sort [value='size desc']").click()
        await_some("the largest first", lambda: names() == [large.name, "small.iso"])
        self.find("#state [value=all]").click()
        await_some("closed ones too", lambda: len(names()) == 3)
        self.find("#search").send_keys("sMaLl")
        await_some("what is searched", lambda: names() == ["small.iso"])
        self.browser.refresh()
        await_some("the same after a reload", lambda: names() == ["small.iso"])
        self.assertEqual(self.find("#search").get_attribute("value"), "sMaLl")
        for text, found in [
            (str(large.id), [large.name]),
            ("anna", [large.name, "small.iso", "done.txt"]),
            ("e large+o", [large.name]),
        ]:
            self.go(f"#/tasks?state=all&sort=size+desc&search={quote(text)}")
            await_some(f"what is found by {text}", lambda: names() == found)
        self.go("#/tasks?search=nobody-has-this")
        self.await_text("#empty", "Nothing is found")
        self.go("#/tasks/123")
        self.await_text("main", "There is no such task")
