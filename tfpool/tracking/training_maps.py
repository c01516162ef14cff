"""Class maps of a few test images after each epoch of a run. Loads no TensorFlow."""

from __future__ import annotations

import zipfile
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from tfpool.system.files import Guard, atomic
from tfpool.tracking.run import Run

IMAGES = 4


@dataclass(frozen=True, eq=False)
class TrainingMaps:
    """Class maps of N test images after E epochs, each of the image's true class.

    Attributes:
        method: how the maps were made, one of `tfpool.methods()`.
        images: int64 (N,), positions among the test images.
        classes: int64 (N,), the true classes, which are explained.
        epochs: int64 (E,), counted from 1.
        maps: float32 (E, N, h, w), in units of the score.
        scores: float32 (E, N), the true class's score before softmax.
        predicted: int64 (E, N), the class with the highest score.
    """

    method: str
    images: np.ndarray
    classes: np.ndarray
    epochs: np.ndarray
    maps: np.ndarray
    scores: np.ndarray
    predicted: np.ndarray

    def before(self, epoch: int) -> TrainingMaps:
        """What was kept of earlier epochs."""
        number = int(np.searchsorted(self.epochs, epoch))
        return replace(
            self,
            epochs=self.epochs[:number],
            maps=self.maps[:number],
            scores=self.scores[:number],
            predicted=self.predicted[:number],
        )

    def followed_by(self, other: TrainingMaps) -> TrainingMaps:
        """The epochs before the first one of `other`, then those of `other`."""
        mine = self.before(int(other.epochs[0]))
        return replace(
            other,
            epochs=np.concatenate([mine.epochs, other.epochs]),
            maps=np.concatenate([mine.maps, other.maps]),
            scores=np.concatenate([mine.scores, other.scores]),
            predicted=np.concatenate([mine.predicted, other.predicted]),
        )


def fixed_images(labels: np.ndarray) -> np.ndarray:
    """Positions of the images whose maps are kept, the same for all runs on a data set with these labels (N,).

    They are the first image of each of `IMAGES` classes, evenly spread over the class numbers; of fewer classes, they
    are the first few of each.
    """
    classes, ranks = np.unique(labels), np.empty(len(labels), np.int64)
    for label in classes:
        own = np.flatnonzero(labels == label)
        ranks[own] = np.arange(len(own))
    spread = classes[np.linspace(0, len(classes) - 1, min(IMAGES, len(classes))).round().astype(int)]
    among = np.flatnonzero(np.isin(labels, spread))
    return np.sort(among[np.lexsort((labels[among], ranks[among]))][:IMAGES])


def path(run: Run) -> Path:
    """The file with a run's maps, written after each epoch."""
    return run.path / "class_maps.npz"


def read(path: Path) -> TrainingMaps | None:
    """The maps in a file; None if there is none, as for a run of an earlier version or a model without maps."""
    if not path.exists():
        return None
    try:
        # NumPy would leave a damaged file open.
        with path.open("rb") as file, np.load(file) as arrays:
            return TrainingMaps(**{**arrays, "method": str(arrays["method"])})
    except (OSError, KeyError, TypeError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"The class maps in {path} cannot be read: {error}.") from error


def write(path: Path, maps: TrainingMaps, guard: Guard = nullcontext) -> None:
    """Write maps to a file, completely or not at all."""
    with atomic(path, guard) as temporary:
        np.savez(temporary, **asdict(maps))
