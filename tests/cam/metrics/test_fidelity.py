"""Metrics of fidelity, for models whose output can be computed by hand, and for a trained one."""

from pathlib import Path

import numpy as np
import pytest

import tfpool as tp
from tfpool import data
from tfpool.cam.metrics import average_drop, centre_map, deletion, fidelity, increase, insertion, random_map, road
from tfpool.tracking.store import RunStore

SIDE = 10
IMAGES = np.random.default_rng(0).random((3, SIDE, SIDE, 1)).astype(np.float32) + 0.5
TARGETS = np.array([1, 1, 1])
AT = (4, 7)


def sees_one_pixel(images: np.ndarray) -> np.ndarray:
    """Sure of class 1 as long as one pixel is unchanged."""
    right = np.abs(images[:, *AT, 0, np.newaxis] - IMAGES[:, *AT, 0]).min(axis=1) < 1e-6
    return np.stack([~right, right], axis=1).astype(float)


def peak(value: float) -> np.ndarray:
    heatmaps = np.zeros((3, SIDE, SIDE))
    heatmaps[:, *AT] = value
    return heatmaps


def test_the_pixel_that_decides_is_the_first_to_go_and_to_come() -> None:
    # Two pixels per step: only the first of fifty trapezoids is not whole.
    np.testing.assert_allclose(deletion(sees_one_pixel, IMAGES, peak(1), TARGETS).areas, 0.5 / 50)
    np.testing.assert_allclose(insertion(sees_one_pixel, IMAGES, peak(1), TARGETS).areas, 1 - 0.5 / 50)
    np.testing.assert_allclose(deletion(sees_one_pixel, IMAGES, peak(-1), TARGETS).areas, 1 - 0.5 / 50)
    curves = deletion(sees_one_pixel, IMAGES, peak(1), TARGETS).curves
    assert curves.shape == (3, 51)
    np.testing.assert_array_equal(curves[:, :2], [[1, 0]] * 3)


def test_with_one_baseline_insertion_is_deletion_of_minus_the_map_backwards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fidelity.ndimage, "gaussian_filter", lambda images, *_, **__: np.zeros_like(images))
    heatmaps = np.random.default_rng(1).normal(size=(3, SIDE, SIDE))

    inserted = insertion(brightness, IMAGES, heatmaps, TARGETS)
    deleted = deletion(brightness, IMAGES, -heatmaps, TARGETS)
    np.testing.assert_allclose(inserted.curves, deleted.curves[:, ::-1], atol=1e-6)
    np.testing.assert_allclose(inserted.areas, deleted.areas, atol=1e-6)


def sees_any_pixel_of_the_image(images: np.ndarray) -> np.ndarray:
    """Sure of class 1 as soon as half of the pixels are there, whichever."""
    there = (np.abs(images - IMAGES[0]) < 1e-6).mean(axis=(1, 2)) >= 0.5
    return np.concatenate([~there, there], axis=1).astype(float)


