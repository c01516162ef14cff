"""EfficientNet-B0 to B7: Tan and Le 2019, arXiv 1905.11946. Layer names and order as in keras.applications.

The network itself scales and normalizes images from 0 to 255.
"""

from __future__ import annotations

from math import ceil

from tfpool.networks import ops
from tfpool.networks.graph import Tensor

# Kernel size, repeats, filters, expansion and stride of the seven stages of B0.
STAGES = (
    (3, 1, 16, 1, 1),
    (3, 2, 24, 6, 2),
    (5, 2, 40, 6, 2),
    (3, 3, 80, 6, 2),
    (5, 3, 112, 6, 1),
    (5, 4, 192, 6, 2),
    (3, 1, 320, 6, 1),
)
SQUEEZE = 0.25
DROP_CONNECT = 0.2


def efficientnet(x: Tensor, width: float, depth: float) -> Tensor:
    """EfficientNet with these multipliers of width and depth."""
    x = ops.Rescaling(1 / 255)(x, name="rescaling")
    x = ops.Normalization()(x, name="normalization")
    x = _halving_pad(x, 3, "stem_conv_pad")
    x = ops.Conv2D(_round(32, width), 3, strides=2, use_bias=False)(x, name="stem_conv")
    x = _bn_swish(x, "stem_bn", "stem_activation")
    blocks = [
        (size, _round(filters, width), expansion, stride if repeat == 0 else 1, f"block{stage}{chr(97 + repeat)}_")
        for stage, (size, repeats, filters, expansion, stride) in enumerate(STAGES, start=1)
        for repeat in range(ceil(depth * repeats))
    ]
    for number, (size, filters, expansion, stride, name) in enumerate(blocks):
        x = mbconv(x, size, filters, expansion, stride, DROP_CONNECT * number / len(blocks), name)
    x = ops.Conv2D(_round(1280, width), 1, padding="same", use_bias=False)(x, name="top_conv")
    return _bn_swish(x, "top_bn", "top_activation")


def mbconv(x: Tensor, size: int, filters: int, expansion: int, stride: int, drop: float, name: str) -> Tensor:
    """An inverted residual block with squeeze and excitation; training skips it with probability `drop`."""
    shortcut = x
    if expansion > 1:
        x = ops.Conv2D(x.channels * expansion, 1, padding="same", use_bias=False)(x, name=f"{name}expand_conv")
        x = _bn_swish(x, f"{name}expand_bn", f"{name}expand_activation")
    if stride == 2:
        x = _halving_pad(x, size, f"{name}dwconv_pad")
    padding = "valid" if stride == 2 else "same"
    x = ops.DepthwiseConv2D(size, strides=stride, padding=padding, use_bias=False)(x, name=f"{name}dwconv")
    x = _bn_swish(x, f"{name}bn", f"{name}activation")
    x = _excite(x, max(1, int(shortcut.channels * SQUEEZE)), name)
    x = ops.Conv2D(filters, 1, padding="same", use_bias=False)(x, name=f"{name}project_conv")
    x = ops.BatchNormalization()(x, name=f"{name}project_bn")
    if stride == 1 and shortcut.channels == filters:
        if drop > 0:
            x = ops.Dropout(drop, noise_shape=(None, 1, 1, 1))(x, name=f"{name}drop")
        x = ops.Add()(x, shortcut, name=f"{name}add")
    return x


def _excite(x: Tensor, squeezed: int, name: str) -> Tensor:
    gate = ops.GlobalAveragePooling2D()(x, name=f"{name}se_squeeze")
    gate = ops.Reshape((1, 1, x.channels))(gate, name=f"{name}se_reshape")
    gate = ops.Conv2D(squeezed, 1, padding="same", activation="swish")(gate, name=f"{name}se_reduce")
    gate = ops.Conv2D(x.channels, 1, padding="same", activation="sigmoid")(gate, name=f"{name}se_expand")
    return ops.Multiply()(x, gate, name=f"{name}se_excite")


def _bn_swish(x: Tensor, bn: str, activation: str) -> Tensor:
    return ops.Activation("swish")(ops.BatchNormalization()(x, name=bn), name=activation)


def _halving_pad(x: Tensor, size: int, name: str) -> Tensor:
    """Zero padding for a valid convolution of stride 2: one row and column less before an even size."""
    half = size // 2
    height, width = (half - (1 if side is None else 1 - side % 2) for side in x.shape[:2])
    return ops.ZeroPadding2D(((height, half), (width, half)))(x, name=name)


def _round(filters: int, width: float) -> int:
    """The nearest multiple of 8 that is at least 90 % of the product."""
    exact = filters * width
    nearest = max(8, int(exact + 4) // 8 * 8)
    return nearest + 8 if nearest < 0.9 * exact else nearest
