"""The confidence interval of an accuracy, and the number of images it was measured on. Loads no TensorFlow."""

from __future__ import annotations

import math
from statistics import NormalDist

from tfpool import data
from tfpool.data import PARTS
from tfpool.tracking.results import CONFIDENCE
from tfpool.tracking.run import Run


def images_behind(run: Run, metric: str = "test") -> int | None:
    """The number of images that one of `MEASURES` of a run was taken on; None if the data set is gone."""
    if metric.startswith("test") and run.result and "images" in run.result:
        return int(run.result["images"])
    # Older runs did not record the number.
    part = "test" if metric.startswith("test") else "validation" if metric.startswith("val_") else "train"
    number = data.describe(run.spec["data"]).images[PARTS.index(part)] or None
    most = run.spec["recipe"].get("train_images")
    return min(number, most) if part == "train" and number and most else number


def interval(fraction: float, images: int) -> tuple[float, float]:
    """The 95 % confidence interval of a network's accuracy on similar images (Wilson 1927, JASA 22).

    It does not cover the variation between seeds, which takes several runs. `fraction` may be a mean over seeds, unlike
    in scipy's binomtest.
    """
    z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    spread = z * math.sqrt(fraction * (1 - fraction) / images + z * z / (4 * images * images))
    middle, whole = fraction + z * z / (2 * images), 1 + z * z / images
    return max(0.0, (middle - spread) / whole), min(1.0, (middle + spread) / whole)


def interval_text(fraction: float, images: int) -> str:
    """The interval as text: '49.0% to 94.3%'."""
    low, high = interval(fraction, images)
    return f"{low:.1%} to {high:.1%}"
