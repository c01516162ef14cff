"""Box accuracy on maps small enough to count, and against a plain count of all thresholds."""

import numpy as np
import pytest
from scipy import ndimage

from tfpool.cam.metrics import masks_of, max_box_acc, max_box_acc_v2
from tfpool.cam.metrics.box_accuracy import box_overlaps
from tfpool.cam.metrics.localization import scaled

BOX = np.array([[2, 3, 6, 8]])
RANDOM = np.random.default_rng(0)
SMOOTH = ndimage.zoom(RANDOM.normal(size=(5, 6)), 5, order=1)


def test_a_map_that_is_the_box_has_it_and_a_flat_one_has_nothing() -> None:
    mask = masks_of(BOX, (8, 10)).astype(float)
    for figure in (max_box_acc, max_box_acc_v2):
        assert figure(mask, BOX) == 1
        assert figure(np.ones((1, 8, 10)), BOX) == 0


def test_an_overlap_of_8_in_27_is_too_little_for_three_tenths() -> None:
    # 3×5 and 4×5 pixels that share 2×4 of them.
    truth = np.array([[0, 0, 3, 5]])
    heatmap = masks_of(np.array([[1, 1, 5, 6]]), (8, 8)).astype(float)
    assert max_box_acc_v2(heatmap, truth) == 0
    # One column fewer outside: 8 of 23.
    assert max_box_acc_v2(masks_of(np.array([[1, 1, 5, 5]]), (8, 8)).astype(float), truth) == pytest.approx(1 / 3)


def test_the_largest_part_counts_or_any() -> None:
    heatmap = masks_of(BOX, (20, 20)).astype(float)
    heatmap[0, 10:19, 10:19] = 1
    assert max_box_acc(heatmap, BOX) == 0
    assert max_box_acc_v2(heatmap, BOX) == 1


def test_one_threshold_is_chosen_for_all_maps() -> None:
    # The first map has its box above 0.5, the second below: no threshold suits both.
    first, second = (masks_of(BOX, (8, 10)).astype(float)[0] for _ in range(2))
    first = np.where(first > 0, 1.0, 0.6)
    first[0, 0] = 0
    second = 0.4 * second
    second[7, 9] = 1
    heatmaps, boxes = np.stack([first, second]), np.repeat(BOX, 2, axis=0)
    assert max_box_acc(heatmaps, boxes) == 0.5
    assert [max_box_acc(heatmaps[each : each + 1], BOX) for each in (0, 1)] == [1, 1]


def overlap(part: tuple[slice, slice], box: np.ndarray) -> float:
    ours, theirs, shared = np.zeros((3, 40, 40), bool)
    ours[part] = True
    theirs[box[0] : box[2], box[1] : box[3]] = True
    shared = ours & theirs
    return float(shared.sum() / (ours | theirs).sum())


def counted(heatmap: np.ndarray, box: np.ndarray) -> tuple[list[float], list[float]]:
    """Threshold by threshold, each part labeled anew."""
    largest, best = [], []
    for threshold in np.arange(0, 1, 0.001):
        parts, count = ndimage.label(heatmap > threshold, np.ones((3, 3)))
        sizes = np.bincount(parts.ravel(), minlength=count + 1)[1:]
        overlaps = [overlap(part, box) for part in ndimage.find_objects(parts)]
        best.append(max(overlaps, default=0.0))
        largest.append(
            max((each for each, size in zip(overlaps, sizes, strict=True) if size == sizes.max()), default=0.0)
        )
    return largest, best


@pytest.mark.parametrize(
    "heatmap",
    [
        SMOOTH,
        np.round(4 * SMOOTH),
        np.round(RANDOM.random((9, 13)) * 3),
        RANDOM.random((9, 13)),
        RANDOM.random((1, 9)),
        RANDOM.random((9, 1)),
        np.ones((4, 5)),
    ],
    ids=["smooth", "plateaus", "many ties", "random", "one row", "one column", "flat"],
)
def test_one_pass_equals_labeling_at_each_threshold(heatmap: np.ndarray) -> None:
    box = np.array([0, 0, len(heatmap) // 2 + 1, heatmap.shape[1] // 2 + 1])
    overlaps = box_overlaps(heatmap[np.newaxis], box[np.newaxis])
    for ours, plain in zip(overlaps, counted(scaled(heatmap[np.newaxis])[0], box), strict=True):
        np.testing.assert_allclose(ours[0], plain, atol=1e-12)


def test_shapes_that_do_not_fit_are_refused() -> None:
    for figure in (max_box_acc, max_box_acc_v2):
        with pytest.raises(ValueError, match=r"\(2, 8, 10\)"):
            figure(np.ones((2, 8, 10)), BOX)
