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

    def mistakes(self, most: int) -> np.ndarray:
        """Positions of misclassified images, the most confident mistake first, at most `most`."""
        wrong = np.flatnonzero(self.predicted != self.test.labels)
        return wrong[np.argsort(-self.confidence[wrong], kind="stable")][:most]


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
