"""Three WebSockets for another website at once: prints their statuses, and the longest that others waited, in seconds.

python -m tests.helpers.foreign_attempts
"""

import contextlib
import http.client
import tempfile
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.browser.conftest import free_port, start_server

HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Origin": "http://other.example",
}


def attempt(port: int, **headers: str) -> int:
    """The status that a WebSocket for another website is answered with, or for one that other headers name."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
        connection.request("GET", "/_stcore/stream", headers={**HANDSHAKE, **headers})
        return connection.getresponse().status


def wait(port: int) -> float:
    """How long a request for anything else takes."""
    start = time.monotonic()
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health") as answer:
        answer.read()
    return time.monotonic() - start


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(3) as websites:
        port = free_port()
        server = start_server(Path(folder, "saved_models"), port, Path(folder, "log"), "off")
        attempts = [websites.submit(attempt, port) for _ in range(3)]
        waits = [wait(port)]
        while not all(each.done() for each in attempts):
            waits.append(wait(port))
        print(",".join(str(each.result()) for each in attempts), max(waits))
        server.terminate()
        server.wait(15)
