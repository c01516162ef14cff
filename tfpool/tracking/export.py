"""A run's own files for others: a copy of its model, and tables of its predictions. Loads no TensorFlow.

Models for other programs are written by `inference.portable_model`.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from subprocess import PIPE, Popen

from tfpool.system.files import atomic
from tfpool.system.format import csv_text
from tfpool.system.spawn import command, spawn
from tfpool.tracking import predictions
from tfpool.tracking.predictions import Predictions
from tfpool.tracking.run import Run

TABLES = {"predictions": Predictions.image_rows, "classes": Predictions.class_rows}
"""Tables of the predictions for the test images, as CSV files: a row per image, or one per class."""
RUN_FORMATS = ("keras", *TABLES)


def export_run(run: Run, path: Path, format: str) -> None:
    """Write a copy of a run's model, "keras", or a table of `TABLES` to a file, completely or not at all."""
    if format not in RUN_FORMATS:
        raise ValueError(f"Expected one of {', '.join(RUN_FORMATS)} as the format, got {format!r}.")
    with atomic(path) as temporary:
        if format in TABLES:
            text = csv_text(TABLES[format](predictions.read(run)))
            temporary.write_text(text, encoding="utf-8", newline="")
            return
        shutil.copyfile(run.checked_model_path(), temporary)


def start(run: Run, path: Path) -> Popen[bytes]:
    """Start writing a model in the format of the path's suffix, in another process, so that this one stays light."""
    store = str(run.path.parent.absolute())
    return spawn(command("tfpool", "export", run.id, "--out", str(path.absolute()), "--store", store), stderr=PIPE)
