"""From a plan to a Python file in plain Keras that builds the same model without tfpool. Loads no TensorFlow."""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from tfpool.counting.plan import Plan
from tfpool.models.repeated_blocks import Block, Segment, repeated_blocks, segments
from tfpool.networks import ops
from tfpool.networks.graph import Tensor, text

_OWN_OP = ops.GeneralizedMeanPooling2D
_LINE_LENGTH = 120


def to_code(plan: Plan) -> str:
    """A stand-alone Python file that builds the plan's model: same layers, names, order and counts, ending in logits.

    Blocks that the network repeats are written once, as functions.

    Args:
        plan: what `tfpool.plan` returned.

    Raises:
        ValueError: if `plan` is not a plan.

    Example:
        >>> import tfpool as tp
        >>> code = tp.to_code(tp.plan("convnet", head="gap", input_shape=(28, 28, 1)))
        >>> head = code[code.index("# The head") : code.index("model =")]
        >>> print(head)
        # The head: GAP
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
        x = layers.Dense(10, name="predictions")(x)
    """
    if not isinstance(plan, Plan):
        raise ValueError(f"Expected a plan, such as tp.plan('resnet8'), got {plan!r}.")
    end = plan.tensors.index(plan.features) + 1
    # Layer names of a block share two parts, as in conv2_block1, or one, as in fire2: take the shorter code.
    backbone = min((_backbone(plan.tensors[:end], parts) for parts in (2, 1)), key=lambda lines: sum(map(bool, lines)))
    imports = _imports(plan)
    defines = len(imports) > 2 or backbone[0].startswith("def ")
    lines = (
        f'"""{plan.name}: images {text(plan.input_shape)}, {plan.classes} classes, {plan.params:,} parameters."""\n',
        *imports,
        "\n" if defines else "",
        *backbone,
        f"\n# The head: {type(plan.head).__name__}",
        *_head(plan.features, plan.tensors[end:]),
        f'model = keras.Model({plan.tensors[0].name}, x, name="{plan.name}")',
        '\nif __name__ == "__main__":\n    model.summary()\n',
    )
    return "\n".join(lines)


# === The two parts of the network ===


def _backbone(tensors: Sequence[Tensor], parts: int) -> list[str]:
    """The functions of the blocks, then layers and calls from the image to the features, which are `x`."""
    cut = segments(tensors, parts)
    blocks = repeated_blocks(cut)
    uses = {segment: (block, number) for block in blocks for number, segment in enumerate(block.segments)}
    steps = [
        step
        for segment in cut
        for step in ([segment] if segment in uses else [Segment(tensor.name, (tensor,)) for tensor in segment.tensors])
    ]
    names = _variables([step.tensors[-1] for step in steps], [step.sources for step in steps])
    names[tensors[0].name] = tensors[0].name
    body: list[list[str] | _Call] = []
    for step in steps:
        result = names[step.tensors[-1].name]
        if step in uses:
            block, number = uses[step]
            body.append(_Call(block, number, step.prefix, block.places[number], names[step.sources[0].name], result))
        else:
            body.append(_statement(f"{result} = ", *_layer(step.tensors[0], names)))
    return [*(line for block in blocks for line in (*_function(block), "", "")), *_looped(body)]


def _head(features: Tensor, tensors: Sequence[Tensor]) -> list[str]:
    names = _variables([features, *tensors], [(), *(tensor.inputs for tensor in tensors)])
    # The code before the head is the same for all heads and calls the features x.
    lines = [] if names[features.name] == "x" else [f"{features.name} = x"]
    for tensor in tensors:
        lines += _statement(f"{names[tensor.name]} = ", *_layer(tensor, names))
    return lines


def _variables(tensors: Sequence[Tensor], reads: Sequence[Iterable[Tensor]]) -> dict[str, str]:
    """`x` for a tensor that only the next step reads, otherwise the name of its layer."""
    readers: dict[str, set[int]] = {tensor.name: set() for tensor in tensors}
    for position, sources in enumerate(reads):
        for source in sources:
            readers[source.name].add(position)
    return {
        tensor.name: "x" if readers[tensor.name] <= {position + 1} else tensor.name
        for position, tensor in enumerate(tensors)
    }


# === Functions, and calls of them ===


def _function(block: Block) -> list[str]:
    """A block's function, one layer per line, with `name` for the prefix of the layers' names."""
    first = block.segments[0]
    source, tensors = first.sources[0], first.tensors
    names = _variables([source, *tensors], [(), *(tensor.inputs for tensor in tensors)])
    if names[source.name] != "x":
        names[source.name] = "inputs"
    taken = {"channels", "name", *(parameter.name for parameter in block.parameters)}
    for tensor in (tensor for tensor in tensors if names[tensor.name] != "x"):
        role = first.role(tensor)
        while role in {*taken, *names.values()}:
            role += "_"
        names[tensor.name] = role
    required = [parameter.name for parameter in block.parameters if parameter.default is dataclasses.MISSING]
    optional = [f"{parameter.name}={_literal(parameter.default)}" for parameter in block.parameters[len(required) :]]
    signature = [names[source.name], *required, *optional, *(["*"] if optional else []), "name"]
    lines = _statement("", f"def {block.name}", signature, ":")
    if any("channels" in expression for layer in block.expressions for expression in layer.values()):
        lines.append(f"    channels = {names[source.name]}.shape[-1]")
    for position, (tensor, suffix) in enumerate(zip(tensors, first.suffixes, strict=True)):
        start = "return " if tensor is tensors[-1] else f"{names[tensor.name]} = "
        name = f'f"{{name}}{suffix}"' if suffix else "name"
        lines += _statement(f"    {start}", *_layer(tensor, names, name, block.expressions[position]))
    return lines


