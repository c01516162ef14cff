"""Which outside addresses a process asks for, recorded by Python's own audit events."""

from pathlib import Path

_RECORD = """
import os, sys

def record(event, arguments):
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event in ("socket.connect", "socket.sendto"):
        host = arguments[1][0] if isinstance(arguments[1], tuple) else None
    else:
        return
    host = host.decode() if isinstance(host, bytes) else host
    # A datagram socket that is only connected sends nothing: Streamlit finds the local address so.
    if host in (None, "", "localhost", "::", "::1", "0.0.0.0") or host.startswith("127."):
        return
    if event == "socket.connect" and arguments[0].type == 2:
        return
    with open(RECORD, "a") as file:
        file.write(f"{event} {host}\\n")

sys.addaudithook(record)
"""


def recorded(folder: Path) -> dict[str, str]:
    """Variables that make Python processes record what they ask for in a folder."""
    (folder / "hook").mkdir()
    (folder / "hook" / "sitecustomize.py").write_text(_RECORD.replace("RECORD", repr(str(folder / "outgoing"))))
    return {"PYTHONPATH": str(folder / "hook")}


def requests(folder: Path) -> list[str]:
    """What was asked for, each as an event and a host."""
    path = folder / "outgoing"
    return path.read_text().splitlines() if path.exists() else []
