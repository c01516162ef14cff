from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tfpool import data
from tfpool.data import PARTS

RANDOM = np.random.default_rng(0)
IMAGES, LABELS = RANDOM.integers(0, 256, (60, 10, 12, 3)).astype(np.uint8), np.arange(60) % 3


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TFPOOL_DATASETS", str(tmp_path))


def pairs(made: data.DataSet) -> dict[bytes, int]:
    """The label of each image in all parts."""
    parts = made.parts.values()
    return {i.tobytes(): int(label) for part in parts for i, label in zip(part.images, part.labels, strict=True)}


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        (IMAGES, LABELS),
        (IMAGES, LABELS[:, np.newaxis]),
        (IMAGES, np.eye(3)[LABELS]),
        (IMAGES.astype(float), LABELS.astype(np.float32)),
        (IMAGES.tolist(), LABELS.tolist()),
    ],
    ids=["whole", "column", "one_hot", "floats", "lists"],
)
def test_every_image_keeps_its_label(images: Any, labels: Any) -> None:
    made = data.from_arrays((images, labels))
    assert pairs(made) == {image.tobytes(): label for image, label in zip(IMAGES, LABELS.tolist(), strict=True)}
    assert {name: len(part) for name, part in made.parts.items()} == {"train": 42, "validation": 9, "test": 9}
    assert made.class_names == ("0", "1", "2")


def test_floats_to_one_are_scaled_and_said() -> None:
    with pytest.warns(UserWarning, match="255"):
        made = data.from_arrays((IMAGES / 255, LABELS))
    assert pairs(made) == pairs(data.from_arrays((IMAGES, LABELS)))


def test_gray_images_need_no_axis_for_channels() -> None:
    assert data.from_arrays((IMAGES[..., 0], LABELS)).image_shape == (10, 12, 1)


def test_test_images_stay_test_images_and_are_never_trained_on() -> None:
    test = np.concatenate([IMAGES[:5], 255 - IMAGES[5:20]]), LABELS[:20]
    with pytest.warns(UserWarning, match="too: 5"):
        made = data.from_arrays((IMAGES, LABELS), test)
    assert {image.tobytes() for image in made.test.images} == {image.tobytes() for image in test[0]}
    for part in (made.train, made.validation):
        assert not {image.tobytes() for image in part.images} & {image.tobytes() for image in test[0]}


def test_the_same_arrays_make_one_data_set_and_others_another() -> None:
    first, same = data.from_arrays((IMAGES, LABELS)), data.from_arrays((IMAGES.copy(), LABELS))
    assert first.location == same.location
    others = [
        data.from_arrays((IMAGES, LABELS[::-1])),
        data.from_arrays((IMAGES, LABELS), seed=1),
        data.from_arrays((IMAGES, LABELS), class_names=["a", "b", "c"]),
        data.from_arrays((IMAGES, LABELS), split=(0.5, 0.25, 0.25)),
    ]
    assert len({made.location for made in [first, *others]}) == 5
    assert all(made.parts.keys() == set(PARTS) for made in others)


def test_a_name_is_for_one_set_of_arrays() -> None:
    named = data.from_arrays((IMAGES, LABELS), name="Mine")
    assert data.load("mine").fingerprint == named.fingerprint
    with pytest.raises(ValueError, match="already"):
        data.from_arrays((255 - IMAGES, LABELS), name="Mine")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ((IMAGES, LABELS[1:]), "one label per image"),
        ((IMAGES[0], LABELS), "size"),
        ((IMAGES[..., :2], LABELS), "shape"),
        ((IMAGES[:0], LABELS[:0]), "shape"),
        ((IMAGES / 127.5 - 1, LABELS), "-1"),
        ((IMAGES / 2, LABELS), "fractions"),
        ((IMAGES * np.nan, LABELS), "nan"),
        ((IMAGES, LABELS - 1), "from 0"),
        ((IMAGES, LABELS + 0.5), "from 0"),
        ((IMAGES, np.array(["cat"] * 60)), "from 0"),
        ((IMAGES, np.zeros((60, 3))), "single one"),
        ((IMAGES, np.zeros(60)), "two classes"),
        (IMAGES, "tuple"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(given: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        data.from_arrays(given)
    assert data.names() == list(data.DATA)


def test_too_few_names_are_refused() -> None:
    with pytest.raises(ValueError, match="name for each class"):
        data.from_arrays((IMAGES, LABELS), class_names=["a", "b"])
