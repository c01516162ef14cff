"""What comes after the last convolution: from a feature map H×W×C to the scores of K classes."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from tfpool.networks import ops
from tfpool.networks.graph import Shape, Tensor, known
from tfpool.validation import at_least


class Head(ABC):
    """A subclass is a frozen dataclass of settings. Calling it adds its layers after a feature map."""

    name: ClassVar[str]
    meaning: ClassVar[str]
    formula: ClassVar[str]

    @abstractmethod
    def __call__(self, features: Tensor, classes: int) -> Tensor:
        """Add the head after `features` (H, W, C) and return the logits (K,)."""

    def params(self, feature_shape: Shape, classes: int) -> int:
        """Parameters of this head alone on a feature map (H, W, C)."""
        features = ops.image_input(feature_shape)
        self(features, classes)
        tensors = features.graph.tensors.values()
        return sum(tensor.op.params(*(source.shape for source in tensor.inputs)) for tensor in tensors)

    @property
    def config(self) -> dict[str, Any]:
        """Plain data from which `get` makes an equal head."""
        return {"name": self.name, **asdict(self)}  # type: ignore[call-overload]


@dataclass(frozen=True)
class GAP(Head):
    """Mean over positions, then Dense(K): C·K + K parameters. Source: Lin et al. 2013, arXiv 1312.4400.

    Args:
        dropout: share of the pooled values dropped while training, 0 ≤ dropout < 1.

    Raises:
        ValueError: on a value out of range.
    """

    dropout: float = 0.0
    name: ClassVar[str] = "gap"
    meaning: ClassVar[str] = "global average pooling: the mean of each map"
    formula: ClassVar[str] = "C·K + K"

    def __post_init__(self) -> None:
        _check_rate(self.dropout)

    def __call__(self, features: Tensor, classes: int) -> Tensor:
        x = ops.GlobalAveragePooling2D()(features, name="avg_pool")
        if self.dropout:
            x = ops.Dropout(self.dropout)(x, name="top_dropout")
        return ops.Dense(classes)(x, name="predictions")


@dataclass(frozen=True)
class GMP(Head):
    """Maximum over positions, then Dense(K): C·K + K parameters.

    Source: Oquab et al. 2015, Is object localization for free?, CVPR.
    """

    name: ClassVar[str] = "gmp"
    meaning: ClassVar[str] = "global max pooling: the maximum of each map"
    formula: ClassVar[str] = "C·K + K"

    def __call__(self, features: Tensor, classes: int) -> Tensor:
        x = ops.GlobalMaxPooling2D()(features, name="max_pool")
        return ops.Dense(classes)(x, name="predictions")


@dataclass(frozen=True)
class Flatten(Head):
    """All positions side by side, then Dense(K): H·W·C·K + K parameters. Needs a fixed image size.

    Source: LeCun et al. 1989, Backpropagation applied to handwritten zip code recognition.
    """

    name: ClassVar[str] = "flatten"
    meaning: ClassVar[str] = "all positions of all maps side by side"
    formula: ClassVar[str] = "H·W·C·K + K"

    def __call__(self, features: Tensor, classes: int) -> Tensor:
        x = _flatten(features, "Flatten")
        return ops.Dense(classes)(x, name="predictions")


@dataclass(frozen=True)
class FC(Head):
    """Flatten, hidden Dense layers with ReLU and dropout, then Dense(K), as AlexNet and VGG end.

    Source: Simonyan & Zisserman 2014, arXiv 1409.1556. Needs a fixed image size.

    Args:
        units: sizes of the hidden layers, each at least 1.
        dropout: share of each hidden layer's values dropped while training, 0 ≤ dropout < 1.

    Raises:
        ValueError: on a value out of range.
    """

    units: tuple[int, ...] = (4096, 4096)
    dropout: float = 0.5
    name: ClassVar[str] = "fc"
    meaning: ClassVar[str] = "fully connected: all positions side by side, then hidden layers, as AlexNet and VGG end"
    formula: ClassVar[str] = "H·W·C·U₁ + U₁ + U₁·U₂ + U₂ + U₂·K + K"

    def __post_init__(self) -> None:
        object.__setattr__(self, "units", _sizes(self.units, "FC", "units", (4096, 4096)))
        _check_rate(self.dropout)

    def __call__(self, features: Tensor, classes: int) -> Tensor:
        x = _flatten(features, "FC")
        for number, size in enumerate(self.units, start=1):
            x = ops.Dense(size, activation="relu")(x, name=f"fc{number}")
            if self.dropout:
                x = ops.Dropout(self.dropout)(x, name=f"fc{number}_dropout")
        return ops.Dense(classes)(x, name="predictions")


@dataclass(frozen=True)
class NIN(Head):
    """A 1×1 convolution to K maps with ReLU, then the mean of each: no dense layer, C·K + K parameters.

    A map of K channels goes to the mean as it is, without parameters. Source: Lin et al. 2013, arXiv 1312.4400.

    Args:
        dropout: share of the features dropped before the convolution while training, 0 ≤ dropout < 1.

    Raises:
        ValueError: on a value out of range.
    """

    dropout: float = 0.0
    name: ClassVar[str] = "nin"
    meaning: ClassVar[str] = (
        "network in network: a 1×1 convolution makes one map per class, and its mean is the class's score"
    )
    formula: ClassVar[str] = "C·K + K"

    def __post_init__(self) -> None:
        _check_rate(self.dropout)

    def __call__(self, features: Tensor, classes: int) -> Tensor:
        x = features
        if x.channels != classes:
            if self.dropout:
                x = ops.Dropout(self.dropout)(x, name="top_dropout")
            x = ops.Conv2D(classes, 1, activation="relu")(x, name="class_maps")
        return ops.GlobalAveragePooling2D()(x, name="avg_pool")


@dataclass(frozen=True)
class AvgMax(Head):
    """Mean and maximum over positions side by side, then Dense(K): 2·C·K + K parameters.

    Source: the AdaptiveConcatPool2d of fastai.
    """

    name: ClassVar[str] = "avgmax"
    meaning: ClassVar[str] = "mean and maximum of each map side by side"
    formula: ClassVar[str] = "2·C·K + K"

    def __call__(self, features: Tensor, classes: int) -> Tensor:
        mean = ops.GlobalAveragePooling2D()(features, name="avg_pool")
        maximum = ops.GlobalMaxPooling2D()(features, name="max_pool")
        return ops.Dense(classes)(ops.Concatenate()(mean, maximum, name="avg_max"), name="predictions")


@dataclass(frozen=True)
class GeM(Head):
    """Generalised mean over positions with a learnt exponent p, then Dense(K): C·K + K + 1 parameters.

    p = 1 is GAP and p → ∞ is GMP, for features that are not negative. Its pooling is a layer of tfpool's own, so a
    saved model opens after `import tfpool.layers` only. Source: Radenović et al. 2018, arXiv 1711.02512.

    Args:
        p: the exponent that training starts from, above 0.

    Raises:
        ValueError: on a value out of range.
    """

    p: float = 3.0
    name: ClassVar[str] = "gem"
    meaning: ClassVar[str] = "generalised mean of each map, anywhere between mean and maximum: training finds where"
    formula: ClassVar[str] = "C·K + K + 1"

    def __post_init__(self) -> None:
        if not isinstance(self.p, int | float) or not 0 < self.p < math.inf:
            raise ValueError(f"GeM needs an exponent p above 0, got {self.p!r}.")

    def __call__(self, features: Tensor, classes: int) -> Tensor:
        x = ops.GeneralizedMeanPooling2D(self.p)(features, name="gem_pool")
        return ops.Dense(classes)(x, name="predictions")


@dataclass(frozen=True)
class SPP(Head):
    """Spatial pyramid: the maxima of grids of 1×1, 2×2 and 4×4 cells joined, then Dense(K): 21·C·K + K parameters.

    The layer that Keras has for it needs a fixed image size. Source: He et al. 2014, arXiv 1406.4729.

    Args:
        levels: cells along a side of each grid, at least 1 and at most the feature map's own side.

    Raises:
        ValueError: on a value out of range.
    """

    levels: tuple[int, ...] = (1, 2, 4)
    name: ClassVar[str] = "spp"
    meaning: ClassVar[str] = "spatial pyramid pooling: the maxima of ever finer grids of cells, joined"
    formula: ClassVar[str] = "Σ l²·C·K + K"

    def __post_init__(self) -> None:
        object.__setattr__(self, "levels", _sizes(self.levels, "SPP", "levels", (1, 2, 4)))

    def __call__(self, features: Tensor, classes: int) -> Tensor:
        _check_cells(features, max(self.levels), "SPP", "levels")
        cells = [self._cells(features, level) for level in self.levels]
        x = ops.Concatenate()(*cells, name="spp") if len(cells) > 1 else cells[0]
        return ops.Dense(classes)(x, name="predictions")

    def _cells(self, features: Tensor, level: int) -> Tensor:
        # TensorFlow dies of AdaptiveMaxPooling2D(1) on a CPU: it pools over a window larger than the map.
        if level == 1:
            return ops.GlobalMaxPooling2D()(features, name="spp1")
        x = ops.AdaptiveMaxPooling2D(level)(features, name=f"spp{level}_pool")
        return ops.Flatten()(x, name=f"spp{level}")


@dataclass(frozen=True)
class AdaptiveAvg(Head):
    """Means of a grid of s×s cells, flattened, then Dense(K): s²·C·K + K parameters.

    The bridge between GAP (s = 1) and Flatten (s = H). The layer that Keras has for it needs a fixed image size.
    Source: the adaptive pooling before the dense layers in torchvision's AlexNet and VGG.

    Args:
        size: cells s along a side, at least 1 and at most the feature map's own side.

    Raises:
        ValueError: on a value out of range.
    """

    size: int = 2
    name: ClassVar[str] = "adaptiveavg"
    meaning: ClassVar[str] = "adaptive average pooling: the means of a grid of cells, the bridge from GAP to Flatten"
    formula: ClassVar[str] = "s²·C·K + K"

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", at_least(1, self.size, "the size of AdaptiveAvg"))

    def __call__(self, features: Tensor, classes: int) -> Tensor:
        _check_cells(features, self.size, "AdaptiveAvg", "size")
        x = ops.AdaptiveAveragePooling2D(self.size)(features, name="adaptive_pool")
        return ops.Dense(classes)(ops.Flatten()(x, name="flatten"), name="predictions")


HEADS: dict[str, type[Head]] = {head.name: head for head in (GAP, GMP, Flatten, FC, NIN, AvgMax, GeM, SPP, AdaptiveAvg)}


def get(head: str | Head | Mapping[str, Any]) -> Head:
    """A head by its lower-case name, its config, or itself.

    Raises:
        ValueError: if there is no head of that name, or a setting is out of range.
    """
    if isinstance(head, Head):
        return head
    settings = {**head} if isinstance(head, Mapping) else {"name": head}
    name = settings.pop("name", None)
    if not isinstance(name, str) or name not in HEADS:
        raise ValueError(f"Unknown head {name!r}. Use a head such as GAP(), or one of: {', '.join(HEADS)}.")
    return HEADS[name](**settings)


def _flatten(features: Tensor, head: str) -> Tensor:
    _check_size(features, head)
    return ops.Flatten()(features, name="flatten")


def _check_size(features: Tensor, head: str) -> None:
    if None in features.shape:
        shape = next(iter(features.graph.tensors.values())).shape
        raise ValueError(
            f"{head} needs a fixed image size, got input_shape={shape}. Use GAP, or give height and width."
        )


def _sizes(sizes: Any, head: str, name: str, example: tuple[int, ...]) -> tuple[int, ...]:
    if not isinstance(sizes, Sequence) or isinstance(sizes, str) or (not sizes and name == "levels"):
        raise ValueError(f"{head} needs a tuple of sizes, such as {name}={example}, got {sizes!r}.")
    return tuple(at_least(1, size, f"each of the {name} of {head}") for size in sizes)


def _check_cells(features: Tensor, cells: int, head: str, name: str) -> None:
    _check_size(features, head)
    height, width = (known(side) for side in features.shape[:2])
    smallest = min(height, width)
    if smallest < cells:
        raise ValueError(
            f"{head} cannot make {cells}×{cells} cells of a feature map of {height}×{width}. "
            f"Use {name} of at most {smallest}, or a larger image."
        )


def _check_rate(dropout: float) -> None:
    if not isinstance(dropout, int | float) or not 0 <= dropout < 1:
        raise ValueError(f"Dropout is a share of at least 0 and below 1, got {dropout!r}.")
