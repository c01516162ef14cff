"""Network in Network: Lin, Chen and Yan 2013, arXiv 1312.4400. A ReLU after every convolution; ends in the NIN head."""

from __future__ import annotations

from tfpool.networks.graph import Tensor
from tfpool.networks.ops import AveragePooling2D, Conv2D, Dropout, MaxPooling2D


def nin_cifar(x: Tensor) -> Tensor:
    """The network for CIFAR, for images of 32×32 pixels."""
    x = mlpconv(x, (192, 160, 96), 5, "conv1")
    x = MaxPooling2D(3, strides=2, padding="same")(x, name="pool1")
    x = Dropout(0.5)(x, name="drop1")
    x = mlpconv(x, (192, 192, 192), 5, "conv2")
    x = AveragePooling2D(3, strides=2, padding="same")(x, name="pool2")
    x = Dropout(0.5)(x, name="drop2")
    return mlpconv(x, (192, 192), 3, "conv3")


def nin_imagenet(x: Tensor) -> Tensor:
    """The network for ImageNet, for images of 224×224 pixels."""
    x = mlpconv(x, (96, 96, 96), 11, "conv1", stride=4, padding="valid")
    # The authors' framework rounds sizes up; at 224 pixels that makes a difference here only.
    x = MaxPooling2D(3, strides=2, padding="same")(x, name="pool1")
    x = mlpconv(x, (256, 256, 256), 5, "conv2")
    x = MaxPooling2D(3, strides=2)(x, name="pool2")
    x = mlpconv(x, (384, 384, 384), 3, "conv3")
    x = MaxPooling2D(3, strides=2)(x, name="pool3")
    x = Dropout(0.5)(x, name="drop3")
    return mlpconv(x, (1024, 1024), 3, "conv4")


def mlpconv(
    x: Tensor, filters: tuple[int, ...], size: int, name: str, stride: int = 1, padding: str = "same"
) -> Tensor:
    """A convolution, then 1×1 convolutions: a small dense network at each position."""
    x = Conv2D(filters[0], size, strides=stride, padding=padding, activation="relu")(x, name=name)
    for number, count in enumerate(filters[1:], start=1):
        x = Conv2D(count, 1, activation="relu")(x, name=f"{name}_cccp{number}")
    return x
