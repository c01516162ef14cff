"""How models that tfpool made take their images, remembered for as long as a model lives: its graph may not say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    import keras
    import numpy as np


@dataclass(frozen=True)
class KnownPixels:
    """What is known of a model's images.

    `to_input` scales uint8 images (N, H, W, C) as the model takes them, to float32. `pixels` says so in words, such as
    "from 0 to 1", and `reason` why. `reading` are the arguments of `data.images.read_image` for its files.
    """

    to_input: Callable[[np.ndarray], np.ndarray]
    pixels: str
    reason: str
    reading: Mapping[str, Any] = field(default_factory=dict)

    def sentence(self, model: str) -> str:
        """What pixels `model`, by its name, gets, and why."""
        return f"{model} gets pixels {self.pixels}, {self.reason}."


_known: WeakKeyDictionary[keras.Model, KnownPixels] = WeakKeyDictionary()


def remember_pixels(model: keras.Model, known: KnownPixels) -> None:
    """Let `known_pixels` find what is known of a model; nothing of the model is changed."""
    _known[model] = known


def known_pixels(model: keras.Model) -> KnownPixels | None:
    """What is known of a model; None for one of another origin, and for copies of a model."""
    return _known.get(model)
