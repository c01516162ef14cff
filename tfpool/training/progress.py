"""Progress of runs in a terminal: bars with the time left, or one line per epoch if the output is no terminal."""

from __future__ import annotations

import time
from collections.abc import Sequence

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from tfpool.system.format import clock
from tfpool.tracking.store import ENDED, Run, RunStore
from tfpool.training.launcher import launch

_PAUSE = 0.3


def watch(store: RunStore, run_ids: Sequence[str]) -> list[Run]:
    """Wait until the runs have ended and return them. Ctrl-C stops the runs, then waits for their end."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[state]}"))
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        tasks = {run_id: bars.add_task(run_id, total=1.0, state="queued") for run_id in run_ids}
        printed_epochs = dict.fromkeys(run_ids, 0)
        while True:
            try:
                launch(store)
                runs = [run for run in reversed(store.runs()) if run.id in tasks]
                for run in runs:
                    bars.update(tasks[run.id], completed=run.fraction_done, state=run.status)
                    if not console.is_terminal:
                        printed_epochs[run.id] = _print_epochs(console, run, printed_epochs[run.id])
                if all(run.state in ENDED for run in runs):
                    return runs
                time.sleep(_PAUSE)
            except KeyboardInterrupt:
                for run_id in run_ids:
                    store.request_stop(run_id)


def _print_epochs(console: Console, run: Run, first: int) -> int:
    """Print the epochs from number `first` on and return the number of finished epochs."""
    epochs = len(run.history["loss"])
    for epoch in range(first, epochs):
        values = {name: run.history[name][epoch] for name in ("loss", "accuracy", "val_accuracy")}
        left = f"  {clock(run.seconds_left)} left" if run.seconds_left is not None else ""
        console.print(
            f"{run.id}  epoch {epoch + 1}/{run.epochs}  loss {values['loss']:.4f}  accuracy {values['accuracy']:.1%}  "
            f"validation {values['val_accuracy']:.1%}{left}",
            soft_wrap=True,
            highlight=False,
        )
    return epochs
