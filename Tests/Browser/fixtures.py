"""Both servers as real processes, a headless Chromium, and what every test of a page wants to know of it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
import unittest
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

Found = TypeVar("Found")

BINARIES = Path(os.environ["FUPLOAD_BINARIES"])
SCREENSHOTS = Path(os.environ["FUPLOAD_SCREENSHOTS"])
TOKEN = "token-of-the-browser-test"


def await_some(what: str, look: Callable[[], Found], seconds: float = 60) -> Found:
    """Looks again and again until there is something, and gives it."""
    end = time.monotonic() + seconds
    while True:
        # An element may be replaced while it is looked at.
        with contextlib.suppress(StaleElementReferenceException):
            if found := look():
                return found
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.02)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ask(url: str, body: Any = None) -> Any:
    """GET, or POST of JSON; the answer's JSON."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"} if data else {})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def post_block(url: str, path: Path, block: dict[str, int]) -> None:
    """Sends a block as another client would."""
    start, end = block["startByte"], block["endByte"]
    content = path.read_bytes()[start : end + 1]
    fields = {"startByte": start, "endByte": end, "partMd5": hashlib.md5(content).hexdigest()}
    parts = [f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{fields[name]}\r\n' for name in fields]
    head = "".join(parts) + '--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
    body = head.encode() + content + b"\r\n--b--\r\n"
    request = urllib.request.Request(url, body, {"Content-Type": "multipart/form-data; boundary=b"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert json.load(answer)["retCode"] in ("0", "1")


class Program:
    """One of our programs, on a port that it keeps over restarts."""

    def __init__(self, name: str, folder: Path, arguments: list[str]) -> None:
        self._command = [str(BINARIES / name), *arguments]
        self._log = folder / f"{name}.log"
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when it listens."""
        with self._log.open("ab") as log:
            begin = log.tell()
            self._child = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        await_some(f"{self._command[0]} listens", lambda: self._listens(begin))

    def _listens(self, begin: int) -> bool:
        text = self._log.read_bytes()[begin:]
        assert self._child is not None
        if self._child.poll() is not None:
            raise AssertionError(f"{self._command[0]} ended with {self._child.returncode}:\n{text.decode()}")
        return b"listening on" in text

    def kill(self) -> None:
        """kill -9."""
        if self._child is None:
            return
        self._child.send_signal(signal.SIGKILL)
        self._child.wait()
        self._child = None


class UploadServer(Program):
    """fuploadServer with an installation of its own."""

    def __init__(self, folder: Path, business_port: int, settings: dict[str, str]) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.store = folder / "store"
        self._database = folder / "data/fupload.sqlite"
        configuration = folder / "fupload.yml"
        configuration.write_text(
            f"""
server:
  host: "127.0.0.1"
  port: {self.port}
database: "{self._database}"
tmpDir: "{folder}/tmp"
storeDir: "{self.store}"
bServer:
  {TOKEN}:
    name: "browser"
    notifyUrl: "http://127.0.0.1:{business_port}/api/business/fupload/callback"
"""
        )
        chosen = {"server.allowedOrigins": f"http://127.0.0.1:{business_port}", "admin.port": "0"} | settings
        overrides = [word for key, value in chosen.items() for word in ("--set", f"{key}={value}")]
        super().__init__("fuploadServer", folder, ["-c", str(configuration), *overrides])

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """Asks the database, beside the server."""
        database = sqlite3.connect(f"file:{self._database}?mode=ro", uri=True, timeout=10)
        with contextlib.closing(database):
            return database.execute(statement).fetchall()

    def held(self) -> int:
        """The bytes that the newest task holds."""
        rows = self.sql("SELECT received_bytes FROM tasks ORDER BY created_at DESC, id DESC LIMIT 1")
        return int(rows[0][0]) if rows else 0


class BusinessServer(Program):
    """businessServer, whose page is tested."""

    def __init__(self, folder: Path, port: int, server: UploadServer, token: str) -> None:
        self.url = f"http://127.0.0.1:{port}"
        arguments = ["--host", "127.0.0.1", "--port", str(port), "--upload-server", server.url]
        arguments += ["--token", token, "--store-path", str(server.store)]
        super().__init__("businessServer", folder, arguments)

    def callbacks(self) -> list[dict[str, Any]]:
        """Bodies of the callbacks that have come."""
        return [entry["body"] for entry in ask(f"{self.url}/api/business/callbacks")["callbacks"]]


def chromium(folder: Path) -> webdriver.Chrome:
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or "chromium"
    for argument in [
        "--headless=new",
        f"--user-data-dir={folder}/profile",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--no-first-run",
        "--force-device-scale-factor=1",
    ]:
        options.add_argument(argument)
    if os.geteuid() == 0:
        # Its sandbox is not to be had for root; what it loads here is our own.
        options.add_argument("--no-sandbox")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = shutil.which("chromedriver") or "chromedriver"
    return webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=driver))


class PageTest(unittest.TestCase):
    """A test with both servers and a browser of its own. Settings that a test wants are attributes of its class."""

    settings: dict[str, str] = {}
    token = TOKEN

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="fupload-browser-"))
        # Kept for whoever looks into a failure.
        self.addCleanup(lambda: None if self._has_failed() else shutil.rmtree(self.folder, ignore_errors=True))
        port = free_port()
        self.server = UploadServer(self.folder, port, self.settings)
        self.business = BusinessServer(self.folder, port, self.server, self.token)
        for program in (self.server, self.business):
            self.addCleanup(program.kill)
            program.start()
        self.browser = chromium(self.folder)
        self.addCleanup(self.browser.quit)
        self.addCleanup(self._check_console)

    def _has_failed(self) -> bool:
        outcome = self._outcome.result  # type: ignore[attr-defined]
        failed = [case for case, _ in outcome.failures + outcome.errors]
        if self in failed:
            print(f"\n{self.id()}: see {self.folder}", flush=True)
        return self in failed

    def _check_console(self) -> None:
        """A page of ours has no error of its own; that a server was not there is the test's doing."""
        ours = ("javascript", "security", "console-api")
        log = [(entry["source"], entry["message"]) for entry in self.browser.get_log("browser")]
        errors = [text for source, text in log if source in ours or "Content Security Policy" in text]
        self.assertEqual([text for text in errors if "CORS policy" not in text], [])

    # The page

    def find(self, selector: str) -> WebElement:
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector: str) -> str:
        return self.find(selector).text

    def shown(self, selector: str) -> bool:
        return any(element.is_displayed() for element in self.browser.find_elements(By.CSS_SELECTOR, selector))

    def await_shown(self, selector: str) -> WebElement:
        await_some(f"{selector} is shown", lambda: self.shown(selector))
        return self.find(selector)

    def send_at(self, rate: int | None) -> None:
        """Lets the page send so many bytes a second; None for as many as there may be."""
        self.browser.execute_cdp_cmd("Network.enable", {})
        conditions = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": rate or -1}
        self.browser.execute_cdp_cmd("Network.emulateNetworkConditions", conditions)

    def look(self, theme: str, width: int) -> None:
        """Shows the page in this theme, `light` or `dark`, so wide."""
        self.browser.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": theme}]}
        )
        metrics = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 600}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def take_pictures(self, name: str) -> None:
        """Both themes at both widths; each has to be legible, and nothing may be cut off."""
        for theme in ("light", "dark"):
            for width in (1280, 390):
                self.look(theme, width)
                SCREENSHOTS.mkdir(parents=True, exist_ok=True)
                self.browser.save_screenshot(str(SCREENSHOTS / f"{name}-{theme}-{width}.png"))
                self.assertEqual(self.faint_texts(), [], f"{name}, {theme}, {width}")
                self.assertEqual(self.cut_off(), [], f"{name}, {theme}, {width}")

    def faint_texts(self) -> list[str]:
        """Visible texts whose contrast is below WCAG AA: 4.5."""
        return list(self.browser.execute_script(_FAINT))

    def cut_off(self) -> list[str]:
        """Visible elements that reach beyond the page's width."""
        return list(self.browser.execute_script(_CUT_OFF))


