"""The cookie that tells visitors apart: signed, for this store, and given with a page only where others are served."""

import asyncio
from pathlib import Path
from unittest.mock import AsyncMock

import pytest
from starlette.types import Message, Receive, Scope, Send
from streamlit import config

from dashboard.server import visitor_cookie
from dashboard.server.visitor_cookie import VisitorCookie

VISITOR = "0123456789abcdef01234567"


@pytest.fixture(autouse=True)
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TFPOOL_SHARED", "1")
    monkeypatch.setenv("TFPOOL_STORE", str(tmp_path / "red"))


def given(cookie: str = "", kind: str = "text/html; charset=utf-8", **scope: object) -> list[str]:
    """The Set-Cookie headers of an answer of some kind to a request with a cookie."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind.encode())]})

    messages: list[Message] = []
    send = AsyncMock(side_effect=messages.append)
    request = {"type": "http", "method": "GET", "path": "/", "headers": [(b"cookie", cookie.encode())], **scope}
    asyncio.run(VisitorCookie(app)(request, AsyncMock(), send))
    return [value.decode() for name, value in messages[0]["headers"] if name == b"set-cookie"]


def test_a_visitor_is_who_the_server_has_signed() -> None:
    name, value = visitor_cookie.name(), visitor_cookie.value(VISITOR)
    assert visitor_cookie.read({name: value}) == VISITOR
    changed = "f" + value[1:]
    for wrong in ("", VISITOR, f"{VISITOR}.", changed, f"{value}0", f".{value.partition('.')[2]}", "é.é"):
        assert visitor_cookie.read({name: wrong}) is None
    assert visitor_cookie.read({"another": value}) is None


def test_the_key_is_kept_and_differs_between_stores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cookies = {visitor_cookie.name(): visitor_cookie.value(VISITOR)}
    path = tmp_path / "red" / "visitors.key"
    assert path.stat().st_mode & 0o777 == 0o600
    # As after a restart.
    visitor_cookie._key.cache_clear()
    assert visitor_cookie.read(cookies) == VISITOR
    monkeypatch.setenv("TFPOOL_STORE", str(tmp_path / "blue"))
    assert visitor_cookie.name() not in cookies
    assert visitor_cookie.read(cookies) is None


def test_a_damaged_key_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "red").mkdir()
    (tmp_path / "red" / "visitors.key").write_text("")
    with pytest.raises(ValueError, match="Delete"):
        visitor_cookie.name()


def test_a_new_visitor_gets_a_cookie_with_a_page_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    (first,), (second,) = given(), given()
    assert first.partition(";")[0] != second.partition(";")[0]
    name, _, value = first.partition(";")[0].partition("=")
    assert visitor_cookie.read({name: value})
    assert {"Path=/", "HttpOnly", "SameSite=Lax"} <= set(first.split("; "))
    assert given(cookie=f"{name}={value}") == []
    assert given(kind="text/javascript") == []
    # Another value than ours is replaced.
    assert len(given(cookie=f"{name}=mine.0")) == 1
    monkeypatch.setenv("TFPOOL_SHARED", "0")
    assert given() == []


def test_a_page_that_the_browser_has_already_comes_again_with_a_cookie() -> None:
    passed = AsyncMock()
    conditional = {
        "accept": "text/html,*/*",
        "if-none-match": '"7"',
        "if-modified-since": "Sun, 29 Nov 2026 05:14:47 GMT",
    }
    known = {"cookie": f"{visitor_cookie.name()}={visitor_cookie.value(VISITOR)}"}
    for headers, left in (
        (conditional, {"accept"}),
        ({**conditional, "accept": "*/*"}, set(conditional)),
        ({**conditional, **known}, {*conditional, "cookie"}),
    ):
        pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
        scope = {"type": "http", "method": "GET", "path": "/", "headers": pairs}
        asyncio.run(VisitorCookie(passed)(scope, AsyncMock(), AsyncMock()))
        assert {name.decode() for name, _ in passed.await_args.args[0]["headers"]} == left


def test_the_cookie_is_for_the_path_of_the_dashboard_and_for_tls_where_there_is_some(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(config, "get_option", {"server.baseUrlPath": "tfpool"}.__getitem__)
    (plain,), (direct,) = given(), given(scheme="https")
    (proxied,) = given(headers=[(b"x-forwarded-proto", b"https")])
    assert "Path=/tfpool" in plain.split("; ")
    assert ["Secure" in cookie.split("; ") for cookie in (plain, direct, proxied)] == [False, True, True]
