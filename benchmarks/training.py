"""How fast runs train: against a hand-written step (the limit), against Keras's fit, side by side, and on features.

python benchmarks/training.py [--images 4000] [--rounds 3] [--short]

Images per second over whole epochs, validation and all bookkeeping included. The ways to train take turns, each with
one thread; a ratio is that of the medians. PyTorch has a row of its own where it is installed.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

import tfpool as tp  # noqa: E402
from benchmarks import training_in_pytorch  # noqa: E402
from benchmarks.report import Rows, options  # noqa: E402
from tfpool import data as data_sets  # noqa: E402
from tfpool.counting.plan import Plan  # noqa: E402
from tfpool.data import DataSet, Part  # noqa: E402
from tfpool.models.preprocessing import to_network  # noqa: E402
from tfpool.system.process import Process  # noqa: E402
from tfpool.tracking.store import RunStore  # noqa: E402
from tfpool.training import launch  # noqa: E402
from tfpool.training.device import take_one_thread  # noqa: E402
from tfpool.training.feature_cache import features  # noqa: E402
from tfpool.training.fit import Reporter, initial_model  # noqa: E402
from tfpool.training.queue import enqueue  # noqa: E402
from tfpool.training.trainer import EVALUATION_BATCH, Trainer  # noqa: E402

CASES = (("resnet20", 128), ("resnet8", 32))
Epochs = Iterator[None]


def ours(plan: Plan, data: DataSet, recipe: tp.Recipe, folder: Path) -> Epochs:
    """Our trainer with everything that a run saves."""
    store = RunStore(folder)
    store.add({"plan": plan.spec, "data": data.name, "class_names": list(data.class_names), "recipe": recipe.config})
    lease = store.claim(Process.of())
    assert lease
    model = initial_model(plan, recipe)
    trainer = Trainer(model, data, recipe, lambda images: to_network(images, plan))
    reporter = Reporter(lease, model, trainer, data, threading.Event())
    while True:
        trainer._run_epoch(reporter.on_step)
        reporter.on_epoch(trainer._end_epoch(reporter.on_step))
        yield


def by_hand(plan: Plan, data: DataSet, recipe: tp.Recipe) -> Epochs:
    """A compiled training step over data in memory, and nothing else."""
    model = initial_model(plan, recipe)
    optimizer = keras.optimizers.Adam(recipe.learning_rate)
    optimizer.build(model.trainable_variables)
    sparse = tf.nn.sparse_softmax_cross_entropy_with_logits

    @tf.function
    def step(images: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(sparse(labels, model(images, training=True)))
        optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        return loss

    @tf.function
    def validate(images: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        return tf.reduce_mean(sparse(labels, model(images, training=False)))

    train, validation = (_in_memory(part) for part in (data.train, data.validation))
    while True:
        for first in range(0, len(data.train), recipe.batch_size):
            step(*(values[first : first + recipe.batch_size] for values in train))
        for first in range(0, len(data.validation), EVALUATION_BATCH):
            validate(*(values[first : first + EVALUATION_BATCH] for values in validation))
        yield


def by_fit(plan: Plan, data: DataSet, recipe: tp.Recipe) -> Epochs:
    """Keras's fit on arrays."""
    model = initial_model(plan, recipe)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(recipe.learning_rate), loss, metrics=["accuracy"], jit_compile=False)
    images, labels = (values.numpy() for values in _in_memory(data.train))
    validation = tuple(values.numpy() for values in _in_memory(data.validation))
    while True:
        model.fit(images, labels, batch_size=recipe.batch_size, validation_data=validation, verbose=0)
        yield


def _in_memory(part: Part) -> tuple[tf.Tensor, tf.Tensor]:
    return tf.constant(part.images.astype(np.float32) / 255), tf.constant(part.labels)


def in_turns(ways: dict[str, Epochs], images: int, rounds: int) -> dict[str, float]:
    """The median images per second of each way, after one epoch of warm-up."""
    speeds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, epochs in ways.items():
            began = time.perf_counter()
            next(epochs)
            if number:
                speeds[name].append(images / (time.perf_counter() - began))
    return {name: statistics.median(values) for name, values in speeds.items()}


def side_by_side(plan: Plan, images: int, folder: Path) -> tuple[float, float]:
    """The speed of two runs side by side over one after the other, and over fit with one thread per core."""
    recipe = tp.Recipe(epochs=3, batch_size=128, train_images=images)

    def seconds(together: bool) -> float:
        store = RunStore(folder / str(together))
        for count in (2,) if together else (1, 1):
            queued = enqueue([plan] * count, "fashion_mnist", recipe, store)
            launch(store)
            while any(store.get(run).state in ("queued", "running") for run in queued):
                time.sleep(0.2)
        # Without the start of the processes. Together, the slower run counts; else both do.
        durations = [sum(run.history["seconds"]) for run in store.runs()]
        return max(durations) if together else sum(durations)

    together, queued = seconds(together=True), seconds(together=False)
    return queued / together, 2 * _seconds_of_fit(plan, recipe) / together


def _seconds_of_fit(plan: Plan, recipe: tp.Recipe) -> float:
    """Seconds of one fit after warm-up, in a process with TensorFlow's default number of threads."""
    facts = json.dumps([plan.spec, recipe.config])
    printed = subprocess.run([sys.executable, __file__, "--fit", facts], check=True, capture_output=True, text=True)
    return float(printed.stdout.split()[-1])


