"""VGG: Simonyan and Zisserman 2014, arXiv 1409.1556. Layer names as in keras.applications, so that its weights load."""

from __future__ import annotations

from tfpool.networks.graph import Tensor
from tfpool.networks.ops import Activation, BatchNormalization, Conv2D, MaxPooling2D


def vgg(x: Tensor, convolutions: tuple[int, int, int, int, int], batch_norm: bool = False) -> Tensor:
    """VGG with these numbers of 3×3 convolutions in its five blocks, for images of at least 32×32 pixels."""
    for block, (filters, count) in enumerate(zip((64, 128, 256, 512, 512), convolutions, strict=True), start=1):
        for number in range(1, count + 1):
            x = _conv(x, filters, f"block{block}_conv{number}", batch_norm)
        x = MaxPooling2D(2)(x, name=f"block{block}_pool")
    return x


def _conv(x: Tensor, filters: int, name: str, batch_norm: bool) -> Tensor:
    if not batch_norm:
        return Conv2D(filters, 3, padding="same", activation="relu")(x, name=name)
    x = Conv2D(filters, 3, padding="same")(x, name=name)
    x = BatchNormalization(momentum=0.9, epsilon=1e-5)(x, name=f"{name}_bn")
    return Activation("relu")(x, name=f"{name}_relu")
