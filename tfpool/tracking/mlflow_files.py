"""Runs as MLflow's files, a folder per experiment and run. MLflow need not be installed. Loads no TensorFlow.

The layout is that of `mlflow/store/tracking/file_store.py` in MLflow 3.17. From 3.13 on MLflow opens such a folder only
with MLFLOW_ALLOW_FILE_STORE=true, and imports it into a database with `mlflow migrate-filestore`.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

from tfpool._version import __version__
from tfpool.system.files import atomic, remove_temporary
from tfpool.tracking import results
from tfpool.tracking.hyperparameters import hyperparameters, named_result
from tfpool.tracking.run import Run

ARTIFACTS = ("model.keras", "run.json", "history.csv", "class_maps.npz")
"""Files of a run's folder that are copied."""
_META = "meta.yaml"
_STATUS = {"queued": 2, "running": 1, "done": 3, "failed": 4, "stopped": 5, "interrupted": 5}
"""MLflow's numbers for SCHEDULED, RUNNING, FINISHED, FAILED and KILLED."""
_OWN_TAGS = {"tfpool.sweep", "tfpool.error", "tfpool.host"}
"""Tags that a run may have had when it was exported before."""
_LOCAL = 4
"""MLflow's number for a run of a program on this machine."""


def write_mlflow(runs: Sequence[Run], folder: Path) -> list[str]:
    """Write runs into a folder such as `mlruns`, and return the names of their experiments, one per data set.

    Metrics have a value per epoch, counted from 0; results stand at the epoch whose model is saved. The time of an
    epoch is the start of the run plus the time of training until then, without pauses. A run that is there already is
    brought up to date, and what MLflow's users have added to it stays.

    Raises:
        ValueError: if the folder holds something else, or MLflow has deleted an experiment of these runs.
    """
    _check_folder(folder)
    by_experiment: dict[str, list[Run]] = {}
    for run in runs:
        by_experiment.setdefault(f"tfpool {results.data_name(run)}", []).append(run)
    for name, of_experiment in by_experiment.items():
        # MLflow's own ids are numbers, too.
        number = str(int(_digest(name)[:15], 16))
        _write_experiment(folder, name, number)
        for run in of_experiment:
            _write_run(run, folder.absolute() / number, number)
    return list(by_experiment)


def _check_folder(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is a file. Expected a folder for MLflow's files, such as --out mlruns.")
    is_ours = any(folder.glob(f"*/{_META}")) or not folder.exists()
    # An export that was killed at once leaves a folder with a number and nothing else.
    if not is_ours and not all(path.is_dir() and path.name.isdigit() for path in folder.iterdir()):
        raise ValueError(f"{folder} holds other files than MLflow's. Use a new folder, such as --out mlruns.")


def _write_experiment(folder: Path, name: str, number: str) -> None:
    if (folder / ".trash" / number).exists():
        raise ValueError(
            f"MLflow has deleted the experiment {name} in {folder}. Restore it there, or use another folder."
        )
    path = folder / number / _META
    kind = path.parent / "tags" / "mlflow.experimentKind"
    # MLflow's users may have renamed it.
    if not path.exists():
        described = {"experiment_id": number, "name": name, "artifact_location": path.parent.absolute().as_uri()}
        _write(path, _yaml({**described, "lifecycle_stage": "active"}))
    # Without it MLflow 3 shows its pages for language models.
    if not kind.exists():
        _write(kind, "custom_model_development")


def _write_run(run: Run, experiment: Path, number: str) -> None:
    # The same for each export of a run, also of a copy of its store.
    run_id = _digest(json.dumps([run.id, run.created, run.spec]))[:32]
    folder = experiment / run_id
    artifacts = folder / "artifacts"
    artifacts.mkdir(parents=True, exist_ok=True)
    for kind, values in (("params", _params(run)), ("metrics", _metrics(run)), ("tags", _tags(run))):
        (folder / kind).mkdir(exist_ok=True)
        remove_temporary(folder / kind)
        for name, text in values.items():
            _write(folder / kind / name, text)
    for name in _OWN_TAGS - set(_tags(run)):
        (folder / "tags" / name).unlink(missing_ok=True)
    for name in ARTIFACTS:
        _copy(run.path / name, artifacts / name)
    meta: dict[str, Any] = {
        "artifact_uri": artifacts.as_uri(),
        "end_time": None if run.ended is None else _milliseconds(run.ended),
        "entry_point_name": "",
        "experiment_id": number,
        "lifecycle_stage": "active",
        "run_id": run_id,
        "run_name": run.title,
        "run_uuid": run_id,
        "source_name": "",
        "source_type": _LOCAL,
        "source_version": "",
        "start_time": _milliseconds(_start(run)),
        "status": _STATUS[run.state],
        "tags": [],
        "user_id": "",
    }
    # Last: MLflow does not show a run without this file.
    _write(folder / _META, _yaml(meta))


def _params(run: Run) -> dict[str, str]:
    return {name: str(value) for name, value in hyperparameters(run).items()}


def _metrics(run: Run) -> dict[str, str]:
    """For each metric a line per value: the time in milliseconds, the value, the step."""
    ends = [_milliseconds(_start(run) + seconds) for seconds in accumulate(run.history["seconds"])]
    lines = {
        name: "".join(f"{end} {value!r} {step}\n" for step, (end, value) in enumerate(zip(ends, values, strict=True)))
        for name, values in run.history.items()
        if values
    }
    if run.result:
        end, step = _milliseconds(run.ended or _start(run)), results.saved_epoch(run)
        lines |= {name: f"{end} {float(value)!r} {step}\n" for name, value in named_result(run.result).items()}
    return lines


def _tags(run: Run) -> dict[str, str]:
    tags = {
        "mlflow.runName": run.title,
        "mlflow.note.content": run.note,
        "mlflow.source.name": "tfpool",
        "mlflow.source.type": "LOCAL",
        "tfpool.version": __version__,
        "tfpool.run": run.id,
        "tfpool.state": run.state,
        "tfpool.sweep": run.sweep,
        "tfpool.error": run.error,
        "tfpool.host": run.host,
    }
    return {name: text for name, text in tags.items() if text}


def _start(run: Run) -> float:
    """When a run began. Of a run that was resumed, only the last start and when it was queued are known."""
    return run.created if run.resumes or run.started is None else run.started


def _milliseconds(seconds: float) -> int:
    return round(1000 * seconds)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _yaml(values: Mapping[str, Any]) -> str:
    """A mapping of plain values as YAML, in which each value is written as JSON."""
    return "".join(f"{name}: {json.dumps(value, ensure_ascii=False)}\n" for name, value in values.items())


def _write(path: Path, text: str) -> None:
    content = text.encode()
    if path.exists() and path.read_bytes() == content:
        return
    with atomic(path) as temporary:
        temporary.write_bytes(content)


def _copy(source: Path, target: Path) -> None:
    """Copy a file if there is one that is newer than its copy, and remove what a killed copy has left."""
    for left in target.parent.glob(f".{target.stem}.*{target.suffix}"):
        left.unlink()
    if source.exists() and not (target.exists() and target.stat().st_mtime >= source.stat().st_mtime):
        with atomic(target) as temporary:
            shutil.copyfile(source, temporary)
