"""The process that sends a store's queued runs to a cluster, and writes into the store what the workers report.

python -m tfpool.training.cluster.driver STORE ADDRESS

It may be killed at any time: tasks go on without it, and the next driver finds them on the cluster by their keys.
"""

from __future__ import annotations

import json
import logging
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping
from concurrent.futures import CancelledError
from contextlib import suppress
from pathlib import Path
from queue import Empty, Queue
from threading import Event
from typing import TYPE_CHECKING, Any

from tfpool.system.process import Process
from tfpool.tracking.lease import HEARTBEAT, Lease, LeaseLost
from tfpool.tracking.run import Run
from tfpool.tracking.run_data import description_text, load_data
from tfpool.tracking.store import RunStore
from tfpool.training.cluster import data_cache, task
from tfpool.training.cluster.connection import connect
from tfpool.training.cluster.parcel import Mail, finished_files, mail, pack, unpack, variable

if TYPE_CHECKING:
    from distributed import Client, Future

_PAUSE = 0.5
_MIN_PAUSE = 0.05
"""Seconds between two looks at the store: at most, and at least while events come in."""
_RETRIES = 2
"""How often Dask repeats a task whose training process died."""
_RECONNECT_SECONDS = 600.0
"""How long a driver waits for a scheduler that is gone, before it gives its runs up."""
_LINGER_SECONDS = 5.0
"""How long a driver without runs stays, since a stopped run may be resumed at once."""


def main(folder: str, address: str) -> None:
    store, me = RunStore(folder), Process.of()
    leases: dict[str, Lease] = {}
    try:
        last_contact = time.monotonic()
        while time.monotonic() - last_contact < _RECONNECT_SECONDS:
            try:
                with connect(address) as client:
                    # Dask logs each connection that is lost, which is no error here.
                    logging.getLogger("distributed").setLevel(logging.CRITICAL)
                    driver = _Driver(store, address, client, me, leases)
                    try:
                        if driver.run():
                            return
                    finally:
                        last_contact = time.monotonic()
            except (ValueError, OSError) as error:
                # Dask's errors about lost connections and time are OSErrors.
                print(f"tfpool: {error}", file=sys.stderr)
                last_error = str(error)
                time.sleep(_PAUSE)
        for lease in leases.values():
            with suppress(LeaseLost):
                lease.end("interrupted", error=last_error)
        _give_up(store, address, me, last_error)
    finally:
        with store.roster() as roster:
            roster.remove(me.pid)


def _give_up(store: RunStore, address: str, me: Process, reason: str) -> None:
    """Interrupt the runs of a cluster that cannot be reached, so that they can be resumed elsewhere."""
    for run in store.runs():
        if run.executor == address and (lease := store.claim_for(me, run.id, "")):
            lease.end("interrupted", error=reason)