_FAINT = """
    const channels = (color) => color.match(/[\\d.]+/g).map(Number);
    const luminance = (color) => channels(color).slice(0, 3)
        .map((value) => value / 255)
        .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
        .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
    const ground = (element) => {
        for (let at = element; at; at = at.parentElement) {
            const color = getComputedStyle(at).backgroundColor;
            if (channels(color)[3] !== 0) return color;
        }
        return matchMedia("(prefers-color-scheme: dark)").matches ? "rgb(0, 0, 0)" : "rgb(255, 255, 255)";
    };
    return [...document.querySelectorAll("body *")].filter((element) =>
        element.checkVisibility({ visibilityProperty: true, opacityProperty: true })
        && [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim())
    ).flatMap((element) => {
        const pair = [luminance(getComputedStyle(element).color), luminance(ground(element))].sort((a, b) => b - a);
        const contrast = (pair[0] + 0.05) / (pair[1] + 0.05);
        return contrast < 4.5 ? [`${contrast.toFixed(2)}: ${element.textContent.trim()}`] : [];
    });
"""

_CUT_OFF = """
    const width = document.documentElement.clientWidth;
    const isWide = document.documentElement.scrollWidth > width;
    return [...document.querySelectorAll("body *")].filter((element) => {
        if (!element.checkVisibility() || element.matches("#file")) return false;
        const box = element.getBoundingClientRect();
        return box.right > width + 1 || box.left < -1;
    }).map((element) => element.outerHTML.slice(0, 100)).concat(isWide ? ["the page can be scrolled sideways"] : []);
"""
