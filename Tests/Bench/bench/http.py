"""Single requests, where time is not measured."""

from __future__ import annotations

import http.client
import json
from typing import Any

from .failure import RunFailed
from .plan import Address


def send(
    server: Address, method: str, target: str, headers: dict[str, str], body: bytes = b""
) -> tuple[http.client.HTTPResponse, bytes]:
    """The answer and its body; raises RunFailed where there is none, or it is no 2xx."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=60)
    try:
        connection.request(method, target, body=body or None, headers=headers)
        response = connection.getresponse()
        content = response.read()
    except (OSError, http.client.HTTPException) as error:
        raise RunFailed(f"{method} {target}: {error}") from error
    finally:
        connection.close()
    if response.status // 100 != 2:
        raise RunFailed(f"{method} {target}: {response.status} {content[:300]!r}")
    return response, content


def send_json(server: Address, target: str, value: Any) -> Any:
    """POSTs JSON and reads the answer as JSON."""
    body = json.dumps(value).encode()
    return json.loads(send(server, "POST", target, {"Content-Type": "application/json"}, body)[1])
