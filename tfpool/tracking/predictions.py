"""A finished run's predictions for the test images, and its most confident mistakes. Loads no TensorFlow."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfpool.data import Part
from tfpool.tracking.results import confusion
from tfpool.tracking.run import Run
from tfpool.tracking.run_data import load_data


@dataclass(frozen=True, eq=False)
class Predictions:
    """A model's predictions for the test images, N of them, with their true labels in `test`.

    `predicted` is the class of each image, `confidence` that class's probability, and `truth` that of the true class,
    all (N,). Class names may contain any text, so never use them as markup.
    """

    test: Part
    predicted: np.ndarray
    confidence: np.ndarray
    truth: np.ndarray
    class_names: tuple[str, ...]

    @property
    def confusion(self) -> np.ndarray:
        """int64 (K, K): one row per true class, one column per predicted class."""
        return confusion(self.test.labels, self.predicted, len(self.class_names))

    def image_rows(self) -> list[tuple[object, ...]]:
        """A header, and a row per test image: its number from 1 on, both classes and their probabilities."""
        names = self.class_names
        columns = (self.test.labels, self.predicted, self.confidence, self.truth)
        rows = (
            (number, names[label], names[guess], f"{confidence:.6f}", f"{truth:.6f}")
            for number, (label, guess, confidence, truth) in enumerate(zip(*columns, strict=True), start=1)
        )
        return [("image", "class", "predicted", "probability", "probability_of_class"), *rows]

    def class_rows(self) -> list[tuple[object, ...]]:
        """A header, and a row per class: test images, precision, recall, and how many are predicted as each class.

        Precision is the fraction of correct images among those that were predicted as the class, recall among those of
        the class; empty where there are none.
        """
        counts = self.confusion
        rows = (
            (name, row.sum(), _fraction(row[number], counts[:, number].sum()), _fraction(row[number], row.sum()), *row)
            for number, (name, row) in enumerate(zip(self.class_names, counts, strict=True))
        )
        return [("class", "images", "precision", "recall", *(f"as {name}" for name in self.class_names)), *rows]

    def mistakes(self, most: int) -> np.ndarray:
        """Positions of misclassified images, the most confident mistake first, at most `most`."""
        wrong = np.flatnonzero(self.predicted != self.test.labels)
        return wrong[np.argsort(-self.confidence[wrong], kind="stable")][:most]


def _fraction(part: int, whole: int) -> str:
    return f"{part / whole:.6f}" if whole else ""


def path(run: Run) -> Path:
    """The file with a run's predictions, written when the run is done."""
    return run.path / "predictions.npz"


def read(run: Run) -> Predictions:
    """A run's predictions, with the test images."""
    if not path(run).exists():
        raise ValueError(f"Run {run.id} is {run.state} and has not been tested. A run is tested when it is done.")
    try:
        # NumPy would leave a damaged file open.
        with path(run).open("rb") as file, np.load(file) as arrays:
            predicted, confidence, truth = arrays["predicted"], arrays["confidence"], arrays["truth"]
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"The predictions of {run.id} cannot be read: {error}.") from error
    return Predictions(load_data(run).test, predicted, confidence, truth, tuple(run.spec["class_names"]))
