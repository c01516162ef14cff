"""A run's predictions for the test images, with made-up predictions."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.stored_runs import finished
from tfpool import data
from tfpool.tracking import predictions
from tfpool.tracking.export import TABLES, export_run
from tfpool.tracking.store import Run, RunStore


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run with two mistakes, the second one more confident."""
    images = data.load("fashion_mnist")
    run = finished(RunStore(tmp_path / "saved_models"), 0.7)
    run.spec["class_names"] = list(images.class_names)
    run.path.mkdir()
    predicted = images.test.labels.astype(np.int32)
    predicted[[3, 9]] = (predicted[[3, 9]] + 1) % 10
    confidence = np.full(len(predicted), 0.8, np.float32)
    confidence[[3, 9]] = 0.5, 0.9
    np.savez_compressed(predictions.path(run), predicted=predicted, confidence=confidence, truth=1 - confidence)
    describe(run, images.fingerprint)
    return run


def describe(run: Run, fingerprint: str) -> None:
    (run.path / "run.json").write_text(json.dumps({"data_fingerprint": fingerprint}))


def test_the_most_confident_mistake_comes_first(run: Run) -> None:
    stored = predictions.read(run)
    np.testing.assert_array_equal(stored.mistakes(5), [9, 3])
    np.testing.assert_array_equal(stored.mistakes(1), [9])
    assert (stored.confusion.sum(), stored.confusion.trace()) == (5000, 4998)
    truth = stored.test.labels[9]
    assert stored.confusion[truth, (truth + 1) % 10] >= 1


def test_images_that_are_gone_or_have_changed_are_an_error(run: Run, tmp_path: Path) -> None:
    describe(run, "another")
    with pytest.raises(ValueError, match=r"resnet8-gap-1.*fashion_mnist"):
        predictions.read(run)
    run.spec["data"] = str(tmp_path / "datasets" / "photos")
    with pytest.raises(ValueError, match=r"photos.*gone"):
        predictions.read(run)


def test_predictions_that_are_missing_or_damaged_are_an_error(run: Run) -> None:
    whole = predictions.path(run).read_bytes()
    for content in (whole[:1000], b"", b"no archive"):
        predictions.path(run).write_bytes(content)
        with pytest.raises(ValueError, match=r"resnet8-gap-1.*read"):
            predictions.read(run)
    predictions.path(run).unlink()
    with pytest.raises(ValueError, match="tested"):
        predictions.read(run)


def test_the_tables_have_each_image_and_precision_and_recall_of_each_class(run: Run) -> None:
    stored = predictions.read(run)
    header, *rows = stored.image_rows()
    assert header == ("image", "class", "predicted", "probability", "probability_of_class")
    assert len(rows) == len(stored.test)
    wrong = [row for row in rows if row[1] != row[2]]
    assert [row[0] for row in wrong] == [4, 10]
    assert [row[3:] for row in wrong] == [("0.500000", "0.500000"), ("0.900000", "0.100000")]

    header, *rows = stored.class_rows()
    assert header[:4] == ("class", "images", "precision", "recall")
    assert header[4:] == tuple(f"as {name}" for name in stored.class_names)
    labels, predicted = stored.test.labels, stored.predicted
    for number, (name, images, precision, recall, *counts) in enumerate(rows):
        assert name == stored.class_names[number]
        assert images == (labels == number).sum() == sum(counts)
        right = ((labels == number) & (predicted == number)).sum()
        assert float(precision) == pytest.approx(right / (predicted == number).sum(), abs=1e-6)
        assert float(recall) == pytest.approx(right / images, abs=1e-6)


def test_precision_is_empty_for_a_class_that_is_never_predicted(run: Run) -> None:
    stored = predictions.read(run)
    never = replace(stored, predicted=np.where(stored.predicted == 2, 3, stored.predicted))
    assert never.class_rows()[3][2:4] == ("", "0.000000")
    none = replace(stored, test=stored.test.first(0), predicted=stored.predicted[:0])
    assert {row[1:4] for row in none.class_rows()[1:]} == {(0, "", "")}


@pytest.mark.parametrize("format", list(TABLES))
def test_a_table_is_exported_as_csv(run: Run, tmp_path: Path, format: str) -> None:
    export_run(run, tmp_path / "table.csv", format)
    with (tmp_path / "table.csv").open(newline="", encoding="utf-8") as file:
        written = list(csv.reader(file))
    assert written == [[str(cell) for cell in row] for row in TABLES[format](predictions.read(run))]
    with pytest.raises(ValueError, match="keras, predictions, classes"):
        export_run(run, tmp_path / "table.csv", "xlsx")
