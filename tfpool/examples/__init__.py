"""Two trained runs that ship: one network with GAP and with Flatten, made by `python scripts/make_examples.py`.

Runs that people train are in their store, which `tracking` reads. Importing this loads no Keras.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from tfpool.data import Part
from tfpool.tracking.run import Run

BUNDLED = Path(__file__).with_name("bundled")
HEADS = ("gap", "flatten")


@dataclass(frozen=True)
class Maps:
    """Maps and predictions of the example runs for some test images of their data set, with labels and boxes.

    By run id: `heatmaps`, float32 (N, H, W) at the size of the images, evidence for the true class by `hirescam`,
    which is exact for both heads; and `probabilities`, float32 (N, K).
    """

    images: Part
    heatmaps: dict[str, np.ndarray]
    probabilities: dict[str, np.ndarray]


@cache
def runs() -> dict[str, Run]:
    """The runs by their ids, the one with GAP first."""
    records = json.loads((BUNDLED / "runs.json").read_text(encoding="utf-8"))
    rest: dict[str, Any] = {"state": "done", "progress": {}, "error": None, "note": "", "sweep": None}
    rest |= {"stopping": False, "host": None, "executor": None, "artifacts": None, "resumes": 0, "began": None}
    return {record["id"]: Run(**record, **rest, path=BUNDLED / record["id"]) for record in records}


@cache
def maps() -> Maps:
    """The bundled maps, computed from the bundled models."""
    with np.load(BUNDLED / "maps.npz") as arrays:
        by_run = {name: {run: arrays[f"{name} {run}"] for run in runs()} for name in ("heatmaps", "probabilities")}
        return Maps(Part(arrays["images"], arrays["labels"], arrays["boxes"]), **by_run)
