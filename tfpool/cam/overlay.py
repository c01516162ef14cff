"""A heatmap laid over its image, in colours that keep its sign."""

from __future__ import annotations

import numpy as np

from tfpool.cam.explainer import resize

FOR = (213, 94, 0)
AGAINST = (0, 114, 178)
"""Vermilion speaks for the class and blue against it: colours that colour-blind people tell apart (Okabe & Ito)."""


def overlay(image: np.ndarray, heatmap: np.ndarray, alpha: float = 0.5, limit: float | None = None) -> np.ndarray:
    """Lay a heatmap over its image: the stronger the evidence at a place, the less of the image shows through.

    Args:
        image: uint8 from 0 to 255, or float from 0 to 1, of shape (H, W), (H, W, 1) or (H, W, 3).
        heatmap: float (h, w), resized to the image.
        alpha: opacity of the strongest evidence, 0 to 1.
        limit: the absolute value drawn at that opacity; give one to show several maps on one scale. Default: the
            largest of this map.

    Returns:
        uint8 (H, W, 3).

    Raises:
        ValueError: if image or heatmap have another shape, or alpha is out of range.
    """
    if image.shape[2:] not in ((), (1,), (3,)) or image.ndim < 2 or heatmap.ndim != 2:
        raise ValueError(
            "An image (H, W), (H, W, 1) or (H, W, 3) and a heatmap (h, w) are needed, "
            f"got {image.shape} and {heatmap.shape}."
        )
    if not 0 <= alpha <= 1:
        raise ValueError(f"The opacity alpha is from 0 to 1, got {alpha}.")
    base = image if image.dtype == np.uint8 else np.round(np.clip(image, 0, 1) * 255)
    base = np.broadcast_to(base.reshape(*image.shape[:2], -1), (*image.shape[:2], 3)).astype(np.float32)
    values = resize(heatmap[np.newaxis].astype(np.float32), image.shape[:2])[0]
    limit = float(np.abs(heatmap).max(initial=0)) if limit is None else limit
    strength = np.clip(np.abs(values) / limit, 0, 1) if limit > 0 else np.zeros_like(values)
    opacity = alpha * strength[..., np.newaxis]
    colour = np.where(values[..., np.newaxis] >= 0, FOR, AGAINST)
    return np.round(base * (1 - opacity) + colour * opacity).astype(np.uint8)
