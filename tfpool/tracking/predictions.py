"""What a finished run's model says of each test image, and which of it is most wrong. Loads no TensorFlow."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfpool import data
from tfpool.data import Part
from tfpool.tracking.results import confusion, data_name
from tfpool.tracking.run import Run


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a model says of the test images.

    Attributes:
        test: the images, with their true labels.
        predicted: int (N,), the class it takes each image for.
        confidence: float32 (N,), the probability that it gives that class.
        truth: float32 (N,), the probability that it gives the true class.
        class_names: written by somebody, so never markup.
    """

    test: Part
    predicted: np.ndarray
    confidence: np.ndarray
    truth: np.ndarray
    class_names: tuple[str, ...]

    @property
    def confusion(self) -> np.ndarray:
        """int64 (K, K): a row a true class, a column a predicted one."""
        return confusion(self.test.labels, self.predicted, len(self.class_names))

    def mistakes(self, most: int) -> np.ndarray:
        """Positions of wrongly classified images, the one that the model was surest of first."""
        wrong = np.flatnonzero(self.predicted != self.test.labels)
        return wrong[np.argsort(-self.confidence[wrong], kind="stable")][:most]


def path(run: Run) -> Path:
    """The file that a run's predictions are kept in, once it is done."""
    return run.path / "predictions.npz"


def read(run: Run) -> Predictions:
    """A run's predictions, with the images that they are of.

    Raises:
        ValueError: if the run has none, or its images are gone or were changed since.
    """
    if not path(run).exists():
        raise ValueError(f"Run {run.id} is {run.state} and has not been tested. A run is tested when it is done.")
    try:
        # NumPy would leave a damaged file open.
        with path(run).open("rb") as file, np.load(file) as kept:
            predicted, confidence, truth = kept["predicted"], kept["confidence"], kept["truth"]
        fingerprint = json.loads((run.path / "run.json").read_text())["data_fingerprint"]
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"The predictions of {run.id} cannot be read: {error}.") from error
    name = data_name(run)
    if not data.describe(run.spec["data"]).is_ready:
        raise ValueError(f"The images of {name}, which {run.id} was tested on, are gone. See the Data page.")
    images = data.load(run.spec["data"])
    if images.fingerprint != fingerprint:
        raise ValueError(f"The images of {name} are not those that {run.id} was tested on. Train it again.")
    return Predictions(images.test, predicted, confidence, truth, tuple(run.spec["class_names"]))
