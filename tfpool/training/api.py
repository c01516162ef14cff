"""`tfpool.train`: one run, queued, started and waited for."""

from __future__ import annotations

from pathlib import Path

from tfpool.counting.plan import Plan
from tfpool.tracking.store import Run, RunStore
from tfpool.training.queue import enqueue
from tfpool.training.recipe import Recipe


def train(
    plan: Plan, data: str = "fashion_mnist", recipe: Recipe | None = None, store: str | Path = "saved_models"
) -> Run:
    """Train a plan and wait for it, with a progress bar.

    The training happens in a background process with one thread, so that the same call gives the same
    numbers wherever it is made. Ctrl-C stops the run and keeps what it has.

    Args:
        plan: what `tfpool.plan` returned, for images and classes of the data set.
        data: name of a data set, as `python -m tfpool data` lists them.
        recipe: how to train. Default: `Recipe()`.
        store: the folder to keep runs in.

    Returns:
        The run, done or stopped.

    Raises:
        ValueError: if plan, data set and recipe do not fit together.
        RuntimeError: if the run failed or its process was killed.
    """
    from tfpool.training.progress import watch

    runs = RunStore(store)
    (run,) = watch(runs, enqueue([plan], data, recipe or Recipe(), runs))
    if run.state in ("failed", "interrupted"):
        raise RuntimeError(f"Run {run.id} was {run.state}. {run.error or 'Its process is gone.'}")
    return run
