"""From a plan to a run: check, queue, start workers, wait. Loads no TensorFlow."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tfpool import data as data_sets
from tfpool import graph
from tfpool.plan import Plan
from tfpool.process import Process, cores
from tfpool.runs import Run, RunStore
from tfpool.training.recipe import Recipe


def train(
    plan: Plan, data: str = "fashion_mnist", recipe: Recipe | None = None, store: str | Path = "saved_models"
) -> Run:
    """Train a plan and wait for it, with a progress bar.

    The training happens in a background process with one thread, so that the same call gives the same
    numbers wherever it is made. Ctrl-C stops the run and keeps what it has.

    Args:
        plan: what `tfpool.plan` returned, for images and classes of the data set.
        data: name of a data set: "fashion_mnist" or "fashion_mnist_full".
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
    (run,) = watch(runs, [enqueue(plan, data, recipe, store)])
    if run.state in ("failed", "interrupted"):
        raise RuntimeError(f"Run {run.id} was {run.state}. {run.error or 'Its process is gone.'}")
    return run


def enqueue(plan: Plan, data: str, recipe: Recipe | None = None, store: str | Path = "saved_models") -> str:
    """Check that plan, data set and recipe fit together, queue a run and return its id.

    Raises:
        ValueError: if they do not, saying what would.
    """
    recipe = recipe or Recipe()
    images = data_sets.load(data)
    sizes = zip(plan.input_shape, images.image_shape, strict=True)
    if any(size is not None and size != actual for size, actual in sizes):
        raise ValueError(
            f"{data} has images of {graph.text(images.image_shape)}, the plan takes {graph.text(plan.input_shape)}. "
            f"Plan again with input_shape={images.image_shape}."
        )
    if plan.classes != images.classes:
        raise ValueError(f"{data} has {images.classes} classes, the plan has {plan.classes}. Plan again with as many.")
    recipe.check(plan)
    spec = {"plan": plan.spec, "data": data, "class_names": list(images.class_names), "recipe": recipe.config}
    return RunStore(store).add(spec)


def launch(store: RunStore) -> None:
    """Start workers for queued runs, until as many live as there are cores."""
    package = str(Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))
    # Pages may be killed at any time: a worker has its own session and outlives whoever started it.
    with store.roster() as roster, (store.folder / "workers.log").open("ab") as log:
        for _ in range(roster.wanted(cores())):
            worker = subprocess.Popen(
                [sys.executable, "-m", "tfpool.training.worker", str(store.folder.resolve())],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONPATH": path, "TF_CPP_MIN_LOG_LEVEL": "3"},
                start_new_session=True,
            )
            roster.add(Process.of(worker.pid))
