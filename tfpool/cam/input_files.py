"""Image files as a model takes them: read, cropped, resized, and scaled by what its graph says of pixels."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from tfpool.anatomy.input_arithmetic import find_pixel_scale
from tfpool.anatomy.pixel_scale import scale_pixels
from tfpool.data.images import read_image

_CONTROL = "scale the pixels as in training, and pass an array"


def are_files(images: Any) -> bool:
    """Whether images are given as the path of a file, or as a list of paths."""
    if isinstance(images, list | tuple):
        return bool(images) and all(isinstance(image, str | Path) for image in images)
    return isinstance(images, str | Path)


def from_files(
    files: str | Path | Iterable[str | Path], model: keras.Model, shape: Sequence[int | None]
) -> tuple[np.ndarray, np.ndarray, str]:
    """The images in files, (N, H, W, C) of a model's input shape, and a sentence on the scale of their pixels.

    They come twice: float32, scaled for the model, and uint8, as they look.

    If that scale is assumed, the sentence is a warning too.
    """
    paths = [files] if isinstance(files, str | Path) else list(files)
    height, width, channels = shape
    if channels not in (None, 1, 3):
        raise ValueError(
            f"Expected a model of gray or RGB images to read files. Received: {model.name}, which takes {channels} "
            "channels. Pass an array."
        )
    images = [read_image(path, (height, width, channels or 3)) for path in paths]
    sizes = list(dict.fromkeys(f"{image.shape[0]} x {image.shape[1]}" for image in images))
    if len(sizes) > 1:
        raise ValueError(f"Expected images of one size. Received: {', '.join(sizes)}. Explain them one at a time.")
    scale = find_pixel_scale(model)
    sentence = scale.sentence(model.name, _CONTROL)
    if scale.assumed:
        # The level of the line that called an `Explainer`.
        warnings.warn(sentence, stacklevel=4)
    pixels = np.stack(images)
    return scale_pixels(pixels, scale.mode), pixels, sentence