class _Call(NamedTuple):
    """One call of a block's function: for its segment `number`, with that segment's prefix and place.

    It is called on the variable `source` and sets `result`.
    """

    block: Block
    number: int
    prefix: str
    place: int
    source: str
    result: str

    def lines(self, name: str, place: str, indent: str = "") -> list[str]:
        """The call, with its first channel count as positional argument, and without arguments at their default."""
        arguments = [self.source]
        for parameter in self.block.parameters:
            value = _literal(parameter.values[self.number])
            if parameter.slope is not None:
                value = f"{parameter.slope!r} * {place} / {self.block.count}"
            if parameter.values[self.number] != parameter.default:
                is_positional = parameter.counts and len(arguments) == 1
                arguments.append(value if is_positional else f"{parameter.name}={value}")
        return _statement(f"{indent}{self.result} = ", self.block.name, [*arguments, f"name={name}"])


def _looped(steps: Sequence[list[str] | _Call]) -> list[str]:
    """The lines, with a loop for three or more calls in a row that differ only in the number at the end of the name."""

    def loop_key(numbered: tuple[int, list[str] | _Call]) -> Any:
        index, step = numbered
        if not isinstance(step, _Call):
            return index
        stem, mark = _stem_and_mark(step.prefix)
        # In a loop, number and place grow with the index.
        number = int(mark) if mark.isdecimal() else ord(mark or " ")
        return stem, number - index, step.place - index, step.lines("", "")

    lines = []
    for _, group in groupby(enumerate(steps), loop_key):
        run = [step for _, step in group]
        calls = [step for step in run if isinstance(step, _Call)]
        if len(calls) > 2:
            lines += _loop(calls)
        else:
            for step in run:
                lines += step.lines(f'"{step.prefix}"', str(step.place)) if isinstance(step, _Call) else step
    return lines


def _loop(calls: Sequence[_Call]) -> list[str]:
    stem, _ = _stem_and_mark(calls[0].prefix)
    marks = [_stem_and_mark(call.prefix)[1] for call in calls]
    variable, over = "letter", f'"{"".join(marks)}"'
    if marks[0].isdecimal():
        variable, over = "number", f"range({marks[0]}, {int(marks[-1]) + 1})"
    body = calls[0].lines(f'f"{stem}{{{variable}}}"', "place", indent="    ")
    if any(parameter.slope is not None for parameter in calls[0].block.parameters):
        variable, over = f"place, {variable}", f"enumerate({over}, start={calls[0].place})"
    return [f"for {variable} in {over}:", *body]


def _stem_and_mark(prefix: str) -> tuple[str, str]:
    """conv2_block and 1 of conv2_block1, block2 and a of block2a."""
    return re.findall(r"^(.*?)(\d*|(?<=\d)[a-z])$", prefix)[0]


def _layer(
    tensor: Tensor, names: Mapping[str, str], name: str = "", expressions: Mapping[str, str] | None = None
) -> tuple[str, list[str], str]:
    """A layer's class, its arguments, and the tensors it is called on, as code.

    `expressions` are code for some of the arguments; the others are literals.
    """
    op = tensor.op
    name = f"name={name}" if name else f'name="{tensor.name}"'
    if isinstance(op, ops.InputLayer):
        return "keras.Input", [str(op.shape), name], ""
    inputs = [names[source.name] for source in tensor.inputs]
    called_on = f"([{', '.join(inputs)}])" if len(inputs) > 1 else f"({inputs[0]})"
    values = {**{argument: _literal(value) for argument, value in op.arguments.items()}, **(expressions or {})}
    arguments = [
        values[field.name] if field.default is dataclasses.MISSING else f"{field.name}={values[field.name]}"
        for field in dataclasses.fields(op)  # type: ignore[arg-type]
        if field.name in values
    ]
    return op.layer if isinstance(op, _OWN_OP) else f"layers.{op.layer}", [*arguments, name], called_on


def _literal(value: Any) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, float) and 0 < value < 1 and len(repr(value)) > 10 and 1 / round(1 / value) == value:
        return f"1 / {round(1 / value)}"
    return repr(value)


def _statement(start: str, called: str, arguments: Sequence[str], end: str = "") -> list[str]:
    """A call on one line, or one line per argument if it would be too long, as ruff formats it."""
    line = f"{start}{called}({', '.join(arguments)}){end}"
    if len(line) <= _LINE_LENGTH:
        return [line]
    indent = start[: len(start) - len(start.lstrip())]
    return [f"{start}{called}(", *(f"{indent}    {argument}," for argument in arguments), f"{indent}){end}"]


def _imports(plan: Plan) -> list[str]:
    if not any(isinstance(tensor.op, _OWN_OP) for tensor in plan.tensors):
        return ["import keras", "from keras import layers"]
    # Our own layer is copied word for word, with the constant above it.
    source = (Path(__file__).parents[1] / "layers.py").read_text(encoding="utf-8")
    nodes = ast.parse(source).body
    start = next(node.lineno for node in nodes if isinstance(node, ast.Assign))
    end = next(node.end_lineno for node in nodes if isinstance(node, ast.ClassDef) and node.name == _OWN_OP.__name__)
    imports = ["from __future__ import annotations\n", "from typing import Any\n", "import keras"]
    return [*imports, "from keras import layers, ops\n", *source.splitlines()[start - 1 : end]]
