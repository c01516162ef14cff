"""The file with the class maps of a run's epochs: which images, what is replaced, what is damaged or deleted."""

from pathlib import Path

import numpy as np
import pytest

from tests.helpers.stored_runs import finished, with_maps
from tfpool import data
from tfpool.tracking import training_maps
from tfpool.tracking.store import RunStore
from tfpool.tracking.training_maps import fixed_images


@pytest.mark.parametrize(
    ("labels", "positions"),
    [
        ([2, 0, 1, 0, 2, 3, 1], [0, 1, 2, 5]),
        ([5, 5, 3, 3, 5], [0, 1, 2, 3]),
        ([7, 7, 7], [0, 1, 2]),
        ([9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0], [0, 3, 6, 9]),
    ],
)
def test_the_images_are_the_first_of_four_classes_spread_evenly_or_more_of_fewer_classes(
    labels: list[int], positions: list[int]
) -> None:
    assert fixed_images(np.array(labels)).tolist() == positions


def test_the_images_of_the_bundled_data_are_of_four_classes() -> None:
    labels = data.load("fashion_mnist").test.labels
    assert sorted(labels[fixed_images(labels)]) == [0, 3, 6, 9]


def test_epochs_that_are_repeated_replace_what_was_kept_of_them_and_of_later_ones(tmp_path: Path) -> None:
    run = with_maps(finished(RunStore(tmp_path / "saved_models"), 0.9), epochs=4)
    kept = training_maps.read(training_maps.path(run))
    assert kept
    again = kept.before(3)
    assert again.epochs.tolist() == [1, 2]
    joined = kept.followed_by(again)
    assert (joined.epochs.tolist(), len(joined.maps)) == ([1, 2], 2)
    np.testing.assert_array_equal(kept.before(4).followed_by(kept).maps, kept.maps)


def test_a_run_without_maps_has_none_and_a_damaged_file_is_named(tmp_path: Path) -> None:
    run = finished(RunStore(tmp_path / "saved_models"), 0.9)
    path = training_maps.path(run)
    assert training_maps.read(path) is None
    with_maps(run)
    whole = path.read_bytes()
    for content in (whole[:1000], b"", b"no archive"):
        path.write_bytes(content)
        with pytest.raises(ValueError, match="class_maps"):
            training_maps.read(path)


def test_a_deleted_run_takes_its_maps_along(tmp_path: Path) -> None:
    store = RunStore(tmp_path / "saved_models")
    path = training_maps.path(with_maps(finished(store, 0.9)))
    store.delete("resnet8-gap-1")
    assert path.exists()
    store.purge(0)
    assert not path.exists()
