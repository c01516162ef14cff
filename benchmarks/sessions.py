"""How the dashboard answers twenty people at once, one action a second each, and what its memory does meanwhile.

    python benchmarks/sessions.py [--minutes 10] [--sessions 20] [--servers 1]

No browsers: twenty would measure themselves. Each session speaks Streamlit's own protocol over a websocket, opens a
page with other settings every second, and waits until its script has ended. The store has a hundred finished runs.
Before that all of them open the maps at once on the fresh server, as a class does; and at the end as many do the same
for a minute on a toy, two pages with a title and a chart each: seconds depend on the machine. With several servers over
one store each has its share of the sessions, as behind a proxy.

Ends with exit code 1 where an aim is missed. Memory is flat if the line through its second half rises by at most 1 MiB
a minute: by 1.4 GiB a day. Until then caches fill up, for some five minutes: a shorter run than of ten tells less.
"""

from __future__ import annotations

import argparse
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

from benchmarks.filled import filled
from dashboard.common.page import ROOT
from tests.browser.conftest import free_port, start_server
from tests.helpers import streamlit_protocol
from tfpool.system.format import table

ACTIONS = (
    ("", "home_side=14"),
    ("Parameters", "parameters_side=96"),
    ("CAM", "cam_number={number}"),
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
"""Pages and settings; the number is another one each time."""
TOY, TOY_ACTIONS = Path(__file__).with_name("toy"), (("", ""), ("Other", ""))
RUNS, NUMBERS = 100, 500
PAUSE = 1.0
SAMPLED = 5.0
SETTLED = 0.5
"""Share of the time after which memory is expected to be flat: caches are full then."""
P95, FLAT = 1.5, 1.0
"""Seconds, and mebibytes a minute."""
ARRIVED, MOST = 30.0, 300.0
"""Seconds until everyone has a first map, and after which nobody waits any longer."""


class Measured:
    """What all sessions saw."""

    def __init__(self, pages: Iterable[str]) -> None:
        self.seconds: dict[str, list[float]] = {page: [] for page in pages}
        self.errors: list[str] = []
        self.first: list[float] = []
        self.memory: list[tuple[float, float]] = []


async def asked(opened: ClientConnection, page: str, query: str, measured: Measured) -> float:
    """The seconds until a page stands."""
    began = time.monotonic()
    try:
        error = await asyncio.wait_for(streamlit_protocol.answered(opened, page, query), MOST)
    except TimeoutError:
        error = f"no answer in {MOST:.0f} s"
    if error:
        measured.errors.append(f"{page or 'Home'}: {error}")
    return time.monotonic() - began


async def arrival(url: str, number: int, measured: Measured) -> None:
    """One of those who come to a fresh server for its maps."""
    async with streamlit_protocol.session(url) as opened:
        measured.first.append(await asked(opened, "CAM", f"cam_number={number + 1}", measured))


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
            taken = await asked(opened, page, query, measured)
            measured.seconds[page].append(taken)
            await asyncio.sleep(max(0.0, PAUSE - taken))


async def watched(servers: Sequence[psutil.Process], until: float, measured: Measured) -> None:
    began = time.monotonic()
    while time.monotonic() < until:
        held = sum(server.memory_info().rss for server in servers)
        measured.memory.append((time.monotonic() - began, held / 2**20))
        await asyncio.sleep(SAMPLED)


def measure(
    servers: Mapping[str, int], sessions: int, minutes: float, actions: Sequence[tuple[str, str]], arriving: bool
) -> Measured:
    """Let sessions act on servers for so long, once all have come to them for their maps where they do.

    Args:
        servers: the process of each, by its address.
        sessions: how many, one server after the other.
        minutes: how long.
        actions: what they do, by turns.
        arriving: whether they come for the maps first.
    """
    measured = Measured(page for page, _ in actions)
    urls = [url for _, url in zip(range(sessions), itertools.cycle(servers), strict=False)]

    async def together() -> None:
        if arriving:
            await asyncio.gather(*(arrival(url, number, measured) for number, url in enumerate(urls)))
        until, step = time.monotonic() + 60 * minutes, PAUSE / sessions
        people = (session(url, actions, number, number * step, until, measured) for number, url in enumerate(urls))
        await asyncio.gather(watched([psutil.Process(pid) for pid in servers.values()], until, measured), *people)

    asyncio.run(together())
    return measured


def served(root: Path, folder: Path, count: int, *rest: Any) -> tuple[Measured, str]:
    """What `measure` saw of so many fresh servers, and what they said."""
    servers, log = {}, folder.parent / f"{root.name}.log"
    with contextlib.ExitStack() as started:
        for _ in range(count):
            port = free_port()
            server = start_server(folder, port, log, root=root)
            started.callback(server.wait, 15)
            started.callback(server.terminate)
            servers[f"http://127.0.0.1:{port}"] = server.pid
        measured = measure(servers, *rest)
    return measured, log.read_text()


def of_all(measured: Measured) -> list[float]:
    return list(itertools.chain(*measured.seconds.values()))


def rows(measured: Measured, toy: Measured) -> list[tuple[str, str, str, str]]:
    """What was measured beside what is asked of it, and whether that is missed."""
    every = of_all(measured)
    middle, most = np.percentile(every, [50, 95])
    times, memory = np.array(measured.memory).T
    late = times >= SETTLED * times[-1]
    slope = np.polyfit(times[late] / 60, memory[late], 1)[0]
    grown = f"memory, {memory[late][0]:,.0f} to {memory[-1]:,.0f} MiB, a minute"
    last = max(measured.first)
    return [
        (
            "maps on a fresh server: the last of all",
            f"{last:.1f} s",
            f"≤ {ARRIVED:g} s",
            "missed" * bool(last > ARRIVED),
        ),
        (f"{len(every):,} actions: median", f"{middle:.2f} s", "–", ""),
        ("p95", f"{most:.2f} s", f"≤ {P95:g} s", "missed" * bool(most > P95)),
        ("p95 of the toy", f"{np.percentile(of_all(toy), 95):.2f} s", "–", ""),
        *(
            (f"p95 of {name or 'Home'}", f"{np.percentile(page, 95):.2f} s", "–", "")
            for name, page in measured.seconds.items()
        ),
        ("errors", f"{len(measured.errors)}", "0", "missed" * bool(measured.errors)),
        (grown, f"{slope:+.1f} MiB", f"≤ {FLAT:g} MiB", "missed" * bool(slope > FLAT)),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--servers", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = filled(Path(folder) / "saved_models", RUNS)
        measured, told = served(ROOT, store.folder, options.servers, options.sessions, options.minutes, ACTIONS, True)
        toy, _ = served(TOY, store.folder, options.servers, options.sessions, 1.0, TOY_ACTIONS, False)
    several = f" on {options.servers} servers" * (options.servers > 1)
    print(f"{options.sessions} sessions{several}, one action a second each, for {options.minutes:g} minutes")
    answers = rows(measured, toy)
    print(table(("what", "measured", "aim", ""), answers, right=(1, 2)))
    for error in sorted(set(measured.errors))[:5]:
        print(error)
    if measured.errors:
        print(told)
    return int(any(missed for *_, missed in answers))


if __name__ == "__main__":
    sys.exit(main())
