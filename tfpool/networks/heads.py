"""What comes after the last convolution: from a feature map H×W×C to the scores of K classes."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import wraps
from typing import Any, ClassVar

from tfpool.networks import ops
from tfpool.networks.graph import Shape, Tensor, known_size, text
from tfpool.validation import at_least


class Head(ABC):
    """A head is a frozen dataclass of settings; calling it adds its layers after a feature map.

    The feature map is a tensor of a plan or of Keras. The `__call__` of a subclass only ever gets that of a plan.

    Each subclass states once what it is, for the command line, the dashboard and the docs. Colors have a contrast of
    3:1 to light and dark pages, and are distinct for people who are color-blind; a test measures both.

    Attributes:
        name: what `plan` and the command line call it, in lower case.
        label: what the dashboard calls it.
        meaning: what it does, in plain words.
        formula: its parameters on a feature map H×W×C, for K classes.
        color: of its lines and bars, as "#RRGGBB".
        dashes: of its lines, as an SVG stroke-dasharray; overlapping lines stay visible.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    meaning: ClassVar[str]
    formula: ClassVar[str]
    color: ClassVar[str]
    dashes: ClassVar[str]

    def __init_subclass__(cls, **settings: Any) -> None:
        super().__init_subclass__(**settings)
        if "__call__" in vars(cls):
            cls.__call__ = _for_any_tensor(cls.__call__)  # type: ignore[method-assign, assignment]

    @abstractmethod
    def __call__(self, features: Tensor, classes: int) -> Tensor:
        """Add the head after `features` (H, W, C) and return the logits (K,).

        After a Keras tensor (N, H, W, C), such as the output of a layer, the head becomes stock Keras layers with
        weights of their own, and the logits are a Keras tensor (N, K). A layer whose name is taken gets a number, as
        Keras numbers layers: predictions, predictions_1.

        Raises:
            ValueError: if the head does not fit the feature map, or `features` is no tensor of a graph.

        Example:
            >>> import keras
            >>> import tfpool as tp
            >>> inputs = keras.Input((28, 28, 1))
            >>> x = keras.layers.Conv2D(64, 3, activation="relu")(inputs)
            >>> model = keras.Model(inputs, tp.GAP()(x, classes=10))
            >>> model.output_shape
            (None, 10)
        """

    def params(self, feature_shape: Shape, classes: int) -> int:
        """Parameters of this head alone after a feature map (H, W, C)."""
        features = ops.image_input(feature_shape)
        self(features, classes)
        tensors = features.graph.tensors.values()
        return sum(tensor.op.params(*(source.shape for source in tensor.inputs)) for tensor in tensors)

    @property
    def config(self) -> dict[str, Any]:
        """Plain data; `get` makes an equal head of it."""
        return {"name": self.name, **asdict(self)}  # type: ignore[call-overload]


Reader = Callable[[Head, Any, int], Any]
_READERS: list[Reader] = []


def reads_other_tensors(reader: Reader) -> Reader:
    """Make `reader(head, features, classes)` add heads after what is no tensor of a `Graph`, such as a Keras tensor.

    `tfpool.models` does so: nothing here imports Keras.
    """
    _READERS[:] = [reader]
    return reader


def _for_any_tensor(add: Callable[[Any, Tensor, int], Tensor]) -> Callable[[Any, Tensor, int], Tensor]:
    @wraps(add)
    def call(self: Head, features: Tensor, classes: int) -> Tensor:
        return add(self, features, classes) if isinstance(features, Tensor) else _READERS[0](self, features, classes)

    return call


