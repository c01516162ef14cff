"""Whether the dashboard is served to others, and the settings for that."""

from __future__ import annotations

import ipaddress
import os

from streamlit import config

from dashboard.keras_loading import in_a_server

TEACHER_KEY = "TFPOOL_TEACHER_KEY"
FEWEST = 12
"""Characters of a teacher's key."""
RUNS, DISK, UPLOAD = "TFPOOL_VISITOR_RUNS", "TFPOOL_VISITOR_DISK", "TFPOOL_VISITOR_UPLOAD"
DEFAULTS = {RUNS: 12, DISK: 2000, UPLOAD: 500}
"""Per visitor: runs that are queued or running; megabytes of runs and data sets; megabytes of uploads.

Streamlit's megabytes of uploads are of 1024 × 1024 bytes.
"""


def is_shared() -> bool:
    """Whether the dashboard is served to others: as TFPOOL_SHARED says, else at an address that others can reach."""
    if said := os.environ.get("TFPOOL_SHARED", ""):
        return said != "0"
    # A page in a test's harness has no server.
    return in_a_server() and not is_loopback(config.get_option("server.address") or "")


def is_loopback(address: str) -> bool:
    """Whether only this computer can connect to an address. Without one, Streamlit listens on all."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def limit(name: str) -> int:
    """A limit of `DEFAULTS`, or what the environment says.

    Raises:
        ValueError: if that is no whole number from 1.
    """
    text = os.environ.get(name) or str(DEFAULTS[name])
    if not text.isdecimal() or not int(text):
        raise ValueError(f"{name} has to be a whole number from 1, got {text!r}.")
    return int(text)


def most_upload(usual: int) -> int:
    """Megabytes of the largest file that a control takes, of those that it usually takes."""
    return min(usual, limit(UPLOAD)) if is_shared() else usual


def teacher_key() -> str:
    """The teacher's key; empty if there is none.

    Raises:
        ValueError: if it is so short that it can be guessed.
    """
    key = os.environ.get(TEACHER_KEY, "")
    if key and len(key) < FEWEST:
        raise ValueError(f"{TEACHER_KEY} has {len(key)} characters. Use {FEWEST} or more, so that nobody guesses it.")
    return key


def check() -> None:
    """Raise a ValueError if a setting cannot be used."""
    said = os.environ.get("TFPOOL_SHARED", "")
    if said not in ("", "0", "1"):
        raise ValueError(f"TFPOOL_SHARED has to be 1, for a dashboard that is served to others, or 0, got {said!r}.")
    teacher_key()
    for name in DEFAULTS:
        limit(name)
