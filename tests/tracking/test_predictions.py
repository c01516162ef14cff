"""A run's predictions for the test images, with made-up predictions."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.stored_runs import finished
from tfpool import data
from tfpool.tracking import predictions
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
