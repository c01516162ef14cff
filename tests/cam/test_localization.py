"""Maps point at objects: those of a network trained here, and those of ImageNet's weights."""

import numpy as np
import pytest

import tfpool as tp
from benchmarks.localization import CAT, ESPRESSO, boxed, cut_out, hits, pasted, trained, two_pasted
from tfpool import data, examples
from tfpool.cam.metrics import centre_map, masks_of, max_box_acc_v2, pointing_game

SIZE = (64, 64)


@pytest.mark.slow
def test_maps_of_a_network_trained_on_scattered_objects_find_them() -> None:
    test = data.load("scattered").test.first(400)
    run = examples.runs()["example-gap"]
    model, images = run.load_model(), run.to_input(test.images)
    assert test.boxes is not None
    masks = masks_of(test.boxes, SIZE)
    middle = np.repeat(centre_map(SIZE)[np.newaxis], len(masks), axis=0)
    # With 400 images a fraction is accurate to ±0.05, and the difference of two to ±0.07.
    for method in ("cam", "gradcam"):
        maps = tp.explain(model, images, method).resize(SIZE)
        assert pointing_game(maps, masks, tolerance=0) > pointing_game(middle, masks, tolerance=0) + 0.3
        assert max_box_acc_v2(maps, test.boxes) > max_box_acc_v2(middle, test.boxes) + 0.2


@pytest.mark.slow
def test_the_benchmark_trains_on_so_many_images() -> None:
    whole = data.load("scattered")
    few = data.DataSet(whole.name, whole.class_names, whole.train, whole.validation.first(10), whole.test.first(20))
    model, accuracy = trained("gap", seed=0, train_images=64, epochs=1, data=few)
    assert model.output_shape == (None, 10)
    assert 0 <= accuracy <= 1


@pytest.fixture(scope="module")
def squeezenet() -> tp.Explainer:
    return tp.Explainer(tp.build(tp.plan("squeezenet"), weights="imagenet"), "cam")


def share(explainer: tp.Explainer, images: np.ndarray, masks: np.ndarray, target: int | None = None) -> float:
    """Of how many images the map's peak is in the box round the mask."""
    maps = explainer(tp.preprocess_input("squeezenet", images), target).resize(masks.shape[1:])
    return float(hits(maps, boxed(masks)).mean())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cup", "cat"])
def test_squeezenets_map_points_at_what_is_pasted_on_a_texture(squeezenet: tp.Explainer, name: str) -> None:
    images, masks = pasted([cut_out(name)] * 16)
    middle = np.repeat(centre_map(masks.shape[1:])[np.newaxis], len(masks), axis=0)
    assert share(squeezenet, images, masks) >= 0.9
    assert hits(middle, boxed(masks)).mean() < 0.75


@pytest.mark.slow
def test_squeezenets_map_of_a_class_points_at_that_class_of_two(squeezenet: tp.Explainer) -> None:
    images, cups, cats = two_pasted(8)
    assert share(squeezenet, images, cups, ESPRESSO) >= 0.9
    assert share(squeezenet, images, cats, CAT) >= 0.9
    assert share(squeezenet, images, cats, ESPRESSO) <= 0.1
    assert share(squeezenet, images, cups, CAT) <= 0.1
