"""What a Dask worker does for a run: a process of its own trains the run, and what that process writes is passed on.

The driver answers through Dask variables, since only it knows whether this attempt is the one that counts.
"""

from __future__ import annotations

import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfpool._version import __version__
from tfpool.system.process import Process, end
from tfpool.system.spawn import command, spawn
from tfpool.tracking.database import METRICS
from tfpool.tracking.run import Run
from tfpool.tracking.store import RunStore
from tfpool.training.cluster import data_cache
from tfpool.training.cluster.parcel import Mail, finished_files, mail, pack, unpack, variable
from tfpool.training.recipe import TRAINING_VERSION

TRAINING_PROCESS = "tfpool.training.cluster.training_process"
_PAUSE = 1.0
_OF_DASK = ("MALLOC_TRIM_THRESHOLD_",)
"""Dask sets it for its workers: memory goes back to the system after each training step, which takes half of the time.

`benchmarks/cluster.py` on two cores: an efficiency of 0.57 with it and 0.91 without.
"""
_KNOCK_SECONDS = 5.0
"""Time between two announcements of an attempt that the driver has not answered."""
_PATIENCE = 600.0
"""Seconds after which an attempt without a driver gives its place on the worker to another run."""
_FILES_SECONDS = 10.0
_FILES_PAUSE = 20
"""Time between two parcels of files, at least, as a multiple of the time to send one."""


@dataclass(frozen=True)
class Job:
    """A run as plain data. `key` names it on the cluster, and `topic` is that of its store's events."""

    key: str
    topic: str
    run_id: str
    spec: dict[str, Any]
    fingerprint: str
    artifacts: str | None
    version: str = __version__
    training_version: int = TRAINING_VERSION


class Superseded(Exception):
    """Another attempt at the run counts, or the run was deleted."""


