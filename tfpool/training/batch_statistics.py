"""Statistics of batch normalizations that fit the weights, measured on training images after each epoch.

The moving statistics that training leaves behind lag: they are of weights from many steps ago. In a short run a model
with them is as good as chance on the very images that it was trained on. Wu & Johnson, "Rethinking 'Batch' in
BatchNorm", 2021, arXiv 2105.07576, measure them anew with the weights held still ("precise" statistics).
`python benchmarks/batch_statistics.py` compares that with moving statistics that start as a plain mean, and prints what
it costs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import keras
import tensorflow as tf

IMAGES = 256
"""Images that are measured, in one batch. The benchmark compares fewer."""


class BatchStatistics:
    """Measures the mean and variance of what each batch normalization of a model reads, in training mode.

    `prepare` maps a batch of the data set to the model's input. Layers that are frozen keep their statistics.
    """

    def __init__(self, model: keras.Model, batch: tf.TensorSpec, prepare: Callable[[tf.Tensor], tf.Tensor]) -> None:
        self._model, self._prepare = model, prepare
        self._layers = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
        self._layers = [layer for layer in self._layers if layer.trainable]
        statistics = {id(value) for layer in self._layers for value in (layer.moving_mean, layer.moving_variance)}
        self._others = [value for value in model.non_trainable_variables if id(value) not in statistics]
        self._forward = tf.function(self._run, [batch], autograph=False, jit_compile=False)

    def measure(self, images: tf.Tensor) -> None:
        """Let the statistics be those of these images (N, H, W, C), under the weights of now."""
        if self._layers:
            self._forward(images)

    def _run(self, images: tf.Tensor) -> None:
        # Random states stay: a run that is resumed here measures a second time.
        before = [tf.identity(value) for value in self._others]
        with _without_memory(self._layers):
            self._model(self._prepare(images), training=True)
        for variable, value in zip(self._others, before, strict=True):
            variable.assign(value)


@contextmanager
def _without_memory(layers: Sequence[keras.layers.BatchNormalization]) -> Iterator[None]:
    """While a function is traced: a batch's statistics replace the moving ones."""
    momenta = [layer.momentum for layer in layers]
    for layer in layers:
        layer.momentum = 0.0
    try:
        yield
    finally:
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum
