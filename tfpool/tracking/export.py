"""A run's model as one file for elsewhere: `.keras`, or ONNX. Loads TensorFlow only to write the latter."""

from __future__ import annotations

import shutil
from pathlib import Path
from subprocess import PIPE, Popen

from tfpool.models.build import build
from tfpool.system.files import atomic
from tfpool.system.spawn import command, spawn
from tfpool.tracking.run import Run


def export_model(run: Run, path: Path, format: str = "onnx") -> None:
    """Write a run's model to a file, which is whole or not there.

    Args:
        run: one that has finished an epoch.
        path: where to.
        format: "onnx" takes float32 images (N, H, W, C) as the run's model reads them and gives logits (N, K);
            "keras" is the run's own file.

    Raises:
        ValueError: if the run has no model yet, or the format is another one.
    """
    if format == "onnx":
        _write_onnx(run, path)
        return
    if format != "keras":
        raise ValueError(f"A model is written as onnx or keras, not as {format!r}.")
    if not run.model_path.exists():
        raise ValueError(f"Run {run.id} is {run.state} and has no model yet: it has not finished an epoch.")
    with atomic(path) as temporary:
        shutil.copyfile(run.model_path, temporary)


def _write_onnx(run: Run, path: Path) -> None:
    trained = run.load_model()
    import numpy as np

    # Built anew, since ONNX's runtime does not take the layers of a model that was trained in mixed precision.
    model = build(run.plan)
    model.set_weights(trained.get_weights())
    # Keras exports a model only after it was called.
    model(np.zeros((1, *(size or 32 for size in model.input_shape[1:])), np.float32))
    with atomic(path) as temporary:
        model.export(temporary, format="onnx", verbose=False)


def start(run: Run, path: Path) -> Popen[bytes]:
    """Begin to write ONNX in a process of its own, so that this one need not load TensorFlow."""
    store = str(run.path.parent.absolute())
    return spawn(command("tfpool", "export", run.id, "--out", str(path.absolute()), "--store", store), stderr=PIPE)
