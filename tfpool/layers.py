"""Keras layers of our own, where Keras has none. Import this module before you open a saved model that has one."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

EPSILON = 1e-6


@keras.saving.register_keras_serializable("tfpool")
class GeneralizedMeanPooling2D(keras.layers.Layer):
    """(mean xᵖ)^(1/p) over height and width, with one learned exponent p for all channels.

    Values below 1e-6 are raised to 1e-6. Source: Radenović et al. 2018, arXiv 1711.02512.

    Input shape (N, H, W, C), output shape (N, C).
    """

    def __init__(self, p: float, **settings: Any) -> None:
        super().__init__(**settings)
        self.p = p

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.exponent = self.add_weight(name="p", shape=(), initializer=keras.initializers.Constant(self.p))

    def call(self, features: Any) -> Any:
        exponent = ops.cast(self.exponent, features.dtype)
        powers = ops.power(ops.maximum(features, EPSILON), exponent)
        return ops.power(ops.mean(powers, axis=(1, 2)), 1 / exponent)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape[0], input_shape[-1]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "p": self.p}
