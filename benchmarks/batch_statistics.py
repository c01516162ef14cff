"""Accuracy under several statistics of batch normalization, after each epoch of short runs, and what measuring costs.

    python benchmarks/batch_statistics.py [--networks resnet8 resnet20] [--images 250 500 1000] [--epochs 8] [--short]

The same weights each time; only means and variances differ:

- batch: those of each batch of training images, as in training. The others are to be within 3 points of it.
- moving: what training leaves behind, by Keras's rule.
- plain mean: moving ones that start as a plain mean of all steps.
- epoch: the mean over the steps of the last epoch.
- 64, 128, 256: of so many training images under the weights of now, in one batch.

The last rows are the seconds of an epoch on 2,000 images with and without measuring, in turns, and with and without the
class maps that are kept after it.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import keras
import numpy as np

import tfpool as tp
from benchmarks.report import Rows, options
from tfpool import data as data_sets
from tfpool.models.preprocessing import to_network
from tfpool.training import batches
from tfpool.training.device import take_one_thread
from tfpool.training.fit import initial_model
from tfpool.training.map_recorder import MapRecorder
from tfpool.training.trainer import Trainer

MEASURED = (64, 128, 256)
WITHIN = 3.0
"""Points of accuracy."""
COST, COST_IMAGES = "≤ 1.05", 2000
Statistics = list[np.ndarray]


class Measurement:
    """A trainer whose steps are followed by a look at what each batch normalization has seen."""

    def __init__(self, network: str, images: int, epochs: int) -> None:
        data = data_sets.load("fashion_mnist")
        plan = tp.plan(network, input_shape=data.train.images.shape[1:], classes=len(data.class_names))
        recipe = tp.Recipe(epochs=epochs, train_images=images, seed=0)
        self.model = initial_model(plan, recipe)
        self.prepare = lambda batch: to_network(batch, plan)
        self.trainer = Trainer(self.model, data, recipe, self.prepare)
        layers = [layer for layer in self.model.layers if isinstance(layer, keras.layers.BatchNormalization)]
        self.variables = [value for layer in layers for value in (layer.moving_mean, layer.moving_variance)]
        self.momentum = layers[0].momentum
        self.averages: dict[str, Statistics] = {}
        self.steps = 0

    def read(self) -> Statistics:
        return [np.asarray(variable) for variable in self.variables]

    def write(self, values: Sequence[np.ndarray]) -> None:
        for variable, value in zip(self.variables, values, strict=True):
            variable.assign(value)

    def run_epoch(self, epoch: int) -> None:
        """Train, and average each step's statistics in several ways."""
        recipe, before = self.trainer.recipe, self.read()
        for step, (images, labels) in enumerate(
            batches.shuffled(self.trainer.images, recipe.batch_size, recipe.seed, epoch)
        ):
            self.trainer._train(images, labels, epoch * self.trainer.steps + step)
            after = self.read()
            of_batch = [
                (new - self.momentum * old) / (1 - self.momentum) for old, new in zip(before, after, strict=True)
            ]
            before = after
            self._average("plain mean", of_batch, min(self.momentum, self.steps / (self.steps + 1)))
            self._average("epoch", of_batch, step / (step + 1))
            self.steps += 1
        self.averages["moving"] = before

    def _average(self, name: str, values: Statistics, momentum: float) -> None:
        average = self.averages.get(name, values)
        self.averages[name] = [momentum * old + (1 - momentum) * new for old, new in zip(average, values, strict=True)]

    def accuracies(self, epoch: int) -> dict[str, float]:
        """Accuracy on the training images, in percent, by the statistics' name."""
        images, seed = self.trainer.images, self.trainer.recipe.seed
        moving, result = self.read(), {}
        hits = sum(
            int(np.sum(np.argmax(self.model(self.prepare(pixels), training=True), axis=1) == labels))
            for pixels, labels in batches.shuffled(images, self.trainer.recipe.batch_size, seed + 1, epoch)
        )
        result["batch"] = 100 * hits / len(images)
        for name in ("moving", "plain mean", "epoch"):
            self.write(self.averages[name])
            result[name] = self._accuracy()
        for number in MEASURED:
            self.trainer._statistics.measure(next(batches.shuffled(images, number, seed, epoch))[0])
            result[str(number)] = self._accuracy()
        self.write(moving)
        return result

    def _accuracy(self) -> float:
        return 100 * self.trainer.evaluate(self.trainer.images, lambda: None)[0]["accuracy"]


def cost(network: str, rounds: int) -> list[float]:
    """Seconds of an epoch with its measuring, over seconds of the same epoch without."""
    trainer = Measurement(network, COST_IMAGES, rounds + 1).trainer
    measure, ratios = trainer._statistics.measure, []
    for _ in range(rounds + 1):
        spent = [0.0]

        def timed(images: np.ndarray, spent: list[float] = spent) -> None:
            began = time.perf_counter()
            measure(images)
            spent[0] += time.perf_counter() - began

        trainer._statistics.measure = timed  # type: ignore[method-assign]
        began = time.perf_counter()
        trainer._run_epoch(lambda: None)
        trainer._end_epoch(lambda: None)
        whole = time.perf_counter() - began
        ratios.append(whole / (whole - spent[0]))
    return ratios[1:]


def cost_of_maps(network: str, rounds: int) -> list[float]:
    """Seconds of an epoch with its class maps, over seconds of the same epoch without; the first one compiles."""
    trainer, ratios = Measurement(network, COST_IMAGES, rounds + 1).trainer, []
    with tempfile.TemporaryDirectory() as folder:
        recorder = MapRecorder(trainer.model, trainer, Path(folder) / "maps.npz")
        for epoch in range(rounds + 1):
            began = time.perf_counter()
            trainer._run_epoch(lambda: None)
            trainer._end_epoch(lambda: None)
            ended = time.perf_counter()
            recorder.record(epoch)
            ratios.append((time.perf_counter() - began) / (ended - began))
    return ratios[1:]


def main() -> None:
    parser = options(__doc__, times=(5, 2))
    parser.add_argument("--networks", nargs="+", default=["resnet8", "resnet20"])
    parser.add_argument("--images", nargs="+", type=int, default=[250, 500, 1000])
    parser.add_argument("--epochs", type=int, default=8)
    settings = parser.parse_args()
    if settings.short:
        settings.networks, settings.images, settings.epochs = ["resnet8"], [250], 3
    take_one_thread()
    rows = Rows(
        "accuracy in %", "batch", "moving", "plain mean", "epoch", *map(str, MEASURED), "aim", "met", first_width=32
    )
    for network in settings.networks:
        for images in settings.images:
            measurement = Measurement(network, images, settings.epochs)
            for epoch in range(settings.epochs):
                measurement.run_epoch(epoch)
                values = measurement.accuracies(epoch)
                met = abs(values[str(MEASURED[-1])] - values["batch"]) <= WITHIN
                cells = [f"{value:.1f}" for value in values.values()]
                label = f"{network}, {images:,} images, epoch {epoch + 1}"
                rows.add(label, *cells, f"within {WITHIN:g}", "yes" if met else "no")
    for network in settings.networks:
        for name, measured in (("without", cost), ("without maps", cost_of_maps)):
            ratios = measured(network, settings.times)
            rows.add(f"{network}, epoch ÷ {name}", f"{statistics.median(ratios):.3f}", *[""] * 6, COST, "")


if __name__ == "__main__":
    main()
