import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfpool as tp
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


def test_the_thousand_names_differ_and_stand_in_the_order_of_the_scores() -> None:
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
        with pytest.raises(ValueError, match=r"imagenet_classes\.txt is missing or damaged\. Take it from the repo"):
            class_names()


@pytest.mark.parametrize("network", NETWORKS)
def test_photographs_become_what_the_published_weights_expect(network: str) -> None:
    made = preprocess_input(network, PHOTOGRAPHS)
    bgr = PHOTOGRAPHS[..., ::-1].astype(np.float64)
    expected = bgr - (103.939, 116.779, 123.68)
    if network == "squeezenet":
        expected = bgr - (104.006, 116.669, 122.679)
    elif network.endswith("v2"):
        expected = PHOTOGRAPHS / 127.5 - 1
    elif "efficientnet" in network:
        expected = PHOTOGRAPHS.astype(np.float64)
    assert (made.dtype, made.shape) == (np.float32, PHOTOGRAPHS.shape)
    np.testing.assert_allclose(made, expected, atol=1e-4)


@pytest.mark.parametrize("network", ["squeezenet", "resnet50", "resnet50v2", "efficientnetb0"])
@pytest.mark.parametrize("kind", [np.uint8, np.int64, np.float32, np.float64])
def test_the_callers_images_stay_as_they_are_whatever_their_type(network: str, kind: type) -> None:
    images = PHOTOGRAPHS.astype(kind)
    made = preprocess_input(network, images)
    np.testing.assert_array_equal(images, PHOTOGRAPHS)
    assert not np.shares_memory(made, images)
    np.testing.assert_array_equal(made, preprocess_input(network, PHOTOGRAPHS))


def test_black_photographs_and_tensors_are_images_too() -> None:
    assert preprocess_input("efficientnetb0", np.zeros((1, 2, 2, 3), np.uint8)).max() == 0
    assert preprocess_input("efficientnetb0", tf.constant(PHOTOGRAPHS)).shape == PHOTOGRAPHS.shape


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (PHOTOGRAPHS[0], r"\(N, H, W, 3\) are needed, got an array of shape \(5, 7, 3\)\. Use images\[None\] for one"),
        (PHOTOGRAPHS[..., :1], r"\(N, H, W, 3\) are needed, got an array of shape \(2, 5, 7, 1\)\.$"),
        (PHOTOGRAPHS[:0], r"are needed, got an array of shape \(0, 5, 7, 3\)\.$"),
        (PHOTOGRAPHS / 255, r"Images go from 0 to 255, got values from 0 to 0\.9\d+\. Give them as they were read"),
        (PHOTOGRAPHS - 128.0, r"Images go from 0 to 255, got values from -128 to 1\d\d"),
        (PHOTOGRAPHS * 300.0, r"Images go from 0 to 255, got values from 0 to 7\d{4}"),
        (np.full((1, 2, 2, 3), np.nan), r"Images go from 0 to 255, got values from nan to nan"),
        (PHOTOGRAPHS > 9, r"Images are numbers from 0 to 255, got an array of bool\. Use uint8"),
    ],
)
def test_images_of_another_shape_or_range_are_one_sentence(images: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        preprocess_input("squeezenet", images)


def test_images_of_several_sizes_are_one_sentence() -> None:
    with pytest.raises(ValueError, match=r"Images of one size are needed, .* Resize them first"):
        preprocess_input("squeezenet", [np.zeros((2, 2, 3), np.uint8), np.zeros((4, 2, 3), np.uint8)])


@pytest.mark.parametrize("network", ["resnet8", "vgg16_bn", 50, None])
def test_networks_without_weights_have_no_preprocessing(network: object) -> None:
    with pytest.raises(
        ValueError, match=r"There are no ImageNet weights for .*Use one of: squeezenet, resnet50, .*b7, or"
    ):
        preprocess_input(network, PHOTOGRAPHS)  # type: ignore[arg-type]


def test_the_best_classes_are_named_best_first_with_their_scores() -> None:
    scores = np.zeros((2, 1000), np.float32)
    scores[0, [967, 968, 504]] = 0.75, 0.25, -1
    scores[1, 285] = 40
    first, second = decode_predictions(scores, top=2)
    assert first == [("espresso", 0.75), ("cup", 0.25)]
    # Of equal scores the class that comes first.
    assert second == [("Egyptian cat", 40.0), ("tench", 0.0)]
    assert [len(best) for best in decode_predictions(tf.constant(scores))] == [5, 5]
    assert decode_predictions(scores, top=1000)[0][-1] == ("coffee mug", -1.0)
    assert decode_predictions(scores[:0]) == []


def test_it_names_the_classes_as_keras_does(monkeypatch: pytest.MonkeyPatch) -> None:
    # Keras downloads its own list: here is one in its form, made of ours.
    index = {str(number): (f"n{number:08}", name) for number, name in enumerate(class_names())}
    monkeypatch.setattr(keras.src.applications.imagenet_utils, "CLASS_INDEX", index)
    scores = np.random.default_rng(0).random((3, 1000), np.float32)
    theirs = keras.applications.resnet.decode_predictions(scores, top=7)
    assert decode_predictions(scores, top=7) == [[(name, float(score)) for _, name, score in best] for best in theirs]


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        (np.zeros(1000), r"ImageNet's 1000 scores an image are needed, \(N, 1000\), got float64 \(1000,\)"),
        (np.zeros((2, 10)), r"\(N, 1000\), got float64 \(2, 10\)\. A model of other classes has names of its own"),
        (np.full((1, 1000), "a"), r"\(N, 1000\), got <U1 \(1, 1000\)"),
    ],
)
def test_scores_of_other_classes_are_one_sentence(scores: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        decode_predictions(scores)


@pytest.mark.parametrize(
    ("top", "message"),
    [(0, "at least 1 is needed for top, got 0"), (1001, "has 1000 classes, got top=1001"), (2.5, "top, got 2.5")],
)
def test_top_is_a_number_of_classes(top: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        decode_predictions(np.zeros((1, 1000)), top=top)


def test_the_head_of_other_classes_is_not_imagenets() -> None:
    model = tp.build(tp.plan("resnet8"))
    with pytest.raises(ValueError, match="A model of other classes"):
        decode_predictions(model(np.zeros((1, 32, 32, 3), np.float32)))
