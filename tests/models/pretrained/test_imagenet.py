import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.helpers.processes import ROOT
from tfpool.models.pretrained import NETWORKS, class_names, decode_predictions, imagenet, preprocess_input
from tfpool.networks.catalog import CATALOG

PHOTOGRAPHS = np.random.default_rng(0).integers(0, 256, (2, 5, 7, 3), np.uint8)


def test_networks_are_squeezenet_and_those_of_keras_applications() -> None:
    theirs = {name for name, entry in CATALOG.items() if "keras.applications" in entry.title}
    assert set(NETWORKS) == {"squeezenet", "vgg16", "vgg19", *theirs}
    assert len(NETWORKS) == len(set(NETWORKS))
    assert NETWORKS[0] == "squeezenet"


def test_importing_it_loads_neither_tensorflow_nor_numpy() -> None:
    code = (
        "import sys, tfpool.models.pretrained as p; assert len(p.class_names()) == 1000; "
        "sys.exit(bool({'tensorflow', 'keras', 'numpy', 'h5py'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_the_thousand_names_differ_and_are_in_the_order_of_the_scores() -> None:
    names = class_names()
    assert len(set(names)) == 1000
    assert all(name == name.strip() and name for name in names)
    places = {0: "tench", 134: "crane", 281: "tabby", 517: "construction crane", 639: "tank suit", 967: "espresso"}
    assert {place: names[place] for place in places} == places
    assert names[-1] == "toilet tissue"


def test_damaged_names_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class_names.cache_clear()
    monkeypatch.setattr(imagenet, "BUNDLED", tmp_path)
    for content in (None, "tench\n" * 1000):
        if content:
            (tmp_path / "imagenet_classes.txt").write_text(content)
        with pytest.raises(ValueError, match="imagenet_classes"):
            class_names()


@pytest.mark.parametrize("network", NETWORKS)
def test_photographs_become_what_the_published_weights_expect(network: str) -> None:
    pixels = preprocess_input(network, PHOTOGRAPHS)
    bgr = PHOTOGRAPHS[..., ::-1].astype(np.float64)
    expected = bgr - (103.939, 116.779, 123.68)
    if network == "squeezenet":
        expected = bgr - (104.006, 116.669, 122.679)
    elif network.endswith("v2"):
        expected = PHOTOGRAPHS / 127.5 - 1
    elif "efficientnet" in network:
        expected = PHOTOGRAPHS.astype(np.float64)
    assert (pixels.dtype, pixels.shape) == (np.float32, PHOTOGRAPHS.shape)
    np.testing.assert_allclose(pixels, expected, atol=1e-4)


@pytest.mark.parametrize("network", ["squeezenet", "resnet50", "resnet50v2", "efficientnetb0"])
@pytest.mark.parametrize("kind", [np.uint8, np.int64, np.float32, np.float64])
def test_the_callers_images_stay_as_they_are_whatever_their_type(network: str, kind: type) -> None:
    images = PHOTOGRAPHS.astype(kind)
    pixels = preprocess_input(network, images)
    np.testing.assert_array_equal(images, PHOTOGRAPHS)
    assert not np.shares_memory(pixels, images)
    np.testing.assert_array_equal(pixels, preprocess_input(network, PHOTOGRAPHS))


def test_black_photographs_and_tensors_are_images_too() -> None:
    assert preprocess_input("efficientnetb0", np.zeros((1, 2, 2, 3), np.uint8)).max() == 0
    assert preprocess_input("efficientnetb0", tf.constant(PHOTOGRAPHS)).shape == PHOTOGRAPHS.shape


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (PHOTOGRAPHS[0], r"\(5, 7, 3\).* images\[None\]"),
        (PHOTOGRAPHS[..., :1], r"\(2, 5, 7, 1\)"),
        (PHOTOGRAPHS[:0], r"\(0, 5, 7, 3\)"),
        (PHOTOGRAPHS / 255, r"0\.9\d"),
        (PHOTOGRAPHS - 128.0, "-128"),
        (PHOTOGRAPHS * 300.0, r"7\d{4}"),
        (np.full((1, 2, 2, 3), np.nan), "nan"),
        (PHOTOGRAPHS > 9, "bool"),
    ],
)
def test_images_of_another_shape_or_range_are_refused(images: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        preprocess_input("squeezenet", images)


def test_images_of_several_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="sizes"):
        preprocess_input("squeezenet", [np.zeros((2, 2, 3), np.uint8), np.zeros((4, 2, 3), np.uint8)])


@pytest.mark.parametrize("network", ["resnet8", "vgg16_bn", 50, None])
def test_networks_without_weights_have_no_preprocessing(network: object) -> None:
    with pytest.raises(ValueError, match="squeezenet, resnet50"):
        preprocess_input(network, PHOTOGRAPHS)  # type: ignore[arg-type]


def test_the_best_classes_are_named_best_first_with_their_scores() -> None:
    scores = np.zeros((2, 1000), np.float32)
    scores[0, [967, 968, 504]] = 0.75, 0.25, -1
    scores[1, 285] = 40
    first, second = decode_predictions(scores, top=2)
    assert first == [("espresso", 0.75), ("cup", 0.25)]
    # Of equal scores the class with the lower number comes first.
    assert second == [("Egyptian cat", 40.0), ("tench", 0.0)]
    assert [len(best) for best in decode_predictions(tf.constant(scores))] == [5, 5]
    assert decode_predictions(scores, top=1000)[0][-1] == ("coffee mug", -1.0)
    assert decode_predictions(scores[:0]) == []


def test_it_names_the_classes_as_keras_does(monkeypatch: pytest.MonkeyPatch) -> None:
    # Keras would download its own list: this is ours in the same form.
    index = {str(number): (f"n{number:08}", name) for number, name in enumerate(class_names())}
    monkeypatch.setattr(keras.src.applications.imagenet_utils, "CLASS_INDEX", index)
    scores = np.random.default_rng(0).random((3, 1000), np.float32)
    theirs = keras.applications.resnet.decode_predictions(scores, top=7)
    assert decode_predictions(scores, top=7) == [[(name, float(score)) for _, name, score in best] for best in theirs]


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        (np.zeros(1000), r"\(1000,\)"),
        (np.zeros((2, 10)), r"\(2, 10\)"),
        (np.full((1, 1000), "a"), "<U1"),
        (tf.zeros((1, 10)), r"\(1, 10\)"),
    ],
    ids=["one image", "ten classes", "text", "tensor"],
)
def test_scores_of_other_classes_are_refused(scores: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        decode_predictions(scores)


@pytest.mark.parametrize("top", [0, 1001, 2.5])
def test_top_is_a_number_of_classes(top: int) -> None:
    with pytest.raises(ValueError, match=f"top.*{top}"):
        decode_predictions(np.zeros((1, 1000)), top=top)
