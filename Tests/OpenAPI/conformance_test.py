"""schemathesis asks a server whatever the document allows, and what it forbids, and holds the answers against it."""

from __future__ import annotations

import collections
import json
import os
import subprocess
import sys
import unittest
from pathlib import Path

from document_test import Document
from installation import ADMIN_TOKEN, FILE_SIZE, SERVER, TOKEN, Installation, send

FOLDER = Path(__file__).parent
REPORTS = Path(os.environ["FUPLOAD_REPORTS"])
SEED = int(os.environ["FUPLOAD_SEED"])


class ConformanceTest(unittest.TestCase):
    """A server for each test: an upload that is cancelled is of no use to the next."""

    def setUp(self) -> None:
        self.installation = Installation()
        self.addCleanup(lambda: self.installation.close(keep=self._failed))
        self._failed = True

    def check(self, name: str, port: int, *paths: str) -> None:
        REPORTS.mkdir(parents=True, exist_ok=True)
        outcomes, report = REPORTS / f"{name}.outcomes", REPORTS / f"{name}.txt"
        outcomes.unlink(missing_ok=True)
        stock = self.installation.folder / "stock.json"
        found = {"token": TOKEN, "fileSize": FILE_SIZE} | vars(self.installation.stock)
        stock.write_text(json.dumps(found))
        # As a file: a document that was asked for by its URL is left out of what is tested.
        document = self.installation.folder / "openapi.yaml"
        document.write_bytes(send(port, "GET", "/openapi.yaml").body)
        environment = {
            "FUPLOAD_STOCK": str(stock),
            "FUPLOAD_OUTCOMES": str(outcomes),
            "FUPLOAD_ADMIN_TOKEN": ADMIN_TOKEN,
            "PYTHONPATH": str(FOLDER),
        }
        url = f"http://127.0.0.1:{port}"
        with report.open("wb") as file:
            run = subprocess.run(
                [str(Path(sys.executable).parent / "schemathesis"), "--config-file", str(FOLDER / "schemathesis.toml")]
                + ["--no-color", "run", str(document), "--url", url, "--seed", str(SEED), *paths],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                env=os.environ | environment,
                cwd=self.installation.folder,
                check=False,
            )
        text = report.read_text()
        self.assertEqual(run.returncode, 0, f"{text}\nThe report: {report}. The server: {self.installation.folder}")
        self._look_at_outcomes(name, outcomes, port)
        self._look_at_server()
        self._failed = False

    def _look_at_outcomes(self, name: str, outcomes: Path, port: int) -> None:
        """A run in which nothing ever succeeds shows little."""
        seen: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
        for line in outcomes.read_text().splitlines():
            label, method, status, code = json.loads(line)
            if label.startswith(f"{method} "):
                seen[label][f"{status}/{code}" if code is not None else str(status)] += 1
        print(f"\n{name}, seed {SEED}: HTTP status, or that and retCode, and how often")
        for label, counts in sorted(seen.items()):
            print(f"  {label}: " + ", ".join(f"{outcome} {count}" for outcome, count in sorted(counts.items())))
        document = Document(send(port, "GET", "/openapi.yaml").body)
        for path, method, _, servers in document.operations():
            if any(("admin" in url) == (port == self.installation.admin_port) for url in servers):
                done = [outcome for outcome in seen[f"{method.upper()} {path}"] if outcome in ("200", "200/0")]
                self.assertTrue(done, f"{method} {path} never succeeded")

    def _look_at_server(self) -> None:
        self.assertTrue(self.installation.is_running())
        self.assertNotIn("internal error", self.installation.log())
        command = [str(SERVER), "doctor", "-c", str(self.installation.configuration)]
        doctor = subprocess.run(command, capture_output=True, text=True, check=False)
        self.assertEqual(doctor.returncode, 0, doctor.stdout + doctor.stderr)

    def test_the_public_port(self) -> None:
        self.check("public", self.installation.port, "--include-path-regex", "^/(api/upload/|ready$|openapi)")

    def test_the_admin_port(self) -> None:
        self.check("admin", self.installation.admin_port, "--exclude-path-regex", "^/api/upload/")


if __name__ == "__main__":
    unittest.main()