def test_a_perfect_map_has_deletion_0_and_insertion_1_but_for_the_end_of_a_curve(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Whole curves start with all or nothing: half a step is left at that end, however fine the steps.
    for steps in (50, 100):
        monkeypatch.setattr(fidelity, "_STEPS", steps)
        deleted, inserted = (figure(sees_one_pixel, IMAGES, peak(1), TARGETS) for figure in (deletion, insertion))
        assert not deleted.curves[:, 1:].any()
        assert inserted.curves[:, 1:].all()
        np.testing.assert_allclose(deleted.areas, 0.5 / steps)
        np.testing.assert_allclose(1 - inserted.areas, 0.5 / steps)


def test_a_map_that_decides_nothing_has_half_of_both() -> None:
    for figure in (deletion, insertion):
        for heatmap in (centre_map((SIDE, SIDE)), random_map((SIDE, SIDE)), np.ones((SIDE, SIDE))):
            area = figure(sees_any_pixel_of_the_image, IMAGES[:1], heatmap[np.newaxis], TARGETS[:1]).areas[0]
            assert area == pytest.approx(0.5, abs=0.5 / 50 + 1e-9)


def brightness(images: np.ndarray) -> np.ndarray:
    fraction = images.mean(axis=(1, 2))
    return np.concatenate([1 - fraction, fraction], axis=1)


def test_drop_and_increase_by_hand() -> None:
    images = np.ones((2, 2, 2, 1), np.float32)
    images[1] = [[[0.5], [0.5]], [[-0.5], [0.5]]]
    heatmaps = np.array([[[0.0, 2], [2, 2]], [[1, 1], [0, 1]]])
    # The first keeps three of four bright pixels: a quarter of 1 is lost. The second loses the dark one: it grows.
    assert average_drop(brightness, images, heatmaps, np.array([1, 1])) == pytest.approx(0.25 / 2)
    assert increase(brightness, images, heatmaps, np.array([1, 1])) == 0.5


def test_a_flat_map_shows_nothing_and_a_probability_of_0_has_nothing_to_lose() -> None:
    image, target = np.ones((1, 2, 2, 1), np.float32), np.array([1])
    assert average_drop(brightness, image, np.ones((1, 2, 2)), target) == 1
    assert increase(brightness, image, np.ones((1, 2, 2)), target) == 0
    assert average_drop(brightness, 0 * image, np.ones((1, 2, 2)), target) == 0


def test_road_is_half_where_one_pixel_decides_and_nothing_where_none_does() -> None:
    np.testing.assert_allclose(road(sees_one_pixel, IMAGES, peak(1), TARGETS), 0.5)
    np.testing.assert_allclose(road(sees_one_pixel, IMAGES, peak(-1), TARGETS), -0.5)
    np.testing.assert_allclose(road(lambda images: np.ones((len(images), 2)), IMAGES, peak(1), TARGETS), 0)


def test_ties_are_broken_at_random_and_not_by_position() -> None:
    flat = np.zeros((1, SIDE, SIDE))
    values = [road(sees_one_pixel, IMAGES[:1], flat, TARGETS[:1], seed)[0] for seed in range(40)]
    assert abs(np.mean(values)) < 0.15
    assert min(values) < -0.2
    assert max(values) > 0.2


def test_a_hole_is_filled_from_its_neighbors_by_the_weights() -> None:
    random = np.random.default_rng(0)
    image = np.arange(9.0).reshape(3, 3, 1)
    # 1, 3, 5, 7 straight with a sixth each, 0, 2, 6, 8 across with a twelfth: all are 4 in the mean.
    assert fidelity._filled(image, np.array([4]), random)[1, 1, 0] == pytest.approx(4, abs=0.06 * image.std())
    # In the corner: 1 and 3 with a sixth each, 4 with a twelfth.
    assert fidelity._filled(image, np.array([0]), random)[0, 0, 0] == pytest.approx(
        (1 + 3 + 2) / 2.5, abs=0.06 * image.std()
    )
    # A plane is filled as it was, however large the hole: each pixel is the mean of those around it.
    plane = np.add.outer(np.arange(9.0), 2 * np.arange(9.0))[..., np.newaxis]
    hole = np.ravel_multi_index(np.mgrid[3:6, 3:6].reshape(2, -1), (9, 9))
    np.testing.assert_allclose(fidelity._filled(plane, hole, random), plane, atol=0.06 * plane.std())


def test_shapes_that_do_not_fit_are_refused() -> None:
    for figure in (deletion, insertion, average_drop, increase, road):
        with pytest.raises(ValueError, match=r"\(3, 5, 5\)"):
            figure(sees_one_pixel, IMAGES, np.ones((3, 5, 5)), TARGETS)


@pytest.mark.slow
def test_a_trained_models_own_map_is_better_than_one_turned_over(trained: Path) -> None:
    run = RunStore(trained).get("resnet8-gap-1")
    images = run.to_input(data.load("fashion_mnist").test.images[:20])
    explainer = tp.Explainer(run.load_model(), "hirescam")
    e = explainer(images)
    maps = e.resize((28, 28))
    for figure, sign in ((deletion, -1), (insertion, 1)):
        own, turned = (figure(explainer.probabilities, images, each, e.targets).areas.mean() for each in (maps, -maps))
        assert sign * (own - turned) > 0.05
    assert road(explainer.probabilities, images, maps, e.targets).mean() > 0.02