def train(job: Job) -> dict[str, Any]:
    """Train a run in a process of its own; returns its end: state, error, result, history, progress, parcel.

    Raises:
        ValueError: if this worker has another tfpool than the driver.
        RuntimeError: if the process died, or no driver answers.
    """
    ours = (__version__, TRAINING_VERSION)
    if (job.version, job.training_version) != ours:
        raise ValueError(
            f"The worker on {socket.gethostname()} has tfpool {__version__}, the driver {job.version}. "
            "Install the same version on all machines."
        )
    folder = Path(tempfile.mkdtemp(prefix="tfpool-run-"))
    try:
        return _Attempt(job, folder).train()
    except Superseded:
        return {"state": "superseded"}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _Attempt:
    """One try at a run on this worker."""

    def __init__(self, job: Job, folder: Path) -> None:
        from distributed import get_client, get_worker

        self.job, self.id, self.store = job, secrets.token_hex(8), RunStore(folder)
        self._worker, self._client = get_worker(), get_client()
        self._mail: Mail = mail(job.artifacts, lambda: self._client)
        self._parcels = 0
        self._sent: dict[Path, int] = {}
        self._files_sent = time.monotonic()
        self._files_pause = _FILES_SECONDS
        self._told: tuple[Any, ...] = ()

    def train(self) -> dict[str, Any]:
        self._prepare(self._answer())
        with (self.store.folder / "process.log").open("wb") as log:
            training = command(TRAINING_PROCESS, str(self.store.folder))
            child = spawn(training, stdin=subprocess.PIPE, stdout=log, stderr=log, without=_OF_DASK)
            try:
                while not _has_ended(child, _PAUSE):
                    self._pass_on()
            finally:
                end(child, patience=0.0)
        run = self.store.get(self.job.run_id)
        if run.state not in ("done", "stopped", "failed"):
            words = (self.store.folder / "process.log").read_text(errors="replace").strip().splitlines()
            raise RuntimeError(f"The process that trained {run.id} died. {words[-1] if words else ''}")
        name = self._send(run, all_files=True)
        return {**_facts(run), "state": run.state, "error": run.error, "result": run.result, "parcel": name}

    def _answer(self) -> dict[str, Any]:
        """Announce this attempt until the driver accepts it, and return what the driver sends."""
        has_data = data_cache.location(self.job.spec["data"], self.job.fingerprint) is not None
        began, knocked = time.monotonic(), -_KNOCK_SECONDS
        while time.monotonic() - began < _PATIENCE:
            if time.monotonic() - knocked > _KNOCK_SECONDS:
                self._tell("started", has_data=has_data)
                knocked = time.monotonic()
            control = self._control()
            if control.get("attempt") == self.id:
                parcel = self._mail.get(control["parcel"], _PATIENCE)
                facts = unpack(parcel, self.store.folder / self.job.run_id)
                if control["data"]:
                    data_cache.store(self._mail.get(control["data"], _PATIENCE), self.job.fingerprint)
                return facts
            if control:
                # To another attempt. Without an answer, the time has passed already.
                time.sleep(_PAUSE)
        raise RuntimeError(f"No driver answered for {self.job.run_id}. Start the sweep again.")

    def _prepare(self, facts: dict[str, Any]) -> None:
        """Put the run into this attempt's own store, as far as it was trained before."""
        location = data_cache.location(self.job.spec["data"], self.job.fingerprint)
        self.store.add({**self.job.spec, "data": location}, run_id=self.job.run_id)
        if facts["began"] or facts["epochs"]:
            lease = self.store.claim(Process.of())
            assert lease
            if facts["began"]:
                lease.begin(facts["began"])
            for epoch, metrics in enumerate(facts["epochs"]):
                lease.record(epoch, metrics)
            lease.end("interrupted")
            self.store.resume(self.job.run_id)

    def _pass_on(self) -> None:
        """Tell the driver what is new, and do what it asks for."""
        run = self.store.get(self.job.run_id)
        told = (run.progress, len(run.history["loss"]), run.began)
        is_new_epoch = bool(self._told) and told[1] != self._told[1]
        if told != self._told:
            self._tell("progress", **_facts(run))
            self._told = told
        if is_new_epoch or time.monotonic() - self._files_sent > self._files_pause:
            self._send(run)
        control = self._control()
        if control and control["attempt"] != self.id:
            raise Superseded
        if control.get("stop") and not run.stopping:
            self.store.request_stop(self.job.run_id)

    def _send(self, run: Run, all_files: bool = False) -> str | None:
        """Send the files that were written since the last time, and return the parcel's name."""
        began = time.monotonic()
        written = {path: path.stat().st_mtime_ns for path in finished_files(run.path)}
        changed = [path for path, when in written.items() if all_files or self._sent.get(path) != when]
        self._files_sent = began
        if not changed:
            return None
        self._parcels += 1
        name = f"{self.job.key}-{self.id}-{self._parcels}"
        self._mail.put(name, pack(_facts(run), run.path, changed))
        self._sent = written
        if not all_files:
            self._tell("files", parcel=name)
        self._files_pause = max(_FILES_SECONDS, _FILES_PAUSE * (time.monotonic() - began))
        return name

    def _control(self) -> dict[str, Any]:
        """What the driver last said about this run; nothing if it has not, or the scheduler is too busy to answer."""
        try:
            return variable(self._client, self.job.key).get(timeout=_PAUSE)
        except TimeoutError:
            return {}

    def _tell(self, kind: str, **facts: Any) -> None:
        about = {"kind": kind, "run": self.job.run_id, "key": self.job.key, "attempt": self.id}
        self._worker.log_event(self.job.topic, {**about, "host": socket.gethostname(), **facts})


def _has_ended(child: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether a child ends within so many seconds."""
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def _facts(run: Run) -> dict[str, Any]:
    return {"progress": run.progress, "epochs": epochs_of(run.history), "began": run.began}


def epochs_of(history: dict[str, list[float]]) -> list[dict[str, float]]:
    """The metrics of each epoch, from one list per metric."""
    return [dict(zip(METRICS, values, strict=True)) for values in zip(*history.values(), strict=True)]
