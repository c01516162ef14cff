"""Residual networks: those of keras.applications (version 1) and those for CIFAR.

Sources: He et al. 2015, arXiv 1512.03385; layer names and order of the first kind from keras.applications,
so that its weights load.
"""

from __future__ import annotations

from tfpool.graph import Activation, Add, BatchNormalization, Conv2D, MaxPooling2D, Tensor, ZeroPadding2D


def resnet(x: Tensor, blocks: tuple[int, int, int, int]) -> Tensor:
    """ResNet-50, 101 or 152 by the number of blocks in its four stages, for images of 32 pixels and more."""
    x = ZeroPadding2D(3)(x, name="conv1_pad")
    x = Conv2D(64, 7, strides=2)(x, name="conv1_conv")
    x = BatchNormalization(epsilon=1.001e-5)(x, name="conv1_bn")
    x = Activation("relu")(x, name="conv1_relu")
    x = ZeroPadding2D(1)(x, name="pool1_pad")
    x = MaxPooling2D(3, strides=2)(x, name="pool1_pool")
    for stage, (filters, count) in enumerate(zip((64, 128, 256, 512), blocks, strict=True), start=2):
        for block in range(1, count + 1):
            stride = 2 if block == 1 and stage > 2 else 1
            x = bottleneck(x, filters, stride, name=f"conv{stage}_block{block}")
    return x


def bottleneck(x: Tensor, filters: int, stride: int, name: str) -> Tensor:
    shortcut = x
    if stride > 1 or x.channels != 4 * filters:
        shortcut = Conv2D(4 * filters, 1, strides=stride)(x, name=f"{name}_0_conv")
        shortcut = BatchNormalization(epsilon=1.001e-5)(shortcut, name=f"{name}_0_bn")
    x = Conv2D(filters, 1, strides=stride)(x, name=f"{name}_1_conv")
    x = BatchNormalization(epsilon=1.001e-5)(x, name=f"{name}_1_bn")
    x = Activation("relu")(x, name=f"{name}_1_relu")
    x = Conv2D(filters, 3, padding="same")(x, name=f"{name}_2_conv")
    x = BatchNormalization(epsilon=1.001e-5)(x, name=f"{name}_2_bn")
    x = Activation("relu")(x, name=f"{name}_2_relu")
    x = Conv2D(4 * filters, 1)(x, name=f"{name}_3_conv")
    x = BatchNormalization(epsilon=1.001e-5)(x, name=f"{name}_3_bn")
    # Keras sorts layers of one depth by the order of Add's inputs: this one makes official files load.
    x = Add()(shortcut, x, name=f"{name}_add")
    return Activation("relu")(x, name=f"{name}_out")


def cifar_resnet(x: Tensor, depth: int, shortcut: str) -> Tensor:
    """The CIFAR ResNet of `depth` 6n + 2, with shortcut "A" (no parameters, as in the paper) or "B" (1×1)."""
    if depth < 8 or depth % 6 != 2:
        raise ValueError(f"A CIFAR ResNet has depth 6n + 2 from 8 (8, 14, 20, …), got {depth}.")
    x = _conv_bn(x, 16, 3, 1, "conv1", "")
    x = Activation("relu")(x, name="conv1_relu")
    for stage, filters in enumerate((16, 32, 64), start=2):
        for block in range(1, (depth - 2) // 6 + 1):
            stride = 2 if block == 1 and stage > 2 else 1
            x = basic(x, filters, stride, shortcut, name=f"conv{stage}_block{block}")
    return x


def basic(x: Tensor, filters: int, stride: int, shortcut: str, name: str) -> Tensor:
    skip = x
    if stride > 1 or x.channels != filters:
        skip = _subsampled(x, filters, stride, name) if shortcut == "A" else _conv_bn(x, filters, 1, stride, name, "0_")
    x = _conv_bn(x, filters, 3, stride, name, "1_")
    x = Activation("relu")(x, name=f"{name}_1_relu")
    x = _conv_bn(x, filters, 3, 1, name, "2_")
    x = Add()(skip, x, name=f"{name}_add")
    return Activation("relu")(x, name=f"{name}_out")


def _subsampled(x: Tensor, filters: int, stride: int, name: str) -> Tensor:
    """Every second pixel, with channels of zeros on both sides: a shortcut without parameters."""
    before = (filters - x.channels) // 2
    after = filters - x.channels - before
    x = MaxPooling2D(1, strides=stride)(x, name=f"{name}_0_pool")
    return ZeroPadding2D(((0, 0), (before, after)), data_format="channels_first")(x, name=f"{name}_0_pad")


def _conv_bn(x: Tensor, filters: int, size: int, stride: int, name: str, part: str) -> Tensor:
    x = Conv2D(filters, size, strides=stride, padding="same", use_bias=False)(x, name=f"{name}_{part}conv")
    # Keras's momentum of 0.99 is still far from the data's statistics after an epoch of some hundred steps.
    return BatchNormalization(momentum=0.9, epsilon=1e-5)(x, name=f"{name}_{part}bn")
