"""Streamlit's own protocol over a websocket: a page is asked for without a browser."""

from __future__ import annotations

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol


def session(url: str) -> connect:
    """A session of its own with the server of that address, to be entered."""
    return connect(
        f"{url.replace('http', 'ws')}/_stcore/stream", subprotocols=[Subprotocol("streamlit")], max_size=None
    )


async def answered(connection: ClientConnection, page: str, query: str = "") -> str | None:
    """Ask for a page, "" being the first, and wait for its end; what went wrong, or None."""
    asked = BackMsg()
    asked.rerun_script.page_name = page
    asked.rerun_script.query_string = query
    await connection.send(asked.SerializeToString())
    error = None
    async for data in connection:
        message = ForwardMsg()
        message.ParseFromString(data)
        if message.delta.new_element.HasField("exception"):
            error = message.delta.new_element.exception.message
        # One that was begun when the session opened may end early for this one.
        if message.HasField("script_finished") and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            if message.script_finished == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
                return "the page's script cannot be read"
            return error
    return "the connection was closed"
