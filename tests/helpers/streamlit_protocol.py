"""Streamlit's own protocol over a websocket, to request a page without a browser."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.sync import client
from websockets.typing import Subprotocol


def session(url: str) -> connect:
    """A new session with the server at an address, as a context manager."""
    return connect(_stream(url), subprotocols=[Subprotocol("streamlit")], max_size=None)


def waiting_session(url: str) -> client.ClientConnection:
    """The same without asyncio."""
    return client.connect(_stream(url), subprotocols=[Subprotocol("streamlit")], max_size=None)


def _stream(url: str) -> str:
    return f"{url.replace('http', 'ws')}/_stcore/stream"


def name(connection: client.ClientConnection) -> str:
    """The server's identifier of a new session, which requests the first page."""
    connection.send(_request(""))
    for data in connection:
        message = ForwardMsg()
        message.ParseFromString(data)
        if message.HasField("new_session"):
            return message.new_session.initialize.session_id
    raise ConnectionError("the connection was closed")


async def answered(connection: ClientConnection, page: str, query: str = "") -> str | None:
    """Request a page ("" is the first) and wait for its end. Returns the error message, or None."""
    await connection.send(_request(page, query))
    error = None
    async for data in connection:
        message = ForwardMsg()
        message.ParseFromString(data)
        if message.delta.new_element.HasField("exception"):
            error = message.delta.new_element.exception.message
        # The run that started with the session may end early in favor of this one.
        if message.HasField("script_finished") and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            if message.script_finished == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
                return "the page's script cannot be read"
            return error
    return "the connection was closed"


def once(url: str, page: str) -> str | None:
    """Request a page in a session of its own and wait for its end. Returns the error message, or None."""

    async def ask() -> str | None:
        async with session(url) as opened:
            return await answered(opened, page)

    # A thread of its own: Playwright, where tests in a browser came before, has its loop in this one.
    with ThreadPoolExecutor() as aside:
        return aside.submit(lambda: asyncio.run(ask())).result()


def _request(page: str, query: str = "") -> bytes:
    request = BackMsg()
    request.rerun_script.page_name = page
    request.rerun_script.query_string = query
    return request.SerializeToString()
