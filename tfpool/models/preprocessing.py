"""From stored images to a network's input: one rule for training and all that comes after."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tfpool.counting.plan import Plan
from tfpool.models.pretrained.imagenet import pixels_of, scale_for_imagenet


def to_network(images: Any, plan: Plan, weights: str | None = None) -> tf.Tensor:
    """Images, uint8 (N, h, w, c), as the plan's network reads them: float32 (N, H, W, C).

    They are resized, gray ones are repeated for three channels, and pixels are scaled: as by `preprocess_input` for
    ImageNet `weights`, from 0 to 255 for a network that scales images itself, otherwise from 0 to 1.
    """
    height, width, channels = plan.input_shape
    values = tf.cast(images, tf.float32)
    if height and width and tuple(values.shape[1:3]) != (height, width):
        values = tf.image.resize(values, (height, width), antialias=True)
    if channels != values.shape[-1]:
        values = tf.repeat(values, channels, axis=-1)
    if weights == "imagenet":
        return scale_for_imagenet(plan.backbone, values)
    return values / (255 / white_level(plan))


def white_level(plan: Plan) -> float:
    """The value of a white pixel for a network without ImageNet weights: 1, or 255 if the network scales images."""
    return 255.0 if any(row.op == "Rescaling" for row in plan.rows) else 1.0


def pixels_text(plan: Plan, weights: str | None = None) -> str:
    """How `to_network` scales pixels, in words."""
    if weights == "imagenet":
        return pixels_of(plan.backbone)
    return f"from 0 to {white_level(plan):g}"
