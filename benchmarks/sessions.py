"""How the dashboard answers twenty people at once, one action per second each, and how its memory grows meanwhile.

    python benchmarks/sessions.py [--minutes 10] [--sessions 20] [--servers 1] [--short]

No browsers: twenty of them would measure themselves. Each session speaks Streamlit's own protocol over a websocket,
opens a page with other settings every second, and waits until its script has ended. The store has a hundred finished
runs. At the start all sessions open the CAM page of a fresh server at once, as a class does. At the end as many
sessions spend a minute on a toy, two pages with a title and a chart each, since seconds depend on the machine. Several
servers over one store share the sessions, as behind a proxy.

Ends with exit code 1 if an aim is missed. Memory is flat if the line through its second half rises by at most 1 MiB per
minute, 1.4 GiB per day. Caches fill up for the first five minutes, so less than ten minutes say little.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from websockets.asyncio.client import ClientConnection

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import example_store
from benchmarks.report import Rows, options
from dashboard.common.page import ROOT
from tests.browser.conftest import free_port, start_server
from tests.helpers import streamlit_protocol

ACTIONS = (
    ("", "home_side=14"),
    ("Parameters", "parameters_side=96"),
    ("CAM", "cam_number={number}"),
    ("Inside", "inside_number={number}"),
    ("Build", "build_network=resnet50"),
    ("Runs", "runs_metric=loss"),
    ("Data", "data_draw={number}"),
    ("Parameters", "parameters_side=192&parameters_log=true"),
    ("Train", "train_epochs={number}"),
    ("Claims", "claims_position=true"),
    ("", "home_step=Look"),
    ("Build", "build_network=vgg16&build_head=Flatten"),
    ("CAM", "cam_number={number}&cam_sum=true"),
    ("Runs", "runs_sort=test&runs_columns=true"),
)
"""Pages and settings; the number differs each time."""
TOY, TOY_ACTIONS = Path(__file__).with_name("toy"), (("", ""), ("Other", ""))
NUMBERS = 500
PAUSE, SAMPLED, MINUTE = 1.0, 5.0, 60.0
"""Seconds."""
SETTLED = 0.5
"""Fraction of the time after which memory should be flat: the caches are full."""
P95, FLAT = 1.5, 1.0
"""Aims: seconds, and MiB per minute."""
ARRIVED, MOST = 30.0, 300.0
"""Seconds: the aim for everyone's first map, and the longest that anyone waits for anything."""


class Measured:
    """What all sessions measured."""

    def __init__(self, pages: Iterable[str]) -> None:
        self.seconds: dict[str, list[float]] = {page: [] for page in pages}
        self.errors: list[str] = []
        self.first: list[float] = []
        self.memory: list[tuple[float, float]] = []


async def request(opened: ClientConnection, page: str, query: str, measured: Measured) -> float:
    """The seconds until a page is complete."""
    began = time.monotonic()
    try:
        error = await asyncio.wait_for(streamlit_protocol.answered(opened, page, query), MOST)
    except TimeoutError:
        error = f"no answer in {MOST:.0f} s"
    if error:
        measured.errors.append(f"{page or 'Home'}: {error}")
    return time.monotonic() - began


async def arrival(url: str, number: int, measured: Measured) -> None:
    """One of the people who open a fresh server's maps at once."""
    async with streamlit_protocol.session(url) as opened:
        measured.first.append(await request(opened, "CAM", f"cam_number={number + 1}", measured))


async def session(
    url: str, actions: Sequence[tuple[str, str]], number: int, late: float, until: float, measured: Measured
) -> None:
    await asyncio.sleep(late)
    async with streamlit_protocol.session(url) as opened:
        for action in itertools.count(number):
            page, settings = actions[action % len(actions)]
            query = settings.format(number=1 + (31 * number + action) % NUMBERS)
            if time.monotonic() > until:
                return
            duration = await request(opened, page, query, measured)
            measured.seconds[page].append(duration)
            await asyncio.sleep(max(0.0, PAUSE - duration))


async def watch(servers: Sequence[psutil.Process], until: float, measured: Measured) -> None:
    """Sample the servers' memory, and print a line per minute."""
    began = reported = time.monotonic()
    while time.monotonic() < until:
        now = time.monotonic()
        mebibytes = sum(server.memory_info().rss for server in servers) / 2**20
        measured.memory.append((now - began, mebibytes))
        if now - reported >= MINUTE:
            reported, number = now, len(every_action(measured))
            print(f"{(now - began) / 60:.0f} min: {number:,} actions, {mebibytes:,.0f} MiB", flush=True)
        await asyncio.sleep(SAMPLED)


