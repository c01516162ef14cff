"""AlexNet with one column, as in torchvision: Krizhevsky 2014, arXiv 1404.5997."""

from __future__ import annotations

from tfpool.networks.graph import Tensor
from tfpool.networks.ops import Conv2D, MaxPooling2D, ZeroPadding2D


def alexnet(x: Tensor) -> Tensor:
    """AlexNet; images of 224×224 pixels become features of 6×6×256."""
    x = ZeroPadding2D(2)(x, name="conv1_pad")
    x = Conv2D(64, 11, strides=4, activation="relu")(x, name="conv1")
    x = MaxPooling2D(3, strides=2)(x, name="pool1")
    x = Conv2D(192, 5, padding="same", activation="relu")(x, name="conv2")
    x = MaxPooling2D(3, strides=2)(x, name="pool2")
    for number, filters in ((3, 384), (4, 256), (5, 256)):
        x = Conv2D(filters, 3, padding="same", activation="relu")(x, name=f"conv{number}")
    return MaxPooling2D(3, strides=2)(x, name="pool5")