@dataclass(frozen=True)
class GAP(Head):
    """Mean over positions, then Dense(K): C·K + K parameters. Source: Lin et al. 2013, arXiv 1312.4400.

    Args:
        dropout: fraction of the pooled values dropped in training, 0 ≤ dropout < 1.

    Raises:
        ValueError: on a value out of range.

    Example:
        >>> import tfpool as tp
        >>> tp.GAP().params((7, 7, 512), classes=1000)
        513000
    """

    dropout: float = 0.0
    name, label = "gap", "GAP"
    meaning = "global average pooling: the mean of each map"
    formula = "C·K + K"
    color, dashes = "#0072B2", ""

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

    Example:
        >>> import tfpool as tp
        >>> tp.GMP().params((7, 7, 512), classes=1000)
        513000
    """

    name, label = "gmp", "GMP"
    meaning = "global max pooling: the maximum of each map"
    formula = "C·K + K"
    color, dashes = "#009E73", "9 5"

    def __call__(self, features: Tensor, classes: int) -> Tensor:
        x = ops.GlobalMaxPooling2D()(features, name="max_pool")
        return ops.Dense(classes)(x, name="predictions")


@dataclass(frozen=True)
class Flatten(Head):
    """All positions in one vector, then Dense(K): H·W·C·K + K parameters. Needs a fixed image size.

    Source: LeCun et al. 1989, Backpropagation applied to handwritten zip code recognition.

    Example:
        >>> import tfpool as tp
        >>> tp.Flatten().params((7, 7, 512), classes=1000)
        25089000
    """

    name, label = "flatten", "Flatten"
    meaning = "all positions of all maps side by side"
    formula = "H·W·C·K + K"
    color, dashes = "#C07A16", "2 4"

    def __call__(self, features: Tensor, classes: int) -> Tensor:
        x = _flatten(features, "Flatten")
        return ops.Dense(classes)(x, name="predictions")


@dataclass(frozen=True)
class FC(Head):
    """Flatten, hidden Dense layers with ReLU and dropout, then Dense(K), as AlexNet and VGG end.

    Source: Simonyan & Zisserman 2014, arXiv 1409.1556. Needs a fixed image size.

    Args:
        units: sizes of the hidden layers, each at least 1.
        dropout: fraction of each hidden layer's values dropped in training, 0 ≤ dropout < 1.

    Raises:
        ValueError: on a value out of range.

    Example:
        >>> import tfpool as tp
        >>> tp.FC().params((7, 7, 512), classes=1000)
        123642856
    """

    units: tuple[int, ...] = (4096, 4096)
    dropout: float = 0.5
    name, label = "fc", "FC"
    meaning = "fully connected: all positions side by side, then hidden layers, as AlexNet and VGG end"
    formula = "H·W·C·U₁ + U₁ + U₁·U₂ + U₂ + U₂·K + K"
    color, dashes = "#9122F2", "9 4 2 4"

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

    A feature map of K channels needs no convolution and no parameters. Source: Lin et al. 2013, arXiv 1312.4400.

    Args:
        dropout: fraction of the features dropped before the convolution in training, 0 ≤ dropout < 1.

    Raises:
        ValueError: on a value out of range.

    Example:
        >>> import tfpool as tp
        >>> tp.NIN().params((8, 8, 64), classes=10)
        650
    """

    dropout: float = 0.0
    name, label = "nin", "NIN"
    meaning = "network in network: a 1×1 convolution makes one map per class, and its mean is the class's score"
    formula = "C·K + K"
    color, dashes = "#8490C0", "16 6"

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
    """Mean and maximum over positions in one vector, then Dense(K): 2·C·K + K parameters.

    Source: the AdaptiveConcatPool2d of fastai.

    Example:
        >>> import tfpool as tp
        >>> tp.AvgMax().params((7, 7, 512), classes=1000)
        1025000
    """

    name, label = "avgmax", "AvgMax"
    meaning = "mean and maximum of each map side by side"
    formula = "2·C·K + K"
    color, dashes = "#D81428", "9 3 2 3 2 3"

    def __call__(self, features: Tensor, classes: int) -> Tensor:
        mean = ops.GlobalAveragePooling2D()(features, name="avg_pool")
        maximum = ops.GlobalMaxPooling2D()(features, name="max_pool")
        return ops.Dense(classes)(ops.Concatenate()(mean, maximum, name="avg_max"), name="predictions")


@dataclass(frozen=True)
class GeM(Head):
    """Generalized mean over positions with a learned exponent p, then Dense(K): C·K + K + 1 parameters.

    p = 1 is GAP and p → ∞ is GMP, for features that are not negative. Its pooling is a layer of tfpool's own: import
    `tfpool.layers` before you open a saved model. Source: Radenović et al. 2018, arXiv 1711.02512.

    Args:
        p: initial exponent, above 0.

    Raises:
        ValueError: on a value out of range.

    Example:
        >>> import tfpool as tp
        >>> tp.GeM(p=2.0).params((7, 7, 512), classes=1000)
        513001
    """

    p: float = 3.0
    name, label = "gem", "GeM"
    meaning = "generalized mean of each map, anywhere between mean and maximum: training finds where"
    formula = "C·K + K + 1"
    color, dashes = "#CA1EBC", "5 3"

    def __post_init__(self) -> None:
        if not isinstance(self.p, int | float) or not 0 < self.p < math.inf:
            raise ValueError(f"GeM needs an exponent p above 0, got {self.p!r}.")

    def __call__(self, features: Tensor, classes: int) -> Tensor:
        x = ops.GeneralizedMeanPooling2D(self.p)(features, name="gem_pool")
        return ops.Dense(classes)(x, name="predictions")


