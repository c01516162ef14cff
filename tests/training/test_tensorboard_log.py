"""What TensorBoard gets of a run, read by TensorFlow; its messages are decoded by what protobuf itself has."""

import io
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from google.protobuf import struct_pb2
from google.protobuf.internal.decoder import _DecodeVarint  # type: ignore[attr-defined]
from PIL import Image

import tfpool as tp
from tests.helpers import stored_runs
from tests.helpers.event_files import messages, pictures, scalars
from tfpool import data
from tfpool.tracking import training_maps
from tfpool.tracking.database import METRICS
from tfpool.tracking.store import Run, RunStore
from tfpool.tracking.training_maps import TrainingMaps
from tfpool.training.session_messages import END, START
from tfpool.training.tensorboard_log import TensorBoardLog

FASHION = data.load("fashion_mnist")
RESULT = {"loss": 0.5, "accuracy": 0.75, "images": 5000, "train_loss": 0.25, "train_accuracy": 0.875}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    store = RunStore(tmp_path / "store")
    run = stored_runs.finished(store, 0.7, head=tp.FC(units=(64, 32)), augment=("flip", "shift"), seed=3)
    return stored_runs.with_maps(run)


def maps_after(run: Run, epoch: int) -> TrainingMaps:
    kept = training_maps.read(training_maps.path(run))
    assert kept
    here = slice(epoch, epoch + 1)
    return replace(kept, epochs=kept.epochs[here], maps=kept.maps[here], scores=kept.scores[here])


def write(run: Run, first: int, epochs: int) -> TensorBoardLog:
    """Log some epochs as a training that begins, or goes on, with the epoch `first`."""
    log = TensorBoardLog(run, FASHION, first, nullcontext)
    for epoch in range(first, first + epochs):
        log.add_epoch(epoch, {name: run.history[name][epoch % 2] for name in METRICS}, maps_after(run, epoch % 2))
    return log


def folder(run: Run) -> Path:
    return run.path / "tensorboard"


def fields(message: bytes) -> list[tuple[int, Any]]:
    """The numbers of the fields of a message, with a double, an integer or bytes: protobuf's encoding on the wire."""
    found, at = [], 0
    while at < len(message):
        key, at = _DecodeVarint(message, at)
        if key & 7 == 1:
            found.append((key >> 3, float(np.frombuffer(message[at : at + 8], "<f8")[0])))
            at += 8
            continue
        value, at = _DecodeVarint(message, at)
        if key & 7 == 2:
            value, at = message[at : at + value], at + value
        found.append((key >> 3, value))
    return found


def test_hyperparameters_are_the_messages_of_tensorboards_plugin(run: Run) -> None:
    write(run, 0, 0)
    (message,) = messages(folder(run), START)
    # HParamsPluginData: session_start_info = 3. SessionStartInfo: hparams = 1, start_time_secs = 5.
    ((number, start),) = fields(message)
    assert number == 3
    entries = [dict(fields(content)) for number, content in fields(start) if number == 1]
    values = {entry[1].decode(): struct_pb2.Value.FromString(entry[2]) for entry in entries}
    plain = {name: getattr(value, value.WhichOneof("kind")) for name, value in values.items()}
    assert dict(fields(start))[5] == run.started
    expected = {"network": "resnet8", "head": "fc", "head_units": "64 32", "head_dropout": 0.5, "input": "28×28×1"}
    expected |= {"classes": 10, "data": "fashion_mnist", "seed": 3, "epochs": 2, "augment": "flip shift"}
    expected |= {"learning_rate": 0.002, "train_images": 100, "batch_size": 30, "optimizer": "adam"}
    assert plain.items() >= {**expected, "parameters": run.plan.params, "macs": run.plan.macs}.items()
    assert not {"patience", "freeze", "weights"} & set(plain)


def test_the_result_is_at_the_step_of_the_saved_model(run: Run) -> None:
    write(run, 0, 2).add_result(1, RESULT)
    found = scalars(folder(run))
    assert {name: found[name] for name in METRICS} == {
        name: [(0, pytest.approx(first)), (1, pytest.approx(second))] for name, (first, second) in run.history.items()
    }
    of_result = {"test_loss": 0.5, "test_accuracy": 0.75, "tested_images": 5000}
    of_result |= {"train_loss": 0.25, "train_accuracy": 0.875}
    assert {name: found[name] for name in set(found) - set(METRICS)} == {
        name: [(1, value)] for name, value in of_result.items()
    }
    # HParamsPluginData: session_end_info = 4. SessionEndInfo: status = 1, and STATUS_SUCCESS = 1.
    (message,) = messages(folder(run), END)
    assert dict(fields(dict(fields(message))[4]))[1] == 1


@pytest.mark.parametrize("ended", [False, True], ids=["killed in an epoch", "killed after the test"])
def test_a_resumed_run_doubles_no_value(run: Run, ended: bool) -> None:
    log = write(run, 0, 3)
    if ended:
        log.add_result(2, RESULT)
    write(run, 3 if ended else 2, 0 if ended else 1).add_result(2, RESULT)
    assert len(list(folder(run).iterdir())) == 1
    assert all([step for step, _ in scalars(folder(run))[name]] == [0, 1, 2] for name in METRICS)
    assert [step for step, _ in pictures(folder(run))] == [0, 1, 2]
    assert scalars(folder(run))["test_accuracy"] == [(2, 0.75)]
    assert [len(messages(folder(run), tag)) for tag in (START, END)] == [1, 1]
    write(run, 0, 1)
    assert scalars(folder(run)).keys() == set(METRICS)
    assert len(messages(folder(run), START)) == 1


def test_a_log_of_an_earlier_version_goes_on(run: Run) -> None:
    write(run, 0, 3)
    (path,) = folder(run).iterdir()
    path.rename(path.with_name("events.out.tfevents.1796005152.host.12.0.v2"))
    write(run, 2, 1)
    assert [step for step, _ in scalars(folder(run))["loss"]] == [0, 1, 2]
    assert len(messages(folder(run), START)) == 1


def test_maps_are_drawn_on_a_scale_with_numbers(run: Run) -> None:
    write(run, 0, 2)
    (first, second) = pictures(folder(run))
    assert (first[0], second[0]) == (0, 1)
    width, height, png = second[1]
    picture = Image.open(io.BytesIO(png))
    assert picture.size == (int(width), int(height))
    assert picture.width <= 350
    before, after = (np.asarray(Image.open(io.BytesIO(each[1][2])))[:172] for each in (first, second))
    assert (before != after).any(axis=-1).mean() > 0.1
    photo = FASHION.test.images[maps_after(run, 0).images[0]]
    np.testing.assert_array_equal(after[2:86:3, 2:86:3], np.broadcast_to(photo, (28, 28, 3)))


def test_a_long_run_has_at_most_twenty_pictures(run: Run) -> None:
    long = replace(run, spec={**run.spec, "recipe": {**run.spec["recipe"], "epochs": 50}})
    write(long, 0, 50)
    assert [step + 1 for step, _ in pictures(folder(run))] == list(range(3, 51, 3))
    assert len(scalars(folder(run))["loss"]) == 50
