"""A small plain convolutional network, for teaching what local pooling does."""

from __future__ import annotations

from tfpool.graph import Tensor
from tfpool.ops import AveragePooling2D, Conv2D, MaxPooling2D

POOLS = {"max": MaxPooling2D, "average": AveragePooling2D}


def convnet(x: Tensor, pooling: str = "max", pool_size: int = 2) -> Tensor:
    """Three 3×3 convolutions of 16, 32 and 64 filters, the first two each followed by pooling with stride 2."""
    if pooling not in POOLS or pool_size not in (2, 3):
        raise ValueError(f"Pooling is max or average over 2 or 3 pixels, got {pooling!r} over {pool_size!r}.")
    for number, filters in enumerate((16, 32), start=1):
        x = Conv2D(filters, 3, padding="same", activation="relu")(x, name=f"conv{number}")
        x = POOLS[pooling](pool_size, strides=2, padding="same")(x, name=f"pool{number}")
    return Conv2D(64, 3, padding="same", activation="relu")(x, name="conv3")
