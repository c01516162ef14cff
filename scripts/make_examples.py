"""Make the two trained runs that ship, with their maps.

    python scripts/make_examples.py

One network with GAP and with Flatten, trained on the same images by one recipe with one seed: some minutes on two
cores. The same machine makes the same bits.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import tfpool as tp
from tfpool import data
from tfpool.examples import BUNDLED, HEADS
from tfpool.tracking.store import Run, RunStore
from tfpool.training import enqueue_sweep, launch

NETWORK, DATA = "resnet8", "scattered"
RECIPE = tp.Recipe(epochs=8, batch_size=64, train_images=6000, image_size=32)
FILES = ("model.keras", "run.json", "history.csv", "predictions.npz")
"""Files of a run's folder that ship; its training logs do not."""
FIELDS = ("spec", "history", "result", "created", "started", "ended")


def train_examples(folder: Path) -> list[Run]:
    store = RunStore(folder)
    ids = enqueue_sweep([NETWORK], list(HEADS), 1, DATA, RECIPE, store)
    while not all(store.get(run_id).state == "done" for run_id in ids):
        launch(store)
        states = (f"{run.id} {run.state} {run.fraction_done:.0%}" for run in map(store.get, ids))
        print(", ".join(states), end="\r", flush=True)
        time.sleep(1)
    print()
    return [store.get(run_id) for run_id in ids]


def first_of_each_class(labels: np.ndarray) -> np.ndarray:
    return np.unique(labels, return_index=True)[1]


def compute_maps(runs: dict[str, Run]) -> dict[str, np.ndarray]:
    """Arrays of maps.npz: some test images, and each run's maps of the true class and probabilities for them."""
    test = data.load(DATA).test
    assert test.boxes is not None
    positions = first_of_each_class(test.labels)
    images, labels = test.images[positions], test.labels[positions]
    arrays = {"images": images, "labels": labels, "boxes": test.boxes[positions]}
    for name, run in runs.items():
        explainer = tp.Explainer(run.load_model(), method="hirescam")
        inputs = run.to_input(images)
        arrays[f"heatmaps {name}"] = explainer(inputs, labels).resize(images.shape[1:3])
        arrays[f"probabilities {name}"] = explainer.probabilities(inputs)
    return arrays


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        runs = {f"example-{head}": run for head, run in zip(HEADS, train_examples(Path(folder)), strict=True)}
        shutil.rmtree(BUNDLED, ignore_errors=True)
        for name, run in runs.items():
            (BUNDLED / name).mkdir(parents=True)
            for file in FILES:
                shutil.copy(run.path / file, BUNDLED / name / file)
        records = [
            {"id": name, "title": name} | {field: getattr(run, field) for field in FIELDS} for name, run in runs.items()
        ]
        (BUNDLED / "runs.json").write_text(json.dumps(records, indent=1) + "\n")
        np.savez_compressed(BUNDLED / "maps.npz", allow_pickle=False, **compute_maps(runs))
    for name, run in runs.items():
        print(name, f"{run.plan.params:,} parameters,", f"test accuracy {(run.result or {}).get('accuracy', 0):.1%}")


if __name__ == "__main__":
    main()
