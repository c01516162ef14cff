"""What a recipe says of optimizer, learning rate and loss, as Keras has them."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfpool.training.recipe import Recipe

MOMENTUM = 0.9
_RISING = 0.3
"""Share of the steps over which the schedule onecycle rises: Smith and Topin 2017, arXiv 1708.07120."""
_LOWEST = 0.04
"""What it begins at, as a share of the highest rate."""


def learning_rates(recipe: Recipe, steps: int) -> np.ndarray:
    """The learning rate of each step, float32 (steps,), for a training of that many steps in all."""
    done = np.arange(steps) / max(1, steps)
    if recipe.schedule == "onecycle":
        rising = _LOWEST + (1 - _LOWEST) * (1 - np.cos(np.pi * done / _RISING)) / 2
        shape = np.where(done < _RISING, rising, _cosine((done - _RISING) / (1 - _RISING)))
    else:
        warmup = recipe.warmup / recipe.epochs
        after = (done - warmup) / (1 - warmup)
        falling = {
            "cosine": _cosine(after),
            "step": np.where(after < 0.5, 1.0, np.where(after < 0.75, 0.1, 0.01)),
            "constant": np.ones(steps),
        }
        rising = (done + 1 / max(1, steps)) / warmup if warmup else np.ones(steps)
        shape = np.where(done < warmup, np.minimum(rising, 1.0), falling[recipe.schedule])
    return (recipe.learning_rate * shape).astype(np.float32)


def optimizer(recipe: Recipe, steps: int) -> keras.optimizers.Optimizer:
    """The optimizer for a training of that many steps in all."""
    settings: dict[str, Any] = {
        "learning_rate": _Listed(learning_rates(recipe, steps)),
        "weight_decay": recipe.weight_decay or None,
    }
    made = {
        "adam": lambda: keras.optimizers.Adam(**settings),
        # Keras's own default decays; without a word of the recipe nothing does.
        "adamw": lambda: keras.optimizers.AdamW(**{**settings, "weight_decay": recipe.weight_decay}),
        "sgd": lambda: keras.optimizers.SGD(momentum=MOMENTUM, nesterov=True, **settings),
    }[recipe.optimizer]()
    if recipe.weight_decay:
        made.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return made


def loss(recipe: Recipe) -> keras.losses.Loss:
    """The mean loss of labels one-hot (N, K) and logits (N, K)."""
    smoothing = recipe.label_smoothing
    if recipe.loss == "focal":
        return keras.losses.CategoricalFocalCrossentropy(alpha=1.0, from_logits=True, label_smoothing=smoothing)
    if recipe.loss == "hinge":
        return keras.losses.CategoricalHinge()
    return keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)


class _Listed(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate a step, from a list. The last one stays."""

    def __init__(self, rates: np.ndarray) -> None:
        self._rates = rates

    def __call__(self, step: Any) -> tf.Tensor:
        return tf.gather(self._rates, tf.minimum(tf.cast(step, tf.int64), len(self._rates) - 1))

    def get_config(self) -> dict[str, Any]:
        return {"rates": self._rates.tolist()}


def _cosine(done: np.ndarray) -> np.ndarray:
    return (1 + np.cos(math.pi * np.clip(done, 0, 1))) / 2
