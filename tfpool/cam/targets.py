"""What is explained: the score of a class, the difference of two classes, or a function of all scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from tfpool.data.custom.label_numbers import likeliest_classes

Choice = int | str | Sequence[int] | np.ndarray
"""A class number for all images or one per image, "top", or "true"."""
TOP, NONE = -1, -2
"""In place of a class number: the class with the highest score, and no class."""


@dataclass(frozen=True, eq=False)
class Contrast:
    """Why one class rather than another: the score of the one minus the score of the other.

    Args:
        target: the class that the evidence is for: a number for all images or one per image, "top" for the class with
            the highest score, or "true" for the images' labels.
        other: the class to contrast it with, likewise.

    Raises:
        ValueError: by the explainer, if the model has no such class.

    Example:
        >>> import numpy as np
        >>> import tfpool as tp
        >>> model = tp.build(tp.plan("convnet", input_shape=(28, 28, 1)))
        >>> explainer = tp.Explainer(model, method="hirescam")
        >>> image = np.ones((28, 28, 1))
        >>> three, five, contrast = (explainer(image, target) for target in (3, 5, tp.Contrast(3, 5)))
        >>> bool(np.allclose(contrast.heatmaps, three.heatmaps - five.heatmaps, atol=1e-5))
        True
    """

    target: Choice
    other: Choice


Target = Choice | Contrast | Callable[[Any], Any] | None
"""What `explain` takes. A function maps scores (N, K) before softmax to the explained score, (N,)."""


def class_numbers(choice: Choice, images: int, classes: int, labels: Any) -> np.ndarray:
    """The class of each image, int64 (N,), `TOP` for the class with the highest score. `labels` may be one per row."""
    if isinstance(choice, str) and choice == "top":
        return np.full(images, TOP, np.int64)
    if isinstance(choice, str) and choice == "true":
        if labels is None:
            raise ValueError('The target "true" needs the true classes of the images. Pass them as labels=.')
        choice = likeliest_classes(np.asarray(labels)) if np.ndim(labels) else labels
    numbers = np.asarray(choice)
    if numbers.dtype.kind not in "iu" or numbers.shape not in ((), (images,)):
        raise ValueError(
            'Expected a target: a class number, one for all images or one per image, "top", "true", a Contrast of two '
            f"classes, or a function of the scores. Received: {choice!r}."
        )
    if numbers.size and not 0 <= numbers.min() <= numbers.max() < classes:
        raise ValueError(f"The model has the classes 0 to {classes - 1}. Received: target {choice!r}.")
    return np.broadcast_to(numbers.astype(np.int64), (images,))


def check_function(function: Callable[[Any], Any], classes: int) -> None:
    """Refuse a function that does not return one number per image."""
    try:
        traced = tf.function(function).get_concrete_function(tf.TensorSpec((2, classes)))
        shape = tf.convert_to_tensor(traced.structured_outputs).shape
    except Exception as error:  # A user's function may raise anything.
        reason = (str(error).strip() or type(error).__name__).splitlines()[-1].strip()
        raise ValueError(
            f"A target function has to compute with TensorFlow or keras.ops, but this function fails: {reason}"
        ) from None
    if shape != (2,):
        raise ValueError(
            f"Expected a target function that returns (2,) for scores of shape (2, {classes}), one number per image. "
            f"Received: {shape}."
        )
