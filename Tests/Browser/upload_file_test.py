"""Any file, however it comes; and what is told when it can't be taken."""

from __future__ import annotations

import hashlib
import os

from fixtures import ask, await_some
from upload_page import MEGABYTE, UploadPageTest


class FileTest(UploadPageTest):
    settings = {"maxBlockSize": "300KiB"}

    def test_any_file_and_blocks_as_small_as_the_server_wants_them(self) -> None:
        for size, name in [(0, "empty"), (1, "one byte.txt"), (5 * MEGABYTE + 7, "größer & <b>bold.bin")]:
            path = self.write(size, name)
            self.choose(path)
            self.await_stored(path)
            self.assertEqual(self.text("#name"), name)
            self.assertEqual(self.find("#bar").get_attribute("aria-valuenow"), "100")
            self.find("#another").click()
            self.await_state("idle")

    def test_files_are_dropped(self) -> None:
        script = """
            const transfer = new DataTransfer();
            for (const [name, text] of arguments[0]) transfer.items.add(new File([text], name));
            for (const type of ["dragover", "drop"]) {
                const event = new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true });
                if (document.body.dispatchEvent(event)) throw new Error("the browser would open the file");
            }
        """
        self.browser.execute_script(script, [["one", "1"], ["two", "2"]])
        self.assertIn("One at a time", self.text("#hint"))
        self.assertEqual(self.state, "idle")
        self.browser.execute_script(script, [["dropped.txt", "some text"]])
        self.await_state("done")
        self.assertEqual((self.server.store / "dropped.txt").read_text(), "some text")

    def test_a_file_that_was_changed_since_it_was_chosen(self) -> None:
        path = self.write(20 * MEGABYTE)
        self.send_at(2 * MEGABYTE)
        self.choose(path)
        self.await_held(MEGABYTE)
        path.write_bytes(os.urandom(20 * MEGABYTE))
        os.utime(path, (1, 1))
        self.await_state("failed")
        self.assertIn("changed", self.text("#problem"))
        self.assertFalse(self.shown("#again"), "it has to be chosen again")

    def test_md5_of_any_length_in_any_pieces(self) -> None:
        lengths = [*range(0, 131), 1000, 4095, 65_536, 1_000_003]
        data = bytes((n * 7 + n // 251) % 256 for n in range(max(lengths)))
        script = """
            const [lengths, piece, done] = arguments;
            const bytes = new Uint8Array(Math.max(...lengths)).map((_, n) => (n * 7 + Math.floor(n / 251)) % 256);
            import("/upload/md5.js").then(({ MD5 }) => done(lengths.map((length) => {
                const md5 = new MD5();
                for (let at = 0; at < length; at += piece) md5.update(bytes.subarray(at, Math.min(at + piece, length)));
                return md5.hex();
            })));
        """
        expected = [hashlib.md5(data[:length]).hexdigest() for length in lengths]
        for piece in (1, 3, 55, 64, 100, 1 << 20):
            chosen = lengths if piece > 1 else lengths[:131]
            found = self.browser.execute_async_script(script, chosen, piece)
            self.assertEqual(found, expected[: len(chosen)], f"pieces of {piece}")


class BusyTest(UploadPageTest):
    settings = {"maxOpenTasks": "1"}

    def test_busy_is_waited_for(self) -> None:
        registration = {"userId": "somebody", "fileName": "x", "fileSize": 1, "fileMd5": "0" * 32}
        other = ask(f"{self.business.url}/api/business/new/task", registration)["data"]
        path = self.write(MEGABYTE)
        self.choose(path)
        await_some("the page to say so", lambda: "1 tasks are open" in self.text("#outage"))
        self.assertEqual((self.state, self.text("#status")), ("registering", "Held up"))
        ask(other["stateUrl"], {"taskId": other["taskId"], "status": "cancel"})
        self.await_stored(path)


class WrongTokenTest(UploadPageTest):
    token = "a-token-that-nobody-knows"

    def test_a_refusal_is_told_in_words(self) -> None:
        self.choose(self.write(MEGABYTE))
        self.await_state("failed")
        self.assertIn("token", self.text("#problem"))
        self.assertTrue(self.shown("#again") and self.shown("#another"))


class NotAllowedTest(UploadPageTest):
    settings = {"server.allowedOrigins": "https://somewhere.else"}

    def test_a_server_that_does_not_know_the_page_takes_nothing(self) -> None:
        self.choose(self.write(MEGABYTE))
        await_some("the page to say so", lambda: "server.allowedOrigins" in self.text("#outage"))
        self.assertEqual(self.server.held(), 0)
