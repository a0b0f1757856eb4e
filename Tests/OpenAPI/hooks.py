"""What schemathesis is told of this server: real numbers, keys and tokens in a part of the cases, and how the envelope
says that something was refused. Loaded by `schemathesis.toml`; the values come from `conformance_test.py`."""

from __future__ import annotations

import copy
import hashlib
import json
import os
import random
from pathlib import Path
from typing import Any

import schemathesis
from schemathesis.specs.openapi.checks import negative_data_rejection

STOCK = json.loads(Path(os.environ["FUPLOAD_STOCK"]).read_text())
OUTCOMES = Path(os.environ["FUPLOAD_OUTCOMES"])
RANDOM = random.Random(int(os.environ["FUPLOAD_SEED"]))

# Bodies that clients send: members beyond those in the document are ignored.
REQUESTS = {"NewTask", "Block", "StateChange", "Replay"}


@schemathesis.hook
def before_load_schema(context: Any, raw_schema: dict[str, Any]) -> None:
    """An answer with a member that the document does not have is a fault of the document, here."""
    schemas = raw_schema["components"]["schemas"]
    # What the data of events is, `document_test.py` looks at.
    for name in ("LiveTasks", "LiveTask"):
        del schemas[name]
    del schemas["Event"]["properties"]["data"]["contentSchema"]
    composed = set(_references_in_compositions(raw_schema))
    for name, schema in schemas.items():
        if name not in REQUESTS:
            _close(schema, is_whole=f"#/components/schemas/{name}" not in composed)
    operations = [
        operation for path in raw_schema["paths"].values() for operation in path.values() if "responses" in operation
    ]
    for operation in operations:
        # Here, a token is configured.
        operation["security"] = [scheme for scheme in operation["security"] if scheme]
    answers = list(raw_schema["components"]["responses"].values())
    for answer in answers + [answer for operation in operations for answer in operation["responses"].values()]:
        for content in answer.get("content", {}).values():
            if "type" not in content["schema"]:
                _close(content["schema"], is_whole=True)


def _references_in_compositions(node: Any) -> list[str]:
    if isinstance(node, list):
        return [name for item in node for name in _references_in_compositions(item)]
    if not isinstance(node, dict):
        return []
    own = [part["$ref"] for part in node.get("allOf", []) if "$ref" in part]
    return own + [name for item in node.values() for name in _references_in_compositions(item)]


def _close(schema: dict[str, Any], is_whole: bool) -> None:
    for inner in schema.get("properties", {}).values():
        _close(inner, is_whole=True)
    if isinstance(schema.get("items"), dict):
        _close(schema["items"], is_whole=True)
    for inner in schema.get("oneOf", []):
        _close(inner, is_whole=True)
    for inner in schema.get("allOf", []):
        _close(inner, is_whole=False)
    if is_whole and ("properties" in schema or "allOf" in schema):
        schema["unevaluatedProperties"] = False


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Two of three cases are about what there is. What a case has wrong, it keeps."""
    is_positive = case.meta is not None and case.meta.generation.mode.is_positive
    if is_positive:
        _give_days(case)
    if RANDOM.random() < 1 / 3:
        return
    task, key = RANDOM.choice(STOCK["tasks"])
    if case.path.startswith("/api/upload/"):
        _fit_upload(case, task, key, is_positive)
    elif _is_number((case.path_parameters or {}).get("id")):
        is_task = case.path.startswith("/api/tasks/")
        case.path_parameters["id"] = task if is_task else RANDOM.choice(STOCK["callbacks"])
    elif isinstance(case.body, dict) and isinstance(case.body.get("ids"), list):
        if case.body["ids"] and all(_is_number(number) for number in case.body["ids"]):
            case.body = case.body | {"ids": RANDOM.sample(STOCK["callbacks"], 3)}


def _give_days(case: Any) -> None:
    """Times that there are: no pattern knows how long a month is."""
    for name in ("since", "to"):
        day = f"2026-{RANDOM.randint(1, 12):02}-{RANDOM.randint(1, 28):02}"
        time = day + RANDOM.choice(["", " 12:03", "T12:03:04Z", " 12:03:04.567"])
        if isinstance(case.query, dict) and name in case.query:
            case.query = case.query | {name: time}
        if isinstance(case.body, dict) and isinstance(case.body.get(name), str):
            case.body = case.body | {name: time}


def _fit_upload(case: Any, task: int, key: str, is_positive: bool) -> None:
    body = case.body if isinstance(case.body, dict) else {}
    if case.path == "/api/upload/new/task":
        if isinstance(body.get("token"), str):
            body = body | {"token": STOCK["token"]}
        if is_positive:
            body = body | {"storePath": "new"}
            if RANDOM.random() < 1 / 2:
                body = body | {"fileSize": RANDOM.randrange(4096), "fileName": f"{RANDOM.getrandbits(64):x}"}
        if body:
            case.body = body
        return
    if _is_number((case.query or {}).get("taskId")):
        case.query = case.query | {"taskId": task, "key": key}
    elif _is_number(body.get("taskId")):
        case.body = body | {"taskId": task}
        case.query = (case.query or {}) | {"key": key}
    if case.path == "/api/upload/files/block" and is_positive:
        # Text, since a case with bytes in it is held for a wrong one after a change.
        content = RANDOM.randbytes(RANDOM.randint(1, 32)).hex()
        start = RANDOM.randrange(STOCK["fileSize"] - len(content))
        # Some are longer than their range, some are damaged.
        end = start + len(content) - RANDOM.choice([1, 1, 1, 2])
        md5 = hashlib.md5(content.encode() + RANDOM.choice([b"", b"", b"", b"!"])).hexdigest()
        case.body = body | {"startByte": start, "endByte": end, "partMd5": md5, "file": content}


def _is_number(value: Any) -> bool:
    """Whether it is the number of a task or of a callback, written in one way or another."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return False
    text = str(value)
    return text.isascii() and text.isdigit() and 0 < int(text) < 1 << 53


def _envelope(response: Any) -> dict[str, Any]:
    try:
        answer = json.loads(response.content)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:
    """Written down, for the table at the end."""
    code = _envelope(response).get("retCode")
    with OUTCOMES.open("a") as file:
        json.dump([case.operation.label, response.request.method, response.status_code, code], file)
        file.write("\n")


@schemathesis.check
def envelope_refuses_negative_data(ctx: Any, response: Any, case: Any) -> bool | None:
    """What is wrong is refused by the envelope's `retCode`, with HTTP 200."""
    if response.status_code != 200 or not case.path.startswith("/api/upload/"):
        return None
    answer = _envelope(response)
    # 1 with data is a block that was stored.
    is_done = answer.get("retCode") == "0" or (answer.get("retCode") == "1" and answer.get("data") != "")
    judged = copy.copy(response)
    judged.status_code = 200 if is_done else 400
    return negative_data_rejection(ctx, judged, case)
