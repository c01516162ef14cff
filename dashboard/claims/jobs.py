"""Running a claim from the page: the button that starts it, its progress, and the button that stops it."""

from __future__ import annotations

import streamlit as st

from dashboard.common import visitor
from dashboard.common.page import link, messages, plain, store
from tfpool.lab import background_job as jobs
from tfpool.lab.background_job import Job
from tfpool.system.format import clock

_SECONDS = 1.0
_SCALES = {"quick": "Quick", "full": "Full"}
_HELP = (
    "Quick takes about a minute: two seeds, small networks, one learning rate. Full repeats the shipped experiment: it "
    "may take hours, and continues after a stop."
)


def run(name: str, has_own: bool) -> None:
    """The progress of a claim's job, or the controls that start one; `has_own`: the store has a finding of it."""
    job = jobs.state(store().folder, name)
    if job and job.state == "running":
        st.fragment(_live, run_every=_SECONDS)(name)
        return
    if job:
        _ended(job)
    if not visitor.is_teacher():
        st.caption("Only a teacher can run this experiment here, who enters the key at the bottom of the menu.")
        return
    if not job and not has_own:
        st.caption(
            "You have not measured this claim yet. Run here starts the experiment in the background on this computer, "
            "and your result appears next to the shipped one."
        )
    _start(name, job)


def _start(name: str, job: Job | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        scale = st.segmented_control(
            "How much",
            list(_SCALES),
            default=job.scale if job else "quick",
            format_func=_SCALES.__getitem__,
            required=True,
            key=f"claims_scale_{name}",
            label_visibility="collapsed",
        )
        resume = job is not None and job.scale == scale
        pressed = st.button(
            "Resume" if resume else "Run here",
            key=f"claims_run_{name}",
            icon=":material/resume:" if resume else ":material/science:",
            help=_HELP,
        )
    if pressed:
        with messages():
            jobs.start(store().folder, name, scale or "quick")
        st.rerun()


def _ended(job: Job) -> None:
    run = f"Your {job.scale} run"
    if job.state == "failed":
        st.error(plain(f"{run} failed. {job.error}"))
    elif job.state == "stopped":
        st.info(f"{run} was stopped{_at(job)}. Press Resume to continue from there.")
    else:
        st.warning(f"{run} was interrupted{_at(job)}, because its process ended. Press Resume to continue from there.")


def _at(job: Job) -> str:
    return f" at {job.fraction:.0%}" if job.total else ""


def _live(name: str) -> None:
    job = jobs.state(store().folder, name)
    if job is None or job.state != "running":
        st.rerun()
    left = f", about {clock(job.seconds_left)} left" if job.seconds_left is not None else ""
    progress = "stopping" if job.stopping else f"{job.fraction:.0%}{left}" if job.total else "starting"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(job.fraction, text=f"Your {job.scale} run: {progress}")
        st.button(
            "Stop",
            key=f"claims_stop_{name}",
            icon=":material/stop_circle:",
            on_click=jobs.stop,
            args=(store().folder, name),
            disabled=job.stopping or not visitor.is_teacher(),
        )
    st.caption("The run continues if you close this page.")
    link("Runs", "Networks trained for this claim", runs_lab="true")