def measure(
    servers: Mapping[str, int], sessions: int, minutes: float, actions: Sequence[tuple[str, str]], arriving: bool
) -> Measured:
    """Let sessions act on servers, after all of them have opened the maps at once if `arriving`.

    Args:
        servers: process ids by address.
        sessions: the number of sessions, shared out over the servers.
        minutes: how long they act.
        actions: what each session does, in turns.
        arriving: whether all of them open the maps first.
    """
    measured = Measured(page for page, _ in actions)
    urls = [url for _, url in zip(range(sessions), itertools.cycle(servers), strict=False)]

    async def together() -> None:
        if arriving:
            await asyncio.gather(*(arrival(url, number, measured) for number, url in enumerate(urls)))
        until, step = time.monotonic() + 60 * minutes, PAUSE / sessions
        people = (session(url, actions, number, number * step, until, measured) for number, url in enumerate(urls))
        await asyncio.gather(watch([psutil.Process(pid) for pid in servers.values()], until, measured), *people)

    asyncio.run(together())
    return measured


def on_fresh_servers(root: Path, folder: Path, count: int, *arguments: Any) -> tuple[Measured, str]:
    """What `measure` returns for this many fresh servers, and their log."""
    servers, log = {}, folder.parent / f"{root.name}.log"
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            port = free_port()
            server = start_server(folder, port, log, root=root)
            stack.callback(server.wait, 15)
            stack.callback(server.terminate)
            servers[f"http://127.0.0.1:{port}"] = server.pid
        measured = measure(servers, *arguments)
    return measured, log.read_text()


def every_action(measured: Measured) -> list[float]:
    return list(itertools.chain(*measured.seconds.values()))


def add_rows(rows: Rows, measured: Measured, toy: Measured) -> bool:
    """Print all measurements beside their aims; returns whether one is missed."""
    missed = False

    def add(what: str, value: float, form: str, aim: float | None = None) -> None:
        nonlocal missed
        too_much = aim is not None and value > aim
        missed |= too_much
        rows.add(what, form.format(value), "–" if aim is None else "≤ " + form.format(aim), "missed" * too_much)

    actions = every_action(measured)
    times, memory = np.array(measured.memory).T
    late = times >= SETTLED * times[-1]
    slope = float(np.polyfit(times[late] / MINUTE, memory[late], 1)[0])
    add("maps on a fresh server: the last of all sessions", max(measured.first), "{:.1f} s", ARRIVED)
    add(f"{len(actions):,} actions: median", float(np.median(actions)), "{:.2f} s")
    add("p95", float(np.percentile(actions, 95)), "{:.2f} s", P95)
    add("p95 of the toy", float(np.percentile(every_action(toy), 95)), "{:.2f} s")
    for name, durations in measured.seconds.items():
        add(f"p95 of {name or 'Home'}", float(np.percentile(durations, 95)), "{:.2f} s")
    add("errors", len(measured.errors), "{:.0f}", 0)
    add(f"memory, {memory[late][0]:,.0f} to {memory[-1]:,.0f} MiB, per minute", slope, "{:+.1f} MiB", FLAT)
    return missed


def main() -> int:
    settings = options(__doc__, minutes=(10.0, 0.5), sessions=(20, 4), servers=(1, 1), runs=(100, 20)).parse_args()
    several = f" on {settings.servers} servers" * (settings.servers > 1)
    print(
        f"{settings.sessions} sessions{several}, one action per second each, {settings.minutes:g} minutes", flush=True
    )
    with tempfile.TemporaryDirectory() as name:
        folder = example_store.create(Path(name) / "saved_models", settings.runs).folder
        measured, log = on_fresh_servers(
            ROOT, folder, settings.servers, settings.sessions, settings.minutes, ACTIONS, True
        )
        toy_minutes = min(1.0, settings.minutes)
        toy, _ = on_fresh_servers(TOY, folder, settings.servers, settings.sessions, toy_minutes, TOY_ACTIONS, False)
    missed = add_rows(Rows("what", "measured", "aim", ""), measured, toy)
    for error in sorted(set(measured.errors))[:5]:
        print(error)
    if measured.errors:
        print(log)
    return int(missed and not settings.short)


if __name__ == "__main__":
    sys.exit(main())
