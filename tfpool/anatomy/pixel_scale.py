"""How a model takes its pixels, why that is so, and the sentence that says it. Keras is loaded for scaling alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

PIXEL_MODES = {
    "unit": "from 0 to 1",
    "raw": "from 0 to 255",
    "tf": "from −1 to 1",
    "caffe": "less ImageNet's mean, BGR",
    "torch": "by ImageNet's mean and deviation",
}
"""How a model may expect its pixels. The last three are the modes of keras.applications' `preprocess_input`."""
SCALES_ITSELF = "since the model scales them itself"
INTEGERS = "since its input is of integers"
ANY = "though from 0 to 1 gives the same: the model scales each image by its own values"
EXPECTED_BY_MODEL = "as the arithmetic at the model's input expects"
CHOSEN = "as chosen"
ASSUMED = "which is assumed: nothing in the model says which pixels it takes"


@dataclass(frozen=True)
class PixelScale:
    """How a model takes its pixels: `mode`, one of `PIXEL_MODES`, with the reason for it in words.

    `own` is the mode that the model itself asks for, by its arithmetic; None if it does not say.
    """

    mode: str
    reason: str
    own: str | None = None

    @property
    def assumed(self) -> bool:
        """Whether the mode is a guess: neither the model nor its user says which it is."""
        return self.reason == ASSUMED

    def chosen(self, mode: str) -> PixelScale:
        """The scale that a user has chosen for the same model."""
        if mode not in PIXEL_MODES:
            raise ValueError(f"Pixels cannot be scaled by {mode!r}. Use one of: {', '.join(PIXEL_MODES)}.")
        return PixelScale(mode, CHOSEN, self.own)

    def sentence(self, model: str, control: str) -> str:
        """What pixels `model`, by its name, gets, and why; if that is assumed, also where to choose: `control`."""
        advice = f" Another scale: {control}." if self.assumed else ""
        return f"{model} gets pixels {PIXEL_MODES[self.mode]}, {self.reason}.{advice}"

    def warning(self, model: str, control: str, better: str | None = None) -> str | None:
        """Why the scale may be wrong, if the model asks for another one or `better` fits far better; or else None."""
        if self.own not in (None, self.mode):
            other = f"{model} asks for pixels {PIXEL_MODES[self.own or self.mode]}, by the arithmetic at its input"
        elif better is not None:
            other = f"Pixels {PIXEL_MODES[better]} fit {model} far better"
        else:
            return None
        return (
            f"{other}, but it gets them {PIXEL_MODES[self.mode]}. Scores and maps may be meaningless. Check {control}."
        )


def scale_pixels(images: Any, mode: str) -> np.ndarray:
    """Images, uint8 (N, H, W, C), as float32 for a model of unknown origin, by one of `PIXEL_MODES`."""
    return np.asarray(scale_values(np.array(images, np.float32), mode))


def scale_values(values: Any, mode: str) -> Any:
    """Images of values from 0 to 255, float32 (N, H, W, C), an array or a tensor, by one of `PIXEL_MODES`."""
    if mode in ("unit", "raw"):
        return values / 255 if mode == "unit" else values
    if mode != "tf" and values.shape[-1] != 3:
        raise ValueError(
            f"{mode} scales the three colors of RGB images, and the model takes gray ones. Use unit or raw."
        )
    import keras

    return keras.applications.imagenet_utils.preprocess_input(values, data_format="channels_last", mode=mode)
