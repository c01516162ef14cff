"""A run's model as one file, `.keras` or ONNX, and tables of its predictions. Loads TensorFlow only to write ONNX."""

from __future__ import annotations

import shutil
from pathlib import Path
from subprocess import PIPE, Popen

from tfpool.models.build import build
from tfpool.system.extras import need
from tfpool.system.files import atomic
from tfpool.system.format import csv_text
from tfpool.system.spawn import command, spawn
from tfpool.tracking import predictions
from tfpool.tracking.predictions import Predictions
from tfpool.tracking.run import Run

TABLES = {"predictions": Predictions.image_rows, "classes": Predictions.class_rows}
"""Tables of the predictions for the test images, as CSV files: a row per image, or one per class."""
FORMATS = ("onnx", "keras", *TABLES)


def export_run(run: Run, path: Path, format: str = "onnx") -> None:
    """Write a run's model, or a table of `TABLES`, to a file, completely or not at all.

    "onnx" is a model from float32 images (N, H, W, C), scaled as by `run.to_input`, to logits (N, K); "keras" is a copy
    of the run's own file.
    """
    if format == "onnx":
        _write_onnx(run, path)
        return
    if format not in FORMATS:
        raise ValueError(f"Expected one of {', '.join(FORMATS)} as the format, got {format!r}.")
    with atomic(path) as temporary:
        if format in TABLES:
            text = csv_text(TABLES[format](predictions.read(run)))
            temporary.write_text(text, encoding="utf-8", newline="")
            return
        shutil.copyfile(run.checked_model_path(), temporary)


def _write_onnx(run: Run, path: Path) -> None:
    need("onnx", "tf2onnx")
    trained = run.load_model()
    import numpy as np

    # ONNX's runtime does not take the layers of a model that was trained in mixed precision, so build one in float32.
    model = build(run.plan)
    model.set_weights(trained.get_weights())
    # Keras exports a model only after a call.
    model(np.zeros((1, *(size or 32 for size in model.input_shape[1:])), np.float32))
    with atomic(path) as temporary:
        model.export(temporary, format="onnx", verbose=False)


def start(run: Run, path: Path) -> Popen[bytes]:
    """Start writing ONNX in another process, so that this one does not load TensorFlow."""
    store = str(run.path.parent.absolute())
    return spawn(command("tfpool", "export", run.id, "--out", str(path.absolute()), "--store", store), stderr=PIPE)