@dataclass(frozen=True)
class SPP(Head):
    """Spatial pyramid: maxima of grids of 1×1, 2×2 and 4×4 cells, then Dense(K): 21·C·K + K parameters.

    Needs a fixed image size, as Keras's layer does. Source: He et al. 2014, arXiv 1406.4729.

    Args:
        levels: cells per side of each grid, from 1 to the side of the feature map.

    Raises:
        ValueError: on a value out of range.

    Example:
        >>> import tfpool as tp
        >>> tp.SPP().params((7, 7, 512), classes=1000)
        10753000
    """

    levels: tuple[int, ...] = (1, 2, 4)
    name, label = "spp", "SPP"
    meaning = "spatial pyramid pooling: the maxima of ever finer grids of cells, joined"
    formula = "Σ l²·C·K + K"
    color, dashes = "#606C00", "16 4 2 4"

    def __post_init__(self) -> None:
        object.__setattr__(self, "levels", _sizes(self.levels, "SPP", "levels", (1, 2, 4)))

    def __call__(self, features: Tensor, classes: int) -> Tensor:
        _check_cells(features, max(self.levels), "SPP", "levels")
        cells = [self._cells(features, level) for level in self.levels]
        x = ops.Concatenate()(*cells, name="spp") if len(cells) > 1 else cells[0]
        return ops.Dense(classes)(x, name="predictions")

    def _cells(self, features: Tensor, level: int) -> Tensor:
        # TensorFlow crashes on AdaptiveMaxPooling2D(1) on a CPU: its window is larger than the map.
        if level == 1:
            return ops.GlobalMaxPooling2D()(features, name="spp1")
        x = ops.AdaptiveMaxPooling2D(level)(features, name=f"spp{level}_pool")
        return ops.Flatten()(x, name=f"spp{level}")


@dataclass(frozen=True)
class AdaptiveAvg(Head):
    """Means of a grid of s×s cells, flattened, then Dense(K): s²·C·K + K parameters.

    The bridge between GAP (s = 1) and Flatten (s = H). Needs a fixed image size, as Keras's layer does.
    Source: the adaptive pooling before the dense layers in torchvision's AlexNet and VGG.

    Args:
        size: cells s per side, from 1 to the side of the feature map.

    Raises:
        ValueError: on a value out of range.

    Example:
        >>> import tfpool as tp
        >>> [tp.AdaptiveAvg(size).params((7, 7, 512), classes=1000) for size in (1, 2, 7)]
        [513000, 2049000, 25089000]
    """

    size: int = 2
    name, label = "adaptiveavg", "AdaptiveAvg"
    meaning = "adaptive average pooling: the means of a grid of cells, the bridge from GAP to Flatten"
    formula = "s²·C·K + K"
    color, dashes = "#486C6C", "1 6"

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", at_least(1, self.size, "the size of AdaptiveAvg"))

    def __call__(self, features: Tensor, classes: int) -> Tensor:
        _check_cells(features, self.size, "AdaptiveAvg", "size")
        x = ops.AdaptiveAveragePooling2D(self.size)(features, name="adaptive_pool")
        return ops.Dense(classes)(ops.Flatten()(x, name="flatten"), name="predictions")


HEADS: dict[str, type[Head]] = {head.name: head for head in (GAP, GMP, Flatten, FC, NIN, AvgMax, GeM, SPP, AdaptiveAvg)}


def get(head: str | Head | Mapping[str, Any]) -> Head:
    """The head with that name or config; a head is returned as it is."""
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
        first = next(iter(features.graph.tensors.values()))
        given = f"a feature map of {text(first.shape)}" if first is features else f"input_shape={first.shape}"
        raise ValueError(f"{head} needs a fixed image size, got {given}. Use GAP, or give height and width.")


def _sizes(sizes: Any, head: str, name: str, example: tuple[int, ...]) -> tuple[int, ...]:
    if not isinstance(sizes, Sequence) or isinstance(sizes, str) or (not sizes and name == "levels"):
        raise ValueError(f"{head} needs a tuple of sizes, such as {name}={example}, got {sizes!r}.")
    return tuple(at_least(1, size, f"each of the {name} of {head}") for size in sizes)


def _check_cells(features: Tensor, cells: int, head: str, name: str) -> None:
    _check_size(features, head)
    height, width = (known_size(side) for side in features.shape[:2])
    smallest = min(height, width)
    if smallest < cells:
        raise ValueError(
            f"{head} cannot make {cells}×{cells} cells of a feature map of {height}×{width}. "
            f"Use {name} of at most {smallest}, or a larger image."
        )


def _check_rate(dropout: float) -> None:
    if not isinstance(dropout, int | float) or not 0 <= dropout < 1:
        raise ValueError(f"Expected dropout as a fraction of at least 0 and below 1, got {dropout!r}.")
