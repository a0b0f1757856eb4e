"""The document by itself, and held against a server: every path of it, the stream of events, and callbacks."""

from __future__ import annotations

import collections
import contextlib
import http.client
import json
import re
import unittest
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from installation import ADMIN_TOKEN, ORIGIN, Answer, Installation, await_some, send
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

ROOT = Path(__file__).parents[2]
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
# What the admin listener serves to people: pages, and what they are made of. No API.
PAGES = re.compile(r"^/(console(/.*)?)?$")


class Document:
    """openapi.yaml, and what its schemas say of a value."""

    def __init__(self, text: str | bytes) -> None:
        self.root = yaml.safe_load(text)
        resource = Resource(contents=self.root, specification=DRAFT202012)
        self._registry: Registry[Any] = Registry().with_resource("urn:document", resource)

    def faults(self, value: Any, *schema: Any) -> list[str]:
        """What a value has that the schema at this place forbids."""
        steps = [str(step).replace("~", "~0").replace("/", "~1") for step in schema]
        whole = {"$ref": "urn:document#/" + "/".join(steps)}
        return [
            f"{'/'.join(map(str, schema))}: {error.message}"
            for error in Draft202012Validator(whole, registry=self._registry).iter_errors(value)
        ]

    def places(self, node: Any = None, at: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
        """Every object in it."""
        node = self.root if node is None else node
        if isinstance(node, dict):
            yield at, node
        for step, inner in node.items() if isinstance(node, dict) else enumerate(node):
            if isinstance(inner, (dict, list)):
                yield from self.places(inner, (*at, step))

    def operations(self) -> Iterator[tuple[str, str, dict[str, Any], list[str]]]:
        """Path, method, operation, and the URLs of its servers."""
        for path, item in self.root["paths"].items():
            servers = [server["url"] for server in item.get("servers", self.root["servers"])]
            for method in METHODS:
                if method in item:
                    yield path, method, item[method], servers


def routes_in(source: Path) -> Iterator[tuple[str, str]]:
    """Path and method of the routes that a file of the admin listener adds. A group's are below /api."""
    text = source.read_text()
    for method, path in re.findall(r'\b(?:router|api)\.(get|post|put|delete|patch|head)\(\s*"([^"]*)"', text):
        whole = path if path.startswith("/") else f"/api/{path}"
        whole = re.sub(r":(\w+)", r"{\1}", whole)
        if (end := re.search(r"\\\((\w+)\)$", whole)) is None:
            yield whole, method
            continue
        # One of a list of words, `for (path, …) in [("word", …), …]`.
        words = re.search(rf"for \({end[1]}, \w+\) in \[(.*)\]", text)
        for word in re.findall(r'\("(\w+)"', words[1]) if words else ["?"]:
            yield whole[: end.start()] + word, method


class DocumentTest(unittest.TestCase):
    """Needs no server."""

    def setUp(self) -> None:
        self.document = Document((ROOT / "Sources/OpenAPI/openapi.yaml").read_text())

    def test_it_is_openapi_3_1(self) -> None:
        validate(self.document.root)
        self.assertEqual(self.document.root["openapi"], "3.1.0")

    def test_examples_are_what_schemas_say(self) -> None:
        examples = 0
        for at, place in self.document.places():
            if "schema" not in place:
                continue
            values = [example["value"] for example in place.get("examples", {}).values()]
            for value in values + [place[name] for name in ("example",) if name in place]:
                examples += 1
                self.assertEqual(self.document.faults(value, *at, "schema"), [])
        self.assertGreater(examples, 40)

    def test_every_answer_in_json_has_an_example(self) -> None:
        for path, method, operation, _ in self.document.operations():
            content = operation["responses"]["200"]["content"].get("application/json", {"examples": {}})
            self.assertIn("examples", content, f"{method} {path}")

    def test_what_is_shared_is_used(self) -> None:
        used = {place["$ref"] for _, place in self.document.places() if isinstance(place.get("$ref"), str)}
        for kind, shared in self.document.root["components"].items():
            if kind != "securitySchemes":
                for name in shared:
                    self.assertIn(f"#/components/{kind}/{name}", used)

    def test_operations_have_names_of_their_own(self) -> None:
        names = [operation["operationId"] for _, _, operation, _ in self.document.operations()]
        self.assertEqual([name for name, count in collections.Counter(names).items() if count > 1], [])
        tags = {tag["name"] for tag in self.document.root["tags"]}
        for _, _, operation, _ in self.document.operations():
            self.assertTrue(operation["summary"] and set(operation["tags"]) <= tags, operation["operationId"])

    def test_every_route_of_operators_is_in_it(self) -> None:
        routes = {route for source in (ROOT / "Sources/AdminHTTP").rglob("*.swift") for route in routes_in(source)}
        own = {route for route in routes if not PAGES.match(route[0])}
        self.assertTrue(own)
        documented = {
            (path, method) for path, method, _, servers in self.document.operations() if "admin" in "".join(servers)
        }
        self.assertEqual(own - documented, set(), "in the server, not in the document")
        self.assertEqual(documented - own, set(), "in the document, not in the server")


class ServedTest(unittest.TestCase):
    """Asks a server."""

    installation: Installation
    document: Document

    @classmethod
    def setUpClass(cls) -> None:
        cls.installation = Installation()
        cls.addClassCleanup(cls.installation.close)
        cls.document = Document(send(cls.installation.port, "GET", "/openapi.yaml").body)

    def ask(self, method: str, path: str, url: str, body: bytes | None = None) -> Answer:
        """An operation of the document, about a task or a callback that there is."""
        stock = self.installation.stock
        is_admin = "admin" in url
        number = stock.callbacks[0] if path.startswith("/api/callbacks") else stock.tasks[-1][0]
        headers = {"Content-Type": "application/json"}
        if is_admin:
            headers |= {"Authorization": f"Bearer {ADMIN_TOKEN}", "X-Fupload-Admin": "1"}
        port = self.installation.admin_port if is_admin else self.installation.port
        return send(port, method.upper(), path.replace("{id}", str(number)), body, headers)

    def test_it_is_the_one_that_is_built(self) -> None:
        for port in (self.installation.port, self.installation.admin_port):
            answer = send(port, "GET", "/openapi.yaml")
            self.assertEqual((answer.status, answer.headers["content-type"]), (200, "application/yaml"))
            self.assertEqual(answer.body, (ROOT / "Sources/OpenAPI/openapi.yaml").read_bytes())

    def test_every_path_of_it_is_a_route(self) -> None:
        for path, method, operation, servers in self.document.operations():
            if operation["operationId"] == "streamEvents":
                continue
            for url in servers:
                body = b"{}" if method == "post" else None
                answer = self.ask(method, path, url, body)
                self.assertNotIn(answer.status, (404, 405), f"{method} {path} at {url}: {answer.body!r}")

    def test_other_methods_are_refused(self) -> None:
        for path, method, _, servers in self.document.operations():
            for url in servers:
                answer = self.ask("delete", path, url)
                self.assertEqual(answer.status, 405, f"delete {path} at {url}")
                self.assertEqual(answer.headers["allow"], method.upper(), f"delete {path} at {url}")

    def test_pages_of_allowed_origins_are_told_so(self) -> None:
        for path, method, operation, servers in self.document.operations():
            for url in servers:
                if "admin" in url:
                    continue
                answer = send(self.installation.port, method.upper(), path, b"{}", {"Origin": ORIGIN})
                documented = "Vary" in operation["responses"]["200"].get("headers", {})
                told = answer.headers.get("access-control-allow-origin")
                self.assertEqual(told, ORIGIN if documented else None, f"{method} {path}")

    def test_events_are_what_is_said_of_them(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.installation.admin_port, timeout=30)
        with contextlib.closing(connection):
            connection.request("GET", "/api/events", headers={"Authorization": f"Bearer {ADMIN_TOKEN}"})
            stream = connection.getresponse()
            self.assertEqual(stream.status, 200)
            seen: dict[str, Any] = {}
            name = ""
            while not {"overview", "tasks"} <= set(seen):
                line = stream.readline().decode().rstrip("\r\n")
                field, _, value = line.partition(": ")
                if field == "event":
                    name = value
                elif field == "data":
                    seen[name] = json.loads(value)
        self.assertEqual(set(seen), {"overview", "tasks"})
        self.assertTrue(seen["tasks"]["tasks"])
        for event, schema in (("overview", "Overview"), ("tasks", "LiveTasks")):
            self.assertEqual(self.document.faults(seen[event], "components", "schemas", schema), [])

    def test_callbacks_are_what_is_said_of_them(self) -> None:
        webhook = ("webhooks", "taskClosed", "post")
        parameters = self.document.root["webhooks"]["taskClosed"]["post"]["parameters"]
        received = await_some("callbacks", lambda: list(self.installation.receiver.received))
        self.assertTrue(any("webhook-signature" in callback.headers for callback in received))
        for callback in received:
            schema = (*webhook, "requestBody", "content", "application/json", "schema")
            self.assertEqual(self.document.faults(callback.body, *schema), [])
            for index, parameter in enumerate(parameters):
                text = callback.headers.get(parameter["name"])
                if text is None:
                    self.assertFalse(parameter.get("required"), parameter["name"])
                    continue
                value = int(text) if parameter["schema"]["type"] == "integer" else text
                self.assertEqual(self.document.faults(value, *webhook, "parameters", index, "schema"), [])


if __name__ == "__main__":
    unittest.main()
