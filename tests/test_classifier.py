from pathlib import Path

import numpy as np
import pytest

import tfpool as tp
from tfpool import classifier, data
from tfpool.pretrained.networks import BUNDLED
from tfpool.runs import RunStore

CAT = str(BUNDLED / "photographs" / "cat.jpg")


def test_a_fresh_machine_names_a_real_photograph(tmp_path: Path) -> None:
    squeezenet = classifier.find("squeezenet", RunStore(tmp_path))
    shares = squeezenet.probabilities(squeezenet.read(CAT)[np.newaxis])[0]
    assert "cat" in squeezenet.class_names[shares.argmax()]
    assert shares.sum() == pytest.approx(1, rel=1e-5)


def test_bundled_weights_are_what_build_takes_for_imagenet(tmp_path: Path) -> None:
    squeezenet = classifier.find("squeezenet", RunStore(tmp_path))
    photograph = squeezenet.read(CAT)[np.newaxis]
    model = tp.build(tp.plan("squeezenet"), activation="softmax", weights="imagenet")
    scores = model(tp.preprocess_input("squeezenet", photograph), training=False).numpy()
    np.testing.assert_allclose(scores, squeezenet.probabilities(photograph), rtol=1e-4)
    assert "cat" in tp.decode_predictions(scores)[0][0][0]


def test_pretrained_features_stand_under_another_head() -> None:
    plan = tp.plan("squeezenet", head="flatten", classes=5)
    model = tp.build(plan, seed=0, weights="imagenet")
    again = tp.build(tp.plan("squeezenet"), weights="imagenet")
    layer = "fire9_expand3x3"
    np.testing.assert_array_equal(model.get_layer(layer).kernel, again.get_layer(layer).kernel)
    fresh = tp.build(plan, seed=0)
    np.testing.assert_array_equal(model.get_layer("predictions").kernel, fresh.get_layer("predictions").kernel)


@pytest.mark.slow
def test_a_run_reads_images_as_it_was_trained_on_them(trained: Path) -> None:
    found = classifier.find("resnet8-gap-1", RunStore(trained))
    images = data.load("fashion_mnist").test.images[:3]
    assert found.class_names == data.load("fashion_mnist").class_names
    np.testing.assert_array_equal(found.to_input(images), images.astype(np.float32) / 255)
    assert found.probabilities(images).shape == (3, 10)


def test_a_class_goes_by_name_or_number(tmp_path: Path) -> None:
    squeezenet = classifier.find("squeezenet", RunStore(tmp_path))
    assert squeezenet.class_number("espresso") == squeezenet.class_number("967") == 967
    with pytest.raises(ValueError, match=r"no class 'tea'\. Use 0 to 999, or one of: tench, .*, …"):
        squeezenet.class_number("tea")


def test_a_name_that_is_neither_run_nor_network_says_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=r"holds no runs yet.*Or use a network with ImageNet weights, such as squeezenet"
    ):
        classifier.find("resnet8-gap-1", RunStore(tmp_path))
