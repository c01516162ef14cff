"""How the multiply-adds of a Keras layer are counted: Keras's own, those that hold other layers, and those registered.

One fused multiply-add counts one, for one image at inference. Only products that are summed count: convolutions, dense
and recurrent layers, attention, products of matrices. Biases, normalization and adapters (which fold into the kernel),
activations, gates, pooling, interpolation, sums, comparisons and lookups count zero. Loads no Keras.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from inspect import signature
from operator import index
from typing import Any, NamedTuple

from tfpool.counting import containers, products, zero_cost
from tfpool.counting.products import NoRule, as_op, described
from tfpool.networks import ops
from tfpool.networks.graph import LOCAL, Op, Shape, Side
from tfpool.networks.ops import Weightless

Window = tuple[Side, ...]
"""Size and stride of what one output position sees, for each axis but the channels; `LOCAL` for any number of axes."""


class Rule(NamedTuple):
    """How a class of layers is counted.

    Attributes:
        macs: (layer, shapes of the inputs, shape of the output) to multiply-adds. It is called if all sizes are known.
        window: layer to the window of one output position; None for the whole input, or if it is unknown.
    """

    macs: Callable[[Any, Sequence[Any], Any], int | None]
    window: Callable[[Any], Window | None] = lambda layer: None


_REGISTERED: dict[type, Rule] = {}


def register(layer_class: type, rule: Callable[[Any, list[tuple[int, ...]], tuple[int, ...]], int]) -> None:
    """Count the multiply-adds of a layer of one's own.

    Without a rule, `plan` counts the layer's parameters and shows its multiply-adds as unknown. The rule also holds for
    subclasses, unless they override what the layer computes. It replaces an earlier rule of the class.

    Args:
        layer_class: the class of the layer. A class of Keras such as `keras.layers.Lambda` will do.
        rule: a function (layer, inputs, output) that returns the multiply-adds for one image; a fused multiply-add
            counts one. `inputs` are the shapes of the tensors in the order of the layer's `call`, without the batch
            and without masks, `output` is the shape of the first output. If a size is unknown, the rule is not called.

    Raises:
        ValueError: if layer_class is no class, or rule does not take three arguments; in `plan`, if the rule returns no
            whole number.

    Example:
        >>> import keras, tfpool as tp
        >>> class Gram(keras.layers.Layer):
        ...     def call(self, x):  # (N, positions, channels) to (N, channels, channels)
        ...         return keras.ops.einsum("npc,npd->ncd", x, x)
        >>> def gram_macs(layer, inputs, output):
        ...     positions, channels = inputs[0]
        ...     return positions * channels * channels
        >>> tp.counting.register(Gram, gram_macs)
        >>> tp.plan(keras.Sequential([keras.Input((49, 8)), Gram()])).macs
        3136
    """
    if not isinstance(layer_class, type):
        raise ValueError(f"Expected layer_class as a class of layers, got {layer_class!r}. Use type(layer).")
    if not _takes_three(rule):
        raise ValueError(
            f"Expected rule as a function (layer, inputs, output) that returns multiply-adds, got {rule!r}."
        )

    def macs(layer: Any, inputs: Sequence[Shape], output: Shape) -> int:
        number = rule(layer, list(inputs), output)  # type: ignore[arg-type]
        try:
            if index(number) >= 0:
                return index(number)
        except TypeError:
            pass
        raise ValueError(
            f"The rule of {layer_class.__name__} returns a whole number of multiply-adds, got {number!r} for "
            f"layer {layer.name!r}. Return zero or a larger integer."
        )

    _REGISTERED[layer_class] = Rule(macs)


def _takes_three(rule: Any) -> bool:
    try:
        signature(rule).bind(None, None, None)
    except (TypeError, ValueError):
        return False
    return True


def find_rule(operation: Any) -> Rule | None:
    """The rule of the operation's class, or of the nearest class that it inherits from and computes like."""
    kind = type(operation)
    for base in kind.__mro__:
        if rule := _REGISTERED.get(base) or _rule_of_keras(base):
            return rule if _computes_like(kind, base) else None
    return None


def count_macs(operation: Any, inputs: Sequence[Shape], output: Shape) -> int | None:
    """Multiply-adds of one call for one image; None if a size is unknown. Raises `NoRule`."""
    rule = find_rule(operation)
    if rule is None:
        raise NoRule
    if rule.macs is _nothing:
        return 0
    return None if any(None in shape for shape in (*inputs, output)) else rule.macs(operation, inputs, output)


def find_window(operation: Any) -> Window | None:
    rule = find_rule(operation)
    return rule and rule.window(operation)


def _rule_of_keras(base: type) -> Rule | None:
    if base.__module__.split(".")[0] not in ("keras", "tfpool"):
        return None
    return (_OPS if base.__module__.startswith("keras.src.ops.") else _LAYERS).get(base.__name__)


