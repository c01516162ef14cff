"""A dashboard as it is configured answers this computer alone, takes no pages' word but its own, and no huge files."""

import contextlib
import http.client
import json
import subprocess
import sys
import tomllib
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest

from tests.browser.conftest import ROOT, free_port, start_server
from tests.helpers import outgoing, streamlit_protocol

REQUIRED = {
    "server": {
        "address": "127.0.0.1",
        "allowedHosts": ["localhost", "127.0.0.1"],
        "enableXsrfProtection": True,
        "xsrfCookieSameSite": "strict",
        "maxUploadSize": 500,
        "fileWatcherType": "none",
    },
    "browser": {"gatherUsageStats": False},
    "logger": {"hideWelcomeMessage": True},
    "client": {"allowedOrigins": [], "showErrorDetails": "none", "toolbarMode": "viewer"},
}
MEGABYTE = 2**20
TOKEN = "_streamlit_xsrf"


class Served(NamedTuple):
    """A running server."""

    pid: int
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def says(
        self, method: str, path: str, body: bytes | None = None, **told: str
    ) -> tuple[int, http.client.HTTPMessage]:
        """Status and headers of its answer to a request, whose own headers are written with _ for -."""
        headers = {name.replace("_", "-"): value for name, value in told.items()}
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port)) as connection:
            connection.request(method, path, body, headers)
            with connection.getresponse() as answer:
                return answer.status, answer.headers


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """As the project has it, but for the size of uploads and one more allowed origin."""
    folder, port = tmp_path_factory.mktemp("safety"), free_port()
    options = ("--server.maxUploadSize", "1", "--server.corsAllowedOrigins", "https://course.example")
    environment = outgoing.recorded(folder)
    server = start_server(folder / "saved_models", port, folder / "log", "off", *options, environment=environment)
    yield Served(server.pid, port)
    server.terminate()
    server.wait(15)
    assert outgoing.requests(folder) == []


def test_the_configuration_keeps_what_makes_it_safe() -> None:
    said = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    for section, values in REQUIRED.items():
        assert {name: said[section].get(name) for name in values} == values
    # On unless somebody turns it off.
    assert said["server"].get("enableCORS", True)


@pytest.mark.slow
def test_only_this_computer_can_connect(served: Served) -> None:
    listening = {
        (each.laddr.ip, each.laddr.port)
        for each in psutil.Process(served.pid).net_connections("inet")
        if each.status == psutil.CONN_LISTEN
    }
    assert listening == {("127.0.0.1", served.port)}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("status", "told"),
    [
        (101, {}),
        (101, {"Host": "localhost"}),
        (101, {"Host": "127.0.0.1:PORT", "Origin": "http://127.0.0.1:PORT"}),
        (403, {"Host": "rebound.example"}),
        (403, {"Host": "rebound.example:PORT", "Origin": "http://rebound.example:PORT"}),
        (403, {"Host": "127.0.0.1.rebound.example:PORT"}),
        (403, {"Origin": "http://other.example"}),
        (403, {"Origin": "http://127.0.0.1.other.example:PORT"}),
        (403, {"Origin": "null"}),
        (101, {"Origin": "https://course.example"}),
        (403, {"Origin": "http://192.168.1.20:8080", "X_Forwarded_Host": "192.168.1.20:8080"}),
        (101, {"Origin": "http://localhost:9999", "X_Forwarded_Host": "localhost:9999"}),
    ],
)
def test_a_session_is_opened_for_its_own_pages_alone(served: Served, status: int, told: dict[str, str]) -> None:
    told = {name: value.replace("PORT", str(served.port)) for name, value in told.items()}
    handshake = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec_WebSocket_Version": "13"}
    key = {"Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ=="}
    assert served.says("GET", "/_stcore/stream", **handshake, **key, **told)[0] == status


@pytest.mark.slow
def test_a_start_under_any_address_asks_nobody_outside(tmp_path: Path) -> None:
    port = free_port()
    anywhere = ("--server.address", "0.0.0.0")
    environment = outgoing.recorded(tmp_path)
    server = start_server(tmp_path / "saved_models", port, tmp_path / "log", "off", *anywhere, environment=environment)
    server.terminate()
    server.wait(15)
    assert outgoing.requests(tmp_path) == []
    assert f"http://localhost:{port}" in (tmp_path / "log").read_text()


@pytest.mark.exhaustive
def test_websites_keep_nobody_waiting_where_outgoing_traffic_is_dropped() -> None:
    # A network of its own, where everything sent outside is lost. Streamlit alone took 60 s there.
    command = "ip link set lo up && ip route add default dev lo && exec $0 -m tests.helpers.foreign_attempts"
    isolated = ["unshare", "--map-root-user", "--net", "sh", "-c", command, sys.executable]
    answer = subprocess.run(isolated, cwd=ROOT, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    attempts, seconds = answer.stdout.split()
    assert attempts == "403,403,403"
    assert float(seconds) < 1


@pytest.mark.slow
def test_a_page_takes_no_messages_from_pages_around_it(served: Served) -> None:
    with urllib.request.urlopen(f"{served.url}/_stcore/host-config", timeout=30) as answer:
        assert json.load(answer)["allowedOrigins"] == []


@pytest.mark.slow
def test_an_upload_needs_the_pages_token_a_session_and_no_more_than_its_size(served: Served) -> None:
    cookie = served.says("GET", "/_stcore/health")[1]["Set-Cookie"]
    assert "samesite=strict" in cookie.lower()
    token = cookie.partition(";")[0].removeprefix(f"{TOKEN}=")
    from_page = {"Cookie": f"{TOKEN}={token}", "X_Xsrftoken": token}

    def uploaded(session: str, size: int, **headers: str) -> int:
        """The status that is answered to a file of that size."""
        head = b'--edge\r\nContent-Disposition: form-data; name="file"; filename="my.zip"\r\n\r\n'
        kind = {"Content_Type": "multipart/form-data; boundary=edge"}
        body = head + bytes(size) + b"\r\n--edge--\r\n"
        return served.says("PUT", f"/_stcore/upload_file/{session}/1", body, **kind, **headers)[0]

    with streamlit_protocol.waiting_session(served.url) as opened:
        session = streamlit_protocol.name(opened)
        assert uploaded(session, MEGABYTE // 2, **from_page) == 204
        assert uploaded(session, MEGABYTE // 2) == 403
        assert uploaded(session, MEGABYTE // 2, Cookie=f"{TOKEN}={token}") == 403
        assert uploaded("another", MEGABYTE // 2, **from_page) == 400
        # By what its head says, before any of it is read.
        large = {"Content_Length": f"{MEGABYTE + 1}", **from_page}
        assert served.says("PUT", f"/_stcore/upload_file/{session}/2", **large)[0] == 413
