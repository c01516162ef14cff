"""Features of a frozen backbone: computed once and stored on disk for all heads that are trained on it."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import IO

import keras
import numpy as np
import tensorflow as tf

from tfpool.counting.plan import Plan
from tfpool.data import DataSet, Part
from tfpool.models.preprocessing import to_network
from tfpool.system.file_lock import try_lock
from tfpool.system.files import atomic
from tfpool.training import batches
from tfpool.training.recipe import Recipe

FOLDER = "features"
MAX_BYTES = 10 * 10**9
"""Size of all features in a store. Beyond it the least recently used ones are removed."""
_BATCH = 64
_COMPLETE, _LOCK, _REMOVED = "complete", "lock", ".removed-"
OnProgress = Callable[[int, int], None]


def are_fixed(recipe: Recipe) -> bool:
    """Whether the features of an image are the same in every epoch."""
    return "backbone" in recipe.freeze and not recipe.augment


def features(
    model: keras.Model, plan: Plan, recipe: Recipe, data: DataSet, store: Path, on_progress: OnProgress
) -> DataSet:
    """The data set with feature maps, float32 (N, h, w, C), instead of images, by the plan's model with its weights.

    They are read from the store, which holds one folder of features per backbone and data set. `on_progress` receives
    the number of images that are done and of all images; an error it raises ends the computation.
    """
    folder = store / FOLDER / _key(plan, recipe, data)
    with _exclusive(folder, on_progress):
        if not (folder / _COMPLETE).exists():
            _compute(model, plan, recipe, data, folder, on_progress)
        (folder / _COMPLETE).touch()
        # A mapped file may be removed: its bytes remain for the processes that have it open.
        train, validation, test = (
            Part(np.load(folder / f"{name}.npy", mmap_mode="r"), part.labels)
            for name, part in _images(data, recipe).items()
        )
        make_room(store / FOLDER)
    return DataSet(data.name, data.class_names, train, validation, test)


def make_room(cache: Path, max_bytes: int = MAX_BYTES) -> None:
    """Remove the least recently used features until the others fit into `max_bytes`.

    Features that a process is computing or opening stay. A process can still read removed features that it has opened.
    """
    for folder in cache.glob(f"{_REMOVED}*"):
        # A process was killed while it removed this folder.
        shutil.rmtree(folder, ignore_errors=True)
    by_use = sorted((folder for folder in cache.iterdir() if not folder.name.startswith(".")), key=_last_use)
    total = sum(map(_size, by_use))
    for folder in by_use:
        if total <= max_bytes:
            return
        size = _size(folder)
        if _remove(folder):
            total -= size


def _last_use(folder: Path) -> float:
    """When features were last used, in seconds since 1970; 0 for features that were never finished."""
    try:
        return (folder / _COMPLETE).stat().st_mtime
    except OSError:
        return 0.0


def _size(folder: Path) -> int:
    with suppress(OSError):
        return sum(file.stat().st_size for file in folder.iterdir())
    return 0


def _remove(folder: Path) -> bool:
    """Remove a folder of features unless a process works on it, and return whether it is gone."""
    if (lock := _lock(folder)) is None:
        return False
    removed = folder.with_name(f"{_REMOVED}{folder.name}")
    with lock:
        if sys.platform == "win32":
            # There, a folder with an open file, this lock or another process's, cannot be renamed.
            lock.close()
        try:
            # Renaming first: no process ever sees a folder with some of its files.
            folder.rename(removed)
        except PermissionError:
            return False
    shutil.rmtree(removed, ignore_errors=True)
    return True


def _compute(
    model: keras.Model, plan: Plan, recipe: Recipe, data: DataSet, folder: Path, on_progress: OnProgress
) -> None:
    backbone = keras.Model(model.inputs[0], model.get_layer(plan.features.name).output)

    @tf.function
    def compute(images: tf.Tensor) -> tf.Tensor:
        return tf.cast(backbone(to_network(images, plan, recipe.weights), training=False), tf.float32)

    parts = _images(data, recipe)
    done, total = 0, sum(map(len, parts.values()))
    for name, part in parts.items():
        with atomic(folder / f"{name}.npy") as temporary:
            stored = None
            for start, (images, _) in enumerate(batches.in_order(part, _BATCH)):
                values = compute(images).numpy()
                if stored is None:
                    shape = (len(part), *values.shape[1:])
                    stored = np.lib.format.open_memmap(temporary, "w+", np.float32, shape)
                stored[start * _BATCH : start * _BATCH + len(values)] = values
                done += len(values)
                on_progress(done, total)
            del stored
    with atomic(folder / _COMPLETE) as temporary:
        temporary.write_text(json.dumps({"images": total}))


def _images(data: DataSet, recipe: Recipe) -> dict[str, Part]:
    return {"train": data.train.first(recipe.train_images), "validation": data.validation, "test": data.test}


def _key(plan: Plan, recipe: Recipe, data: DataSet) -> str:
    """Name of a folder that follows from all that the features depend on, which excludes the head."""
    backbone = {name: value for name, value in plan.spec.items() if name not in ("head", "classes")}
    start = recipe.weights or [recipe.initializer, recipe.seed]
    facts = [backbone, start, recipe.precision, recipe.train_images, data.fingerprint]
    digest = sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
    return f"{plan.backbone}-{digest[:16]}"


@contextmanager
def _exclusive(folder: Path, on_progress: OnProgress) -> Iterator[None]:
    """Let one process at a time into the block; the others wait."""
    while (lock := _lock(folder)) is None:
        on_progress(0, 1)
        time.sleep(0.1)
    with lock:
        yield


def _lock(folder: Path) -> IO[str] | None:
    """Lock a folder and return the lock, which closing releases; None if another process holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    # Another process may have removed the folder meanwhile.
    with suppress(OSError):
        return try_lock(folder / _LOCK)
    return None
