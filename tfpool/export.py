"""From a plan to a Python file in plain Keras that builds the same model without tfpool. Loads no TensorFlow."""

from __future__ import annotations

import ast
import dataclasses
from pathlib import Path
from typing import Any

from tfpool import ops
from tfpool.graph import Op, Tensor, text
from tfpool.plan import Plan

_OURS = Path(__file__).with_name("layers.py")


def to_code(plan: Plan) -> str:
    """A stand-alone Python file that builds the plan's model: same layers, names, order and counts, ending in logits.

    Args:
        plan: what `tfpool.plan` returned.

    Raises:
        ValueError: if `plan` is none.
    """
    if not isinstance(plan, Plan):
        raise ValueError(f"A plan is needed, such as tp.plan('resnet8'), got {plan!r}.")
    names = _variables(plan.tensors)
    lines = [_line(tensor, names) for tensor in plan.tensors]
    first, last = names[plan.tensors[0].name], names[plan.output.name]
    return "\n".join(
        (
            f'"""{plan.name}: images {text(plan.input_shape)}, {plan.classes} classes, {plan.params:,} parameters."""',
            "",
            *_imports(plan),
            "",
            *lines,
            f'model = keras.Model({first}, {last}, name="{plan.name}")',
            "",
            'if __name__ == "__main__":',
            "    model.summary()",
            "",
        )
    )


def _variables(tensors: tuple[Tensor, ...]) -> dict[str, str]:
    """`x` for what only the next layer reads, and the layer's own name for what is read later or again."""
    readers: dict[str, list[int]] = {tensor.name: [] for tensor in tensors}
    for position, tensor in enumerate(tensors):
        for source in tensor.inputs:
            readers[source.name].append(position)
    return {
        tensor.name: "x" if position and set(readers[tensor.name]) <= {position + 1} else tensor.name
        for position, tensor in enumerate(tensors)
    }


def _line(tensor: Tensor, names: dict[str, str]) -> str:
    op, variable = tensor.op, names[tensor.name]
    if isinstance(op, ops.InputLayer):
        return f'{variable} = keras.Input({op.shape}, name="{tensor.name}")'
    inputs = [names[source.name] for source in tensor.inputs]
    given = f"[{', '.join(inputs)}]" if len(inputs) > 1 else inputs[0]
    layer = op.layer if _is_ours(op) else f"layers.{op.layer}"
    arguments = ", ".join([*_arguments(op), f'name="{tensor.name}"'])
    return f"{variable} = {layer}({arguments})({given})"


def _arguments(op: Op) -> list[str]:
    """Arguments that Keras has no default for by position, the others by name."""
    needed = {field.name for field in dataclasses.fields(op) if field.default is dataclasses.MISSING}  # type: ignore[arg-type]
    return [_literal(value) if name in needed else f"{name}={_literal(value)}" for name, value in op.arguments.items()]


def _literal(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _imports(plan: Plan) -> list[str]:
    if not any(_is_ours(tensor.op) for tensor in plan.tensors):
        return ["import keras", "from keras import layers"]
    # A layer of ours comes along, word for word.
    source = _OURS.read_text()
    tree = ast.parse(source)
    wanted = [
        node
        for node in tree.body
        if isinstance(node, ast.Assign)
        or (isinstance(node, ast.ClassDef) and any(tensor.op.layer == node.name for tensor in plan.tensors))
    ]
    lines = source.splitlines()
    imports = ["from __future__ import annotations", "", "from typing import Any", "", "import keras"]
    imports += ["from keras import layers, ops", ""]
    for node in wanted:
        decorators = getattr(node, "decorator_list", [])
        start = min([node.lineno, *(decorator.lineno for decorator in decorators)])
        imports += ["", *lines[start - 1 : node.end_lineno], ""]
    return imports


def _is_ours(op: Op) -> bool:
    return isinstance(op, ops.GeneralizedMeanPooling2D)
