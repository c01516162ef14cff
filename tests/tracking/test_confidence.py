"""The number of images behind an accuracy, and its interval against scipy's."""

from pathlib import Path

import pytest
import scipy.stats

from tests.helpers.stored_runs import claimed, finished
from tfpool.tracking.confidence import images_behind, interval, interval_text
from tfpool.tracking.store import RunStore


@pytest.mark.parametrize(("right", "images"), [(8, 10), (0, 3), (3, 3), (441, 500), (1, 10_000)])
def test_the_interval_is_wilsons(right: int, images: int) -> None:
    expected = scipy.stats.binomtest(right, images).proportion_ci(0.95, method="wilson")
    assert interval(right / images, images) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_eight_of_ten_may_be_half_or_nearly_all() -> None:
    assert interval_text(0.8, 10) == "49.0% to 94.3%"


def test_the_images_behind_an_accuracy_are_those_recorded_or_those_of_the_data_set(tmp_path: Path) -> None:
    store = RunStore(tmp_path / "saved_models")
    run = finished(store, 0.7)
    behind = {metric: images_behind(run, metric) for metric in ("test", "test_loss", "val_accuracy", "accuracy")}
    assert behind == {"test": 5000, "test_loss": 5000, "val_accuracy": 2000, "accuracy": 100}
    store.add({**run.spec, "data": str(tmp_path / "gone")})
    assert images_behind(store.get("resnet8-gap-2")) is None
    claimed(store).end("done", result={"loss": 1.0, "accuracy": 0.8, "images": 10})
    assert images_behind(store.get("resnet8-gap-2")) == 10
