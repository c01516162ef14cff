import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import tfpool as tp
from tfpool import data
from tfpool.training.given_data import source_of

RANDOM = np.random.default_rng(0)
IMAGES, LABELS = RANDOM.integers(0, 256, (60, 28, 28, 1)).astype(np.uint8), np.arange(60) % 3

DATASETS = (
    tf.data.Dataset.from_tensor_slices(IMAGES),
    tf.data.Dataset.from_tensor_slices((IMAGES, LABELS)).repeat(),
    tf.data.Dataset.from_tensor_slices((["cat.png"], [1])),
)
"""Without labels, without end, and of paths."""


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


def test_a_folder_is_stored_in_the_plans_size_and_found_again_while_it_is_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "pets"
    for number, image in enumerate(IMAGES):
        path = folder / ("cat" if number % 2 else "dog") / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image[..., 0]).save(path)
    made = source_of(folder, image_shape=(20, None, 1))
    assert data.load(made).image_shape == (20, 64, 1)
    assert data.load(made).class_names == ("cat", "dog")
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert all(word in said for word in (str(folder), "20 × 64", Path(made).name))
    packed = shutil.make_archive(str(folder), "zip", folder)
    assert source_of(str(folder), 2, (20, 64, 1)) == source_of(packed, 2, (20, 64, 1)) == made
    other = source_of(folder)
    assert data.load(other).image_shape == (64, 64, 3)
    Image.fromarray(255 - IMAGES[1, ..., 0]).save(path)
    assert source_of(folder) not in (made, other)


def test_a_folder_whose_classes_have_to_be_chosen_says_where(tmp_path: Path) -> None:
    for number, image in enumerate(IMAGES):
        Image.fromarray(image[..., 0]).save(tmp_path / f"{('cat', 'dog')[number % 2]}_{number}.png")
    with pytest.raises(ValueError, match=r"reading=.*tfpool\.data\.add"):
        source_of(tmp_path)


@pytest.mark.parametrize("given", [IMAGES, None, (IMAGES, LABELS, LABELS), *DATASETS])
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
