"""Whose pages may open a WebSocket is decided by what is configured, and nobody outside is asked."""

import asyncio
from unittest.mock import AsyncMock

import pytest
from starlette.datastructures import Headers
from streamlit import config

from dashboard.server.origins import OriginCheck, is_allowed

PROXIED = "pool.example.org"


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """Options of Streamlit that are set, by name; the others have their defaults."""
    options: dict[str, object] = {
        "server.enableCORS": True,
        "server.corsAllowedOrigins": [],
        "server.allowedHosts": ["localhost", "127.0.0.1", PROXIED],
        "browser.serverAddress": "localhost",
    }
    monkeypatch.setattr(config, "get_option", options.__getitem__)
    monkeypatch.setattr(config, "is_manually_set", lambda name: options[name] != "localhost")
    return options


@pytest.mark.parametrize(
    ("origin", "host", "allowed"),
    [
        (None, "127.0.0.1:8501", True),
        ("http://127.0.0.1:8501", "127.0.0.1:8501", True),
        ("http://localhost:3000", "127.0.0.1:8501", True),
        ("https://pool.example.org", PROXIED, True),
        ("https://pool.example.org:8443", PROXIED, False),
        ("https://pool.example.org", "127.0.0.1:8501", False),
        ("http://other.example", "127.0.0.1:8501", False),
        ("http://127.0.0.1.other.example:8501", "127.0.0.1:8501", False),
        ("http://127.0.0.1@other.example", "127.0.0.1", False),
        ("http://192.168.1.20:8080", "192.168.1.20:8501", False),
        ("file://127.0.0.1:8501", "127.0.0.1:8501", False),
        ("chrome-extension://abcdef", "127.0.0.1:8501", False),
        ("null", "127.0.0.1:8501", False),
        ("", "", False),
        ("http://[", "127.0.0.1:8501", False),
        ("http://other.example", None, False),
    ],
)
@pytest.mark.usefixtures("configured")
def test_a_page_may_connect_to_its_own_host_and_from_this_computer(
    origin: str | None, host: str | None, allowed: bool
) -> None:
    assert is_allowed(origin, host) is allowed


def test_configured_origins_and_the_configured_address_may_connect(configured: dict[str, object]) -> None:
    configured["server.corsAllowedOrigins"] = ["https://course.example.org/"]
    configured["browser.serverAddress"] = "dash.example.org"
    assert is_allowed("https://course.example.org", "127.0.0.1:8501")
    assert is_allowed("https://dash.example.org", "127.0.0.1:8501")
    assert not is_allowed("http://course.example.org", "127.0.0.1:8501")
    assert not is_allowed("https://course.example.org.other.example", "127.0.0.1:8501")
    configured["server.enableCORS"] = False
    assert is_allowed("http://other.example", "127.0.0.1:8501")


@pytest.mark.parametrize(
    ("forwarded", "origin", "host"),
    [
        (PROXIED, f"https://{PROXIED}", PROXIED),
        (f"{PROXIED}, 10.0.0.7", f"https://{PROXIED}", PROXIED),
        # A host that is not ours, such as one that a visitor made up, does not count.
        ("rebound.example", "http://rebound.example", None),
        (PROXIED, "http://other.example", None),
    ],
)
@pytest.mark.usefixtures("configured")
def test_the_host_that_a_proxy_forwards_counts_if_it_is_one_of_ours(
    forwarded: str, origin: str, host: str | None
) -> None:
    app, send = AsyncMock(), AsyncMock()
    headers = {"host": "127.0.0.1:8501", "x-forwarded-host": forwarded, "origin": origin}
    scope = {"type": "websocket", "headers": [(name.encode(), value.encode()) for name, value in headers.items()]}
    asyncio.run(OriginCheck(app)(scope, AsyncMock(), send))
    passed = [Headers(scope=call.args[0])["host"] for call in app.await_args_list]
    refused = [call.args[0] for call in send.await_args_list]
    assert (passed, refused) == ([host], []) if host else ([], [{"type": "websocket.close", "code": 1008}])
