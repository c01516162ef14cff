"""Maps from the score while parts of the image are hidden. Slow: many passes per image.

Hidden pixels are zero: black, or the mean color where the preprocessing subtracts a mean.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tfpool.anatomy.split import Anatomy
from tfpool.cam.attribution.explained_score import each, target_scores
from tfpool.cam.attribution.method import Maps
from tfpool.validation import at_least, not_negative

_AT_ONCE = 32
"""Masked images per step, so that memory does not grow with the number of masks."""


def occlusion(anatomy: Anatomy, window: int | None = None, stride: int | None = None) -> Maps:
    """How much score is lost, on average, when a square that covers a pixel is hidden.

    The `window`, a square's side in pixels, is an eighth of the image's shorter side by default, and the `stride` to
    the next square half the window. The last square ends with the image; pixels that no square covers are 0.
    """
    window = None if window is None else at_least(1, window, "window")
    stride = None if stride is None else at_least(1, stride, "stride")

    def maps(features: Any, targets: Any, images: Any) -> Any:
        size = tf.shape(images)[1:3]
        side = tf.maximum(1, tf.reduce_min(size) // 8) if window is None else tf.minimum(window, tf.reduce_min(size))
        step = tf.maximum(1, side // 2) if stride is None else stride
        tops, lefts = (_starts(length, side, step) for length in (size[0], size[1]))

        def masks(first: Any, last: Any) -> Any:
            numbers = tf.range(first, last)
            top, left = tf.gather(tops, numbers // tf.size(lefts)), tf.gather(lefts, numbers % tf.size(lefts))
            return 1 - _covered(top, side, size[0])[:, :, tf.newaxis] * _covered(left, side, size[1])[:, tf.newaxis]

        def of_one(values: tuple[Any, Any]) -> Any:
            number = tf.size(tops) * tf.size(lefts)
            total, by_pixel, visible = _through_masks(anatomy, *values, number, masks)
            return tf.math.divide_no_nan(by_pixel - total, tf.cast(number, tf.float32) - visible)

        return each(of_one, (images, targets), images.shape[1:3])

    return maps


def rise(anatomy: Anatomy, masks: int = 2000, cells: int = 8, shown: float = 0.5, seed: int = 0) -> Maps:
    """How much higher the score is, on average, while a pixel is visible than over all masks.

    The masks, the same for every image, are coarse random grids of `cells` per side, each visible with probability
    `shown`, enlarged and shifted. The paper does not subtract the mean, which is the same for every pixel of a map.
    """
    masks, cells, seed = at_least(1, masks, "masks"), at_least(1, cells, "cells"), at_least(0, seed, "seed")
    if not 0 < not_negative(shown, "shown") < 1:
        raise ValueError(f"shown has to be a probability above 0 and below 1. Received: shown={shown}.")

    def maps(features: Any, targets: Any, images: Any) -> Any:
        size = tf.shape(images)[1:3]

        def random_masks(first: Any, last: Any) -> Any:
            # Always `_AT_ONCE`, so that a mask does not depend on the number of masks.
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
            total, by_pixel, visible = _through_masks(anatomy, *values, tf.constant(masks), random_masks)
            return tf.math.divide_no_nan(by_pixel, visible) - total / masks

        return each(of_one, (images, targets), images.shape[1:3])

    return maps


def _starts(length: Any, side: Any, step: Any) -> Any:
    last = length - side
    starts = tf.range(0, last + 1, step)
    return tf.cond(starts[-1] < last, lambda: tf.concat([starts, [last]], axis=0), lambda: starts)


def _covered(starts: Any, side: Any, length: Any) -> Any:
    """1 for `side` pixels from each start on and 0 elsewhere, (P, length)."""
    pixels = tf.range(length)
    return tf.cast((pixels >= starts[:, tf.newaxis]) & (pixels < starts[:, tf.newaxis] + side), tf.float32)


def _through_masks(
    anatomy: Anatomy, image: Any, target: Any, number: Any, masks_of: Callable[[Any, Any], Any]
) -> tuple[Any, Any, Any]:
    """Sums over masks M (H, W) of y, the masked image's score minus the image's own: Σ y, Σ y M and Σ M."""
    own = target_scores(anatomy, image[tf.newaxis], target[tf.newaxis], image[tf.newaxis])
    total, by_pixel = tf.zeros(()), tf.zeros(tf.shape(image)[:2])
    visible = by_pixel
    for part in tf.range(-(-number // _AT_ONCE)):
        masks = masks_of(part * _AT_ONCE, tf.minimum((part + 1) * _AT_ONCE, number))
        masked = masks[..., tf.newaxis] * image
        scores = target_scores(anatomy, masked, target[tf.newaxis], masked) - own
        total += tf.reduce_sum(scores)
        by_pixel += tf.einsum("p,phw->hw", scores, masks)
        visible += tf.reduce_sum(masks, axis=0)
    return total, by_pixel, visible
