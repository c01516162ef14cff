"""Residual networks of keras.applications (versions 1 and 2), of torchvision, and for CIFAR.

Sources: He et al. 2015, arXiv 1512.03385, and 2016, arXiv 1603.05027. Layer names and order as in keras.applications,
so that its weights load. A plain network is a residual network without shortcuts.
"""

from __future__ import annotations

from tfpool.networks.graph import Tensor
from tfpool.networks.ops import Activation, Add, BatchNormalization, Conv2D, MaxPooling2D, ZeroPadding2D

EPSILON = 1.001e-5
PerStage = tuple[int, ...]
Convolutions = tuple[tuple[int, int, int], ...]


def resnet(x: Tensor, blocks: PerStage, output_stride: int = 32, width: float = 1.0) -> Tensor:
    """ResNet-50, 101 or 152 of keras.applications, by the number of blocks in each of its four stages."""
    x = ZeroPadding2D(3)(x, name="conv1_pad")
    x = Conv2D(_wide(64, width), 7, strides=2)(x, name="conv1_conv")
    x = BatchNormalization(epsilon=EPSILON)(x, name="conv1_bn")
    x = Activation("relu")(x, name="conv1_relu")
    x = ZeroPadding2D(1)(x, name="pool1_pad")
    x = MaxPooling2D(3, strides=2)(x, name="pool1_pool")
    for name, filters, stride, dilation in _stages(blocks, output_stride, width):
        x = bottleneck(x, filters, stride, dilation, name)
    return x


def bottleneck(x: Tensor, filters: int, stride: int, dilation: int, name: str) -> Tensor:
    shortcut = x
    if stride > 1 or x.channels != 4 * filters:
        shortcut = Conv2D(4 * filters, 1, strides=stride)(x, name=f"{name}_0_conv")
        shortcut = BatchNormalization(epsilon=EPSILON)(shortcut, name=f"{name}_0_bn")
    x = Conv2D(filters, 1, strides=stride)(x, name=f"{name}_1_conv")
    x = BatchNormalization(epsilon=EPSILON)(x, name=f"{name}_1_bn")
    x = Activation("relu")(x, name=f"{name}_1_relu")
    x = Conv2D(filters, 3, padding="same", dilation_rate=dilation)(x, name=f"{name}_2_conv")
    x = BatchNormalization(epsilon=EPSILON)(x, name=f"{name}_2_bn")
    x = Activation("relu")(x, name=f"{name}_2_relu")
    x = Conv2D(4 * filters, 1)(x, name=f"{name}_3_conv")
    x = BatchNormalization(epsilon=EPSILON)(x, name=f"{name}_3_bn")
    # Keras orders layers of one depth by the inputs of Add. With the shortcut first, official weight files load.
    x = Add()(shortcut, x, name=f"{name}_add")
    return Activation("relu")(x, name=f"{name}_out")


def resnet_v2(x: Tensor, blocks: PerStage, width: float = 1.0) -> Tensor:
    """ResNet-50, 101 or 152, version 2, of keras.applications: activations come before convolutions."""
    x = ZeroPadding2D(3)(x, name="conv1_pad")
    x = Conv2D(_wide(64, width), 7, strides=2)(x, name="conv1_conv")
    x = ZeroPadding2D(1)(x, name="pool1_pad")
    x = MaxPooling2D(3, strides=2)(x, name="pool1_pool")
    for stage, count in enumerate(blocks, start=2):
        for block in range(1, count + 1):
            # Version 2 halves the map at the end of each stage but the last.
            stride = 2 if block == count and stage < 5 else 1
            x = bottleneck_v2(x, _wide(32 * 2 ** (stage - 1), width), stride, f"conv{stage}_block{block}")
    x = BatchNormalization(epsilon=EPSILON)(x, name="post_bn")
    return Activation("relu")(x, name="post_relu")


def bottleneck_v2(x: Tensor, filters: int, stride: int, name: str) -> Tensor:
    before = x
    x = BatchNormalization(epsilon=EPSILON)(x, name=f"{name}_preact_bn")
    x = Activation("relu")(x, name=f"{name}_preact_relu")
    if before.channels != 4 * filters:
        shortcut = Conv2D(4 * filters, 1, strides=stride)(x, name=f"{name}_0_conv")
    else:
        shortcut = MaxPooling2D(1, strides=stride)(before, name=f"{name}_0_pool") if stride > 1 else before
    x = Conv2D(filters, 1, use_bias=False)(x, name=f"{name}_1_conv")
    x = BatchNormalization(epsilon=EPSILON)(x, name=f"{name}_1_bn")
    x = Activation("relu")(x, name=f"{name}_1_relu")
    x = ZeroPadding2D(1)(x, name=f"{name}_2_pad")
    x = Conv2D(filters, 3, strides=stride, use_bias=False)(x, name=f"{name}_2_conv")
    x = BatchNormalization(epsilon=EPSILON)(x, name=f"{name}_2_bn")
    x = Activation("relu")(x, name=f"{name}_2_relu")
    x = Conv2D(4 * filters, 1)(x, name=f"{name}_3_conv")
    return Add()(shortcut, x, name=f"{name}_out")


