"""How much an accuracy can be relied on: the number of images behind it, and its interval. Loads no TensorFlow."""

from __future__ import annotations

import math
from statistics import NormalDist

from tfpool import data
from tfpool.data import PARTS
from tfpool.tracking.results import CONFIDENCE
from tfpool.tracking.run import Run


def images_behind(run: Run, metric: str = "test") -> int | None:
    """Number of images that an accuracy or a loss of a run is of; None where that is not known any more.

    Args:
        run: any run.
        metric: one of `tfpool.tracking.results.MEASURES`.
    """
    if metric.startswith("test") and run.result and "images" in run.result:
        return int(run.result["images"])
    # Runs from before that was recorded: the data set knows, if it is still there.
    part = "test" if metric.startswith("test") else "validation" if metric.startswith("val_") else "train"
    number = data.describe(run.spec["data"]).images[PARTS.index(part)] or None
    used = run.spec["recipe"].get("train_images")
    return min(number, used) if part == "train" and number and used else number


def interval(share: float, images: int) -> tuple[float, float]:
    """Where a network's accuracy on all such images lies with 95 % confidence (Wilson 1927, JASA 22).

    It says nothing of how far another seed would end: that is what several runs are for.

    Args:
        share: of the images that are right, 0 to 1.
        images: how many there are, at least 1.
    """
    z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    spread = z * math.sqrt(share * (1 - share) / images + z * z / (4 * images * images))
    middle, whole = share + z * z / (2 * images), 1 + z * z / images
    return max(0.0, (middle - spread) / whole), min(1.0, (middle + spread) / whole)


def interval_text(share: float, images: int) -> str:
    """The interval in words: '49.0% to 94.3%'."""
    low, high = interval(share, images)
    return f"{low:.1%} to {high:.1%}"
