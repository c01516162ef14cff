"""A run's model as one file, `.keras` or ONNX. Loads TensorFlow only to write ONNX."""

from __future__ import annotations

import shutil
from pathlib import Path
from subprocess import PIPE, Popen

from tfpool.models.build import build
from tfpool.system.files import atomic
from tfpool.system.spawn import command, spawn
from tfpool.tracking.run import Run


def export_model(run: Run, path: Path, format: str = "onnx") -> None:
    """Write a run's model to a file, completely or not at all.

    "onnx" is a model from float32 images (N, H, W, C), scaled as by `run.to_input`, to logits (N, K); "keras" is a copy
    of the run's own file.
    """
    if format == "onnx":
        _write_onnx(run, path)
        return
    if format != "keras":
        raise ValueError(f"Expected onnx or keras as the format of a model, got {format!r}.")
    with atomic(path) as temporary:
        shutil.copyfile(run.checked_model_path(), temporary)


def _write_onnx(run: Run, path: Path) -> None:
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
