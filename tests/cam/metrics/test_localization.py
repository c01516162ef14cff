"""Metrics of localization on maps small enough to count."""

import numpy as np
import pytest

import tfpool as tp
from tfpool import data
from tfpool.cam.metrics import (
    centre_map,
    energy_inside,
    masks_of,
    max_box_acc,
    max_box_acc_v2,
    pixel_average_precision,
    pointing_game,
    random_map,
)

BOX = np.array([[2, 3, 6, 8]])


def peaked(row: int, column: int, size: int = 40) -> np.ndarray:
    heatmap = np.zeros((1, size, size))
    heatmap[0, row, column] = 1
    return heatmap


def test_a_box_as_a_mask_leaves_its_ends_out() -> None:
    mask = masks_of(BOX, (8, 10))[0]
    assert mask.sum() == 4 * 5
    assert mask[2:6, 3:8].all()


def test_a_point_hits_within_its_disc_and_misses_beyond() -> None:
    mask = masks_of(np.array([[0, 0, 5, 5]]), (40, 40))
    assert pointing_game(peaked(4, 4), mask, tolerance=0) == 1
    assert pointing_game(peaked(4, 5), mask, tolerance=0) == 0
    assert pointing_game(peaked(4, 19), mask) == 1
    assert pointing_game(peaked(4, 20), mask) == 0
    # A disc, not a square: 13 rows and 13 columns away are 18 pixels.
    assert pointing_game(peaked(17, 17), mask) == 0
    # A flat map points everywhere: 25 of 1,600 pixels are on the object.
    assert pointing_game(np.ones((1, 40, 40)), mask, tolerance=0) == 25 / 1600


def test_points_are_counted_by_class_where_classes_are_given() -> None:
    mask = masks_of(np.array([[0, 0, 5, 5]] * 4), (40, 40))
    heatmaps = np.concatenate([peaked(0, 0), peaked(0, 0), peaked(0, 0), peaked(39, 39)])
    assert pointing_game(heatmaps, mask) == 0.75
    assert pointing_game(heatmaps, mask, np.array([0, 0, 0, 1])) == 0.5


def test_energy_is_the_positive_fraction_inside() -> None:
    heatmap = np.zeros((2, 8, 10))
    heatmap[0, 2, 3], heatmap[0, 0, 0], heatmap[0, 7, 9] = 3, 1, -5
    np.testing.assert_array_equal(energy_inside(heatmap, masks_of(np.repeat(BOX, 2, axis=0), (8, 10))), [0.75, 0])


def test_precision_of_pixels_by_hand() -> None:
    mask = np.array([[[True, False, True, False]]])
    # Thresholds find: 1 of 1, 1 of 2, 2 of 3, 2 of 4. Recall rises at the first and the third.
    assert pixel_average_precision(np.array([[[4.0, 3, 2, 1]]]), mask) == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    assert pixel_average_precision(mask.astype(float), mask) == 1
    # A flat map: all at once, half of them right, in whatever order they come.
    assert pixel_average_precision(np.ones((1, 1, 4)), mask) == 0.5


def test_the_centre_is_a_baseline_that_objects_anywhere_do_not_flatter() -> None:
    part = data.load("scattered").test.first(60)
    assert part.boxes is not None
    middle = np.repeat(centre_map((64, 64))[np.newaxis], 60, axis=0)
    masks = masks_of(part.boxes, (64, 64))
    inside = masks[:, 31:33, 31:33].mean()
    assert pointing_game(middle, masks, tolerance=0) == pytest.approx(inside, abs=0.1)
    assert max_box_acc(masks.astype(float), part.boxes) == 1
    assert 0 < max_box_acc_v2(middle, part.boxes) < 0.5


def test_a_random_map_knows_nothing_and_is_the_same_for_a_seed() -> None:
    random_maps = np.stack([random_map((64, 64), seed) for seed in range(60)])
    assert random_maps.dtype == np.float32
    assert random_maps.min() >= 0
    assert random_maps.max() < 1
    assert random_maps.mean() == pytest.approx(0.5, abs=0.01)
    assert np.corrcoef(random_maps.reshape(60, -1))[0, 1:].max() < 0.1
    np.testing.assert_array_equal(random_map((64, 64), 7), random_maps[7])
    np.testing.assert_array_equal(random_map((64, 64)), random_maps[0])
    part = data.load("scattered").test.first(60)
    assert part.boxes is not None
    masks = masks_of(part.boxes, (64, 64))
    assert energy_inside(random_maps, masks).mean() == pytest.approx(masks.mean(), abs=0.01)
    assert pixel_average_precision(random_maps, masks) == pytest.approx(masks.mean(), abs=0.01)
    assert pointing_game(random_maps, masks, tolerance=0) == pytest.approx(masks.mean(), abs=0.15)


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\(1, 8, 8\)"):
        pointing_game(np.ones((1, 4, 4)), np.ones((1, 8, 8), bool))
    with pytest.raises(ValueError, match="1 is empty"):
        energy_inside(np.ones((2, 4, 4)), np.stack([np.ones((4, 4), bool), np.zeros((4, 4), bool)]))
    with pytest.raises(ValueError, match=r"\(4,\)"):
        masks_of(BOX[0], (8, 10))
    for knowing_nothing in (centre_map, random_map):
        with pytest.raises(ValueError, match=r"\(0, 3\)"):
            knowing_nothing((0, 3))
    with pytest.raises(ValueError, match="seed"):
        random_map((2, 3), -1)


def test_the_public_name_leads_to_them() -> None:
    assert tp.metrics.pointing_game is pointing_game
