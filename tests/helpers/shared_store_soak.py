"""One store that two dashboards look at, one in a PID namespace of its own, while this machine and a cluster train.

No run may be interrupted, doubled or lost by looking.

python -m tests.helpers.shared_store_soak --runs 20 --epochs 20
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

from tests.browser.conftest import CHROMIUM, FLAGS, free_port, start_server
from tests.helpers.dask_cluster import Cluster
from tests.helpers.soak import PLANS, RECIPE, whole_runs
from tfpool.tracking.store import RunStore
from tfpool.training.cluster.connection import HERE, place_on
from tfpool.training.launcher import launch
from tfpool.training.queue import enqueue

MOST_SECONDS = 3600
# In it, each process has another number than outside.
_NAMESPACE = """
import os, sys
isolated = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc", "--kill-child"]
os.execvp("unshare", [*isolated, sys.executable, "-m", "streamlit", "run", "app.py", *sys.argv[1:]])
"""


def soak(folder: Path, runs: int, epochs: int, data: str = "fashion_mnist") -> float:
    """Train that many runs, half of them on a cluster, and return how many seconds that took.

    Raises:
        AssertionError: if a run was interrupted, failed, lost or doubled.
    """
    store, recipe = RunStore(folder / "saved_models"), replace(RECIPE, epochs=epochs)
    with ExitStack() as resources:
        cluster = Cluster(folder, workers=1)
        resources.callback(cluster.stop)
        queued: list[str] = []
        places = (HERE, place_on(cluster.address))
        for number in range(runs):
            plan = PLANS[number % len(PLANS)]
            queued += enqueue([plan], data, replace(recipe, seed=number), store, place=places[number % 2])
        pages = []
        for number, script in enumerate((("-m", "streamlit", "run", "app.py"), ("-c", _NAMESPACE))):
            port = free_port()
            log = folder / f"dashboard-{number}.log"
            server = start_server(store.folder, port, log, "off", script=script)
            resources.callback(server.wait)
            resources.callback(server.kill)
            shown = urlencode([("runs", run_id) for run_id in queued])
            pages += [f"http://127.0.0.1:{port}/Train?{shown}", f"http://127.0.0.1:{port}/Runs"]
        profile = resources.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        options = ["--headless", "--remote-debugging-port=0", f"--user-data-dir={profile}", *FLAGS]
        browser = subprocess.Popen([CHROMIUM, *options, *pages], stderr=subprocess.DEVNULL)
        resources.callback(browser.wait)
        resources.callback(browser.kill)
        began = time.monotonic()
        while not all(run.state == "done" for run in store.runs()):
            states = {run.id: run.state for run in store.runs()}
            assert set(states.values()) <= {"queued", "running", "done"}, states
            assert time.monotonic() - began < MOST_SECONDS, f"stuck: {states}"
            launch(store)
            time.sleep(0.5)
    whole = whole_runs(store, queued, epochs)
    assert not any(run.resumes for run in whole)
    return time.monotonic() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=20)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        seconds = soak(Path(folder), args.runs, args.epochs)
    print(f"{args.runs} runs are whole after {seconds / 60:.1f} minutes.")


if __name__ == "__main__":
    main()
