"""A network with a head, counted by arithmetic on its graph, without building it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, overload

from tfpool.counting.counts import Counts, Row, activation_bytes
from tfpool.counting.receptive_field import ReceptiveField, in_pixels, receptive_field
from tfpool.networks import graph, heads
from tfpool.networks.catalog import find
from tfpool.networks.graph import FLOAT32, LOCAL, Shape, Tensor
from tfpool.networks.ops import image_input
from tfpool.validation import at_least

if TYPE_CHECKING:
    import keras

ACTIVATIONS = ("relu", "gelu", "silu")


@dataclass(frozen=True)
class Plan(Counts):
    """A network with a head, described and counted. `plan` returns it, `build` builds it, `train` trains it."""

    feature_shape: Shape
    backbone: str
    head: heads.Head
    classes: int
    settings: Mapping[str, Any]
    features: Tensor = field(compare=False, repr=False)
    output: Tensor = field(compare=False, repr=False)

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """The outputs of all layers, in the order of creation."""
        return tuple(self.output.graph.tensors.values())

    @property
    def totals(self) -> dict[str, Any]:
        """Backbone, head, classes and all totals, plain data."""
        return {"backbone": self.backbone, "head": self.head.name, "classes": self.classes, **super().totals}

    def record(self) -> dict[str, Any]:
        """Totals, rows, and the spec, plain data."""
        return {**super().record(), "spec": self.spec}

    @property
    def spec(self) -> dict[str, Any]:
        """Plain data: `plan(**spec)` makes an equal plan."""
        return {
            "backbone": self.backbone,
            "head": self.head.config,
            "input_shape": list(self.input_shape),
            "classes": self.classes,
            **self.settings,
        }


@overload
def plan(
    backbone: str,
    head: str | heads.Head | Mapping[str, Any] | None = None,
    input_shape: Sequence[int | None] | None = None,
    classes: int | None = None,
    **settings: Any,
) -> Plan: ...
@overload
def plan(backbone: keras.Model) -> Counts: ...
def plan(
    backbone: str | keras.Model,
    head: str | heads.Head | Mapping[str, Any] | None = None,
    input_shape: Sequence[int | None] | None = None,
    classes: int | None = None,
    **settings: Any,
) -> Counts:
    """Describe a network with a head and count it, without building it or loading TensorFlow.

    `plan` also counts any functional or Sequential Keras model. Where a layer has no counting rule, its parameters are
    counted, and the multiply-adds are a lower bound: `unknown` names such layers. `counting.register` adds a rule.

    Args:
        backbone: a name from `catalog()`, or a Keras model; the other arguments are for names only.
        head: a head such as `GAP()`, or its lower-case name. Default: the published head.
        input_shape: (height, width, channels) of an image in pixels. Height and width may be None with a head that
            pools over all positions. Default: the published size.
        classes: number of classes K. Default: the published number.
        settings: the network's own settings, such as width=0.5 or output_stride=8 for ResNets. Networks with ReLUs also
            take activation="gelu" or "silu" instead.

    Returns:
        A `Plan`, which `build` turns into a model; for a Keras model its `Counts`.

    Raises:
        ValueError: on an unknown name or setting, a size or class count below one, an image that is too small for the
            network, an unknown image size with a head that needs it, or a Keras model without a graph of layers.

    Example:
        >>> import tfpool as tp
        >>> plan = tp.plan("resnet8", head="flatten", input_shape=(32, 32, 3), classes=10)
        >>> plan.params, plan.head_params, plan.macs
        (116090, 40970, 12279808)
        >>> plan.feature_shape
        (8, 8, 64)
    """
    if hasattr(backbone, "layers"):
        if settings or any(value is not None for value in (head, input_shape, classes)):
            raise ValueError(
                "A Keras model is counted as it is, without head, input_shape, classes or settings. Leave them out, or "
                "use with_head first."
            )
        from tfpool.counting.keras_model import read

        return read(backbone)
    entry = find(backbone)
    relu = settings.get("activation", "relu")
    own = {name: value for name, value in settings.items() if name != "activation"}
    entry.check(own)
    head = heads.get(entry.head if head is None else head)
    shape = _image_shape(entry.input_shape if input_shape is None else input_shape)
    classes = entry.classes if classes is None else at_least(1, classes, "classes")
    features = entry.features(image_input(shape, relu), **own)
    _check_activation(entry.title, features, settings)
    output = head(features, classes)
    rows = _rows(features, output)
    _check_size(backbone, shape, rows[list(output.graph.tensors).index(features.name)].stride)
    return Plan(
        f"{backbone}-{head.name}", shape, features.shape, rows, backbone, head, classes, settings, features, output
    )


def _rows(features: Tensor, output: Tensor) -> tuple[Row, ...]:
    """One row per layer, in the order of creation."""
    fields: dict[str, ReceptiveField | None] = {}
    rows = []
    part = "backbone"
    for name, tensor in output.graph.tensors.items():
        op, shape, inputs = tensor.op, tensor.shape, [source.shape for source in tensor.inputs]
        sources = [(fields[source.name], source.shape) for source in tensor.inputs]
        fields[name] = receptive_field(op.window, sources or [(LOCAL, shape)])
        params = op.params(*inputs)
        trainable = params - op.non_trainable_params(*inputs)
        macs, memory = op.macs(shape, *inputs), (activation_bytes(shape), FLOAT32 * params + op.wider_bytes)
        rows.append(Row(name, op.layer, part, shape, params, trainable, macs, *memory, *in_pixels(fields[name])))
        if tensor is features:
            part = "head"
    return tuple(rows)


def _image_shape(shape: Sequence[int | None]) -> Shape:
    try:
        height, width, channels = shape
    except (TypeError, ValueError):
        raise ValueError(f"Expected input_shape as (height, width, channels), got {shape}.") from None
    if (height is None) != (width is None):
        raise ValueError(f"Expected input_shape with both height and width, or None for both, got {tuple(shape)}.")
    if height is None:
        return None, None, at_least(1, channels, "channels")
    return at_least(1, height, "height"), at_least(1, width, "width"), at_least(1, channels, "channels")


def _check_activation(title: str, features: Tensor, settings: Mapping[str, Any]) -> None:
    activation = settings.get("activation", "relu")
    if activation not in ACTIVATIONS:
        raise ValueError(f"Unknown activation {activation!r}. Use one of: {', '.join(ACTIVATIONS)}.")
    ops = (tensor.op for tensor in features.graph.tensors.values())
    if "activation" in settings and not any(getattr(op, "activation", None) == activation for op in ops):
        raise ValueError(f"{title} has no ReLU to replace by {activation}. Leave activation out.")


def _check_size(backbone: str, shape: Shape, stride: int | float | None) -> None:
    if stride and any(side is not None and side < stride for side in shape[:2]):
        raise ValueError(
            f"{backbone} needs images of at least {stride}×{stride} pixels, since its stride is {stride}, "
            f"got {graph.text(shape[:2])}. Use a larger image, or a network for small images such as resnet20."
        )