class _Driver:
    """Runs on a cluster, as long as the connection holds. Leases are kept from one connection to the next."""

    def __init__(self, store: RunStore, address: str, client: Client, me: Process, leases: dict[str, Lease]) -> None:
        self._store, self._address, self._client, self._me = store, address, client, me
        self._topic = f"tfpool-{store.id}"
        self._events: Queue[dict[str, Any]] = Queue()
        self._has_news = Event()
        self._futures: dict[str, Future] = {}
        self._leases = leases
        self._controls: dict[str, dict[str, Any]] = {}
        self._renewed = time.monotonic()
        client.subscribe_topic(self._topic, self._hear)

    def _hear(self, event: tuple[float, dict[str, Any]]) -> None:
        self._events.put(event[1])
        self._has_news.set()

    def run(self) -> bool:
        """Drive the runs until none is left, and return True; False if the scheduler is gone."""
        self._adopt()
        idle_since = time.monotonic()
        while self._client.status == "running" and not self._is_forgotten():
            runs = {run.id: run for run in self._store.runs() if run.executor == self._address}
            self._send_queued(runs)
            self._take_events(runs)
            self._pass_on_stops(runs)
            self._take_results(runs)
            self._renew()
            if self._futures:
                idle_since = time.monotonic()
            elif time.monotonic() - idle_since > _LINGER_SECONDS:
                return True
            time.sleep(_MIN_PAUSE)
            self._has_news.wait(_PAUSE)
            self._has_news.clear()
        return False

    def _adopt(self) -> None:
        """Go on with the tasks that an earlier driver left on the cluster; end those that nobody wants."""
        wanted = {self._key(run): run for run in self._store.runs() if run.executor == self._address}
        for key in self._client.list_datasets():
            if isinstance(key, str) and key.startswith(f"{self._topic}-"):
                run = wanted.get(key)
                if run and (run.state in ("queued", "interrupted") or run.id in self._leases):
                    self._follow(run.id, self._client.get_dataset(key))
                else:
                    self._forget(key)

    def _follow(self, run_id: str, future: Future) -> None:
        self._futures[run_id] = future
        future.add_done_callback(lambda _: self._has_news.set())

    def _is_forgotten(self) -> bool:
        """Whether the scheduler was started anew, and knows neither the tasks nor who listens to their events."""
        return any(future.status in ("lost", "cancelled") for future in self._futures.values())

    def _send_queued(self, runs: Mapping[str, Run]) -> None:
        for run in reversed(list(runs.values())):
            if run.id in self._futures:
                continue
            # A running run without a task is one whose driver or scheduler was started anew.
            is_left = run.id in self._leases or (run.state == "interrupted" and self._store.is_left(run.id))
            if run.state == "queued" or is_left:
                try:
                    self._submit(run)
                except ValueError as error:
                    if lease := self._lease(run, ""):
                        lease.end("failed", error=str(error))
                        self._drop(run.id)

    def _submit(self, run: Run) -> None:
        fingerprint = load_data(run).fingerprint
        key = self._key(run)
        job = task.Job(key, self._topic, run.id, run.spec, fingerprint, run.artifacts)
        future = self._client.submit(task.train, job, key=key, pure=False, retries=_RETRIES)
        # Published futures outlive this client.
        self._client.publish_dataset(future, name=key, override=True)
        self._follow(run.id, future)
        # No attempt has been accepted: asking the scheduler would wait for one.
        self._controls.setdefault(run.id, {})

    def _take_events(self, runs: Mapping[str, Run]) -> None:
        while True:
            try:
                event = self._events.get_nowait()
            except Empty:
                return
            run = runs.get(event["run"])
            if run is None or run.id not in self._futures or event["key"] != self._key(run):
                continue
            with suppress(LeaseLost):
                if event["kind"] == "started":
                    self._accept(run, event)
                elif event["attempt"] == self._attempt(run):
                    self._take(run, event)

    def _accept(self, run: Run, event: Mapping[str, Any]) -> None:
        """Let the newest attempt at a run begin, from where the run stands."""
        if event["attempt"] == self._attempt(run):
            return
        lease = self._leases.get(run.id) or self._store.claim_for(self._me, run.id, event["host"])
        if lease is None:
            return
        self._leases[run.id] = lease
        lease.move_to(event["host"])
        lease.enter("loading TensorFlow")
        post, name, data_name = self._mail(run), f"{self._key(run)}-{event['attempt']}-start", ""
        facts = {"began": run.began, "epochs": task.epochs_of(lease.history)}
        post.put(name, pack(facts, run.path, finished_files(run.path)))
        if not event["has_data"]:
            data_name = f"{self._topic}-data-{event['attempt']}"
            post.put(data_name, data_cache.packed(run.spec["data"]))
        self._control(run, attempt=event["attempt"], parcel=name, data=data_name, stop=False)

    def _take(self, run: Run, event: Mapping[str, Any]) -> None:
        """Write what a worker reports into the store."""
        if not (lease := self._lease(run, event["host"])):
            return
        # The attempt has what it was sent.
        for name in ("parcel", "data"):
            if sent := self._controls[run.id].pop(name, ""):
                self._mail(run).remove(sent)
        if event["kind"] == "files":
            with suppress(OSError, RuntimeError, CancelledError):
                self._receive(run, lease, event["parcel"])
        else:
            self._record(lease, event)

    def _record(self, lease: Lease, facts: Mapping[str, Any]) -> None:
        if facts["began"]:
            lease.begin({**facts["began"], "data": lease.run.spec["data"]})
        known = task.epochs_of(lease.history)
        for epoch, metrics in enumerate(facts["epochs"]):
            if known[epoch : epoch + 1] != [metrics]:
                lease.record(epoch, metrics)
        lease.report(**facts["progress"])

    def _receive(self, run: Run, lease: Lease, name: str) -> None:
        """Put the files of a parcel into the run's folder."""
        post = self._mail(run)
        run.path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=run.path, prefix=".receiving-") as temporary:
            unpack(post.get(name, HEARTBEAT), Path(temporary))
            _name_data(Path(temporary) / run.metadata_path.name, run.spec["data"])
            with lease.holding():
                for path in Path(temporary).rglob("*"):
                    if path.is_file():
                        target = run.path / path.relative_to(temporary)
                        target.parent.mkdir(parents=True, exist_ok=True)
                        path.replace(target)
        post.remove(name)

    def _pass_on_stops(self, runs: Mapping[str, Run]) -> None:
        for run_id in list(self._futures):
            run = runs.get(run_id)
            is_other = run is not None and self._futures[run_id].key != self._key(run)
            has_ended = run is not None and run.state in ("done", "stopped", "failed") and run_id not in self._leases
            if run is None or is_other or has_ended:
                self._drop(run_id)
            elif run.stopping and not self._controls.get(run_id, {}).get("stop", True):
                self._control(run, **{**self._controls[run_id], "stop": True})

    def _take_results(self, runs: Mapping[str, Run]) -> None:
        for run_id, future in list(self._futures.items()):
            if future.status in ("finished", "error"):
                with suppress(LeaseLost):
                    self._finish(runs[run_id], future)
                self._drop(run_id)

    def _finish(self, run: Run, future: Future) -> None:
        if not (lease := self._lease(run, "")):
            return
        if error := future.exception():
            # Workers that died are no fault of the run, which can be resumed.
            state = "failed" if isinstance(error, ValueError) else "interrupted"
            lease.end(state, error=f"{type(error).__name__}: {error}")
            return
        end = future.result()
        if end["state"] == "superseded":
            lease.end("interrupted", error="Another attempt at the run began.")
            return
        self._record(lease, end)
        try:
            self._receive(run, lease, end["parcel"])
        except (OSError, RuntimeError, CancelledError) as error:
            lease.end("interrupted", error=f"The model was lost with the worker that trained it: {error}")
            return
        if end["state"] == "done":
            run.checkpoint_path.unlink(missing_ok=True)
        lease.end(end["state"], error=end["error"], result=end["result"])

    def _lease(self, run: Run, host: str) -> Lease | None:
        """This driver's hold on a run, which it may take over from a driver that is gone."""
        if run.id not in self._leases and (lease := self._store.claim_for(self._me, run.id, host)):
            self._leases[run.id] = lease
        return self._leases.get(run.id)

    def _renew(self) -> None:
        if time.monotonic() - self._renewed > HEARTBEAT:
            self._renewed = time.monotonic()
            for run_id, lease in list(self._leases.items()):
                try:
                    lease.renew()
                except LeaseLost:
                    self._drop(run_id)

    def _attempt(self, run: Run) -> str | None:
        """The attempt at a run that counts."""
        if run.id not in self._controls:
            with suppress(TimeoutError):
                self._controls[run.id] = variable(self._client, self._key(run)).get(timeout=_PAUSE)
        return self._controls.get(run.id, {}).get("attempt")

    def _control(self, run: Run, **values: Any) -> None:
        self._controls[run.id] = values
        variable(self._client, self._key(run)).set(values)

    def _drop(self, run_id: str) -> None:
        """Have nothing more to do with a run's task."""
        future = self._futures.pop(run_id, None)
        self._leases.pop(run_id, None)
        self._controls.pop(run_id, None)
        if future is not None:
            self._forget(str(future.key))

    def _forget(self, key: str) -> None:
        """End a task, if it still runs, and remove all traces of it from the cluster."""
        with suppress(KeyError):
            future = self._client.get_dataset(key)
            variable(self._client, key).set({"attempt": ""})
            self._client.unpublish_dataset(key)
            if not future.done():
                future.cancel()

    def _key(self, run: Run) -> str:
        return f"{self._topic}-{run.id}-{run.resumes}"

    def _mail(self, run: Run) -> Mail:
        return mail(run.artifacts, lambda: self._client)


def _name_data(description: Path, location: str) -> None:
    """Name the data set in run.json as this machine does: a worker has its own copy in another folder."""
    if description.exists():
        facts = json.loads(description.read_text(encoding="utf-8"))
        description.write_text(description_text({**facts, "data": location}), encoding="utf-8")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Exception:
        traceback.print_exc()
        raise SystemExit(1) from None
