"""`tfpool.train`: queue one run, start a worker and wait for the run to end."""

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

    A background process trains with one thread, so the same call gives the same numbers anywhere. Ctrl-C stops the run
    and saves what it has trained so far.

    Args:
        plan: a plan by `tfpool.plan` for the images and classes of the data set.
        data: name of a data set, as `python -m tfpool data` lists them.
        recipe: how to train. Default: `Recipe()`.
        store: folder of the runs.

    Returns:
        The run, done or stopped.

    Raises:
        ValueError: if plan, data set and recipe do not fit together.
        RuntimeError: if the run failed or its process was killed.

    Example:
        >>> import tfpool as tp
        >>> plan = tp.plan("convnet", head="gap", input_shape=(28, 28, 1))
        >>> run = tp.train(plan, "fashion_mnist", tp.Recipe(epochs=2, train_images=100))
        >>> run.id, run.state
        ('convnet-gap-1', 'done')
    """
    from tfpool.training.progress import watch

    runs = RunStore(store)
    (run,) = watch(runs, enqueue([plan], data, recipe or Recipe(), runs))
    if run.state in ("failed", "interrupted"):
        raise RuntimeError(f"Run {run.id} was {run.state}. {run.error or 'Its process is gone.'}")
    return run
