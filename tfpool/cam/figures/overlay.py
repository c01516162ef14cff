"""A heatmap laid over its image, in colors that keep its sign."""

from __future__ import annotations

import numpy as np
from PIL import Image

from tfpool.cam.interpolation import resize
from tfpool.colors import paint


def overlay(image: np.ndarray, heatmap: np.ndarray, alpha: float = 0.5, limit: float | None = None) -> np.ndarray:
    """Lay a heatmap over its image: the stronger the evidence at a place, the less of the image shows through.

    Red speaks for the class and blue against it, in the diverging color map `coolwarm` of matplotlib.

    Args:
        image: uint8 from 0 to 255, or float from 0 to 1, of shape (H, W), (H, W, 1) or (H, W, 3).
        heatmap: float (h, w), resized to the image.
        alpha: opacity of the strongest evidence, 0 to 1.
        limit: the absolute value drawn at that opacity; the same limit puts several maps on one scale. Default: the
            largest absolute value of this map.

    Returns:
        uint8 (H, W, 3).

    Raises:
        ValueError: if image or heatmap have another shape, the heatmap has numbers that are not finite, or alpha is
            out of range.

    Example:
        >>> import numpy as np
        >>> import tfpool as tp
        >>> image = np.full((1, 3), 128, np.uint8)
        >>> tp.overlay(image, np.array([[2.0, 0.0, -2.0]]), alpha=1.0).tolist()  # for, neither, against
        [[[180, 4, 38], [128, 128, 128], [59, 76, 192]]]
    """
    base = as_rgb(image).astype(np.float32)
    check_heatmap(heatmap)
    if not 0 <= alpha <= 1:
        raise ValueError(f"Expected an opacity alpha from 0 to 1. Received: alpha={alpha}.")
    limit = float(np.abs(heatmap).max()) if limit is None else limit
    fractions = heatmap / limit if limit > 0 else np.zeros_like(heatmap)
    strength = np.clip(resize(fractions[np.newaxis].astype(np.float32), image.shape[:2])[0], -1, 1)
    opacity = alpha * np.abs(strength)[..., np.newaxis]
    return np.round(base * (1 - opacity) + paint(strength) * opacity).astype(np.uint8)


def as_rgb(image: np.ndarray) -> np.ndarray:
    """An image as uint8 (H, W, 3)."""
    if image.ndim < 2 or image.shape[2:] not in ((), (1,), (3,)) or 0 in image.shape:
        raise ValueError(f"Expected an image of shape (H, W), (H, W, 1) or (H, W, 3). Received: {image.shape}.")
    pixels = image if image.dtype == np.uint8 else np.round(np.clip(image, 0, 1) * 255).astype(np.uint8)
    return np.broadcast_to(pixels.reshape(*image.shape[:2], -1), (*image.shape[:2], 3))


def enlarged(image: np.ndarray, most: int) -> np.ndarray:
    """A uint8 image (H, W, 3) with its longer side at most `most`: enlarged by whole pixels, or shrunk."""
    longer = max(image.shape[:2])
    if longer <= most:
        return image.repeat(most // longer, axis=0).repeat(most // longer, axis=1)
    height, width = (max(1, round(side * most / longer)) for side in image.shape[:2])
    return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.LANCZOS))


def check_heatmap(heatmap: np.ndarray, name: str = "The heatmap") -> None:
    """Refuse what is no map (h, w) of finite numbers."""
    if heatmap.ndim != 2 or 0 in heatmap.shape:
        raise ValueError(f"{name} has to be of shape (h, w). Received: {heatmap.shape}.")
    if not np.isfinite(heatmap).all():
        raise ValueError(f"{name} has to hold finite numbers, but some are infinite or NaN.")
