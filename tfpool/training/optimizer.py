"""Optimizer, learning rates and loss of a recipe as Keras objects."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfpool.training.recipe import Recipe

MOMENTUM = 0.9
_RISING = 0.3
"""Fraction of the steps over which the schedule onecycle rises: Smith and Topin 2017, arXiv 1708.07120."""
_INITIAL = 0.04
"""Initial rate of the schedule onecycle, as a fraction of the highest."""


def learning_rates(recipe: Recipe, steps: int) -> np.ndarray:
    """The learning rate of each step, float32 (steps,), where `steps` is the number of all steps of the training."""
    done = np.arange(steps) / max(1, steps)
    if recipe.schedule == "onecycle":
        rising = _INITIAL + (1 - _INITIAL) * (1 - np.cos(np.pi * done / _RISING)) / 2
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
    """The optimizer, where `steps` is the number of all steps of the training."""
    settings: dict[str, Any] = {
        "learning_rate": _RatePerStep(learning_rates(recipe, steps)),
        "weight_decay": recipe.weight_decay or None,
    }
    optimizer = {
        "adam": lambda: keras.optimizers.Adam(**settings),
        # Keras's default for AdamW decays weights; a recipe without weight decay must not.
        "adamw": lambda: keras.optimizers.AdamW(**{**settings, "weight_decay": recipe.weight_decay}),
        "sgd": lambda: keras.optimizers.SGD(momentum=MOMENTUM, nesterov=True, **settings),
    }[recipe.optimizer]()
    if recipe.weight_decay:
        optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    # Small gradients are zero in float16, unless the loss is multiplied first.
    return keras.optimizers.LossScaleOptimizer(optimizer) if recipe.precision == "mixed_float16" else optimizer


def loss(recipe: Recipe) -> keras.losses.Loss:
    """The mean loss of one-hot labels (N, K) and logits (N, K)."""
    smoothing = recipe.label_smoothing
    if recipe.loss == "focal":
        return keras.losses.CategoricalFocalCrossentropy(alpha=1.0, from_logits=True, label_smoothing=smoothing)
    if recipe.loss == "hinge":
        return keras.losses.CategoricalHinge()
    return keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)


class _RatePerStep(keras.optimizers.schedules.LearningRateSchedule):
    """One learning rate per step, from a list. Later steps use the last rate."""

    def __init__(self, rates: np.ndarray) -> None:
        self._rates = rates

    def __call__(self, step: Any) -> tf.Tensor:
        return tf.gather(self._rates, tf.minimum(tf.cast(step, tf.int64), len(self._rates) - 1))

    def get_config(self) -> dict[str, Any]:
        return {"rates": self._rates.tolist()}


def _cosine(done: np.ndarray) -> np.ndarray:
    return (1 + np.cos(math.pi * np.clip(done, 0, 1))) / 2
