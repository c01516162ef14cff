"""What a frozen backbone makes of all images, computed once and kept on disk for every head that is trained on it."""

from __future__ import annotations

import fcntl
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from tfpool.data import DataSet, Part
from tfpool.files import atomic
from tfpool.inputs import to_network
from tfpool.plan import Plan
from tfpool.training import batches
from tfpool.training.recipe import Recipe

FOLDER = "features"
_BATCH = 64


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
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder, stepped):
        if not (folder / "complete").exists():
            _compute(model, plan, recipe, data, folder, stepped)
    train, validation, test = (
        Part(np.load(folder / f"{name}.npy", mmap_mode="r"), part.labels)
        for name, part in _images(data, recipe).items()
    )
    return DataSet(data.name, data.class_names, train, validation, test)


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
    with atomic(folder / "complete") as temporary:
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
    with (folder / "lock").open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                stepped(0.0)
                time.sleep(0.1)
        try:
            yield
        finally:
            fcntl.flock(lock, fcntl.LOCK_UN)
