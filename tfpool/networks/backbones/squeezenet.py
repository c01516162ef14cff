"""SqueezeNet 1.1: Iandola et al. 2016, arXiv 1602.07360, in the authors' later version. Ends in the NIN head."""

from __future__ import annotations

from tfpool.networks.graph import Tensor
from tfpool.networks.ops import Concatenate, Conv2D, MaxPooling2D, ZeroPadding2D


def squeezenet(x: Tensor) -> Tensor:
    """SqueezeNet 1.1; images of 227×227 pixels become features of 14×14×512."""
    x = Conv2D(64, 3, strides=2, activation="relu")(x, name="conv1")
    x = pool(x, "pool1")
    x = pool(fire(fire(x, 16, "fire2"), 16, "fire3"), "pool3")
    x = pool(fire(fire(x, 32, "fire4"), 32, "fire5"), "pool5")
    for number, squeezed in ((6, 48), (7, 48), (8, 64), (9, 64)):
        x = fire(x, squeezed, f"fire{number}")
    return x


def pool(x: Tensor, name: str) -> Tensor:
    # The authors' framework lets the last window extend beyond the map. After a ReLU, zeros do not change the maximum.
    x = ZeroPadding2D(((0, 1), (0, 1)))(x, name=f"{name}_pad")
    return MaxPooling2D(3, strides=2)(x, name=name)


def fire(x: Tensor, squeezed: int, name: str) -> Tensor:
    """A 1×1 convolution to few channels, then 1×1 and 3×3 convolutions in parallel to four times as many each."""
    x = Conv2D(squeezed, 1, activation="relu")(x, name=f"{name}_squeeze1x1")
    one = Conv2D(4 * squeezed, 1, activation="relu")(x, name=f"{name}_expand1x1")
    three = Conv2D(4 * squeezed, 3, padding="same", activation="relu")(x, name=f"{name}_expand3x3")
    return Concatenate()(one, three, name=f"{name}_concat")
