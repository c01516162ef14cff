"""`tfpool.train` and `tfpool.sweep`: queue runs, start what trains them, and wait for their end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tfpool.counting.plan import Plan
from tfpool.networks.heads import Head
from tfpool.tracking.run_table import Runs
from tfpool.tracking.store import Run, RunStore
from tfpool.training.cluster.connection import place_on
from tfpool.training.given_data import source_of
from tfpool.training.queue import enqueue, enqueue_sweep
from tfpool.training.recipe import Recipe
from tfpool.validation import at_least


def train(
    plan: Plan,
    data: Any = "fashion_mnist",
    recipe: Recipe | None = None,
    store: str | Path | None = None,
    on: Any = None,
    artifacts: str | None = None,
) -> Run:
    """Train a plan and wait for it, with a progress bar.

    A background process trains with one thread, so the same call gives the same numbers anywhere. Ctrl-C stops the run
    and saves what it has trained so far.

    Args:
        plan: a plan by `tfpool.plan` for the images and classes of the data set.
        data: name of a data set, as `python -m tfpool data` lists them; the folder or zip of images with one sub-folder
            per class; a tuple of images and labels, two such tuples to train and to test on, as `keras.datasets` gives
            them; or a `tf.data.Dataset`. All but a name are stored as a data set first, as `tfpool.data.add` and
            `tfpool.data.from_arrays` do, so that the run can be repeated and resumed. Images of a folder are cropped
            and resized to the plan's size.
        recipe: how to train. Default: `Recipe()`.
        store: folder of the runs. Default: TFPOOL_STORE, or `saved_models` in the current folder.
        on: the address of a Dask scheduler, such as "tcp://scheduler:8786", a `distributed.Client` or a cluster that
            trains the run. Default: this machine.
        artifacts: fsspec URL of a folder that all machines reach, through which a cluster returns files. Default: Dask
            sends them.

    Returns:
        The run, done or stopped.

    Raises:
        ValueError: if plan, data set and recipe do not fit together, or no scheduler answers.
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
    place = place_on(on, artifacts)
    source = source_of(data, plan.classes, plan.input_shape)
    (run,) = watch(runs, enqueue([plan], source, recipe or Recipe(), runs, place=place))
    if run.state in ("failed", "interrupted"):
        raise RuntimeError(f"Run {run.id} was {run.state}. {run.error or 'Its process is gone.'}")
    return run


def sweep(
    networks: str | Sequence[str],
    heads: str | Head | Sequence[str | Head] = ("gap", "flatten"),
    seeds: int = 3,
    data: Any = "fashion_mnist",
    recipe: Recipe | None = None,
    store: str | Path | None = None,
    name: str | None = None,
    on: Any = None,
    artifacts: str | None = None,
) -> Runs:
    """Train every network with every head and seed, side by side, and wait for the runs, with progress bars.

    A sweep on a cluster gives the same numbers as on this machine, to the bit on machines of one kind.

    Args:
        networks: names of networks, as `tfpool.catalog` lists them.
        heads: heads, or their lower-case names.
        seeds: number of seeds; they count up from the recipe's.
        data: name of a data set, as `python -m tfpool data` lists them; the folder or zip of images with one sub-folder
            per class; a tuple of images and labels, two such tuples to train and to test on, as `keras.datasets` gives
            them; or a `tf.data.Dataset`. All but a name are stored as a data set first, as `tfpool.data.add` and
            `tfpool.data.from_arrays` do, so that the run can be repeated and resumed. Images of a folder are cropped
            and resized to 64 × 64 pixels, or to the recipe's `image_size`.
        recipe: how to train. Default: `Recipe()`.
        store: folder of the runs. Default: TFPOOL_STORE, or `saved_models` in the current folder.
        name: name of the sweep. Default: the networks.
        on: the address of a Dask scheduler, a `distributed.Client` or a cluster. Default: this machine.
        artifacts: fsspec URL of a folder that all machines reach. Default: Dask sends files.

    Returns:
        The runs in the order of seeds, networks and heads. `run.state` says how each ended.

    Raises:
        ValueError: if networks, heads, data set and recipe do not fit together, or no scheduler answers.

    Example:
        >>> import tfpool as tp
        >>> runs = tp.sweep("convnet", ["gap", "flatten"], seeds=1, recipe=tp.Recipe(epochs=1, train_images=100))
        >>> [(run.plan.head.name, run.state) for run in runs]
        [('gap', 'done'), ('flatten', 'done')]
    """
    from tfpool.training.progress import watch

    backbones = [networks] if isinstance(networks, str) else list(networks)
    wanted = [heads] if isinstance(heads, str | Head) else list(heads)
    at_least(1, seeds, "seeds")
    runs, place = RunStore(store), place_on(on, artifacts)
    title = name or " ".join(backbones)
    recipe = recipe or Recipe()
    source = source_of(data, image_shape=(recipe.image_size, recipe.image_size, 3))
    return Runs(watch(runs, enqueue_sweep(backbones, wanted, seeds, source, recipe, runs, title, place)))
