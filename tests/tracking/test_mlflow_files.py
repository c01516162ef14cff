"""Runs as MLflow's files, read back by PyYAML and by the rules of MLflow's file store."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.helpers.stored_runs import finished, unknown
from tfpool.cli import parser
from tfpool.tracking.mlflow_files import write_mlflow
from tfpool.tracking.store import RunStore


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    store = RunStore(tmp_path / "saved_models")
    for seed, accuracy in enumerate((0.7, 0.8)):
        run = finished(store, accuracy, seed=seed, head="flatten" if seed else "gap", augment=("flip", "shift"))
        run.path.mkdir()
        (run.path / "model.keras").write_bytes(bytes([seed]) * 100)
        (run.path / "run.json").write_text("{}")
    return store


def point(line: str) -> tuple[int, float, int]:
    time, value, step = line.split(" ")
    return int(time), float(value), int(step)


def read(folder: Path) -> dict[str, dict[str, Any]]:
    """For each run id of tfpool what MLflow shows: meta, params, tags, metrics as (time, value, step), artifacts."""
    found = {}
    for path in folder.glob("*/*/meta.yaml"):
        run, experiment = path.parent, yaml.safe_load((path.parents[1] / "meta.yaml").read_text())
        meta = yaml.safe_load(path.read_text())
        assert meta["run_id"] == meta["run_uuid"] == run.name
        assert meta["experiment_id"] == experiment["experiment_id"] == run.parent.name == str(int(run.parent.name))
        values = {kind: {each.name: each.read_text() for each in (run / kind).iterdir()} for kind in ("params", "tags")}
        metrics = {
            each.name: [
                (int(time), float(value), int(step))
                for time, value, step in map(str.split, each.read_text().splitlines())
            ]
            for each in (run / "metrics").iterdir()
        }
        assert meta["artifact_uri"] == (run / "artifacts").absolute().as_uri()
        artifacts = {each.name: each.read_bytes() for each in (run / "artifacts").iterdir()}
        shown = {"experiment": experiment["name"], "meta": meta, **values, "metrics": metrics, "artifacts": artifacts}
        found[values["tags"]["tfpool.run"]] = shown
    return found


def files(folder: Path) -> dict[str, tuple[bytes, int]]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns) for path in paths}


def exported(store: RunStore, folder: Path, *arguments: str) -> int:
    return parser.main(["export", *arguments, "--format", "mlflow", "--out", str(folder), "--store", str(store.folder)])


def test_all_that_the_store_has_is_there(store: RunStore, tmp_path: Path) -> None:
    store.rename("resnet8-gap-1", "my: first # run")
    store.annotate("resnet8-gap-1", 'two lines\nand "quotes"')
    assert write_mlflow(store.runs(), tmp_path / "mlruns") == ["tfpool fashion_mnist"]
    found = read(tmp_path / "mlruns")
    assert set(found) == {"resnet8-gap-1", "resnet8-flatten-2"}
    run, shown = store.get("resnet8-gap-1"), found["resnet8-gap-1"]
    assert run.started
    assert run.ended
    start, end = round(1000 * run.started), round(1000 * run.ended)
    # The epochs took 2 and 3 seconds.
    times = [round(1000 * (run.started + seconds)) for seconds in (2, 5)]
    assert shown["metrics"] == {
        **{name: list(zip(times, values, (0, 1), strict=True)) for name, values in run.history.items()},
        "test_loss": [(end, 1 - 0.7, 1)],
        "test_accuracy": [(end, 0.7, 1)],
    }
    meta = shown["meta"]
    assert (meta["run_name"], meta["status"], meta["start_time"], meta["end_time"]) == (run.title, 3, start, end)
    expected = {"head": "gap", "network": "resnet8", "input": "28×28×1", "seed": "0", "augment": "flip shift"}
    expected |= {"learning_rate": "0.002", "parameters": str(run.plan.params), "macs": str(run.plan.macs)}
    assert shown["params"].items() >= expected.items()
    tags = {"mlflow.note.content": run.note, "tfpool.state": "done", "tfpool.sweep": "both"}
    assert shown["tags"].items() >= tags.items()
    assert shown["artifacts"] == {"model.keras": bytes(100), "run.json": b"{}"}


def test_exporting_again_changes_only_what_has_changed(store: RunStore, tmp_path: Path) -> None:
    folder = tmp_path / "mlruns"
    write_mlflow(store.runs(), folder)
    before = files(folder)
    write_mlflow(store.runs(), folder)
    assert files(folder) == before
    # What MLflow's users add stays: a tag, and another name of the experiment.
    run = next(path for path in folder.glob("*/*/tags/tfpool.run") if path.read_text() == "resnet8-gap-1")
    experiment = run.parents[2] / "meta.yaml"
    experiment.write_text(experiment.read_text().replace("tfpool fashion_mnist", "mine"))
    (run.parent / "reviewed").write_text("yes")
    store.rename("resnet8-gap-1", "other")
    (store.get("resnet8-gap-1").path / "model.keras").write_bytes(b"retrained")
    write_mlflow([store.get("resnet8-gap-1")], folder)
    shown = read(folder)["resnet8-gap-1"]
    assert (shown["experiment"], shown["tags"]["reviewed"], shown["meta"]["run_name"]) == ("mine", "yes", "other")
    assert shown["artifacts"]["model.keras"] == b"retrained"
    assert len(read(folder)) == 2


def test_a_killed_export_shows_no_half_run_and_is_completed(
    store: RunStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "mlruns"

    def killed(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("tfpool.tracking.mlflow_files._copy", killed)
        with pytest.raises(KeyboardInterrupt):
            write_mlflow(store.runs(), folder)
    assert read(folder) == {}
    (tags,) = folder.glob("*/*/tags")
    for name in ("tags/.half", "artifacts/.model.0123.keras"):
        (tags.parent / name).write_text("of a writer that was killed")
    (tags.parents[1] / "meta.yaml").unlink()
    write_mlflow(store.runs(), folder)
    assert len(read(folder)) == 2
    assert not list(folder.rglob(".*"))


def test_runs_in_any_state_are_written(store: RunStore, tmp_path: Path) -> None:
    done = store.get("resnet8-gap-1")
    nothing: dict[str, list[float]] = {name: [] for name in done.history}
    patient = {**done.spec, "recipe": {**done.spec["recipe"], "patience": 1}}
    runs = [
        replace(done, id="a", state="queued", history=nothing, result=None, started=None, ended=None),
        replace(done, id="b", state="failed", result=None, error="The loss became nan.", resumes=1, created=5.0),
        replace(done, id="c", spec=patient),
        unknown(store, head={"name": "other"}),
    ]
    write_mlflow([*runs, replace(runs[2], error="of before it was resumed")], tmp_path / "mlruns")
    write_mlflow(runs, tmp_path / "mlruns")
    found = read(tmp_path / "mlruns")
    assert "tfpool.error" not in found["c"]["tags"]
    assert [found[run.id]["meta"]["status"] for run in runs] == [2, 4, 3, 3]
    assert found["a"]["metrics"] == {}
    assert found["a"]["meta"]["end_time"] is None
    assert (found["b"]["tags"]["tfpool.error"], found["b"]["meta"]["start_time"]) == ("The loss became nan.", 5000)
    # The first of two epochs has the lower validation loss.
    assert [step for *_, step in found["c"]["metrics"]["test_accuracy"]] == [0]
    assert "parameters" not in found[runs[-1].id]["params"]


def test_the_command_exports_named_runs_or_all_but_the_labs(
    store: RunStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lab = store.add(store.get("resnet8-gap-1").spec, sweep="lab overfitting")
    folder = tmp_path / "mlruns"
    assert exported(store, folder, "resnet8-gap-1", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"runs": ["resnet8-gap-1"], "format": "mlflow", "out": str(folder)}
    assert exported(store, folder) == 0
    printed = capsys.readouterr()
    assert "MLFLOW_ALLOW_FILE_STORE" in printed.out
    assert printed.err.count("\n") == 1
    assert set(read(folder)) == {"resnet8-gap-1", "resnet8-flatten-2"}
    assert exported(store, folder, lab, "example-gap") == 0
    assert set(read(folder)) == {"resnet8-gap-1", "resnet8-flatten-2", lab, "example-gap"}


def test_what_cannot_be_exported_is_one_line(
    store: RunStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_mlflow(store.runs(), tmp_path / "deleted")
    (experiment,) = (tmp_path / "deleted").iterdir()
    (tmp_path / "deleted" / ".trash").mkdir()
    experiment.rename(tmp_path / "deleted" / ".trash" / experiment.name)
    (tmp_path / "file").touch()
    for out, models, word in (
        (store.folder, [], "--out mlruns"),
        (tmp_path / "file", [], "a file"),
        (tmp_path / "deleted", [], "deleted"),
        (tmp_path / "new", ["squeezenet"], "squeezenet"),
        (tmp_path / "new", ["nobody"], "nobody"),
        (tmp_path / "no" / "folder", [], "no folder"),
    ):
        assert exported(store, out, *models) == 2, out
        error = capsys.readouterr().err
        assert (word in error, error.count("\n")) == (True, 1), error
    assert not (tmp_path / "new").exists()
    for models in ([], ["resnet8-gap-1", "resnet8-flatten-2"]):
        arguments = ["export", *models, "--out", str(tmp_path / "x.onnx"), "--store", str(store.folder)]
        assert parser.main(arguments) == 2
        assert "one MODEL" in capsys.readouterr().err
