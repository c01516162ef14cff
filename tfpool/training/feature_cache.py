"""What a frozen backbone makes of all images, computed once and kept on disk for every head that is trained on it."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
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
from tfpool.system.files import atomic
from tfpool.training import batches
from tfpool.training.recipe import Recipe

FOLDER = "features"
MOST_BYTES = 10 * 10**9
"""Of all features that a store keeps. Beyond it those go that were not used for the longest time."""
_BATCH = 64
_COMPLETE, _LOCK, _REMOVED = "complete", "lock", ".removed-"


def are_fixed(recipe: Recipe) -> bool:
    """Whether an image has the same features each time it is seen."""
    return "backbone" in recipe.freeze and not recipe.augment


def features(
    model: keras.Model, plan: Plan, recipe: Recipe, data: DataSet, store: Path, stepped: Callable[[float], None]
) -> DataSet:
    """The data set with feature maps, float32 (N, h, w, C), in the place of images, read from disk.

    Args:
        model: the plan's model with its weights.
        store: the folder of the run store; features are kept below it, a folder for each backbone and data set.
        stepped: called with the share that is done while they are computed; what it raises ends that.
    """
    folder = store / FOLDER / _key(plan, recipe, data)
    with _alone(folder, stepped):
        if not (folder / _COMPLETE).exists():
            _compute(model, plan, recipe, data, folder, stepped)
        (folder / _COMPLETE).touch()
        # Once they are mapped, files may be removed: their bytes stay for whoever has them open.
        train, validation, test = (
            Part(np.load(folder / f"{name}.npy", mmap_mode="r"), part.labels)
            for name, part in _images(data, recipe).items()
        )
        make_room(store / FOLDER)
    return DataSet(data.name, data.class_names, train, validation, test)


def make_room(kept: Path, most: int = MOST_BYTES) -> None:
    """Remove the features that were not used for the longest time, until the others take no more than so many bytes.

    Those that a process is computing or opening stay; one that has opened them reads on.

    Args:
        kept: the folder that holds a folder for each backbone and data set.
        most: bytes.
    """
    for left in kept.glob(f"{_REMOVED}*"):
        # A process was killed while it removed them.
        shutil.rmtree(left, ignore_errors=True)
    by_use = sorted((each for each in kept.iterdir() if not each.name.startswith(".")), key=_used)
    total = sum(map(_size, by_use))
    for folder in by_use:
        if total <= most:
            return
        size = _size(folder)
        if _remove(folder):
            total -= size


def _used(folder: Path) -> float:
    """When features were used last; at once for those that were never finished."""
    try:
        return (folder / _COMPLETE).stat().st_mtime
    except OSError:
        return 0.0


def _size(folder: Path) -> int:
    with suppress(OSError):
        return sum(file.stat().st_size for file in folder.iterdir())
    return 0


def _remove(folder: Path) -> bool:
    """Remove features as a whole, unless a process is at work on them; whether they are gone."""
    if (lock := _locked(folder)) is None:
        return False
    removed = folder.with_name(f"{_REMOVED}{folder.name}")
    with lock:
        # To nobody is there a folder with a part of its files.
        folder.rename(removed)
    shutil.rmtree(removed, ignore_errors=True)
    return True


def _compute(
    model: keras.Model, plan: Plan, recipe: Recipe, data: DataSet, folder: Path, stepped: Callable[[float], None]
) -> None:
    backbone = keras.Model(model.inputs[0], model.get_layer(plan.features.name).output)

    @tf.function
    def compute(images: tf.Tensor) -> tf.Tensor:
        return tf.cast(backbone(to_network(images, plan, recipe.weights), training=False), tf.float32)

    parts = _images(data, recipe)
    done, total = 0, sum(map(len, parts.values()))
    for name, part in parts.items():
        with atomic(folder / f"{name}.npy") as temporary:
            kept = None
            for start, (images, _) in enumerate(batches.in_order(part, _BATCH)):
                values = compute(images).numpy()
                if kept is None:
                    shape = (len(part), *values.shape[1:])
                    kept = np.lib.format.open_memmap(temporary, "w+", np.float32, shape)
                kept[start * _BATCH : start * _BATCH + len(values)] = values
                done += len(values)
                stepped(done / total)
            del kept
    with atomic(folder / _COMPLETE) as temporary:
        temporary.write_text(json.dumps({"images": total}))


def _images(data: DataSet, recipe: Recipe) -> dict[str, Part]:
    return {"train": data.train.first(recipe.train_images), "validation": data.validation, "test": data.test}


def _key(plan: Plan, recipe: Recipe, data: DataSet) -> str:
    """One name for all that the features depend on, the head left out."""
    backbone = {name: value for name, value in plan.spec.items() if name not in ("head", "classes")}
    start = recipe.weights or [recipe.initializer, recipe.seed]
    facts = [backbone, start, recipe.precision, recipe.train_images, data.fingerprint]
    digest = sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
    return f"{plan.backbone}-{digest[:16]}"


@contextmanager
def _alone(folder: Path, stepped: Callable[[float], None]) -> Iterator[None]:
    """Let one process at a time compute; the others wait and then read."""
    while (lock := _locked(folder)) is None:
        stepped(0.0)
        time.sleep(0.1)
    with lock:
        yield


def _locked(folder: Path) -> IO[str] | None:
    """The folder's lock, which closing gives back; None while another process has it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / _LOCK
    with suppress(OSError):
        lock = path.open("w")
        with suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Another process may have removed the folder in the meantime.
            if os.fstat(lock.fileno()).st_ino == path.stat().st_ino:
                return lock
        lock.close()
    return None
