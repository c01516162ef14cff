from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import tfpool as tp
from tfpool import data
from tfpool.training.given_data import source_of

RANDOM = np.random.default_rng(0)
IMAGES, LABELS = RANDOM.integers(0, 256, (60, 28, 28, 1)).astype(np.uint8), np.arange(60) % 3


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TFPOOL_DATASETS", str(tmp_path / "datasets"))


def test_a_dataset_is_its_arrays_in_batches_or_one_by_one() -> None:
    single = tf.data.Dataset.from_tensor_slices((IMAGES, LABELS))
    expected = source_of((IMAGES, LABELS))
    assert source_of(single) == source_of(single.batch(16)) == expected
    assert data.load(expected).fingerprint == data.from_arrays((IMAGES, LABELS)).fingerprint


def test_two_tuples_are_training_and_test() -> None:
    made = data.load(source_of(((IMAGES[:45], LABELS[:45]), (IMAGES[45:], LABELS[45:]))))
    assert {image.tobytes() for image in made.test.images} == {image.tobytes() for image in IMAGES[45:]}


def test_a_name_is_left_alone() -> None:
    assert source_of("fashion_mnist") == "fashion_mnist"
    assert source_of(Path("my-photos")) == "my-photos"


@pytest.mark.parametrize("given", [IMAGES, None, (IMAGES, LABELS, LABELS), tf.data.Dataset.from_tensor_slices(IMAGES)])
def test_anything_else_is_refused(given: object) -> None:
    with pytest.raises(ValueError, match="Expected"):
        source_of(given)


@pytest.mark.slow
def test_arrays_train_a_run_that_can_be_looked_at_later(tmp_path: Path) -> None:
    plan = tp.plan("convnet", input_shape=(28, 28, 1), classes=4)
    with pytest.warns(UserWarning, match="3"):
        run = tp.train(plan, (IMAGES, LABELS), tp.Recipe(epochs=1, batch_size=16), store=tmp_path / "runs")
    assert run.state == "done"
    assert run.spec["class_names"] == ["0", "1", "2", "3"]
    again = tp.train(plan, (IMAGES, LABELS), tp.Recipe(epochs=1, batch_size=16), store=tmp_path / "runs")
    assert again.spec["data"] == run.spec["data"]
    assert again.history["loss"] == run.history["loss"]
