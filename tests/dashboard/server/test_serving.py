"""What the server prints."""

import asyncio
import logging
from threading import Thread

import pytest

from dashboard.server import serving


@pytest.mark.parametrize(("thread", "printed"), [("preload", 0), ("background_1", 0), ("ScriptRunner.scriptThread", 1)])
def test_threads_that_outlive_the_server_are_not_complained_of(
    thread: str, printed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = logging.Logger("of this test")
    records: list[logging.LogRecord] = []
    log.addHandler(handler := logging.Handler())
    handler.emit = records.append  # type: ignore[method-assign]
    monkeypatch.setattr(serving, "_CONTEXT_LOG", log)
    monkeypatch.setattr(serving, "ask_nobody", lambda: None)
    monkeypatch.setattr(serving.cli_util, "print_to_cli", lambda *_, **__: None)
    monkeypatch.setattr(serving.cli_util, "open_browser", lambda *_: None)

    async def serve() -> None:
        async with serving.lifespan(None):
            pass

    asyncio.run(serve())
    warning = Thread(target=log.warning, args=["missing ScriptRunContext"], name=thread)
    warning.start()
    warning.join()
    assert len(records) == printed
