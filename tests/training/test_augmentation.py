import numpy as np
import pytest
import tensorflow as tf

from tfpool.training.augmentation import augment
from tfpool.training.recipe import AUGMENTATIONS

IMAGES = np.random.default_rng(0).random((64, 24, 30, 2), np.float32) + 0.1


def augmented(*names: str, seed: int = 3, images: np.ndarray = IMAGES) -> np.ndarray:
    return augment(tf.constant(images), names, tf.constant([seed, 7], tf.int64)).numpy()


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_the_same_seed_changes_images_alike_and_another_seed_differently(name: str) -> None:
    np.testing.assert_array_equal(augmented(name), augmented(name))
    assert not np.array_equal(augmented(name), augmented(name, seed=4))
    assert augmented(name).shape == IMAGES.shape
    # The images of a batch are not all changed in the same way.
    equal = np.repeat(IMAGES[:1], 64, axis=0)
    assert len({image.tobytes() for image in augmented(name, images=equal)}) > 1


def test_flip_mirrors_about_half_of_the_images() -> None:
    flipped = augmented("flip")
    mirrored = [np.array_equal(image, before[:, ::-1]) for image, before in zip(flipped, IMAGES, strict=True)]
    unchanged = [np.array_equal(image, before) for image, before in zip(flipped, IMAGES, strict=True)]
    assert all(np.logical_xor(mirrored, unchanged))
    assert 16 < sum(mirrored) < 48


def test_shift_moves_by_up_to_an_eighth_and_fills_with_black() -> None:
    point = np.zeros((200, 24, 40, 1), np.float32)
    point[:, 12, 20] = 1.0
    rows, columns = zip(
        *[np.argwhere(image[..., 0] == 1.0)[0] for image in augmented("shift", images=point)], strict=True
    )
    assert (min(rows), max(rows)) == (9, 15)
    assert (min(columns), max(columns)) == (15, 25)


def test_crop_enlarges_a_part_of_the_image() -> None:
    ramp = np.broadcast_to(np.linspace(0, 1, 30, dtype=np.float32)[:, None], (64, 24, 30, 1)).copy()
    cropped = augmented("crop", images=ramp)
    span = cropped[:, 0, -1, 0] - cropped[:, 0, 0, 0]
    assert span.min() == pytest.approx(0.8, abs=0.03)
    assert span.max() == pytest.approx(1.0, abs=0.03)
    assert cropped.min() >= 0
    assert cropped.max() <= 1


def test_cutout_blackens_one_square_and_leaves_the_rest() -> None:
    cut = augmented("cutout")
    black = (cut == 0).all(axis=3)
    np.testing.assert_array_equal(cut[~black], IMAGES[~black])
    assert black.any(axis=(1, 2)).all()
    assert black.mean(axis=(1, 2)).max() <= 1 / 9 + 0.02
    for mask in black:
        rows, columns = mask.any(axis=1), mask.any(axis=0)
        assert np.array_equal(mask, rows[:, None] & columns)


def test_several_are_applied_in_turn() -> None:
    assert not np.array_equal(augmented("flip", "cutout"), augmented("cutout"))
    np.testing.assert_array_equal(augmented(), IMAGES)
