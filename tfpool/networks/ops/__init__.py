"""The ops of networks, each named like its Keras layer. Add an op here: one small class.

The graph that connects them is in `networks.graph`. Others use the names below.
"""

# ruff: noqa: F401 (other modules import these names from here)
from __future__ import annotations

from dataclasses import dataclass

from tfpool.networks.graph import Graph, Shape, Tensor
from tfpool.networks.ops.base import Elementwise, Global, Sliding, Weightless
from tfpool.networks.ops.weighted import (
    BatchNormalization,
    Conv2D,
    Conv2DTranspose,
    Dense,
    DepthwiseConv2D,
    Normalization,
    SeparableConv2D,
)
from tfpool.networks.ops.weightless import (
    Activation,
    AdaptiveAveragePooling2D,
    AdaptiveMaxPooling2D,
    Add,
    AveragePooling2D,
    Concatenate,
    Cropping2D,
    Dropout,
    Flatten,
    GeneralizedMeanPooling2D,
    GlobalAveragePooling2D,
    GlobalMaxPooling2D,
    MaxPooling2D,
    Multiply,
    Rescaling,
    Reshape,
    UpSampling2D,
    ZeroPadding2D,
)


@dataclass(frozen=True)
class InputLayer(Weightless):
    shape: Shape

    def output_shape(self, *inputs: Shape) -> Shape:
        return self.shape


def image_input(shape: Shape, relu: str = "relu") -> Tensor:
    """The image tensor of a new graph; `relu` is the activation in place of each ReLU."""
    return Graph(relu).add(InputLayer(shape), (), "input_layer")
