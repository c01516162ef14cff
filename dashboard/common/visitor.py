"""Whom the dashboard is served to, and who may change what.

At one's own computer, everybody may do everything. Served to others, visitors change what is theirs, and a teacher who
has entered the key changes all.
"""

from __future__ import annotations

import hmac
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import streamlit as st

from dashboard.server import visitor_cookie
from dashboard.server.sharing import is_shared, teacher_key
from tfpool.system.files import atomic

_OWNER = "owner"
_TEACHER = "visitor_is_teacher"


def current() -> str | None:
    """The visitor whose page this is: who has logged in, else who has this browser. None if it keeps no cookies."""
    user = st.user
    if user.get("is_logged_in") and user.get("sub"):
        return _digest(f"{user.get('iss')} {user.get('sub')}")
    # From a proxy, as `server.trustedUserHeaders` says, or from a provider that names no subject.
    if email := user.get("email"):
        return _digest(str(email))
    return visitor_cookie.read(st.context.cookies)


def is_teacher() -> bool:
    """Whether this session may change everything: the key was entered, or the dashboard is not shared."""
    return not is_shared() or bool(st.session_state.get(_TEACHER))


def enter_key(key: str) -> bool:
    """Make this session the teacher's if the key is right."""
    expected = teacher_key()
    st.session_state[_TEACHER] = bool(expected) and hmac.compare_digest(key.encode(), expected.encode())
    return st.session_state[_TEACHER]


def leave() -> None:
    """Make this session an ordinary one again."""
    st.session_state.pop(_TEACHER, None)


def owner(folder: Path) -> str | None:
    """The visitor that a run or a data set belongs to, by its folder; None for what visitors have not made."""
    try:
        return (folder / _OWNER).read_text() or None
    except OSError:
        return None


def own(folder: Path) -> None:
    """Let a run or a data set belong to the current visitor, where the dashboard is shared."""
    visitor = current() if is_shared() else None
    try:
        # A run that begins to train removes temporary files from its folder, perhaps this one.
        while visitor and owner(folder) != visitor:
            with suppress(FileNotFoundError), atomic(folder / _OWNER) as temporary:
                temporary.write_text(visitor)
    except OSError as error:
        raise ValueError(f"Whom {folder.name} belongs to cannot be saved: {error.strerror}.") from None


def may_change(folder: Path) -> bool:
    """Whether the current visitor may stop, rename or delete the run or data set in a folder."""
    return is_teacher() or ((visitor := current()) is not None and owner(folder) == visitor)


def check_change(folder: Path) -> None:
    """Raise a ValueError unless the current visitor may change what is in a folder."""
    if not may_change(folder):
        raise ValueError(f"{folder.name} is not yours: only who made it, or a teacher, can change it.")


def _digest(text: str) -> str:
    # No name or address of anybody is stored.
    return sha256(text.encode()).hexdigest()[:24]