def torchvision_resnet(
    x: Tensor, blocks: PerStage, bottlenecks: bool, shortcut: str = "B", output_stride: int = 32, width: float = 1.0
) -> Tensor:
    """ResNets with the stride on the 3×3 convolution and no biases, as in torchvision and "v1.5".

    Shortcut "B" projects where the shape changes; "none" makes the plain network.
    """
    x = ZeroPadding2D(3)(x, name="conv1_pad")
    x = _conv_bn(x, _wide(64, width), 7, 2, "conv1", padding="valid")
    x = Activation("relu")(x, name="conv1_relu")
    x = ZeroPadding2D(1)(x, name="pool1_pad")
    x = MaxPooling2D(3, strides=2)(x, name="pool1_pool")
    for name, filters, stride, dilation in _stages(blocks, output_stride, width):
        bottleneck_sizes: Convolutions = ((filters, 1, 1), (filters, 3, stride), (4 * filters, 1, 1))
        basic_sizes: Convolutions = ((filters, 3, stride), (filters, 3, 1))
        x = residual(x, bottleneck_sizes if bottlenecks else basic_sizes, shortcut, dilation, name)
    return x


def cifar_resnet(x: Tensor, depth: int, shortcut: str = "A", width: float = 1.0, output_stride: int = 4) -> Tensor:
    """The CIFAR ResNet of `depth` 6n + 2.

    Shortcut "A" has no parameters, as in the paper; "B" projects by 1×1 convolutions where the shape changes; "none"
    makes the plain network. An output stride of 2 or 1 replaces strides by dilation: the same parameters, a finer map.
    """
    x = Activation("relu")(_conv_bn(x, _wide(16, width), 3, 1, "conv1"), name="conv1_relu")
    blocks = (depth - 2) // 6
    for name, filters, stride, dilation in _stages((blocks,) * 3, output_stride, width, (16, 32, 64), stem_stride=1):
        x = residual(x, ((filters, 3, stride), (filters, 3, 1)), shortcut, dilation, name)
    return x


def residual(x: Tensor, sizes: Convolutions, shortcut: str, dilation: int, name: str) -> Tensor:
    """Convolutions of (filters, kernel size, stride) with normalization, and a shortcut around them."""
    inputs = x
    for number, (filters, size, stride) in enumerate(sizes, start=1):
        x = _conv_bn(x, filters, size, stride, f"{name}_{number}", dilation=dilation if size > 1 else 1)
        if number < len(sizes):
            x = Activation("relu")(x, name=f"{name}_{number}_relu")
    if shortcut != "none":
        x = Add()(_shortcut(inputs, x, sizes, shortcut, name), x, name=f"{name}_add")
    return Activation("relu")(x, name=f"{name}_out")


def _shortcut(inputs: Tensor, outputs: Tensor, sizes: Convolutions, kind: str, name: str) -> Tensor:
    stride = max(stride for _, _, stride in sizes)
    if stride == 1 and inputs.channels == outputs.channels:
        return inputs
    if kind == "B":
        return _conv_bn(inputs, outputs.channels, 1, stride, f"{name}_0")
    # Shortcut A: every second pixel, padded with channels of zeros on both sides.
    more = outputs.channels - inputs.channels
    x = MaxPooling2D(1, strides=stride)(inputs, name=f"{name}_0_pool") if stride > 1 else inputs
    pad = ((0, 0), (more // 2, more - more // 2))
    return ZeroPadding2D(pad, data_format="channels_first")(x, name=f"{name}_0_pad")


def _conv_bn(
    x: Tensor, filters: int, size: int, stride: int, name: str, dilation: int = 1, padding: str = "same"
) -> Tensor:
    conv = Conv2D(filters, size, strides=stride, padding=padding, dilation_rate=dilation, use_bias=False)
    # With Keras's momentum of 0.99, statistics are still far from those of the data after a few hundred steps.
    return BatchNormalization(momentum=0.9, epsilon=1e-5)(conv(x, name=f"{name}_conv"), name=f"{name}_bn")


def _stages(
    blocks: PerStage, output_stride: int, width: float, filters: PerStage = (64, 128, 256, 512), stem_stride: int = 4
) -> list[tuple[str, int, int, int]]:
    """Name, filters, stride and dilation of each block; dilation replaces strides beyond the output stride."""
    strides = [stem_stride * 2**number for number in range(len(blocks))]
    allowed = strides[-3:]
    if output_stride not in allowed:
        raise ValueError(f"Expected output_stride as one of {', '.join(map(str, allowed))}, got {output_stride!r}.")
    stages = []
    for stage, (undilated, size, count) in enumerate(zip(strides, filters, blocks, strict=True), start=2):
        stride = 2 if stage > 2 and undilated <= output_stride else 1
        dilation = max(1, undilated // output_stride)
        for block in range(1, count + 1):
            stages.append((f"conv{stage}_block{block}", _wide(size, width), stride if block == 1 else 1, dilation))
    return stages


def _wide(filters: int, width: float) -> int:
    if not width > 0:
        raise ValueError(f"Expected width as a multiplier above 0, got {width!r}.")
    return max(1, round(filters * width))
