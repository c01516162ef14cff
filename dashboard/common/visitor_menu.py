"""Who one is, at the bottom of the menu, where the dashboard is served to others: logging in, and the teacher's key."""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.secrets import secrets_singleton

from dashboard.common import visitor
from dashboard.common.page import messages, plain
from dashboard.server.sharing import is_shared, teacher_key

_KEY, _WRONG = "visitor_key", "visitor_key_is_wrong"


def show() -> None:
    """Show the controls in the menu. Where people have to log in, a page goes no further before they have."""
    if not is_shared():
        return
    needs_login = secrets_singleton.load_if_toml_exists() and "auth" in st.secrets
    with st.sidebar, messages(go_on=True):
        if needs_login and st.user.get("is_logged_in"):
            st.caption(f"Logged in as {plain(str(st.user.get('name') or st.user.get('email') or 'a visitor'))}")
            st.button("Log out", key="visitor_logout", icon=":material/logout:", on_click=st.logout)
        if teacher_key():
            _teacher()
    if needs_login and not st.user.get("is_logged_in"):
        st.info("Log in to use this dashboard.")
        st.button("Log in", key="visitor_login", type="primary", icon=":material/login:", on_click=st.login)
        st.stop()


def _teacher() -> None:
    if visitor.is_teacher():
        st.caption("You are a teacher: you can change everything.")
        st.button("Leave", key="visitor_leave", icon=":material/logout:", on_click=visitor.leave)
        return
    with st.popover("Teacher", icon=":material/school:", key="visitor_teacher"):
        help = "With the teacher's key, you can stop, rename and delete what others have made."
        st.text_input("Teacher's key", type="password", key=_KEY, help=help, on_change=_enter)
        if st.session_state.pop(_WRONG, False):
            st.error("This is not the teacher's key. Ask whoever runs the server for it.")


def _enter() -> None:
    st.session_state[_WRONG] = not visitor.enter_key(st.session_state[_KEY])
