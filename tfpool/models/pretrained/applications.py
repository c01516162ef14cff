"""The networks with ImageNet weights, and where keras.applications has them."""

from __future__ import annotations

from pathlib import Path

BUNDLED = Path(__file__).with_name("bundled")

APPLICATIONS = {
    **{f"resnet{depth}": ("resnet", f"ResNet{depth}") for depth in (50, 101, 152)},
    **{f"resnet{depth}v2": ("resnet_v2", f"ResNet{depth}V2") for depth in (50, 101, 152)},
    **{f"vgg{depth}": (f"vgg{depth}", f"VGG{depth}") for depth in (16, 19)},
    **{f"efficientnetb{number}": ("efficientnet", f"EfficientNetB{number}") for number in range(8)},
}
"""By our name of a network, its module in keras.applications and the function there that builds it."""

NETWORKS: tuple[str, ...] = ("squeezenet", *APPLICATIONS)
"""Names of the networks that can be built with `weights="imagenet"`."""


def check_has_weights(network: str) -> None:
    """Refuse a network without ImageNet weights, naming those that have them."""
    if not isinstance(network, str) or network not in NETWORKS:
        raise ValueError(
            f"There are no ImageNet weights for {network!r}. Use one of: {', '.join(NETWORKS)}, "
            'or a file of your own: weights="path/to/file".'
        )
