"""Two trained runs that ship, one network with GAP and with Flatten, made by `python scripts/make_examples.py`.

Runs that people train are in their store, read by `tracking`. Importing this loads no Keras.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from tfpool.data import Part
from tfpool.tracking.run import Run

BUNDLED = Path(__file__).with_name("bundled")
HEADS = ("gap", "flatten")


@dataclass(frozen=True)
class Maps:
    """What the examples make of some test images of the data set that they were trained on.

    Attributes:
        images: with labels and boxes, as the data set has them.
        heatmaps: by run id, float32 (N, H, W), at the images' size: evidence for the true class by `hirescam`, exact
            under both heads.
        probabilities: by run id, float32 (N, K).
    """

    images: Part
    heatmaps: dict[str, np.ndarray]
    probabilities: dict[str, np.ndarray]


@cache
def runs() -> dict[str, Run]:
    """The runs by their ids, GAP's first."""
    return {
        record["id"]: Run(
            **record,
            state="done",
            path=BUNDLED / record["id"],
            progress={},
            error=None,
            note="",
            sweep=None,
            stopping=False,
        )
        for record in json.loads((BUNDLED / "runs.json").read_text())
    }


@cache
def maps() -> Maps:
    """The maps that ship, as they were computed from the models that ship."""
    with np.load(BUNDLED / "maps.npz") as kept:
        by_run = {name: {run: kept[f"{name} {run}"] for run in runs()} for name in ("heatmaps", "probabilities")}
        return Maps(Part(kept["images"], kept["labels"], kept["boxes"]), **by_run)
