"""Maps from what becomes of the score when parts of the image are hidden. Slow: many passes an image.

Hidden is zero as the model reads its images: black, or the mean colour where a mean has been taken off.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tfpool.anatomy.split import Anatomy
from tfpool.cam.attribution.method import Maps, target_scores
from tfpool.validation import at_least, not_negative

_AT_ONCE = 32
"""Masked images in one pass, so that memory does not grow with the number of masks."""


def occlusion(anatomy: Anatomy, window: int | None = None, stride: int | None = None) -> Maps:
    """How much score is lost, on average, when a square that covers a pixel is hidden. Zeiler & Fergus 2014.

    Args:
        window: side of the square in pixels. Default: an eighth of the image's shorter side.
        stride: pixels from one square to the next. Default: half the window. The last square ends with the image;
            what none covers is 0.
    """
    window = None if window is None else at_least(1, window, "window")
    stride = None if stride is None else at_least(1, stride, "stride")

    def maps(features: Any, targets: Any, images: Any) -> Any:
        size = tf.shape(images)[1:3]
        side = tf.maximum(1, tf.reduce_min(size) // 8) if window is None else tf.minimum(window, tf.reduce_min(size))
        step = tf.maximum(1, side // 2) if stride is None else stride
        tops, lefts = (_starts(length, side, step) for length in (size[0], size[1]))

        def shown(first: Any, last: Any) -> Any:
            numbers = tf.range(first, last)
            top, left = tf.gather(tops, numbers // tf.size(lefts)), tf.gather(lefts, numbers % tf.size(lefts))
            return 1 - _covered(top, side, size[0])[:, :, tf.newaxis] * _covered(left, side, size[1])[:, tf.newaxis]

        def of_one(values: tuple[Any, Any]) -> Any:
            image, target = values
            number = tf.size(tops) * tf.size(lefts)
            total, by_pixel, masks = _through_masks(anatomy, image, target, number, shown)
            return tf.math.divide_no_nan(by_pixel - total, tf.cast(number, tf.float32) - masks)

        return _each(of_one, images, targets)

    return maps


def rise(anatomy: Anatomy, masks: int = 2000, cells: int = 8, shown: float = 0.5, seed: int = 0) -> Maps:
    """How much more the score is, on average, while a pixel is shown than over all masks. arXiv 1806.07421.

    The masks are coarse random grids, enlarged and shifted. The paper does not take the mean off: it adds the same to
    every pixel of a map.

    Args:
        masks: number of them, the same for every image.
        cells: of the grid, to a side.
        shown: probability that a cell is shown, above 0 and below 1.
        seed: of the masks.
    """
    masks, cells, seed = at_least(1, masks, "masks"), at_least(1, cells, "cells"), at_least(0, seed, "seed")
    if not 0 < not_negative(shown, "shown") < 1:
        raise ValueError(f"shown is a probability between 0 and 1, got {shown}.")

    def maps(features: Any, targets: Any, images: Any) -> Any:
        size = tf.shape(images)[1:3]

        def drawn(first: Any, last: Any) -> Any:
            # Always as many, so that a mask does not depend on how many there are.
            grids = tf.random.stateless_uniform((_AT_ONCE, cells, cells, 1), (seed, first)) < shown
            cell = -(-size // cells)
            large = tf.image.resize(tf.cast(grids, tf.float32), (cells + 1) * cell)[..., 0]
            shifts = [
                tf.random.stateless_uniform((_AT_ONCE, 1), (seed, -1 - 2 * first - axis), 0, cell[axis], tf.int32)
                for axis in (0, 1)
            ]
            cut = tf.gather(large, shifts[0] + tf.range(size[0]), axis=1, batch_dims=1)
            return tf.gather(cut, shifts[1] + tf.range(size[1]), axis=2, batch_dims=1)[: last - first]

        def of_one(values: tuple[Any, Any]) -> Any:
            total, by_pixel, weights = _through_masks(anatomy, *values, tf.constant(masks), drawn)
            return tf.math.divide_no_nan(by_pixel, weights) - total / masks

        return _each(of_one, images, targets)

    return maps


def _each(of_one: Callable[[tuple[Any, Any]], Any], images: Any, targets: Any) -> Any:
    signature = tf.TensorSpec(images.shape[1:3], tf.float32)
    return tf.map_fn(of_one, (images, targets), fn_output_signature=signature, parallel_iterations=1)


def _starts(length: Any, side: Any, step: Any) -> Any:
    last = length - side
    starts = tf.range(0, last + 1, step)
    return tf.cond(starts[-1] < last, lambda: tf.concat([starts, [last]], axis=0), lambda: starts)


def _covered(starts: Any, side: Any, length: Any) -> Any:
    """1 from each start on for `side` pixels and 0 elsewhere, (P, length)."""
    pixels = tf.range(length)
    return tf.cast((pixels >= starts[:, tf.newaxis]) & (pixels < starts[:, tf.newaxis] + side), tf.float32)


def _through_masks(
    anatomy: Anatomy, image: Any, target: Any, number: Any, shown: Callable[[Any, Any], Any]
) -> tuple[Any, Any, Any]:
    """Sums over masks M (H, W) of y, the score of the image seen through them less its own: Σ y, Σ y M and Σ M."""
    own = target_scores(anatomy, image[tf.newaxis], target[tf.newaxis], image[tf.newaxis])
    total, by_pixel = tf.zeros(()), tf.zeros(tf.shape(image)[:2])
    weights = by_pixel
    for part in tf.range(-(-number // _AT_ONCE)):
        masks = shown(part * _AT_ONCE, tf.minimum((part + 1) * _AT_ONCE, number))
        masked = masks[..., tf.newaxis] * image
        scores = target_scores(anatomy, masked, target[tf.newaxis], masked) - own
        total += tf.reduce_sum(scores)
        by_pixel += tf.einsum("p,phw->hw", scores, masks)
        weights += tf.reduce_sum(masks, axis=0)
    return total, by_pixel, weights
