"""What is explained: the score of a class, of one against another, or what a function makes of all scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

Choice = int | str | Sequence[int] | np.ndarray
"""A class number for all images or one each, "top", or "true"."""
TOP, NONE = -1, -2
"""Instead of a class number: the one with the highest score, and none."""


@dataclass(frozen=True, eq=False)
class Contrast:
    """Why this class and not that: the score of one less the score of the other.

    Args:
        target: the class that the evidence is for: a number for all images or one each, "top" for the one with the
            highest score, or "true" for the images' labels.
        other: the class that it is told from, likewise.

    Raises:
        ValueError: by the explainer, if one of them is no class of the model.
    """

    target: Choice
    other: Choice


Target = Choice | Contrast | Callable[[Any], Any] | None
"""What `explain` takes. A function goes from scores (N, K) before softmax to what is explained, (N,)."""


def class_numbers(choice: Choice, images: int, classes: int, labels: np.ndarray | None) -> np.ndarray:
    """The class of each image, int64 (N,), `TOP` where the model is to say.

    Raises:
        ValueError: if a class is none of the model's, or "true" is asked for without labels.
    """
    if isinstance(choice, str) and choice == "top":
        return np.full(images, TOP, np.int64)
    if isinstance(choice, str) and choice == "true":
        if labels is None:
            raise ValueError('The target "true" needs the true classes of the images: labels=.')
        choice = labels
    numbers = np.asarray(choice)
    if numbers.dtype.kind not in "iu" or numbers.shape not in ((), (images,)):
        raise ValueError(
            'A target is a class number, one for all images or one each, "top", "true", a Contrast of two of them or a '
            f"function of the scores, got {choice!r}."
        )
    if numbers.size and not 0 <= numbers.min() <= numbers.max() < classes:
        raise ValueError(f"The model has the classes 0 to {classes - 1}, got target {choice!r}.")
    return np.broadcast_to(numbers.astype(np.int64), (images,))


def check_function(function: Callable[[Any], Any], classes: int) -> None:
    """Refuse a function that does not make one number of an image's scores.

    Raises:
        ValueError: telling what it made of two images' scores.
    """
    try:
        traced = tf.function(function).get_concrete_function(tf.TensorSpec((2, classes)))
        made = tf.TensorSpec.from_tensor(tf.convert_to_tensor(traced.structured_outputs))
    except Exception as error:  # Whatever somebody's function raises.
        reason = (str(error).strip() or type(error).__name__).splitlines()[-1].strip()
        raise ValueError(
            f"A target function computes with TensorFlow or keras.ops, and this one fails: {reason}"
        ) from None
    if made.shape != (2,):
        raise ValueError(
            f"A target function makes one number of each image's scores: of (2, {classes}) it made {made.shape}, "
            "expected (2,)."
        )
