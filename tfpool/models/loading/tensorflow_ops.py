"""TensorFlow's functions in files of Keras 2, and the operations of Keras 3 that compute the same.

A file names a function, and gives its arguments by TensorFlow's names. The name is looked up in a table, nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tfpool.models.loading.config import Refused, cleaned


@dataclass(frozen=True)
class Function:
    """A TensorFlow function as an operation of Keras.

    `operation` is a class in `keras.src.ops`. `tensors` are TensorFlow's names of what Keras's `call` takes, in order.
    `settings` maps TensorFlow's names of other arguments to those of Keras's constructor, `defaults` are TensorFlow's
    defaults where Keras has others, and `neutral` the values at which an argument that Keras lacks changes nothing.
    """

    operation: str
    tensors: tuple[str, ...]
    settings: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    neutral: Mapping[str, Any] = field(default_factory=dict)


def _binary(operation: str, **neutral: Any) -> Function:
    return Function(operation, ("x", "y"), neutral=neutral)


def _reduction(operation: str) -> Function:
    return Function(operation, ("input_tensor",), {"axis": "axis", "keepdims": "keepdims"})


def _activation(operation: str, tensor: str = "features", **settings: str) -> Function:
    return Function(operation, (tensor,), settings)


_ADD = _binary("numpy.Add")
_TRANSPOSE = Function("numpy.Transpose", ("a",), {"perm": "axes"})
_PAD = Function("numpy.Pad", ("tensor",), {"paddings": "pad_width", "mode": "mode"}, neutral={"constant_values": 0})
_SILU = Function("nn.Silu", ("features",), neutral={"beta": 1.0})
_CHANNELS_LAST = ("NHWC", "N...C", "NWC", "NDHWC")

FUNCTIONS: dict[str, Function] = {
    "__operators__.add": _ADD,
    "math.add": _ADD,
    "math.subtract": _binary("numpy.Subtract"),
    "math.multiply": _binary("numpy.Multiply"),
    "math.truediv": _binary("numpy.TrueDivide"),
    "math.divide": _binary("numpy.TrueDivide"),
    "math.divide_no_nan": _binary("numpy.DivideNoNan"),
    "math.floordiv": _binary("numpy.FloorDivide"),
    "math.floormod": _binary("numpy.Mod"),
    "math.pow": _binary("numpy.Power"),
    "math.maximum": _binary("numpy.Maximum"),
    "math.minimum": _binary("numpy.Minimum"),
    "math.greater": _binary("numpy.Greater"),
    "math.greater_equal": _binary("numpy.GreaterEqual"),
    "math.less": _binary("numpy.Less"),
    "math.less_equal": _binary("numpy.LessEqual"),
    "linalg.matmul": Function("numpy.Matmul", ("a", "b")),
    "nn.bias_add": Function("numpy.Add", ("value", "bias")),
    "math.abs": _activation("numpy.Absolute", "x"),
    "math.negative": _activation("numpy.Negative", "x"),
    "math.exp": _activation("numpy.Exp", "x"),
    "math.expm1": _activation("numpy.Expm1", "x"),
    "math.log": _activation("numpy.Log", "x"),
    "math.log1p": _activation("numpy.Log1p", "x"),
    "math.sqrt": _activation("numpy.Sqrt", "x"),
    "math.rsqrt": _activation("math.Rsqrt", "x"),
    "math.square": _activation("numpy.Square", "x"),
    "math.reciprocal": _activation("numpy.Reciprocal", "x"),
    "math.sign": _activation("numpy.Sign", "x"),
    "math.floor": _activation("numpy.Floor", "x"),
    "math.ceil": _activation("numpy.Ceil", "x"),
    "math.round": _activation("numpy.Round", "x"),
    "math.sin": _activation("numpy.Sin", "x"),
    "math.cos": _activation("numpy.Cos", "x"),
    "math.erf": _activation("math.Erf", "x"),
    "math.sigmoid": _activation("nn.Sigmoid", "x"),
    "math.log_sigmoid": _activation("nn.LogSigmoid", "x"),
    "math.tanh": _activation("numpy.Tanh", "x"),
    "math.softplus": _activation("nn.Softplus"),
    "nn.relu": _activation("nn.Relu"),
    "nn.relu6": _activation("nn.Relu6"),
    "nn.elu": _activation("nn.Elu"),
    "nn.selu": _activation("nn.Selu"),
    "nn.silu": _SILU,
    "nn.swish": _SILU,
    "nn.softsign": _activation("nn.Softsign"),
    "nn.leaky_relu": _activation("nn.LeakyRelu", alpha="negative_slope"),
    "nn.gelu": Function("nn.Gelu", ("features",), {"approximate": "approximate"}, {"approximate": False}),
    "nn.softmax": _activation("nn.Softmax", "logits", axis="axis"),
    "nn.log_softmax": _activation("nn.LogSoftmax", "logits", axis="axis"),
    "math.l2_normalize": Function(
        "nn.Normalize", ("x",), {"axis": "axis"}, {"axis": None, "epsilon": 1e-6}, {"epsilon": 1e-12}
    ),
    "math.reduce_mean": _reduction("numpy.Mean"),
    "math.reduce_sum": _reduction("numpy.Sum"),
    "math.reduce_max": _reduction("numpy.Max"),
    "math.reduce_min": _reduction("numpy.Min"),
    "math.reduce_std": _reduction("numpy.Std"),
    "math.reduce_variance": _reduction("numpy.Var"),
    "math.reduce_logsumexp": _reduction("math.Logsumexp"),
    "math.argmax": Function("numpy.Argmax", ("input",), {"axis": "axis"}, {"axis": 0}),
    "cast": Function("core.Cast", ("x",), {"dtype": "dtype"}),
    "identity": Function("numpy.Copy", ("input",)),
    "stop_gradient": Function("core.StopGradient", ("input",)),
    "clip_by_value": Function("numpy.Clip", ("t",), {"clip_value_min": "x_min", "clip_value_max": "x_max"}),
    "reshape": Function("numpy.Reshape", ("tensor",), {"shape": "newshape"}),
    "expand_dims": Function("numpy.ExpandDims", ("input",), {"axis": "axis"}),
    "squeeze": Function("numpy.Squeeze", ("input",), {"axis": "axis"}),
    "compat.v1.squeeze": Function("numpy.Squeeze", ("input",), {"axis": "axis"}),
    "transpose": _TRANSPOSE,
    "compat.v1.transpose": _TRANSPOSE,
    "concat": Function("numpy.Concatenate", ("values",), {"axis": "axis"}),
    "stack": Function("numpy.Stack", ("values",), {"axis": "axis"}),
    "tile": Function("numpy.Tile", ("input",), {"multiples": "repeats"}),
    "reverse": Function("numpy.Flip", ("tensor",), {"axis": "axis"}),
    "pad": _PAD,
    "compat.v1.pad": _PAD,
    "nn.depth_to_space": Function("nn.DepthToSpace", ("input",), {"block_size": "block_size"}),
    "nn.space_to_depth": Function("nn.SpaceToDepth", ("input",), {"block_size": "block_size"}),
    "image.resize": Function(
        "image.Resize",
        ("images",),
        {"size": "size", "method": "interpolation", "antialias": "antialias"},
        {"data_format": "channels_last"},
    ),
    "image.rgb_to_grayscale": Function("image.RGBToGrayscale", ("images",), {}, {"data_format": "channels_last"}),
    "image.grayscale_to_rgb": Function("numpy.Repeat", ("images",), {}, {"repeats": 3, "axis": -1}),
    "image.flip_left_right": Function("numpy.Flip", ("image",), {}, {"axis": -2}),
    "image.flip_up_down": Function("numpy.Flip", ("image",), {}, {"axis": -3}),
    "__operators__.getitem": Function("numpy.GetItem", ("tensor", "slice_spec")),
}
"""By the names under which TensorFlow exports its functions, and Keras 2 writes them."""

GRAPH_OPS = {
    **{
        "Add": "math.add",
        "AddV2": "math.add",
        "Sub": "math.subtract",
        "Mul": "math.multiply",
        "RealDiv": "math.truediv",
    },
    **{"BiasAdd": "nn.bias_add", "Maximum": "math.maximum", "Minimum": "math.minimum", "Pow": "math.pow"},
    **{"Neg": "math.negative", "Abs": "math.abs", "Exp": "math.exp", "Log": "math.log", "Sqrt": "math.sqrt"},
    **{"Rsqrt": "math.rsqrt", "Square": "math.square", "Sigmoid": "math.sigmoid", "Tanh": "math.tanh"},
    **{"Relu": "nn.relu", "Relu6": "nn.relu6", "Elu": "nn.elu", "Selu": "nn.selu", "Softmax": "nn.softmax"},
}
"""The functions of the nodes of a graph, which Keras 2 wrote before TensorFlow 2.4."""


@dataclass(frozen=True)
class Operation:
    """An operation of Keras: its module and class, its settings, and the arguments that it is called on."""

    module: str
    class_name: str
    settings: dict[str, Any]
    arguments: list[Any]


def operation(owner: str, name: object, first: Any, others: Mapping[str, Any]) -> Operation:
    """The operation that computes what a function of TensorFlow does.

    Args:
        owner: what to call the layer in a message.
        name: the function's name in TensorFlow, without "tf.".
        first: its first argument.
        others: its further arguments by name.

    Raises:
        Refused: there is no such operation, or it lacks an argument.
    """
    function = FUNCTIONS.get(name) if isinstance(name, str) else None
    if function is None:
        raise Refused(
            f"its {owner} is tf.{cleaned(name)}, an operation of Keras 2 that is not translated. "
            "Build the model again with keras.ops, load its weights, and save it as .keras."
        )
    given = {function.tensors[0]: first, **others}
    for argument, value in given.items():
        known = argument in function.tensors or argument in function.settings
        if not known and not _is_neutral(function, argument, value):
            raise Refused(f"its {owner} is tf.{name} with {cleaned(f'{argument}={value!r}')}, which Keras 3 lacks.")
    chosen = {ours: given[theirs] for theirs, ours in function.settings.items() if given.get(theirs) is not None}
    settings = {**function.defaults, **chosen}
    if isinstance(settings.get("mode"), str):
        settings["mode"] = settings["mode"].lower()
    module, class_name = function.operation.split(".")
    arguments = [
        given[argument] if argument == "slice_spec" else _array(given[argument])
        for argument in function.tensors
        if argument in given
    ]
    return Operation(f"keras.src.ops.{module}", class_name, settings, arguments)


def _array(value: Any) -> Any:
    """A list of numbers as the array that TensorFlow makes of it."""
    if isinstance(value, list) and _are_numbers(value):
        return {"class_name": "__numpy__", "config": {"value": value, "dtype": "float32"}}
    return value


def _are_numbers(value: Any) -> bool:
    return all(map(_are_numbers, value)) if isinstance(value, list) else type(value) in (int, float)


def _is_neutral(function: Function, argument: str, value: Any) -> bool:
    if argument == "name" or value is None or value is False:
        return True
    if argument == "data_format":
        return value in _CHANNELS_LAST
    return argument in function.neutral and value == function.neutral[argument]