def _computes_like(kind: type, base: type) -> bool:
    """Whether a class overrides nothing that its base computes with: neither `call` nor a method that `call` uses.

    What every layer of Keras has, such as `build`, `get_config` or `train_step`, may be overridden.
    """
    between = kind.__mro__[: kind.__mro__.index(base)]
    common = next((other for other in base.__mro__ if other.__name__ in ("Model", "Layer", "Operation")), object)
    overridden = {name for other in between for name in vars(other) if hasattr(base, name)}
    return not {name for name in overridden if name in ("call", "__call__") or not hasattr(common, name)}


# === Keras's own ===


def _nothing(layer: Any, inputs: Sequence[Shape], output: Shape) -> int:
    return 0


def _in_place(layer: Any) -> Window:
    return LOCAL


def _window_per_step(layer: Any) -> Window | None:
    """One step, and the window of the inner layer."""
    window = find_window(layer.layer)
    return window if window is None or window is LOCAL else ((1, 1), *window)


def _sliding(kind: type[Op], name: str) -> dict[str, Rule]:
    """The rules of a layer for one, two and three spatial axes."""

    def window(layer: Any, rank: int) -> Window | None:
        sides = described(kind, layer).window
        # One number for all sides has become two of them.
        return sides and sides[:rank]

    macs = _nothing if issubclass(kind, Weightless) else as_op(kind)
    return {name.format(rank): Rule(macs, partial(window, rank=rank)) for rank in (1, 2, 3)}


_LAYERS: dict[str, Rule] = {
    **dict.fromkeys(zero_cost.LAYERS_KEEPING.split(), Rule(_nothing, _in_place)),
    **dict.fromkeys(zero_cost.LAYERS_MIXING.split(), Rule(_nothing)),
    **_sliding(ops.AveragePooling2D, "AveragePooling{}D"),
    **_sliding(ops.MaxPooling2D, "MaxPooling{}D"),
    **_sliding(ops.UpSampling2D, "UpSampling{}D"),
    **_sliding(ops.Conv2D, "Conv{}D"),
    **_sliding(ops.Conv2DTranspose, "Conv{}DTranspose"),
    **_sliding(ops.DepthwiseConv2D, "DepthwiseConv{}D"),
    **_sliding(ops.SeparableConv2D, "SeparableConv{}D"),
    "Dense": Rule(as_op(ops.Dense), _in_place),
    "EinsumDense": Rule(products.einsum_dense),
    "ReversibleEmbedding": Rule(products.reversible_embedding),
    "Dot": Rule(products.dot_layer),
    "MultiHeadAttention": Rule(products.multi_head_attention),
    "GroupedQueryAttention": Rule(products.grouped_query_attention),
    "Attention": Rule(products.attention),
    "AdditiveAttention": Rule(products.additive_attention),
    "SimpleRNNCell": Rule(products.dense_cell(gates=1)),
    "GRUCell": Rule(products.dense_cell(gates=3)),
    "LSTMCell": Rule(products.dense_cell(gates=4)),
    "ConvLSTMCell": Rule(products.convolutional_cell),
    "StackedRNNCells": Rule(partial(containers.stacked_cells, count_macs)),
    **dict.fromkeys(("RNN", "SimpleRNN", "GRU", "LSTM"), Rule(partial(containers.recurrent, count_macs))),
    **dict.fromkeys(("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"), Rule(partial(containers.recurrent, count_macs))),
    "Bidirectional": Rule(partial(containers.bidirectional, count_macs)),
    "Pipeline": Rule(partial(containers.pipeline, count_macs)),
    "TimeDistributed": Rule(partial(containers.time_distributed, count_macs), _window_per_step),
    "SpectralNormalization": Rule(partial(containers.wrapped, count_macs), lambda layer: find_window(layer.layer)),
    **dict.fromkeys(("Functional", "Sequential"), Rule(partial(containers.model, count_macs))),
}
_OPS: dict[str, Rule] = {
    **dict.fromkeys(zero_cost.OPS_KEEPING.split(), Rule(_nothing, _in_place)),
    **dict.fromkeys(zero_cost.OPS_MIXING.split(), Rule(_nothing)),
    "Matmul": Rule(products.matmul),
    **dict.fromkeys(("Dot", "Inner", "Tensordot", "Vdot"), Rule(products.tensor_product)),
    "Einsum": Rule(products.einsum),
    "DotProductAttention": Rule(products.dot_product_attention),
    "Conv": Rule(products.convolution),
    "DepthwiseConv": Rule(products.depthwise_convolution),
    "SeparableConv": Rule(products.separable_convolution),
    "ConvTranspose": Rule(products.transposed_convolution),
    "RGBToGrayscale": Rule(products.gray, _in_place),
}
