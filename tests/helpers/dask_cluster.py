"""A Dask scheduler with workers, as processes on this machine's loopback address."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
from distributed import Client

from tests.helpers.processes import ROOT

# Python runs this module in each process of the cluster. While the file is there, a training that is about to put a new
# checkpoint in its place takes its Dask worker with it.
_SITECUSTOMIZE = """
import os, pathlib, signal, sys
KILL = pathlib.Path(__file__).with_name("kill_while_saving")
def audit(event, arguments):
    if event == "os.rename" and str(arguments[1]).endswith("state.npz") and KILL.exists():
        KILL.unlink()
        os.kill(os.getppid(), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(audit)
"""
_DASK = str(Path(sys.executable).with_name("dask"))


class Cluster:
    """`workers` are processes of `dask worker`, each with a nanny that restarts its worker."""

    def __init__(self, folder: Path, workers: int = 2) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        self._folder, self._count = folder, workers
        self.kill_while_saving = folder / "kill_while_saving"
        """Make this file, and the next process that saves a checkpoint is killed, and its worker."""
        (folder / "sitecustomize.py").write_text(_SITECUSTOMIZE)
        self.start()

    def start(self) -> None:
        """Start the scheduler and the workers."""
        port = self.address.rpartition(":")[2]
        self.scheduler = self._spawn("scheduler", "--port", port)
        self.workers = [
            self._spawn("worker", self.address, "--nthreads", "1", "--nworkers", "1") for _ in range(self._count)
        ]
        with Client(self.address, timeout=60, set_as_default=False) as client:
            client.wait_for_workers(self._count, timeout=120)

    def restart(self) -> None:
        """Kill the scheduler and its workers, and start new ones at the same address."""
        self.stop(signal.SIGKILL)
        self.start()

    def kill_worker_of(self, process: psutil.Process) -> None:
        """Kill the Dask worker that started a process."""
        process.parent().kill()

    def stop(self, sign: int = signal.SIGTERM) -> None:
        for process in (self.scheduler, *self.workers):
            members = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
            for member in members if sign == signal.SIGKILL else members[:1]:
                member.send_signal(sign)
            process.wait(30)

    def training_processes(self, run_id: str = "") -> list[psutil.Process]:
        """The processes that train runs for the workers."""
        found = []
        for worker in self.workers:
            for process in psutil.Process(worker.pid).children(recursive=True):
                try:
                    if "tfpool.training.cluster.training_process" in process.cmdline():
                        found.append(process)
                except psutil.NoSuchProcess:
                    continue
        return found

    def _spawn(self, *arguments: str) -> subprocess.Popen[bytes]:
        python_path = os.pathsep.join((str(self._folder), str(ROOT)))
        temporary = str(self._folder)
        environment = {**os.environ, "PYTHONPATH": python_path, "TF_CPP_MIN_LOG_LEVEL": "3", "TMPDIR": temporary}
        with (self._folder / "dask.log").open("ab") as log:
            return subprocess.Popen(
                [_DASK, *arguments, "--host", "127.0.0.1", "--no-dashboard"],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                start_new_session=True,
            )


def wait_for(condition: Callable[[], object], states: Callable[[], str] = str, seconds: float = 900) -> None:
    """Wait until a condition holds. `states` says how things stand if that takes too long."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, f"stuck: {states()}"
        time.sleep(0.1)
