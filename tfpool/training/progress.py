"""Progress of runs: bars in a terminal or a notebook, or one line per epoch if the output is neither."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from html import escape

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from tfpool.system.format import clock
from tfpool.system.notebook import is_notebook
from tfpool.tracking.store import ENDED, Run, RunStore
from tfpool.training.launcher import launch

_PAUSE = 0.3
_Report = Callable[[Sequence[Run]], None]


def watch(store: RunStore, run_ids: Sequence[str]) -> list[Run]:
    """Wait until the runs have ended and return them. Ctrl-C stops the runs, then waits for their end."""
    with _reporter(run_ids) as report:
        while True:
            try:
                launch(store)
                runs = [run for run in reversed(store.runs()) if run.id in run_ids]
                report(runs)
                if all(run.state in ENDED for run in runs):
                    return runs
                time.sleep(_PAUSE)
            except KeyboardInterrupt:
                for run_id in run_ids:
                    store.request_stop(run_id)


@contextmanager
def _reporter(run_ids: Sequence[str]) -> Iterator[_Report]:
    console = Console(stderr=True, force_jupyter=False)
    if is_notebook():
        yield _notebook_bars()
    elif console.is_terminal:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[state]}"),
        )
        with Progress(*columns, console=console) as bars:
            tasks = {run_id: bars.add_task(run_id, total=1.0, state="queued") for run_id in run_ids}

            def update(runs: Sequence[Run]) -> None:
                for run in runs:
                    bars.update(tasks[run.id], completed=run.fraction_done, state=run.status)

            yield update
    else:
        yield _epoch_lines(console)


def _notebook_bars() -> _Report:
    """Bars below the cell. They need no widgets, which not every notebook has."""
    from IPython.display import HTML, display

    shown = display(HTML(""), display_id=True)

    def update(runs: Sequence[Run]) -> None:
        lines = (
            f'{escape(run.id)} <progress value="{run.fraction_done:.3f}" max="1"></progress> {escape(run.status)}'
            for run in runs
        )
        shown.update(HTML("<br>".join(lines)))

    return update


def _epoch_lines(console: Console) -> _Report:
    printed: dict[str, int] = {}

    def update(runs: Sequence[Run]) -> None:
        for run in runs:
            printed[run.id] = _print_epochs(console, run, printed.get(run.id, 0))

    return update


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
