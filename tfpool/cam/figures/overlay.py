"""A heatmap laid over its image, in colours that keep its sign."""

from __future__ import annotations

import numpy as np

from tfpool.cam.explanation import resize
from tfpool.colors import paint


def overlay(image: np.ndarray, heatmap: np.ndarray, alpha: float = 0.5, limit: float | None = None) -> np.ndarray:
    """Lay a heatmap over its image: the stronger the evidence at a place, the less of the image shows through.

    Red speaks for the class and blue against it, by a diverging colour map in which equal steps look equal.

    Args:
        image: uint8 from 0 to 255, or float from 0 to 1, of shape (H, W), (H, W, 1) or (H, W, 3).
        heatmap: float (h, w), resized to the image.
        alpha: opacity of the strongest evidence, 0 to 1.
        limit: the absolute value drawn at that opacity; give one to show several maps on one scale. Default: the
            largest of this map.

    Returns:
        uint8 (H, W, 3).

    Raises:
        ValueError: if image or heatmap have another shape, the heatmap has numbers that are not finite, or alpha is
            out of range.
    """
    base = as_rgb(image).astype(np.float32)
    check_heatmap(heatmap)
    if not 0 <= alpha <= 1:
        raise ValueError(f"The opacity alpha is from 0 to 1, got {alpha}.")
    limit = float(np.abs(heatmap).max()) if limit is None else limit
    shares = heatmap / limit if limit > 0 else np.zeros_like(heatmap)
    strength = np.clip(resize(shares[np.newaxis].astype(np.float32), image.shape[:2])[0], -1, 1)
    opacity = alpha * np.abs(strength)[..., np.newaxis]
    return np.round(base * (1 - opacity) + paint(strength) * opacity).astype(np.uint8)


def as_rgb(image: np.ndarray) -> np.ndarray:
    """An image as uint8 (H, W, 3).

    Raises:
        ValueError: if it is none.
    """
    if image.ndim < 2 or image.shape[2:] not in ((), (1,), (3,)) or 0 in image.shape:
        raise ValueError(f"An image is (H, W), (H, W, 1) or (H, W, 3), got {image.shape}.")
    pixels = image if image.dtype == np.uint8 else np.round(np.clip(image, 0, 1) * 255).astype(np.uint8)
    return np.broadcast_to(pixels.reshape(*image.shape[:2], -1), (*image.shape[:2], 3))


def check_heatmap(heatmap: np.ndarray, name: str = "A heatmap") -> None:
    """Complain about what is no map of finite numbers.

    Raises:
        ValueError: if it has another shape than (h, w), or numbers that are not finite.
    """
    if heatmap.ndim != 2 or 0 in heatmap.shape:
        raise ValueError(f"{name} is (h, w), got {heatmap.shape}.")
    if not np.isfinite(heatmap).all():
        raise ValueError(f"{name} is made of finite numbers, but some of these are not.")