def _fit(facts: str) -> None:
    spec, config = json.loads(facts)
    plan, recipe = tp.plan(**spec), tp.Recipe(**config)
    epochs = by_fit(plan, _bundled(recipe.train_images), recipe)
    next(epochs)
    began = time.perf_counter()
    for _ in range(recipe.epochs):
        next(epochs)
    print(time.perf_counter() - began)


def _bundled(images: int | None) -> DataSet:
    bundled = data_sets.load("fashion_mnist")
    return DataSet("part", bundled.class_names, bundled.train.first(images), bundled.validation, bundled.test.first(1))


def on_features(images: int, folder: Path) -> float:
    """Seconds of five heads for ten epochs through a frozen SqueezeNet, over computing its features once."""
    bundled = data_sets.load("fashion_mnist")
    data = DataSet(
        "part", bundled.class_names, bundled.train.first(images), bundled.validation.first(200), bundled.test
    )
    recipe = tp.Recipe(epochs=10, freeze=("backbone",), weights="imagenet", image_size=96)
    plans = [
        tp.plan("squeezenet", head=head, input_shape=(96, 96, 3), classes=10)
        for head in ("gap", "gmp", "flatten", "avgmax", "nin")
    ]

    def timed(work: Callable[[], object]) -> float:
        began = time.perf_counter()
        work()
        return time.perf_counter() - began

    def through(plan: Plan, epochs: int) -> None:
        trainer = Trainer(initial_model(plan, recipe), data, recipe, lambda batch: to_network(batch, plan, "imagenet"))
        for _ in range(epochs):
            trainer._run_epoch(lambda: None)
            trainer._end_epoch(lambda: None)

    def on_cached() -> None:
        small = DataSet("part", data.class_names, data.train, data.validation, data.test.first(200))
        for plan in plans:
            model = initial_model(plan, recipe)
            cached = features(model, plan, recipe, small, folder, lambda done, total: None)
            head = keras.Model(model.get_layer(plan.features.name).output, model.output)
            Trainer(head, cached, recipe, tf.identity).run(lambda: None, lambda metrics: None)

    cached_seconds = timed(on_cached)
    # All epochs take equally long: one and two are measured, and the rest follows.
    whole = 0.0
    for plan in plans:
        one, two = (timed(partial(through, plan, epochs)) for epochs in (1, 2))
        whole += one + (recipe.epochs - 1) * (two - one)
    return whole / cached_seconds


def one_process(images: int, rounds: int, folder: Path, rows: Rows) -> None:
    """Add rows of our trainer against other ways to train, each with one thread."""
    data = _bundled(images)
    for network, batch_size in CASES:
        plan = tp.plan(network, input_shape=(28, 28, 1))
        recipe = tp.Recipe(epochs=1000, batch_size=batch_size, schedule="constant")
        half = tp.Recipe(**{**recipe.config, "precision": "mixed_bfloat16"})
        ways = {
            "ours": ours(plan, data, recipe, folder / network),
            "limit": by_hand(plan, data, recipe),
            "fit": by_fit(plan, data, recipe),
            "half": ours(plan, data, half, folder / f"{network}-half"),
        }
        ways |= training_in_pytorch.ways(plan, images, batch_size, recipe.learning_rate, EVALUATION_BATCH)
        speeds = in_turns(ways, images, rounds)
        case = f"{network}, batch {batch_size}"
        rows.add(f"{case}: images per second", f"{speeds['ours']:,.0f}", "")
        rows.add(f"{case}: ÷ hand-written step", f"{speeds['ours'] / speeds['limit']:.2f}", "≥ 0.95")
        rows.add(f"{case}: ÷ Keras's fit on arrays", f"{speeds['ours'] / speeds['fit']:.2f}", "≥ 1.2")
        for name in filter(speeds.__contains__, training_in_pytorch.KINDS):
            rows.add(f"{case}: ÷ {name}", f"{speeds['ours'] / speeds[name]:.2f}", "")
        rows.add(f"{case}: mixed_bfloat16 ÷ float32", f"{speeds['half'] / speeds['ours']:.2f}", "")


def main() -> None:
    parser = options(__doc__, images=(4000, 256), rounds=(3, 1))
    parser.add_argument("--fit", help=argparse.SUPPRESS)
    settings = parser.parse_args()
    if settings.fit:
        _fit(settings.fit)
        return
    take_one_thread()
    rows = Rows("what", "measured", "aim")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        one_process(settings.images, settings.rounds, folder, rows)
        pair, fits = side_by_side(tp.plan("resnet20", input_shape=(28, 28, 1)), settings.images, folder)
        rows.add("resnet20: two runs side by side ÷ one after the other", f"{pair:.2f}", "≥ 1.15")
        rows.add("resnet20: two runs side by side ÷ two fits with all cores", f"{fits:.2f}", "≥ 1.2")
        ratio = on_features(settings.images, folder)
        rows.add("five heads on SqueezeNet's features ÷ through it, ten epochs", f"{ratio:.0f}", "≥ 20")


if __name__ == "__main__":
    main()
